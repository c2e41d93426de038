// VAR_POP, VAR_SAMP, VARIANCE, STDDEV_POP, STDDEV_SAMP, STDDEV, from count, sum and sum of squares, each of
// which takes values away exactly: wide integers for integers and decimals, pairs of doubles for floats.
//
// Result types are Flink's, that of AVG: an integer argument gives its own type, computed as Flink
// does, (sum(x*x) - sum(x)*sum(x) / n) / n with divisions of integers; DECIMAL(p, s) gives DECIMAL(38,
// max(6, s)).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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

struct VarianceKind {
  bool is_sample;
  bool is_deviation;  // its square root
};

constexpr int kScaleMin = 6;
using Wide = WideInt<8>;

DataType ResultType(const DataType& argument) {
  if (argument.kind() == TypeKind::kDecimal)
    return DataType::Decimal(38, std::max(kScaleMin, argument.scale()));
  return argument.WithNullable(true);
}

// Sums wide enough for 2^63 values and their squares.
template <int kSumWords, int kSquareWords>
struct ExactMoments {
  WideInt<kSumWords> sum;
  WideInt<kSquareWords> squares;
  int64_t count = 0;
};
template <typename T>
using MomentsOf = std::conditional_t<sizeof(T) == 16, ExactMoments<3, 5>, ExactMoments<2, 3>>;

// The square as a wide integer.
template <int kWords, typename T>
WideInt<kWords> Square(T value) {
  if constexpr (sizeof(T) == 16) {
    const WideInt<kWords> wide{value};
    return wide * wide;
  } else {
    return WideInt<kWords>(Int128{value} * value);
  }
}

template <typename T>
class ExactVariance final : public PlainAggregateOf<ExactVariance<T>, MomentsOf<T>> {
  using Base = PlainAggregateOf<ExactVariance<T>, MomentsOf<T>>;
  using State = MomentsOf<T>;

 public:
  ExactVariance(VarianceKind kind, const DataType& argument)
      : Base(ResultType(argument)), kind_(kind), argument_scale_(argument.scale()) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) {
      State& state = Base::At(states[row]);
      const T value = values[row];
      state.count += sign;
      state.sum += decltype(state.sum)(Int128{value} * sign);
      auto square = Square<sizeof(state.squares.words) / 8>(value);
      if (sign < 0) square.Negate();
      state.squares += square;
    });
  }
  bool IsPossible(const State& state) const { return IsRowCount(state.count); }
  void MergeState(State& into, State& from) const {
    into.sum += from.sum;
    into.squares += from.squares;
    into.count += from.count;
  }
  void FinalizeState(State& state, size_t index, Column* result, EvalContext& context) const {
    if (state.count < (kind_.is_sample ? 2 : 1)) {
      result->AppendNull();
      return;
    }
    const bool appended = result->type().kind() == TypeKind::kDecimal ? AppendDecimal(state, result)
                                                                      : AppendInteger(state, result);
    if (appended) return;
    result->AppendNull();
    context.Fail(index, Error(ErrorCode::kNumericOutOfRange,
                              fmt::format("the variance is out of the range of {}",
                                          result->type().WithNullable(true).ToString()),
                              "CAST the argument to DOUBLE"));
  }

 private:
  uint64_t Divisor(const State& state) const {
    return static_cast<uint64_t>(state.count) - (kind_.is_sample ? 1 : 0);
  }

  bool AppendInteger(const State& state, Column* result) const {
    const auto count = static_cast<uint64_t>(state.count);
    const auto sum = Wide::Extend(state.sum);
    Wide mean_part = sum * sum;
    mean_part.DivideBy(count);
    Wide value = Wide::Extend(state.squares);
    value -= mean_part;
    value.DivideBy(Divisor(state));
    if (kind_.is_deviation) {
      const double root = std::sqrt(value.ToDouble());
      if (!(root < 0x1p126)) return false;  // of a negative one too: rows were taken away that had not come
      value = Wide(static_cast<Int128>(root));
    }
    if (!value.FitsInt128()) return false;
    if constexpr (sizeof(T) <= 8) {
      const Int128 narrow = value.ToInt128();
      if (narrow > std::numeric_limits<T>::max()) return false;
      result->Append(static_cast<T>(narrow));
    }
    return true;
  }

  bool AppendDecimal(const State& state, Column* result) const {
    const auto count = static_cast<uint64_t>(state.count);
    const auto sum = Wide::Extend(state.sum);
    // count^2 times the population's variance, in units of 10^(-2 scale).
    Wide value = Wide::Extend(state.squares) * Wide(Int128{state.count});
    value -= sum * sum;
    const int scale = result->type().scale();
    if (kind_.is_deviation) {
      const double variance =
          value.ToDouble() / static_cast<double>(count) / static_cast<double>(Divisor(state));
      const double deviation = std::sqrt(variance) / std::pow(10.0, argument_scale_);
      const auto unscaled = data::DoubleToDecimal(deviation, 38, scale);
      if (unscaled.has_value()) result->Append<Int128>(*unscaled);
      return unscaled.has_value();
    }
    // Rounded half up: twice the value, divided toward zero, plus one, halved.
    value = value * Wide(Int128{2});
    const int shift = scale - 2 * argument_scale_;
    if (shift > 0) value = value * Wide(data::PowerOfTen(shift));
    value.DivideBy(count);
    value.DivideBy(Divisor(state));
    constexpr int kDigits = 18;
    for (int left = -shift; left > 0; left -= kDigits) {
      value.DivideBy(static_cast<uint64_t>(data::PowerOfTen(std::min(left, kDigits))));
    }
    value += Wide(Int128{1});
    value.DivideBy(2);
    if (!value.FitsInt128() || !data::FitsPrecision(value.ToInt128(), 38)) return false;
    result->Append<Int128>(value.ToInt128());
    return true;
  }

  VarianceKind kind_;
  int argument_scale_;
};

