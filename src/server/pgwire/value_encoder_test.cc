// Text and binary forms of results. Expected values are PostgreSQL 15's own: x::text and <type>_send(x).
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "data/decimal.h"
#include "data/interval.h"
#include "server/pgwire/binary_encoder.h"
#include "server/pgwire/datetime_text.h"
#include "server/pgwire/number_text.h"
#include "server/pgwire/numeric_binary.h"
#include "server/pgwire/text_encoder.h"

namespace millrace::server::pgwire {
namespace {

using data::DataType;
using data::Value;

std::string Hex(std::string_view bytes) {
  OutputBuffer hex;
  AppendHexBytes(bytes, &hex);
  return std::string(hex.view().substr(2));
}

// The value's text and its binary form in hex, without length words, as a column of one row writes them.
std::string Text(const DataType& type, const Value& value,
                 const data::TimeZone& zone = data::TimeZone::Utc()) {
  data::Column column(type);
  column.AppendValue(value);
  OutputBuffer out;
  uint32_t end = 0;
  EncodeTextColumn(column, 0, 1, zone, &out, &end);
  EXPECT_EQ(end, out.size());
  EXPECT_EQ(LoadBigEndian<int32_t>(out.data()), static_cast<int32_t>(out.size() - 4));
  return std::string(out.view().substr(4));
}

std::string Binary(const DataType& type, const Value& value) {
  data::Column column(type);
  column.AppendValue(value);
  OutputBuffer out;
  uint32_t end = 0;
  EXPECT_TRUE(EncodeBinaryColumn(column, 0, 1, data::TimeZone::Utc(), &out, &end).has_value());
  EXPECT_EQ(end, out.size());
  EXPECT_EQ(LoadBigEndian<int32_t>(out.data()), static_cast<int32_t>(out.size() - 4));
  return Hex(out.view().substr(4));
}

TEST(ValueEncoderTest, WritesDoublesAsPostgresDoes) {
  struct Case {
    double value;
    const char* text;
    const char* binary;
  };
  for (const Case& c :
       std::vector<Case>{{0.0, "0", "0000000000000000"},
                         {-0.0, "-0", "8000000000000000"},
                         {1, "1", "3ff0000000000000"},
                         {0.1, "0.1", "3fb999999999999a"},
                         {100000000000000, "100000000000000", "42d6bcc41e900000"},
                         {123456789012345, "123456789012345", "42dc12218377de40"},
                         {1e15, "1e+15", "430c6bf526340000"},
                         {1234567890123456, "1.234567890123456e+15", "43118b54f22aeb00"},
                         {1e-4, "0.0001", "3f1a36e2eb1c432d"},
                         {1e-5, "1e-05", "3ee4f8b588e368f1"},
                         {0.00012345, "0.00012345", "3f202e4b6ce5dc68"},
                         {1.5e300, "1.5e+300", "7e41eb2d66005835"},
                         {-2.5, "-2.5", "c004000000000000"},
                         {123456.789, "123456.789", "40fe240c9fbe76c9"},
                         {5e-324, "5e-324", "0000000000000001"},
                         {1.7976931348623157e308, "1.7976931348623157e+308", "7fefffffffffffff"}}) {
    EXPECT_EQ(Text(DataType::Double(), Value::Double(c.value)), c.text);
    EXPECT_EQ(Binary(DataType::Double(), Value::Double(c.value)), c.binary) << c.text;
  }
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Text(DataType::Double(), Value::Double(std::numeric_limits<double>::quiet_NaN())), "NaN");
  EXPECT_EQ(Text(DataType::Double(), Value::Double(infinity)), "Infinity");
  EXPECT_EQ(Text(DataType::Double(), Value::Double(-infinity)), "-Infinity");
}

TEST(ValueEncoderTest, WritesFloatsAsPostgresDoes) {
  struct Case {
    float value;
    const char* text;
    const char* binary;
  };
  for (const Case& c : std::vector<Case>{{0.1f, "0.1", "3dcccccd"},
                                         {1, "1", "3f800000"},
                                         {100000, "100000", "47c35000"},
                                         {999999, "999999", "497423f0"},
                                         {1e6f, "1e+06", "49742400"},
                                         {1234567, "1.234567e+06", "4996b438"},
                                         {1e-4f, "0.0001", "38d1b717"},
                                         {1e-5f, "1e-05", "3727c5ac"},
                                         {3.4028235e38f, "3.4028235e+38", "7f7fffff"},
                                         {16777216, "1.6777216e+07", "4b800000"}}) {
    EXPECT_EQ(Text(DataType::Float(), Value::Double(c.value)), c.text);
    EXPECT_EQ(Binary(DataType::Float(), Value::Double(c.value)), c.binary) << c.text;
  }
}

TEST(ValueEncoderTest, WritesDecimalsAsPostgresDoes) {
  struct Case {
    const char* text;
    int scale;
    const char* binary;
  };
  for (const Case& c :
       std::vector<Case>{{"0", 0, "0000000000000000"},
                         {"0.00", 2, "0000000000000002"},
                         {"1", 0, "00010000000000000001"},
                         {"-1", 0, "00010000400000000001"},
                         {"10000", 0, "00010001000000000001"},
                         {"12345.678", 3, "0003000100000003000109291a7c"},
                         {"-0.0001", 4, "0001ffff400000040001"},
                         {"0.00012300", 8, "0002ffff00000008000108fc"},
                         {"99999999999999999999999999999999999999", 0,
                          "000a0009000000000063270f270f270f270f270f270f270f270f270f"},
                         {"0.00000000000000000000000000000000000001", 38, "0001fff6000000260064"},
                         {"100000000000000000000", 0, "00010005000000000001"},
                         {"100000000", 0, "00010002000000000001"},
                         {"123.40", 2, "0002000000000002007b0fa0"},
                         {"-99999.9999", 4, "00030001400000040009270f270f"},
                         {"10000.0001", 4, "0003000100000004000100000001"}}) {
    const data::Int128 value = data::ParseDecimal(c.text, 38, c.scale).value();
    const DataType wide = DataType::Decimal(38, c.scale);
    EXPECT_EQ(Text(wide, Value::Decimal(value)), c.text);
    EXPECT_EQ(Binary(wide, Value::Decimal(value)), c.binary) << c.text;
    if (c.scale <= 18 && data::FitsPrecision(value, 18)) {
      const DataType narrow = DataType::Decimal(18, c.scale);
      EXPECT_EQ(Text(narrow, Value::Decimal(value)), c.text);
      EXPECT_EQ(Binary(narrow, Value::Decimal(value)), c.binary) << c.text;
    }
  }
}

TEST(ValueEncoderTest, WritesDatesAndTimesAsPostgresDoes) {
  const auto micros = [](int year, int month, int day, int hour, int minute, int second, int fraction) {
    return data::MicrosFromCivil({{year, month, day}, hour, minute, second, fraction});
  };
  struct Case {
    int64_t micros;
    const char* text;
    const char* binary;
  };
  for (const Case& c : std::vector<Case>{
           {micros(2000, 1, 1, 0, 0, 0, 0), "2000-01-01 00:00:00", "0000000000000000"},
           {0, "1970-01-01 00:00:00", "fffca2fec4c82000"},
           {micros(2024, 2, 29, 23, 59, 59, 123456), "2024-02-29 23:59:59.123456", "0002b58cd3566000"},
           {micros(1999, 12, 31, 23, 59, 59, 999999), "1999-12-31 23:59:59.999999", "ffffffffffffffff"},
           {micros(-43, 3, 15, 12, 0, 0, 0), "0044-03-15 12:00:00 BC", "ff1af9e8fb46d000"},
           {micros(9999, 12, 31, 0, 0, 0, 0), "9999-12-31 00:00:00", "0380e6f773642000"},
           {std::numeric_limits<int64_t>::max(), "infinity", "7fffffffffffffff"},
           {std::numeric_limits<int64_t>::min(), "-infinity", "8000000000000000"},
           {micros(2020, 1, 1, 0, 0, 0, 500000), "2020-01-01 00:00:00.5", "00023e0786ca0120"}}) {
    EXPECT_EQ(Text(DataType::Timestamp(6), Value::Int(c.micros)), c.text);
    EXPECT_EQ(Binary(DataType::Timestamp(6), Value::Int(c.micros)), c.binary) << c.text;
  }
  const auto date = [](int year, int month, int day) {
    return Value::Int(data::DaysFromCivil(year, month, day));
  };
  EXPECT_EQ(Text(DataType::Date(), date(1, 1, 1)), "0001-01-01");
  EXPECT_EQ(Binary(DataType::Date(), date(1, 1, 1)), "fff4dbf9");
  EXPECT_EQ(Text(DataType::Date(), date(0, 12, 31)), "0001-12-31 BC");
  EXPECT_EQ(Binary(DataType::Date(), date(0, 12, 31)), "fff4dbf8");
  EXPECT_EQ(Binary(DataType::Date(), date(9999, 12, 31)), "002c95d3");
  EXPECT_EQ(Text(DataType::Time(6), Value::Int(86'399'999'999)), "23:59:59.999999");
  EXPECT_EQ(Binary(DataType::Time(6), Value::Int(86'399'999'999)), "000000141dd75fff");
  EXPECT_EQ(Text(DataType::Time(2), Value::Int(45'005'250'000)), "12:30:05.25");
  EXPECT_EQ(Binary(DataType::Time(2), Value::Int(45'005'250'000)), "0000000a7a859dd0");
}

TEST(ValueEncoderTest, WritesInstantsWithTheOffsetOfTheZone) {
  const Value new_year = Value::Int(data::MicrosFromCivil({{2024, 1, 1}, 0, 0, 0, 0}));
  const auto text = [](const Value& value, std::string_view zone) {
    return Text(DataType::TimestampLtz(6), value, **data::TimeZone::Find(zone));
  };
  EXPECT_EQ(text(new_year, "UTC"), "2024-01-01 00:00:00+00");
  EXPECT_EQ(text(new_year, "Asia/Shanghai"), "2024-01-01 08:00:00+08");
  EXPECT_EQ(text(new_year, "Asia/Kolkata"), "2024-01-01 05:30:00+05:30");
  EXPECT_EQ(text(new_year, "America/St_Johns"), "2023-12-31 20:30:00-03:30");
  const Value old = Value::Int(data::MicrosFromCivil({{1900, 1, 1}, 0, 0, 0, 0}));
  EXPECT_EQ(text(old, "Asia/Shanghai"), "1900-01-01 08:05:43+08:05:43");
  EXPECT_EQ(Binary(DataType::TimestampLtz(6), new_year), "0002b0d5d4e94000");
}

TEST(ValueEncoderTest, WritesIntervalsAsPostgresDoes) {
  constexpr int64_t kDay = data::kMicrosPerDay;
  constexpr int64_t kTime = 7'384'500'000;  // 02:03:04.5
  struct Case {
    bool is_months;
    int64_t value;
    const char* text;
    const char* binary;
  };
  for (const Case& c :
       std::vector<Case>{{false, kDay + kTime, "1 day 02:03:04.5", "00000001b82687200000000100000000"},
                         {false, -kDay - kTime, "-1 days -02:03:04.5", "fffffffe47d978e0ffffffff00000000"},
                         {true, 14, "1 year 2 mons", "0000000000000000000000000000000e"},
                         {true, -14, "-1 years -2 mons", "000000000000000000000000fffffff2"},
                         {true, 1, "1 mon", "00000000000000000000000000000001"},
                         {true, 0, "00:00:00", "00000000000000000000000000000000"},
                         {false, 0, "00:00:00", "00000000000000000000000000000000"},
                         {false, kDay, "1 day", "00000000000000000000000100000000"},
                         {false, -kDay, "-1 days", "0000000000000000ffffffff00000000"},
                         {false, 1, "00:00:00.000001", "00000000000000010000000000000000"},
                         {true, -11, "-11 mons", "000000000000000000000000fffffff5"},
                         {true, 12, "1 year", "0000000000000000000000000000000c"},
                         {false, -1'000'000, "-00:00:01", "fffffffffff0bdc00000000000000000"}}) {
    const DataType type = c.is_months ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
    EXPECT_EQ(Text(type, Value::Int(c.value)), c.text);
    EXPECT_EQ(Binary(type, Value::Int(c.value)), c.binary) << c.text;
  }
}

TEST(ValueEncoderTest, WritesIntervalsWithAllParts) {
  const Value value = Value::Decimal(data::PackInterval({13, -2, 3'500'000}));
  EXPECT_EQ(Text(DataType::Interval(), value), "1 year 1 mon -2 days +00:00:03.5");
  EXPECT_EQ(Binary(DataType::Interval(), value), "00000000003567e0fffffffe0000000d");
  EXPECT_EQ(Text(DataType::Map(DataType::String(), DataType::Interval()),
                 Value::MakeList({Value::MakeList({Value::String("a"), value})})),
            R"({"a":"1 year 1 mon -2 days +00:00:03.5"})");
}

TEST(ValueEncoderTest, WritesOtherScalars) {
  EXPECT_EQ(Text(DataType::Boolean(), Value::Bool(true)), "t");
  EXPECT_EQ(Binary(DataType::Boolean(), Value::Bool(false)), "00");
  EXPECT_EQ(Text(DataType::TinyInt(), Value::Int(-128)), "-128");
  EXPECT_EQ(Binary(DataType::TinyInt(), Value::Int(-2)), "fffe");  // as int2
  EXPECT_EQ(Text(DataType::BigInt(), Value::Int(std::numeric_limits<int64_t>::min())),
            "-9223372036854775808");
  EXPECT_EQ(Binary(DataType::Int(), Value::Int(258)), "00000102");
  EXPECT_EQ(Text(DataType::Bytes(), Value::String(std::string("\0\xff\x7f", 3))), "\\x00ff7f");
  EXPECT_EQ(Binary(DataType::Bytes(), Value::String(std::string("\0\xff", 2))), "00ff");
  EXPECT_EQ(Text(DataType::String(), Value::String("ü")), "ü");
}

TEST(ValueEncoderTest, WritesArraysAsPostgresDoes) {
  const DataType ints = DataType::Array(DataType::Int());
  const auto list = [](std::vector<Value> values) { return Value::MakeList(std::move(values)); };
  const Value with_null = list({Value::Int(1), Value::Null(), Value::Int(3)});
  EXPECT_EQ(Text(ints, with_null), "{1,NULL,3}");
  EXPECT_EQ(Binary(ints, with_null),
            "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003");
  EXPECT_EQ(Text(ints, list({})), "{}");
  EXPECT_EQ(Binary(ints, list({})), "000000000000000000000017");

  const DataType matrix = DataType::Array(ints);
  const auto row = [&](int a, int b) { return list({Value::Int(a), Value::Int(b)}); };
  EXPECT_EQ(Text(matrix, list({row(1, 2), row(3, 4)})), "{{1,2},{3,4}}");
  EXPECT_EQ(
      Binary(matrix, list({row(1, 2), row(3, 4)})),
      "0000000200000000000000170000000200000001000000020000000100000004000000010000000400000002000000040000"
      "00030000000400000004");
  EXPECT_EQ(Text(matrix, list({list({})})), "{}");
  EXPECT_EQ(Text(matrix, list({row(1, 2), list({Value::Int(3)})})), "{{1,2},{3}}");  // as text only

  std::vector<Value> texts;
  for (const char* text : {"a", "", "NULL", "null", "a b", "a\"b", "a\\b", "{", "a,b"})
    texts.push_back(Value::String(text));
  texts.push_back(Value::Null());
  for (const char* text : {"x\ny", "ü", "x\ty"}) texts.push_back(Value::String(text));
  EXPECT_EQ(
      Text(DataType::Array(DataType::String()), list(std::move(texts))),
      "{a,\"\",\"NULL\",\"null\",\"a b\",\"a\\\"b\",\"a\\\\b\",\"{\",\"a,b\",NULL,\"x\ny\",ü,\"x\ty\"}");
  EXPECT_EQ(Binary(DataType::Array(DataType::String()), list({Value::String("ab"), Value::Null()})),
            "0000000100000001000000190000000200000001000000026162ffffffff");
  EXPECT_EQ(Text(DataType::Array(DataType::Timestamp(0)), list({Value::Int(1'577'836'800'000'000)})),
            "{\"2020-01-01 00:00:00\"}");
  EXPECT_EQ(Text(DataType::Array(DataType::Boolean()), list({Value::Bool(true), Value::Bool(false)})),
            "{t,f}");
  EXPECT_EQ(Text(DataType::Array(DataType::Bytes()), list({Value::String("\n")})), "{\"\\\\x0a\"}");
}

TEST(ValueEncoderTest, RefusesRaggedArraysInBinary) {
  const DataType matrix = DataType::Array(DataType::Array(DataType::Int()));
  for (const Value& second : {Value::MakeList({}), Value::Null()}) {
    data::Column column(matrix);
    column.AppendValue(Value::MakeList({Value::MakeList({Value::Int(1)}), second}));
    OutputBuffer out;
    uint32_t end = 0;
    const Status encoded = EncodeBinaryColumn(column, 0, 1, data::TimeZone::Utc(), &out, &end);
    ASSERT_FALSE(encoded.has_value());
    EXPECT_EQ(encoded.error().code(), ErrorCode::kNotSupported);
  }
}

TEST(ValueEncoderTest, WritesStructuresAsJson) {
  const DataType row = DataType::Row({{"a \"b\"", DataType::Int()},
                                      {"t", DataType::Timestamp(3)},
                                      {"d", DataType::Decimal(10, 2)},
                                      {"x", DataType::Double()},
                                      {"l", DataType::Array(DataType::String())},
                                      {"b", DataType::Boolean()}});
  const Value value =
      Value::MakeList({Value::Int(1), Value::Int(1'577'836'800'500'000), Value::Decimal(1250),
                       Value::Double(std::numeric_limits<double>::quiet_NaN()),
                       Value::MakeList({Value::String("q\"\n\x01"), Value::Null()}), Value::Bool(true)});
  const std::string json =
      R"({"a \"b\"":1,"t":"2020-01-01T00:00:00.5","d":12.50,"x":"NaN","l":["q\"\n\u0001",null],"b":true})";
  EXPECT_EQ(Text(row, value), json);
  EXPECT_EQ(Binary(row, value), Hex(json));  // json has one form
  const DataType map = DataType::Map(DataType::Int(), DataType::String());
  EXPECT_EQ(Text(map, Value::MakeList({Value::MakeList({Value::Int(7), Value::String("x")})})),
            R"({"7":"x"})");
  const DataType bag = DataType::Multiset(DataType::String());
  EXPECT_EQ(Text(bag, Value::MakeList({Value::MakeList({Value::String("x"), Value::Int(2)})})), R"({"x":2})");
}

TEST(ValueEncoderTest, WritesNullsAndConstants) {
  data::Column column(DataType::Int());
  column.Append<int32_t>(5);
  column.AppendNull();
  OutputBuffer text;
  OutputBuffer binary;
  uint32_t ends[2];
  EncodeTextColumn(column, 0, 2, data::TimeZone::Utc(), &text, ends);
  EXPECT_EQ(Hex(text.view()), "0000000135ffffffff");
  EXPECT_EQ(ends[0], 5u);
  EXPECT_EQ(ends[1], 9u);
  ASSERT_TRUE(EncodeBinaryColumn(column, 1, 1, data::TimeZone::Utc(), &binary, ends).has_value());
  EXPECT_EQ(Hex(binary.view()), "ffffffff");
  OutputBuffer constant;
  EncodeTextColumn(*data::Column::Constant(DataType::Int(), Value::Int(7), 3), 1, 2, data::TimeZone::Utc(),
                   &constant, ends);
  EXPECT_EQ(Hex(constant.view()), "00000001370000000137");
  OutputBuffer untyped;
  EncodeTextColumn(*data::Column::Nulls(DataType::Null(), 2), 0, 2, data::TimeZone::Utc(), &untyped, ends);
  EXPECT_EQ(Hex(untyped.view()), "ffffffffffffffff");
}

}  // namespace
}  // namespace millrace::server::pgwire
