// Listener: accepts the connections of PostgreSQL's protocol.
//
// Pauses while too many connections have not logged in, or the process has no file descriptor left, and goes
// on when that passes. Looks after the deadlines of all connections. Owned by the Server; Start and Stop by
// one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "server/io_threads.h"
#include "server/pgwire/connection_host.h"

namespace millrace::server::pgwire {

class Listener {
 public:
  // Both outlive this.
  Listener(IoThreads& threads, std::shared_ptr<ConnectionHost> host);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // `address`: "127.0.0.1", "::1", …; port 0: any free one. kIoError when it cannot be had.
  Status Start(const std::string& address, uint16_t port);
  // The port listened on.
  uint16_t port() const { return port_; }
  // Accepts no more, and tells all clients that the server goes down. Waits until they are gone, at most
  // `micros`. While the I/O threads run.
  void Stop(int64_t micros);

 private:
  class Acceptor;
  std::shared_ptr<ConnectionHost> host_;
  std::shared_ptr<Acceptor> acceptor_;
  IoThreads& threads_;
  uint16_t port_ = 0;
};

}  // namespace millrace::server::pgwire
