#include "functions/rounding.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "data/decimal.h"
#include "functions/builtin.h"

namespace millrace::functions {

using data::DataType;
using data::Int128;
using data::PhysicalType;
using data::TypeKind;

namespace {

// The decimal digits of a finite number: 0.d1d2d3... * 10^exponent, rounded in place.
template <typename T>
T RoundText(T value, int digits, bool truncate) {
  if (!std::isfinite(value) || value == 0) return value;
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value), std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t e = text.find('e');
  int exponent = 0;
  const char* at = text.data() + e + 1;
  if (*at == '+') ++at;
  std::from_chars(at, end, exponent);
  std::string mantissa;
  for (const char c : text.substr(0, e)) {
    if (c != '.') mantissa.push_back(c);
  }
  // d1 stands for 10^exponent; kept are those down to 10^-digits.
  const int64_t kept = int64_t{exponent} + 1 + digits;
  if (kept >= static_cast<int64_t>(mantissa.size())) return value;
  if (kept < 0) return std::copysign(T{0}, value);
  const bool round_up = !truncate && mantissa[static_cast<size_t>(kept)] >= '5';
  mantissa.resize(static_cast<size_t>(kept));
  if (round_up) {
    size_t i = mantissa.size();
    while (i > 0 && mantissa[i - 1] == '9') mantissa[--i] = '0';
    if (i > 0) {
      ++mantissa[i - 1];
    } else {
      mantissa.insert(0, "1");
    }
  }
  if (mantissa.empty()) return std::copysign(T{0}, value);
  // The last digit kept stands for 10^-digits.
  const std::string rounded = fmt::format("{}e{}", mantissa, -digits);
  T result = 0;
  std::from_chars(rounded.data(), rounded.data() + rounded.size(), result);
  return std::copysign(result, value);
}

// An integer, or the unscaled value of a decimal, with `drop` digits made zero. True: it FAILED (overflow).
bool RoundInteger(Int128 value, int drop, bool truncate, Int128* out) {
  *out = value;
  if (drop <= 0) return false;
  *out = 0;
  if (drop > 38) return false;
  const Int128 unit = data::PowerOfTen(drop);
  Int128 units = value / unit;
  const Int128 rest = value % unit;
  if (!truncate) {
    if (rest >= unit / 2) ++units;
    if (rest <= -(unit / 2)) --units;
  }
  return __builtin_mul_overflow(units, unit, out);
}

template <typename T>
Kernel IntegerKernel(const DataType& type, bool truncate) {
  return TryBinary<T, T, int32_t>(
      type,
      [truncate](T value, int32_t digits, T* out) {
        Int128 rounded = 0;
        const bool failed = RoundInteger(value, digits < -39 ? 39 : -digits, truncate, &rounded);
        *out = static_cast<T>(rounded);
        return failed || *out != rounded;
      },
      [type](T value, int32_t digits) {
        return Error(ErrorCode::kNumericOutOfRange,
                     fmt::format("numeric out of range: ROUND({}, {}) does not fit {}", value, digits,
                                 type.WithNullable(true).ToString()));
      });
}

// What `type` becomes with a known number of digits; without one, it gains a digit for rounding up.
DataType DecimalType(const DataType& type, std::optional<int64_t> digits) {
  const int precision = type.precision();
  const int scale = type.scale();
  constexpr int kMost = limits::kDecimalPrecisionMax;
  if (!digits) return DataType::Decimal(std::min(precision + 1, kMost), scale);
  if (*digits >= scale) return DataType::Decimal(precision, scale);
  if (*digits < 0) return DataType::Decimal(std::min(precision - scale + 1, kMost), 0);
  const int kept = static_cast<int>(*digits);
  return DataType::Decimal(std::min(precision - scale + 1 + kept, kMost), kept);
}

template <typename R, typename A>
Kernel DecimalKernel(const DataType& from, const DataType& to, bool truncate) {
  return TryBinary<R, A, int32_t>(
      to,
      [from_scale = from.scale(), to_scale = to.scale(), precision = to.precision(), truncate](
          A value, int32_t digits, R* out) {
        Int128 rounded = 0;
        *out = 0;
        const int64_t drop = std::clamp<int64_t>(int64_t{from_scale} - digits, 0, 77);
        if (RoundInteger(value, static_cast<int>(drop), truncate, &rounded)) return true;
        const auto fitted = data::Rescale(rounded, from_scale, to_scale, precision);
        *out = static_cast<R>(fitted.value_or(0));
        return !fitted;
      },
      [from](A value, int32_t digits) {
        return Error(ErrorCode::kNumericOutOfRange,
                     fmt::format("numeric out of range: ROUND({}, {})",
                                 data::DecimalToString(value, from.scale()), digits));
      });
}

Kernel DecimalKernelOf(const DataType& from, const DataType& to, bool truncate) {
  const bool wide_from = from.physical() == PhysicalType::kInt128;
  const bool wide_to = to.physical() == PhysicalType::kInt128;
  if (wide_from) {
    return wide_to ? DecimalKernel<Int128, Int128>(from, to, truncate)
                   : DecimalKernel<int64_t, Int128>(from, to, truncate);
  }
  return wide_to ? DecimalKernel<Int128, int64_t>(from, to, truncate)
                 : DecimalKernel<int64_t, int64_t>(from, to, truncate);
}

Result<ExprPtr> BindRound(BoundArgs bound, bool truncate) {
  if (bound.size() == 1) bound.args.push_back(MakeLiteral(DataType::Int().NotNull(), data::Value::Int(0)));
  const DataType from = bound.type(0).WithNullable(true);
  switch (from.kind()) {
    case TypeKind::kTinyInt:
      return bound.Call(bound.Nullable(from), IntegerKernel<int8_t>(from, truncate));
    case TypeKind::kSmallInt:
      return bound.Call(bound.Nullable(from), IntegerKernel<int16_t>(from, truncate));
    case TypeKind::kInt:
      return bound.Call(bound.Nullable(from), IntegerKernel<int32_t>(from, truncate));
    case TypeKind::kBigInt:
      return bound.Call(bound.Nullable(from), IntegerKernel<int64_t>(from, truncate));
    case TypeKind::kFloat:
      return bound.Call(bound.Nullable(from),
                        MapBinary<float, float, int32_t>(from, [truncate](float v, int32_t digits) {
                          return RoundFloat(v, digits, truncate);
                        }));
    case TypeKind::kDouble:
      return bound.Call(bound.Nullable(from),
                        MapBinary<double, double, int32_t>(from, [truncate](double v, int32_t digits) {
                          return RoundDouble(v, digits, truncate);
                        }));
    default:
      break;
  }
  const data::Value digits = bound.LiteralValue(1);
  const DataType to = DecimalType(from, digits.is_null() ? std::nullopt : std::optional(digits.as_int()));
  return bound.Call(bound.Nullable(to), DecimalKernelOf(from, to, truncate));
}

template <typename R, typename A>
Kernel WholeDecimalKernel(const DataType& from, const DataType& to, bool ceil) {
  return MapUnary<R, A>(to, [unit = data::PowerOfTen(from.scale()), ceil](A value) {
    Int128 whole = value / unit;
    const Int128 rest = value % unit;
    if (ceil && rest > 0) ++whole;
    if (!ceil && rest < 0) --whole;
    return static_cast<R>(whole);
  });
}

}  // namespace

