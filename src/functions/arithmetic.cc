// + - * / % and negation of numbers.
//
// Overflow of an exact type fails its row ("numeric out of range"), so no sum is ever wrong. Division of
// integers truncates; division by zero fails the row for exact types and is IEEE's for approximate ones.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "data/decimal.h"
#include "functions/builtin.h"
#include "functions/datetime_arithmetic.h"
#include "functions/signature.h"
#include "functions/type_rules.h"

namespace millrace::functions {

using data::DataType;
using data::Int128;
using data::PhysicalType;
using data::TypeKind;

namespace {

enum class Operation : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kRemainder };

constexpr char Symbol(Operation operation) {
  return "+-*/%"[static_cast<size_t>(operation)];
}

Error OutOfRange(std::string left, Operation operation, std::string right, const DataType& type) {
  return Error(ErrorCode::kNumericOutOfRange,
               fmt::format("numeric out of range: {} {} {} does not fit {}", left, Symbol(operation), right,
                           type.WithNullable(true).ToString()));
}

Error DivisionByZero(std::string left, Operation operation) {
  return Error(ErrorCode::kDivisionByZero, fmt::format("division by zero: {} {} 0", left, Symbol(operation)));
}

bool IsDivision(Operation operation) {
  return operation >= Operation::kDivide;
}

// One operation on two integers of one type; the answer is whether it FAILED. That of a sum is a number
// whose top bit tells: a sum overflows when its sign differs from both operands', a difference when it
// differs from the first's and that from the second's.
template <Operation kOperation, typename T>
auto Compute(T a, T b, T* out) {
  using U = std::make_unsigned_t<T>;
  if constexpr (kOperation == Operation::kAdd) {
    const auto sum = static_cast<U>(static_cast<U>(a) + static_cast<U>(b));
    *out = static_cast<T>(sum);
    return static_cast<U>((static_cast<U>(a) ^ sum) & (static_cast<U>(b) ^ sum));
  } else if constexpr (kOperation == Operation::kSubtract) {
    const auto difference = static_cast<U>(static_cast<U>(a) - static_cast<U>(b));
    *out = static_cast<T>(difference);
    return static_cast<U>((static_cast<U>(a) ^ static_cast<U>(b)) & (static_cast<U>(a) ^ difference));
  } else if constexpr (kOperation == Operation::kMultiply) {
    if constexpr (sizeof(T) == 8) {
      return __builtin_mul_overflow(a, b, out);
    } else {
      const int64_t product = int64_t{a} * b;
      *out = static_cast<T>(product);
      return *out != product;
    }
  } else if constexpr (kOperation == Operation::kDivide) {
    const bool failed = b == 0 || (b == -1 && a == std::numeric_limits<T>::min());
    *out = failed ? T{0} : static_cast<T>(a / b);
    return failed;
  } else {
    const bool by_minus_one = b == -1;  // min % -1 traps, and is 0
    *out = b == 0 || by_minus_one ? T{0} : static_cast<T>(a % b);
    return b == 0;
  }
}

template <Operation kOperation, typename T>
Kernel IntegerKernel(const DataType& type) {
  return TryBinary<T, T, T>(
      type, [](T a, T b, T* out) { return Compute<kOperation, T>(a, b, out); },
      [type](T a, T b) {
        if (IsDivision(kOperation) && b == 0) return DivisionByZero(std::to_string(a), kOperation);
        return OutOfRange(std::to_string(a), kOperation, std::to_string(b), type);
      });
}

template <Operation kOperation>
Kernel IntegerKernelOf(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return IntegerKernel<kOperation, int8_t>(type);
    case TypeKind::kSmallInt:
      return IntegerKernel<kOperation, int16_t>(type);
    case TypeKind::kInt:
      return IntegerKernel<kOperation, int32_t>(type);
    default:
      return IntegerKernel<kOperation, int64_t>(type);
  }
}

template <Operation kOperation, typename T>
Kernel FloatingKernel(const DataType& type) {
  return MapBinary<T, T, T>(type, [](T a, T b) -> T {
    if constexpr (kOperation == Operation::kAdd) {
      return a + b;
    } else if constexpr (kOperation == Operation::kSubtract) {
      return a - b;
    } else if constexpr (kOperation == Operation::kMultiply) {
      return a * b;
    } else if constexpr (kOperation == Operation::kDivide) {
      return a / b;
    } else {
      return std::fmod(a, b);
    }
  });
}

// What a decimal operation needs to know of its types.
struct DecimalShape {
  int scale_a;
  int scale_b;
  int scale;
  int precision;
  // For + - %: factors that bring both sides to the larger scale.
  Int128 factor_a;
  Int128 factor_b;
};

