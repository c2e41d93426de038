// Net: the only way to the network: blocking TCP in which nothing waits longer than it is told to. The
// real one is POSIX (posix_net.h), the one for tests and the simulation connects ends within the
// process (memory_net.h).
//
// A Net may be used from any thread; a stream by one reader and one writer at a time, and Shutdown
// from any thread. Every error is kIoError, or kInvalidParameter for an address that is none, and
// names the address and the system's reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/byte_stream.h"

namespace millrace::env {

class TcpStream : public ByteStream {
 public:
  // Writes all of it, waiting for the other side as long as it takes; fails once it is gone.
  virtual Status Write(std::string_view bytes) = 0;
  // Ends both directions: a Read that waits in another thread returns kEnd. May be called twice.
  virtual void Shutdown() = 0;
  // "host:port" of the other side, for messages.
  virtual const std::string& peer() const = 0;
};

class TcpListener {
 public:
  virtual ~TcpListener() = default;
  // The next connection, or null if none came within `timeout_ms` milliseconds (0, or kForever).
  virtual Result<std::unique_ptr<TcpStream>> Accept(int64_t timeout_ms) = 0;
  // The port that it listens on, also when 0 (any free one) was asked for.
  virtual uint16_t port() const = 0;
};

class Net {
 public:
  virtual ~Net() = default;
  // `host` is a name or an address of this machine; "0.0.0.0" or "::" for all of its addresses.
  virtual Result<std::unique_ptr<TcpListener>> Listen(const std::string& host, uint16_t port) = 0;
  // Tries the addresses of `host` in turn, `timeout_ms` milliseconds in all.
  virtual Result<std::unique_ptr<TcpStream>> Connect(const std::string& host, uint16_t port,
                                                     int64_t timeout_ms) = 0;
};

}  // namespace millrace::env
