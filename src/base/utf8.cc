#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace millrace {
namespace {

// The bytes of the code point at the front, 0 if there is none. Not for ASCII.
size_t CodePointBytes(const unsigned char* at, size_t left) {
  const unsigned char first = at[0];
  const size_t bytes = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (bytes == 0 || bytes > left) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  // The second byte rules out what is not the shortest form, surrogates, and what is past U+10FFFF.
  const unsigned char second = at[1];
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return bytes;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* const end = at + bytes.size();
  while (at < end) {
    if (end - at >= 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080ull) == 0) {
        at += 8;
        continue;
      }
    }
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const size_t code_point = CodePointBytes(at, static_cast<size_t>(end - at));
    if (code_point == 0) return false;
    at += code_point;
  }
  return true;
}

}  // namespace millrace
