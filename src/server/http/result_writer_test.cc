#include "server/http/result_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "server/http/json_result.h"

namespace millrace::server::http {
namespace {

using data::DataType;
using data::Value;
using testing::ElementsAre;

Value List(std::vector<Value> values) {
  return Value::MakeList(std::move(values));
}

std::string Json(const DataType& type, const Value& value) {
  std::string text;
  AppendJsonValue(*data::Column::Constant(type, value, 1), 0, &text);
  return text;
}

TEST(ResultWriterTest, JsonValues) {
  EXPECT_EQ(Json(DataType::Int(), Value::Null()), "null");
  EXPECT_EQ(Json(DataType::Boolean(), Value::Bool(false)), "false");
  EXPECT_EQ(Json(DataType::BigInt(), Value::Int(std::numeric_limits<int64_t>::min())),
            "-9223372036854775808");
  EXPECT_EQ(Json(DataType::Decimal(10, 2), Value::Decimal(150)), "1.50");
  EXPECT_EQ(Json(DataType::Double(), Value::Double(0.1)), "0.1");
  EXPECT_EQ(Json(DataType::Double(), Value::Double(std::nan(""))), "\"NaN\"");
  EXPECT_EQ(Json(DataType::Float(), Value::Double(-std::numeric_limits<double>::infinity())),
            "\"-Infinity\"");
  EXPECT_EQ(Json(DataType::String(), Value::String("a\"\\\n\x01é")), "\"a\\\"\\\\\\n\\u0001é\"");
  EXPECT_EQ(Json(DataType::Bytes(), Value::String("any")), "\"YW55\"");
  EXPECT_EQ(Json(DataType::Date(), Value::Int(0)), "\"1970-01-01\"");
  EXPECT_EQ(Json(DataType::Time(3), Value::Int(1'500'000)), "\"00:00:01.500\"");
  EXPECT_EQ(Json(DataType::Timestamp(3), Value::Int(1'500'000)), "\"1970-01-01 00:00:01.500\"");
  EXPECT_EQ(Json(DataType::TimestampLtz(0), Value::Int(1'000'000)), "\"1970-01-01 00:00:01Z\"");
  EXPECT_EQ(Json(DataType::IntervalYearMonth(), Value::Int(14)), "\"+1-02\"");
  EXPECT_EQ(Json(DataType::Array(DataType::Int()), List({Value::Int(1), Value::Null()})), "[1,null]");
  EXPECT_EQ(Json(DataType::Row({{"x", DataType::Int()}, {"y\"", DataType::String()}}),
                 List({Value::Int(1), Value::String("z")})),
            "{\"x\":1,\"y\\\"\":\"z\"}");
  EXPECT_EQ(Json(DataType::Map(DataType::Int(), DataType::Boolean()),
                 List({List({Value::Int(5), Value::Bool(true)}), List({Value::Int(6), Value::Null()})})),
            "{\"5\":true,\"6\":null}");
}

std::string Csv(const DataType& type, const Value& value) {
  const data::Schema schema({{"c", type}});
  const auto writer = ResultWriter::Make(ResultFormat::kCsv, schema);
  data::Batch batch;
  batch.rows = 1;
  batch.columns = {data::Column::Constant(type, value, 1)};
  std::string text;
  writer->Begin(&text);
  writer->Append(batch, &text);
  writer->End("", {}, &text);
  return text;
}

TEST(ResultWriterTest, CsvTellsNullFromEmpty) {
  EXPECT_EQ(Csv(DataType::String(), Value::Null()), "c\n\n");
  EXPECT_EQ(Csv(DataType::String(), Value::String("")), "c\n\"\"\n");
  EXPECT_EQ(Csv(DataType::String(), Value::String("a,\"b\"\n")), "c\n\"a,\"\"b\"\"\n\"\n");
  EXPECT_EQ(Csv(DataType::Date(), Value::Int(0)), "c\n1970-01-01\n");
  EXPECT_EQ(Csv(DataType::Array(DataType::String()), List({Value::String("x")})), "c\n\"[\"\"x\"\"]\"\n");
}

// ------------------------------------------------------------------------------------------ Arrow

// Reads FlatBuffers by the rules of their documentation.
class FlatTable {
 public:
  FlatTable(std::string_view buffer, size_t at) : buffer_(buffer), at_(at) {}
  static FlatTable Root(std::string_view buffer) { return {buffer, Load<uint32_t>(buffer, 0)}; }

