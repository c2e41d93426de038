// Request: the head of one HTTP request, taken apart. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace millrace::server::http {

struct Header {
  std::string name;  // in lower case
  std::string value;
};

struct Request {
  std::string method;                                      // "GET"
  std::string path;                                        // as sent, without the query
  std::vector<std::string> segments;                       // of the path, percent-decoded
  std::vector<std::pair<std::string, std::string>> query;  // percent-decoded, in order
  std::vector<Header> headers;
  int version_minor = 1;  // of HTTP/1
  bool keep_alive = true;
  bool is_chunked = false;
  bool expects_continue = false;
  std::optional<uint64_t> content_length;

  // The value of a header (name in lower case), or nullptr. The first one, if it was sent twice.
  const std::string* FindHeader(std::string_view name) const;
  // The value of a query parameter, or nullptr.
  const std::string* FindQuery(std::string_view name) const;
  bool HasBody() const { return is_chunked || content_length.value_or(0) > 0; }
};

// Fills path, segments and query from "/v1/tables/a.b?x=1". kInvalidText: no path, a wrong escape, too many
// parameters, or bytes that are not UTF-8.
Status ParseTarget(std::string_view target, Request* request);

// "text/csv" of "Text/CSV; charset=utf-8"; in lower case.
std::string MediaType(std::string_view header_value);

// Which of `offered` (media types, best first) a client wants that sent this Accept header: the one of the
// highest quality, of several the first offered. nullopt: none. An absent or empty header takes the first.
std::optional<size_t> Negotiate(const std::string* accept, std::span<const std::string_view> offered);

// "Bearer abc" -> "abc"; nullopt: no Authorization header. kInvalidAuthorization for another scheme.
Result<std::optional<std::string>> BearerToken(const Request& request);

// ASCII letters in lower case.
std::string ToLower(std::string_view text);
// Without spaces and tabs at either end.
std::string_view TrimSpace(std::string_view text);

}  // namespace millrace::server::http
