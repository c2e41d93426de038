#include "formats/raw.h"

#include <gmock/gmock.h>

#include "formats/decode_test_sink.h"

namespace millrace::formats {
namespace {

using data::DataType;
using data::Schema;
using testing::ElementsAre;

Schema One(DataType type) {
  return Schema({{"line", std::move(type)}});
}

std::string DecodeMessage(const DataType& type, std::string_view bytes, const Options& options = {}) {
  auto decoder = MustMakeDecoder("raw", One(type), options);
  CollectingSink sink;
  const Message message{5, bytes};
  EXPECT_TRUE(decoder->DecodeMessages(nullptr, {&message, 1}, sink).has_value());
  if (!sink.malformed.empty()) return sink.malformed[0].reason;
  return Show(*sink.batches.at(0).columns[0], 0);
}

TEST(RawTest, EveryLineIsAValueEvenAnEmptyOne) {
  auto decoder = MustMakeDecoder("raw", One(DataType::String()));
  CollectingSink sink;
  DecodeAll(*decoder, "first\n\n 中文, \"x\"\r\nlast", sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[first]", "[]", "[ 中文, \"x\"]", "[last]"));
  EXPECT_THAT(sink.offsets, ElementsAre(0, 6, 7, 21));
}

TEST(RawTest, TextMustBeUtf8ButBytesNeedNot) {
  auto decoder = MustMakeDecoder("raw", One(DataType::String()));
  CollectingSink sink;
  std::string input;
  for (int i = 0; i < 35; ++i) input += "good " + std::to_string(i) + "\nbad \xC0" + std::to_string(i) + "\n";
  DecodeAll(*decoder, input, sink);
  EXPECT_EQ(sink.rows.size(), 35u);
  ASSERT_EQ(sink.malformed.size(), 35u);
  for (const MalformedRecord& bad : sink.malformed)
    EXPECT_EQ(bad.reason, "the record is not UTF-8 at byte 4");
  EXPECT_EQ(sink.malformed[1], (MalformedRecord{21,
                                                "bad \xC0"
                                                "1",
                                                "the record is not UTF-8 at byte 4"}));
  auto bytes = MustMakeDecoder("raw", One(DataType::Bytes()));
  CollectingSink all;
  DecodeAll(*bytes, input, all);
  EXPECT_EQ(all.rows.size(), 70u);
}

TEST(RawTest, Numbers) {
  EXPECT_EQ(DecodeMessage(DataType::Int(), std::string_view("\x00\x00\x01\x02", 4)), "258");
  EXPECT_EQ(DecodeMessage(DataType::Int(), std::string_view("\x02\x01\x00\x00", 4),
                          {{"raw.endianness", "little-endian"}}),
            "258");
  EXPECT_EQ(DecodeMessage(DataType::TinyInt(), "\xFF"), "-1");
  EXPECT_EQ(DecodeMessage(DataType::Boolean(), "\x02"), "TRUE");
  EXPECT_EQ(DecodeMessage(DataType::Double(), std::string_view("\x3F\xF8\0\0\0\0\0\0", 8)), "1.5");
  EXPECT_EQ(DecodeMessage(DataType::BigInt(), "123"), "column 'line' BIGINT: the record has 3 bytes, not 8");
}

TEST(RawTest, RefusedTablesAndOptions) {
  const auto error = [](const Options& options, const Schema& schema) {
    return MakeDecoder("raw", schema, options).error().ToString();
  };
  EXPECT_EQ(error({}, Schema({{"a", DataType::Int()}, {"b", DataType::Int()}})),
            "42P16: format 'raw' needs a table of one physical column, this one has 2");
  EXPECT_EQ(error({{"raw.charset", "GBK"}}, One(DataType::String())),
            "0A000: option 'raw.charset' is 'GBK'\n"
            "HINT: only 'UTF-8' is supported; read a column of BYTES to get the bytes as they are");
  EXPECT_EQ(error({{"raw.endianness", "middle"}}, One(DataType::Int())),
            "22023: option 'raw.endianness' is 'middle', not 'big-endian' or 'little-endian'");
  EXPECT_EQ(error({}, One(DataType::Date())),
            "0A000: column 'line': raw has no form for DATE\n"
            "HINT: raw takes STRING, BYTES, BOOLEAN, TINYINT to BIGINT, FLOAT and DOUBLE");
}

}  // namespace
}  // namespace millrace::formats
