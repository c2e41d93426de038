#include <gtest/gtest.h>

#include "functions/function_tester.h"
#include "functions/logic.h"

namespace millrace::functions {
namespace {

using namespace testing;  // NOLINT: the tester's vocabulary

// Rows 0..n-1 of an INT column and the answers of an expression over it.
struct Answers {
  std::string values;
  std::vector<size_t> failed;
};

Answers Over(const std::vector<int>& values, const ExprPtr& expr) {
  data::Batch batch;
  batch.rows = values.size();
  auto column = data::Column::Make(DataType::Int(), values.size());
  for (const int v : values) column->Append<int32_t>(v);
  batch.columns.push_back(column);
  EvalContext context;
  const auto result = expr->Evaluate(batch, context);
  Answers answers;
  for (size_t i = 0; i < values.size(); ++i) answers.values += data::ToText(*result, i) + " ";
  for (const auto& error : context.row_errors) answers.failed.push_back(error.row);
  return answers;
}

ExprPtr Fn(std::string_view name, std::vector<ExprPtr> args) {
  return Registry::Get().BindScalar(name, std::move(args), BindContext{}).value();
}

const ExprPtr kX = MakeColumn(0, DataType::Int());

TEST(LogicTest, ThreeValuedTables) {
  const ExprPtr values[] = {Bool(false), NullOf(DataType::Boolean()), Bool(true)};
  const char* const expected_and[] = {"FALSE", "FALSE", "FALSE", "FALSE", "NULL",
                                      "NULL",  "FALSE", "NULL",  "TRUE"};
  const char* const expected_or[] = {"FALSE", "NULL", "TRUE", "NULL", "NULL", "TRUE", "TRUE", "TRUE", "TRUE"};
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 3; ++b) {
      EXPECT_EQ(Result("AND", {values[a], values[b]}), expected_and[a * 3 + b]) << a << b;
      EXPECT_EQ(Result("OR", {values[a], values[b]}), expected_or[a * 3 + b]) << a << b;
    }
  }
  EXPECT_EQ(Result("NOT", {values[1]}), "NULL");
  EXPECT_EQ(Result("NOT", {values[0]}), "TRUE");
  EXPECT_EQ(Shown(Fn("IS TRUE", {values[1]})), "FALSE");
  EXPECT_EQ(Shown(Fn("IS NOT FALSE", {values[1]})), "TRUE");
  EXPECT_EQ(Shown(Fn("IS UNKNOWN", {values[1]})), "TRUE");
  EXPECT_EQ(Shown(Fn("IS NULL", {Null()})), "TRUE");
  EXPECT_EQ(Shown(Fn("IS NOT NULL", {Int(1)})), "TRUE");
}

TEST(LogicTest, TheRightSideFailsOnlyRowsThatNeedIt) {
  const ExprPtr quotient_is_one = Fn("=", {Fn("/", {Int(12), kX}), Int(12)});
  const ExprPtr guarded = MakeAnd(Fn("<>", {kX, Int(0)}), quotient_is_one);
  // Most rows need the right side, then few do: both ways of evaluating.
  EXPECT_EQ(Over({1, 0, 2, 3}, guarded).values, "TRUE FALSE FALSE FALSE ");
  EXPECT_TRUE(Over({1, 0, 2, 3}, guarded).failed.empty());
  EXPECT_EQ(Over({0, 0, 0, 1}, guarded).values, "FALSE FALSE FALSE TRUE ");
  EXPECT_TRUE(Over({0, 0, 0, 1}, guarded).failed.empty());
  EXPECT_TRUE(Over({0, 0}, guarded).failed.empty());
  const ExprPtr either = MakeOr(Fn(">", {kX, Int(0)}), quotient_is_one);
  EXPECT_EQ(Over({1, 0, -1, 3, 4}, either).failed, std::vector<size_t>{1});
}

TEST(ConditionalTest, CaseTakesTheFirstTrueBranch) {
  const ExprPtr c =
      Fn("CASE", {Fn("<", {kX, Int(0)}), Text("minus"), Fn("=", {kX, Int(0)}), Text("zero"), Text("plus")});
  EXPECT_EQ(Over({-1, 0, 1, -5}, c).values, "minus zero plus minus ");
  EXPECT_EQ(c->ToString(), "CASE WHEN ($0 < 0) THEN 'minus' WHEN ($0 = 0) THEN 'zero' ELSE 'plus' END");
  const ExprPtr no_else = Fn("CASE", {Fn("=", {kX, Int(1)}), Int(7)});
  EXPECT_EQ(Over({1, 2}, no_else).values, "7 NULL ");
  EXPECT_EQ(no_else->type().ToString(), "INT");
}

