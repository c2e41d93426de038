// InstancePort: the sessions of an Instance as PostgreSQL's protocol asks for them (pgwire/session_port.h).
#pragma once

#include "server/pgwire/session_port.h"
#include "session/instance.h"

namespace millrace::server {

class InstancePort final : public pgwire::SessionFactory {
 public:
  // `instance` outlives this and the sessions that it gives.
  explicit InstancePort(session::Instance* instance) : instance_(*instance) {}

  std::optional<std::string> ScramVerifier(std::string_view role) override;
  Result<std::unique_ptr<pgwire::SessionPort>> OpenSession(const pgwire::SessionRequest& request) override;

 private:
  session::Instance& instance_;
};

}  // namespace millrace::server
