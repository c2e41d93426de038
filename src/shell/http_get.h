// One GET over HTTP/1.1, without TLS: for metrics of a server on this machine or a trusted network. Any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/clock.h"
#include "env/net.h"

namespace millrace::shell {

// http://host[:port][/path]. kInvalidParameter for anything else.
struct HttpUrl {
  std::string host;
  uint16_t port = 80;
  std::string path = "/";
};
Result<HttpUrl> ParseHttpUrl(std::string_view url);

// The body of an answer 200. Errors: kIoError, also for another status and for more than `timeout_ms` in all;
// kResourceExhausted beyond limits::kShellHttpBytesMax. `bearer` is a token, or empty.
Result<std::string> HttpGet(env::Net& net, const env::Clock& clock, const HttpUrl& url,
                            std::string_view bearer, int64_t timeout_ms);

// The body of a whole answer; what HttpGet does once it has the bytes.
Result<std::string> HttpBody(std::string_view answer);

}  // namespace millrace::shell
