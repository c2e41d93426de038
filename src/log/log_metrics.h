// The figures of the log, those of all of it and those of a topic; names are in docs/operations.md. Any
// thread.
#pragma once

#include <string>

#include "telemetry/metrics.h"

namespace millrace::log {

struct LogMetrics {
  explicit LogMetrics(telemetry::MetricsRegistry& registry);

  telemetry::MetricsRegistry& registry;
  telemetry::Histogram& sync_micros;
  telemetry::Histogram& group_appends;  // that one sync made durable
  telemetry::Histogram& group_bytes;
  telemetry::Gauge& failed;  // 1 once a sync has failed
};

struct TopicMetrics {
  TopicMetrics(LogMetrics& log, const std::string& topic);

  LogMetrics& log;
  telemetry::Counter& appends;
  telemetry::Counter& records;
  telemetry::Counter& bytes;  // of payloads before compression
  telemetry::Counter& repetitions;
  telemetry::Counter& failures;
  telemetry::Counter& refusals;
  telemetry::Counter& lost_records;
  telemetry::Gauge& segments;
  telemetry::Gauge& disk_bytes;
};

}  // namespace millrace::log
