// PosixNet: the machine's TCP.
#pragma once

#include <memory>
#include <string>

#include "env/net.h"

namespace millrace::env {

class PosixNet final : public Net {
 public:
  Result<std::unique_ptr<TcpListener>> Listen(const std::string& host, uint16_t port) override;
  Result<std::unique_ptr<TcpStream>> Connect(const std::string& host, uint16_t port,
                                             int64_t timeout_ms) override;
};

}  // namespace millrace::env
