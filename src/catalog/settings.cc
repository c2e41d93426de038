#include "catalog/settings.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <span>

#include "base/limits.h"
#include "base/suggest.h"
#include "data/datetime.h"

namespace millrace::catalog {

namespace {

using data::kMicrosPerDay;
using data::kMicrosPerHour;
using data::kMicrosPerMilli;
using data::kMicrosPerMinute;
using data::kMicrosPerSecond;

enum class SettingType : uint8_t { kBoolean, kInteger, kDuration, kTimeZone, kChoice };

struct KnownSetting {
  std::string_view key;
  SettingType type;
  std::string_view default_value;
  std::string_view description;
  int64_t min = 0;                // kInteger
  int64_t max = 0;                // kInteger
  std::string_view choices = {};  // kChoice: separated by '|'
};

constexpr KnownSetting kSettings[] = {
    {"execution.runtime-mode", SettingType::kChoice, "streaming",
     "Queries are always maintained as their input comes; on bounded input the result is that of batch mode",
     0, 0, "streaming"},
    {"millrace.batch.rows", SettingType::kInteger, "2048", "Most rows of a batch; for tests", 1,
     static_cast<int64_t>(limits::kBatchRows)},
    {kEpochIntervalKey, SettingType::kDuration, "100 ms",
     "The longest pause before changes become visible, when much changes; the shortest is a millisecond"},
    {"parallelism.default", SettingType::kInteger, "1", "Shards of a job", 1, limits::kShardsMax},
    {"pipeline.name", SettingType::kChoice, "", "Name of the next job", 0, 0, "*"},
    {"sql-client.execution.result-mode", SettingType::kChoice, "table",
     "How SELECT shows its result: the final rows (table), or the changes (changelog)", 0, 0,
     "table|tableau|changelog"},
    {"table.dml-sync", SettingType::kBoolean, "false",
     "Whether INSERT waits until its bounded input has ended"},
    {"table.exec.emit.early-fire.delay", SettingType::kDuration, "0 ms",
     "How long an open window may hold back its current figures; 0: until the end of the epoch"},
    {"table.exec.emit.early-fire.enabled", SettingType::kBoolean, "false",
     "Whether open windows show their current figures"},
    {"table.exec.source.idle-timeout", SettingType::kDuration, "0 ms",
     "A source partition quiet for that long no longer holds the watermark back; 0: it does for ever"},
    {"table.exec.state.ttl", SettingType::kDuration, "0 ms",
     "State not touched for that long is forgotten; 0: it is kept for ever"},
    {"table.local-time-zone", SettingType::kTimeZone, "UTC", "The session's time zone"},
};

// Settings of Flink that ask for what Millrace does anyway, or does not have: the value that changes nothing
// is accepted, any other refused with the reason.
struct FlinkSetting {
  std::string_view key;
  std::string_view accepted;  // separated by '|'; "*": any, it is a hint for performance only
  std::string_view reason;
};

constexpr FlinkSetting kFlinkSettings[] = {
    {"execution.checkpointing.interval", "", "checkpoints are not supported yet"},
    {"execution.checkpointing.mode", "", "checkpoints are not supported yet"},
    {"pipeline.object-reuse", "true", "objects are always reused"},
    {"restart-strategy", "", "a job that fails is not restarted"},
    {"restart-strategy.type", "", "a job that fails is not restarted"},
    {"sql-client.verbose", "true", "errors are always told in full"},
    {"state.backend", "", "state is kept in memory"},
    {"state.backend.type", "", "state is kept in memory"},
    {"table.dynamic-table-options.enabled", "true", "OPTIONS hints are always taken"},
    {"table.exec.deduplicate.mini-batch.compact-changes-enabled", "true|false",
     "changes of one key in one batch are always compacted"},
    {"table.exec.mini-batch.enabled", "true|false", "rows are always processed in batches"},
    {"table.exec.mini-batch.allow-latency", "*", "batches never wait"},
    {"table.exec.mini-batch.size", "*", "the size of batches is 'millrace.batch.rows'"},
    {"table.exec.sink.not-null-enforcer", "error",
     "a row with NULL in a NOT NULL column of a sink goes to sys.dead_letters"},
    {"table.exec.sink.upsert-materialize", "auto", "it is done where the keys need it"},
    {"table.optimizer.agg-phase-strategy", "*", "there is one way to aggregate"},
    {"table.optimizer.distinct-agg.split.enabled", "true|false",
     "skewed DISTINCT aggregates need no splitting"},
    {"table.optimizer.reuse-source-enabled", "true|false", "it is the planner's to decide"},
    {"table.optimizer.reuse-sub-plan-enabled", "true|false", "it is the planner's to decide"},
    {"table.optimizer.source.predicate-pushdown-enabled", "true|false", "it is the planner's to decide"},
    {"table.planner", "blink", "there is one planner"},
    {"table.sql-dialect", "default", "there is one dialect"},
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

const KnownSetting* FindSetting(std::string_view key) {
  const auto* it = std::ranges::find(kSettings, key, &KnownSetting::key);
  return it == std::end(kSettings) ? nullptr : it;
}

bool IsOneOf(std::string_view value, std::string_view choices) {
  while (!choices.empty()) {
    const size_t bar = choices.find('|');
    if (value == choices.substr(0, bar)) return true;
    if (bar == std::string_view::npos) break;
    choices.remove_prefix(bar + 1);
  }
  return false;
}

std::string Quoted(std::string_view choices) {
  std::string text;
  while (true) {
    const size_t bar = choices.find('|');
    text += fmt::format("'{}'", choices.substr(0, bar));
    if (bar == std::string_view::npos) return text;
    choices.remove_prefix(bar + 1);
    text += choices.find('|') == std::string_view::npos ? " or " : ", ";
  }
}

// The leading digits of `text`, taken off it; nullopt: none, or too many.
std::optional<int64_t> TakeDigits(std::string_view* text) {
  int64_t number = 0;
  const auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (status != std::errc() || end == text->data() || text->front() == '-') return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return number;
}

std::unexpected<Error> BadDuration(std::string_view text) {
  return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is not a duration", text),
              "write a number and a unit, e.g. '500 ms', '5 s', '1 min', '2 h' or '1 d'");
}

// ISO 8601, as java.time.Duration reads it: P[nD][T[nH][nM][nS]].
Result<int64_t> ParseIsoDuration(std::string_view text) {
  std::string_view rest = text.substr(1);
  int64_t micros = 0;
  bool in_time = false;
  bool any = false;
  while (!rest.empty()) {
    if (rest.front() == 'T' || rest.front() == 't') {
      if (in_time) return BadDuration(text);
      in_time = true;
      rest.remove_prefix(1);
      continue;
    }
    const std::optional<int64_t> number = TakeDigits(&rest);
    if (!number || rest.empty()) return BadDuration(text);
    int64_t unit = 0;
    switch (std::toupper(static_cast<unsigned char>(rest.front()))) {
      case 'D':
        unit = in_time ? 0 : kMicrosPerDay;
        break;
      case 'H':
        unit = in_time ? kMicrosPerHour : 0;
        break;
      case 'M':
        unit = in_time ? kMicrosPerMinute : 0;
        break;
      case 'S':
        unit = in_time ? kMicrosPerSecond : 0;
        break;
      default:
        break;
    }
    int64_t product = 0;
    if (unit == 0 || __builtin_mul_overflow(*number, unit, &product) ||
        __builtin_add_overflow(micros, product, &micros)) {
      return BadDuration(text);
    }
    rest.remove_prefix(1);
    any = true;
  }
  if (!any) return BadDuration(text);
  return micros;
}

}  // namespace

Result<int64_t> ParseDuration(std::string_view text) {
  std::string_view rest = Trim(text);
  if (!rest.empty() && (rest.front() == 'P' || rest.front() == 'p')) return ParseIsoDuration(rest);
  const std::optional<int64_t> number = TakeDigits(&rest);
  if (!number) return BadDuration(text);
  const std::string unit = Lower(Trim(rest));
  struct Unit {
    std::string_view names;
    int64_t micros;
  };
  // A bare number is milliseconds.
  static constexpr Unit kUnits[] = {
      {"d|day|days", kMicrosPerDay},
      {"h|hour|hours", kMicrosPerHour},
      {"m|min|minute|minutes", kMicrosPerMinute},
      {"s|sec|secs|second|seconds", kMicrosPerSecond},
      {"ms|milli|millis|millisecond|milliseconds", kMicrosPerMilli},
      {"µs|micro|micros|microsecond|microseconds", 1},
  };
  if (unit == "ns" || unit == "nano" || unit == "nanos" || unit == "nanosecond" || unit == "nanoseconds") {
    return *number / 1000;
  }
  int64_t factor = unit.empty() ? kMicrosPerMilli : 0;
  for (const Unit& candidate : kUnits) {
    if (!unit.empty() && IsOneOf(unit, candidate.names)) factor = candidate.micros;
  }
  int64_t micros = 0;
  if (factor == 0 || __builtin_mul_overflow(*number, factor, &micros)) return BadDuration(text);
  return micros;
}

Result<int64_t> ParseMemorySize(std::string_view text) {
  std::string_view rest = Trim(text);
  const std::optional<int64_t> number = TakeDigits(&rest);
  const std::string unit = Lower(Trim(rest));
  int64_t factor = 0;
  if (unit.empty() || IsOneOf(unit, "b|bytes")) factor = 1;
  if (IsOneOf(unit, "k|kb|kibibytes")) factor = int64_t{1} << 10;
  if (IsOneOf(unit, "m|mb|mebibytes")) factor = int64_t{1} << 20;
  if (IsOneOf(unit, "g|gb|gibibytes")) factor = int64_t{1} << 30;
  if (IsOneOf(unit, "t|tb|tebibytes")) factor = int64_t{1} << 40;
  int64_t bytes = 0;
  if (!number || factor == 0 || __builtin_mul_overflow(*number, factor, &bytes)) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is not a memory size", text),
                "write a number and a unit, e.g. '64 kb' or '1 mb'");
  }
  return bytes;
}