// a * b with `drop` digits rounded off; the product may need 256 bits. True: it FAILED.
bool MultiplyDropping(Int128 a, Int128 b, int drop, int precision, Int128* out) {
  Int128 product;
  if (!__builtin_mul_overflow(a, b, &product)) {
    const auto rescaled = data::Rescale(product, drop, 0, precision);
    *out = rescaled.value_or(0);
    return !rescaled;
  }
  *out = 0;
  if (drop == 0) return true;
  // Magnitudes as limbs of 64 bits, low first.
  using UInt128 = unsigned __int128;
  const auto magnitude = [](Int128 v) {
    return v < 0 ? UInt128{0} - static_cast<UInt128>(v) : static_cast<UInt128>(v);
  };
  const UInt128 x = magnitude(a);
  const UInt128 y = magnitude(b);
  uint64_t limbs[4] = {0, 0, 0, 0};
  const uint64_t x_limbs[2] = {static_cast<uint64_t>(x), static_cast<uint64_t>(x >> 64)};
  const uint64_t y_limbs[2] = {static_cast<uint64_t>(y), static_cast<uint64_t>(y >> 64)};
  for (int i = 0; i < 2; ++i) {
    uint64_t carry = 0;
    for (int j = 0; j < 2; ++j) {
      const UInt128 sum = static_cast<UInt128>(x_limbs[i]) * y_limbs[j] + limbs[i + j] + carry;
      limbs[i + j] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
    }
    limbs[i + 2] = carry;
  }
  const auto divide = [&](uint64_t divisor) {
    UInt128 rest = 0;
    for (int i = 3; i >= 0; --i) {
      const UInt128 part = rest << 64 | limbs[i];
      limbs[i] = static_cast<uint64_t>(part / divisor);
      rest = part % divisor;
    }
    return static_cast<uint64_t>(rest);
  };
  // All digits but the last are cut; the last one decides the rounding.
  for (int left = drop - 1; left > 0;) {
    const int step = std::min(left, 18);
    divide(static_cast<uint64_t>(data::PowerOfTen(step)));
    left -= step;
  }
  const bool round_up = divide(10) >= 5;
  if (limbs[3] != 0 || limbs[2] != 0 || (limbs[1] >> 63) != 0) return true;
  auto result = static_cast<Int128>(static_cast<UInt128>(limbs[1]) << 64 | limbs[0]);
  if (round_up) ++result;
  if ((a < 0) != (b < 0)) result = -result;
  *out = result;
  return !data::FitsPrecision(result, precision);
}

template <Operation kOperation>
bool ComputeDecimal(const DecimalShape& shape, Int128 a, Int128 b, Int128* out) {
  if constexpr (kOperation == Operation::kMultiply) {
    return MultiplyDropping(a, b, shape.scale_a + shape.scale_b - shape.scale, shape.precision, out);
  } else if constexpr (kOperation == Operation::kDivide) {
    *out = 0;
    if (b == 0) return true;
    // a / 10^sa / (b / 10^sb) at the result's scale. A negative shift would drop digits: it cannot occur,
    // the quotient's scale is never below sa - sb.
    const auto quotient = data::DivideScaled(a, b, shape.scale - shape.scale_a + shape.scale_b);
    if (!quotient || !data::FitsPrecision(*quotient, shape.precision)) return true;
    *out = *quotient;
    return false;
  } else {
    Int128 x;
    Int128 y;
    *out = 0;
    if (__builtin_mul_overflow(a, shape.factor_a, &x) || __builtin_mul_overflow(b, shape.factor_b, &y))
      return true;
    Int128 exact;
    if constexpr (kOperation == Operation::kAdd) {
      if (__builtin_add_overflow(x, y, &exact)) return true;
    } else if constexpr (kOperation == Operation::kSubtract) {
      if (__builtin_sub_overflow(x, y, &exact)) return true;
    } else {
      if (y == 0) return true;
      exact = x % y;
    }
    const auto rescaled =
        data::Rescale(exact, std::max(shape.scale_a, shape.scale_b), shape.scale, shape.precision);
    *out = rescaled.value_or(0);
    return !rescaled;
  }
}

