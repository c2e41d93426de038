// JsonCursor: the careful reader of one JSON text (RFC 8259; control characters inside strings are let
// through, as Flink does). The hot path falls back to it; both give the same values.
//
// Every method that returns false has set the failure and leaves the cursor anywhere. Works on memory of
// its caller; never reads beyond `end`.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::formats {

class JsonCursor {
 public:
  JsonCursor(const char* begin, const char* end) : p_(begin), end_(end) {}

  const char* position() const { return p_; }
  void Seek(const char* position) { p_ = position; }
  bool AtEnd() const { return p_ == end_; }
  // The byte at the cursor, or 0 at the end.
  char Peek() const { return p_ < end_ ? *p_ : '\0'; }

  void SkipSpace() {
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\n' || *p_ == '\r')) ++p_;
  }
  // Takes the byte `c`; otherwise fails with "expected <c>".
  bool Take(char c);
  // Takes "true", "false" or "null".
  bool TakeLiteral(std::string_view literal);
  // Takes a string with its quotes; *raw is what stands between them, *escaped whether it holds a backslash.
  // Escapes have been checked.
  bool TakeString(std::string_view* raw, bool* escaped);
  bool TakeNumber(std::string_view* text);
  // Takes any value, checking its structure; `depth` is how many containers are open around it.
  bool SkipValue(int depth);

  bool Fail(const char* what);
  // "not JSON: expected ':' at byte 17", bytes counted from 0 at `record`.
  Error Failure(const char* record) const;

 private:
  bool TakeEscape();
  bool TakeHex(uint32_t* unit);
  bool SkipContainer(int depth);

  const char* p_;
  const char* end_;
  const char* failure_ = nullptr;
  const char* failed_at_ = nullptr;
};

// Writes the characters that a checked raw string stands for; `out` has room for raw.size() bytes.
// Returns how many were written.
size_t UnescapeJson(std::string_view raw, char* out);

// Appends a checked JSON text without the whitespace between its tokens.
void AppendCompactJson(std::string_view json, std::string* out);

}  // namespace millrace::formats
