// What characters beyond ASCII mean to the lexer. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::sql {

// Blanks beyond ASCII, as text copied from documents and chats brings along.
bool IsUnicodeBlank(uint32_t c);

// Code points >= 0x80 that a name may consist of: all but blanks, punctuation, private use and such.
bool IsUnicodeNamePart(uint32_t c);

// The ASCII character that a full-width or typographic one was probably meant to be.
std::optional<char> AsciiOf(uint32_t c);

// How many bytes the UTF-8 sequence at `at` has; 0 if it is none (overlong, a surrogate, cut short).
size_t SequenceBytes(std::string_view text, size_t at);

}  // namespace millrace::sql
