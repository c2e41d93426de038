// Logging: one line an event, for people and for programs:
//
//   2024-01-01T08:00:00.000123Z WARN connectors: file was truncated path=/var/log/app.log offset=4096
//
// A Logger has one sink, standard error unless told otherwise. Lines below its level cost one relaxed
// load. Any thread; lines of different threads do not mix. Not for the path of events: what happens to
// a record is counted (metrics.h) or goes to the dead letters.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/clock.h"

namespace millrace::telemetry {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

// A key and its value. Values are quoted when they have spaces, quotes or control characters.
class LogField {
 public:
  LogField(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  LogField(std::string_view key, const std::string& value) : key_(key), value_(value) {}
  LogField(std::string_view key, const char* value) : key_(key), value_(value) {}
  LogField(std::string_view key, bool value) : key_(key), value_(value ? "true" : "false") {}
  template <std::integral T>
  LogField(std::string_view key, T value) : key_(key), value_(std::to_string(value)) {}
  LogField(std::string_view key, double value);

  std::string_view key() const { return key_; }
  const std::string& value() const { return value_; }

 private:
  std::string_view key_;
  std::string value_;
};

class Logger {
 public:
  // Takes one line, its newline included.
  using Sink = std::function<void(std::string_view line)>;

  // `clock` outlives the logger.
  explicit Logger(const env::Clock& clock, Sink sink = WriteToStandardError);

  void Log(LogLevel level, std::string_view component, std::string_view message,
           std::initializer_list<LogField> fields = {});
  void Debug(std::string_view component, std::string_view message,
             std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kDebug, component, message, fields);
  }
  void Info(std::string_view component, std::string_view message,
            std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kInfo, component, message, fields);
  }
  void Warning(std::string_view component, std::string_view message,
               std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kWarning, component, message, fields);
  }
  void Error(std::string_view component, std::string_view message,
             std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kError, component, message, fields);
  }

  bool IsOn(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  void SetLevel(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

  static void WriteToStandardError(std::string_view line);

 private:
  const env::Clock& clock_;
  std::atomic<LogLevel> level_{LogLevel::kInfo};
  Mutex mutex_;
  Sink sink_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::telemetry
