#include <gtest/gtest.h>

#include <cmath>

#include "functions/function_tester.h"

namespace millrace::functions {
namespace {

using namespace testing;  // NOLINT: the tester's vocabulary

TEST(CastTest, NumbersNarrowOrFail) {
  EXPECT_EQ(Cast(Int(127), DataType::TinyInt()), "127");
  EXPECT_EQ(Cast(Int(300), DataType::TinyInt()), "CAST(300 AS TINYINT): out of range");
  EXPECT_EQ(Cast(Int(300), DataType::TinyInt(), /*is_try=*/true), "NULL");
  EXPECT_EQ(Cast(Double(1.9), DataType::Int()), "1");
  EXPECT_EQ(Cast(Double(-1.9), DataType::Int()), "-1");
  EXPECT_EQ(Cast(Double(1e10), DataType::Int()), "CAST(1.0E10 AS INT): out of range");
  EXPECT_EQ(Cast(Double(NAN), DataType::BigInt()), "CAST(NaN AS BIGINT): out of range");
  EXPECT_EQ(Cast(Double(9223372036854775808.0), DataType::BigInt()),
            "CAST(9.223372036854776E18 AS BIGINT): out of range");
  EXPECT_EQ(Cast(Dec(5, 2, "123.99"), DataType::Int()), "123");
  EXPECT_EQ(Cast(Int(2), DataType::Double()), "2.0");
}

TEST(CastTest, DecimalsRoundHalfUpOrFail) {
  EXPECT_EQ(Cast(Dec(5, 4, "1.2345"), DataType::Decimal(4, 3)), "1.235");
  EXPECT_EQ(Cast(Dec(5, 2, "123.45"), DataType::Decimal(2, 0)),
            "CAST(123.45 AS DECIMAL(2, 0)): out of range");
  EXPECT_EQ(Cast(Dec(5, 2, "123.45"), DataType::Decimal(2, 0), true), "NULL");
  EXPECT_EQ(Cast(Int(7), DataType::Decimal(20, 2)), "7.00");
  EXPECT_EQ(Cast(Int(100), DataType::Decimal(4, 2)), "CAST(100 AS DECIMAL(4, 2)): out of range");
  EXPECT_EQ(Cast(Double(0.1), DataType::Decimal(38, 20)), "0.10000000000000000000");
  EXPECT_EQ(Cast(Dec(30, 20, "0.1"), DataType::Double()), "0.1");
}

TEST(CastTest, BooleansAndNumbers) {
  EXPECT_EQ(Cast(Bool(true), DataType::Int()), "1");
  EXPECT_EQ(Cast(Bool(true), DataType::Decimal(4, 2)), "1.00");
  EXPECT_EQ(Cast(Int(0), DataType::Boolean()), "FALSE");
  EXPECT_EQ(Cast(Int(-3), DataType::Boolean()), "TRUE");
  EXPECT_EQ(Cast(Double(1), DataType::Boolean()), "DOUBLE cannot be cast to BOOLEAN");
}

TEST(CastTest, TextIsTrimmedAndRead) {
  EXPECT_EQ(Cast(Text(" 123 "), DataType::Int()), "123");
  EXPECT_EQ(Cast(Text("1.234"), DataType::TinyInt()), "1");
  EXPECT_EQ(Cast(Text("-5"), DataType::BigInt()), "-5");
  EXPECT_EQ(Cast(Text("+5"), DataType::BigInt()), "5");
  for (const char* text : {"", "abc", "1.2x", "1e3", "--1", "+-1", "99999999999"}) {
    EXPECT_EQ(Cast(Text(text), DataType::Int(), true), "NULL") << text;
  }
  EXPECT_EQ(Cast(Text("abc"), DataType::Int()), "CAST('abc' AS INT): not a valid INT");
  EXPECT_EQ(Cast(Text("1.005"), DataType::Decimal(4, 2)), "1.01");
  EXPECT_EQ(Cast(Text("1e2"), DataType::Double()), "100.0");
  EXPECT_EQ(Cast(Text("Yes"), DataType::Boolean()), "TRUE");
  EXPECT_EQ(Cast(Text("maybe"), DataType::Boolean()), "CAST('maybe' AS BOOLEAN): not a valid BOOLEAN");
  EXPECT_EQ(Cast(Text("2018-03-18 09:30:00"), DataType::Date()), "2018-03-18");
  EXPECT_EQ(Cast(Text("1:30:00"), DataType::Time()), "01:30:00");
  EXPECT_EQ(Cast(Text("1999-9-10"), DataType::Timestamp(6)), "1999-09-10 00:00:00.000000");
  EXPECT_EQ(Cast(Text("1500-04-30 12:00:00.123456789"), DataType::Timestamp(3)), "1500-04-30 12:00:00.123");
  EXPECT_EQ(Cast(Text("yesterday"), DataType::Date()), "CAST('yesterday' AS DATE): not a valid DATE");
}

TEST(CastTest, EverythingBecomesText) {
  EXPECT_EQ(Cast(Double(1), DataType::String()), "1.0");
  EXPECT_EQ(Cast(Bool(false), DataType::String()), "FALSE");
  EXPECT_EQ(Cast(Dec(5, 2, "1.5"), DataType::String()), "1.50");
  EXPECT_EQ(Cast(Int(12345), DataType::Varchar(3)), "123");
  EXPECT_EQ(Cast(Int(1), DataType::Char(3)), "1  ");
  EXPECT_EQ(Cast(Text("你好"), DataType::Varchar(1)), "你");
  EXPECT_EQ(Cast(Micros(2 * data::kMicrosPerDay), DataType::Varchar(20)), "+2 00:00:00.000");
  EXPECT_EQ(Cast(Of(DataType::Bytes(), "hello code"), DataType::Varchar(5)), "hello");
  EXPECT_EQ(Cast(Of(DataType::Bytes(), "a\xFFz"), DataType::String()), "a\xEF\xBF\xBDz");
  EXPECT_EQ(
      Cast(MakeLiteral(DataType::Array(DataType::Int()), Value::MakeList({Value::Int(1), Value::Null()})),
           DataType::String()),
      "[1, NULL]");
}

TEST(CastTest, DatesTimesAndZones) {
  const Session shanghai{*data::TimeZone::Find("Asia/Shanghai")};
  const ExprPtr noon = Timestamp("2020-06-01 12:00:00.123");
  EXPECT_EQ(Cast(noon, DataType::Date()), "2020-06-01");
  EXPECT_EQ(Cast(noon, DataType::Time()), "12:00:00");
  EXPECT_EQ(Cast(noon, DataType::Timestamp(0)), "2020-06-01 12:00:00");
  EXPECT_EQ(Cast(Date("2020-06-01"), DataType::Timestamp(3)), "2020-06-01 00:00:00.000");
  EXPECT_EQ(Cast(Time("12:34:56"), DataType::Timestamp(0)), "1970-01-01 12:34:56");
  EXPECT_EQ(Cast(noon, DataType::TimestampLtz(3), false, shanghai), "2020-06-01 12:00:00.123");
  const ExprPtr instant = MakeLiteral(DataType::TimestampLtz(3), Value::Int(0));
  EXPECT_EQ(Cast(instant, DataType::Timestamp(0), false, shanghai), "1970-01-01 08:00:00");
  EXPECT_EQ(Cast(instant, DataType::Time(), false, shanghai), "08:00:00");
  EXPECT_EQ(Cast(instant, DataType::String(), false, shanghai), "1970-01-01 08:00:00.000");
}

TEST(CastTest, WhatFlinkRefusesIsRefused) {
  const auto refused = MakeCast(Long(100), DataType::TimestampLtz(3), false, BindContext{});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(
      refused.error().ToString(),
      "42804: BIGINT cannot be cast to TIMESTAMP_LTZ(3)\nHINT: TO_TIMESTAMP_LTZ(value, 0) takes seconds, "
      "TO_TIMESTAMP_LTZ(value, 3) milliseconds");
  EXPECT_EQ(Cast(Timestamp("1970-01-01"), DataType::Double()), "TIMESTAMP(3) cannot be cast to DOUBLE");
  EXPECT_EQ(Cast(Date("1970-01-01"), DataType::Int()), "DATE cannot be cast to INT");
}

TEST(CastTest, NestedTypesElementByElement) {
  const DataType texts = DataType::Array(DataType::String());
  const ExprPtr good =
      MakeLiteral(texts, Value::MakeList({Value::String("1"), Value::Null(), Value::String("3")}));
  const ExprPtr bad = MakeLiteral(texts, Value::MakeList({Value::String("1"), Value::String("x")}));
  EXPECT_EQ(Cast(good, DataType::Array(DataType::Int())), "[1, NULL, 3]");
  EXPECT_EQ(Cast(bad, DataType::Array(DataType::Int())), "CAST('x' AS INT): not a valid INT");
  EXPECT_EQ(Cast(bad, DataType::Array(DataType::Int()), true), "NULL");
  const DataType row = DataType::Row({{"a", DataType::Int()}, {"b", texts}});
  const DataType other =
      DataType::Row({{"x", DataType::String()}, {"y", DataType::Array(DataType::BigInt())}});
  const ExprPtr value = MakeLiteral(
      row, Value::MakeList({Value::Int(12), good.get() ? Value::MakeList({Value::String("5")}) : Value()}));
  EXPECT_EQ(Cast(value, other), "(12, [5])");
  EXPECT_EQ(Cast(value, DataType::Row({{"x", DataType::Int()}})),
            "ROW<`a` INT, `b` ARRAY<STRING>> cannot be cast to ROW<`x` INT>");
  const DataType map = DataType::Map(DataType::Int(), DataType::Int());
  EXPECT_EQ(Cast(MakeLiteral(map, Value::MakeList({Value::MakeList({Value::Int(1), Value::Int(2)})})),
                 DataType::Map(DataType::String(), DataType::Double())),
            "{1=2.0}");
}

TEST(CastTest, OnlyTheRowsThatFailAreLost) {
  auto column = data::Column::Make(DataType::String(), 3);
  column->AppendString("1");
  column->AppendString("two");
  column->AppendNull();
  data::Batch batch;
  batch.columns.push_back(column);
  batch.rows = 3;
  EvalContext context;
  const auto cast =
      MakeCast(MakeColumn(0, DataType::String()), DataType::Int(), false, BindContext{}).value();
  const auto result = cast->Evaluate(batch, context);
  EXPECT_EQ(data::ToText(*result, 0), "1");
  EXPECT_TRUE(result->IsNull(1));
  EXPECT_TRUE(result->IsNull(2));
  ASSERT_EQ(context.row_errors.size(), 1u);
  EXPECT_EQ(context.row_errors[0].row, 1u);
  EXPECT_EQ(cast->ToString(), "CAST($0 AS INT)");
}

TEST(CoerceTest, WidensAndRefusesTheRest) {
  EXPECT_TRUE(CanCoerce(DataType::Int(), DataType::BigInt()));
  EXPECT_TRUE(CanCoerce(DataType::Null(), DataType::Array(DataType::Int())));
  EXPECT_FALSE(CanCoerce(DataType::BigInt(), DataType::Int()));
  EXPECT_FALSE(CanCoerce(DataType::String(), DataType::Int()));
  const auto refused = Coerce(Text("a"), DataType::Int(), BindContext{});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().ToString(),
            "42804: 'a' is STRING where INT is needed\nHINT: CAST('a' AS INT) converts it");
}

TEST(CommonTypeTest, UnitesAsFlinkDoes) {
  const auto common = [](std::vector<DataType> types) {
    const auto type = CommonType(types);
    return type ? type->ToString() : type.error().message();
  };
  EXPECT_EQ(common({DataType::Int().NotNull(), DataType::BigInt().NotNull()}), "BIGINT NOT NULL");
  EXPECT_EQ(common({DataType::Null(), DataType::Int().NotNull()}), "INT");
  EXPECT_EQ(common({DataType::Decimal(5, 2), DataType::Int()}), "DECIMAL(12, 2)");
  EXPECT_EQ(common({DataType::Float(), DataType::Int()}), "FLOAT");
  EXPECT_EQ(common({DataType::Float(), DataType::Decimal(5, 2)}), "DOUBLE");
  EXPECT_EQ(common({DataType::Char(3), DataType::Char(3)}), "CHAR(3)");
  EXPECT_EQ(common({DataType::Char(3), DataType::Varchar(2)}), "VARCHAR(3)");
  EXPECT_EQ(common({DataType::Date(), DataType::Timestamp(3)}), "TIMESTAMP(3)");
  EXPECT_EQ(common({DataType::Timestamp(0), DataType::Timestamp(3)}), "TIMESTAMP(3)");
  EXPECT_EQ(common({DataType::Array(DataType::Int()), DataType::Array(DataType::BigInt())}), "ARRAY<BIGINT>");
  EXPECT_EQ(common({DataType::Date(), DataType::Int()}), "DATE and INT have no common type");
}

}  // namespace
}  // namespace millrace::functions
