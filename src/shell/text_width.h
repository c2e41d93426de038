// Text on a terminal: where its characters begin, and how many columns they take.
//
// A character is a code point with the combining marks behind it. Bytes that are not UTF-8 count as one
// character each, shown as U+FFFD. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::shell {

struct CodePoint {
  char32_t value = 0;  // U+FFFD if the bytes are not UTF-8
  size_t bytes = 1;
};
// The code point at byte `at`, which is below the text's size.
CodePoint CodePointAt(std::string_view text, size_t at);

// Columns of one code point: 0 for marks that combine, 2 for East Asian wide characters and emoji, else 1.
size_t WidthOf(char32_t c);
// Columns of a text without control characters.
size_t DisplayWidth(std::string_view text);

// The byte at which the character after (before) the one at `at` begins; the text's end (0) at the end.
size_t NextCharacter(std::string_view text, size_t at);
size_t PreviousCharacter(std::string_view text, size_t at);

// The text as it may be sent to a terminal: control characters as \n, \t, \r and \x1B, what is not UTF-8 as
// U+FFFD. Values come from others and must not steer the terminal.
std::string Visible(std::string_view text);

// At most `columns` columns of a visible text, the last of them "…" if something was cut off.
std::string Cut(std::string_view text, size_t columns);

}  // namespace millrace::shell