template <Operation kOperation, typename R, typename A, typename B>
Kernel DecimalKernel(const DataType& type, const DecimalShape& shape) {
  if constexpr (sizeof(R) == 8 && (kOperation == Operation::kAdd || kOperation == Operation::kSubtract)) {
    // A result of at most 18 digits has one more than either side at the common scale: no overflow.
    // Unsigned, because what lies under a NULL may wrap.
    const auto factor_a = static_cast<uint64_t>(shape.factor_a);
    const auto factor_b = static_cast<uint64_t>(shape.factor_b);
    return MapBinary<int64_t, uint64_t, uint64_t>(type, [factor_a, factor_b](uint64_t a, uint64_t b) {
      const uint64_t x = a * factor_a;
      const uint64_t y = b * factor_b;
      return static_cast<int64_t>(kOperation == Operation::kAdd ? x + y : x - y);
    });
  } else if constexpr (sizeof(R) == 8 && kOperation == Operation::kMultiply) {
    // The precision is that of both sides together, so the product fits and no digit is dropped.
    return MapBinary<int64_t, uint64_t, uint64_t>(
        type, [](uint64_t a, uint64_t b) { return static_cast<int64_t>(a * b); });
  } else {
    return TryBinary<R, A, B>(
        type,
        [shape](A a, B b, R* out) {
          Int128 result;
          const bool failed = ComputeDecimal<kOperation>(shape, a, b, &result);
          *out = static_cast<R>(result);
          return failed;
        },
        [shape, type](A a, B b) {
          if (IsDivision(kOperation) && b == 0)
            return DivisionByZero(data::DecimalToString(a, shape.scale_a), kOperation);
          return OutOfRange(data::DecimalToString(a, shape.scale_a), kOperation,
                            data::DecimalToString(b, shape.scale_b), type);
        });
  }
}

template <Operation kOperation, typename R>
Kernel DecimalKernelOf(const DataType& type, const DataType& a, const DataType& b,
                       const DecimalShape& shape) {
  const bool wide_a = a.physical() == PhysicalType::kInt128;
  const bool wide_b = b.physical() == PhysicalType::kInt128;
  if (wide_a) {
    return wide_b ? DecimalKernel<kOperation, R, Int128, Int128>(type, shape)
                  : DecimalKernel<kOperation, R, Int128, int64_t>(type, shape);
  }
  return wide_b ? DecimalKernel<kOperation, R, int64_t, Int128>(type, shape)
                : DecimalKernel<kOperation, R, int64_t, int64_t>(type, shape);
}

DataType DecimalResult(Operation operation, const DataType& a, const DataType& b) {
  switch (operation) {
    case Operation::kAdd:
    case Operation::kSubtract:
      return DecimalSumType(a, b);
    case Operation::kMultiply:
      return DecimalProductType(a, b);
    case Operation::kDivide:
      return DecimalQuotientType(a, b);
    case Operation::kRemainder:
      return DecimalRemainderType(a, b);
  }
  MR_UNREACHABLE();
}

template <Operation kOperation>
Result<ExprPtr> BindDecimal(BoundArgs bound) {
  for (ExprPtr& arg : bound.args) {
    if (arg->type().kind() == TypeKind::kDecimal) continue;
    MR_ASSIGN(arg, MakeCast(arg, AsDecimal(arg->type()), /*is_try=*/false, bound.context));
  }
  const DataType& a = bound.type(0);
  const DataType& b = bound.type(1);
  const DataType type = DecimalResult(kOperation, a, b);
  const int common = std::max(a.scale(), b.scale());
  const DecimalShape shape{a.scale(),
                           b.scale(),
                           type.scale(),
                           type.precision(),
                           data::PowerOfTen(common - a.scale()),
                           data::PowerOfTen(common - b.scale())};
  Kernel kernel = type.physical() == PhysicalType::kInt64
                      ? DecimalKernelOf<kOperation, int64_t>(type, a, b, shape)
                      : DecimalKernelOf<kOperation, Int128>(type, a, b, shape);
  return bound.Call(bound.Nullable(type), std::move(kernel));
}

template <Operation kOperation>
Result<ExprPtr> BindNumeric(BoundArgs bound) {
  const auto is_decimal = [&](size_t i) { return bound.type(i).kind() == TypeKind::kDecimal; };
  const bool approximate = bound.type(0).IsApproximate() || bound.type(1).IsApproximate();
  if (!approximate && (is_decimal(0) || is_decimal(1))) return BindDecimal<kOperation>(std::move(bound));
  const DataType common = CommonTypeOf(bound.type(0), bound.type(1))->WithNullable(true);
  // The remainder is below the divisor, and has its type.
  const DataType type = kOperation == Operation::kRemainder && common.IsInteger() ? bound.type(1) : common;
  for (ExprPtr& arg : bound.args) {
    MR_ASSIGN(arg, Coerce(arg, common, bound.context));
  }
  if (common.kind() == TypeKind::kFloat) {
    return bound.Call(bound.Nullable(type), FloatingKernel<kOperation, float>(type));
  }
  if (common.kind() == TypeKind::kDouble) {
    return bound.Call(bound.Nullable(type), FloatingKernel<kOperation, double>(type));
  }
  ExprPtr call = bound.Call(bound.Nullable(common), IntegerKernelOf<kOperation>(common));
  if (type.kind() == common.kind()) return call;
  return MakeCast(std::move(call), type, /*is_try=*/false, bound.context);
}

