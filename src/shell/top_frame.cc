#include "shell/top_frame.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>

#include "shell/table_printer.h"

namespace millrace::shell {
namespace {

// The metrics that are shown, by the server's names; nothing else in this program knows them.
struct ColumnOf {
  const char* title;
  const char* metric;
  const char* label;  // that holds the table's or the view's name
  enum class Kind : uint8_t { kCount, kRate, kBytes, kByteRate, kTime, kMillis } kind;
};
using Kind = ColumnOf::Kind;

constexpr ColumnOf kTableColumns[] = {
    {"rows", "millrace_table_rows", "table", Kind::kCount},
    {"memory", "millrace_table_bytes", "table", Kind::kBytes},
    {"rows in/s", "millrace_ingest_rows_total", "table", Kind::kRate},
    {"bytes in/s", "millrace_ingest_bytes_total", "table", Kind::kByteRate},
    {"read/s", "millrace_source_rows_total", "table", Kind::kRate},
    {"waiting", "millrace_ingest_queue_rows", "table", Kind::kCount},
    {"watermark", "millrace_view_watermark_seconds", "view", Kind::kTime},
    {"lag", "millrace_view_watermark_lag_milliseconds", "view", Kind::kMillis},
    {"late", "millrace_late_rows_total", "table", Kind::kCount},
    {"dead letters", "millrace_dead_letters_total", "table", Kind::kCount},
};
constexpr const char* kOperatorRows = "millrace_operator_rows_total";
constexpr const char* kStateBytes = "millrace_operator_state_bytes";
constexpr const char* kStateEntries = "millrace_operator_state_entries";
constexpr const char* kQueueMessages = "millrace_queue_messages";
constexpr const char* kJobs = "millrace_jobs";
constexpr const char* kEpochs = "millrace_epochs_total";
constexpr const char* kEpochSeconds = "millrace_epoch_duration_seconds";
constexpr const char* kEpochPause = "millrace_epoch_pause_microseconds";
constexpr const char* kSubscriptions = "millrace_subscriptions";
constexpr const char* kHttpConnections = "millrace_http_connections";
constexpr const char* kCpuSeconds = "process_cpu_seconds_total";
constexpr const char* kResidentBytes = "process_resident_memory_bytes";

using Figure = std::optional<double>;

// Figures of one reading: the sum of the samples of a name whose label has a value.
class Figures {
 public:
  explicit Figures(const TopReading* reading) : reading_(reading) {}

  Figure Sum(std::string_view name, const char* label = nullptr, std::string_view value = {}) const {
    Figure sum;
    if (reading_ == nullptr) return sum;
    for (const MetricSample& sample : reading_->samples) {
      if (sample.name != name) continue;
      if (label != nullptr) {
        const auto found = sample.labels.find(label);
        if (found == sample.labels.end() || found->second != value) continue;
      }
      sum = sum.value_or(0) + sample.value;
    }
    return sum;
  }
  // The values that a label has in the samples of a name.
  void Collect(std::string_view name, const char* label, std::set<std::string>* out) const {
    for (const MetricSample& sample : reading_->samples) {
      const auto found = sample.labels.find(label);
      if (sample.name == name && found != sample.labels.end()) out->insert(found->second);
    }
  }

