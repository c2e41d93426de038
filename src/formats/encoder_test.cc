#include <gmock/gmock.h>

#include <random>

#include "data/batch_builder.h"
#include "formats/decode_test_sink.h"

namespace millrace::formats {
namespace {

using data::DataType;
using data::Schema;
using data::Value;

data::Batch MakeBatch(const Schema& schema, const std::vector<Value::List>& rows) {
  data::BatchBuilder builder(schema);
  for (const Value::List& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) builder.column(i).AppendValue(row[i]);
    builder.FinishRow();
  }
  return builder.Build();
}

std::string Encode(std::string_view format, const Schema& schema, const std::vector<Value::List>& rows,
                   const Options& options = {}) {
  auto encoder = MakeEncoder(format, schema, options);
  if (!encoder) return encoder.error().ToString();
  std::string out;
  (*encoder)->AppendHeader(&out);
  std::vector<EncodeFailure> failures;
  (*encoder)->Encode(MakeBatch(schema, rows), &out, &failures);
  for (const EncodeFailure& failure : failures)
    out += "row " + std::to_string(failure.row) + ": " + failure.reason.message();
  return out;
}

std::string EncodeOne(std::string_view format, const DataType& type, const Value& value,
                      const Options& options = {}) {
  Schema schema;
  schema.Add("x", type);
  return Encode(format, schema, {{value}}, options);
}

TEST(EncoderTest, JsonScalars) {
  const auto json = [](const DataType& type, const Value& value, const Options& options = {}) {
    return EncodeOne("json", type, value, options);
  };
  EXPECT_EQ(json(DataType::Int(), Value::Int(-5)), "{\"x\":-5}\n");
  EXPECT_EQ(json(DataType::Boolean(), Value::Bool(true)), "{\"x\":true}\n");
  EXPECT_EQ(json(DataType::Double(), Value::Double(1)), "{\"x\":1.0}\n");
  EXPECT_EQ(json(DataType::Double(), Value::Double(1e10)), "{\"x\":1.0E10}\n");
  EXPECT_EQ(json(DataType::Double(), Value::Double(NAN)), "{\"x\":\"NaN\"}\n");
  EXPECT_EQ(json(DataType::String(), Value::Null()), "{\"x\":null}\n");
  EXPECT_EQ(json(DataType::String(), Value::String("a\"b\\c\n\x01中")),
            "{\"x\":\"a\\\"b\\\\c\\n\\u0001中\"}\n");
  EXPECT_EQ(json(DataType::Bytes(), Value::String("hi!!")), "{\"x\":\"aGkhIQ==\"}\n");
  EXPECT_EQ(json(DataType::Date(), Value::Int(18262)), "{\"x\":\"2020-01-01\"}\n");
  EXPECT_EQ(json(DataType::Time(3), Value::Int(3'600'500'000)), "{\"x\":\"01:00:00.5\"}\n");
  EXPECT_EQ(json(DataType::Timestamp(3), Value::Int(1'577'836'800'123'000)),
            "{\"x\":\"2020-01-01 00:00:00.123\"}\n");
  EXPECT_EQ(json(DataType::Timestamp(3), Value::Int(1'577'836'800'000'000)),
            "{\"x\":\"2020-01-01 00:00:00\"}\n");
  EXPECT_EQ(json(DataType::TimestampLtz(3), Value::Int(1'577'836'800'000'000)),
            "{\"x\":\"2020-01-01 00:00:00Z\"}\n");
  EXPECT_EQ(json(DataType::TimestampLtz(3), Value::Int(1'577'836'800'000'000),
                 {{"json.timestamp-format.standard", "ISO-8601"}}),
            "{\"x\":\"2020-01-01T00:00:00Z\"}\n");
}

TEST(EncoderTest, JsonDecimalsAsFlinkWritesThem) {
  const auto json = [](int precision, int scale, int64_t unscaled, bool plain) {
    return EncodeOne("json", DataType::Decimal(precision, scale), Value::Decimal(unscaled),
                     {{"json.encode.decimal-as-plain-number", plain ? "true" : "false"}});
  };
  EXPECT_EQ(json(9, 6, 123456789, false), "{\"x\":123.456789}\n");
  EXPECT_EQ(json(18, 0, 454621864049246170, false), "{\"x\":4.5462186404924617E+17}\n");
  EXPECT_EQ(json(18, 0, 454621864049246170, true), "{\"x\":454621864049246170}\n");
  EXPECT_EQ(json(9, 9, 27, false), "{\"x\":2.7E-8}\n");
  EXPECT_EQ(json(9, 9, 27, true), "{\"x\":0.000000027}\n");
  EXPECT_EQ(json(9, 2, -1250, false), "{\"x\":-12.5}\n");
  EXPECT_EQ(json(9, 2, 0, false), "{\"x\":0}\n");
  EXPECT_EQ(json(20, 2, 10000, false), "{\"x\":1E+2}\n");
  EXPECT_EQ(json(20, 2, 5, true), "{\"x\":0.05}\n");
}

TEST(EncoderTest, JsonNestedValuesAndNulls) {
  Schema schema;
  schema.Add("xs", DataType::Array(DataType::Int()));
  schema.Add("m", DataType::Map(DataType::String(), DataType::String()));
  schema.Add("r", DataType::Row({{"名", DataType::String()}, {"n", DataType::Int()}}));
  const Value map = Value::MakeList({Value::MakeList({Value::String("k"), Value::Null()}),
                                     Value::MakeList({Value::Null(), Value::String("v")})});
  const Value::List row = {Value::MakeList({Value::Int(1), Value::Null()}), map,
                           Value::MakeList({Value::String("李"), Value::Null()})};
  EXPECT_EQ(Encode("json", schema, {row, {Value::Null(), Value::Null(), Value::Null()}}),
            "{\"xs\":null,\"m\":null,\"r\":null}\n"
            "row 0: column 'm': a map with a NULL key has no form in json");
  EXPECT_EQ(Encode("json", schema, {row},
                   {{"json.map-null-key.mode", "DROP"}, {"json.encode.ignore-null-fields", "true"}}),
            "{\"xs\":[1,null],\"m\":{\"k\":null},\"r\":{\"名\":\"李\"}}\n");
  EXPECT_EQ(Encode("json", schema, {row},
                   {{"json.map-null-key.mode", "LITERAL"}, {"json.map-null-key.literal", "none"}}),
            "{\"xs\":[1,null],\"m\":{\"k\":null,\"none\":\"v\"},\"r\":{\"名\":\"李\",\"n\":null}}\n");
  EXPECT_EQ(Encode("json", schema, {}, {{"json.map-null-key.mode", "SKIP"}}),
            "22023: option 'json.map-null-key.mode' is 'SKIP', not 'FAIL', 'DROP' or 'LITERAL'");
}

TEST(EncoderTest, Csv) {
  Schema schema;
  schema.Add("a", DataType::String());
  schema.Add("b", DataType::Decimal(10, 2));
  schema.Add("c", DataType::Array(DataType::String()));
  const auto row = [](const char* a, int64_t b, const char* c) {
    return Value::List{Value::String(a), Value::Decimal(b),
                       Value::MakeList({Value::String(c), Value::Null()})};
  };
  EXPECT_EQ(Encode("csv", schema, {row("x", 1250, "p"), row("a,\"b\"\nc", 10000, "q"), row("", 0, "x;y")},
                   {{"csv.header", "true"}}),
            "a,b,c\nx,12.5,p;\n\"a,\"\"b\"\"\nc\",1E+2,q;\nrow 2: column 'c[]': 'x;y' holds the element "
            "delimiter ';'");
  EXPECT_EQ(Encode("csv", schema, {row("a,b", 10000, "p")},
                   {{"csv.write-bigdecimal-in-scientific-notation", "false"},
                    {"csv.null-literal", "n/a"},
                    {"csv.escape-character", "\\\\"},
                    {"csv.disable-quote-character", "true"}}),
            "a\\,b,100,p;n/a\n");
  EXPECT_EQ(Encode("csv", schema, {row("a,b", 1, "p")}, {{"csv.disable-quote-character", "true"}}),
            "row 0: column 'a': 'a,b' cannot be written without quotes or escapes");
  EXPECT_EQ(Encode("csv", schema, {{Value::Null(), Value::Null(), Value::Null()}}), ",,\n");
}

TEST(EncoderTest, Raw) {
  EXPECT_EQ(EncodeOne("raw", DataType::String(), Value::String("as it is, \"x\"")), "as it is, \"x\"\n");
  EXPECT_EQ(EncodeOne("raw", DataType::SmallInt(), Value::Int(258)), "\x01\x02\n");
  EXPECT_EQ(EncodeOne("raw", DataType::String(), Value::Null()),
            "row 0: column 'x': raw has no form for NULL");
}

// What is written is read back.
TEST(EncoderTest, RoundTrips) {
  Schema schema;
  schema.Add("i", DataType::BigInt());
  schema.Add("s", DataType::String());
  schema.Add("dec", DataType::Decimal(30, 7));
  schema.Add("d", DataType::Double());
  schema.Add("f", DataType::Float());
  schema.Add("b", DataType::Boolean());
  schema.Add("ts", DataType::Timestamp(6));
  schema.Add("ltz", DataType::TimestampLtz(3));
  schema.Add("day", DataType::Date());
  schema.Add("time", DataType::Time(3));
  schema.Add("bytes", DataType::Bytes());
  schema.Add("xs", DataType::Array(DataType::Int()));
  schema.Add("r", DataType::Row({{"p", DataType::Double()}, {"q", DataType::SmallInt()}}));
  std::mt19937_64 random(11);
  const auto signed_random = [&random] { return static_cast<int64_t>(random()) >> random() % 64; };
  std::vector<Value::List> rows;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (uint64_t j = random() % 30; j > 0; --j) {
      constexpr const char* kPieces[] = {"a", ",", "\"", "\n", "中", "\\", ";", "'", " ", "\t"};
      text += kPieces[random() % 10];
    }
    if (text == "NULL" || text.empty()) text = "x";
    Value::List xs;
    for (uint64_t j = 1 + random() % 3; j > 0; --j) xs.push_back(Value::Int(static_cast<int32_t>(random())));
    Value::List row = {
        Value::Int(signed_random()),
        Value::String(text),
        Value::Decimal(static_cast<data::Int128>(signed_random()) * static_cast<int64_t>(random() % 1000)),
        Value::Double(
            std::ldexp(static_cast<double>(signed_random()), static_cast<int>(random() % 400) - 200)),
        Value::Double(static_cast<float>(signed_random()) / 1024.0f),
        Value::Bool(random() % 2 == 0),
        Value::Int(signed_random() % 10'000'000'000'000'000),
        Value::Int(signed_random() % 1'000'000'000'000 * 1000),
        Value::Int(signed_random() % 100'000),
        Value::Int(static_cast<int64_t>(random() % 86'400'000) * 1000),
        Value::String(std::string(1 + random() % 20, static_cast<char>(random()))),
        Value::MakeList(xs),
        Value::MakeList({Value::Double(0.5), Value::Int(static_cast<int16_t>(random()))}),
    };
    if (random() % 3 == 0) row[random() % row.size()] = Value::Null();
    rows.push_back(std::move(row));
  }
  const std::pair<std::string_view, Options> cases[] = {
      {"json", {}},
      {"json", {{"json.timestamp-format.standard", "ISO-8601"}, {"json.encode.ignore-null-fields", "true"}}},
      {"json", {{"json.encode.decimal-as-plain-number", "true"}}},
      {"csv", {{"csv.null-literal", "NULL"}}},
      {"csv",
       {{"csv.null-literal", "NULL"}, {"csv.escape-character", "\\\\"}, {"csv.field-delimiter", "\\t"}}},
      {"csv", {{"csv.null-literal", "NULL"}, {"csv.quote-character", "'"}, {"csv.header", "true"}}},
  };
  for (const auto& [format, options] : cases) {
    auto encoder = MakeEncoder(format, schema, options);
    ASSERT_TRUE(encoder.has_value()) << encoder.error().ToString();
    std::string out;
    (*encoder)->AppendHeader(&out);
    for (size_t begin = 0; begin < rows.size(); begin += 1000) {
      std::vector<EncodeFailure> failures;
      (*encoder)->Encode(MakeBatch(schema, {rows.begin() + begin, rows.begin() + begin + 1000}), &out,
                         &failures);
      EXPECT_TRUE(failures.empty());
    }
    auto decoder = MustMakeDecoder(format, schema, options);
    CollectingSink sink;
    DecodeInBlocks(*decoder, out, 10000, sink);
    for (size_t i = 0; i < std::min<size_t>(3, sink.malformed.size()); ++i)
      ADD_FAILURE() << sink.malformed[i].reason;
    ASSERT_EQ(sink.rows.size(), rows.size()) << format;
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t j = 0; j < schema.size(); ++j)
        ASSERT_EQ(sink.rows[i][j], rows[i][j]) << format << " row " << i << " " << schema[j].name;
    }
  }
}

}  // namespace
}  // namespace millrace::formats
