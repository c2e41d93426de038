#include "formats/json_cursor.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "formats/scan.h"

namespace millrace::formats {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsHighSurrogate(uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}

bool IsLowSurrogate(uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

uint32_t ReadHex(const char* p) {
  uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) unit = unit << 4 | static_cast<uint32_t>(HexValue(p[i]));
  return unit;
}

}  // namespace

bool JsonCursor::Fail(const char* what) {
  failure_ = what;
  failed_at_ = p_;
  return false;
}

Error JsonCursor::Failure(const char* record) const {
  return Error(ErrorCode::kInvalidText,
               fmt::format("not JSON: {} at byte {}{}", failure_, failed_at_ - record,
                           failed_at_ == end_ ? ", the record's end" : ""));
}

bool JsonCursor::Take(char c) {
  if (p_ < end_ && *p_ == c) {
    ++p_;
    return true;
  }
  switch (c) {
    case ':':
      return Fail("expected ':' after a key");
    case '{':
      return Fail("expected '{'");
    default:
      return Fail("unexpected character");
  }
}

bool JsonCursor::TakeLiteral(std::string_view literal) {
  if (static_cast<size_t>(end_ - p_) < literal.size() || std::string_view(p_, literal.size()) != literal) {
    return Fail("expected a value");
  }
  p_ += literal.size();
  return true;
}

bool JsonCursor::TakeHex(uint32_t* unit) {
  if (end_ - p_ < 4) {
    p_ = end_;
    return Fail("string without a closing quote");
  }
  for (int i = 0; i < 4; ++i) {
    if (HexValue(p_[i]) < 0) return Fail("\\u is not followed by four hexadecimal digits");
  }
  *unit = ReadHex(p_);
  p_ += 4;
  return true;
}

bool JsonCursor::TakeEscape() {
  ++p_;
  if (p_ == end_) return Fail("string without a closing quote");
  switch (*p_) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      ++p_;
      return true;
    case 'u':
      break;
    default:
      return Fail("unknown escape in a string");
  }
  const char* start = p_ - 1;
  ++p_;
  uint32_t unit;
  if (!TakeHex(&unit)) return false;
  if (IsHighSurrogate(unit) && end_ - p_ >= 2 && p_[0] == '\\' && p_[1] == 'u') {
    p_ += 2;
    uint32_t second;
    if (!TakeHex(&second)) return false;
    if (IsLowSurrogate(second)) return true;
  } else if (!IsHighSurrogate(unit) && !IsLowSurrogate(unit)) {
    return true;
  }
  p_ = start;
  return Fail("\\u surrogate without its other half");
}

bool JsonCursor::TakeString(std::string_view* raw, bool* escaped) {
  if (Peek() != '"') return Fail("expected a string");
  const char* start = ++p_;
  *escaped = false;
  for (;;) {
    if (end_ - p_ > 32) {
      // Far from the end, 32 bytes at a time; control characters are let through.
      const char* stop = FindJsonStringStop(p_, end_ - 32);
      p_ = stop != nullptr ? stop : end_ - 32;
    }
    while (p_ < end_ && *p_ != '"' && *p_ != '\\') {
      const bool is_plain = static_cast<unsigned char>(*p_) >= 0x20;
      ++p_;
      if (!is_plain) break;
    }
    if (p_ == end_) return Fail("string without a closing quote");
    if (*p_ == '"') break;
    if (*p_ == '\\') {
      *escaped = true;
      if (!TakeEscape()) return false;
    }
  }
  *raw = std::string_view(start, static_cast<size_t>(p_ - start));
  ++p_;
  return true;
}

bool JsonCursor::TakeNumber(std::string_view* text) {
  const char* start = p_;
  const auto digits = [this] {
    const char* from = p_;
    while (p_ < end_ && IsDigit(*p_)) ++p_;
    return p_ > from;
  };
  if (p_ < end_ && *p_ == '-') ++p_;
  const bool leads_with_zero = p_ < end_ && *p_ == '0';
  const char* whole = p_;
  if (!digits()) {
    if (p_ == start) return Fail("expected a value");
    return Fail("expected a digit");
  }
  if (leads_with_zero && p_ - whole > 1) {
    p_ = whole;
    return Fail("number with a leading zero");
  }
  if (p_ < end_ && *p_ == '.') {
    ++p_;
    if (!digits()) return Fail("expected a digit");
  }
  if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
    ++p_;
    if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    if (!digits()) return Fail("expected a digit");
  }
  *text = std::string_view(start, static_cast<size_t>(p_ - start));
  return true;
}

bool JsonCursor::SkipValue(int depth) {
  SkipSpace();
  std::string_view text;
  bool escaped;
  switch (Peek()) {
    case '"':
      return TakeString(&text, &escaped);
    case '{':
    case '[':
      return SkipContainer(depth);
    case 't':
      return TakeLiteral("true");
    case 'f':
      return TakeLiteral("false");
    case 'n':
      return TakeLiteral("null");
    default:
      return TakeNumber(&text);
  }
}

bool JsonCursor::SkipContainer(int depth) {
  if (depth >= limits::kNestingMax) return Fail("nested too deeply");
  const bool is_object = *p_ == '{';
  const char close = is_object ? '}' : ']';
  ++p_;
  SkipSpace();
  if (Peek() == close) {
    ++p_;
    return true;
  }
  for (;;) {
    if (is_object) {
      SkipSpace();
      std::string_view key;
      bool escaped;
      if (Peek() != '"') return Fail("expected a key");
      if (!TakeString(&key, &escaped)) return false;
      SkipSpace();
      if (!Take(':')) return false;
    }
    if (!SkipValue(depth + 1)) return false;
    SkipSpace();
    if (Peek() == ',') {
      ++p_;
      continue;
    }
    if (Peek() != close) return Fail(is_object ? "expected ',' or '}'" : "expected ',' or ']'");
    ++p_;
    return true;
  }
}

size_t UnescapeJson(std::string_view raw, char* out) {
  const char* start = out;
  const char* p = raw.data();
  const char* end = p + raw.size();
  while (p < end) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    const char kind = p[1];
    p += 2;
    switch (kind) {
      case 'b':
        *out++ = '\b';
        break;
      case 'f':
        *out++ = '\f';
        break;
      case 'n':
        *out++ = '\n';
        break;
      case 'r':
        *out++ = '\r';
        break;
      case 't':
        *out++ = '\t';
        break;
      case 'u': {
        uint32_t code = ReadHex(p);
        p += 4;
        if (IsHighSurrogate(code)) {
          code = 0x10000 + ((code - 0xD800) << 10) + (ReadHex(p + 2) - 0xDC00);
          p += 6;
        }
        out = WriteUtf8(code, out);
        break;
      }
      default:
        *out++ = kind;
    }
  }
  return static_cast<size_t>(out - start);
}

void AppendCompactJson(std::string_view json, std::string* out) {
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    out->push_back(c);
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') out->push_back(json[++i]);
  }
}

}  // namespace millrace::formats
