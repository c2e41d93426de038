#include "server/http/handler.h"

#include <algorithm>

#include "server/http/http_limits.h"

namespace millrace::server::http {

uint64_t FixedHandler::body_bytes_max() const {
  return kDiscardBytesMax;
}

std::span<std::byte> CollectingHandler::Room() {
  if (body_.size() - size_ < 1024) body_.resize(std::max<size_t>(size_t{16} << 10, body_.size() * 2));
  return std::as_writable_bytes(std::span(body_)).subspan(size_);
}

Handler::Flow CollectingHandler::Received(size_t bytes) {
  size_ += bytes;
  return Flow::kMore;
}

std::string CollectingHandler::TakeBody() {
  body_.resize(size_);
  return std::move(body_);
}

}  // namespace millrace::server::http
