// `millrace top` as text: what the metrics of a server say about its tables, views and jobs, and what has
// changed between two readings. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shell/prometheus_text.h"

namespace millrace::shell {

// One reading of the metrics.
struct TopReading {
  int64_t monotonic_micros = 0;
  std::vector<MetricSample> samples;
};

// Rates need the reading before: without one (null) they are shown as "-". Lines end with \n and may be
// longer than a screen is wide.
std::string TopFrame(const TopReading* before, const TopReading& now, const std::string& where);

}  // namespace millrace::shell