 private:
  const TopReading* reading_;
};

std::string CountText(double value) {
  return fmt::format("{:.0f}", value);
}

std::string ScaledText(double value, double base, const std::vector<const char*>& units) {
  size_t unit = 0;
  while (std::abs(value) >= base && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  return fmt::format("{:.{}f}{}", value, unit == 0 ? 0 : 1, units[unit]);
}
std::string BytesText(double value) {
  return ScaledText(value, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}
std::string RateText(double value) {
  return value < 10 && value > 0 ? fmt::format("{:.1f}", value)
                                 : ScaledText(value, 1000, {"", "k", "M", "G"});
}
std::string MillisText(double value) {
  if (std::abs(value) < 1000) return fmt::format("{:.0f} ms", value);
  if (std::abs(value) < 600'000) return fmt::format("{:.1f} s", value / 1000);
  if (std::abs(value) < 172'800'000) return fmt::format("{:.0f} min", value / 60'000);
  return fmt::format("{:.0f} d", value / 86'400'000);
}

std::string TimeText(double seconds) {
  if (!(std::abs(seconds) < 1e11)) return "-";
  const auto whole = static_cast<int64_t>(std::floor(seconds));
  const std::chrono::sys_seconds time{std::chrono::seconds(whole)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const int64_t of_day = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day / 3600,
                     of_day / 60 % 60, of_day % 60);
}

class Frame {
 public:
  Frame(const TopReading* before, const TopReading& now) : before_(before), now_(&now) {
    if (before != nullptr) {
      seconds_ = static_cast<double>(now.monotonic_micros - before->monotonic_micros) / 1e6;
    }
  }

  // Growth a second; a counter that has fallen back began anew.
  Figure Rate(std::string_view name, const char* label = nullptr, std::string_view value = {}) const {
    const Figure now = now_.Sum(name, label, value);
    if (!now.has_value() || seconds_ <= 0) return std::nullopt;
    const double before = before_.Sum(name, label, value).value_or(0);
    return std::max(0.0, (*now >= before ? *now - before : *now) / seconds_);
  }

  std::string Head(const std::string& where) const {
    const auto text = [](const Figure& figure, auto write) {
      return figure.has_value() ? write(*figure) : "-";
    };
    const Figure cpu = Rate(kCpuSeconds);
    const Figure epochs = Rate(kEpochs);
    const Figure busy = Rate(std::string(kEpochSeconds) + "_sum");
    const Figure epoch_ms = epochs.value_or(0) > 0 && busy ? Figure(*busy / *epochs * 1000) : std::nullopt;
    const auto jobs = [&](const char* state) { return text(now_.Sum(kJobs, "state", state), CountText); };
    std::string out =
        fmt::format("millrace {}   CPU {}   memory {}\n", where,
                    text(cpu, [](double value) { return fmt::format("{:.0f} %", value * 100); }),
                    text(now_.Sum(kResidentBytes), BytesText));
    out += fmt::format("jobs: {} running, {} failed, {} ended   ", jobs("running"), jobs("failed"),
                       jobs("ended"));
    out += fmt::format(
        "epochs: {} ({}/s, {} each, pause {})   ", text(now_.Sum(kEpochs), CountText), text(epochs, RateText),
        text(epoch_ms, [](double ms) { return fmt::format("{:.1f} ms", ms); }),
        text(now_.Sum(kEpochPause), [](double micros) { return fmt::format("{:.1f} ms", micros / 1000); }));
    out +=
        fmt::format("subscriptions: {}   HTTP connections: {}\n", text(now_.Sum(kSubscriptions), CountText),
                    text(now_.Sum(kHttpConnections), CountText));
    return out;
  }

  std::string Tables() const {
    std::set<std::string> names;
    for (const ColumnOf& column : kTableColumns) now_.Collect(column.metric, column.label, &names);
    std::vector<ResultColumn> columns = {{"table or view"}};
    for (const ColumnOf& column : kTableColumns) columns.push_back({column.title, ValueKind::kNumber});
    std::vector<std::vector<Cell>> rows;
    for (const std::string& name : names) {
      std::vector<Cell> row = {name};
      for (const ColumnOf& column : kTableColumns) row.emplace_back(Text(column, name));
      rows.push_back(std::move(row));
    }
    return Printed(std::move(columns), rows);
  }

  std::string Jobs() const {
    std::set<std::string> names;
    now_.Collect(kOperatorRows, "job", &names);
    now_.Collect(kQueueMessages, "job", &names);
    std::vector<std::vector<Cell>> rows;
    for (const std::string& name : names) {
      const Figure rate = Rate(kOperatorRows, "job", name);
      const auto text = [&](const char* metric, auto write) -> std::string {
        const Figure figure = now_.Sum(metric, "job", name);
        return figure ? write(*figure) : "-";
      };
      rows.push_back({name, rate ? RateText(*rate) : "-", text(kQueueMessages, CountText),
                      text(kStateEntries, CountText), text(kStateBytes, BytesText)});
    }
    return Printed({{"job"},
                    {"operator rows/s", ValueKind::kNumber},
                    {"batches waiting", ValueKind::kNumber},
                    {"state entries", ValueKind::kNumber},
                    {"state memory", ValueKind::kNumber}},
                   rows);
  }

 private:
  std::string Text(const ColumnOf& column, const std::string& name) const {
    const bool rate = column.kind == Kind::kRate || column.kind == Kind::kByteRate;
    const Figure figure =
        rate ? Rate(column.metric, column.label, name) : now_.Sum(column.metric, column.label, name);
    if (!figure.has_value()) return "-";
    switch (column.kind) {
      case Kind::kCount:
        return CountText(*figure);
      case Kind::kRate:
        return RateText(*figure);
      case Kind::kBytes:
      case Kind::kByteRate:
        return BytesText(*figure);
      case Kind::kTime:
        return TimeText(*figure);
      case Kind::kMillis:
        return MillisText(*figure);
    }
    return {};
  }

  static std::string Printed(std::vector<ResultColumn> columns, const std::vector<std::vector<Cell>>& rows) {
    std::string out;
    TablePrinter printer(std::move(columns), OutputFormat::kTable, [&](std::string_view lines) {
      out += lines;
      return Status{};
    });
    for (const auto& row : rows) static_cast<void>(printer.Row(row));
    static_cast<void>(printer.Flush());
    return out;
  }

  Figures before_;
  Figures now_;
  double seconds_ = 0;
};

}  // namespace

std::string TopFrame(const TopReading* before, const TopReading& now, const std::string& where) {
  const Frame frame(before, now);
  return frame.Head(where) + '\n' + frame.Tables() + '\n' + frame.Jobs();
}

}  // namespace millrace::shell
