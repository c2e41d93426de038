#include "data/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace millrace::data {
namespace {

std::string Number(double value) {
  std::string text;
  AppendDouble(value, &text);
  return text;
}

// What a text reads as, written again.
std::string Read(std::string_view text, const DataType& type) {
  auto column = Column::Make(type, 1);
  const Status status = AppendParsed(text, type, TimeZone::Utc(), column.get());
  if (!status) {
    EXPECT_EQ(column->size(), 0u);
    return status.error().message();
  }
  return ToText(*column, 0);
}

TEST(TextTest, DoublesAsJavaWritesThem) {
  EXPECT_EQ(Number(1), "1.0");
  EXPECT_EQ(Number(-0.001), "-0.001");
  EXPECT_EQ(Number(0.00099), "9.9E-4");
  EXPECT_EQ(Number(9999999), "9999999.0");
  EXPECT_EQ(Number(1e7), "1.0E7");
  EXPECT_EQ(Number(12345678.9), "1.23456789E7");
  EXPECT_EQ(Number(1e-300), "1.0E-300");
  EXPECT_EQ(Number(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Number(0), "0.0");
  EXPECT_EQ(Number(-0.0), "-0.0");
  EXPECT_EQ(Number(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Number(-std::numeric_limits<double>::infinity()), "-Infinity");
  std::string text;
  AppendFloat(1.1f, &text);
  EXPECT_EQ(text, "1.1");
}

TEST(TextTest, ValuesOfEveryType) {
  EXPECT_EQ(ToText(DataType::Boolean(), Value::Bool(true)), "TRUE");
  EXPECT_EQ(ToText(DataType::TinyInt(), Value::Int(-128)), "-128");
  EXPECT_EQ(ToText(DataType::Decimal(10, 2), Value::Decimal(1230)), "12.30");
  EXPECT_EQ(ToText(DataType::Decimal(30, 2), Value::Decimal(-1230)), "-12.30");
  EXPECT_EQ(ToText(DataType::Date(), Value::Int(0)), "1970-01-01");
  EXPECT_EQ(ToText(DataType::Time(3), Value::Int(1'250'000)), "00:00:01.250");
  EXPECT_EQ(ToText(DataType::Timestamp(3), Value::Int(0)), "1970-01-01 00:00:00.000");
  EXPECT_EQ(ToText(DataType::TimestampLtz(0), Value::Int(0), {.zone = *TimeZone::Find("+08:00")}),
            "1970-01-01 08:00:00");
  EXPECT_EQ(ToText(DataType::IntervalYearMonth(), Value::Int(14)), "+1-02");
  EXPECT_EQ(ToText(DataType::Int(), Value::Null()), "NULL");
  EXPECT_EQ(ToText(DataType::Array(DataType::Int()), Value::MakeList({Value::Int(1), Value::Null()})),
            "[1, NULL]");
  EXPECT_EQ(ToText(DataType::Map(DataType::String(), DataType::Int()),
                   Value::MakeList({Value::MakeList({Value::String("k"), Value::Int(1)})})),
            "{k=1}");
  EXPECT_EQ(ToText(DataType::Row({{"a", DataType::Int()}, {"b", DataType::String()}}),
                   Value::MakeList({Value::Int(1), Value::String("x")})),
            "(1, x)");
}

TEST(TextTest, ReadsScalars) {
  EXPECT_EQ(Read("127", DataType::TinyInt()), "127");
  EXPECT_EQ(Read("128", DataType::TinyInt()), "'128' is not a valid TINYINT");
  EXPECT_EQ(Read("+5", DataType::Int()), "5");
  EXPECT_EQ(Read("+-5", DataType::Int()), "'+-5' is not a valid INT");
  EXPECT_EQ(Read("9223372036854775808", DataType::BigInt()), "'9223372036854775808' is not a valid BIGINT");
  EXPECT_EQ(Read("1.5", DataType::Int()), "'1.5' is not a valid INT");
  EXPECT_EQ(Read("YES", DataType::Boolean()), "TRUE");
  EXPECT_EQ(Read("off", DataType::Boolean()), "'off' is not a valid BOOLEAN");
  EXPECT_EQ(Read("1.005", DataType::Decimal(4, 2)), "1.01");
  EXPECT_EQ(Read("-1e3", DataType::Double()), "-1000.0");
  EXPECT_EQ(Read("1e999", DataType::Double()), "Infinity");
  EXPECT_EQ(Read("1e-999", DataType::Double()), "0.0");
  EXPECT_EQ(Read("inf", DataType::Double()), "'inf' is not a valid DOUBLE");
  EXPECT_EQ(Read("NaN", DataType::Float()), "NaN");
  EXPECT_EQ(Read("2020-02-30", DataType::Date()), "'2020-02-30' is not a valid DATE");
  EXPECT_EQ(Read("2020-01-31 12:30:05.1239", DataType::Timestamp(3)), "2020-01-31 12:30:05.123");
}

TEST(TextTest, StringsArePaddedOrCutByCodePoints) {
  EXPECT_EQ(Read("你好世界", DataType::Varchar(2)), "你好");
  EXPECT_EQ(Read("你", DataType::Char(3)), "你  ");
  EXPECT_EQ(Read("abcdef", DataType::Char(3)), "abc");
  EXPECT_EQ(Read("ab", DataType::Binary(4)), std::string("ab\0\0", 4));
}

TEST(TextTest, RowsAsFlinkPrintsThem) {
  Batch batch;
  batch.columns = {Column::Constant(DataType::Int(), Value::Int(1), 1),
                   Column::Constant(DataType::String(), Value::String("beijing"), 1)};
  batch.rows = 1;
  std::string text;
  AppendRowText(batch, 0, {}, &text);
  EXPECT_EQ(text, "+I[1, beijing]");
}

}  // namespace
}  // namespace millrace::data
