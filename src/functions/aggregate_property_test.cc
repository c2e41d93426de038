// The common aggregates against plain recomputations.
#include <gtest/gtest.h>

#include <limits>

#include "functions/aggregate_property.h"

namespace millrace::functions::property {
namespace {

Value CountOf(const Rows& rows) {
  return Value::Int(static_cast<int64_t>(WithoutNulls(rows).size()));
}

std::optional<Value> IntSum(const Rows& rows, int64_t max) {
  const Rows values = WithoutNulls(rows);
  if (values.empty()) return Value::Null();
  int64_t sum = 0;
  for (const Row& row : values) sum += row[0].as_int();
  if (sum > max || sum < -max - 1) return std::nullopt;
  return Value::Int(sum);
}

std::optional<Value> IntAverage(const Rows& rows) {
  const Rows values = WithoutNulls(rows);
  if (values.empty()) return Value::Null();
  int64_t sum = 0;
  for (const Row& row : values) sum += row[0].as_int();
  return Value::Int(sum / static_cast<int64_t>(values.size()));
}

Value DecimalSum(const Rows& rows) {
  const Rows values = WithoutNulls(rows);
  if (values.empty()) return Value::Null();
  Int128 sum = 0;
  for (const Row& row : values) sum += row[0].as_decimal();
  return Value::Decimal(sum);
}

// round_half_up(sum * 10^shift / count)
Value DecimalAverage(const Rows& rows, int shift) {
  const Rows values = WithoutNulls(rows);
  if (values.empty()) return Value::Null();
  Int128 sum = 0;
  for (const Row& row : values) sum += row[0].as_decimal();
  for (int i = 0; i < shift; ++i) sum *= 10;
  const Int128 count = static_cast<int64_t>(values.size());
  const Int128 doubled = 2 * (sum < 0 ? -sum : sum) + count;
  return Value::Decimal((sum < 0 ? -1 : 1) * (doubled / (2 * count)));
}

Value DoubleSum(const Rows& rows, bool average) {
  const Rows values = WithoutNulls(rows);
  if (values.empty()) return Value::Null();
  double sum = 0;
  for (const Row& row : values) sum += row[0].as_double();
  return Value::Double(average ? sum / static_cast<double>(values.size()) : sum);
}

// -1, 0, 1 by the order of the values' types.
int CompareValues(const DataType& type, const Value& a, const Value& b) {
  auto x = Column::Make(type, 2);
  x->AppendValue(a);
  x->AppendValue(b);
  return data::CompareRows(*x, 0, *x, 1);
}

std::function<std::optional<Value>(const Rows&)> Extreme(DataType type, int direction) {
  return [type, direction](const Rows& rows) -> std::optional<Value> {
    Value best;
    for (const Row& row : WithoutNulls(rows)) {
      if (best.is_null() || CompareValues(type, row[0], best) * direction > 0) best = row[0];
    }
    return best;
  };
}

std::vector<Case> BasicCases() {
  std::vector<Case> cases;
  const auto big = DataType::BigInt();
  const int64_t big_max = std::numeric_limits<int64_t>::max();
  cases.push_back(
      {"COUNT", {}, [](const Rows& rows) { return Value::Int(static_cast<int64_t>(rows.size())); }});
  cases.push_back({"COUNT", {big}, CountOf});
  cases.push_back({"COUNT", {big, DataType::String()}, CountOf});
  for (const DataType& type :
       {big, DataType::TinyInt(), DataType::String(), DataType::Double(), DataType::Decimal(30, 2)}) {
    Case c{"COUNT", {type}, CountOf};
    c.distinct = true;
    cases.push_back(c);
  }
  Case pairs{"COUNT", {big, DataType::String()}, CountOf};
  pairs.distinct = true;
  cases.push_back(pairs);
  cases.push_back({"SUM", {DataType::TinyInt()}, [](const Rows& rows) { return IntSum(rows, 127); }});
  cases.push_back({"SUM", {DataType::Int()}, [](const Rows& rows) { return IntSum(rows, 2147483647); }});
  cases.push_back({"SUM", {big}, [=](const Rows& rows) { return IntSum(rows, big_max); }});
  Case sum_distinct{"SUM", {big}, [=](const Rows& rows) { return IntSum(rows, big_max); }};
  sum_distinct.distinct = true;
  cases.push_back(sum_distinct);
  cases.push_back({"$SUM0", {big}, [=](const Rows& rows) -> std::optional<Value> {
                     const auto sum = IntSum(rows, big_max);
                     return sum->is_null() ? Value::Int(0) : *sum;
                   }});
  cases.push_back({"SUM", {DataType::Decimal(10, 2)}, DecimalSum});
  cases.push_back({"SUM", {DataType::Decimal(30, 4)}, DecimalSum});
  cases.push_back({"SUM", {DataType::Double()}, [](const Rows& rows) { return DoubleSum(rows, false); }});
  cases.push_back({"SUM", {DataType::Float()}, [](const Rows& rows) { return DoubleSum(rows, false); }});
  cases.push_back({"AVG", {DataType::TinyInt()}, IntAverage});
  cases.push_back({"AVG", {DataType::Int()}, IntAverage});
  cases.push_back({"AVG", {DataType::Double()}, [](const Rows& rows) { return DoubleSum(rows, true); }});
  cases.push_back(
      {"AVG", {DataType::Decimal(10, 2)}, [](const Rows& rows) { return DecimalAverage(rows, 4); }});
  cases.push_back(
      {"AVG", {DataType::Decimal(30, 8)}, [](const Rows& rows) { return DecimalAverage(rows, 0); }});
  Case avg_distinct{"AVG", {DataType::Double()}, [](const Rows& rows) { return DoubleSum(rows, true); }};
  avg_distinct.distinct = true;
  cases.push_back(avg_distinct);
  for (const DataType& type :
       {big, DataType::TinyInt(), DataType::Boolean(), DataType::Double(), DataType::Float(),
        DataType::String(), DataType::Decimal(30, 2), DataType::Date(), DataType::Timestamp(3)}) {
    cases.push_back({"MIN", {type}, Extreme(type, -1)});
    cases.push_back({"MAX", {type}, Extreme(type, 1)});
  }
  return cases;
}

TEST(AggregateProperty, CountSumAverageMinMax) {
  RunCases(BasicCases());
}

}  // namespace
}  // namespace millrace::functions::property
