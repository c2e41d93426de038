// PERCENTILE, exact, and MEDIAN: over the multiset of values as doubles. For n values in ascending order
// the percentile p lies at position p * (n + 1), counted from 1, with linear interpolation between
// neighbours, and never beyond the least or greatest value (Flink's definition).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/decimal.h"
#include "functions/aggregate_base.h"
#include "functions/numeric_reader.h"
#include "functions/value_set.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;

using DoubleMultiset = ValueSet<uint64_t, SetKind::kCounted>;
using Counted = std::pair<double, int64_t>;  // value and count

// The value at a position (from 1, with a fraction) of values in ascending order.
double ValueAt(const std::vector<Counted>& sorted, double position) {
  const auto lower = static_cast<int64_t>(std::floor(position));
  const double fraction = position - static_cast<double>(lower);
  int64_t passed = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    passed += sorted[i].second;
    if (passed < lower) continue;
    if (passed > lower || fraction == 0 || i + 1 == sorted.size() || lower < 1) return sorted[i].first;
    return sorted[i].first * (1 - fraction) + sorted[i + 1].first * fraction;
  }
  return sorted.back().first;
}

class Percentile final : public AggregateOf<Percentile, DoubleMultiset> {
 public:
  // is_array: the result is an array with a value for each percentage.
  Percentile(std::vector<double> percentages, bool is_array, int frequency_arg)
      : AggregateOf(is_array ? DataType::Array(DataType::Double()) : DataType::Double()),
        percentages_(std::move(percentages)),
        is_array_(is_array),
        frequency_arg_(frequency_arg) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const size_t rows = states.size();
    const std::vector<double> values = ReadDoubles(*args[0], rows);
    std::vector<int64_t> frequencies(rows, 1);
    if (frequency_arg_ >= 0) {
      const Column& column = *args[static_cast<size_t>(frequency_arg_)];
      frequencies = ReadIntegers(column, rows);
      for (size_t i = 0; i < rows; ++i) frequencies[i] = column.IsNull(i) ? 0 : frequencies[i];
    }
    VisitRows(rows, std::span(args).first(1), signs, [&](size_t row, int64_t sign) {
      if (frequencies[row] <= 0) return;
      const uint64_t key = data::ToWord(values[row]);
      At(states[row]).Add(key, HashKey(key), sign * frequencies[row]);
    });
  }
  void MergeState(State& into, State& from) const {
    from.ForEach([&into](const auto& slot) { into.Add(slot.key, HashKey(slot.key), slot.count); });
  }
  void FinalizeState(State& state, size_t, Column* result, EvalContext&) const {
    std::vector<Counted> sorted;
    int64_t total = 0;
    state.ForEach([&](const auto& slot) {
      if (slot.count <= 0) return;
      sorted.emplace_back(data::FromWord<double>(slot.key), slot.count);
      total += slot.count;
    });
    if (sorted.empty() || percentages_.empty()) {
      result->AppendNull();
      return;
    }
    std::sort(sorted.begin(), sorted.end(), [](const Counted& a, const Counted& b) {
      if (std::isnan(a.first) || std::isnan(b.first)) return !std::isnan(a.first) && std::isnan(b.first);
      return a.first < b.first;
    });
    const auto positions = static_cast<double>(total + 1);
    if (!is_array_) {
      result->Append(ValueAt(sorted, percentages_[0] * positions));
      return;
    }
    const data::ListEntry entry{result->child(0).size(), percentages_.size()};
    for (double percentage : percentages_) {
      result->mutable_child(0).Append(ValueAt(sorted, percentage * positions));
    }
    result->Append(entry);
  }
  void SaveState(const State& state, std::string* out) const { state.Save(out); }
  Status LoadState(std::string_view* in, State& state) const { return state.Load(in); }
  size_t StateMemory(const State& state) const { return state.MemoryBytes(); }
  State& SetOf(State& state) const { return state; }
  bool IsElement(std::string_view) const { return true; }

 private:
  std::vector<double> percentages_;
  bool is_array_;
  int frequency_arg_;
};

std::optional<double> NumberOf(const DataType& type, const data::Value& value) {
  if (value.is_null()) return std::nullopt;
  if (type.kind() == data::TypeKind::kDecimal) return data::DecimalToDouble(value.as_decimal(), type.scale());
  if (type.IsApproximate()) return value.as_double();
  if (type.IsInteger()) return static_cast<double>(value.as_int());
  return std::nullopt;
}

Result<AggregatePtr> BindPercentile(std::string_view name, const AggregateRequest& request) {
  const auto& types = request.arg_types;
  const bool is_array = types.size() >= 2 && types[1].kind() == data::TypeKind::kArray;
  if (types.size() < 2 || types.size() > 3 || !types[0].IsNumeric() ||
      !(is_array ? types[1].element() : types[1]).IsNumeric() ||
      (types.size() == 3 && !types[2].IsInteger())) {
    return BadArguments(name, request,
                        "a number, a percentage (a number from 0 to 1 or an ARRAY of them) and optionally a "
                        "frequency of an integer type");
  }
  if (request.literal_args.size() < 2 || request.literal_args[1].is_null()) {
    return Fail(ErrorCode::kNotSupported, "the percentage of PERCENTILE must be a literal",
                "write it as in PERCENTILE(price, 0.95) or PERCENTILE(price, ARRAY[0.5, 0.95])");
  }
  std::vector<double> percentages;
  const DataType& number = is_array ? types[1].element() : types[1];
  const data::Value& literal = request.literal_args[1];
  for (size_t i = 0; i < (is_array ? literal.as_list().size() : 1); ++i) {
    const auto percentage = NumberOf(number, is_array ? literal.as_list()[i] : literal);
    if (!percentage.has_value() || !(*percentage >= 0 && *percentage <= 1)) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("the percentage of PERCENTILE must lie between 0 and 1, and {} does not",
                              percentage.has_value() ? fmt::format("{}", *percentage) : "NULL"));
    }
    percentages.push_back(*percentage);
  }
  return std::make_shared<Percentile>(std::move(percentages), is_array, types.size() == 3 ? 2 : -1);
}

Result<AggregatePtr> BindMedian(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1 || !request.arg_types[0].IsNumeric()) {
    return BadArguments(name, request, "one numeric argument");
  }
  return std::make_shared<Percentile>(std::vector<double>{0.5}, false, -1);
}

}  // namespace

void RegisterPercentileAggregates(Registry& registry) {
  registry.Add(
      AggregateFunction{"PERCENTILE", "PERCENTILE([DISTINCT] number, percentage [, frequency])",
                        "Exact percentile with linear interpolation; an ARRAY of percentages gives an ARRAY",
                        WithDistinct(BindPercentile)});
  registry.Add(AggregateFunction{"MEDIAN", "MEDIAN([DISTINCT] number)",
                                 "PERCENTILE(number, 0.5) (not portable to Flink)",
                                 WithDistinct(BindMedian)});
}

}  // namespace millrace::functions
