#include "log/log_metrics.h"

namespace millrace::log {

namespace {

telemetry::Labels Of(const std::string& topic) {
  return {{"topic", topic}};
}

}  // namespace

LogMetrics::LogMetrics(telemetry::MetricsRegistry& registry)
    : registry(registry),
      sync_micros(
          registry.GetHistogram("millrace_log_sync_seconds", "How long syncs of the log take.", 1e-6)),
      group_appends(registry.GetHistogram("millrace_log_group_appends", "Appends written together.")),
      group_bytes(registry.GetHistogram("millrace_log_group_bytes", "Bytes written together.")),
      failed(registry.GetGauge("millrace_log_failed", "1 once a sync has failed: the process has to stop.")) {
}

TopicMetrics::TopicMetrics(LogMetrics& log, const std::string& topic)
    : log(log),
      appends(log.registry.GetCounter("millrace_log_appends_total", "Appends that were acknowledged.",
                                      Of(topic))),
      records(log.registry.GetCounter("millrace_log_records_total", "Records of acknowledged appends.",
                                      Of(topic))),
      bytes(log.registry.GetCounter("millrace_log_bytes_total",
                                    "Bytes of acknowledged payloads, before compression.", Of(topic))),
      repetitions(log.registry.GetCounter("millrace_log_repetitions_total",
                                          "Appends whose batch id was known: answered, not appended.",
                                          Of(topic))),
      failures(log.registry.GetCounter("millrace_log_failures_total", "Appends that failed.", Of(topic))),
      refusals(log.registry.GetCounter("millrace_log_refusals_total", "Appends that were not taken: no room.",
                                       Of(topic))),
      lost_records(log.registry.GetCounter("millrace_log_lost_records_total",
                                           "Records that had been durable and were found to be unreadable.",
                                           Of(topic))),
      segments(log.registry.GetGauge("millrace_log_segments", "Segment files.", Of(topic))),
      disk_bytes(log.registry.GetGauge("millrace_log_disk_bytes", "Bytes of segment files.", Of(topic))) {}

}  // namespace millrace::log
