// Router: which handler answers a request.
//
// Immutable once made; any thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "env/clock.h"
#include "server/http/backend.h"
#include "server/http/handler.h"
#include "server/http/http_limits.h"
#include "server/http/http_metrics.h"
#include "server/http/request.h"

namespace millrace::server::http {

struct Routed {
  std::unique_ptr<Handler> handler;
  std::string_view route;       // "/v1/tables/{table}", for metrics
  bool is_refusal = false;      // the body is of no interest
  std::vector<Header> headers;  // for any answer
};

struct RouteInfo {
  std::string_view method;
  std::string_view path;  // "/v1/tables/{table}"
};

// Every route, by path and method; GET answers HEAD as well.
std::span<const RouteInfo> Routes();

struct RouterOptions {
  // /metrics, /healthz and /readyz need a token too.
  bool protect_metrics = false;
  bool protect_health = false;
  // Web pages of which origins ("https://example.com") may ask from a browser; "*": all.
  std::vector<std::string> allowed_origins = {};
  std::string version = {};  // of Millrace, for the OpenAPI document
};

class Router {
 public:
  // What is pointed to outlives this.
  Router(Backend* backend, const HttpLimits* limits, env::Clock* clock, HttpMetrics* metrics,
         RouterOptions options);

  // Never without a handler. `wake`: for the handler, when it waits.
  Routed Route(const Request& request, const Peer& peer, const Wake& wake) const;

 private:
  struct Match;
  Result<Caller> CallerOf(const Request& request, const Peer& peer) const;
  bool IsAllowedOrigin(std::string_view origin) const;
  Status CheckBrowser(const Request& request) const;
  std::unique_ptr<Handler> MakeHandler(const Match& match, const Request& request, const Caller& caller,
                                       const Wake& wake, Response* refusal) const;
  Response Preflight(const Request& request, std::string_view allow) const;
  Response Health() const;
  Response Readiness() const;
  Response Metrics() const;

  Backend& backend_;
  const HttpLimits& limits_;
  env::Clock& clock_;
  HttpMetrics& metrics_;
  const RouterOptions options_;
};

}  // namespace millrace::server::http
