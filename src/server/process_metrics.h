// The standard figures of a process (process_cpu_seconds_total and its kin), under the names that
// Prometheus's own libraries give them. Any thread.
#pragma once

#include "telemetry/metrics.h"

namespace millrace::server {

// As of now. What the system does not tell stays as it was.
void CollectProcessMetrics(telemetry::MetricsRegistry* registry);

}  // namespace millrace::server
