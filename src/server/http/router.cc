#include "server/http/router.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/http/change_events.h"
#include "server/http/ingest_handler.h"
#include "server/http/openapi.h"
#include "server/http/sql_handler.h"
#include "server/http/view_query.h"

namespace millrace::server::http {
namespace {

constexpr RouteInfo kRoutes[] = {
    {"GET", "/healthz"},         {"GET", "/metrics"},
    {"GET", "/readyz"},          {"GET", "/v1/openapi.json"},
    {"POST", "/v1/sql"},         {"POST", "/v1/tables/{table}"},
    {"GET", "/v1/views/{view}"}, {"GET", "/v1/views/{view}/changes"},
};

// Whether a path is of a route's form; *name is what stands for its part in braces.
bool Matches(std::string_view pattern, const std::vector<std::string>& segments, std::string* name) {
  pattern.remove_prefix(1);
  for (size_t i = 0; i < segments.size(); ++i) {
    const size_t end = pattern.find('/');
    const std::string_view part = pattern.substr(0, end);
    if (part.starts_with('{')) {
      if (segments[i].empty()) return false;
      *name = segments[i];
    } else if (part != segments[i]) {
      return false;
    }
    const bool is_last = end == std::string_view::npos;
    if (is_last) return i + 1 == segments.size();
    pattern.remove_prefix(end + 1);
  }
  return false;
}

// "localhost" or an address in numbers, with a port or without: a name that a browser was given by someone
// else's DNS is none of these.
bool IsLocalName(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.find(':'));
  return ToLower(host) == "localhost" || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::unique_ptr<Handler> Fixed(Response response) {
  return std::make_unique<FixedHandler>(std::move(response));
}

}  // namespace

std::span<const RouteInfo> Routes() {
  return kRoutes;
}

struct Router::Match {
  const RouteInfo* route = nullptr;
  std::string name;   // of the table or view
  std::string allow;  // methods of this path
};

Router::Router(Backend* backend, const HttpLimits* limits, env::Clock* clock, HttpMetrics* metrics,
               RouterOptions options)
    : backend_(*backend),
      limits_(*limits),
      clock_(*clock),
      metrics_(*metrics),
      options_(std::move(options)) {}

Routed Router::Route(const Request& request, const Peer& peer, const Wake& wake) const {
  Routed routed;
  const auto refuse = [&routed](Response response) {
    routed.handler = Fixed(std::move(response));
    routed.is_refusal = true;
    return std::move(routed);
  };
  Match match;
  routed.route = "unknown";
  for (const RouteInfo& route : kRoutes) {
    if (!Matches(route.path, request.segments, &match.name)) continue;
    routed.route = route.path;
    match.allow += fmt::format("{}{}", match.allow.empty() ? "" : ", ", route.method);
    if (route.method == "GET") match.allow += ", HEAD";
    if (request.method == route.method || (request.method == "HEAD" && route.method == "GET")) {
      match.route = &route;
    }
  }
  if (match.allow.empty()) {
    return refuse(ErrorResponse(
        404, Error(ErrorCode::kUndefinedObject, fmt::format("there is nothing at '{}'", request.path),
                   "/v1/openapi.json describes what there is")));
  }
  const std::string* origin = request.FindHeader("origin");
  if (origin != nullptr && IsAllowedOrigin(*origin)) {
    routed.headers = {{"Access-Control-Allow-Origin", *origin}, {"Vary", "Origin"}};
    if (request.method == "OPTIONS") return refuse(Preflight(request, match.allow));
  }
  if (match.route == nullptr) {
    Response response =
        ErrorResponse(405, Error(ErrorCode::kNotSupported,
                                 fmt::format("{} is not a method of '{}'", request.method, request.path)));
    response.headers.push_back({"Allow", match.allow});
    return refuse(std::move(response));
  }
  const Result<Caller> caller = CallerOf(request, peer);
  const bool is_open = (!options_.protect_metrics && match.route->path == "/metrics") ||
                       (!options_.protect_health && match.route->path.ends_with('z'));
  if (!caller && !is_open) return refuse(ErrorResponse(caller.error()));
  if (caller && caller->is_trusted) {
    if (const Status browser = CheckBrowser(request); !browser) {
      return refuse(ErrorResponse(403, browser.error()));
    }
  }
  Response refusal;
  routed.handler = MakeHandler(match, request, caller ? *caller : Caller{}, wake, &refusal);
  if (routed.handler == nullptr) return refuse(std::move(refusal));
  return routed;
}

Result<Caller> Router::CallerOf(const Request& request, const Peer& peer) const {
  MR_ASSIGN(const std::optional<std::string> token, BearerToken(request));
  return backend_.Authenticate(token, peer);
}

bool Router::IsAllowedOrigin(std::string_view origin) const {
  return std::ranges::any_of(options_.allowed_origins, [origin](const std::string& allowed) {
    return allowed == "*" || allowed == origin;
  });
}

// A browser of this machine is trusted like any program of it, but not the pages that it shows.
Status Router::CheckBrowser(const Request& request) const {
  const std::string* host = request.FindHeader("host");
  const std::string* origin = request.FindHeader("origin");
  if (host != nullptr && !IsLocalName(*host)) {
    return Fail(ErrorCode::kInsufficientPrivilege,
                fmt::format("without a token only requests to this machine are answered, not to '{}'", *host),
                "ask for localhost, or send a bearer token");
  }
  const bool is_own = origin != nullptr && host != nullptr && *origin == "http://" + *host;
  if (origin != nullptr && !is_own && !IsAllowedOrigin(*origin)) {
    return Fail(ErrorCode::kInsufficientPrivilege,
                fmt::format("pages of '{}' may not ask without a token", *origin),
                "allow the origin in the server's options");
  }
  return {};
}

Response Router::Preflight(const Request& request, std::string_view allow) const {
  Response response;
  response.status = 204;
  response.content_type.clear();
  response.headers = {{"Access-Control-Allow-Methods", std::string(allow)},
                      {"Access-Control-Max-Age", "600"}};
  if (request.FindHeader("access-control-request-headers") != nullptr) {
    response.headers.push_back({"Access-Control-Allow-Headers",
                                "Authorization, Content-Type, Content-Encoding, Accept, Idempotency-Key"});
  }
  return response;
}

std::unique_ptr<Handler> Router::MakeHandler(const Match& match, const Request& request, const Caller& caller,
                                             const Wake& wake, Response* refusal) const {
  const auto refuse = [refusal](Response response) -> std::unique_ptr<Handler> {
    *refusal = std::move(response);
    return nullptr;
  };
  const std::string_view path = match.route->path;
  if (path == "/healthz") return Fixed(Health());
  if (path == "/readyz") return Fixed(Readiness());
  if (path == "/metrics") return Fixed(Metrics());
  if (path == "/v1/openapi.json") return Fixed(JsonResponse(200, OpenApiDocument(options_.version, limits_)));
  if (path == "/v1/tables/{table}") {
    auto writer = backend_.OpenTable(caller, match.name);
    if (!writer) return refuse(ErrorResponse(writer.error()));
    const IngestHandler::Context context = {
        .limits = &limits_, .clock = &clock_, .metrics = &metrics_, .wake = wake, .origin = "http"};
    auto handler = IngestHandler::Make(request, std::move(*writer), context);
    if (!handler) return refuse(ErrorResponse(handler.error().status, handler.error().error));
    return std::move(*handler);
  }

  SqlStatement statement;
  const bool is_sql = path == "/v1/sql";
  const bool is_changes = path.ends_with("/changes");
  Result<ResultFormat> format = ResultFormat::kJson;
  if (!is_changes) format = ChooseResultFormat(request);
  if (!format) {
    return refuse(
        ErrorResponse(format.error().code() == ErrorCode::kNotSupported ? 406 : 400, format.error()));
  }
  if (is_sql) {
    const std::string* type = request.FindHeader("content-type");
    if (type == nullptr || MediaType(*type) != "application/json") {
      return refuse(ErrorResponse(415, Error(ErrorCode::kNotSupported, "a statement is sent as JSON",
                                             "Content-Type: application/json")));
    }
    if (request.FindHeader("content-encoding") != nullptr) {
      return refuse(ErrorResponse(
          415, Error(ErrorCode::kNotSupported, "a statement is sent as it is, without a Content-Encoding")));
    }
  } else {
    const auto relation = backend_.Describe(caller, match.name);
    if (!relation) return refuse(ErrorResponse(relation.error()));
    Result<SqlStatement> made = is_changes ? MakeSubscription(*relation, request)
                                           : MakeViewQuery(*relation, request, limits_.default_view_rows);
    if (!made) return refuse(ErrorResponse(400, made.error()));
    statement = std::move(*made);
  }
  auto client = backend_.OpenClient(caller);
  if (!client) return refuse(ErrorResponse(client.error()));
  std::shared_ptr<SqlClient> shared = std::move(*client);
  if (is_sql) return MakeSqlHandler(std::move(shared), *format, limits_, wake);
  if (is_changes) return MakeChangesHandler(std::move(shared), std::move(statement), &metrics_);
  return MakeStatementHandler(std::move(shared), std::move(statement), *format, wake);
}

Response Router::Health() const {
  return JsonResponse(200, "{\"status\":\"alive\"}\n");
}

Response Router::Readiness() const {
  const Status ready = backend_.Ready();
  return ready ? JsonResponse(200, "{\"status\":\"ready\"}\n") : ErrorResponse(503, ready.error());
}

Response Router::Metrics() const {
  backend_.CollectMetrics();
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics_.registry().Render();
  return response;
}

}  // namespace millrace::server::http
