// Handler: what answers one request. Made by the router when the head has come; given the body, then asked
// for the answer.
//
// Owned by the connection, which calls it from one thread at a time; Cancel from any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "server/http/response.h"

namespace millrace::server::http {

class Handler {
 public:
  enum class Flow : uint8_t {
    kMore,    // more of the body, please
    kWait,    // nothing now: Resume is called after a wake, or at the deadline
    kAnswer,  // Answer can be called; what is left of the body is not wanted
  };

  virtual ~Handler() = default;

  // The largest body it takes, as it travels.
  virtual uint64_t body_bytes_max() const = 0;
  // Where the next bytes of the body go; never empty while it says kMore.
  virtual std::span<std::byte> Room() = 0;
  // So many bytes have been put there.
  virtual Flow Received(size_t bytes) = 0;
  // The body has ended as it should.
  virtual Flow Ended() = 0;
  virtual Flow Resume() { return Flow::kAnswer; }
  // Whether Resume is to be called after a wake also while it says kMore.
  virtual bool is_resumed_early() const { return false; }
  // While kWait: when to call Resume at the latest (Clock::MonotonicMicros); 0: never.
  virtual int64_t deadline() const { return 0; }

  // How long the request may take, if less than HttpLimits::request_micros; 0: no less.
  virtual int64_t time_micros_max() const { return 0; }
  // Whether Answer may wait, and so needs a thread of its own.
  virtual bool answer_blocks() const { return false; }
  virtual Response Answer() = 0;
  // The body did not come to its end; or the request took too long. Instead of Answer.
  virtual Response Abort(int status, const Error& error) { return ErrorResponse(status, error); }
  // The client has gone: ends what waits. Any thread.
  virtual void Cancel() {}
};

// A body that must be empty, or is not looked at: read and dropped, then `response` is given.
class FixedHandler final : public Handler {
 public:
  explicit FixedHandler(Response response) : response_(std::move(response)) {}
  uint64_t body_bytes_max() const override;
  std::span<std::byte> Room() override { return room_; }
  Flow Received(size_t) override { return Flow::kMore; }
  Flow Ended() override { return Flow::kAnswer; }
  Response Answer() override { return std::move(response_); }
  Response Abort(int, const Error&) override { return std::move(response_); }

 private:
  Response response_;
  std::byte room_[4096];
};

// A body that is collected up to a bound.
class CollectingHandler : public Handler {
 public:
  explicit CollectingHandler(uint64_t bytes_max) : bytes_max_(bytes_max) {}
  uint64_t body_bytes_max() const final { return bytes_max_; }
  std::span<std::byte> Room() final;
  Flow Received(size_t bytes) final;
  Flow Ended() override { return Flow::kAnswer; }

 protected:
  std::string TakeBody();

 private:
  const uint64_t bytes_max_;
  std::string body_;
  size_t size_ = 0;
};

}  // namespace millrace::server::http
