// The keys under which a ValueSet holds values: 8-byte words for integers and floats, Int128, strings.
//
// Pure functions; any thread.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/hash.h"
#include "data/string_ref.h"
#include "data/type.h"

namespace millrace::functions {

// A scalar of at most 8 bytes as a word that is equal exactly for identical values, and back.
template <typename T>
uint64_t ToWord(T value) {
  if constexpr (std::is_same_v<T, double>) {
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
    return std::bit_cast<uint64_t>(value);
  } else if constexpr (std::is_same_v<T, float>) {
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<float>::quiet_NaN();
    return std::bit_cast<uint32_t>(value);
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

// The key that stands for a column value: a word, or the value itself.
template <typename T>
using KeyFor = std::conditional_t<sizeof(T) <= 8, uint64_t, T>;
template <typename T>
KeyFor<T> ToKey(const T& value) {
  if constexpr (sizeof(T) <= 8) {
    return ToWord(value);
  } else {
    return value;
  }
}
template <typename T>
T FromKey(const KeyFor<T>& key) {
  if constexpr (sizeof(T) <= 8) {
    return FromWord<T>(key);
  } else {
    return key;
  }
}

inline uint64_t HashKey(uint64_t key) {
  return HashInt(key);
}
inline uint64_t HashKey(data::Int128 key) {
  return HashCombine(HashInt(static_cast<uint64_t>(key)), static_cast<uint64_t>(key >> 64));
}
inline uint64_t HashKey(const data::StringRef& key) {
  return HashBytes(key.data(), key.size());
}

}  // namespace millrace::functions
