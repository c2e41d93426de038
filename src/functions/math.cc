// Mathematical functions, and numbers in other notations.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

#include "data/decimal.h"
#include "functions/builtin.h"
#include "functions/rounding.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::DataType;
using data::Int128;
using data::PhysicalType;
using data::TypeKind;

namespace {

constexpr std::string_view kCategory = "arithmetic";

using Function1 = double (*)(double);

void DefineDouble(Registry& registry, std::string_view signature, std::string_view summary, Function1 f) {
  const DataType type = DataType::Double();
  DefineKernel(registry, {kCategory, signature, summary}, type, MapUnary<double, double>(type, f));
}

void DefineTrigonometry(Registry& registry) {
  DefineDouble(registry, "SIN(x DOUBLE)", "Sine of an angle in radians",
               [](double x) { return std::sin(x); });
  DefineDouble(registry, "COS(x DOUBLE)", "Cosine of an angle in radians",
               [](double x) { return std::cos(x); });
  DefineDouble(registry, "TAN(x DOUBLE)", "Tangent of an angle in radians",
               [](double x) { return std::tan(x); });
  DefineDouble(registry, "COT(x DOUBLE)", "Cotangent of an angle in radians",
               [](double x) { return 1 / std::tan(x); });
  DefineDouble(registry, "ASIN(x DOUBLE)", "Arc sine, in radians", [](double x) { return std::asin(x); });
  DefineDouble(registry, "ACOS(x DOUBLE)", "Arc cosine, in radians", [](double x) { return std::acos(x); });
  DefineDouble(registry, "ATAN(x DOUBLE)", "Arc tangent, in radians", [](double x) { return std::atan(x); });
  DefineDouble(registry, "SINH(x DOUBLE)", "Hyperbolic sine", [](double x) { return std::sinh(x); });
  DefineDouble(registry, "COSH(x DOUBLE)", "Hyperbolic cosine", [](double x) { return std::cosh(x); });
  DefineDouble(registry, "TANH(x DOUBLE)", "Hyperbolic tangent", [](double x) { return std::tanh(x); });
  DefineDouble(registry, "DEGREES(x DOUBLE)", "Radians as degrees",
               [](double x) { return x * (180 / std::numbers::pi); });
  DefineDouble(registry, "RADIANS(x DOUBLE)", "Degrees as radians",
               [](double x) { return x * (std::numbers::pi / 180); });
  const DataType type = DataType::Double();
  DefineKernel(registry,
               {kCategory, "ATAN2(y DOUBLE, x DOUBLE)", "Arc tangent of the point (x, y), in radians"}, type,
               MapBinary<double, double, double>(type, [](double y, double x) { return std::atan2(y, x); }));
}

// A logarithm of a number that has none fails its row, as Flink raises an error.
Result<double> Logarithm(double base, double x) {
  if (!(x > 0)) {
    return Fail(ErrorCode::kNumericOutOfRange,
                fmt::format("numeric out of range: the logarithm of {}, which is not above 0", x));
  }
  if (!(base > 1)) {
    return Fail(ErrorCode::kNumericOutOfRange,
                fmt::format("numeric out of range: a logarithm to the base {}, which is not above 1", base));
  }
  if (base == 2) return std::log2(x);
  if (base == std::numbers::e) return std::log(x);
  return std::log(x) / std::log(base);
}

void DefineExponentials(Registry& registry) {
  const DataType type = DataType::Double();
  DefineDouble(registry, "EXP(x DOUBLE)", "e to the power x", [](double x) { return std::exp(x); });
  DefineDouble(registry, "SQRT(x DOUBLE)", "Square root", [](double x) { return std::sqrt(x); });
  DefineDouble(registry, "LN(x DOUBLE)", "Natural logarithm", [](double x) { return std::log(x); });
  DefineDouble(registry, "LOG10(x DOUBLE)", "Logarithm to the base 10",
               [](double x) { return std::log10(x); });
  DefineRow<double, double>(registry, {kCategory, "LOG2(x DOUBLE)", "Logarithm to the base 2"}, type,
                            [](double x) { return Logarithm(2, x); });
  DefineKernel(registry, {kCategory, "POWER(x DOUBLE, y DOUBLE)", "x to the power y"}, type,
               MapBinary<double, double, double>(type, [](double x, double y) { return std::pow(x, y); }));
  Define(registry,
         {kCategory, "LOG(x DOUBLE [, y DOUBLE])",
          "Natural logarithm of x; of y to the base x when there is a y"},
         [type](BoundArgs bound) -> Result<ExprPtr> {
           const auto natural = [](double x) { return Logarithm(std::numbers::e, x); };
           Kernel kernel = bound.size() == 1 ? RowKernel<double, double>(type, natural)
                                             : RowKernel<double, double, double>(type, Logarithm);
           return bound.Call(bound.Nullable(type), std::move(kernel));
         });
  const auto constant = [&](std::string_view signature, std::string_view summary, double value) {
    Define(registry, {kCategory, signature, summary}, [value](BoundArgs) -> Result<ExprPtr> {
      return MakeLiteral(DataType::Double().NotNull(), data::Value::Double(value));
    });
  };
  constant("PI()", "The number pi", std::numbers::pi);
  constant("E()", "The number e", std::numbers::e);
}

template <typename T>
Kernel AbsKernel(const DataType& type) {
  if constexpr (std::is_floating_point_v<T>) {
    return MapUnary<T, T>(type, [](T v) { return std::abs(v); });
  } else {
    return TryUnary<T, T>(
        type,
        [](T v, T* out) {
          const bool failed = v == std::numeric_limits<T>::min();
          *out = failed ? T{0} : static_cast<T>(v < 0 ? -v : v);
          return failed;
        },
        [type](T v) {
          return Error(ErrorCode::kNumericOutOfRange,
                       fmt::format("numeric out of range: ABS({}) does not fit {}",
                                   data::DecimalToString(v, 0), type.WithNullable(true).ToString()));
        });
  }
}

template <typename F>
Kernel WithNumber(const DataType& type, F f) {
  switch (type.physical()) {
    case PhysicalType::kInt8:
      return f.template operator()<int8_t>();
    case PhysicalType::kInt16:
      return f.template operator()<int16_t>();
    case PhysicalType::kInt32:
      return f.template operator()<int32_t>();
    case PhysicalType::kInt64:
      return f.template operator()<int64_t>();
    case PhysicalType::kInt128:
      return f.template operator()<Int128>();
    case PhysicalType::kFloat:
      return f.template operator()<float>();
    default:
      return f.template operator()<double>();
  }
}

Result<ExprPtr> BindSign(BoundArgs bound) {
  const DataType from = bound.type(0);
  DataType type = from;
  Int128 one = 1;
  if (from.kind() == TypeKind::kDecimal) {
    // 1 needs a digit before the point.
    if (from.precision() == from.scale()) {
      const int scale = std::min(from.scale(), limits::kDecimalPrecisionMax - 1);
      type = DataType::Decimal(scale + 1, scale).WithNullable(from.nullable());
    }
    one = data::PowerOfTen(type.scale());
  }
  Kernel kernel = WithNumber(from, [&]<typename A>() -> Kernel {
    const auto make = [&]<typename R>() {
      return MapUnary<R, A>(type, [unit = static_cast<R>(one)](A v) -> R {
        if constexpr (std::is_floating_point_v<A>) {
          if (std::isnan(v)) return v;
        }
        return v > 0 ? unit : (v < 0 ? static_cast<R>(-unit) : R{0});
      });
    };
    if (from.kind() == TypeKind::kDecimal) {
      if (type.physical() == PhysicalType::kInt64) return make.template operator()<int64_t>();
      return make.template operator()<Int128>();
    }
    return make.template operator()<A>();
  });
  return bound.Call(type, std::move(kernel));
}

void AppendBinary(uint64_t value, std::string* out) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value, 2).ptr;
  out->append(digits, static_cast<size_t>(end - digits));
}

