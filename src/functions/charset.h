// The character sets that every Java has, to and from UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::functions {

enum class Charset : uint8_t { kAscii, kLatin1, kUtf8, kUtf16, kUtf16Be, kUtf16Le };

// By name, in any case; the error of an unknown one names all.
Result<Charset> CharsetNamed(std::string_view name);

// What the set lacks becomes '?'. UTF-16 is big-endian with a byte order mark. Neither fails.
Status EncodeText(std::string_view text, Charset charset, std::string* out);
// What is no character becomes U+FFFD. UTF-16 is big-endian unless a byte order mark says otherwise.
Status DecodeText(std::string_view bytes, Charset charset, std::string* out);

}  // namespace millrace::functions
