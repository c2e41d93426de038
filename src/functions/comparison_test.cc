#include "functions/comparison.h"

#include <gtest/gtest.h>

#include <cmath>

#include "functions/function_tester.h"

namespace millrace::functions {
namespace {

using namespace testing;  // NOLINT: the tester's vocabulary

TEST(ComparisonTest, NumbersCompareByValue) {
  EXPECT_EQ(Result("=", {Int(1), Long(1)}), "TRUE");
  EXPECT_EQ(Result("<", {Int(5), Int(2)}), "FALSE");
  EXPECT_EQ(Result("<>", {Int(1), Int(1)}), "FALSE");
  EXPECT_EQ(Result("!=", {Int(1), Int(2)}), "TRUE");
  EXPECT_EQ(Result("=", {Dec(10, 3, "0.000"), Int(0)}), "TRUE");
  EXPECT_EQ(Result("<", {Dec(9, 0, "123456789"), Dec(27, 18, "123456789.123456789123456789")}), "TRUE");
  EXPECT_EQ(Result("=", {Dec(1, 0, "1"), Double(1)}), "TRUE");
  // No common decimal type holds both, yet the comparison is exact.
  EXPECT_EQ(Result(">", {Dec(38, 0, "99999999999999999999999999999999999999"), Dec(38, 37, "9.9")}), "TRUE");
  EXPECT_EQ(Result("=", {Dec(38, 37, "1.0000000000000000000000000000000000001"), Long(1)}), "FALSE");
}

TEST(ComparisonTest, DoublesFollowIeee) {
  EXPECT_EQ(Result("=", {Double(0.0), Double(-0.0)}), "TRUE");
  EXPECT_EQ(Result("=", {Double(NAN), Double(NAN)}), "FALSE");
  EXPECT_EQ(Result("<>", {Double(NAN), Double(NAN)}), "TRUE");
}

TEST(ComparisonTest, TextAndBytesCompareByBytes) {
  EXPECT_EQ(Result("=", {Text("String"), Text("string")}), "FALSE");
  EXPECT_EQ(Result("<", {Text("abc"), Text("abcd")}), "TRUE");
  EXPECT_EQ(Result(">", {Text("a longer text than twelve"), Text("a longer text than eleven")}), "TRUE");
  EXPECT_EQ(Result(">", {Of(DataType::Bytes(), "hello code"), Of(DataType::Bytes(), "hello cast")}), "TRUE");
}

TEST(ComparisonTest, TextBesideADateIsReadAsOne) {
  EXPECT_EQ(Result("=", {Date("1996-11-10"), Text("1996-11-10")}), "TRUE");
  EXPECT_EQ(Result("=", {Text("12:34:56"), Time("12:34:56")}), "TRUE");
  EXPECT_EQ(Result("<", {Timestamp("1996-11-10 12:34:56"), Text("1996-11-10 12:34:57")}), "TRUE");
  EXPECT_EQ(Result("=", {Date("1996-11-10"), Text("no date")}), "NULL");
}

TEST(ComparisonTest, TextBesideANumberIsReadAsOne) {
  EXPECT_EQ(Result("=", {Int(12), Text(" 12 ")}), "TRUE");
  EXPECT_EQ(Result("=", {Int(12), Text("12.5")}), "FALSE");
  EXPECT_EQ(Result("<", {Double(1.5), Text("1e1")}), "TRUE");
  EXPECT_EQ(Result("=", {Int(12), Text("abc")}),
            "CAST('abc' AS DECIMAL(38, 18)): not a valid DECIMAL(38, 18)");
}

TEST(ComparisonTest, DatesAndTimestamps) {
  EXPECT_EQ(Result("=", {Date("1990-10-14"), Timestamp("1990-10-14 00:00:00")}), "TRUE");
  EXPECT_EQ(Result("<", {Timestamp("1990-10-14 10:00:00", 0), Timestamp("1990-10-14 10:00:00.001", 3)}),
            "TRUE");
}

TEST(ComparisonTest, NullsAreUnknown) {
  EXPECT_EQ(Result("=", {Int(1), Null()}), "NULL");
  EXPECT_EQ(Result("=", {Null(), Null()}), "NULL");
  EXPECT_EQ(Result("=", {Text("a"), NullOf(DataType::String())}), "NULL");
  EXPECT_EQ(Result("IS DISTINCT FROM", {Int(1), NullOf(DataType::Int())}), "TRUE");
  EXPECT_EQ(Result("IS DISTINCT FROM", {NullOf(DataType::Int()), NullOf(DataType::Int())}), "FALSE");
  EXPECT_EQ(Result("IS NOT DISTINCT FROM", {Null(), Null()}), "TRUE");
  EXPECT_EQ(Result("IS NOT DISTINCT FROM", {Dec(1, 0, "1"), Int(1)}), "TRUE");
}

TEST(ComparisonTest, NestedValuesAreEqualOrNot) {
  const DataType array = DataType::Array(DataType::Int());
  const auto list = [&](std::vector<Value> values) {
    return MakeLiteral(array, Value::MakeList(std::move(values)));
  };
  EXPECT_EQ(Result("=", {list({Value::Int(1), Value::Null()}), list({Value::Int(1), Value::Null()})}),
            "TRUE");
  EXPECT_EQ(Result("<>", {list({Value::Int(1)}), list({Value::Int(2)})}), "TRUE");
  EXPECT_EQ(Result("=", {list({Value::Int(1)}), Null()}), "NULL");
  EXPECT_EQ(Result("<", {list({}), list({})}), "ARRAY<INT> < ARRAY<INT> cannot be compared");
  const DataType map = DataType::Map(DataType::String(), DataType::Int());
  const auto pair = [](std::string key, int64_t value) {
    return Value::MakeList({Value::String(std::move(key)), Value::Int(value)});
  };
  EXPECT_EQ(Result("=", {MakeLiteral(map, Value::MakeList({pair("a", 1), pair("b", 2)})),
                         MakeLiteral(map, Value::MakeList({pair("b", 2), pair("a", 1)}))}),
            "TRUE");
}

TEST(ComparisonTest, WhatCannotBeComparedIsRefused) {
  EXPECT_EQ(Result("=", {Bool(true), Int(1)}), "BOOLEAN = INT cannot be compared");
  EXPECT_EQ(Result("<", {Date("2020-01-01"), Int(1)}), "DATE < INT cannot be compared");
}

TEST(ComparisonTest, Between) {
  EXPECT_EQ(Result("BETWEEN", {Int(12), Int(11), Int(13)}), "TRUE");
  EXPECT_EQ(Result("NOT BETWEEN", {Int(12), Int(11), Int(13)}), "FALSE");
  EXPECT_EQ(Result("BETWEEN", {Int(12), Int(13), Null()}), "FALSE");
  EXPECT_EQ(Result("BETWEEN", {Int(12), Int(11), Null()}), "NULL");
}

TEST(ComparisonTest, InComparesOrLooksUp) {
  EXPECT_EQ(Result("IN", {Text("b"), Text("a"), Text("b")}), "TRUE");
  EXPECT_EQ(Result("NOT IN", {Text("b"), Text("a"), Text("b")}), "FALSE");
  EXPECT_EQ(Result("IN", {Text("x"), Text("a"), Null()}), "NULL");
  EXPECT_EQ(Result("IN", {Date("1996-11-10"), Text("1996-11-10")}), "TRUE");
  // Enough constants for the hash set; only the value varies.
  std::vector<ExprPtr> args = {MakeColumn(0, DataType::BigInt()), Int(1), Int(5), Int(7), Int(9), Int(11)};
  data::Batch batch;
  batch.rows = 4;
  auto column = data::Column::Make(DataType::BigInt(), 4);
  for (const int64_t v : {5, 6, -1}) column->Append<int64_t>(v);
  column->AppendNull();
  batch.columns.push_back(column);
  const auto shown = [&](const std::vector<ExprPtr>& list) {
    EvalContext context;
    const auto result = (*Registry::Get().BindScalar("IN", list, BindContext{}))->Evaluate(batch, context);
    std::string text;
    for (size_t i = 0; i < 4; ++i) text += data::ToText(*result, i) + " ";
    return text;
  };
  EXPECT_EQ(shown(args), "TRUE FALSE FALSE NULL ");
  args.push_back(Null());
  EXPECT_EQ(shown(args), "TRUE NULL NULL NULL ");
  EXPECT_EQ((*Registry::Get().BindScalar("IN", args, BindContext{}))->ToString(),
            "IN($0, 1, 5, 7, 9, 11, NULL)");
}

}  // namespace
}  // namespace millrace::functions
