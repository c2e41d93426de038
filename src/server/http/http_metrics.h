// HttpMetrics: what the HTTP server counts, in the process's registry. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "telemetry/metrics.h"

namespace millrace::server::http {

class HttpMetrics {
 public:
  // `registry` outlives this.
  explicit HttpMetrics(telemetry::MetricsRegistry* registry);

  // A request was answered, or broken off (status 0).
  void Answered(std::string_view route, int status, int64_t micros);

  telemetry::Gauge& connections;
  telemetry::Counter& connections_refused;
  telemetry::Counter& received_bytes;
  telemetry::Counter& sent_bytes;
  telemetry::Counter& accepted_rows;
  telemetry::Counter& rejected_rows;
  telemetry::Gauge& subscriptions;

  telemetry::MetricsRegistry& registry() { return registry_; }

 private:
  telemetry::MetricsRegistry& registry_;
};

}  // namespace millrace::server::http
