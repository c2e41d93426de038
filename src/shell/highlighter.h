// Colours for SQL while it is typed. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::shell {

enum class Style : uint8_t { kPlain, kKeyword, kString, kNumber, kComment, kName, kCommand };

// One style for each byte of the text.
std::vector<Style> Highlight(std::string_view text);

// The escape sequence that begins a style; "\x1b[0m" for kPlain.
std::string_view StyleSequence(Style style);

}  // namespace millrace::shell
