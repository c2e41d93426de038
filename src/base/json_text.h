// Strings as JSON. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// Appends a UTF-8 text as a JSON string, quotes included. Only what JSON requires is escaped.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace millrace
