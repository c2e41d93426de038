// Exact decimals: unscaled 128-bit integers with a type's precision and scale.
//
// All functions are pure. Overflow past 38 digits, or past the given precision, is an answer
// (nullopt or false), never a wrong value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/type.h"

namespace millrace::data {

// 10^exponent for exponent 0..38.
Int128 PowerOfTen(int exponent);

// Whether |unscaled| < 10^precision.
bool FitsPrecision(Int128 unscaled, int precision);

// The value at another scale, rounding half up (away from zero) as Flink does; nullopt: does not fit
// `precision`.
std::optional<Int128> Rescale(Int128 unscaled, int from_scale, int to_scale, int precision);

// "-12.30" for (-1230, 2). Writes exactly `scale` fractional digits.
std::string DecimalToString(Int128 unscaled, int scale);
void AppendDecimal(Int128 unscaled, int scale, std::string* out);

// Reads "[+-]digits[.digits][e[+-]digits]", rounding half up to `scale`; nullopt when it is not a number or
// does not fit. Surrounding spaces are not accepted.
std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale);

// A decimal with just the digits that it is written with.
struct ExactDecimal {
  Int128 unscaled = 0;
  int precision = 1;
  int scale = 0;
};
// Reads the same form without rounding: "1.50" has scale 2. Zeros at the end of the fraction go where 38
// digits are too few for them. kInvalidText: not a number; kNumericOutOfRange: it takes more than 38 digits,
// on either side of the point, or is NaN or infinite.
Result<ExactDecimal> ParseExactDecimal(std::string_view text);

double DecimalToDouble(Int128 unscaled, int scale);
std::optional<Int128> DoubleToDecimal(double value, int precision, int scale);

// a * b, exactly; nullopt when it does not fit 128 bits.
std::optional<Int128> MultiplyExact(Int128 a, Int128 b);
// round_half_up(a * 10^shift / b); b != 0, shift 0..76; nullopt when the quotient does not fit 128 bits.
std::optional<Int128> DivideScaled(Int128 a, Int128 b, int shift);

}  // namespace millrace::data
