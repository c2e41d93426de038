#include "server/http/json_elements.h"

#include <fmt/format.h>

namespace millrace::server::http {
namespace {

constexpr unsigned char kByteOrderMark[] = {0xEF, 0xBB, 0xBF};

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The text of a string up to its end or its next escape needs no look at each state.
size_t PlainStringBytes(const char* begin, const char* end) {
  const char* p = begin;
  while (p < end && *p != '"' && *p != '\\' && *p != '\n' && *p != '\r') ++p;
  return static_cast<size_t>(p - begin);
}

}  // namespace

std::unexpected<Error> JsonElements::Wrong(const char* expected, char found) const {
  return Fail(ErrorCode::kInvalidText,
              fmt::format("not JSON: {} expected at byte {} of the body, not '{}'", expected, offset_, found),
              "application/json takes one array of objects, or one object; application/x-ndjson takes one "
              "object a line");
}

Status JsonElements::Rewrite(std::span<std::byte> bytes, size_t* used) {
  char* const begin = reinterpret_cast<char*>(bytes.data());
  char* const end = begin + bytes.size();
  char* p = begin;
  while (p < end) {
    if (is_in_string_ && !is_escaped_) {
      const size_t plain = PlainStringBytes(p, end);
      p += plain;
      offset_ += plain;
      if (p == end) break;
    }
    if (Status step = Step(p); !step) {
      *used = static_cast<size_t>(p - begin);
      return step;
    }
    ++p;
    ++offset_;
  }
  *used = bytes.size();
  return {};
}

Status JsonElements::Step(char* c) {
  switch (place_) {
    case Place::kStart:
      return Open(c);
    case Place::kBetween:
      return BetweenElements(c);
    case Place::kElement:
      return InElement(c);
    case Place::kEnd:
      if (!IsSpace(*c)) return Wrong("nothing more", *c);
      return {};
  }
  return {};
}

Status JsonElements::Open(char* c) {
  if (offset_ < sizeof(kByteOrderMark) && static_cast<unsigned char>(*c) == kByteOrderMark[offset_])
    return {};
  if (IsSpace(*c)) {
    *c = '\n';
    return {};
  }
  if (*c == '[') {
    is_array_ = true;
    *c = '\n';
    place_ = Place::kBetween;
    return {};
  }
  if (*c != '{') return Wrong("'[' or '{'", *c);
  place_ = Place::kElement;
  depth_ = 1;
  return {};
}

Status JsonElements::BetweenElements(char* c) {
  if (IsSpace(*c)) {
    *c = '\n';  // so that the element's line begins with the element
    return {};
  }
  if (*c == ',') {
    if (!has_element_) return Wrong("an element", *c);
    has_element_ = false;
    is_first_ = false;
    *c = '\n';
    return {};
  }
  if (*c == ']') {
    if (!has_element_ && !is_first_) return Wrong("an element", *c);
    *c = '\n';
    place_ = Place::kEnd;
    return {};
  }
  if (*c == '}') return Wrong("an element, ',' or ']'", *c);
  has_element_ = true;
  place_ = Place::kElement;
  depth_ = 0;
  return InElement(c);
}

Status JsonElements::InElement(char* c) {
  if (is_in_string_) {
    if (*c == '\n' || *c == '\r') return Wrong("no line end within a string", *c == '\n' ? 'n' : 'r');
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (*c == '\\') {
      is_escaped_ = true;
    } else if (*c == '"') {
      is_in_string_ = false;
    }
    return {};
  }
  switch (*c) {
    case '"':
      is_in_string_ = true;
      return {};
    case '{':
    case '[':
      ++depth_;
      return {};
    case '}':
    case ']':
      if (depth_ == 0) {
        place_ = Place::kBetween;
        return BetweenElements(c);
      }
      if (--depth_ == 0 && !is_array_) place_ = Place::kEnd;
      return {};
    case ',':
      if (depth_ > 0) return {};
      place_ = Place::kBetween;
      return BetweenElements(c);
    case '\n':
    case '\r':
      *c = ' ';
      return {};
    default:
      return {};
  }
}

Status JsonElements::Finish() const {
  switch (place_) {
    case Place::kStart:
      return Fail(ErrorCode::kInvalidText, "the body is empty, which is not JSON", "an empty array is []");
    case Place::kEnd:
      return {};
    default:
      return Fail(ErrorCode::kInvalidText,
                  fmt::format("not JSON: the body ends at byte {} with its {} still open", offset_,
                              is_array_ ? "array" : "object"));
  }
}

}  // namespace millrace::server::http
