#include "server/process_metrics.h"

#include "env/process.h"

namespace millrace::server {

void CollectProcessMetrics(telemetry::MetricsRegistry* registry) {
  const Result<env::ProcessFigures> figures = env::ReadProcessFigures();
  if (!figures.has_value()) return;
  telemetry::Counter& cpu = registry->GetCounter("process_cpu_seconds_total",
                                                 "Processor time of the server, user and system.", {}, 1e-6);
  const auto micros = static_cast<uint64_t>(figures->cpu_micros);
  if (const uint64_t counted = cpu.Value(); micros > counted) cpu.Increment(micros - counted);
  registry->GetGauge("process_resident_memory_bytes", "Memory of the server that is in RAM.")
      .Set(figures->resident_bytes);
  registry->GetGauge("process_virtual_memory_bytes", "Address space of the server.")
      .Set(figures->virtual_bytes);
  registry->GetGauge("process_open_fds", "Open file descriptors.").Set(figures->open_descriptors);
  if (figures->descriptors_max >= 0) {
    registry->GetGauge("process_max_fds", "Most file descriptors that may be open.")
        .Set(figures->descriptors_max);
  }
  registry
      ->GetGauge("process_start_time_seconds", "Start of the server since 1970-01-01 00:00:00 UTC.", {}, 1e-3)
      .Set(figures->started_millis);
}

}  // namespace millrace::server
