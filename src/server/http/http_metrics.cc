#include "server/http/http_metrics.h"

#include <algorithm>
#include <string>

namespace millrace::server::http {

HttpMetrics::HttpMetrics(telemetry::MetricsRegistry* registry)
    : connections(registry->GetGauge("millrace_http_connections", "Open HTTP connections.")),
      connections_refused(registry->GetCounter("millrace_http_connections_refused_total",
                                               "HTTP connections refused because there were too many.")),
      received_bytes(registry->GetCounter("millrace_http_received_bytes_total",
                                          "Bytes read from HTTP connections, as they travel.")),
      sent_bytes(
          registry->GetCounter("millrace_http_sent_bytes_total", "Bytes written to HTTP connections.")),
      accepted_rows(registry->GetCounter("millrace_http_accepted_rows_total", "Rows taken over HTTP.")),
      rejected_rows(registry->GetCounter("millrace_http_rejected_rows_total",
                                         "Records that came over HTTP and were no rows.")),
      subscriptions(registry->GetGauge("millrace_http_subscriptions", "Open server-sent event streams.")),
      registry_(*registry) {}

void HttpMetrics::Answered(std::string_view route, int status, int64_t micros) {
  const telemetry::Labels by_code = {{"route", std::string(route)}, {"code", std::to_string(status)}};
  registry_.GetCounter("millrace_http_requests_total", "HTTP requests by route and status.", by_code)
      .Increment();
  registry_
      .GetHistogram("millrace_http_request_seconds",
                    "From the end of a request's head to the end of its answer.", 1e-6,
                    {{"route", std::string(route)}})
      .Record(static_cast<uint64_t>(std::max<int64_t>(micros, 0)));
}

}  // namespace millrace::server::http
