#include "functions/utf8.h"

#include <clocale>
#include <cstring>
#include <cwctype>

#include "base/utf8.h"

namespace millrace::functions::utf8 {

namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ULL;

uint64_t Load8(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

// glibc's Unicode character tables, whatever the process's locale is.
locale_t UnicodeLocale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// The bytes of a valid sequence at the start of `text`, and its value; 0 when there is none.
size_t Decode(std::string_view text, char32_t* value) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    *value = lead;
    return 1;
  }
  size_t size = 0;
  char32_t least = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
    least = 0x80;
    *value = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    least = 0x800;
    *value = lead & 0x0F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    least = 0x10000;
    *value = lead & 0x07;
  } else {
    return 0;
  }
  if (text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(text[i])) return 0;
    *value = (*value << 6) | (byte(i) & 0x3F);
  }
  if (*value < least || *value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF)) return 0;
  return size;
}

}  // namespace

bool IsAscii(std::string_view text) {
  const char* p = text.data();
  size_t left = text.size();
  for (; left >= 8; p += 8, left -= 8) {
    if ((Load8(p) & kHighBits) != 0) return false;
  }
  for (; left > 0; ++p, --left) {
    if ((*p & 0x80) != 0) return false;
  }
  return true;
}

bool IsValid(std::string_view text) {
  if (IsAscii(text)) return true;
  while (!text.empty()) {
    char32_t value;
    const size_t size = Decode(text, &value);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

size_t LeadBytes(std::string_view text) {
  if ((text[0] & 0x80) == 0) return 1;
  char32_t value;
  const size_t size = Decode(text, &value);
  return size == 0 ? 1 : size;
}

size_t TrailBytes(std::string_view text) {
  size_t size = 1;
  while (size < 4 && size < text.size() && IsContinuation(text[text.size() - size])) ++size;
  return LeadBytes(text.substr(text.size() - size)) == size ? size : 1;
}

char32_t Next(std::string_view text, size_t* position) {
  char32_t value;
  const size_t size = Decode(text.substr(*position), &value);
  *position += size == 0 ? 1 : size;
  return size == 0 ? kReplacement : value;
}

void Append(char32_t code_point, std::string* out) {
  AppendUtf8(code_point, out);
}

size_t Length(std::string_view text) {
  if (IsAscii(text)) return text.size();
  size_t length = 0;
  for (size_t at = 0; at < text.size(); at += LeadBytes(text.substr(at))) ++length;
  return length;
}

size_t ByteOffset(std::string_view text, size_t index) {
  if (index >= text.size()) {
    // As many code points as that would need at least as many bytes.
    return text.size();
  }
  if (IsAscii(text.substr(0, index))) return index;
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += LeadBytes(text.substr(at));
  return at;
}

std::string_view Substring(std::string_view text, size_t start, size_t count) {
  text.remove_prefix(ByteOffset(text, start));
  return text.substr(0, ByteOffset(text, count));
}

char32_t ToUpper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
  return static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), UnicodeLocale()));
}

char32_t ToLower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
  return static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), UnicodeLocale()));
}

bool IsLetter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return iswalpha_l(static_cast<wint_t>(c), UnicodeLocale()) != 0;
}

void AppendUpper(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    const size_t start = out->size();
    out->append(text);
    for (char* p = out->data() + start; p != out->data() + out->size(); ++p) {
      if (*p >= 'a' && *p <= 'z') *p = static_cast<char>(*p - 'a' + 'A');
    }
    return;
  }
  for (size_t at = 0; at < text.size();) {
    const size_t before = at;
    const char32_t c = Next(text, &at);
    if (c == kReplacement) {
      out->append(text.substr(before, at - before));
    } else if (c == 0xDF) {  // the sharp s has no capital of one letter
      out->append("SS");
    } else {
      Append(ToUpper(c), out);
    }
  }
}

void AppendLower(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    const size_t start = out->size();
    out->append(text);
    for (char* p = out->data() + start; p != out->data() + out->size(); ++p) {
      if (*p >= 'A' && *p <= 'Z') *p = static_cast<char>(*p - 'A' + 'a');
    }
    return;
  }
  for (size_t at = 0; at < text.size();) {
    const size_t before = at;
    const char32_t c = Next(text, &at);
    if (c == kReplacement) {
      out->append(text.substr(before, at - before));
    } else {
      Append(ToLower(c), out);
    }
  }
}

}  // namespace millrace::functions::utf8