struct FloatMoments {
  DoubleDouble sum;
  DoubleDouble squares;
  int64_t count = 0;
  int64_t non_finite = 0;
};

template <typename T>
class FloatVariance final : public PlainAggregateOf<FloatVariance<T>, FloatMoments> {
  using Base = PlainAggregateOf<FloatVariance<T>, FloatMoments>;

 public:
  FloatVariance(VarianceKind kind, const DataType& argument) : Base(ResultType(argument)), kind_(kind) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) {
      FloatMoments& state = Base::At(states[row]);
      const double value = values[row];
      state.count += sign;
      const DoubleDouble square = Product(value, value);
      if (!std::isfinite(square.high)) [[unlikely]] {
        state.non_finite += sign;
        return;
      }
      state.sum.Add(static_cast<double>(sign) * value);
      state.squares.Add(sign > 0 ? square : square.Negated());
    });
  }
  bool IsPossible(const FloatMoments& state) const {
    return IsRowCount(state.count) && IsRowCount(state.non_finite);
  }
  void MergeState(FloatMoments& into, FloatMoments& from) const {
    into.sum.Add(from.sum);
    into.squares.Add(from.squares);
    into.count += from.count;
    into.non_finite += from.non_finite;
  }
  void FinalizeState(FloatMoments& state, size_t, Column* result, EvalContext&) const {
    if (state.count < (kind_.is_sample ? 2 : 1)) {
      result->AppendNull();
      return;
    }
    double value = std::numeric_limits<double>::quiet_NaN();
    if (state.non_finite == 0) {
      const auto count = static_cast<double>(state.count);
      DoubleDouble spread = state.squares;
      spread.Add(Quotient(Product(state.sum, state.sum), count).Negated());
      value = std::max(spread.value(), 0.0) / (kind_.is_sample ? count - 1 : count);
    }
    result->Append(static_cast<T>(kind_.is_deviation ? std::sqrt(value) : value));
  }

 private:
  VarianceKind kind_;
};

AggregateBinder Binder(VarianceKind kind) {
  return WithDistinct([kind](std::string_view name, const AggregateRequest& request) -> Result<AggregatePtr> {
    if (request.arg_types.size() != 1 || !request.arg_types[0].IsNumeric()) {
      return BadArguments(name, request, "one numeric argument");
    }
    const DataType& type = request.arg_types[0];
    return data::DispatchScalar(type.physical(), [&]<typename T>() -> AggregatePtr {
      if constexpr (std::is_floating_point_v<T>) {
        return std::make_shared<FloatVariance<T>>(kind, type);
      } else if constexpr (std::is_same_v<T, data::StringRef> || std::is_same_v<T, uint8_t>) {
        MR_UNREACHABLE();
      } else {
        return std::make_shared<ExactVariance<T>>(kind, type);
      }
    });
  });
}

}  // namespace

void RegisterVarianceAggregates(Registry& registry) {
  auto add = [&registry](const char* name, const char* summary, VarianceKind kind) {
    registry.Add(AggregateFunction{name, fmt::format("{}([DISTINCT] number)", name), summary, Binder(kind)});
  };
  add("VAR_POP", "Population variance, in the type of AVG", {false, false});
  add("VAR_SAMP", "Sample variance, in the type of AVG; null for fewer than two values", {true, false});
  add("VARIANCE", "The same as VAR_SAMP", {true, false});
  add("STDDEV_POP", "Population standard deviation, in the type of AVG", {false, true});
  add("STDDEV_SAMP", "Sample standard deviation, in the type of AVG; null for fewer than two values",
      {true, true});
  add("STDDEV", "The same as STDDEV_SAMP", {true, true});
}

}  // namespace millrace::functions
