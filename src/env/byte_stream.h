// ByteStream: bytes that arrive once and in order: a pipe, standard input, a TCP connection. One
// thread reads at a time; reading waits no longer than it is told to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"

namespace millrace::env {

// A time limit that never ends.
inline constexpr int64_t kForever = -1;

struct ReadOutcome {
  enum class Kind : uint8_t { kData, kTimeout, kEnd };
  Kind kind = Kind::kEnd;
  size_t bytes = 0;  // above 0 exactly when kData

  bool HasData() const { return kind == Kind::kData; }
  bool TimedOut() const { return kind == Kind::kTimeout; }
  bool AtEnd() const { return kind == Kind::kEnd; }
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Reads what is there, at most buffer.size() bytes (at least 1), waiting up to `timeout_ms`
  // milliseconds (0: not at all; kForever) for the first. kEnd: the other side closed. kIoError.
  virtual Result<ReadOutcome> Read(std::span<std::byte> buffer, int64_t timeout_ms) = 0;
};

}  // namespace millrace::env
