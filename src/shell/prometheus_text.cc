#include "shell/prometheus_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace millrace::shell {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// Reads one line from its front.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_[0])) rest_.remove_prefix(1);
  }
  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string Name() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), IsNameByte);
    std::string name(rest_.begin(), end);
    rest_.remove_prefix(name.size());
    return name;
  }
  std::optional<std::string> Quoted() {
    if (!Take('"')) return std::nullopt;
    std::string value;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return value;
      if (c != '\\' || rest_.empty()) {
        value += c;
        continue;
      }
      value += rest_[0] == 'n' ? '\n' : rest_[0];
      rest_.remove_prefix(1);
    }
    return std::nullopt;
  }
  std::optional<double> Number() {
    const auto end = std::find_if(rest_.begin(), rest_.end(), IsBlank);
    std::string_view word = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
    rest_.remove_prefix(word.size());
    if (word.starts_with('+')) word.remove_prefix(1);
    if (word == "Inf") return std::numeric_limits<double>::infinity();
    if (word == "-Inf") return -std::numeric_limits<double>::infinity();
    if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
    double value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || stop != word.data() + word.size() || word.empty()) return std::nullopt;
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<MetricSample> ParseLine(std::string_view line) {
  LineReader reader(line);
  MetricSample sample;
  sample.name = reader.Name();
  if (sample.name.empty()) return std::nullopt;
  reader.SkipBlanks();
  if (reader.Take('{')) {
    for (;;) {
      reader.SkipBlanks();
      if (reader.Take('}')) break;
      const std::string name = reader.Name();
      reader.SkipBlanks();
      if (name.empty() || !reader.Take('=')) return std::nullopt;
      reader.SkipBlanks();
      std::optional<std::string> value = reader.Quoted();
      if (!value.has_value()) return std::nullopt;
      sample.labels[name] = *std::move(value);
      reader.SkipBlanks();
      reader.Take(',');
    }
  }
  reader.SkipBlanks();
  const std::optional<double> value = reader.Number();
  if (!value.has_value()) return std::nullopt;
  sample.value = *value;
  return sample;
}

}  // namespace

Result<std::vector<MetricSample>> ParsePrometheusText(std::string_view text) {
  std::vector<MetricSample> samples;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && IsBlank(line[0])) line.remove_prefix(1);
    if (line.empty() || line[0] == '#') continue;
    std::optional<MetricSample> sample = ParseLine(line);
    if (!sample.has_value()) {
      return Fail(ErrorCode::kInvalidText, fmt::format("line {} is not a metric of Prometheus", number));
    }
    samples.push_back(*std::move(sample));
  }
  return samples;
}

}  // namespace millrace::shell
