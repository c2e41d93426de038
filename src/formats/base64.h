// Base64 with the standard alphabet and padding (RFC 4648, section 4), how text formats carry bytes.
#pragma once

#include <string>
#include <string_view>

namespace millrace::formats {

void AppendBase64(std::string_view bytes, std::string* out);

// Bytes that `text` takes when decoded; only meaningful when DecodeBase64 accepts it.
size_t DecodedBase64Size(std::string_view text);
// Writes DecodedBase64Size(text) bytes to `out`. False: not base64, and `out` is unspecified.
bool DecodeBase64(std::string_view text, char* out);

}  // namespace millrace::formats
