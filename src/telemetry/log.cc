#include "telemetry/log.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <iterator>
#include <utility>

namespace millrace::telemetry {

LogField::LogField(std::string_view key, double value) : key_(key), value_(fmt::format("{}", value)) {}

namespace {

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARN";
    case LogLevel::kError:
    case LogLevel::kOff:
      break;
  }
  return "ERROR";
}

void AppendTime(std::string& line, int64_t now_micros) {
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> now{microseconds(now_micros)};
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(now - day);
  fmt::format_to(std::back_inserter(line), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                 time.seconds().count(), time.subseconds().count());
}

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// Control characters would break the line or the terminal that shows it.
void AppendEscaped(std::string& line, std::string_view text, bool escape_quotes) {
  for (const char c : text) {
    if (c == '\n') {
      line += "\\n";
    } else if (IsControl(c)) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      if (escape_quotes && (c == '"' || c == '\\')) line += '\\';
      line += c;
    }
  }
}

void AppendField(std::string& line, const LogField& field) {
  line += ' ';
  line += field.key();
  line += '=';
  bool needs_quotes = field.value().empty();
  for (const char c : field.value()) {
    needs_quotes = needs_quotes || c == ' ' || c == '"' || c == '=' || IsControl(c);
  }
  if (needs_quotes) line += '"';
  AppendEscaped(line, field.value(), needs_quotes);
  if (needs_quotes) line += '"';
}

}  // namespace

Logger::Logger(const env::Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

void Logger::Log(LogLevel level, std::string_view component, std::string_view message,
                 std::initializer_list<LogField> fields) {
  if (!IsOn(level)) return;
  std::string line;
  AppendTime(line, clock_.NowMicros());
  fmt::format_to(std::back_inserter(line), " {} {}: ", LevelName(level), component);
  AppendEscaped(line, message, /*escape_quotes=*/false);
  for (const LogField& field : fields) AppendField(line, field);
  line += '\n';
  MutexLock lock(mutex_);
  sink_(line);
}

void Logger::WriteToStandardError(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace millrace::telemetry
