#include "server/http/request_parser.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <utility>

namespace millrace::server::http {
namespace {

namespace beast = boost::beast;
using BeastError = beast::http::error;

// A chunk's size line with its extensions, and a trailer; also what may wait for its end without being taken.
constexpr size_t kChunkHeaderBytesMax = 4096;

HttpFailure Refuse(int status, ErrorCode code, std::string message, std::string hint = {}) {
  return {status, Error(code, std::move(message), std::move(hint))};
}

}  // namespace

class RequestParser::Impl final : public beast::http::basic_parser<true> {
 public:
  explicit Impl(const HttpLimits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(boost::none);  // counted by whoever takes the body
  }

  std::optional<HttpFailure> Feed(std::string_view bytes, size_t* taken) {
    beast::error_code error;
    *taken = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (failure_) return std::move(failure_);
    if (!error || error == BeastError::need_more) return std::nullopt;
    if (error == BeastError::header_limit) {
      return Refuse(431, ErrorCode::kInvalidText,
                    fmt::format("the header is longer than {} bytes", limits_.header_bytes));
    }
    if (error == BeastError::bad_version) {
      return Refuse(505, ErrorCode::kNotSupported, "this is a server of HTTP/1.0 and HTTP/1.1");
    }
    return Refuse(400, ErrorCode::kInvalidText, fmt::format("not an HTTP request: {}", error.message()));
  }

  std::optional<HttpFailure> FinishHead() {
    request_.keep_alive = keep_alive();
    request_.is_chunked = chunked();
    if (const auto length = content_length(); length) request_.content_length = *length;
    if (const std::string* coding = request_.FindHeader("transfer-encoding");
        coding != nullptr && ToLower(*coding) != "chunked") {
      return Refuse(501, ErrorCode::kNotSupported,
                    fmt::format("Transfer-Encoding '{}' is not known", *coding),
                    "chunked is; a packed body is told by Content-Encoding");
    }
    if (request_.version_minor == 0 && request_.is_chunked) {
      return Refuse(400, ErrorCode::kInvalidText, "HTTP/1.0 has no chunked bodies");
    }
    if (const std::string* expect = request_.FindHeader("expect"); expect != nullptr) {
      if (ToLower(*expect) != "100-continue") {
        return Refuse(417, ErrorCode::kNotSupported, fmt::format("Expect: '{}' is not known", *expect),
                      "100-continue is");
      }
      request_.expects_continue = request_.version_minor > 0;
    }
    int hosts = 0;
    for (const Header& header : request_.headers) hosts += header.name == "host" ? 1 : 0;
    if (hosts > 1 || (hosts == 0 && request_.version_minor > 0)) {
      return Refuse(400, ErrorCode::kInvalidText, "the request needs exactly one Host header");
    }
    if (Status parsed = ParseTarget(target_, &request_); !parsed) return HttpFailure{400, parsed.error()};
    return std::nullopt;
  }

  Request& request() { return request_; }
  void set_receiver(BodyReceiver* receiver) { receiver_ = receiver; }
  bool is_full() const { return is_full_; }
  void ClearFull() { is_full_ = false; }

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code&) override {
    request_.method.assign(method.data(), method.size());
    target_.assign(target.data(), target.size());
    request_.version_minor = version % 10;
  }
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

  // Fields of the header, and of the trailer of a chunked body, which are dropped.
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (++fields_ > limits_.header_fields) {
      failure_ = Refuse(431, ErrorCode::kInvalidText,
                        fmt::format("more than {} header fields", limits_.header_fields));
      error = BeastError::header_limit;
      return;
    }
    if (is_body_) return;
    request_.headers.push_back(
        {ToLower({name.data(), name.size()}), std::string(value.data(), value.size())});
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {
    is_body_ = true;
  }
  size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, beast::error_code&) override {
    if (body.empty()) return 0;
    const size_t taken = receiver_->OnBody({body.data(), body.size()});
    is_full_ = taken < body.size();
    return taken;
  }
  void on_finish_impl(beast::error_code&) override {}

  const HttpLimits& limits_;
  Request request_;
  std::string target_;
  size_t fields_ = 0;
  bool is_body_ = false;
  bool is_full_ = false;
  BodyReceiver* receiver_ = nullptr;
  std::optional<HttpFailure> failure_;
};

RequestParser::RequestParser(const HttpLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

bool RequestParser::head_done() const {
  return impl_->is_header_done();
}

Request& RequestParser::request() {
  return impl_->request();
}

std::optional<HttpFailure> RequestParser::FeedHead(std::string_view bytes, size_t* taken) {
  *taken = 0;
  while (!head_done() && *taken < bytes.size()) {
    size_t used = 0;
    if (auto failure = impl_->Feed(bytes.substr(*taken), &used)) return failure;
    if (used == 0) return std::nullopt;
    *taken += used;
  }
  return head_done() ? impl_->FinishHead() : std::nullopt;
}

std::optional<HttpFailure> RequestParser::FeedChunked(std::string_view bytes, BodyReceiver& receiver,
                                                      size_t* taken) {
  *taken = 0;
  impl_->set_receiver(&receiver);
  impl_->ClearFull();
  while (!impl_->is_done() && *taken < bytes.size() && !impl_->is_full()) {
    size_t used = 0;
    if (auto failure = impl_->Feed(bytes.substr(*taken), &used)) return failure;
    if (used == 0 && !impl_->is_full()) {
      if (bytes.size() - *taken <= kChunkHeaderBytesMax) return std::nullopt;
      return Refuse(
          400, ErrorCode::kInvalidText,
          fmt::format("a chunk's size line, or the trailer, is longer than {} bytes", kChunkHeaderBytesMax));
    }
    *taken += used;
  }
  return std::nullopt;
}

bool RequestParser::chunked_done() const {
  return impl_->is_done();
}

}  // namespace millrace::server::http
