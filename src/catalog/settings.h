// Settings: what SET and RESET change. Owned by a session; a job takes a copy when it starts.
//
// Keys and values are Flink's. A key that means nothing here is refused, never ignored: the error says
// whether Flink knows it and what would work. A few that only name the one way Millrace works
// (e.g. 'execution.runtime-mode' = 'streaming') accept exactly that value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::catalog {

// Flink's durations: "5 s", "1min", "1 d", "500 ms", "10" (milliseconds), "PT1H"; in microseconds.
Result<int64_t> ParseDuration(std::string_view text);
// Flink's memory sizes: "1 mb", "64kb", "100" (bytes).
Result<int64_t> ParseMemorySize(std::string_view text);

struct Setting {
  std::string key;
  std::string value;
  std::string description;
  bool is_default = true;
};

// How long an epoch lasts at most.
inline constexpr std::string_view kEpochIntervalKey = "millrace.epoch.interval";

class Settings {
 public:
  // Checks key and value; the error is placed by the caller.
  Status Set(std::string_view key, std::string_view value);
  Status Reset(std::string_view key);
  void ResetAll() { values_.clear(); }
  // All known keys with the value in force, in order of key.
  std::vector<Setting> All() const;
  // The value in force of a known key.
  std::string Get(std::string_view key) const;

  // table.local-time-zone: an IANA name or GMT±h[:mm]; "UTC" unless set.
  std::string time_zone() const { return Get("table.local-time-zone"); }
  // table.exec.state.ttl in µs; 0: for ever.
  int64_t state_ttl_micros() const;
  // table.exec.emit.early-fire.enabled, and .delay in µs.
  bool early_fire() const;
  int64_t early_fire_delay_micros() const;
  // table.exec.source.idle-timeout in µs; 0: never idle.
  int64_t idle_timeout_micros() const;
  // parallelism.default: shards.
  int shards() const;
  // millrace.epoch.interval in µs, and millrace.batch.rows.
  int64_t epoch_interval_micros() const;
  int batch_rows() const;

 private:
  std::map<std::string, std::string, std::less<>> values_;  // only those that were set
};

}  // namespace millrace::catalog
