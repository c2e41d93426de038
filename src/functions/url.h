// URLs in parts, as java.net.URL takes them apart, and their encoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::functions {

// HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE or USERINFO; false: the text is no URL of a protocol that
// Java knows (http, https, ftp, file, jar, mailto), has no such part, or the part's name is unknown.
bool UrlPart(std::string_view url, std::string_view part, std::string_view* text);

// The value of `key` in "a=1&b=2", undecoded.
std::optional<std::string_view> QueryValue(std::string_view query, std::string_view key);

// application/x-www-form-urlencoded over UTF-8.
void AppendUrlEncoded(std::string_view text, std::string* out);
// False: a '%' without two hexadecimal digits.
bool AppendUrlDecoded(std::string_view text, std::string* out);

}  // namespace millrace::functions
