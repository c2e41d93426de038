#include "sql/characters.h"

namespace millrace::sql {

namespace {

bool IsBetween(uint32_t c, uint32_t low, uint32_t high) {
  return c >= low && c <= high;
}

}  // namespace

bool IsUnicodeBlank(uint32_t c) {
  return c == 0x85 || c == 0xA0 || c == 0x1680 || IsBetween(c, 0x2000, 0x200B) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

bool IsUnicodeNamePart(uint32_t c) {
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xB7 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7) return false;
  if (IsUnicodeBlank(c)) return false;
  if (IsBetween(c, 0x2010, 0x206F) || IsBetween(c, 0x2190, 0x245F) || IsBetween(c, 0x2500, 0x2BFF))
    return false;
  if (IsBetween(c, 0x3001, 0x3004) || IsBetween(c, 0x3008, 0x3020)) return false;
  if (IsBetween(c, 0xE000, 0xF8FF) || IsBetween(c, 0xFE10, 0xFE1F) || IsBetween(c, 0xFE30, 0xFE6F))
    return false;
  if (IsBetween(c, 0xFF00, 0xFF0F) || IsBetween(c, 0xFF1A, 0xFF20) || IsBetween(c, 0xFF3B, 0xFF40) ||
      IsBetween(c, 0xFF5B, 0xFF65)) {
    return false;
  }
  return c < 0xF0000;
}

std::optional<char> AsciiOf(uint32_t c) {
  switch (c) {
    case 0x2018:
    case 0x2019:
      return '\'';
    case 0x201C:
    case 0x201D:
      return '"';
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return '-';
    case 0x3001:
      return ',';
    case 0x3002:
      return '.';
    case 0x300A:
      return '<';
    case 0x300B:
      return '>';
    case 0x3010:
      return '[';
    case 0x3011:
      return ']';
    case 0xD7:
      return '*';
    case 0xF7:
      return '/';
    default:
      break;
  }
  if (IsBetween(c, 0xFF01, 0xFF5E)) return static_cast<char>(c - 0xFF01 + '!');
  return std::nullopt;
}

size_t SequenceBytes(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto is_tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return is_tail(1) ? 2 : 0;
  if (lead < 0xF0) {
    if (!is_tail(1) || !is_tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead > 0xF4 || !is_tail(1) || !is_tail(2) || !is_tail(3)) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return 4;
}

}  // namespace millrace::sql
