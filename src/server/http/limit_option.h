// What an operator may set of the HTTP server: limits by name, and the origins of web pages that may ask.
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "server/http/http_limits.h"

namespace millrace::server::http {

// "body=64mb", "idle-time=30 s", "connections=500". kInvalidParameter names what there is, or what a value
// may be; the others stay as they were.
Status SetHttpLimit(std::string_view option, HttpLimits* limits);

// An origin as browsers send it ("https://app.example.com", "http://localhost:3000"), or "*" for all.
// kInvalidParameter for anything else: it would never match.
Status CheckOrigin(std::string_view origin);

}  // namespace millrace::server::http
