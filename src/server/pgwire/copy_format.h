// What the writer and the reader of COPY data share of its formats.
#pragma once

#include <string_view>

namespace millrace::server::pgwire {

// How binary data begin.
inline constexpr std::string_view kCopySignature = {"PGCOPY\n\377\r\n\0", 11};

// A line of its own that ends text data.
inline constexpr std::string_view kEndOfCopyData = "\\.";

// What stands behind a backslash for a control character in text format; 0: it stands for itself.
inline constexpr char EscapeLetterOf(char c) {
  switch (c) {
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    default:
      return '\0';
  }
}

}  // namespace millrace::server::pgwire
