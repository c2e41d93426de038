// Scanning primitives of the decoders' hot paths: digits eight at a time, strings 32 bytes at a time.
//
// Free functions over raw pointers. Those that read whole words say how many bytes beyond `p` must be
// readable: kScanPadding covers any of them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "data/string_ref.h"

namespace millrace::formats {

// Bytes that must be readable from any position at which a hot-path primitive starts.
inline constexpr size_t kScanPadding = 64;

inline uint64_t Load8(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

inline uint32_t Load4(const char* p) {
  uint32_t word;
  std::memcpy(&word, p, 4);
  return word;
}

inline bool IsDigit(char c) {
  return static_cast<unsigned char>(c - '0') <= 9;
}

inline constexpr uint64_t kPowersOfTen[20] = {1ull,
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
                                              1000000000000000000ull,
                                              10000000000000000000ull};

// How many bytes of a little-endian word are digits before the first that is none (0..8). A carry or
// borrow can only disturb bytes behind that first one.
inline int LeadingDigits(uint64_t word) {
  const uint64_t flags =
      ((word + 0x4646464646464646ull) | (word - 0x3030303030303030ull)) & 0x8080808080808080ull;
  return flags == 0 ? 8 : std::countr_zero(flags) >> 3;
}

// The number that eight digit values (0..9, most significant in the lowest byte) denote.
inline uint64_t CombineDigits(uint64_t digits) {
  digits = digits * 10 + (digits >> 8);
  const uint64_t low = (digits & 0x000000FF000000FFull) * 0x000F424000000064ull;
  const uint64_t high = ((digits >> 16) & 0x000000FF000000FFull) * 0x0000271000000001ull;
  return (low + high) >> 32;
}

// Reads the digits at p into *value and returns how many there are; 20 stands for "20 or more" (the value
// is then meaningless). Reads 24 bytes.
[[gnu::always_inline]] inline int ScanDigits(const char* p, uint64_t* value) {
  constexpr uint64_t kZeros = 0x3030303030303030ull;
  uint64_t word = Load8(p);
  int count = LeadingDigits(word);
  if (count < 8) [[likely]] {
    // Two shifts, for a count of 0.
    *value = CombineDigits((word - kZeros) << 8 * (7 - count) << 8);
    return count;
  }
  uint64_t result = CombineDigits(word - kZeros);
  word = Load8(p + 8);
  count = LeadingDigits(word);
  if (count < 8) {
    if (count > 0) {
      result = result * kPowersOfTen[count] + CombineDigits((word - kZeros) << (64 - 8 * count));
    }
    *value = result;
    return 8 + count;
  }
  result = result * 100000000ull + CombineDigits(word - kZeros);
  count = 16;
  while (count < 20 && IsDigit(p[count])) {
    if (count < 19) result = result * 10 + static_cast<uint64_t>(p[count] - '0');
    ++count;
  }
  *value = result;
  return count;
}

// The end of "true" or "false" at p, or nullptr, without a branch on which of the two it is: that has no
// pattern.
inline const char* ScanBoolean(const char* p) {
  constexpr uint32_t kTrue = 0x65757274;  // "true"
  constexpr uint32_t kAlse = 0x65736C61;  // "alse"
  const int is_true = Load4(p) == kTrue ? 1 : 0;
  const int is_false = (Load4(p + 1) == kAlse ? 1 : 0) & (*p == 'f' ? 1 : 0);
  return (is_true | is_false) != 0 ? p + 5 - is_true : nullptr;
}

// The first byte from p on that is a quote, a backslash or a control character (below 0x20), or nullptr
// when none is found before `limit`; up to 31 bytes beyond `limit` are read.
inline const char* FindJsonStringStop(const char* p, const char* limit) {
#if defined(__AVX2__)
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i control = _mm256_set1_epi8(0x1F);
  while (p < limit) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i stops =
        _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote), _mm256_cmpeq_epi8(bytes, backslash)),
                        _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, control), bytes));
    const uint32_t mask = static_cast<uint32_t>(_mm256_movemask_epi8(stops));
    if (mask != 0) return p + std::countr_zero(mask);
    p += 32;
  }
#else
  for (; p < limit; ++p) {
    if (*p == '"' || *p == '\\' || static_cast<unsigned char>(*p) < 0x20) return p;
  }
#endif
  return nullptr;
}

// The first byte from p on that equals a, b or c, or nullptr when none is found before `limit`; up to 31
// bytes beyond `limit` are read.
inline const char* FindAnyOf(const char* p, const char* limit, char a, char b, char c) {
#if defined(__AVX2__)
  const __m256i va = _mm256_set1_epi8(a);
  const __m256i vb = _mm256_set1_epi8(b);
  const __m256i vc = _mm256_set1_epi8(c);
  while (p < limit) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i stops =
        _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(bytes, va), _mm256_cmpeq_epi8(bytes, vb)),
                        _mm256_cmpeq_epi8(bytes, vc));
    const uint32_t mask = static_cast<uint32_t>(_mm256_movemask_epi8(stops));
    if (mask != 0) return p + std::countr_zero(mask);
    p += 32;
  }
#else
  for (; p < limit; ++p) {
    if (*p == a || *p == b || *p == c) return p;
  }
#endif
  return nullptr;
}

// A StringRef to [p, p + size), written without a call or a branch. 16 bytes from p on must be readable.
inline void StoreStringRef(const char* p, size_t size, data::StringRef* out) {
#if defined(__SSE4_1__)
  // Both layouts begin with the size and the first four bytes; the other eight hold more bytes, or the
  // pointer.
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i keep = _mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(size < 16 ? size : 16)), index);
  const __m128i kept = _mm_and_si128(bytes, keep);
  const auto first = static_cast<uint32_t>(_mm_cvtsi128_si32(kept));
  const auto rest = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_srli_si128(kept, 4)));
  const uint64_t is_long = uint64_t{0} - static_cast<uint64_t>(size > data::StringRef::kInlineBytes);
  const uint64_t words[2] = {static_cast<uint64_t>(first) << 32 | static_cast<uint32_t>(size),
                             (rest & ~is_long) | (reinterpret_cast<uint64_t>(p) & is_long)};
  std::memcpy(static_cast<void*>(out), words, sizeof(words));
#else
  *out = data::StringRef(std::string_view(p, size));
#endif
}

}  // namespace millrace::formats
