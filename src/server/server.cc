#include "server/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/ip/address.hpp>

#include "server/auth/scram.h"

namespace millrace::server {

namespace {

constexpr int64_t kStopMicros = 5'000'000;
constexpr size_t kSecretBytes = 32;

// As many descriptors as the system lets a process have: each connection is one.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Status CheckExposure(const std::string& address_text, bool has_tls, bool trusts_loopback) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(address_text, error);
  if (!error && address.is_loopback()) return Ok();
  if (!has_tls) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("listening on {} takes TLS: it can be reached from other machines", address_text),
                "give a certificate and a key, or listen on 127.0.0.1");
  }
  if (trusts_loopback) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("listening on {} takes passwords for everyone", address_text),
                "turn SCRAM authentication on, or listen on 127.0.0.1");
  }
  return Ok();
}

Server::Server(ServerOptions options)
    : options_(std::move(options)),
      pool_(std::make_unique<QueryPool>(*options_.env->executor)),
      io_threads_(std::make_unique<IoThreads>(*options_.env->executor)) {}

Server::~Server() {
  Stop();
}

Status Server::CheckOptions() const {
  if (options_.tls_certificate_file.empty() != options_.tls_key_file.empty()) {
    return Fail(ErrorCode::kInvalidParameter,
                "TLS takes a certificate file and a key file: one of them is missing");
  }
  return CheckExposure(options_.address, !options_.tls_key_file.empty(), options_.trust_loopback);
}

Status Server::LoadTls() {
  if (options_.tls_key_file.empty()) return Ok();
  const auto read = [&](const std::string& path) -> Result<std::string> {
    MR_ASSIGN(const env::FileInfo info, options_.env->files->Stat(path));
    if (info.size > limits::kTlsFileBytesMax) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("{} is too large for a certificate or key", path));
    }
    return options_.env->files->ReadAll(path);
  };
  MR_ASSIGN(const std::string certificate, read(options_.tls_certificate_file));
  MR_ASSIGN(const std::string key, read(options_.tls_key_file));
  MR_ASSIGN(tls_, TlsContext::Make(certificate, key));
  return Ok();
}

Status Server::Start() {
  MR_TRY(CheckOptions());
  MR_TRY(LoadTls());
  RaiseDescriptorLimit();
  auto host = std::make_shared<pgwire::ConnectionHost>(*options_.env->clock);
  host->context.factory = options_.sessions;
  host->context.trust_loopback = options_.trust_loopback;
  host->context.has_tls = tls_ != nullptr;
  host->context.connections_max = options_.connections_max;
  MR_ASSIGN(host->context.mock_secret, auth::RandomBytes(kSecretBytes));
  host->pool = pool_.get();
  host->tls = tls_.get();
  host->authentication_micros = options_.authentication_micros;
  host->idle_micros = options_.idle_micros;
  listener_ = std::make_unique<pgwire::Listener>(*io_threads_, std::move(host));
  MR_TRY(listener_->Start(options_.address, options_.port));
  pool_->Start(options_.query_threads);
  io_threads_->Start(options_.io_threads);
  is_running_ = true;
  return Ok();
}

void Server::Stop() {
  if (!is_running_) return;
  is_running_ = false;
  listener_->Stop(kStopMicros);
  io_threads_->Stop();
  pool_->Stop();
}

}  // namespace millrace::server
