// MemoryNet: connections within the process, for tests and the simulation. Nothing ever waits: what
// has not come yet is a timeout at once, whatever the time limit, so that one thread can play both
// sides. Host names are not looked at; ports are those of this MemoryNet. Any thread; streams and
// listeners may outlive it.
#pragma once

#include <memory>
#include <string>

#include "env/net.h"

namespace millrace::env {

class MemoryNet final : public Net {
 public:
  MemoryNet();
  ~MemoryNet() override;

  Result<std::unique_ptr<TcpListener>> Listen(const std::string& host, uint16_t port) override;
  Result<std::unique_ptr<TcpStream>> Connect(const std::string& host, uint16_t port,
                                             int64_t timeout_ms) override;

  // As when the machine at one end stops: all connections end, those that nobody has accepted too. What has
  // been sent can still be read.
  void CutConnections();

  class Ports;

 private:
  std::shared_ptr<Ports> ports_;
};

}  // namespace millrace::env