void AppendHex(uint64_t value, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{:X}", value);
}

void AppendHexBytes(std::string_view bytes, std::string* out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : bytes) {
    out->push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out->push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
  return -1;
}

// NULL for text that is not hexadecimal. The first digit of an odd number of them is dropped to zero, as
// Flink does: '146' is 00 46.
bool ReadHex(std::string_view text, std::string* out) {
  if (text.size() % 2 != 0) {
    if (HexDigit(text[0]) < 0) return false;
    out->push_back('\0');
    text.remove_prefix(1);
  }
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out->push_back(static_cast<char>(high * 16 + low));
  }
  return true;
}

void DefineNotations(Registry& registry) {
  DefineString<int64_t>(registry, {kCategory, "BIN(x BIGINT)", "The integer in binary digits"},
                        [](int64_t v, std::string* out) { AppendBinary(static_cast<uint64_t>(v), out); });
  Define(registry,
         {kCategory, "HEX(x INTEGER|STRING|BYTES)",
          "The integer, or the bytes of the text, in hexadecimal digits"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           const DataType type = DataType::String();
           if (!bound.type(0).IsInteger()) {
             return bound.Call(bound.Nullable(type), StringKernel<std::string_view>(type, AppendHexBytes));
           }
           MR_ASSIGN(bound.args[0], Coerce(bound.args[0], DataType::BigInt(), bound.context));
           return bound.Call(bound.Nullable(type),
                             StringKernel<int64_t>(type, [](int64_t v, std::string* out) {
                               AppendHex(static_cast<uint64_t>(v), out);
                             }));
         });
  Define(registry,
         {kCategory, "UNHEX(text STRING)",
          "The bytes that hexadecimal digits stand for; NULL where they are none"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           const DataType type = DataType::Bytes();
           return bound.Call(type, StringKernel<std::string_view>(type, ReadHex));
         });
}

}  // namespace

void RegisterMath(Registry& registry) {
  Define(registry, {kCategory, "ABS(x NUMERIC)", "The number without its sign"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           const DataType type = bound.type(0);
           return bound.Call(type, WithNumber(type, [&]<typename T>() { return AbsKernel<T>(type); }));
         });
  Define(registry, {kCategory, "SIGN(x NUMERIC)", "-1, 0 or 1, of the number's type"}, BindSign);
  DefineExponentials(registry);
  DefineTrigonometry(registry);
  DefineNotations(registry);
  RegisterRounding(registry);
  RegisterRandom(registry);
}

}  // namespace millrace::functions