template <Operation kOperation>
Result<ExprPtr> BindArithmetic(BoundArgs bound, std::string_view shown) {
  // An untyped NULL takes the type of the other side.
  for (size_t i = 0; i < 2; ++i) {
    if (bound.type(i).kind() != TypeKind::kNull) continue;
    const DataType& other = bound.type(1 - i);
    const DataType type = other.kind() == TypeKind::kNull ? DataType::Int()
                          : other.IsDatetime()            ? DataType::IntervalDayTime()
                                                          : other;
    bound.args[i] = MakeLiteral(type.WithNullable(true), data::Value::Null());
  }
  if (bound.type(0).IsNumeric() && bound.type(1).IsNumeric())
    return BindNumeric<kOperation>(std::move(bound));
  if constexpr (kOperation == Operation::kAdd) {
    if (auto call = BindDatetimeSum(bound)) return *call;
  } else if constexpr (kOperation == Operation::kSubtract) {
    if (auto call = BindDatetimeDifference(bound)) return *call;
  } else if constexpr (kOperation == Operation::kMultiply) {
    if (auto call = BindIntervalProduct(bound)) return *call;
  }
  return std::unexpected(BadArguments(bound.name, bound.args, shown));
}

template <typename T>
Kernel NegateKernel(const DataType& type) {
  if constexpr (std::is_floating_point_v<T>) {
    return MapUnary<T, T>(type, [](T v) { return -v; });
  } else {
    return TryUnary<T, T>(
        type,
        [](T v, T* out) {
          const bool failed = v == std::numeric_limits<T>::min();
          *out = failed ? T{0} : static_cast<T>(-v);
          return failed;
        },
        [type](T v) {
          return Error(ErrorCode::kNumericOutOfRange,
                       fmt::format("numeric out of range: -({}) does not fit {}", data::DecimalToString(v, 0),
                                   type.WithNullable(true).ToString()));
        });
  }
}

Result<ExprPtr> BindNegate(BoundArgs bound) {
  if (bound.type(0).kind() == TypeKind::kNull) {
    bound.args[0] = MakeLiteral(DataType::Int(), data::Value::Null());
  }
  const DataType type = bound.type(0);
  if (!type.IsNumeric() && !type.IsInterval())
    return std::unexpected(BadArguments("-", bound.args, "-(number or interval)"));
  switch (type.physical()) {
    case PhysicalType::kInt8:
      return bound.Call(type, NegateKernel<int8_t>(type));
    case PhysicalType::kInt16:
      return bound.Call(type, NegateKernel<int16_t>(type));
    case PhysicalType::kInt32:
      return bound.Call(type, NegateKernel<int32_t>(type));
    case PhysicalType::kInt64:
      return bound.Call(type, NegateKernel<int64_t>(type));
    case PhysicalType::kInt128:
      return bound.Call(type, NegateKernel<Int128>(type));
    case PhysicalType::kFloat:
      return bound.Call(type, NegateKernel<float>(type));
    default:
      return bound.Call(type, NegateKernel<double>(type));
  }
}

template <Operation kOperation>
void DefineOperator(Registry& registry, std::string_view signature, std::string_view summary,
                    std::string_view shown) {
  Define(registry, {"arithmetic", signature, summary, shown},
         [shown](BoundArgs bound) { return BindArithmetic<kOperation>(std::move(bound), shown); });
}

}  // namespace

void RegisterArithmetic(Registry& registry) {
  DefineOperator<Operation::kAdd>(registry, "+(ANY, ANY)", "Sum; a date or time plus an interval",
                                  "number + number, date or time + interval");
  DefineOperator<Operation::kSubtract>(registry, "-(ANY, ANY)",
                                       "Difference; a date or time minus an interval or another",
                                       "number - number, date or time - interval, timestamp - timestamp");
  DefineOperator<Operation::kMultiply>(registry, "*(ANY, ANY)", "Product; an interval times a number",
                                       "number * number, interval * number");
  DefineOperator<Operation::kDivide>(registry, "/(ANY, ANY)", "Quotient; of integers, cut toward zero",
                                     "number / number");
  DefineOperator<Operation::kRemainder>(registry, "%(ANY, ANY)", "Remainder, with the sign of the dividend",
                                        "number % number");
  registry.AddAlias("MOD", "%");
  Define(registry, {"arithmetic", "NEGATE(x ANY)", "The number or interval with its sign changed", "-x"},
         BindNegate);
}

}  // namespace millrace::functions
