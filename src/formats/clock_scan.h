// The time of day in timestamps, read at once on the hot path.
#pragma once

#include "data/datetime.h"
#include "formats/scan.h"

namespace millrace::formats {

#if defined(__AVX2__)

// "12:30:05", or "12:30:05.123" with `has_fraction`, at p, into µs of the day. Returns 0, or
// anything else when its digits are not those of a time. The caller has compared what stands between the
// digits. Reads 16 bytes.
[[gnu::always_inline]] inline uint64_t ReadClock(const char* p, bool has_fraction, int64_t* micros) {
  // Two digits a 16-bit lane: hours, minutes, seconds, none, tenths, hundredths with thousandths.
  const __m128i with = _mm_setr_epi8(0, 1, 3, 4, 6, 7, -1, -1, -1, 9, 10, 11, -1, -1, -1, -1);
  const __m128i without = _mm_setr_epi8(0, 1, 3, 4, 6, 7, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const __m128i weights = _mm_set1_epi16(0x010A);
  const __m128i bounds = _mm_setr_epi16(23, 59, 59, 0, 9, 99, 0, 0);
  const __m128i units = _mm_setr_epi16(3600, 60, 1, 0, 100, 1, 0, 0);
  const __m128i bytes =
      _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), _mm_set1_epi8('0'));
  const __m128i digits = _mm_shuffle_epi8(bytes, has_fraction ? with : without);
  const __m128i pairs = _mm_maddubs_epi16(digits, weights);
  const __m128i nine = _mm_set1_epi8(9);
  const __m128i flaws =
      _mm_or_si128(_mm_xor_si128(_mm_max_epu8(digits, nine), nine), _mm_cmpgt_epi16(pairs, bounds));
  const __m128i sums = _mm_madd_epi16(pairs, units);
  const auto low = static_cast<uint64_t>(_mm_cvtsi128_si64(sums));
  const auto seconds = static_cast<int64_t>((low & 0xFFFFFFFF) + (low >> 32));
  *micros = seconds * data::kMicrosPerSecond + int64_t{_mm_extract_epi32(sums, 2)} * 1'000;
  return static_cast<uint64_t>(_mm_testz_si128(flaws, flaws) ^ 1);
}

#endif

}  // namespace millrace::formats
