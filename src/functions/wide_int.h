// WideInt: exact signed integers of N 64-bit words (two's complement), for sums that must not overflow.
#pragma once

#include <cmath>
#include <cstdint>

#include "data/type.h"

namespace millrace::functions {

template <int N>
struct WideInt {
  uint64_t words[N] = {};  // the lowest first

  WideInt() = default;
  explicit WideInt(data::Int128 value) {
    const uint64_t sign = value < 0 ? ~uint64_t{0} : 0;
    for (uint64_t& word : words) word = sign;
    words[0] = static_cast<uint64_t>(value);
    if constexpr (N > 1) words[1] = static_cast<uint64_t>(value >> 64);
  }
  template <int M>
  static WideInt Extend(const WideInt<M>& value) {
    static_assert(M <= N);
    WideInt result;
    const uint64_t sign = value.is_negative() ? ~uint64_t{0} : 0;
    for (int i = 0; i < N; ++i) result.words[i] = i < M ? value.words[i] : sign;
    return result;
  }

  bool is_negative() const { return static_cast<int64_t>(words[N - 1]) < 0; }
  bool is_zero() const {
    uint64_t any = 0;
    for (uint64_t word : words) any |= word;
    return any == 0;
  }

  WideInt& operator+=(const WideInt& other) {
    unsigned __int128 carry = 0;
    for (int i = 0; i < N; ++i) {
      carry += static_cast<unsigned __int128>(words[i]) + other.words[i];
      words[i] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    return *this;
  }
  WideInt& Negate() {
    unsigned __int128 carry = 1;
    for (uint64_t& word : words) {
      carry += ~word;
      word = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    return *this;
  }
  WideInt& operator-=(const WideInt& other) {
    WideInt negated = other;
    return *this += negated.Negate();
  }
  WideInt Magnitude() const {
    WideInt result = *this;
    if (is_negative()) result.Negate();
    return result;
  }

  // The low N words of the product.
  friend WideInt operator*(const WideInt& a, const WideInt& b) {
    const WideInt x = a.Magnitude();
    const WideInt y = b.Magnitude();
    WideInt result;
    for (int i = 0; i < N; ++i) {
      unsigned __int128 carry = 0;
      for (int j = 0; i + j < N; ++j) {
        carry += static_cast<unsigned __int128>(x.words[i]) * y.words[j] + result.words[i + j];
        result.words[i + j] = static_cast<uint64_t>(carry);
        carry >>= 64;
      }
    }
    if (a.is_negative() != b.is_negative()) result.Negate();
    return result;
  }

  // Divides by a positive number, toward zero; gives the magnitude of the remainder.
  uint64_t DivideBy(uint64_t divisor) {
    const bool negative = is_negative();
    if (negative) Negate();
    unsigned __int128 rest = 0;
    for (int i = N - 1; i >= 0; --i) {
      rest = rest << 64 | words[i];
      words[i] = static_cast<uint64_t>(rest / divisor);
      rest %= divisor;
    }
    if (negative) Negate();
    return static_cast<uint64_t>(rest);
  }
  // Same, rounding half away from zero.
  void DivideRounding(uint64_t divisor) {
    const bool negative = is_negative();
    const uint64_t rest = DivideBy(divisor);
    if (rest >= divisor - rest) *this += WideInt(data::Int128{negative ? -1 : 1});
  }

  bool FitsInt128() const {
    const uint64_t sign = static_cast<int64_t>(words[1]) < 0 ? ~uint64_t{0} : 0;
    for (int i = 2; i < N; ++i) {
      if (words[i] != sign) return false;
    }
    return true;
  }
  // When it fits.
  data::Int128 ToInt128() const {
    return static_cast<data::Int128>(static_cast<unsigned __int128>(words[1]) << 64 | words[0]);
  }
  double ToDouble() const {
    const WideInt magnitude = Magnitude();
    double result = 0;
    for (int i = N - 1; i >= 0; --i)
      result = std::ldexp(result, 64) + static_cast<double>(magnitude.words[i]);
    return is_negative() ? -result : result;
  }
};

}  // namespace millrace::functions
