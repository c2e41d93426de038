// The keys under which a ValueSet holds values: 8-byte words for integers and floats, Int128, strings.
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/hash.h"
#include "data/string_ref.h"
#include "data/type.h"
#include "data/value_word.h"

namespace millrace::functions {

// The key that stands for a column value: a word, or the value itself.
template <typename T>
using KeyFor = std::conditional_t<sizeof(T) <= 8, uint64_t, T>;
template <typename T>
KeyFor<T> ToKey(const T& value) {
  if constexpr (sizeof(T) <= 8) {
    return data::ToWord(value);
  } else {
    return value;
  }
}
template <typename T>
T FromKey(const KeyFor<T>& key) {
  if constexpr (sizeof(T) <= 8) {
    return data::FromWord<T>(key);
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
