#include "telemetry/metrics.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <iterator>

#include "base/check.h"

namespace millrace::telemetry {

size_t Histogram::BucketOf(uint64_t value) {
  if (value <= 1) return 0;
  return std::min<size_t>(static_cast<size_t>(std::bit_width(value - 1)), kBuckets - 1);
}

uint64_t Histogram::Quantile(double q) const {
  MR_CHECK(q > 0 && q <= 1);
  uint64_t total = 0;
  for (size_t i = 0; i < kBuckets; ++i) total += Count(i);
  if (total == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(q * static_cast<double>(total)));
  uint64_t below = 0;
  for (size_t i = 0; i + 1 < kBuckets; ++i) {
    below += Count(i);
    if (below >= rank) return UpperBound(i);
  }
  return UINT64_MAX;
}

namespace {

bool IsNameCharacter(char c, bool first, bool colon_allowed) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return true;
  if (c == ':') return colon_allowed;
  return !first && c >= '0' && c <= '9';
}

bool IsName(std::string_view name, bool colon_allowed) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (!IsNameCharacter(name[i], i == 0, colon_allowed)) return false;
  }
  return !name.empty();
}

void AppendEscaped(std::string& text, std::string_view value, bool escape_quotes) {
  for (const char c : value) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '"' && escape_quotes) {
      text += "\\\"";
    } else {
      text += c;
    }
  }
}

// `a="1",b="2"`, without the braces.
std::string LabelText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    AppendEscaped(text, value, /*escape_quotes=*/true);
    text += '"';
  }
  return text;
}

void AppendName(std::string& text, std::string_view name, std::string_view labels) {
  text += name;
  if (!labels.empty()) fmt::format_to(std::back_inserter(text), "{{{}}}", labels);
}

// " 3\n". 15 digits of what is scaled: what the scale's binary rounding adds after them is no figure.
template <typename T>
void AppendNumber(std::string& text, T value, double scale) {
  if (scale == 1) {
    fmt::format_to(std::back_inserter(text), " {}\n", value);
  } else {
    fmt::format_to(std::back_inserter(text), " {:.15g}\n", static_cast<double>(value) * scale);
  }
}

void AppendHistogram(std::string& text, const std::string& name, const std::string& labels, double scale,
                     const Histogram& histogram) {
  const std::string_view comma = labels.empty() ? "" : ",";
  uint64_t total = 0;
  for (size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    total += histogram.Count(i);
    fmt::format_to(std::back_inserter(text), "{}_bucket{{{}{}le=\"{:.15g}\"}} {}\n", name, labels, comma,
                   static_cast<double>(Histogram::UpperBound(i)) * scale, total);
  }
  total += histogram.Count(Histogram::kBuckets - 1);
  fmt::format_to(std::back_inserter(text), "{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, comma, total);
  AppendName(text, name + "_sum", labels);
  AppendNumber(text, histogram.Sum(), scale);
  AppendName(text, name + "_count", labels);
  fmt::format_to(std::back_inserter(text), " {}\n", total);
}

}  // namespace

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::~MetricsRegistry() = default;

MetricsRegistry::Metric& MetricsRegistry::Get(Kind kind, std::string_view name, std::string_view help,
                                              double scale, const Labels& labels) {
  MR_CHECK(IsName(name, /*colon_allowed=*/true));
  for (const auto& label : labels) MR_CHECK(IsName(label.first, /*colon_allowed=*/false));
  MutexLock lock(mutex_);
  const auto [entry, added] = families_.try_emplace(std::string(name));
  Family& family = entry->second;
  if (added) {
    family.kind = kind;
    family.help = help;
    family.scale = scale;
  }
  MR_CHECK(family.kind == kind && family.scale == scale);
  std::unique_ptr<Metric>& metric = family.metrics[LabelText(labels)];
  if (!metric) {
    metric = std::make_unique<Metric>();
    metric->labels = labels;
    if (kind == Kind::kHistogram) metric->histogram = std::make_unique<Histogram>();
  }
  return *metric;
}

Counter& MetricsRegistry::GetCounter(std::string_view name, std::string_view help, const Labels& labels,
                                     double scale) {
  return Get(Kind::kCounter, name, help, scale, labels).counter;
}

Gauge& MetricsRegistry::GetGauge(std::string_view name, std::string_view help, const Labels& labels,
                                 double scale) {
  return Get(Kind::kGauge, name, help, scale, labels).gauge;
}

void MetricsRegistry::RemoveGauge(std::string_view name, const Labels& labels) {
  MutexLock lock(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end()) return;
  MR_CHECK(family->second.kind == Kind::kGauge);
  family->second.metrics.erase(LabelText(labels));
  if (family->second.metrics.empty()) families_.erase(family);
}

Histogram& MetricsRegistry::GetHistogram(std::string_view name, std::string_view help, double scale,
                                         const Labels& labels) {
  return *Get(Kind::kHistogram, name, help, scale, labels).histogram;
}

void MetricsRegistry::RenderFamily(std::string& text, const std::string& name, const Family& family) {
  fmt::format_to(std::back_inserter(text), "# HELP {} ", name);
  AppendEscaped(text, family.help, /*escape_quotes=*/false);
  const std::string_view kind = family.kind == Kind::kCounter ? "counter"
                                : family.kind == Kind::kGauge ? "gauge"
                                                              : "histogram";
  fmt::format_to(std::back_inserter(text), "\n# TYPE {} {}\n", name, kind);
  for (const auto& [labels, metric] : family.metrics) {
    if (family.kind == Kind::kHistogram) {
      AppendHistogram(text, name, labels, family.scale, *metric->histogram);
      continue;
    }
    AppendName(text, name, labels);
    if (family.kind == Kind::kCounter) {
      AppendNumber(text, metric->counter.Value(), family.scale);
    } else {
      AppendNumber(text, metric->gauge.Value(), family.scale);
    }
  }
}

std::string MetricsRegistry::Render() const {
  std::string text;
  MutexLock lock(mutex_);
  for (const auto& [name, family] : families_) RenderFamily(text, name, family);
  return text;
}

std::vector<Sample> MetricsRegistry::Samples() const {
  std::vector<Sample> samples;
  MutexLock lock(mutex_);
  for (const auto& [name, family] : families_) {
    for (const auto& entry : family.metrics) {
      const Metric& metric = *entry.second;
      switch (family.kind) {
        case Kind::kCounter:
          samples.push_back(
              {name, metric.labels, static_cast<double>(metric.counter.Value()) * family.scale});
          break;
        case Kind::kGauge:
          samples.push_back({name, metric.labels, static_cast<double>(metric.gauge.Value()) * family.scale});
          break;
        case Kind::kHistogram: {
          uint64_t count = 0;
          for (size_t i = 0; i < Histogram::kBuckets; ++i) count += metric.histogram->Count(i);
          samples.push_back({name + "_count", metric.labels, static_cast<double>(count)});
          const double sum = static_cast<double>(metric.histogram->Sum()) * family.scale;
          samples.push_back({name + "_sum", metric.labels, sum});
          break;
        }
      }
    }
  }
  return samples;
}

}  // namespace millrace::telemetry
