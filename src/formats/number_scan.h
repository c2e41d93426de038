// Numbers on the hot paths: plain notation of up to 18 digits, read eight digits at a time. What these do
// not take (nullptr) the careful readers of scalar_text.h do.
//
// They read no more than 46 bytes from `p` on, those that are given an end also the eight before it.
#pragma once

#include "formats/scan.h"

namespace millrace::formats {

// A whole number of up to 18 digits at p; returns its end, or nullptr.
[[gnu::always_inline]] inline const char* ScanWhole(const char* p, int64_t* value) {
  const bool negative = *p == '-';
  p += negative;
  uint64_t magnitude = 0;
  const int count = ScanDigits(p, &magnitude);
  if (count == 0 || count > 18 || (*p == '0' && count > 1)) return nullptr;
  *value = negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
  return p + count;
}

// A number "whole[.fraction]" without exponent, as `digits` over 10^scale; at most 18 digits.
struct Fixed {
  bool negative;
  uint64_t digits;
  int scale;
};

[[gnu::always_inline]] inline const char* ScanFixed(const char* p, Fixed* fixed) {
  fixed->negative = *p == '-';
  p += fixed->negative;
  const int whole = ScanDigits(p, &fixed->digits);
  if (whole == 0 || whole > 18 || (*p == '0' && whole > 1)) return nullptr;
  p += whole;
  fixed->scale = 0;
  if (*p == '.') {
    uint64_t fraction = 0;
    const int count = ScanDigits(p + 1, &fraction);
    if (count == 0 || whole + count > 18) return nullptr;
    fixed->digits = fixed->digits * kPowersOfTen[count] + fraction;
    fixed->scale = count;
    p += 1 + count;
  }
  if ((*p | 0x20) == 'e') return nullptr;
  return p;
}

// What ScanFixed takes, for its end alone: at most 7 digits before the point and behind it.
inline const char* SkipFixed(const char* p) {
  p += *p == '-';
  const int whole = LeadingDigits(Load8(p));
  if (whole == 0 || whole > 7 || (*p == '0' && whole > 1)) return nullptr;
  p += whole;
  if (*p == '.') {
    const int count = LeadingDigits(Load8(p + 1));
    if (count == 0 || count > 7) return nullptr;
    p += 1 + count;
  }
  if ((*p | 0x20) == 'e') return nullptr;
  return p;
}

// 0 when all bytes of a word are digit values, 0 to 9.
inline uint64_t DigitFlaws(uint64_t word) {
  return (word | (word + 0x7676767676767676ull)) & 0x8080808080808080ull;
}

// The least number of so many digits.
inline constexpr uint64_t kLeastOfDigits[20] = {0,
                                                0,
                                                10ull,
                                                100ull,
                                                1000ull,
                                                10000ull,
                                                100000ull,
                                                1000000ull,
                                                10000000ull,
                                                100000000ull,
                                                1000000000ull,
                                                10000000000ull,
                                                100000000000ull,
                                                1000000000000ull,
                                                10000000000000ull,
                                                100000000000000ull,
                                                1000000000000000ull,
                                                10000000000000000ull,
                                                100000000000000000ull,
                                                1000000000000000000ull};

// Reads all of [p, end) as a whole number into *value; returns 0, or anything else when it is none that
// int64_t holds.
[[gnu::always_inline]] inline uint64_t ReadWhole(const char* p, const char* end, int64_t* value) {
  constexpr uint64_t kZeros = 0x3030303030303030ull;
  const bool negative = *p == '-';
  p += negative;
  const auto size = static_cast<size_t>(end - p);
  uint64_t magnitude;
  uint64_t flaws = 0;
  if (size - 1 < 8) [[likely]] {
    const uint64_t word = (Load8(p) ^ kZeros) << (64 - 8 * size);
    magnitude = CombineDigits(word);
    flaws = DigitFlaws(word);
  } else if (size - 1 < 19) {
    const uint64_t last = Load8(end - 8) ^ kZeros;
    uint64_t first = Load8(p) ^ kZeros;
    magnitude = CombineDigits(last);
    if (size > 16) {
      const uint64_t middle = Load8(end - 16) ^ kZeros;
      flaws = DigitFlaws(middle);
      first <<= 8 * (24 - size);
      magnitude += CombineDigits(middle) * kPowersOfTen[8] + CombineDigits(first) * kPowersOfTen[16];
    } else {
      first <<= 8 * (16 - size);
      magnitude += CombineDigits(first) * kPowersOfTen[8];
    }
    flaws |=
        DigitFlaws(last) | DigitFlaws(first) | uint64_t{magnitude > (uint64_t{1} << 63) - (negative ? 0 : 1)};
  } else {
    *value = 0;
    return 1;
  }
  flaws |= uint64_t{magnitude < kLeastOfDigits[size]};  // a zero in front
  const uint64_t sign = uint64_t{0} - uint64_t{negative};
  *value = static_cast<int64_t>((magnitude ^ sign) - sign);
  return flaws;
}

// What ReadShortFraction can be asked for.
inline bool IsShortFraction(int digits) {
  return digits >= 1 && digits <= 6;
}

// Reads all of [p, end), if it is a number with exactly so many digits behind the point and at most seven
// in all, into *value: the number times 10^fraction_digits. Returns 0, or anything else when it is none.
[[gnu::always_inline]] inline uint64_t ReadShortFraction(const char* p, const char* end, int fraction_digits,
                                                         int64_t* value) {
  constexpr uint64_t kZeros = 0x3030303030303030ull;
  const bool negative = *p == '-';
  p += negative;
  const auto size = static_cast<size_t>(end - p);
  const auto size_min = static_cast<size_t>(fraction_digits) + 2;
  if (size - size_min > 8 - size_min) return 1;
  // The point is taken out: what is before it moves up by a byte.
  const uint64_t word = Load8(end - 8);
  const int point_at = 8 * (7 - fraction_digits);
  const uint64_t before = (uint64_t{1} << point_at) - 1;
  uint64_t digits = ((word & before) << 8 | (word & ~(before << 8 | 0xFF))) ^ kZeros;
  const size_t unused = 72 - 8 * size;
  digits = digits >> unused << unused;
  const uint64_t magnitude = CombineDigits(digits);
  const uint64_t sign = uint64_t{0} - uint64_t{negative};
  *value = static_cast<int64_t>((magnitude ^ sign) - sign);
  // A zero in front is one only with another digit between it and the point.
  return DigitFlaws(digits) | (((word >> point_at) ^ '.') & 0xFF) |
         (uint64_t{*p == '0'} & uint64_t{size != size_min});
}

inline const char* ScanDecimal(const char* p, int precision, int scale, int64_t* value) {
  Fixed fixed;
  const char* end = ScanFixed(p, &fixed);
  if (end == nullptr || fixed.scale > scale) return nullptr;
  // Below 10^precision after scaling, hence below 10^(precision - shift) before it.
  const int shift = scale - fixed.scale;
  if (precision < shift || fixed.digits >= kPowersOfTen[precision - shift]) return nullptr;
  const auto magnitude = static_cast<int64_t>(fixed.digits * kPowersOfTen[shift]);
  *value = fixed.negative ? -magnitude : magnitude;
  return end;
}

// Exact when both the digits and the power of ten are doubles without rounding: one rounding remains.
inline const char* ScanDouble(const char* p, double* value) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                       1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  Fixed fixed;
  const char* end = ScanFixed(p, &fixed);
  if (end == nullptr || fixed.digits > (uint64_t{1} << 53)) return nullptr;
  const double magnitude = static_cast<double>(fixed.digits) / kPowers[fixed.scale];
  *value = fixed.negative ? -magnitude : magnitude;
  return end;
}

}  // namespace millrace::formats