Status Settings::Set(std::string_view key, std::string_view value) {
  const KnownSetting* setting = FindSetting(key);
  if (setting == nullptr) {
    const auto* flink = std::ranges::find(kFlinkSettings, key, &FlinkSetting::key);
    if (flink != std::end(kFlinkSettings)) {
      if (flink->accepted == "*" || (!flink->accepted.empty() && IsOneOf(Lower(value), flink->accepted)))
        return Ok();
      return Fail(
          ErrorCode::kNotSupported, fmt::format("'{}' cannot be set to '{}': {}", key, value, flink->reason),
          flink->accepted.empty() ? "leave it out" : fmt::format("it may be {}", Quoted(flink->accepted)));
    }
    std::vector<std::string_view> keys;
    for (const KnownSetting& known : kSettings) keys.push_back(known.key);
    for (const FlinkSetting& known : kFlinkSettings) keys.push_back(known.key);
    std::string hint = DidYouMean(key, keys);
    if (hint.empty()) hint = "SET without a key shows all settings";
    return Fail(ErrorCode::kUndefinedObject, fmt::format("no setting '{}'", key), std::move(hint));
  }
  const std::string where = fmt::format("setting '{}'", key);
  std::string stored(value);
  switch (setting->type) {
    case SettingType::kBoolean:
      stored = Lower(value);
      if (stored != "true" && stored != "false") {
        return Fail(ErrorCode::kInvalidParameter, fmt::format("{} cannot be '{}'", where, value),
                    "it may be 'true' or 'false'");
      }
      break;
    case SettingType::kInteger: {
      std::string_view rest = Trim(value);
      const std::optional<int64_t> number = TakeDigits(&rest);
      if (!number || !rest.empty() || *number < setting->min || *number > setting->max) {
        return Fail(ErrorCode::kInvalidParameter, fmt::format("{} cannot be '{}'", where, value),
                    fmt::format("it may be a whole number from {} to {}", setting->min, setting->max));
      }
      stored = fmt::format("{}", *number);
      break;
    }
    case SettingType::kDuration:
      if (auto micros = ParseDuration(value); !micros) return std::unexpected(micros.error().Within(where));
      break;
    case SettingType::kTimeZone:
      if (auto zone = data::TimeZone::Find(value); !zone) return std::unexpected(zone.error().Within(where));
      break;
    case SettingType::kChoice:
      if (setting->choices == "*") break;
      stored = Lower(value);
      if (!IsOneOf(stored, setting->choices)) {
        return Fail(ErrorCode::kInvalidParameter, fmt::format("{} cannot be '{}'", where, value),
                    fmt::format("it may be {}", Quoted(setting->choices)));
      }
      break;
  }
  values_.insert_or_assign(std::string(key), std::move(stored));
  return Ok();
}

