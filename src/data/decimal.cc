#include "data/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace millrace::data {

namespace {

using UInt128 = unsigned __int128;

constexpr std::array<Int128, 39> MakePowers() {
  std::array<Int128, 39> powers{};
  Int128 power = 1;
  for (size_t i = 0; i < powers.size(); ++i) {
    powers[i] = power;
    if (i + 1 < powers.size()) power *= 10;
  }
  return powers;
}
constexpr std::array<Int128, 39> kPowers = MakePowers();

UInt128 Magnitude(Int128 value) {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

constexpr UInt128 kMagnitudeMax = ~UInt128{0} >> 1;

std::optional<Int128> WithSign(UInt128 magnitude, bool negative) {
  if (magnitude > kMagnitudeMax) return std::nullopt;
  const auto value = static_cast<Int128>(magnitude);
  return negative ? -value : value;
}

// Decimal digits of `value` into the end of `buffer`; returns their start.
char* WriteDigits(UInt128 value, char* end) {
  constexpr uint64_t kChunk = 10'000'000'000'000'000'000ull;
  while (value > ~uint64_t{0}) {
    auto low = static_cast<uint64_t>(value % kChunk);
    value /= kChunk;
    for (int i = 0; i < 19; ++i, low /= 10) *--end = static_cast<char>('0' + low % 10);
  }
  auto rest = static_cast<uint64_t>(value);
  do {
    *--end = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  return end;
}

}  // namespace

Int128 PowerOfTen(int exponent) {
  MR_DCHECK(exponent >= 0 && exponent <= 38);
  return kPowers[static_cast<size_t>(exponent)];
}

bool FitsPrecision(Int128 unscaled, int precision) {
  const Int128 bound = PowerOfTen(precision);
  return unscaled < bound && unscaled > -bound;
}

std::optional<Int128> Rescale(Int128 unscaled, int from_scale, int to_scale, int precision) {
  Int128 result = unscaled;
  if (to_scale > from_scale) {
    if (to_scale - from_scale > 38) return unscaled == 0 ? std::optional<Int128>(0) : std::nullopt;
    if (__builtin_mul_overflow(unscaled, PowerOfTen(to_scale - from_scale), &result)) return std::nullopt;
  } else if (to_scale < from_scale) {
    const int drop = from_scale - to_scale;
    if (drop > 38) return Int128{0};
    const Int128 divisor = PowerOfTen(drop);
    result = unscaled / divisor;
    const Int128 rest = unscaled % divisor;
    const Int128 half = divisor / 2;
    if (rest >= half) ++result;
    if (rest <= -half) --result;
  }
  if (!FitsPrecision(result, precision)) return std::nullopt;
  return result;
}

void AppendDecimal(Int128 unscaled, int scale, std::string* out) {
  char buffer[64];
  char* const end = buffer + sizeof(buffer);
  char* start = WriteDigits(Magnitude(unscaled), end);
  while (end - start <= scale) *--start = '0';
  if (unscaled < 0) out->push_back('-');
  out->append(start, static_cast<size_t>(end - start - scale));
  if (scale > 0) {
    out->push_back('.');
    out->append(end - scale, static_cast<size_t>(scale));
  }
}

std::string DecimalToString(Int128 unscaled, int scale) {
  std::string text;
  AppendDecimal(unscaled, scale, &text);
  return text;
}

namespace {

// "[+-]digits" of an exponent; far out of range is clamped, which is as good as exact here.
std::optional<int> ParseExponent(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  int exponent = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (exponent < 100'000'000) exponent = exponent * 10 + (c - '0');
  }
  return negative ? -exponent : exponent;
}

// "NaN", "inf", "Infinity", in any case.
bool IsNotFinite(std::string_view text) {
  return std::ranges::any_of(
      std::to_array<std::string_view>({"nan", "inf", "infinity"}), [&](std::string_view word) {
        return std::ranges::equal(text, word, [](char a, char b) { return (a | 0x20) == b; });
      });
}

}  // namespace

std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale) {
  size_t at = 0;
  bool negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';

  // The digits kept, as an integer times 10^exponent; beyond 38 digits only the first dropped one matters
  // for rounding half up, and it is reached exactly because dropped digits are counted.
  UInt128 digits = 0;
  int exponent = 0;
  int kept = 0;
  bool any = false;
  bool after_point = false;
  char first_dropped = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.') {
      if (after_point) return std::nullopt;
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (kept < 38) {
      digits = digits * 10 + static_cast<unsigned>(c - '0');
      if (digits != 0) ++kept;
      if (after_point) --exponent;
    } else {
      if (first_dropped == 0) first_dropped = c;
      if (!after_point) ++exponent;
    }
  }
  if (!any) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    const auto parsed = ParseExponent(text.substr(at + 1));
    if (!parsed) return std::nullopt;
    exponent += *parsed;
  }
  if (digits == 0) return Int128{0};

  const int shift = exponent + scale;  // the answer is digits * 10^shift
  if (shift > 38) return std::nullopt;
  if (shift < -38) return Int128{0};
  UInt128 result = digits;
  if (shift >= 0) {
    if (__builtin_mul_overflow(digits, static_cast<UInt128>(PowerOfTen(shift)), &result)) return std::nullopt;
    // More digits than 38 were given and none is cut by the scale: rounding decides at the first of them.
    if (shift == 0 && first_dropped >= '5') ++result;
  } else {
    const auto divisor = static_cast<UInt128>(PowerOfTen(-shift));
    result = digits / divisor;
    if (digits % divisor >= divisor / 2) ++result;
  }
  if (result >= static_cast<UInt128>(PowerOfTen(precision))) return std::nullopt;
  return WithSign(result, negative);
}

