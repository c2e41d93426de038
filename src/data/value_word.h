// Scalars of at most 8 bytes as words that are equal exactly for identical values, and back: -0.0 is 0.0, and
// one NaN is every NaN. For hash tables over values. Pure functions; any thread.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace millrace::data {

template <typename T>
uint64_t ToWord(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value == 0) value = 0;  // -0.0 too
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
    if constexpr (sizeof(T) == sizeof(uint32_t)) {
      return std::bit_cast<uint32_t>(value);
    } else {
      return std::bit_cast<uint64_t>(value);
    }
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

template <typename T>
T FromWord(uint64_t word) {
  if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(word);
  } else if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(word));
  } else {
    return static_cast<T>(word);
  }
}

}  // namespace millrace::data
