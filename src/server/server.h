// Server: the long-running process's way to its clients: I/O threads, query pool, TLS, and the listener of
// PostgreSQL's protocol. HTTP's listener runs on the same threads (io_threads(), query_pool(), tls()).
//
// Owned by the process that serves; used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/limits.h"
#include "env/env.h"
#include "server/io_threads.h"
#include "server/pgwire/listener.h"
#include "server/pgwire/session_port.h"
#include "server/query_pool.h"
#include "server/tls_context.h"

namespace millrace::server {

struct ServerOptions {
  env::Env* env = nullptr;
  pgwire::SessionFactory* sessions = nullptr;  // outlives the server

  std::string address = "127.0.0.1";
  uint16_t port = 5433;  // 0: any free one
  // Whether clients over the loopback interface need a password. Others always do, and TLS.
  bool trust_loopback = true;
  std::string tls_certificate_file;  // PEM; both or none
  std::string tls_key_file;

  int io_threads = 2;
  int query_threads = 8;
  int connections_max = limits::kConnectionsMax;
  int64_t authentication_micros = limits::kAuthenticationMicrosMax;
  int64_t idle_micros = 0;  // 0: a client may be idle for ever
};

// kInvalidParameter for an address beyond loopback without TLS and passwords for everyone.
Status CheckExposure(const std::string& address, bool has_tls, bool trusts_loopback);

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens. kInvalidParameter for a combination that would be open to anyone: an address beyond loopback is
  // refused without TLS and passwords.
  Status Start();
  // The port of PostgreSQL's protocol, once started.
  uint16_t port() const { return listener_->port(); }
  // Tells clients, ends what runs and waits for it, at most some seconds. May be called twice.
  void Stop();

  IoThreads& io_threads() { return *io_threads_; }
  QueryPool& query_pool() { return *pool_; }
  const TlsContext* tls() const { return tls_.get(); }  // null: none

 private:
  Status CheckOptions() const;
  Status LoadTls();

  const ServerOptions options_;
  // Destroyed from the last to the first: what connections use outlives them.
  std::unique_ptr<TlsContext> tls_;
  std::unique_ptr<QueryPool> pool_;
  std::unique_ptr<IoThreads> io_threads_;
  std::unique_ptr<pgwire::Listener> listener_;
  bool is_running_ = false;
};

}  // namespace millrace::server
