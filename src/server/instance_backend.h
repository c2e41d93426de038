// InstanceBackend: an Instance as the HTTP server asks for it (http/backend.h).
#pragma once

#include <atomic>

#include "server/http/backend.h"
#include "session/instance.h"

namespace millrace::server {

class InstanceBackend final : public http::Backend {
 public:
  // `instance` outlives this. `trust_loopback`: a request from this machine needs no token; it is answered in
  // the name of `trusted_role`.
  InstanceBackend(session::Instance* instance, bool trust_loopback, std::string trusted_role)
      : instance_(*instance), trust_loopback_(trust_loopback), trusted_role_(std::move(trusted_role)) {}

  // The statements of the start have run.
  void SetStarted() { started_.store(true); }

  Result<http::Caller> Authenticate(const std::optional<std::string>& token, const http::Peer& peer) override;
  Result<std::unique_ptr<http::TableWriter>> OpenTable(const http::Caller& caller,
                                                       std::string_view name) override;
  Result<http::Relation> Describe(const http::Caller& caller, std::string_view name) override;
  Result<std::unique_ptr<http::SqlClient>> OpenClient(const http::Caller& caller) override;
  void CollectMetrics() override;
  Status Ready() override;

 private:
  // A table or view that the caller may use in this way.
  Result<catalog::EntryPtr> Find(const http::Caller& caller, std::string_view name,
                                 catalog::Privilege privilege) const;

  session::Instance& instance_;
  const bool trust_loopback_;
  const std::string trusted_role_;
  std::atomic<bool> started_{false};
};

// A bearer token with its hash, from OpenSSL's random generator: 256 bits as 43 characters behind "mr_".
Result<session::NewToken> MakeToken();

}  // namespace millrace::server