  template <typename T>
  static T Load(std::string_view buffer, size_t at) {
    EXPECT_LE(at + sizeof(T), buffer.size());
    EXPECT_EQ(at % sizeof(T), 0u) << "values are aligned";
    T value = {};
    if (at + sizeof(T) <= buffer.size()) std::memcpy(&value, buffer.data() + at, sizeof(T));
    return value;
  }
  // Where a field lies; 0: absent.
  size_t Field(int field) const {
    const size_t vtable = at_ - static_cast<size_t>(Load<int32_t>(buffer_, at_));
    const size_t entry = 4 + 2 * static_cast<size_t>(field);
    if (entry >= Load<uint16_t>(buffer_, vtable)) return 0;
    const uint16_t offset = Load<uint16_t>(buffer_, vtable + entry);
    EXPECT_LT(offset, Load<uint16_t>(buffer_, vtable + 2));
    return offset == 0 ? 0 : at_ + offset;
  }
  template <typename T>
  T Get(int field) const {
    return Load<T>(buffer_, Field(field));
  }
  size_t Target(int field) const { return Field(field) + Get<uint32_t>(field); }
  FlatTable Table(int field) const { return {buffer_, Target(field)}; }
  std::string String(int field) const {
    const size_t at = Target(field);
    return std::string(buffer_.substr(at + 4, Load<uint32_t>(buffer_, at)));
  }
  size_t Size(int field) const { return Load<uint32_t>(buffer_, Target(field)); }
  FlatTable Element(int field, size_t i) const {
    const size_t at = Target(field) + 4 + 4 * i;
    return {buffer_, at + Load<uint32_t>(buffer_, at)};
  }
  std::vector<int64_t> Longs(int field, size_t each) const {
    std::vector<int64_t> values;
    for (size_t i = 0; i < Size(field) * each; ++i) {
      values.push_back(Load<int64_t>(buffer_, Target(field) + 4 + 8 * i));
    }
    return values;
  }

