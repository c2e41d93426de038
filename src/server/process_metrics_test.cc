#include "server/process_metrics.h"

#include <gtest/gtest.h>

#include <map>

namespace millrace::server {
namespace {

TEST(ProcessMetricsTest, GivesWhatPrometheusExpects) {
  telemetry::MetricsRegistry registry;
  CollectProcessMetrics(&registry);
  CollectProcessMetrics(&registry);
  std::map<std::string, double> values;
  for (const telemetry::Sample& sample : registry.Samples()) values[sample.name] = sample.value;
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
        "process_open_fds", "process_start_time_seconds"}) {
    ASSERT_TRUE(values.contains(name)) << name;
    EXPECT_GT(values[name], 0) << name;
  }
  // Of a process that has just begun, in seconds and not in another unit.
  EXPECT_LT(values["process_cpu_seconds_total"], 3600);
  EXPECT_GT(values["process_start_time_seconds"], 1.5e9);
  EXPECT_LT(values["process_start_time_seconds"], 1e11);
}

}  // namespace
}  // namespace millrace::server
