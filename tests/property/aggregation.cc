#include "property/aggregation.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::property {
namespace {

using data::DataType;
using data::TypeKind;

// trunc(sum / count), exactly, in whole numbers.
std::string IntegerAverage(const std::string& sum, const std::string& count, const DataType& type) {
  return fmt::format("CAST(sign({0}) * (abs(CAST({0} AS HUGEINT)) // {1}) AS {2})", sum, count,
                     DuckType(type));
}

// sum / count rounded half up at scale max(6, s), in whole numbers.
std::string DecimalAverage(const std::string& sum, const std::string& count, int scale) {
  const int result_scale = std::max(6, scale);
  std::string power = "1" + std::string(static_cast<size_t>(result_scale), '0');
  const std::string unscaled = fmt::format("CAST({} * {} AS HUGEINT)", sum, power);
  std::string unit = "0." + std::string(static_cast<size_t>(result_scale - 1), '0') + "1";
  return fmt::format(
      "(CAST(sign({0}) * ((abs({0}) * 2 + {1}) // (2 * {1})) AS DECIMAL(20, 0)) * CAST('{2}' AS DECIMAL(7, "
      "{3})))",
      unscaled, count, unit, result_scale);
}

}  // namespace

AggregateText MakeAggregate(Random& random, const Relation& input) {
  std::string filter_flink;
  std::string filter_duck;
  ExpressionMaker maker(random, input.columns);
  if (random.OneIn(4)) {
    const Expression condition = maker.Condition(1);
    filter_flink = fmt::format(" FILTER (WHERE {})", condition.flink);
    filter_duck = fmt::format(" FILTER (WHERE {})", condition.duck);
  }
  const auto same = [&](const std::string& call, DataType type) {
    return AggregateText{{call + filter_flink, call + filter_duck, std::move(type)}};
  };
  const auto cast = [&](const std::string& call, const DataType& type) {
    return AggregateText{
        {call + filter_flink, fmt::format("CAST({}{} AS {})", call, filter_duck, DuckType(type)), type}};
  };
  if (random.OneIn(5)) return same("COUNT(*)", DataType::BigInt());

  const Column& column = random.Pick(input.columns);
  const std::string& name = column.name;
  const DataType type = column.type.WithNullable(true);
  const std::string distinct = random.OneIn(4) ? "DISTINCT " : "";
  // In the order of arrival, where both sides have one.
  if (input.append_only && input.has_sequence && random.OneIn(8)) {
    const std::string not_null =
        filter_duck.empty()
            ? fmt::format(" FILTER (WHERE {} IS NOT NULL)", name)
            : fmt::format("{} AND {} IS NOT NULL)", filter_duck.substr(0, filter_duck.size() - 1), name);
    switch (random.Below(type.IsCharacter() ? 3 : 2)) {
      case 0:
        return {{fmt::format("FIRST_VALUE({}){}", name, filter_flink),
                 fmt::format("arg_min({}, seq_){}", name, not_null), type}};
      case 1:
        return {{fmt::format("LAST_VALUE({}){}", name, filter_flink),
                 fmt::format("arg_max({}, seq_){}", name, not_null), type}};
      default:
        return {{fmt::format("LISTAGG({}){}", name, filter_flink),
                 fmt::format("string_agg({}, ',' ORDER BY seq_){}", name, not_null), type}};
    }
  }
  const int64_t choice = random.Below(8);
  if (choice == 0) return same(fmt::format("COUNT({}{})", distinct, name), DataType::BigInt());
  if (choice == 1) return same(fmt::format("COUNT(DISTINCT {})", name), DataType::BigInt());
  if (choice == 2 || !type.IsNumeric()) {
    return same(fmt::format("{}({})", random.OneIn(2) ? "MIN" : "MAX", name), type);
  }
  const std::string sum = fmt::format("SUM({}{})", distinct, name);
  const std::string count = fmt::format("COUNT({}{}){}", distinct, name, filter_duck);
  const bool average = choice <= 4;
  if (average) {
    const std::string call = fmt::format("AVG({}{}){}", distinct, name, filter_flink);
    if (type.IsInteger()) return {{call, IntegerAverage(sum + filter_duck, count, type), type}};
    if (type.kind() == TypeKind::kDecimal) {
      return {{call, DecimalAverage(sum + filter_duck, count, type.scale()),
               DataType::Decimal(38, std::max(6, type.scale()))}};
    }
    return {{call, fmt::format("AVG({}{}){}", distinct, name, filter_duck), type}, false};
  }
  if (type.kind() == TypeKind::kDouble && random.OneIn(2)) {
    const char* function = random.Pick({"STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP"});
    AggregateText result = same(fmt::format("{}({})", function, name), type);
    result.exact = false;
    return result;
  }
  if (type.kind() == TypeKind::kDecimal) return cast(sum, DataType::Decimal(38, type.scale()));
  return cast(sum, type);
}

}  // namespace millrace::property
