// UTF-8: code points of texts, with fast ways for texts that are all ASCII.
//
// Pure functions. Texts need not be valid: a byte that starts no valid sequence counts as one code point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::functions::utf8 {

inline constexpr char32_t kReplacement = 0xFFFD;

bool IsAscii(std::string_view text);
bool IsValid(std::string_view text);

inline bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Bytes of the code point at the start of `text`, which is not empty; 1 for a stray byte.
size_t LeadBytes(std::string_view text);
// Bytes of the code point at the end of `text`, which is not empty.
size_t TrailBytes(std::string_view text);

// The code point at *position, which it moves past; kReplacement for a stray byte.
char32_t Next(std::string_view text, size_t* position);
void Append(char32_t code_point, std::string* out);

size_t Length(std::string_view text);

// The byte where code point `index` (from 0) starts, or text.size() when there are fewer.
size_t ByteOffset(std::string_view text, size_t index);

// `count` code points from code point `start` (from 0).
std::string_view Substring(std::string_view text, size_t start, size_t count);

// As Java's toUpperCase() and toLowerCase() in the root locale, except for context-dependent letters.
void AppendUpper(std::string_view text, std::string* out);
void AppendLower(std::string_view text, std::string* out);
char32_t ToUpper(char32_t code_point);
char32_t ToLower(char32_t code_point);
bool IsLetter(char32_t code_point);

}  // namespace millrace::functions::utf8
