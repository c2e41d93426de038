// Casts between numbers and booleans.
#include <cmath>
#include <limits>
#include <type_traits>

#include "data/decimal.h"
#include "functions/cast_column.h"

namespace millrace::functions {

using data::DataType;
using data::Int128;
using data::PhysicalType;
using data::TypeKind;

namespace {

template <typename F>
ColumnCaster WithInteger(const DataType& type, F f) {
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return f.template operator()<int8_t>();
    case TypeKind::kSmallInt:
      return f.template operator()<int16_t>();
    case TypeKind::kInt:
      return f.template operator()<int32_t>();
    default:
      return f.template operator()<int64_t>();
  }
}

template <typename F>
ColumnCaster WithDecimal(const DataType& type, F f) {
  if (type.physical() == PhysicalType::kInt64) return f.template operator()<int64_t>();
  return f.template operator()<Int128>();
}

template <typename F>
ColumnCaster WithFloating(const DataType& type, F f) {
  if (type.kind() == TypeKind::kFloat) return f.template operator()<float>();
  return f.template operator()<double>();
}

template <typename R>
bool Narrow(Int128 value, R* out) {
  *out = static_cast<R>(value);
  return value < std::numeric_limits<R>::min() || value > std::numeric_limits<R>::max();
}

ColumnCaster FromInteger(const DataType& from, const DataType& to) {
  return WithInteger(from, [&]<typename A>() -> ColumnCaster {
    if (to.IsInteger()) {
      return WithInteger(to, [&]<typename R>() -> ColumnCaster {
        if constexpr (sizeof(R) >= sizeof(A)) {
          return MapCaster<R, A>(to, [](A v) { return static_cast<R>(v); });
        } else {
          return TryCaster<R, A>(to, [](A v, R* out) {
            *out = static_cast<R>(v);
            return *out != v;
          });
        }
      });
    }
    if (to.IsApproximate()) {
      return WithFloating(
          to, [&]<typename R>() { return MapCaster<R, A>(to, [](A v) { return static_cast<R>(v); }); });
    }
    if (to.kind() == TypeKind::kBoolean) {
      return MapCaster<uint8_t, A>(to, [](A v) { return static_cast<uint8_t>(v != 0); });
    }
    return WithDecimal(to, [&]<typename R>() {
      return TryCaster<R, A>(to, [power = data::PowerOfTen(to.scale()),
                                  bound = data::PowerOfTen(to.precision() - to.scale())](A v, R* out) {
        const bool fits = v < bound && v > -bound;
        *out = fits ? static_cast<R>(v * power) : R{0};
        return !fits;
      });
    });
  });
}

ColumnCaster FromDecimal(const DataType& from, const DataType& to) {
  const int from_scale = from.scale();
  return WithDecimal(from, [&]<typename A>() -> ColumnCaster {
    if (to.IsInteger()) {
      return WithInteger(to, [&]<typename R>() {
        return TryCaster<R, A>(to, [power = data::PowerOfTen(from_scale)](A v, R* out) {
          return Narrow<R>(v / power, out);  // toward zero
        });
      });
    }
    if (to.IsApproximate()) {
      return WithFloating(to, [&]<typename R>() {
        return MapCaster<R, A>(
            to, [from_scale](A v) { return static_cast<R>(data::DecimalToDouble(v, from_scale)); });
      });
    }
    if (to.kind() == TypeKind::kBoolean) {
      return MapCaster<uint8_t, A>(to, [](A v) { return static_cast<uint8_t>(v != 0); });
    }
    return WithDecimal(to, [&]<typename R>() {
      return TryCaster<R, A>(to,
                             [from_scale, to_scale = to.scale(), precision = to.precision()](A v, R* out) {
                               const auto rescaled = data::Rescale(v, from_scale, to_scale, precision);
                               *out = rescaled ? static_cast<R>(*rescaled) : R{0};
                               return !rescaled;
                             });
    });
  });
}

ColumnCaster FromFloating(const DataType& from, const DataType& to) {
  return WithFloating(from, [&]<typename A>() -> ColumnCaster {
    if (to.IsInteger()) {
      return WithInteger(to, [&]<typename R>() {
        return TryCaster<R, A>(to, [](A v, R* out) {
          // The bounds are powers of two, exact as A; toward zero in between. NaN is outside.
          const A limit = std::ldexp(A{1}, std::numeric_limits<R>::digits);
          const A whole = std::trunc(v);
          const bool fits = whole >= -limit && whole < limit;
          *out = fits ? static_cast<R>(whole) : R{0};
          return !fits;
        });
      });
    }
    if (to.IsApproximate()) {
      return WithFloating(
          to, [&]<typename R>() { return MapCaster<R, A>(to, [](A v) { return static_cast<R>(v); }); });
    }
    if (to.kind() == TypeKind::kBoolean) return nullptr;
    return WithDecimal(to, [&]<typename R>() {
      return TryCaster<R, A>(to, [scale = to.scale(), precision = to.precision()](A v, R* out) {
        const auto decimal = data::DoubleToDecimal(static_cast<double>(v), precision, scale);
        *out = decimal ? static_cast<R>(*decimal) : R{0};
        return !decimal;
      });
    });
  });
}

ColumnCaster FromBoolean(const DataType& to) {
  if (to.IsInteger()) {
    return WithInteger(
        to, [&]<typename R>() { return MapCaster<R, uint8_t>(to, [](uint8_t v) { return R(v != 0); }); });
  }
  if (to.IsApproximate()) {
    return WithFloating(
        to, [&]<typename R>() { return MapCaster<R, uint8_t>(to, [](uint8_t v) { return R(v != 0); }); });
  }
  return WithDecimal(to, [&]<typename R>() {
    return TryCaster<R, uint8_t>(to, [power = data::PowerOfTen(to.scale()),
                                      has_integers = to.precision() > to.scale()](uint8_t v, R* out) {
      *out = v != 0 && has_integers ? static_cast<R>(power) : R{0};
      return v != 0 && !has_integers;
    });
  });
}

}  // namespace

ColumnCaster FindNumericCaster(const DataType& from, const DataType& to) {
  if (!to.IsNumeric() && to.kind() != TypeKind::kBoolean) return nullptr;
  if (from.kind() == TypeKind::kBoolean) return to.IsNumeric() ? FromBoolean(to) : nullptr;
  if (from.IsInteger()) return FromInteger(from, to);
  if (from.kind() == TypeKind::kDecimal) return FromDecimal(from, to);
  if (from.IsApproximate()) return FromFloating(from, to);
  return nullptr;
}

}  // namespace millrace::functions
