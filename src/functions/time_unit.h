// Units of time, and what EXTRACT, FLOOR, CEIL, TIMESTAMPADD and TIMESTAMPDIFF compute with them.
//
// Plain functions over wall-clock µs (units as data/datetime.h says); Flink's rules. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::functions {

enum class TimeUnit : uint8_t {
  kMillennium,
  kCentury,
  kDecade,
  kYear,
  kIsoYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kDayOfYear,
  kDayOfWeek,     // 1 Sunday .. 7 Saturday
  kIsoDayOfWeek,  // 1 Monday .. 7 Sunday
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kEpoch,
};

// "DAY", "day", "DOW", "SQL_TSI_DAY"; nullopt: no unit.
std::optional<TimeUnit> ParseTimeUnit(std::string_view name);
std::string_view TimeUnitName(TimeUnit unit);

// µs of units from a week down to a microsecond; 0 for others.
int64_t MicrosOf(TimeUnit unit);
// Months of units from a millennium to a month; 0 for others.
int64_t MonthsOf(TimeUnit unit);

// The field of a wall-clock time. Fractions are those of the second: MILLISECOND of 1.25 s is 250.
int64_t ExtractField(TimeUnit unit, int64_t local_micros);

// Whether FLOOR and CEIL know the unit: those above, but for ISO years and days of something and EPOCH.
bool IsFloorUnit(TimeUnit unit);
// The begin of the unit that the time lies in. Weeks begin on Sunday.
int64_t FloorTo(TimeUnit unit, int64_t local_micros);
// As Flink: the begin of the next unit. Of units from a week up only the date counts, and one that begins one
// stays; a decade, century or millennium always moves on to the next.
int64_t CeilTo(TimeUnit unit, int64_t local_micros);

// Whole months from `from` to `to`, as Flink counts them: the day of the month decides, then the time of day.
int64_t MonthsBetween(int64_t from_micros, int64_t to_micros);

}  // namespace millrace::functions
