// How parts of aggregate states are written as bytes and read back: fixed-size values as they lie in
// memory (little-endian), byte strings with a 32-bit length before them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.h"

namespace millrace::functions {

template <typename T>
void SaveRaw(const T& value, std::string* out)
  requires std::is_trivially_copyable_v<T>
{
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

inline std::unexpected<Error> TruncatedState() {
  return Fail(ErrorCode::kDataCorrupted, "the saved state of an aggregate ends too early");
}

template <typename T>
Status LoadRaw(std::string_view* in, T* value) {
  if (in->size() < sizeof(T)) return TruncatedState();
  std::memcpy(static_cast<void*>(value), in->data(), sizeof(T));
  in->remove_prefix(sizeof(T));
  return {};
}

// No number of rows gets so far; the sum of many that do still fits 64 bits.
inline constexpr int64_t kRowCountMax = int64_t{1} << 53;
// Whether a number of rows, added less taken away, can be one: if not, what it was read from is damaged.
inline bool IsRowCount(int64_t count) {
  return -kRowCountMax <= count && count <= kRowCountMax;
}
inline std::unexpected<Error> ImpossibleState() {
  return Fail(ErrorCode::kDataCorrupted, "the saved state of an aggregate is none that it can have");
}
inline Status LoadRowCount(std::string_view* in, int64_t* count) {
  MR_TRY(LoadRaw(in, count));
  return IsRowCount(*count) ? Status() : ImpossibleState();
}

inline void SaveBytes(std::string_view bytes, std::string* out) {
  SaveRaw(static_cast<uint32_t>(bytes.size()), out);
  out->append(bytes);
}

inline Status LoadBytes(std::string_view* in, std::string_view* bytes) {
  uint32_t size = 0;
  MR_TRY(LoadRaw(in, &size));
  if (in->size() < size) return TruncatedState();
  *bytes = in->substr(0, size);
  in->remove_prefix(size);
  return {};
}

}  // namespace millrace::functions
