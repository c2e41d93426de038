#include "functions/datetime_arithmetic.h"

#include <fmt/format.h>

#include "data/datetime.h"
#include "data/text.h"

namespace millrace::functions {

using data::DataType;
using data::FloorMod;
using data::kMicrosPerDay;
using data::TypeKind;

namespace {

constexpr int64_t kDaysMin = -4'371'587;  // -9999-01-01
constexpr int64_t kDaysMax = 2'932'896;   // 9999-12-31

}  // namespace

bool IsDateInRange(int64_t days) {
  return days >= kDaysMin && days <= kDaysMax;
}
bool IsTimestampInRange(int64_t micros) {
  return micros >= kDaysMin * kMicrosPerDay && micros < (kDaysMax + 1) * kMicrosPerDay;
}

namespace {

template <typename A>
Error DatetimeOutOfRange(const DataType& type, A value, const DataType& interval, int64_t amount) {
  return Error(ErrorCode::kNumericOutOfRange,
               fmt::format("numeric out of range: {} and {} give no date of the years -9999 to 9999",
                           data::ToText(type, data::Value::Int(value)),
                           data::ToText(interval, data::Value::Int(amount))));
}

// months: |amount| far beyond any calendar fails before it is used.
bool AreMonthsInRange(int64_t months) {
  return months >= -240'000 && months <= 240'000;
}

// Kernel over (point, interval); kSign is -1 for a difference.
template <int kSign>
Kernel ShiftKernel(const DataType& point, const DataType& interval) {
  const bool months = interval.kind() == TypeKind::kIntervalYearMonth;
  const auto point_error = [point, interval](int64_t value, int64_t amount) {
    return DatetimeOutOfRange(point, value, interval, amount);
  };
  if (point.kind() == TypeKind::kDate) {
    const auto finish = [](int64_t days, int32_t* out) {
      const bool in_range = IsDateInRange(days);
      *out = in_range ? static_cast<int32_t>(days) : 0;
      return !in_range;
    };
    if (months) {
      return TryBinary<int32_t, int32_t, int64_t>(
          point,
          [finish](int32_t days, int64_t amount, int32_t* out) {
            *out = 0;
            if (!AreMonthsInRange(amount)) return true;
            return finish(data::AddMonthsToDays(days, kSign * amount), out);
          },
          point_error);
    }
    return TryBinary<int32_t, int32_t, int64_t>(
        point,
        [finish](int32_t days, int64_t micros, int32_t* out) {
          return finish(days + kSign * (micros / kMicrosPerDay), out);
        },
        point_error);
  }
  if (point.kind() == TypeKind::kTime) {
    if (months)
      return MapBinary<int64_t, int64_t, int64_t>(point, [](int64_t time, int64_t) { return time; });
    return MapBinary<int64_t, int64_t, int64_t>(point, [](int64_t time, int64_t micros) {
      return FloorMod(time + kSign * (micros % kMicrosPerDay), kMicrosPerDay);
    });
  }
  if (months) {
    return TryBinary<int64_t, int64_t, int64_t>(
        point,
        [](int64_t micros, int64_t amount, int64_t* out) {
          *out = 0;
          if (!AreMonthsInRange(amount) || !IsTimestampInRange(micros)) return true;
          *out = data::AddMonthsToMicros(micros, kSign * amount);
          return !IsTimestampInRange(*out);
        },
        point_error);
  }
  return TryBinary<int64_t, int64_t, int64_t>(
      point,
      [](int64_t micros, int64_t amount, int64_t* out) {
        const auto sum = kSign > 0 ? static_cast<uint64_t>(micros) + static_cast<uint64_t>(amount)
                                   : static_cast<uint64_t>(micros) - static_cast<uint64_t>(amount);
        // Any wrap of a value in range lands outside of it, the range being a small part of 64 bits.
        const bool in_range = IsTimestampInRange(static_cast<int64_t>(sum));
        *out = in_range ? static_cast<int64_t>(sum) : 0;
        return !in_range;
      },
      point_error);
}

template <int kSign>
Kernel IntervalKernel(const DataType& type) {
  return TryBinary<int64_t, int64_t, int64_t>(
      type,
      [](int64_t a, int64_t b, int64_t* out) {
        return kSign > 0 ? __builtin_add_overflow(a, b, out) : __builtin_sub_overflow(a, b, out);
      },
      [](int64_t, int64_t) {
        return Error(ErrorCode::kNumericOutOfRange, "numeric out of range: the intervals' sum is too long");
      });
}

bool IsPoint(const DataType& type) {
  return type.IsDatetime();
}

}  // namespace

std::optional<ExprPtr> BindDatetimeSum(const BoundArgs& bound) {
  const DataType& a = bound.type(0);
  const DataType& b = bound.type(1);
  if (IsPoint(a) && b.IsInterval()) return bound.Call(bound.Nullable(a), ShiftKernel<1>(a, b));
  if (a.IsInterval() && IsPoint(b)) {
    BoundArgs swapped{bound.name, {bound.args[1], bound.args[0]}, bound.context};
    return swapped.Call(bound.Nullable(b), ShiftKernel<1>(b, a));
  }
  if (a.IsInterval() && a.kind() == b.kind()) return bound.Call(bound.Nullable(a), IntervalKernel<1>(a));
  return std::nullopt;
}

std::optional<ExprPtr> BindDatetimeDifference(const BoundArgs& bound) {
  const DataType& a = bound.type(0);
  const DataType& b = bound.type(1);
  if (IsPoint(a) && b.IsInterval()) return bound.Call(bound.Nullable(a), ShiftKernel<-1>(a, b));
  if (a.IsInterval() && a.kind() == b.kind()) return bound.Call(bound.Nullable(a), IntervalKernel<-1>(a));
  if (!IsPoint(a) || a.kind() != b.kind()) return std::nullopt;
  const DataType type = DataType::IntervalDayTime();
  if (a.kind() == TypeKind::kDate) {
    return bound.Call(bound.Nullable(type),
                      MapBinary<int64_t, int32_t, int32_t>(
                          type, [](int32_t x, int32_t y) { return (int64_t{x} - y) * kMicrosPerDay; }));
  }
  return bound.Call(bound.Nullable(type), IntervalKernel<-1>(type));
}

std::optional<Result<ExprPtr>> BindIntervalProduct(const BoundArgs& bound) {
  const size_t interval = bound.type(0).IsInterval() ? 0 : 1;
  if (!bound.type(interval).IsInterval() || !bound.type(1 - interval).IsNumeric()) return std::nullopt;
  BoundArgs ordered{bound.name, {bound.args[interval], bound.args[1 - interval]}, bound.context};
  const DataType type = ordered.type(0);
  const auto too_long = [](auto, auto) {
    return Error(ErrorCode::kNumericOutOfRange, "numeric out of range: the interval is too long");
  };
  if (ordered.type(1).IsInteger()) {
    auto factor = Coerce(ordered.args[1], DataType::BigInt(), bound.context);
    if (!factor) return std::unexpected(factor.error());
    ordered.args[1] = *factor;
    return ordered.Call(
        bound.Nullable(type),
        TryBinary<int64_t, int64_t, int64_t>(
            type, [](int64_t a, int64_t b, int64_t* out) { return __builtin_mul_overflow(a, b, out); },
            too_long));
  }
  auto factor = Coerce(ordered.args[1], DataType::Double(), bound.context);
  if (!factor) return std::unexpected(factor.error());
  ordered.args[1] = *factor;
  return ordered.Call(bound.Nullable(type), TryBinary<int64_t, int64_t, double>(
                                                type,
                                                [](int64_t a, double b, int64_t* out) {
                                                  const double product = static_cast<double>(a) * b;
                                                  const bool fits = product > -9.2e18 && product < 9.2e18;
                                                  *out = fits ? static_cast<int64_t>(product) : 0;
                                                  return !fits;
                                                },
                                                too_long));
}

}  // namespace millrace::functions
