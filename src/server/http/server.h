// HttpServer: listens, and carries bytes between sockets and Connections, in plain text or TLS.
//
// Its sockets live on the io_context that it is given, each connection on a strand of its own; what may wait
// is handed to `run_waiting`. Start and Stop from one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "env/env.h"
#include "server/http/backend.h"
#include "server/http/http_limits.h"
#include "server/http/router.h"
#include "telemetry/metrics.h"

namespace boost::asio {
class io_context;
}
struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace millrace::server::http {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // in numbers
  uint16_t port = 0;                  // 0: any that is free
  HttpLimits limits;
  RouterOptions router;
  ssl_ctx_st* tls = nullptr;  // null: plain text; shared with the caller
};

class HttpServer {
 public:
  // What is pointed to outlives this. `run_waiting` runs a job on a thread that may wait; false: it takes no
  // more, and the request is answered with 503.
  struct Context {
    boost::asio::io_context* io = nullptr;
    env::Env* env = nullptr;
    Backend* backend = nullptr;
    telemetry::MetricsRegistry* metrics = nullptr;
    std::function<bool(std::function<void()> job)> run_waiting;
  };
  HttpServer(Context context, HttpServerOptions options);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and listens. kInvalidParameter: not an address; kIoError.
  Status Start();
  // The port that it listens on, after Start.
  uint16_t port() const;
  // Takes no more connections, closes those there are, and waits until none of their jobs runs. The
  // io_context must be running. May be called twice.
  void Stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace millrace::server::http