Status Settings::Reset(std::string_view key) {
  if (FindSetting(key) == nullptr &&
      std::ranges::find(kFlinkSettings, key, &FlinkSetting::key) == std::end(kFlinkSettings)) {
    std::vector<std::string_view> keys;
    for (const KnownSetting& known : kSettings) keys.push_back(known.key);
    return Fail(ErrorCode::kUndefinedObject, fmt::format("no setting '{}'", key), DidYouMean(key, keys));
  }
  if (const auto it = values_.find(key); it != values_.end()) values_.erase(it);
  return Ok();
}

std::vector<Setting> Settings::All() const {
  std::vector<Setting> all;
  for (const KnownSetting& known : kSettings) {
    all.push_back({std::string(known.key), Get(known.key), std::string(known.description),
                   !values_.contains(known.key)});
  }
  return all;
}

std::string Settings::Get(std::string_view key) const {
  if (const auto it = values_.find(key); it != values_.end()) return it->second;
  const KnownSetting* setting = FindSetting(key);
  return setting == nullptr ? std::string() : std::string(setting->default_value);
}

// The values were checked when they were set.
int64_t Settings::state_ttl_micros() const {
  return ParseDuration(Get("table.exec.state.ttl")).value_or(0);
}
bool Settings::early_fire() const {
  return Get("table.exec.emit.early-fire.enabled") == "true";
}
int64_t Settings::early_fire_delay_micros() const {
  return ParseDuration(Get("table.exec.emit.early-fire.delay")).value_or(0);
}
int64_t Settings::idle_timeout_micros() const {
  return ParseDuration(Get("table.exec.source.idle-timeout")).value_or(0);
}
int Settings::shards() const {
  return std::stoi(Get("parallelism.default"));
}
int64_t Settings::epoch_interval_micros() const {
  return ParseDuration(Get(kEpochIntervalKey)).value_or(0);
}
int Settings::batch_rows() const {
  return std::stoi(Get("millrace.batch.rows"));
}

}  // namespace millrace::catalog
