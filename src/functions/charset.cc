#include "functions/charset.h"

#include <fmt/format.h>

#include "functions/utf8.h"

namespace millrace::functions {

namespace {

struct NamedCharset {
  std::string_view name;
  Charset charset;
};
constexpr NamedCharset kNames[] = {
    {"US-ASCII", Charset::kAscii}, {"ASCII", Charset::kAscii},      {"ISO-8859-1", Charset::kLatin1},
    {"LATIN1", Charset::kLatin1},  {"UTF-8", Charset::kUtf8},       {"UTF8", Charset::kUtf8},
    {"UTF-16", Charset::kUtf16},   {"UTF-16BE", Charset::kUtf16Be}, {"UTF-16LE", Charset::kUtf16Le},
};

void AppendUnit(uint32_t unit, bool little, std::string* out) {
  const char high = static_cast<char>(unit >> 8);
  const char low = static_cast<char>(unit & 0xFF);
  out->push_back(little ? low : high);
  out->push_back(little ? high : low);
}

void DecodeUtf16(std::string_view bytes, bool little, std::string* out) {
  const auto unit = [&](size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(little ? second << 8 | first : first << 8 | second);
  };
  size_t at = 0;
  while (at + 2 <= bytes.size()) {
    char32_t value = unit(at);
    at += 2;
    if (value >= 0xD800 && value <= 0xDFFF) {
      const char32_t low = value <= 0xDBFF && at + 2 <= bytes.size() ? unit(at) : 0;
      if (low >= 0xDC00 && low <= 0xDFFF) {
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      } else {
        value = utf8::kReplacement;
      }
    }
    utf8::Append(value, out);
  }
  if (at < bytes.size()) utf8::Append(utf8::kReplacement, out);
}

}  // namespace

Result<Charset> CharsetNamed(std::string_view name) {
  std::string upper;
  utf8::AppendUpper(name, &upper);
  for (const NamedCharset& known : kNames) {
    if (upper == known.name) return known.charset;
  }
  return Fail(ErrorCode::kInvalidParameter, fmt::format("unknown character set '{}'", name),
              "the sets are US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE and UTF-16LE");
}

Status EncodeText(std::string_view text, Charset charset, std::string* out) {
  if (charset == Charset::kUtf8) {
    out->append(text);
    return Ok();
  }
  if (charset == Charset::kUtf16 && !text.empty()) out->append("\xFE\xFF");
  const bool little = charset == Charset::kUtf16Le;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = utf8::Next(text, &at);
    if (charset == Charset::kAscii || charset == Charset::kLatin1) {
      out->push_back(c < (charset == Charset::kAscii ? 0x80 : 0x100) ? static_cast<char>(c) : '?');
    } else if (c >= 0x10000) {
      AppendUnit(0xD800 + ((c - 0x10000) >> 10), little, out);
      AppendUnit(0xDC00 + ((c - 0x10000) & 0x3FF), little, out);
    } else {
      AppendUnit(c, little, out);
    }
  }
  return Ok();
}

Status DecodeText(std::string_view bytes, Charset charset, std::string* out) {
  switch (charset) {
    case Charset::kUtf8:
    case Charset::kAscii:
      for (size_t at = 0; at < bytes.size();) {
        if (charset == Charset::kAscii && (bytes[at] & 0x80) != 0) {
          utf8::Append(utf8::kReplacement, out);
          ++at;
        } else {
          utf8::Append(utf8::Next(bytes, &at), out);
        }
      }
      break;
    case Charset::kLatin1:
      for (const char c : bytes) utf8::Append(static_cast<unsigned char>(c), out);
      break;
    case Charset::kUtf16: {
      const bool little = bytes.starts_with("\xFF\xFE");
      if (little || bytes.starts_with("\xFE\xFF")) bytes.remove_prefix(2);
      DecodeUtf16(bytes, little, out);
      break;
    }
    case Charset::kUtf16Be:
    case Charset::kUtf16Le:
      DecodeUtf16(bytes, charset == Charset::kUtf16Le, out);
      break;
  }
  return Ok();
}

}  // namespace millrace::functions
