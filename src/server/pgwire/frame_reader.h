// FrameReader: cuts the bytes of a connection into messages, with memory bounded by what has arrived and by
// the bound of a message, never by what a length word claims.
//
// A message longer than allowed is reported once, by its type, and its bytes are dropped as they come: the
// connection stays in step. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::server::pgwire {

struct Frame {
  enum class Kind : uint8_t {
    kNone,      // not all of it is here yet
    kMessage,   // `type` and `body`; a start-up packet has type 0
    kOversize,  // a message of `type` of `length` bytes, which will be skipped
    kBroken,    // a length that cannot be: the connection is out of step
  };
  Kind kind = Kind::kNone;
  char type = 0;
  std::string_view body;  // valid until the next Append
  uint64_t length = 0;    // of the whole message, without its type byte
};

class FrameReader {
 public:
  // `startup_bytes_max`: of a packet without type byte. `message_bytes_max`: of the others.
  FrameReader(size_t startup_bytes_max, size_t message_bytes_max)
      : startup_bytes_max_(startup_bytes_max), message_bytes_max_(message_bytes_max) {}

  void Append(std::string_view bytes);

  // The next message, without taking it away: asked again, the same one. `is_startup`: it has no type byte.
  Frame Peek(bool is_startup = false);
  // Takes away what Peek gave (or, when it was too long, starts to skip it); its body is gone.
  void Consume();

  void SetMessageBytesMax(size_t bytes) { message_bytes_max_ = bytes; }
  // Bytes that arrived and are in no message taken away yet.
  size_t pending_bytes() const { return bytes_.size() - begin_; }

 private:
  size_t startup_bytes_max_;
  size_t message_bytes_max_;
  std::string bytes_;
  size_t begin_ = 0;
  size_t skip_ = 0;        // bytes still to be dropped
  size_t peeked_ = 0;      // bytes of the message that Peek gave
  bool oversize_ = false;  // and it was too long
};

}  // namespace millrace::server::pgwire
