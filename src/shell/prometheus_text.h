// Reads metrics in Prometheus's text exposition format 0.0.4. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::shell {

struct MetricSample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

// The samples in their order; comments (HELP, TYPE) are left out, timestamps ignored. A line that is not of
// the format is an error (kInvalidText) that names its number.
Result<std::vector<MetricSample>> ParsePrometheusText(std::string_view text);

}  // namespace millrace::shell
