// Code points as UTF-8. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

inline constexpr size_t kUtf8BytesMax = 4;

// Writes a code point, up to U+10FFFF, where there is room for kUtf8BytesMax; returns the byte behind it.
inline char* WriteUtf8(char32_t c, char* out) {
  const auto tail = [&](int shift) { *out++ = static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    *out++ = static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    *out++ = static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return out;
}

inline void AppendUtf8(char32_t c, std::string* out) {
  char bytes[kUtf8BytesMax];
  out->append(bytes, static_cast<size_t>(WriteUtf8(c, bytes) - bytes));
}

// Whether the bytes are code points, each in its shortest form and none a surrogate.
bool IsUtf8(std::string_view bytes);

}  // namespace millrace