 private:
  std::string_view buffer_;
  size_t at_;
};

struct Message {
  std::string metadata;
  std::string body;
};

std::vector<Message> Messages(std::string_view stream) {
  std::vector<Message> messages;
  for (;;) {
    uint32_t sizes[2] = {};
    EXPECT_GE(stream.size(), sizeof(sizes));
    if (stream.size() < sizeof(sizes)) return messages;
    std::memcpy(sizes, stream.data(), sizeof(sizes));
    EXPECT_EQ(sizes[0], 0xFFFFFFFFu);
    stream.remove_prefix(sizeof(sizes));
    if (sizes[1] == 0) break;
    EXPECT_EQ(sizes[1] % 8, 0u);
    Message message;
    message.metadata = stream.substr(0, sizes[1]);
    stream.remove_prefix(sizes[1]);
    const int64_t body = FlatTable::Root(message.metadata).Get<int64_t>(3);
    EXPECT_EQ(body % 8, 0);
    message.body = stream.substr(0, static_cast<size_t>(body));
    stream.remove_prefix(static_cast<size_t>(body));
    messages.push_back(std::move(message));
  }
  EXPECT_TRUE(stream.empty());
  return messages;
}

TEST(ArrowStreamTest, SchemaAndBatch) {
  const data::Schema schema({{"n", DataType::Int().NotNull()},
                             {"price", DataType::Decimal(12, 3)},
                             {"names", DataType::Array(DataType::String())}});
  data::Batch batch;
  batch.rows = 3;
  const std::vector<std::vector<Value>> columns = {
      {Value::Int(7), Value::Int(8), Value::Int(-9)},
      {Value::Decimal(1500), Value::Null(), Value::Decimal(-1)},
      {List({Value::String("a"), Value::Null()}), Value::Null(), List({Value::String("bcd")})}};
  for (size_t i = 0; i < columns.size(); ++i) {
    auto column = data::Column::Make(schema[i].type);
    for (const Value& value : columns[i]) column->AppendValue(value);
    batch.columns.push_back(column);
  }
  const auto writer = ResultWriter::Make(ResultFormat::kArrow, schema);
  std::string stream;
  writer->Begin(&stream);
  writer->Append(batch, &stream);
  writer->End("", {}, &stream);
  const std::vector<Message> messages = Messages(stream);
  ASSERT_EQ(messages.size(), 2u);

  // Numbers of fields and types are those of Arrow's Schema.fbs and Message.fbs.
  const FlatTable first = FlatTable::Root(messages[0].metadata);
  EXPECT_EQ(first.Get<int16_t>(0), 4);  // V5
  EXPECT_EQ(first.Get<uint8_t>(1), 1);  // Schema
  const FlatTable described = first.Table(2);
  ASSERT_EQ(described.Size(1), 3u);
  const FlatTable n = described.Element(1, 0);
  EXPECT_EQ(n.String(0), "n");
  EXPECT_EQ(n.Get<uint8_t>(1), 0);  // not nullable
  EXPECT_EQ(n.Get<uint8_t>(2), 2);  // Int
  EXPECT_EQ(n.Table(3).Get<int32_t>(0), 32);
  EXPECT_EQ(n.Table(3).Get<uint8_t>(1), 1);  // signed
  const FlatTable price = described.Element(1, 1);
  EXPECT_EQ(price.Get<uint8_t>(1), 1);
  EXPECT_EQ(price.Get<uint8_t>(2), 7);  // Decimal
  EXPECT_EQ(price.Table(3).Get<int32_t>(0), 12);
  EXPECT_EQ(price.Table(3).Get<int32_t>(1), 3);
  EXPECT_EQ(price.Table(3).Get<int32_t>(2), 128);
  const FlatTable names = described.Element(1, 2);
  EXPECT_EQ(names.Get<uint8_t>(2), 12);  // List
  ASSERT_EQ(names.Size(5), 1u);
  EXPECT_EQ(names.Element(5, 0).Get<uint8_t>(2), 5);  // Utf8

  const FlatTable second = FlatTable::Root(messages[1].metadata);
  EXPECT_EQ(second.Get<uint8_t>(1), 3);  // RecordBatch
  const FlatTable rows = second.Table(2);
  EXPECT_EQ(rows.Get<int64_t>(0), 3);
  // Length and nulls of n, price, names and its items.
  EXPECT_THAT(rows.Longs(1, 2), ElementsAre(3, 0, 3, 1, 3, 1, 3, 1));
  const std::vector<int64_t> buffers = rows.Longs(2, 2);
  ASSERT_EQ(buffers.size(), 2u * (2 + 2 + 2 + 3));
  const auto bytes = [&](size_t buffer) {
    EXPECT_EQ(buffers[2 * buffer] % 8, 0);
    return messages[1].body.substr(static_cast<size_t>(buffers[2 * buffer]),
                                   static_cast<size_t>(buffers[2 * buffer + 1]));
  };
  const auto packed = [](std::initializer_list<int32_t> values) {
    return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * 4);
  };
  EXPECT_EQ(bytes(0), "");  // no nulls, no bitmap
  EXPECT_EQ(bytes(1), packed({7, 8, -9}));
  EXPECT_EQ(bytes(2), "\x05");
  EXPECT_EQ(bytes(3).substr(0, 16), packed({1500, 0, 0, 0}));
  EXPECT_EQ(bytes(3).substr(32), packed({-1, -1, -1, -1}));
  EXPECT_EQ(bytes(4), "\x05");
  EXPECT_EQ(bytes(5), packed({0, 2, 2, 3}));
  EXPECT_EQ(bytes(6), "\x05");
  EXPECT_EQ(bytes(7), packed({0, 1, 1, 4}));
  EXPECT_EQ(bytes(8), "abcd");
}

}  // namespace
}  // namespace millrace::server::http
