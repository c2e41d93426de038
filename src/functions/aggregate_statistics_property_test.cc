// Variances, percentiles, bits and regressions against plain recomputations.
#include <gtest/gtest.h>

#include <cmath>

#include "functions/aggregate_property.h"

namespace millrace::functions::property {
namespace {

// By the definition: distances from the mean, in long double.
std::function<std::optional<Value>(const Rows&)> Variance(bool is_sample, bool is_deviation) {
  return [=](const Rows& rows) -> std::optional<Value> {
    const Rows values = WithoutNulls(rows);
    if (values.size() < (is_sample ? 2 : 1)) return Value::Null();
    long double mean = 0;
    for (const Row& row : values) mean += row[0].as_double();
    mean /= static_cast<long double>(values.size());
    long double spread = 0;
    for (const Row& row : values) spread += (row[0].as_double() - mean) * (row[0].as_double() - mean);
    const auto variance =
        static_cast<double>(spread / static_cast<long double>(values.size() - (is_sample ? 1 : 0)));
    return Value::Double(is_deviation ? std::sqrt(variance) : variance);
  };
}

// Flink's rewrite with integer divisions.
std::function<std::optional<Value>(const Rows&)> IntVariance(bool is_sample, bool is_deviation) {
  return [=](const Rows& rows) -> std::optional<Value> {
    const Rows values = WithoutNulls(rows);
    if (values.size() < (is_sample ? 2 : 1)) return Value::Null();
    const auto count = static_cast<int64_t>(values.size());
    int64_t sum = 0;
    int64_t squares = 0;
    for (const Row& row : values) {
      sum += row[0].as_int();
      squares += row[0].as_int() * row[0].as_int();
    }
    const int64_t variance = (squares - sum * sum / count) / (count - (is_sample ? 1 : 0));
    if (!is_deviation) return Value::Int(variance);
    return Value::Int(static_cast<int64_t>(std::pow(static_cast<double>(variance), 0.5)));
  };
}

// Of DECIMAL(p, 2) with a result scale of 6: everything in units of 10^-4 over count, half up.
std::optional<Value> DecimalVariance(const Rows& rows) {
  const Rows values = WithoutNulls(rows);
  if (values.empty()) return Value::Null();
  const auto count = static_cast<int64_t>(values.size());
  Int128 sum = 0;
  Int128 squares = 0;
  for (const Row& row : values) {
    sum += row[0].as_decimal();
    squares += row[0].as_decimal() * row[0].as_decimal();
  }
  const Int128 numerator = (squares * count - sum * sum) * 100;
  const Int128 denominator = Int128{count} * count;
  return Value::Decimal((numerator * 2 + denominator) / (denominator * 2));
}

double PercentileOf(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  const double position = p * static_cast<double>(values.size() + 1);
  const double below = std::floor(position);
  auto at = [&values](double rank) {
    return values[static_cast<size_t>(std::clamp(rank, 1.0, static_cast<double>(values.size()))) - 1];
  };
  return at(below) + (position - below) * (at(below + 1) - at(below));
}

std::vector<double> Doubles(const Rows& rows, size_t index) {
  std::vector<double> values;
  for (const Row& row : WithoutNulls(rows)) values.push_back(row[index].as_double());
  return values;
}

std::function<std::optional<Value>(const Rows&)> Percentile(double p) {
  return [p](const Rows& rows) -> std::optional<Value> {
    const auto values = Doubles(rows, 0);
    return values.empty() ? Value::Null() : Value::Double(PercentileOf(values, p));
  };
}

std::function<std::optional<Value>(const Rows&)> Bits(char kind) {
  return [kind](const Rows& rows) -> std::optional<Value> {
    const Rows values = WithoutNulls(rows);
    if (values.empty()) return Value::Null();
    int64_t bits = values[0][0].as_int();
    for (size_t i = 1; i < values.size(); ++i) {
      const int64_t other = values[i][0].as_int();
      bits = kind == '&' ? bits & other : kind == '|' ? bits | other : bits ^ other;
    }
    return Value::Int(bits);
  };
}

std::function<std::optional<Value>(const Rows&)> Truth(bool all) {
  return [all](const Rows& rows) -> std::optional<Value> {
    const Rows values = WithoutNulls(rows);
    if (values.empty()) return Value::Null();
    auto is_true = [](const Row& row) { return row[0].as_bool(); };
    return Value::Bool(all ? std::all_of(values.begin(), values.end(), is_true)
                           : std::any_of(values.begin(), values.end(), is_true));
  };
}

struct Line {
  long double count = 0, mean_y = 0, mean_x = 0, yy = 0, xx = 0, xy = 0;
};

Line LineOf(const Rows& rows) {
  Line line;
  const Rows values = WithoutNulls(rows);
  line.count = static_cast<long double>(values.size());
  for (const Row& row : values) {
    line.mean_y += row[0].as_double() / line.count;
    line.mean_x += row[1].as_double() / line.count;
  }
  for (const Row& row : values) {
    const long double dy = row[0].as_double() - line.mean_y;
    const long double dx = row[1].as_double() - line.mean_x;
    line.yy += dy * dy;
    line.xx += dx * dx;
    line.xy += dx * dy;
  }
  return line;
}

Case PairCase(const char* name, long double (*statistic)(const Line&), bool needs_spread, int pairs_min = 1) {
  return {name, {DataType::Double(), DataType::Double()}, [=](const Rows& rows) -> std::optional<Value> {
            const Line line = LineOf(rows);
            if (line.count < pairs_min) return Value::Null();
            if (needs_spread && line.xx < 1e-12L) return Value::Null();
            if (std::string_view(name) == "CORR" && line.yy < 1e-12L) return Value::Null();
            return Value::Double(static_cast<double>(statistic(line)));
          }};
}

TEST(AggregateProperty, Variances) {
  std::vector<Case> cases;
  struct Kind {
    const char* name;
    bool is_sample;
    bool is_deviation;
  };
  for (const Kind& kind :
       {Kind{"VAR_POP", false, false}, Kind{"VAR_SAMP", true, false}, Kind{"VARIANCE", true, false},
        Kind{"STDDEV_POP", false, true}, Kind{"STDDEV_SAMP", true, true}, Kind{"STDDEV", true, true}}) {
    cases.push_back({kind.name, {DataType::Double()}, Variance(kind.is_sample, kind.is_deviation)});
    cases.push_back({kind.name, {DataType::Float()}, Variance(kind.is_sample, kind.is_deviation)});
    cases.push_back({kind.name, {DataType::Int()}, IntVariance(kind.is_sample, kind.is_deviation)});
    cases.push_back({kind.name, {DataType::BigInt()}, IntVariance(kind.is_sample, kind.is_deviation)});
  }
  cases.push_back({"VAR_POP", {DataType::Decimal(10, 2)}, DecimalVariance});
  Case wide{"VAR_POP", {DataType::Decimal(30, 2)}, DecimalVariance};
  wide.make = [](Random& random, size_t) {
    return Value::Decimal(static_cast<int64_t>(random() % 2000000) - 1000000);
  };
  cases.push_back(wide);
  Case distinct{"STDDEV_POP", {DataType::Double()}, Variance(false, true)};
  distinct.distinct = true;
  cases.push_back(distinct);
  RunCases(cases);
}

TEST(AggregateProperty, Percentiles) {
  std::vector<Case> cases;
  for (const double p : {0.0, 0.1, 0.5, 0.75, 0.99, 1.0}) {
    Case c{"PERCENTILE", {DataType::Double(), DataType::Double()}, Percentile(p)};
    c.literals = {Value::Null(), Value::Double(p)};
    cases.push_back(c);
  }
  Case array{"PERCENTILE",
             {DataType::Double(), DataType::Array(DataType::Double())},
             [](const Rows& rows) -> std::optional<Value> {
               const auto values = Doubles(rows, 0);
               if (values.empty()) return Value::Null();
               return Value::MakeList(
                   {Value::Double(PercentileOf(values, 0.9)), Value::Double(PercentileOf(values, 0.5))});
             }};
  array.literals = {Value::Null(), Value::MakeList({Value::Double(0.9), Value::Double(0.5)})};
  Case frequency{"PERCENTILE",
                 {DataType::Double(), DataType::Double(), DataType::Int()},
                 [](const Rows& rows) -> std::optional<Value> {
                   std::vector<double> values;
                   for (const Row& row : WithoutNulls(rows)) {
                     for (int64_t i = 0; i < row[2].as_int(); ++i) values.push_back(row[0].as_double());
                   }
                   return values.empty() ? Value::Null() : Value::Double(PercentileOf(values, 0.3));
                 }};
  frequency.literals = {Value::Null(), Value::Double(0.3), Value::Null()};
  cases.push_back(frequency);
  cases.push_back({"MEDIAN", {DataType::Double()}, Percentile(0.5)});
  RunCases(cases);
}

TEST(AggregateProperty, BitsAndTruth) {
  std::vector<Case> cases;
  for (const DataType& type : {DataType::BigInt(), DataType::TinyInt()}) {
    cases.push_back({"BIT_AND", {type}, Bits('&')});
    cases.push_back({"BIT_OR", {type}, Bits('|')});
    cases.push_back({"BIT_XOR", {type}, Bits('^')});
  }
  cases.push_back({"BOOL_AND", {DataType::Boolean()}, Truth(true)});
  cases.push_back({"EVERY", {DataType::Boolean()}, Truth(true)});
  cases.push_back({"BOOL_OR", {DataType::Boolean()}, Truth(false)});
  RunCases(cases);
}

TEST(AggregateProperty, Regressions) {
  RunCases({
      PairCase(
          "COVAR_POP", [](const Line& l) { return l.xy / l.count; }, false),
      PairCase(
          "COVAR_SAMP", [](const Line& l) { return l.xy / (l.count - 1); }, false, 2),
      PairCase(
          "CORR", [](const Line& l) { return l.xy / std::sqrt(l.xx * l.yy); }, true),
      PairCase(
          "REGR_AVGX", [](const Line& l) { return l.mean_x; }, false),
      PairCase(
          "REGR_AVGY", [](const Line& l) { return l.mean_y; }, false),
      PairCase(
          "REGR_SXX", [](const Line& l) { return l.xx; }, false),
      PairCase(
          "REGR_SYY", [](const Line& l) { return l.yy; }, false),
      PairCase(
          "REGR_SXY", [](const Line& l) { return l.xy; }, false),
      PairCase(
          "REGR_SLOPE", [](const Line& l) { return l.xy / l.xx; }, true),
      PairCase(
          "REGR_INTERCEPT", [](const Line& l) { return l.mean_y - l.xy / l.xx * l.mean_x; }, true),
      PairCase(
          "REGR_R2", [](const Line& l) { return l.yy < 1e-12L ? 1.0L : l.xy * l.xy / (l.xx * l.yy); }, true),
      {"REGR_COUNT",
       {DataType::Int(), DataType::Double()},
       [](const Rows& rows) { return Value::Int(static_cast<int64_t>(WithoutNulls(rows).size())); }},
  });
}

}  // namespace
}  // namespace millrace::functions::property
