// RequestParser: bytes of one HTTP/1 request to a Request and the bytes of its body.
//
// Boost.Beast's parser behind a plain face. One request each; one thread at a time. Fed from a buffer that
// its owner keeps: what was not taken must come again, with more behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/http_limits.h"
#include "server/http/request.h"
#include "server/http/response.h"

namespace millrace::server::http {

// Takes the pieces of a chunked body; returns how many bytes it took, fewer than given when it is full.
class BodyReceiver {
 public:
  virtual ~BodyReceiver() = default;
  virtual size_t OnBody(std::string_view bytes) = 0;
};

class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);
  ~RequestParser();

  // Takes bytes of the head, and nothing behind it. *taken: how many; 0 when more are needed. Once
  // head_done, the request is complete but for its body.
  std::optional<HttpFailure> FeedHead(std::string_view bytes, size_t* taken);
  bool head_done() const;
  Request& request();

  // Takes bytes of a chunked body, after the head; `receiver` gets what the chunks hold. Returns early when
  // it is full. Bodies with a Content-Length need no parser.
  std::optional<HttpFailure> FeedChunked(std::string_view bytes, BodyReceiver& receiver, size_t* taken);
  // The last chunk and its trailer have come.
  bool chunked_done() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::server::http
