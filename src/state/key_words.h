// The values of a key as 64-bit words, equal words for identical values: how KeyTable stores and compares
// keys. Free functions over memory of their caller.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "data/column.h"
#include "data/value_word.h"

namespace millrace::state {

inline data::StringRef LoadString(const uint64_t* words) {
  data::StringRef value;
  std::memcpy(static_cast<void*>(&value), words, sizeof(value));
  return value;
}

inline void StoreString(data::StringRef value, uint64_t* words) {
  std::memcpy(words, &value, sizeof(value));
}

inline bool SameString(const uint64_t* a, const uint64_t* b) {
  if (a[0] != b[0]) return false;  // size and first four bytes
  if (a[1] == b[1]) return true;
  const auto size = static_cast<uint32_t>(a[0]);
  if (size <= data::StringRef::kInlineBytes) return false;
  return std::memcmp(reinterpret_cast<const char*>(a[1]), reinterpret_cast<const char*>(b[1]), size) == 0;
}

// Calls f with the C++ type of a physical type that a key holds as one word.
template <typename F>
void DispatchWord(data::PhysicalType type, F&& f) {
  switch (type) {
    case data::PhysicalType::kBool:
      return f.template operator()<uint8_t>();
    case data::PhysicalType::kInt8:
      return f.template operator()<int8_t>();
    case data::PhysicalType::kInt16:
      return f.template operator()<int16_t>();
    case data::PhysicalType::kInt32:
      return f.template operator()<int32_t>();
    case data::PhysicalType::kInt64:
      return f.template operator()<int64_t>();
    case data::PhysicalType::kFloat:
      return f.template operator()<float>();
    case data::PhysicalType::kDouble:
      return f.template operator()<double>();
    default:
      MR_UNREACHABLE();
  }
}

inline void FillWords(const data::Column& column, size_t offset, size_t rows, size_t stride,
                      uint64_t* words) {
  DispatchWord(column.physical(), [&]<typename T>() {
    const data::ColumnView<T> view(column);
    for (size_t i = 0; i < rows; ++i) words[i * stride] = data::ToWord<T>(view[offset + i]);
  });
}

// 16-byte values: strings and wide decimals.
inline void FillPairs(const data::Column& column, size_t offset, size_t rows, size_t stride,
                      uint64_t* words) {
  const std::byte* values = column.raw_values();
  const size_t mask = column.is_constant() ? 0 : ~size_t{0};
  for (size_t i = 0; i < rows; ++i) std::memcpy(words + i * stride, values + ((offset + i) & mask) * 16, 16);
}

}  // namespace millrace::state
