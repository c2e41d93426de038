// The description of the HTTP interface as an OpenAPI 3.1 document.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http_limits.h"

namespace millrace::server::http {

// `version`: of Millrace.
std::string OpenApiDocument(std::string_view version, const HttpLimits& limits);

}  // namespace millrace::server::http
