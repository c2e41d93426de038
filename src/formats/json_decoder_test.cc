#include <gmock/gmock.h>

#include "formats/decode_test_sink.h"

namespace millrace::formats {
namespace {

using data::DataType;
using data::Schema;
using testing::ElementsAre;

Schema Orders() {
  Schema schema;
  schema.Add("id", DataType::BigInt());
  schema.Add("城市", DataType::String());
  schema.Add("price", DataType::Decimal(10, 2));
  schema.Add("ts", DataType::Timestamp(3));
  schema.Add("ok", DataType::Boolean());
  return schema;
}

Schema One(std::string name, DataType type) {
  Schema schema;
  schema.Add(std::move(name), std::move(type));
  return schema;
}

std::vector<std::string> DecodeRows(const Schema& schema, std::string_view input, const Options& options = {},
                                    const DecodeContext& context = {}) {
  auto decoder = MustMakeDecoder("json", schema, options, context);
  CollectingSink sink;
  DecodeAll(*decoder, input, sink);
  for (const MalformedRecord& record : sink.malformed) ADD_FAILURE() << record.bytes << ": " << record.reason;
  return Rows(sink);
}

// The value of one column of a type in {"x": <json>}, or the reason why there is none.
std::string DecodeOne(const DataType& type, std::string_view json, const Options& options = {},
                      const DecodeContext& context = {}) {
  auto decoder = MustMakeDecoder("json", One("x", type), options, context);
  CollectingSink sink;
  DecodeAll(*decoder, "{\"x\": " + std::string(json) + "}", sink);
  if (!sink.malformed.empty()) return sink.malformed[0].reason;
  return Show(*sink.batches.at(0).columns[0], 0);
}

TEST(JsonDecoderTest, ReadsTypedRowsWithTheirOffsets) {
  const std::string line1 = R"({"id":1,"城市":"北京","price":12.5,"ts":"2020-12-30 12:13:14.123","ok":true})";
  const std::string line2 = R"({"ok":false,"id":-2,"price":"0.005","ts":"1969-12-31 23:59:59","城市":null})";
  auto decoder = MustMakeDecoder("json", Orders());
  CollectingSink sink;
  DecodeAll(*decoder, line1 + "\n\n" + line2 + "\r\n", sink, 1000);
  EXPECT_THAT(Rows(sink), ElementsAre("[1, 北京, 12.50, 2020-12-30 12:13:14.123, TRUE]",
                                      "[-2, NULL, 0.01, 1969-12-31 23:59:59.000, FALSE]"));
  EXPECT_THAT(sink.offsets, ElementsAre(1000, 1000 + static_cast<int64_t>(line1.size()) + 2));
  EXPECT_EQ(decoder->stats().rows, 2u);
}

TEST(JsonDecoderTest, ScalarsFromEveryJsonSpellingFlinkTakes) {
  EXPECT_EQ(DecodeOne(DataType::TinyInt(), "-128"), "-128");
  EXPECT_EQ(DecodeOne(DataType::SmallInt(), "\" 32767 \""), "32767");
  EXPECT_EQ(DecodeOne(DataType::Int(), "2147483647"), "2147483647");
  EXPECT_EQ(DecodeOne(DataType::Int(), "1.0"), "1");
  EXPECT_EQ(DecodeOne(DataType::Int(), "12e2"), "1200");
  EXPECT_EQ(DecodeOne(DataType::BigInt(), "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(DecodeOne(DataType::BigInt(), "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(DecodeOne(DataType::BigInt(), "-0"), "0");
  EXPECT_EQ(DecodeOne(DataType::Double(), "1e-400"), "0.0");
  EXPECT_EQ(DecodeOne(DataType::Double(), "0.1"), "0.1");
  EXPECT_EQ(DecodeOne(DataType::Double(), "\"Infinity\""), "Infinity");
  EXPECT_EQ(DecodeOne(DataType::Double(), "123456789012345678901234567890"), "1.2345678901234568E29");
  EXPECT_EQ(DecodeOne(DataType::Float(), "3.25"), "3.25");
  EXPECT_EQ(DecodeOne(DataType::Boolean(), "\"TRUE\""), "TRUE");
  EXPECT_EQ(DecodeOne(DataType::Decimal(38, 10), "1234567890123456789012345678.0123456789"),
            "1234567890123456789012345678.0123456789");
  EXPECT_EQ(DecodeOne(DataType::Decimal(5, 2), "1.005"), "1.01");
  EXPECT_EQ(DecodeOne(DataType::Decimal(5, 2), "1e2"), "100.00");
  EXPECT_EQ(DecodeOne(DataType::Date(), "\"2020-02-29\""), "2020-02-29");
  EXPECT_EQ(DecodeOne(DataType::Time(0), "\"23:59:59\""), "23:59:59");
  EXPECT_EQ(DecodeOne(DataType::Time(3), "\"23:59:59.1239\""), "23:59:59.123");
  EXPECT_EQ(DecodeOne(DataType::Timestamp(6), "\"2020-12-30 12:13:14.123456789\""),
            "2020-12-30 12:13:14.123456");
  EXPECT_EQ(DecodeOne(DataType::TimestampLtz(3), "\"2020-12-30 12:13:14.123Z\""), "2020-12-30 12:13:14.123");
  EXPECT_EQ(DecodeOne(DataType::TimestampLtz(0), "\"2020-12-30 12:13:14+08:00\""), "2020-12-30 04:13:14");
  EXPECT_EQ(DecodeOne(DataType::Bytes(), "\"aGVsbG8gd29ybGQsIGhlbGxv\""), "hello world, hello");
}

TEST(JsonDecoderTest, TextTakesWhatAnyValueSays) {
  EXPECT_EQ(DecodeOne(DataType::String(), "1.10"), "1.10");
  EXPECT_EQ(DecodeOne(DataType::String(), "false"), "false");
  EXPECT_EQ(DecodeOne(DataType::String(), R"({ "a" : [ 1 , "x y\" z" ] })"), R"({"a":[1,"x y\" z"]})");
  EXPECT_EQ(DecodeOne(DataType::String(), R"("")"), "");
  EXPECT_EQ(DecodeOne(DataType::String(), R"("a\u00e9\u4e2d\ud83d\ude00\n\/\"\\b")"), "aé中😀\n/\"\\b");
  EXPECT_EQ(DecodeOne(DataType::String(), "\"tab\there\""), "tab\there");
  EXPECT_EQ(DecodeOne(DataType::Varchar(2), R"("longer than two")"), "longer than two");
}

TEST(JsonDecoderTest, NestedValues) {
  EXPECT_EQ(DecodeOne(DataType::Array(DataType::Int()), "[1, null,3]"), "[1, NULL, 3]");
  EXPECT_EQ(DecodeOne(DataType::Array(DataType::Array(DataType::String())), R"([["a"],[],null,["b","c"]])"),
            "[[a], [], NULL, [b, c]]");
  EXPECT_EQ(DecodeOne(DataType::Map(DataType::String(), DataType::BigInt()), R"({"a":1,"b":null,"a":3})"),
            "[b=NULL, a=3]");
  EXPECT_EQ(DecodeOne(DataType::Multiset(DataType::String()), R"({"a":2})"), "[a=2]");
  const DataType row =
      DataType::Row({{"名", DataType::String()}, {"xs", DataType::Array(DataType::Double())}});
  EXPECT_EQ(DecodeOne(row, R"({"xs":[1,2.5],"other":{"xs":0},"名":"李"})"), "[李, [1.0, 2.5]]");
  EXPECT_EQ(DecodeOne(row, "{}"), "[NULL, NULL]");
  EXPECT_EQ(DecodeOne(DataType::Array(row), R"([{"名":"a"},null,{"xs":[]}])"),
            "[[a, NULL], NULL, [NULL, []]]");
}

TEST(JsonDecoderTest, ManyNestedRowsKeepTheirPlaces) {
  Schema schema =
      One("xs", DataType::Array(DataType::Row({{"k", DataType::Int()}, {"s", DataType::String()}})));
  std::string input;
  std::vector<std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    if (i % 11 == 5) {
      // Fails behind elements already written: nothing of it may stay.
      input += R"({"xs":[{"k":7,"s":"gone"},{"k":"x"}]})"
               "\n";
      continue;
    }
    std::string row = "[";
    input += "{\"xs\":[";
    for (int j = 0; j < i % 4; ++j) {
      input += (j ? "," : "") + std::string("{\"k\":") + std::to_string(i * 10 + j) +
               ",\"s\":\"a long string of " + std::to_string(i) + "\"}";
      row += (j ? ", [" : "[") + std::to_string(i * 10 + j) + ", a long string of " + std::to_string(i) + "]";
    }
    input += "]}\n";
    expected.push_back("[" + row + "]]");
  }
  auto decoder = MustMakeDecoder("json", schema);
  CollectingSink sink;
  DecodeAll(*decoder, input, sink);
  EXPECT_EQ(sink.malformed.size(), 455u);
  EXPECT_EQ(Rows(sink), expected);
}

TEST(JsonDecoderTest, MissingDuplicateAndUnknownKeys) {
  Schema schema;
  schema.Add("a", DataType::Int());
  schema.Add("b", DataType::String());
  EXPECT_THAT(DecodeRows(schema, "{\"b\":\"x\"}\n{\"a\":1,\"zz\":[{\"a\":2}],\"a\":3}\n{}\n{\"\\u0061\":4}"),
              ElementsAre("[NULL, x]", "[3, NULL]", "[NULL, NULL]", "[4, NULL]"));
}

TEST(JsonDecoderTest, TopLevelArraysAreManyRows) {
  auto decoder = MustMakeDecoder("json", One("a", DataType::Int()));
  CollectingSink sink;
  DecodeAll(*decoder,
            R"([{"a":1}, {"a":"x"}, 5, {"a":2}])"
            "\n[]\n[{\"a\":3},]\n",
            sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[1]", "[2]"));
  ASSERT_EQ(sink.malformed.size(), 3u);
  EXPECT_EQ(sink.malformed[0],
            (MalformedRecord{10, R"({"a":"x"})", "column 'a' INT: 'x' is not a whole number"}));
  EXPECT_EQ(sink.malformed[1],
            (MalformedRecord{21, "5", "an element of the record is a number, not an object"}));
  EXPECT_EQ(sink.malformed[2].bytes, "[{\"a\":3},]");
}

TEST(JsonDecoderTest, ProjectionSkipsButStillChecksStructure) {
  DecodeContext context;
  context.projection = {3, 0};
  auto decoder = MustMakeDecoder("json", Orders(), {}, context);
  CollectingSink sink;
  DecodeAll(*decoder,
            "{\"id\":1,\"城市\":7,\"price\":\"junk\",\"ts\":\"2020-01-01 00:00:00\",\"ok\":[{}]}\n"
            "{\"id\":2,\"城市\":bad,\"ts\":\"2020-01-01 00:00:00\"}\n",
            sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[2020-01-01 00:00:00.000, 1]"));
  ASSERT_EQ(sink.malformed.size(), 1u);
  context.projection = std::vector<int>{};
  auto counter = MustMakeDecoder("json", Orders(), {}, context);
  CollectingSink counted;
  DecodeAll(*counter, "{\"id\":1}\n{}\n", counted);
  ASSERT_EQ(counted.batches.size(), 1u);
  EXPECT_EQ(counted.batches[0].rows, 2u);
  EXPECT_TRUE(counted.batches[0].columns.empty());
}

TEST(JsonDecoderTest, TimestampStandards) {
  const Options iso = {{"json.timestamp-format.standard", "ISO-8601"}};
  EXPECT_EQ(DecodeOne(DataType::Timestamp(3), "\"2020-12-30T12:13:14.123\"", iso), "2020-12-30 12:13:14.123");
  EXPECT_EQ(DecodeOne(DataType::TimestampLtz(3), "\"2020-12-30T12:13:14.123Z\"", iso),
            "2020-12-30 12:13:14.123");
  EXPECT_EQ(DecodeOne(DataType::Timestamp(3), "\"2020-12-30T12:13\"", iso), "2020-12-30 12:13:00.000");
  EXPECT_EQ(DecodeOne(DataType::Timestamp(3), "\"2020-12-30 12:13:14\"", iso),
            "column 'x' TIMESTAMP(3): '2020-12-30 12:13:14' is not a timestamp of the expected form");
  EXPECT_EQ(DecodeOne(DataType::Timestamp(3), "\"2020-12-30T12:13:14\""),
            "column 'x' TIMESTAMP(3): '2020-12-30T12:13:14' is not a timestamp of the expected form");
}

TEST(JsonDecoderTest, LocalInstantsUseTheZone) {
  DecodeContext context;
  context.zone = *data::TimeZone::Find("GMT+08:00");
  auto decoder = MustMakeDecoder("json", One("x", DataType::TimestampLtz(0)), {}, context);
  CollectingSink sink;
  DecodeAll(*decoder, R"({"x":"1970-01-01 08:00:01"})", sink);
  EXPECT_EQ(sink.rows.at(0).at(0), data::Value::Int(1'000'000));
}

TEST(JsonDecoderTest, FailOnMissingField) {
  Schema schema;
  schema.Add("a", DataType::Int());
  schema.Add("b", DataType::Int());
  auto decoder = MustMakeDecoder("json", schema, {{"json.fail-on-missing-field", "true"}});
  CollectingSink sink;
  DecodeAll(*decoder, "{\"a\":1,\"b\":null}\n{\"a\":1}\n", sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[1, NULL]"));
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0].reason, "column 'b' INT: the record has no such field");
}

TEST(JsonDecoderTest, IgnoreParseErrorsSetsFieldsToNullAndDropsBrokenRecords) {
  Schema schema;
  schema.Add("a", DataType::Int());
  schema.Add("xs", DataType::Array(DataType::Int()));
  schema.Add("r", DataType::Row({{"n", DataType::Int().NotNull()}}));
  auto decoder = MustMakeDecoder("json", schema, {{"json.ignore-parse-errors", "true"}});
  CollectingSink sink;
  DecodeAll(
      *decoder,
      "{\"a\":\"x\",\"xs\":[1,\"y\",3],\"r\":{\"n\":1}}\n{\"a\":1,\n{\"a\":5,\"xs\":7,\"r\":{\"n\":\"z\"}}\n",
      sink);
  EXPECT_THAT(Rows(sink), ElementsAre("[NULL, [1, NULL, 3], [1]]", "[5, NULL, NULL]"));
  EXPECT_TRUE(sink.malformed.empty());
  EXPECT_EQ(decoder->stats().rows, 2u);
  EXPECT_EQ(decoder->stats().ignored_records, 1u);
  EXPECT_EQ(decoder->stats().ignored_fields, 4u);
}

TEST(JsonDecoderTest, ByteOrderMarkOnlyAtTheStart) {
  auto decoder = MustMakeDecoder("json", One("a", DataType::Int()));
  CollectingSink sink;
  DecodeAll(*decoder, "\xEF\xBB\xBF{\"a\":1}\n", sink);
  DecodeAll(*decoder, "\xEF\xBB\xBF{\"a\":1}\n", sink, 50);
  EXPECT_EQ(sink.rows.size(), 1u);
  EXPECT_EQ(sink.offsets[0], 3);
  EXPECT_EQ(sink.malformed.size(), 1u);
}

TEST(JsonDecoderTest, MessagesMayHoldLineEnds) {
  auto decoder = MustMakeDecoder("json", One("a", DataType::Int()));
  auto bytes = std::make_shared<const std::string>("{\n  \"a\": 1\n}{\"a\":2");
  const Message messages[] = {{7, std::string_view(*bytes).substr(0, 12)},
                              {8, std::string_view(*bytes).substr(12)}};
  CollectingSink sink;
  ASSERT_TRUE(decoder->DecodeMessages(bytes, messages, sink).has_value());
  EXPECT_THAT(Rows(sink), ElementsAre("[1]"));
  EXPECT_THAT(sink.offsets, ElementsAre(7));
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0].offset, 8);
}

TEST(JsonDecoderTest, ColumnsKeepTheBlockAlive) {
  auto decoder = MustMakeDecoder("json", One("s", DataType::String()));
  CollectingSink sink;
  {
    auto block = std::make_shared<const std::string>("{\"s\":\"a string that does not fit inside\"}\n");
    ASSERT_TRUE(decoder->Decode(block, *block, 0, sink).has_value());
  }
  EXPECT_EQ(Show(*sink.batches[0].columns[0], 0), "a string that does not fit inside");
}

TEST(JsonDecoderTest, RefusedOptions) {
  const auto error = [](const Options& options, const Schema& schema = Orders()) {
    return MakeDecoder("json", schema, options).error().ToString();
  };
  EXPECT_EQ(error({{"json.ignore-parse-error", "true"}}),
            "42704: format 'json' has no option 'json.ignore-parse-error'\n"
            "HINT: did you mean 'json.ignore-parse-errors'?");
  EXPECT_EQ(error({{"json.ignore-parse-errors", "yes"}}),
            "22023: option 'json.ignore-parse-errors' is 'yes', not 'true' or 'false'");
  EXPECT_EQ(error({{"json.timestamp-format.standard", "RFC"}}),
            "22023: option 'json.timestamp-format.standard' is 'RFC', not 'SQL' or 'ISO-8601'");
  EXPECT_EQ(
      error({{"json.ignore-parse-errors", "true"}, {"json.fail-on-missing-field", "true"}}),
      "22023: options 'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be 'true'");
  EXPECT_EQ(error({{"json.decode.json-parser.enabled", "false"}}).substr(0, 5), "0A000");
  EXPECT_EQ(error({}, One("m", DataType::Map(DataType::Int(), DataType::Int()))),
            "0A000: column 'm': json has no form for MAP<INT, INT>, whose keys are not text\n"
            "HINT: use STRING as the type of the keys");
  EXPECT_EQ(MakeDecoder("jsn", Orders(), {}).error().ToString(),
            "42704: there is no format 'jsn'\nHINT: did you mean 'json'?");
}

struct Malformation {
  std::string record;
  std::string reason;
};

std::vector<Malformation> Malformations() {
  return {
      {R"({"id":1)", "not JSON: expected ',' or '}' at byte 7, the record's end"},
      {R"({"id":)", "not JSON: expected a value at byte 6, the record's end"},
      {R"({"id")", "not JSON: expected ':' after a key at byte 5, the record's end"},
      {R"({"id)", "not JSON: string without a closing quote at byte 4, the record's end"},
      {R"({)", "not JSON: expected a key at byte 1, the record's end"},
      {R"({"id":1,})", "not JSON: expected a key at byte 8"},
      {R"({"id":1 "ok":true})", "not JSON: expected ',' or '}' at byte 8"},
      {R"({id:1})", "not JSON: expected a key at byte 1"},
      {R"({"id" 1})", "not JSON: expected ':' after a key at byte 6"},
      {R"({"id":1}})", "not JSON: more text after the object at byte 8"},
      {R"({"id":1} {"id":2})", "not JSON: more text after the object at byte 9"},
      {R"({"id":01})", "not JSON: number with a leading zero at byte 6"},
      {R"({"id":1.})", "not JSON: expected a digit at byte 8"},
      {R"({"id":.5})", "not JSON: expected a value at byte 6"},
      {R"({"id":+1})", "not JSON: expected a value at byte 6"},
      {R"({"id":-})", "not JSON: expected a digit at byte 7"},
      {R"({"id":1e})", "not JSON: expected a digit at byte 8"},
      {R"({"id":NaN})", "not JSON: expected a value at byte 6"},
      {R"({"id":nul})", "not JSON: expected a value at byte 6"},
      {R"({"ok":True})", "not JSON: expected a value at byte 6"},
      {R"({"ok":truefalse})", "not JSON: expected ',' or '}' at byte 10"},
      {R"({'id':1})", "not JSON: expected a key at byte 1"},
      {R"({"城市":"a\qb"})", "not JSON: unknown escape in a string at byte 13"},
      {R"({"城市":"\u12g4"})", "not JSON: \\u is not followed by four hexadecimal digits at byte 13"},
      {R"({"城市":"\ud800x"})", "not JSON: \\u surrogate without its other half at byte 11"},
      {R"({"城市":"\udc00"})", "not JSON: \\u surrogate without its other half at byte 11"},
      {R"({"x":[1,2})", "not JSON: expected ',' or ']' at byte 9"},
      {R"({"x":[1,]})", "not JSON: expected a value at byte 8"},
      {R"({"x":{"a":1,"b"}})", "not JSON: expected ':' after a key at byte 15"},
      {R"(hello)", "not JSON: expected a value at byte 0"},
      {R"(5)", "the record is a number, not an object"},
      {R"("text")", "the record is a string, not an object"},
      {R"(null)", "the record is null, not an object"},
      {R"([{"id":1})", "not JSON: expected ',' or ']' at byte 9, the record's end"},
      {R"({"id":"abc"})", "column 'id' BIGINT: 'abc' is not a whole number"},
      {R"({"id":""})", "column 'id' BIGINT: '' is not a whole number"},
      {R"({"id":1.5})", "column 'id' BIGINT: '1.5' is not a whole number"},
      {R"({"id":true})", "column 'id' BIGINT: 'true' is not a whole number"},
      {R"({"id":[1]})", "column 'id' BIGINT: '[1]' is not a whole number"},
      {R"({"id":9223372036854775808})", "column 'id' BIGINT: '9223372036854775808' is out of range"},
      {R"({"id":1e19})", "column 'id' BIGINT: '1e19' is out of range"},
      {R"({"price":123456789.00})", "column 'price' DECIMAL(10, 2): '123456789.00' is out of range"},
      {R"({"price":"1,5"})", "column 'price' DECIMAL(10, 2): '1,5' is not a number"},
      {R"({"ok":1})", "column 'ok' BOOLEAN: '1' is not true or false"},
      {R"({"ok":"yes"})", "column 'ok' BOOLEAN: 'yes' is not true or false"},
      {R"({"ts":"2020-13-01 00:00:00"})",
       "column 'ts' TIMESTAMP(3): '2020-13-01 00:00:00' is not a timestamp of the expected form"},
      {R"({"ts":"2021-02-29 00:00:00"})",
       "column 'ts' TIMESTAMP(3): '2021-02-29 00:00:00' is not a timestamp of the expected form"},
      {R"({"ts":"2020-01-01 24:00:00"})",
       "column 'ts' TIMESTAMP(3): '2020-01-01 24:00:00' is not a timestamp of the expected form"},
      {R"({"ts":1577836800})",
       "column 'ts' TIMESTAMP(3): '1577836800' is not a timestamp of the expected form"},
      {"{\"城市\":\"\xff\"}", "the record is not UTF-8 at byte 11"},
      {"{\"城市\":\"\xe4\xb8\"}", "the record is not UTF-8 at byte 11"},
      {"{\"x\":" + std::string(70, '[') + std::string(70, ']') + "}",
       "not JSON: nested too deeply at byte 68"},
  };
}

// Each malformed record stands alone between good ones, whatever the block size.
TEST(JsonDecoderTest, EveryMalformedRecordIsFoundOnceAndNothingElseIsLost) {
  std::string input;
  std::vector<MalformedRecord> expected;
  std::vector<std::string> rows;
  int64_t id = 0;
  for (const Malformation& bad : Malformations()) {
    for (int i = 0; i < 3; ++i) {
      input += "{\"id\":" + std::to_string(id) +
               ",\"城市\":\"上海 is a big city\",\"price\":1.25,"
               "\"ts\":\"2020-01-01 00:00:01\",\"ok\":true}\n";
      rows.push_back("[" + std::to_string(id++) +
                     ", 上海 is a big city, 1.25, 2020-01-01 00:00:01.000, TRUE]");
    }
    expected.push_back({static_cast<int64_t>(input.size()), bad.record, bad.reason});
    input += bad.record + "\n";
  }
  for (const size_t block_bytes : {size_t{1} << 20, size_t{1000}, size_t{64}, size_t{1}}) {
    auto decoder = MustMakeDecoder("json", Orders());
    CollectingSink sink;
    DecodeInBlocks(*decoder, input, block_bytes, sink);
    EXPECT_EQ(sink.malformed.size(), expected.size());
    for (size_t i = 0; i < std::min(expected.size(), sink.malformed.size()); ++i) {
      EXPECT_EQ(sink.malformed[i].reason, expected[i].reason);
      EXPECT_EQ(sink.malformed[i].bytes, expected[i].bytes);
      EXPECT_EQ(sink.malformed[i].offset, expected[i].offset);
    }
    EXPECT_EQ(Rows(sink), rows);
    EXPECT_EQ(decoder->stats().malformed, expected.size());
  }
}

TEST(JsonDecoderTest, NotNullColumnsRefuseNull) {
  auto decoder = MustMakeDecoder("json", One("a", DataType::Int().NotNull()));
  CollectingSink sink;
  DecodeAll(*decoder, "{\"a\":1}\n{\"a\":null}\n{}\n", sink);
  EXPECT_EQ(sink.rows.size(), 1u);
  ASSERT_EQ(sink.malformed.size(), 2u);
  EXPECT_EQ(sink.malformed[0].reason, "column 'a' INT is NOT NULL, but the value is null");
  EXPECT_EQ(sink.malformed[1].reason, "column 'a' INT: the record has no such field");
}

// A layout is learnt up to its long gap; a record that is cut off there is not taken for a whole one.
TEST(JsonDecoderTest, LayoutsTooLargeToLearnEndNoRecordEarly) {
  data::Schema schema;
  schema.Add("a", DataType::Int());
  schema.Add("b", DataType::Int());
  const std::string whole = "{\"a\":1," + std::string(300, ' ') + "\"b\":2}\n";
  auto decoder = MustMakeDecoder("json", schema);
  CollectingSink sink;
  DecodeAll(*decoder, whole + "{\"a\":3\n" + whole, sink);
  EXPECT_EQ(sink.rows.size(), 2u);
  ASSERT_EQ(sink.malformed.size(), 1u);
  EXPECT_EQ(sink.malformed[0].bytes, "{\"a\":3");
}

}  // namespace
}  // namespace millrace::formats
