// Dates, times, timestamps and time zones on plain integers (units as PhysicalType says).
//
// Proleptic Gregorian calendar, years -9999..9999. Time zones come from the system's tz database
// (TZif files), read once and kept; fixed offsets such as "GMT+08:00", "+08:00" and "UTC" work without.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::data {

inline constexpr int64_t kMicrosPerMilli = 1'000;
inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

// Division that rounds toward negative infinity, for a positive divisor.
inline int64_t FloorDiv(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
inline int64_t FloorMod(int64_t a, int64_t b) {
  return a - FloorDiv(a, b) * b;
}

struct CivilDate {
  int year;
  int month;  // 1..12
  int day;    // 1..31
};
struct CivilTime {
  CivilDate date;
  int hour;
  int minute;
  int second;
  int micros;
};

int64_t DaysFromCivil(int year, int month, int day);
CivilDate CivilFromDays(int64_t days);
CivilTime CivilFromMicros(int64_t micros);
int64_t MicrosFromCivil(const CivilTime& time);
bool IsValidDate(int year, int month, int day);
int DaysInMonth(int year, int month);
// Adds months, clamping the day to the month's last.
int64_t AddMonthsToDays(int64_t days, int64_t months);
int64_t AddMonthsToMicros(int64_t micros, int64_t months);

// "2020-01-31", "12:30:05.250" (precision fractional digits), "2020-01-31 12:30:05.250".
void AppendDate(int64_t days, std::string* out);
void AppendTime(int64_t micros_of_day, int precision, std::string* out);
void AppendTimestamp(int64_t micros, int precision, char separator, std::string* out);
// Flink's text of intervals: "+1-02" and "+1 02:03:04.500".
void AppendIntervalMonths(int64_t months, std::string* out);
void AppendIntervalMicros(int64_t micros, std::string* out);

// Text of a CAST: "2020-1-31" and "2020-01-31" (a time part after the date is cut off); nullopt:
// malformed or not a date of the calendar.
std::optional<int64_t> ParseDate(std::string_view text);
// "12", "12:30", "12:30:05", "12:30:05.25".
std::optional<int64_t> ParseTime(std::string_view text);
// "2020-01-31", "2020-01-31 12:30[:05[.25]]", with ' ' or 'T' between. Digits beyond µs are cut.
std::optional<int64_t> ParseTimestamp(std::string_view text);
// As ParseTimestamp with an optional "Z" or "+08:00" behind; without one the instant is taken in `zone`.
class TimeZone;
std::optional<int64_t> ParseTimestampLtz(std::string_view text, const TimeZone& zone);

// A time zone. Immutable; lives as long as the process.
class TimeZone {
 public:
  virtual ~TimeZone() = default;
  // "Asia/Shanghai", "UTC", "GMT+8", "+08:00". An unknown name is an error that says so.
  static Result<const TimeZone*> Find(std::string_view name);
  static const TimeZone& Utc();

  virtual const std::string& name() const = 0;
  // Wall-clock µs for an instant, and back (the earlier offset where a local time is ambiguous; a local
  // time that does not exist moves forward by the gap, as java.time does).
  virtual int64_t ToLocal(int64_t instant_micros) const = 0;
  virtual int64_t ToInstant(int64_t local_micros) const = 0;
};

// Java DateTimeFormatter/SimpleDateFormat patterns as Flink's DATE_FORMAT and TO_TIMESTAMP take them
// ("yyyy-MM-dd HH:mm:ss.SSS"). Compiled once, used for many rows.
class DatePattern {
 public:
  static Result<DatePattern> Compile(std::string_view pattern);
  void Format(int64_t local_micros, std::string* out) const;
  // The whole text must be of the pattern, numbers with as many digits as it has letters.
  std::optional<int64_t> Parse(std::string_view text) const;
  // As SimpleDateFormat reads: any number of digits where fields do not touch, text behind is left alone.
  std::optional<int64_t> ParseLenient(std::string_view text) const;

 private:
  std::optional<int64_t> Read(std::string_view text, bool strict) const;

  struct Part {
    char letter;  // one of y u M d D H h k K m s S a E, or 0 for literal text
    int count;
    std::string literal;
  };
  std::vector<Part> parts_;
};

}  // namespace millrace::data