double RoundDouble(double value, int digits, bool truncate) {
  return RoundText(value, digits, truncate);
}
float RoundFloat(float value, int digits, bool truncate) {
  return RoundText(value, digits, truncate);
}

Result<ExprPtr> BindWholeNumber(BoundArgs bound, bool ceil) {
  const DataType from = bound.type(0);
  if (from.IsInteger()) return bound.args[0];
  if (from.kind() == TypeKind::kFloat) {
    return bound.Call(
        from, MapUnary<float, float>(from, [ceil](float v) { return ceil ? std::ceil(v) : std::floor(v); }));
  }
  if (from.kind() == TypeKind::kDouble) {
    return bound.Call(from, MapUnary<double, double>(
                                from, [ceil](double v) { return ceil ? std::ceil(v) : std::floor(v); }));
  }
  if (from.scale() == 0) return bound.args[0];
  const DataType to = DataType::Decimal(from.precision(), 0).WithNullable(from.nullable());
  if (from.physical() == PhysicalType::kInt64)
    return bound.Call(to, WholeDecimalKernel<int64_t, int64_t>(from, to, ceil));
  return bound.Call(to, WholeDecimalKernel<Int128, Int128>(from, to, ceil));
}

void RegisterRounding(Registry& registry) {
  Define(registry,
         {"arithmetic", "ROUND(x NUMERIC [, digits INT])",
          "The number rounded to digits behind the point, half away from zero"},
         [](BoundArgs bound) { return BindRound(std::move(bound), false); });
  Define(registry,
         {"arithmetic", "TRUNCATE(x NUMERIC [, digits INT])", "The number cut to digits behind the point"},
         [](BoundArgs bound) { return BindRound(std::move(bound), true); });
}

}  // namespace millrace::functions