Result<ExactDecimal> ParseExactDecimal(std::string_view text) {
  constexpr size_t kDigitsMax = 38;
  const auto shown = [text] {
    constexpr size_t kShownBytes = 100;
    return std::string(text.substr(0, kShownBytes)) + (text.size() > kShownBytes ? "…" : "");
  };
  const auto invalid = [&] {
    return Fail(ErrorCode::kInvalidText, "'" + shown() + "' is not a valid DECIMAL");
  };
  const auto out_of_range = [&] {
    return Fail(ErrorCode::kNumericOutOfRange, "'" + shown() + "' is not exact as a DECIMAL of 38 digits");
  };
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (IsNotFinite(rest)) return out_of_range();
  std::string digits;
  int64_t scale = 0;
  bool any = false;
  bool after_point = false;
  while (!rest.empty() && rest[0] != 'e' && rest[0] != 'E') {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '.' && !after_point) {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (c != '0' || !digits.empty()) digits += c;
      if (after_point) ++scale;
    } else {
      return invalid();
    }
  }
  if (!any) return invalid();
  if (!rest.empty()) {
    const auto exponent = ParseExponent(rest.substr(1));
    if (!exponent) return invalid();
    scale -= *exponent;
  }
  if (digits.empty()) scale = std::clamp<int64_t>(scale, 0, kDigitsMax);
  while (scale > 0 && !digits.empty() && digits.back() == '0' &&
         (digits.size() > kDigitsMax || scale > static_cast<int64_t>(kDigitsMax))) {
    digits.pop_back();
    --scale;
  }
  if (scale > static_cast<int64_t>(kDigitsMax) || scale < -static_cast<int64_t>(kDigitsMax))
    return out_of_range();
  for (; scale < 0; ++scale) digits += '0';
  if (digits.size() > kDigitsMax) return out_of_range();
  ExactDecimal decimal;
  for (const char digit : digits) decimal.unscaled = decimal.unscaled * 10 + (digit - '0');
  if (negative) decimal.unscaled = -decimal.unscaled;
  decimal.scale = static_cast<int>(scale);
  decimal.precision = std::max({1, static_cast<int>(digits.size()), decimal.scale});
  return decimal;
}

double DecimalToDouble(Int128 unscaled, int scale) {
  // Both operands exact in a double: one correctly rounded division.
  constexpr Int128 kExactMax = Int128{1} << 53;
  if (scale <= 22 && unscaled <= kExactMax && unscaled >= -kExactMax) {
    return static_cast<double>(static_cast<int64_t>(unscaled)) / static_cast<double>(PowerOfTen(scale));
  }
  const std::string text = DecimalToString(unscaled, scale);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Int128> DoubleToDecimal(double value, int precision, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  // The shortest decimal text that reads back as this double is the number meant, as in Java.
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific).ptr;
  return ParseDecimal(std::string_view(buffer, static_cast<size_t>(end - buffer)), precision, scale);
}

std::optional<Int128> MultiplyExact(Int128 a, Int128 b) {
  Int128 product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

std::optional<Int128> DivideScaled(Int128 a, Int128 b, int shift) {
  const bool negative = (a < 0) != (b < 0);
  const UInt128 dividend = Magnitude(a);
  const UInt128 divisor = Magnitude(b);
  UInt128 quotient;
  UInt128 rest;
  UInt128 scaled;
  if (shift <= 38 && !__builtin_mul_overflow(dividend, static_cast<UInt128>(PowerOfTen(shift)), &scaled)) {
    if (scaled <= ~uint64_t{0} && divisor <= ~uint64_t{0}) {
      quotient = static_cast<uint64_t>(scaled) / static_cast<uint64_t>(divisor);
      rest = static_cast<uint64_t>(scaled) % static_cast<uint64_t>(divisor);
    } else {
      quotient = scaled / divisor;
      rest = scaled % divisor;
    }
  } else {
    // Long division, a decimal digit a step: ten times the rest by doublings, each below 2^128.
    quotient = dividend / divisor;
    rest = dividend % divisor;
    for (int i = 0; i < shift; ++i) {
      const UInt128 one = rest;
      unsigned digit = 0;
      const auto twice = [&] {
        rest += rest;
        digit += digit;
        if (rest >= divisor) {
          rest -= divisor;
          ++digit;
        }
      };
      twice();
      twice();
      rest += one;
      if (rest >= divisor) {
        rest -= divisor;
        ++digit;
      }
      twice();
      if (quotient > (kMagnitudeMax - digit) / 10) return std::nullopt;
      quotient = quotient * 10 + digit;
    }
  }
  if (rest >= divisor - rest) ++quotient;
  return WithSign(quotient, negative);
}

}  // namespace millrace::data
