// SUM, $SUM0 and AVG. Result types are Flink's: SUM and AVG of an integer or float type keep it; SUM of
// DECIMAL(p, s) is DECIMAL(38, s), AVG of it DECIMAL(38, max(6, s)). The sum itself is kept exactly; a
// total outside the result type is a row error and null.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "data/decimal.h"
#include "functions/aggregate_base.h"
#include "functions/exact_sum.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::ColumnView;
using data::DataType;
using data::Int128;
using data::TypeKind;

enum class SumKind : uint8_t { kSum, kSumZero, kAverage };

constexpr int kAverageScaleMin = 6;

DataType ResultType(SumKind kind, const DataType& argument) {
  DataType type = argument;
  if (argument.kind() == TypeKind::kDecimal) {
    const int scale = argument.scale();
    type = DataType::Decimal(38, kind == SumKind::kAverage ? std::max(kAverageScaleMin, scale) : scale);
  }
  return type.WithNullable(kind != SumKind::kSumZero);
}

// What an exact sum is held in: 64-bit values cannot overflow 128 bits; 128-bit ones get 192.
template <typename T>
using Total = std::conditional_t<sizeof(T) == 16, WideInt<3>, Int128>;

template <typename T>
struct ExactState {
  Total<T> total{};
  int64_t count = 0;
};

template <typename T>
class ExactSum final : public PlainAggregateOf<ExactSum<T>, ExactState<T>> {
  using Base = PlainAggregateOf<ExactSum<T>, ExactState<T>>;
  using State = ExactState<T>;

 public:
  ExactSum(SumKind kind, const DataType& argument)
      : Base(ResultType(kind, argument)),
        kind_(kind),
        shift_(kind == SumKind::kAverage ? Base::result_type().scale() - argument.scale() : 0) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) {
      State& state = Base::At(states[row]);
      state.total += Total<T>(Int128{values[row]} * sign);
      state.count += sign;
    });
  }
  bool IsPossible(const State& state) const {
    if constexpr (sizeof(T) <= 8) {
      constexpr Int128 kTotalMax = Int128{kRowCountMax} << 63;
      if (state.total < -kTotalMax || state.total > kTotalMax) return false;
    }
    return IsRowCount(state.count);
  }
  void MergeState(State& into, State& from) const {
    into.total += from.total;
    into.count += from.count;
  }
  void FinalizeState(State& state, size_t index, Column* result, EvalContext& context) const {
    if (state.count == 0 && kind_ != SumKind::kSumZero) {
      result->AppendNull();
      return;
    }
    auto total = WideInt<4>::Extend(Wide(state.total));
    if (kind_ == SumKind::kAverage) {
      const auto count = static_cast<uint64_t>(state.count < 0 ? -state.count : state.count);
      if (state.count < 0) total.Negate();
      if (result->type().kind() == TypeKind::kDecimal) {
        total = total * WideInt<4>(data::PowerOfTen(shift_));
        total.DivideRounding(count);
      } else {
        total.DivideBy(count);
      }
    }
    if (total.FitsInt128() && AppendIfFits(total.ToInt128(), result)) return;
    result->AppendNull();
    context.Fail(index, Error(ErrorCode::kNumericOutOfRange,
                              fmt::format("{} is out of the range of {}",
                                          kind_ == SumKind::kAverage ? "the average" : "the sum",
                                          result->type().WithNullable(true).ToString()),
                              result->type().kind() == TypeKind::kDecimal
                                  ? ""
                                  : "CAST the argument to a wider type, e.g. BIGINT or DECIMAL(38, 0)"));
  }

 private:
  static WideInt<3> Wide(const WideInt<3>& total) { return total; }
  static WideInt<3> Wide(Int128 total) { return WideInt<3>(total); }

  static bool AppendIfFits(Int128 value, Column* result) {
    if (result->type().kind() == TypeKind::kDecimal) {
      if (!data::FitsPrecision(value, result->type().precision())) return false;
      result->Append<Int128>(value);
      return true;
    }
    // An integer type keeps its own width (only these come here besides decimals).
    if constexpr (sizeof(T) <= 8) {
      if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return false;
      result->Append<T>(static_cast<T>(value));
    }
    return true;
  }

  SumKind kind_;
  int shift_;
};

struct FloatState {
  DoubleDouble total;
  int64_t count = 0;
  NonFiniteCounts non_finite;
};

template <typename T>
class FloatSum final : public PlainAggregateOf<FloatSum<T>, FloatState> {
  using Base = PlainAggregateOf<FloatSum<T>, FloatState>;

 public:
  FloatSum(SumKind kind, const DataType& argument) : Base(ResultType(kind, argument)), kind_(kind) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) {
      FloatState& state = Base::At(states[row]);
      const double value = values[row];
      state.count += sign;
      if (std::isfinite(value)) [[likely]] {
        state.total.Add(static_cast<double>(sign) * value);
      } else {
        state.non_finite.Add(value, sign);
      }
    });
  }
  bool IsPossible(const FloatState& state) const {
    return IsRowCount(state.count) && state.non_finite.IsPossible();
  }
  void MergeState(FloatState& into, FloatState& from) const {
    into.total.Add(from.total);
    into.count += from.count;
    into.non_finite.Add(from.non_finite);
  }
  void FinalizeState(FloatState& state, size_t, Column* result, EvalContext&) const {
    if (state.count == 0 && kind_ != SumKind::kSumZero) {
      result->AppendNull();
      return;
    }
    double total = state.non_finite.Sum(state.total.value());
    if (kind_ == SumKind::kAverage) total /= static_cast<double>(state.count);
    result->Append<T>(static_cast<T>(total));
  }

 private:
  SumKind kind_;
};

Result<AggregatePtr> BindSum(SumKind kind, std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1 || !request.arg_types[0].IsNumeric()) {
    return BadArguments(name, request, "one numeric argument");
  }
  const DataType& type = request.arg_types[0];
  AggregatePtr result;
  data::DispatchScalar(type.physical(), [&]<typename T>() {
    if constexpr (std::is_floating_point_v<T>) {
      result = std::make_shared<FloatSum<T>>(kind, type);
    } else if constexpr (!std::is_same_v<T, data::StringRef> && !std::is_same_v<T, uint8_t>) {
      result = std::make_shared<ExactSum<T>>(kind, type);
    }
  });
  return result;
}

AggregateBinder Binder(SumKind kind) {
  return WithDistinct([kind](std::string_view name, const AggregateRequest& request) {
    return BindSum(kind, name, request);
  });
}

}  // namespace

void RegisterSumAggregates(Registry& registry) {
  registry.Add(
      AggregateFunction{"SUM", "SUM([DISTINCT] number)",
                        "Sum of the values that are not null, in the argument's type (DECIMAL: 38 digits)",
                        Binder(SumKind::kSum)});
  registry.Add(AggregateFunction{"$SUM0", "$SUM0([DISTINCT] number)", "As SUM, but 0 when there is no value",
                                 Binder(SumKind::kSumZero)});
  registry.AddAlias("SUM0", "$SUM0");
  registry.Add(AggregateFunction{"AVG", "AVG([DISTINCT] number)",
                                 "Average of the values that are not null, in the argument's type (DECIMAL: "
                                 "at least 6 fractional digits)",
                                 Binder(SumKind::kAverage)});
}

}  // namespace millrace::functions
