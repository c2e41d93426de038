#include "shell/http_get.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"

namespace millrace::shell {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

Result<std::string> Dechunked(std::string_view body) {
  std::string out;
  for (;;) {
    const size_t line = body.find("\r\n");
    size_t size = 0;
    const auto [end, error] =
        std::from_chars(body.data(), body.data() + std::min(line, body.size()), size, 16);
    if (line == std::string_view::npos || error != std::errc() || end == body.data() || size > body.size()) {
      return Fail(ErrorCode::kIoError, "the answer is cut short");
    }
    body.remove_prefix(line + 2);
    if (size == 0) return out;
    if (body.size() < size + 2) return Fail(ErrorCode::kIoError, "the answer is cut short");
    out += body.substr(0, size);
    body.remove_prefix(size + 2);
  }
}

}  // namespace

Result<HttpUrl> ParseHttpUrl(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const auto refuse = [&] {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is no address of a server", url),
                "http://host:port, e.g. http://127.0.0.1:8080");
  };
  std::string_view rest = url;
  if (!rest.starts_with(kScheme)) return refuse();
  rest.remove_prefix(kScheme.size());
  HttpUrl out;
  const size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view address = rest.substr(0, slash);
  if (slash < rest.size()) out.path = rest.substr(slash);
  const size_t bracket = address.find(']');
  const size_t colon = address.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const std::string_view port = address.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return refuse();
    address = address.substr(0, colon);
  }
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  if (address.empty() || std::any_of(url.begin(), url.end(), bad)) return refuse();
  out.host = address;
  return out;
}

Result<std::string> HttpBody(std::string_view answer) {
  const size_t head_end = answer.find("\r\n\r\n");
  if (head_end == std::string_view::npos || !answer.starts_with("HTTP/1.")) {
    return Fail(ErrorCode::kIoError, "the answer is not HTTP");
  }
  const std::string_view body = answer.substr(head_end + 4);
  const std::string_view status_line = answer.substr(0, answer.find("\r\n"));
  const std::string_view status =
      status_line.substr(std::min<size_t>(status_line.find(' ') + 1, status_line.size()));
  if (!status.starts_with("200")) {
    return Fail(ErrorCode::kIoError, fmt::format("the answer is {}", status),
                status.starts_with("401") || status.starts_with("403") ? "--token gives a bearer token" : "");
  }
  const std::string head = Lower(answer.substr(0, head_end + 2));
  const auto header = [&](std::string_view name) -> std::string {
    const size_t at = head.find(fmt::format("\r\n{}:", name));
    if (at == std::string::npos) return {};
    std::string value = head.substr(at + name.size() + 3);
    value.resize(value.find("\r\n"));
    value.erase(0, value.find_first_not_of(" \t") == std::string::npos ? value.size()
                                                                       : value.find_first_not_of(" \t"));
    return value;
  };
  if (header("transfer-encoding").find("chunked") != std::string::npos) return Dechunked(body);
  const std::string length_text = header("content-length");
  if (length_text.empty()) return std::string(body);
  size_t length = 0;
  std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
  if (body.size() < length) return Fail(ErrorCode::kIoError, "the answer is cut short");
  return std::string(body.substr(0, length));
}

Result<std::string> HttpGet(env::Net& net, const env::Clock& clock, const HttpUrl& url,
                            std::string_view bearer, int64_t timeout_ms) {
  const int64_t end_micros = clock.MonotonicMicros() + timeout_ms * 1000;
  MR_ASSIGN(const std::unique_ptr<env::TcpStream> stream, net.Connect(url.host, url.port, timeout_ms));
  std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nAccept: text/plain\r\n", url.path,
                  url.host, url.port);
  if (!bearer.empty()) request += fmt::format("Authorization: Bearer {}\r\n", bearer);
  MR_TRY(stream->Write(request + "\r\n"));
  std::string answer;
  std::array<std::byte, 65536> buffer;
  for (;;) {
    const int64_t left_ms = std::max<int64_t>(0, (end_micros - clock.MonotonicMicros()) / 1000);
    MR_ASSIGN(const env::ReadOutcome read, stream->Read(buffer, left_ms));
    if (read.AtEnd()) break;
    if (read.TimedOut()) {
      return Fail(ErrorCode::kIoError,
                  fmt::format("{} has not answered within {} ms", stream->peer(), timeout_ms));
    }
    answer.append(reinterpret_cast<const char*>(buffer.data()), read.bytes);
    if (answer.size() > limits::kShellHttpBytesMax) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the answer has more than {} bytes", limits::kShellHttpBytesMax));
    }
  }
  return HttpBody(answer);
}

}  // namespace millrace::shell
