// Values that clients send. Interval texts and binary forms: PostgreSQL 15's own readings.
#include "server/pgwire/value_decoder.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "data/decimal.h"
#include "data/interval.h"
#include "server/pgwire/datetime_text.h"

namespace millrace::server::pgwire {
namespace {

using data::DataType;
using data::Value;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  EXPECT_TRUE(DecodeBytea("\\x" + std::string(hex), &bytes));
  return bytes;
}

Result<Value> Text(const DataType& type, std::string_view text, std::string_view zone = "UTC") {
  return DecodeParameter(text, WireFormat::kText, type, **data::TimeZone::Find(zone));
}

Result<Value> Binary(const DataType& type, std::string_view hex) {
  return DecodeParameter(FromHex(hex), WireFormat::kBinary, type, data::TimeZone::Utc());
}

ErrorCode CodeOf(const Result<Value>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::kInternal : result.error().code();
}

TEST(ValueDecoderTest, ReadsScalarsInText) {
  EXPECT_EQ(Text(DataType::Int(), " 42 ").value(), Value::Int(42));
  EXPECT_EQ(Text(DataType::Boolean(), "on").value(), Value::Bool(true));
  EXPECT_EQ(Text(DataType::Boolean(), "F").value(), Value::Bool(false));
  EXPECT_EQ(Text(DataType::Double(), "1e-05").value(), Value::Double(1e-5));
  EXPECT_EQ(Text(DataType::Double(), "-Infinity").value(),
            Value::Double(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(Text(DataType::Decimal(10, 2), "-12.345").value(), Value::Decimal(-1235));
  EXPECT_EQ(Text(DataType::String(), " a\n").value(), Value::String(" a\n"));
  EXPECT_EQ(Text(DataType::Bytes(), "\\x00fF").value(), Value::String(std::string("\0\xff", 2)));
  EXPECT_EQ(Text(DataType::Bytes(), "a\\\\b\\001").value(), Value::String("a\\b\x01"));
  EXPECT_EQ(CodeOf(Text(DataType::Int(), "4x")), ErrorCode::kInvalidText);
  EXPECT_EQ(CodeOf(Text(DataType::SmallInt(), "40000")), ErrorCode::kInvalidText);
  EXPECT_EQ(CodeOf(Text(DataType::Bytes(), "\\x0")), ErrorCode::kInvalidText);
  EXPECT_EQ(CodeOf(Text(DataType::String(), "\xff")), ErrorCode::kInvalidText);
  EXPECT_EQ(CodeOf(Text(DataType::String(), std::string_view("a\0b", 3))), ErrorCode::kInvalidText);
  EXPECT_EQ(CodeOf(Text(DataType::Null(), "")), ErrorCode::kNotSupported);
}

TEST(ValueDecoderTest, ReadsDatesAndTimesInText) {
  const int64_t noon = data::MicrosFromCivil({{2020, 1, 31}, 12, 0, 0, 0});
  const int64_t hour = data::kMicrosPerHour;
  EXPECT_EQ(Text(DataType::Date(), "2020-01-31").value(), Value::Int(noon / data::kMicrosPerDay));
  EXPECT_EQ(Text(DataType::Time(6), "12:30:05.25").value(), Value::Int(45'005'250'000));
  EXPECT_EQ(Text(DataType::Timestamp(6), "2020-01-31T12:00:00").value(), Value::Int(noon));
  // An offset says nothing about a local time.
  EXPECT_EQ(Text(DataType::Timestamp(6), "2020-01-31 12:00:00+08").value(), Value::Int(noon));
  EXPECT_EQ(Text(DataType::Date(), "2020-01-31 +01").value(), Value::Int(noon / data::kMicrosPerDay));
  const DataType ltz = DataType::TimestampLtz(6);
  EXPECT_EQ(Text(ltz, "2020-01-31 12:00:00Z").value(), Value::Int(noon));
  EXPECT_EQ(Text(ltz, "2020-01-31 12:00:00+08").value(), Value::Int(noon - 8 * hour));
  EXPECT_EQ(Text(ltz, "2020-01-31 12:00:00-0330").value(), Value::Int(noon + 3 * hour + hour / 2));
  EXPECT_EQ(Text(ltz, "2020-01-31 12:00:00 Asia/Shanghai").value(), Value::Int(noon - 8 * hour));
  EXPECT_EQ(Text(ltz, "2020-01-31 12:00:00", "Asia/Shanghai").value(), Value::Int(noon - 8 * hour));
  for (const char* bad : {"", "2020-02-30", "noon", "2020-01-31 12:00:00+", "2020-01-31 12:00:00+99",
                          "2020-01-31 12:00:00 Nowhere/Land", "infinity", "-", "+", "Z"}) {
    EXPECT_EQ(CodeOf(Text(ltz, bad)), ErrorCode::kInvalidDatetime) << bad;
  }
}

TEST(ValueDecoderTest, ReadsIntervalsAsPostgresDoes) {
  struct Case {
    const char* text;
    int64_t months;
    int64_t days;
    int64_t micros;
  };
  constexpr int64_t kSecond = data::kMicrosPerSecond;
  for (const Case& c : std::vector<Case>{{"1 year 2 mons -3 days 04:05:06.7", 14, -3, 14'706'700'000},
                                         {"P1Y2M3DT4H5M6.5S", 14, 3, 14'706'500'000},
                                         {"1-2", 14, 0, 0},
                                         {"-1-2", -14, 0, 0},
                                         {"3 4:05:06", 0, 3, 14'706 * kSecond},
                                         {"2 hours ago", 0, 0, -7'200 * kSecond},
                                         {"1 day, 2:03:04", 0, 1, 7'384 * kSecond},
                                         {"90", 0, 0, 90 * kSecond},
                                         {"1.5 days", 0, 1, 43'200 * kSecond},
                                         {"1.5 months", 1, 15, 0},
                                         {"1.5 years", 18, 0, 0},
                                         {"@ 1 minute", 0, 0, 60 * kSecond},
                                         {"-1 day +02:03:04", 0, -1, 7'384 * kSecond},
                                         {"1 day -2 hours", 0, 1, -7'200 * kSecond},
                                         {"10 us", 0, 0, 10},
                                         {"2 weeks", 0, 14, 0},
                                         {"P3W", 0, 21, 0},
                                         {"0.1 sec", 0, 0, 100'000}}) {
    const auto interval = ReadInterval(c.text);
    ASSERT_TRUE(interval.has_value()) << c.text;
    EXPECT_EQ(interval->months, c.months) << c.text;
    EXPECT_EQ(interval->days, c.days) << c.text;
    EXPECT_EQ(interval->micros, c.micros) << c.text;
  }
  for (const char* bad : {"", "day", "1 fortnight", "P", "PT1D", "1:99", "@", "ago", "1-13",
                          "9223372036854775807 weeks", "99999999999999999999 s"}) {
    EXPECT_FALSE(ReadInterval(bad).has_value()) << bad;
  }
  // Our types hold months, or days and time.
  EXPECT_EQ(Text(DataType::IntervalDayTime(), "1 day 00:00:01").value(), Value::Int(86'401 * kSecond));
  EXPECT_EQ(Text(DataType::IntervalYearMonth(), "1 year 2 mons").value(), Value::Int(14));
  EXPECT_EQ(CodeOf(Text(DataType::IntervalDayTime(), "1 mon")), ErrorCode::kInvalidDatetime);
  EXPECT_EQ(CodeOf(Text(DataType::IntervalYearMonth(), "1 day")), ErrorCode::kInvalidDatetime);
}

TEST(ValueDecoderTest, ReadsScalarsInBinary) {
  EXPECT_EQ(Binary(DataType::Boolean(), "01").value(), Value::Bool(true));
  EXPECT_EQ(Binary(DataType::BigInt(), "fffffffe").value(), Value::Int(-2));  // an int4 for a BIGINT
  EXPECT_EQ(Binary(DataType::SmallInt(), "0000000000000102").value(), Value::Int(258));
  EXPECT_EQ(CodeOf(Binary(DataType::SmallInt(), "00010000")), ErrorCode::kNumericOutOfRange);
  EXPECT_EQ(CodeOf(Binary(DataType::Int(), "000102")), ErrorCode::kInvalidBinary);
  EXPECT_EQ(Binary(DataType::Double(), "3fb999999999999a").value(), Value::Double(0.1));
  EXPECT_EQ(Binary(DataType::Double(), "3f800000").value(), Value::Double(1));
  EXPECT_EQ(Binary(DataType::Bytes(), "00ff").value(), Value::String(std::string("\0\xff", 2)));
  EXPECT_EQ(Binary(DataType::Timestamp(6), "0002b58cd3566000").value(),
            Value::Int(data::MicrosFromCivil({{2024, 2, 29}, 23, 59, 59, 123456})));
  EXPECT_EQ(Binary(DataType::Timestamp(3), "0002b58cd3566000").value(),
            Value::Int(data::MicrosFromCivil({{2024, 2, 29}, 23, 59, 59, 123000})));
  EXPECT_EQ(CodeOf(Binary(DataType::Timestamp(6), "7fffffffffffffff")), ErrorCode::kInvalidDatetime);
  EXPECT_EQ(Binary(DataType::Date(), "fff4dbf9").value(), Value::Int(data::DaysFromCivil(1, 1, 1)));
  EXPECT_EQ(CodeOf(Binary(DataType::Date(), "7fffffff")), ErrorCode::kInvalidDatetime);
  EXPECT_EQ(Binary(DataType::IntervalDayTime(), "00000001b82687200000000100000000").value(),
            Value::Int(data::kMicrosPerDay + 7'384'500'000));
  EXPECT_EQ(CodeOf(Binary(DataType::IntervalDayTime(), "00000000000000000000000000000001")),
            ErrorCode::kInvalidDatetime);
}

TEST(ValueDecoderTest, ReadsNumericsInBinary) {
  const auto read = [](const char* hex, int precision, int scale) {
    return Binary(DataType::Decimal(precision, scale), hex);
  };
  EXPECT_EQ(read("0003000100000003000109291a7c", 38, 3).value(), Value::Decimal(12'345'678));
  EXPECT_EQ(read("0001ffff400000040001", 10, 4).value(), Value::Decimal(-1));
  EXPECT_EQ(read("0000000000000002", 10, 2).value(), Value::Decimal(0));
  EXPECT_EQ(read("00010005000000000001", 38, 2).value(), Value::Decimal(data::PowerOfTen(22)));
  EXPECT_EQ(read("0001fff6000000260064", 38, 38).value(), Value::Decimal(1));
  EXPECT_EQ(read("0001fff6000000260064", 38, 10).value(), Value::Decimal(0));
  EXPECT_EQ(read("0002000000000002007b0fa0", 10, 0).value(), Value::Decimal(123));  // 123.40
  EXPECT_EQ(read("000200000000000200000fa0", 10, 0).value(), Value::Decimal(0));    // 0.40
  EXPECT_EQ(read("00020000400000020000"
                 "1388",
                 10, 0)
                .value(),
            Value::Decimal(-1));  // -0.5
  EXPECT_EQ(CodeOf(read("0003000100000003000109291a7c", 4, 0)), ErrorCode::kNumericOutOfRange);
  EXPECT_EQ(CodeOf(read("00017fff000000000001", 38, 0)), ErrorCode::kNumericOutOfRange);
  EXPECT_EQ(CodeOf(read("00000000c0000000", 10, 0)), ErrorCode::kNumericOutOfRange);  // NaN
  EXPECT_EQ(CodeOf(read("00000000d0000000", 10, 0)), ErrorCode::kNumericOutOfRange);  // infinity
  EXPECT_EQ(CodeOf(read("0001000000000000", 10, 0)), ErrorCode::kInvalidBinary);      // a digit is missing
  EXPECT_EQ(CodeOf(read("00010000000000002710", 10, 0)), ErrorCode::kInvalidBinary);  // 10,000 is no digit
  EXPECT_EQ(CodeOf(read("00010000123400000001", 10, 0)), ErrorCode::kInvalidBinary);
}

TEST(ValueDecoderTest, ReadsArrays) {
  const DataType ints = DataType::Array(DataType::Int());
  const DataType matrix = DataType::Array(ints);
  const DataType texts = DataType::Array(DataType::String());
  const auto list = [](std::vector<Value> values) { return Value::MakeList(std::move(values)); };
  const Value with_null = list({Value::Int(1), Value::Null(), Value::Int(3)});
  EXPECT_EQ(Text(ints, "{1,NULL,3}").value(), with_null);
  EXPECT_EQ(Text(ints, " [0:2]={ 1 , null , 3 } ").value(), with_null);
  EXPECT_EQ(Text(ints, "{}").value(), list({}));
  EXPECT_EQ(Text(matrix, "{{1},{2}}").value(), list({list({Value::Int(1)}), list({Value::Int(2)})}));
  EXPECT_EQ(Text(texts, R"({"a b","q\"\\","NULL",\N, x y ,""})").value(),
            list({Value::String("a b"), Value::String("q\"\\"), Value::String("NULL"), Value::String("N"),
                  Value::String("x y"), Value::String("")}));
  for (const char* bad :
       {"", "1", "{", "{1", "{1,}", "{,1}", "{1}x", "{{1}}", "{\"1}", "{1\"2\"}", "[1:2]{1}"}) {
    EXPECT_EQ(CodeOf(Text(ints, bad)), ErrorCode::kInvalidText) << bad;
  }
  EXPECT_EQ(CodeOf(Text(matrix, "{1}")), ErrorCode::kInvalidText);

  EXPECT_EQ(Binary(ints, "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003")
                .value(),
            with_null);
  EXPECT_EQ(Binary(ints, "000000000000000000000017").value(), list({}));
  EXPECT_EQ(Binary(matrix,
                   "00000002000000000000001700000002000000010000000100000001000000040000000100000004000000"
                   "02")
                .value(),
            list({list({Value::Int(1)}), list({Value::Int(2)})}));
  EXPECT_EQ(CodeOf(Binary(matrix, "00000001000000000000001700000001000000010000000400000001")),
            ErrorCode::kDatatypeMismatch);
  for (const char* bad : {"", "00000001", "000000010000000000000017",                  // cut
                          "0000000100000000000000170000000100000001",                  // no element
                          "00000001000000000000001777777777000000010000000400000001",  // too many elements
                          "000000010000000000000017000000010000000100000004000000010000",  // bytes behind
                          "00000001000000000000001700000001000000010000000900000001",      // a long element
                          "ffffffff0000000000000017"}) {
    EXPECT_EQ(CodeOf(Binary(ints, bad)), ErrorCode::kInvalidBinary) << bad;
  }
}

TEST(ValueDecoderTest, ReadsMapsAndRowsAsJson) {
  const DataType map = DataType::Map(DataType::String(), DataType::Int());
  const auto entry = [](Value key, Value value) {
    return Value::MakeList({std::move(key), std::move(value)});
  };
  EXPECT_EQ(Text(map, "{}").value(), Value::MakeList({}));
  EXPECT_EQ(Text(map, R"( { "a" : 1 , "\u7ea2\"" : null } )").value(),
            Value::MakeList(
                {entry(Value::String("a"), Value::Int(1)), entry(Value::String("红\""), Value::Null())}));
  // The last of two with one key; numbers in quotes too.
  EXPECT_EQ(Text(map, R"({"a":1,"a":"2"})").value(),
            Value::MakeList({entry(Value::String("a"), Value::Int(2))}));
  const DataType keyed = DataType::Map(DataType::Date(), DataType::Decimal(4, 2));
  EXPECT_EQ(Text(keyed, R"({"1970-01-02":1.5})").value(),
            Value::MakeList({entry(Value::Int(1), Value::Decimal(150))}));
  const DataType row = DataType::Row({{"x", DataType::Int()},
                                      {"y", DataType::Array(DataType::String())},
                                      {"m", map},
                                      {"b", DataType::Bytes()}});
  EXPECT_EQ(Text(row, R"({"y":["a",null],"other":{"x":[1]},"x":7,"m":{"k":1},"b":"\\x00ff"})").value(),
            Value::MakeList({Value::Int(7), Value::MakeList({Value::String("a"), Value::Null()}),
                             Value::MakeList({entry(Value::String("k"), Value::Int(1))}),
                             Value::String(std::string("\0\xff", 2))}));
  EXPECT_EQ(Text(row, "{}").value(),
            Value::MakeList({Value::Null(), Value::Null(), Value::Null(), Value::Null()}));
  EXPECT_EQ(Text(DataType::Array(map), R"({"{\"a\":1}",NULL})").value(),
            Value::MakeList({Value::MakeList({entry(Value::String("a"), Value::Int(1))}), Value::Null()}));
  EXPECT_EQ(DecodeParameter(R"({"a":1})", WireFormat::kBinary, map, data::TimeZone::Utc()).value(),
            Value::MakeList({entry(Value::String("a"), Value::Int(1))}));
  for (const char* text :
       {"", "{", "[]", "1", R"({"a":{}})", R"({"a":"x"})", R"({"a":1}x)", R"({a:1})", R"({"a" 1})"}) {
    EXPECT_EQ(CodeOf(Text(map, text)), ErrorCode::kInvalidText) << text;
  }
  const DataType strict = DataType::Row({{"x", DataType::Int().NotNull()}});
  EXPECT_EQ(CodeOf(Text(strict, "{}")), ErrorCode::kInvalidText);
  EXPECT_EQ(CodeOf(Text(strict, R"({"x":null})")), ErrorCode::kInvalidText);
}

TEST(ValueDecoderTest, ReadsTimesWithinJsonInTheSessionsZone) {
  const DataType row = DataType::Row({{"t", DataType::TimestampLtz(3)}});
  const auto at = [&](std::string_view text) { return Text(row, text, "Asia/Shanghai").value(); };
  EXPECT_EQ(at(R"({"t":"1970-01-01T08:00:01"})"), Value::MakeList({Value::Int(1'000'000)}));
  EXPECT_EQ(at(R"({"t":"1970-01-01T00:00:01+00:00"})"), Value::MakeList({Value::Int(1'000'000)}));
}

TEST(ValueDecoderTest, KeepsTheDigitsOfDecimalsWithoutPrecision) {
  const DataType any = DataType::AnyDecimal();
  EXPECT_EQ(Text(any, " -1.50 ").value(), Value::String("-1.50"));
  EXPECT_EQ(Text(any, "1e3").value(), Value::String("1000"));
  EXPECT_EQ(CodeOf(Text(any, "NaN")), ErrorCode::kNumericOutOfRange);
  EXPECT_EQ(CodeOf(Text(any, "1.5x")), ErrorCode::kInvalidText);
  // 12345.678 with scale 3; 0.00; 10000000000000000000000000000000000000000; NaN.
  EXPECT_EQ(Binary(any, "0003000100000003000109291a7c").value(), Value::String("12345.678"));
  EXPECT_EQ(Binary(any, "0000000000000002").value(), Value::String("0.00"));
  EXPECT_EQ(CodeOf(Binary(any, "0001000a000000000001")), ErrorCode::kNumericOutOfRange);
  EXPECT_EQ(CodeOf(Binary(any, "00000000c0000000")), ErrorCode::kNumericOutOfRange);
  EXPECT_EQ(Text(DataType::Array(any), "{1.5,NULL,-0.001}").value(),
            Value::MakeList({Value::String("1.5"), Value::Null(), Value::String("-0.001")}));
}

TEST(ValueDecoderTest, ReadsIntervalsWithAllParts) {
  const Value value = Value::Decimal(data::PackInterval({13, -2, 3'500'000}));
  EXPECT_EQ(Text(DataType::Interval(), "1 year 1 mon -2 days 00:00:03.5").value(), value);
  EXPECT_EQ(Binary(DataType::Interval(), "00000000003567e0fffffffe0000000d").value(), value);
  EXPECT_EQ(CodeOf(Text(DataType::Interval(), "soon")), ErrorCode::kInvalidDatetime);
  EXPECT_EQ(CodeOf(Text(DataType::Interval(), "3000000000 days")), ErrorCode::kNumericOutOfRange);
}

}  // namespace
}  // namespace millrace::server::pgwire