TEST(ConditionalTest, BranchesFailOnlyTheirRows) {
  const ExprPtr c = Fn("CASE", {Fn("=", {kX, Int(0)}), Int(-1), Fn("/", {Int(12), kX})});
  EXPECT_EQ(Over({1, 0, 2, 3}, c).values, "12 -1 6 4 ");
  EXPECT_TRUE(Over({1, 0, 2, 3}, c).failed.empty());
  EXPECT_EQ(Over({0, 0, 0, 4}, c).values, "-1 -1 -1 3 ");
  EXPECT_TRUE(Over({0, 0, 0, 4}, c).failed.empty());
  const ExprPtr wrong = Fn("IF", {Fn(">=", {kX, Int(0)}), Fn("/", {Int(12), kX}), Int(1)});
  EXPECT_EQ(Over({-1, -1, -1, 0, 6}, wrong).failed, std::vector<size_t>{3});
}

TEST(ConditionalTest, BranchTypesUnite) {
  EXPECT_EQ(TypeOf("CASE", {Bool(true), Int(1), Long(2)}), "BIGINT NOT NULL");
  EXPECT_EQ(TypeOf("CASE", {Bool(true), Of(DataType::Char(3), "abc"), Of(DataType::Char(5), "abcde")}),
            "VARCHAR(5) NOT NULL");
  EXPECT_EQ(TypeOf("CASE", {Bool(true), Int(1), Text("a")}), "INT and STRING have no common type");
  EXPECT_EQ(TypeOf("CASE", {Int(1), Int(1), Int(2)}), "the condition 1 is INT");
}

TEST(ConditionalTest, NestedBranches) {
  const DataType array = DataType::Array(DataType::Int());
  const ExprPtr c = Fn("CASE", {Fn("=", {kX, Int(1)}), MakeLiteral(array, Value::MakeList({Value::Int(7)})),
                                Fn("=", {kX, Int(2)}), MakeLiteral(array, Value::MakeList({}))});
  EXPECT_EQ(Over({2, 1, 3, 1}, c).values, "[] [7] NULL [7] ");
}

TEST(ConditionalTest, CoalesceAndFriends) {
  const ExprPtr null_int = NullOf(DataType::Int());
  EXPECT_EQ(Result("COALESCE", {null_int, Int(7), Int(8)}), "7");
  EXPECT_EQ(TypeOf("COALESCE", {null_int, Long(1)}), "BIGINT NOT NULL");
  EXPECT_EQ(Result("IFNULL", {Dec(5, 2, "123.45"), Int(12)}), "123.45");
  EXPECT_EQ(TypeOf("IFNULL", {null_int, Dec(5, 2, "1")}), "DECIMAL(12, 2) NOT NULL");
  EXPECT_EQ(Result("NULLIF", {Int(1), Int(1)}), "NULL");
  EXPECT_EQ(Result("NULLIF", {Int(1), Int(2)}), "1");
  EXPECT_EQ(Result("NULLIF", {Int(1), Null()}), "1");
  EXPECT_EQ(Result("GREATEST", {Int(1), Long(3), Dec(3, 2, "3.14")}), "3.14");
  EXPECT_EQ(Result("LEAST", {Text("hello"), Text("world")}), "hello");
  EXPECT_EQ(Result("GREATEST", {null_int, Int(1)}), "NULL");
  EXPECT_EQ(Result("LEAST", {Int(1), Text("a")}), "function LEAST(INT, STRING) does not exist");
  // The second argument would fail the row that the first decides.
  const ExprPtr guarded =
      Fn("COALESCE", {Fn("NULLIF", {kX, Int(5)}), Fn("/", {Int(1), Fn("-", {kX, Int(4)})})});
  EXPECT_EQ(Over({4, 5, 6}, guarded).values, "4 1 6 ");
  EXPECT_TRUE(Over({4, 5, 6}, guarded).failed.empty());
}

TEST(ConditionalTest, TestsOfText) {
  EXPECT_EQ(Shown(Fn("IS_DECIMAL", {Text("11.4445")})), "TRUE");
  EXPECT_EQ(Shown(Fn("IS_DECIMAL", {Text("abc")})), "FALSE");
  EXPECT_EQ(Shown(Fn("IS_DIGIT", {Text("3")})), "TRUE");
  EXPECT_EQ(Shown(Fn("IS_DIGIT", {NullOf(DataType::String())})), "FALSE");
  EXPECT_EQ(Shown(Fn("IS_ALPHA", {Text("abc")})), "TRUE");
  EXPECT_EQ(Shown(Fn("IS_ALPHA", {Text("ab1")})), "FALSE");
}

}  // namespace
}  // namespace millrace::functions
