// Numbers on the hot paths: plain notation of up to 18 digits, read eight digits at a time. What these do
// not take (nullptr) the careful readers of scalar_text.h do.
//
// They read no more than 46 bytes from `p` on.
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
