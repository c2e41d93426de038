#include "functions/expression.h"

#include <gtest/gtest.h>

#include "functions/function_tester.h"

namespace millrace::functions {
namespace {

using namespace testing;  // NOLINT: the tester's vocabulary

ExprPtr Fn(std::string_view name, std::vector<ExprPtr> args) {
  return Registry::Get().BindScalar(name, std::move(args), BindContext{}).value();
}
ExprPtr Col(int i) {
  return MakeColumn(i, DataType::Int());
}

TEST(ExpressionTest, ShowsItselfAsSql) {
  const ExprPtr sum = Fn("+", {Col(0), Int(1)});
  EXPECT_EQ(sum->ToString(), "($0 + 1)");
  data::Schema schema;
  schema.Add("price", DataType::Int());
  EXPECT_EQ(sum->ToString(&schema), "(price + 1)");
  EXPECT_EQ(Text("it's")->ToString(), "'it''s'");
  EXPECT_EQ(Date("2020-01-31")->ToString(), "DATE '2020-01-31'");
  EXPECT_EQ(Fn("IS NULL", {Col(0)})->ToString(), "($0 IS NULL)");
}

TEST(ExpressionTest, ColumnsAreRemappedAndSubstituted) {
  const ExprPtr sum = Fn("+", {Col(0), Fn("*", {Col(2), Int(3)})});
  EXPECT_EQ(RemapColumns(sum, {1, -1, 0})->ToString(), "($1 + ($0 * 3))");
  EXPECT_EQ(RemapColumns(sum, {0, 1, 2}), sum);
  EXPECT_EQ(SubstituteColumns(sum, {Int(7), Col(0), Fn("-", {Col(5), Int(1)})})->ToString(),
            "(7 + (($5 - 1) * 3))");
  std::vector<bool> used;
  CollectColumns(sum, &used);
  EXPECT_EQ(used, (std::vector<bool>{true, false, true}));
}

TEST(ExpressionTest, ConstantsFold) {
  const auto& utc = data::TimeZone::Utc();
  const ExprPtr folded = FoldConstants(Fn("+", {Col(0), Fn("*", {Int(2), Int(3)})}), utc);
  EXPECT_EQ(folded->ToString(), "($0 + 6)");
  const ExprPtr failing = Fn("/", {Int(1), Int(0)});
  EXPECT_EQ(FoldConstants(failing, utc)->kind(), ExprKind::kCall);
}

TEST(ExpressionTest, SameMeansSameStructure) {
  EXPECT_TRUE(SameExpression(Fn("+", {Col(0), Int(1)}), Fn("+", {Col(0), Int(1)})));
  EXPECT_FALSE(SameExpression(Fn("+", {Col(0), Int(1)}), Fn("-", {Col(0), Int(1)})));
  EXPECT_FALSE(SameExpression(Fn("+", {Col(0), Int(1)}), Fn("+", {Col(1), Int(1)})));
  EXPECT_FALSE(SameExpression(Int(1), Long(1)));
}

TEST(ExpressionTest, ConstantArgumentsAreComputedOnceAndFailEveryRow) {
  data::Batch batch;
  batch.rows = 3;
  EvalContext context;
  const auto product = Fn("*", {Int(6), Int(7)})->Evaluate(batch, context);
  EXPECT_TRUE(product->is_constant());
  EXPECT_EQ(product->size(), 3u);
  EXPECT_EQ(data::ToText(*product, 2), "42");
  const auto quotient = Fn("/", {Int(1), Int(0)})->Evaluate(batch, context);
  EXPECT_TRUE(quotient->IsNull(2));
  EXPECT_EQ(context.row_errors.size(), 3u);
}

TEST(RegistryTest, UnknownNamesNameTheNearest) {
  const auto unknown = Registry::Get().BindScalar("coalsece", {Int(1)}, BindContext{});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().ToString(), "42883: no function 'COALSECE'\nHINT: did you mean 'COALESCE'?");
  EXPECT_EQ(Registry::Get().BindScalar("qqqqqqqqqq", {}, BindContext{}).error().hint(),
            "SHOW FUNCTIONS lists them all");
  EXPECT_NE(Registry::Get().FindScalar("nullif"), nullptr);
}

TEST(RegistryTest, EveryFunctionIsDocumented) {
  for (const ScalarFunction& function : Registry::Get().scalars()) {
    EXPECT_FALSE(function.category.empty()) << function.name;
    EXPECT_FALSE(function.signature.empty()) << function.name;
    EXPECT_FALSE(function.summary.empty()) << function.name;
  }
}

TEST(RegistryTest, WrongArgumentsNameWhatWouldWork) {
  const auto wrong = Registry::Get().BindScalar("IF", {Int(1)}, BindContext{});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().ToString(),
            "42883: function IF(INT) does not exist\nHINT: IF(condition BOOLEAN, then ANY, else ANY) does");
}

}  // namespace
}  // namespace millrace::functions
