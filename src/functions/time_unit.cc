#include "functions/time_unit.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "data/datetime.h"

namespace millrace::functions {

using data::CivilDate;
using data::CivilFromDays;
using data::DaysFromCivil;
using data::FloorDiv;
using data::FloorMod;
using data::kMicrosPerDay;

namespace {

constexpr std::array<std::pair<std::string_view, TimeUnit>, 19> kNames = {{
    {"MILLENNIUM", TimeUnit::kMillennium},
    {"CENTURY", TimeUnit::kCentury},
    {"DECADE", TimeUnit::kDecade},
    {"YEAR", TimeUnit::kYear},
    {"ISOYEAR", TimeUnit::kIsoYear},
    {"QUARTER", TimeUnit::kQuarter},
    {"MONTH", TimeUnit::kMonth},
    {"WEEK", TimeUnit::kWeek},
    {"DAY", TimeUnit::kDay},
    {"DOY", TimeUnit::kDayOfYear},
    {"DOW", TimeUnit::kDayOfWeek},
    {"ISODOW", TimeUnit::kIsoDayOfWeek},
    {"HOUR", TimeUnit::kHour},
    {"MINUTE", TimeUnit::kMinute},
    {"SECOND", TimeUnit::kSecond},
    {"MILLISECOND", TimeUnit::kMillisecond},
    {"MICROSECOND", TimeUnit::kMicrosecond},
    {"NANOSECOND", TimeUnit::kNanosecond},
    {"EPOCH", TimeUnit::kEpoch},
}};

bool EqualsIgnoreCase(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 32) : text[i];
    if (c != upper[i]) return false;
  }
  return true;
}

// Sunday is 0; 1970-01-01 was a Thursday.
int64_t DayOfWeek(int64_t days) {
  return FloorMod(days + 4, 7);
}

// The ISO year a day belongs to is that of its week's Thursday.
CivilDate ThursdayOf(int64_t days, int64_t* thursday) {
  const int64_t iso_day = FloorMod(days + 3, 7);  // Monday is 0
  *thursday = days - iso_day + 3;
  return CivilFromDays(*thursday);
}

// Division of years into hundreds and thousands that begin with a year 1.
int64_t CountedFromOne(int64_t year, int64_t length) {
  return year > 0 ? (year + length - 1) / length : (year - length + 1) / length;
}

int64_t ExtractDate(TimeUnit unit, int64_t days) {
  const CivilDate date = CivilFromDays(days);
  switch (unit) {
    case TimeUnit::kMillennium:
      return CountedFromOne(date.year, 1000);
    case TimeUnit::kCentury:
      return CountedFromOne(date.year, 100);
    case TimeUnit::kDecade:
      return date.year / 10;
    case TimeUnit::kYear:
      return date.year;
    case TimeUnit::kQuarter:
      return (date.month + 2) / 3;
    case TimeUnit::kMonth:
      return date.month;
    case TimeUnit::kDay:
      return date.day;
    case TimeUnit::kDayOfYear:
      return days - DaysFromCivil(date.year, 1, 1) + 1;
    case TimeUnit::kDayOfWeek:
      return DayOfWeek(days) + 1;
    case TimeUnit::kIsoDayOfWeek:
      return FloorMod(days + 3, 7) + 1;
    case TimeUnit::kIsoYear: {
      int64_t thursday = 0;
      return ThursdayOf(days, &thursday).year;
    }
    case TimeUnit::kWeek: {
      int64_t thursday = 0;
      const CivilDate in_year = ThursdayOf(days, &thursday);
      return (thursday - DaysFromCivil(in_year.year, 1, 1)) / 7 + 1;
    }
    default:
      MR_UNREACHABLE();
  }
}

// The first day of the unit that the date lies in (`next`: see CeilTo).
int64_t DayOf(TimeUnit unit, int64_t days, bool next) {
  const CivilDate date = CivilFromDays(days);
  switch (unit) {
    case TimeUnit::kMillennium:
      return DaysFromCivil(1000 * static_cast<int>(FloorDiv(date.year + 999, 1000)) + (next ? 1 : -999), 1,
                           1);
    case TimeUnit::kCentury:
      return DaysFromCivil(100 * static_cast<int>(FloorDiv(date.year + 99, 100)) + (next ? 1 : -99), 1, 1);
    case TimeUnit::kDecade:
      return DaysFromCivil(10 * static_cast<int>(FloorDiv(date.year, 10) + (next ? 1 : 0)), 1, 1);
    case TimeUnit::kYear:
      return DaysFromCivil(date.year + (next && (date.month > 1 || date.day > 1) ? 1 : 0), 1, 1);
    case TimeUnit::kQuarter: {
      const int64_t begin = DaysFromCivil(date.year, (date.month - 1) / 3 * 3 + 1, 1);
      return next && (date.month > 1 || date.day > 1) ? data::AddMonthsToDays(begin, 3) : begin;
    }
    case TimeUnit::kMonth: {
      const int64_t begin = days - (date.day - 1);
      return next && date.day > 1 ? data::AddMonthsToDays(begin, 1) : begin;
    }
    case TimeUnit::kWeek: {
      const int64_t begin = days - DayOfWeek(days);
      return next && begin != days ? begin + 7 : begin;
    }
    default:
      MR_UNREACHABLE();
  }
}

}  // namespace

std::optional<TimeUnit> ParseTimeUnit(std::string_view name) {
  constexpr std::string_view kPrefix = "SQL_TSI_";
  if (name.size() > kPrefix.size() && EqualsIgnoreCase(name.substr(0, kPrefix.size()), kPrefix)) {
    name.remove_prefix(kPrefix.size());
  }
  for (const auto& [text, unit] : kNames) {
    if (EqualsIgnoreCase(name, text)) return unit;
  }
  return std::nullopt;
}

std::string_view TimeUnitName(TimeUnit unit) {
  for (const auto& [text, value] : kNames) {
    if (value == unit) return text;
  }
  MR_UNREACHABLE();
}

int64_t MicrosOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kWeek:
      return 7 * kMicrosPerDay;
    case TimeUnit::kDay:
      return kMicrosPerDay;
    case TimeUnit::kHour:
      return data::kMicrosPerHour;
    case TimeUnit::kMinute:
      return data::kMicrosPerMinute;
    case TimeUnit::kSecond:
      return data::kMicrosPerSecond;
    case TimeUnit::kMillisecond:
      return data::kMicrosPerMilli;
    case TimeUnit::kMicrosecond:
      return 1;
    default:
      return 0;
  }
}

int64_t MonthsOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillennium:
      return 12000;
    case TimeUnit::kCentury:
      return 1200;
    case TimeUnit::kDecade:
      return 120;
    case TimeUnit::kYear:
      return 12;
    case TimeUnit::kQuarter:
      return 3;
    case TimeUnit::kMonth:
      return 1;
    default:
      return 0;
  }
}

int64_t ExtractField(TimeUnit unit, int64_t local_micros) {
  const int64_t days = FloorDiv(local_micros, kMicrosPerDay);
  const int64_t of_day = local_micros - days * kMicrosPerDay;
  switch (unit) {
    case TimeUnit::kHour:
      return of_day / data::kMicrosPerHour;
    case TimeUnit::kMinute:
      return of_day / data::kMicrosPerMinute % 60;
    case TimeUnit::kSecond:
      return of_day / data::kMicrosPerSecond % 60;
    case TimeUnit::kMillisecond:
      return of_day / data::kMicrosPerMilli % 1000;
    case TimeUnit::kMicrosecond:
      return of_day % data::kMicrosPerSecond;
    case TimeUnit::kNanosecond:
      return of_day % data::kMicrosPerSecond * 1000;
    case TimeUnit::kEpoch:
      return FloorDiv(local_micros, data::kMicrosPerSecond);
    default:
      return ExtractDate(unit, days);
  }
}

bool IsFloorUnit(TimeUnit unit) {
  return MonthsOf(unit) > 0 || MicrosOf(unit) > 0 || unit == TimeUnit::kNanosecond;
}

int64_t FloorTo(TimeUnit unit, int64_t local_micros) {
  if (unit == TimeUnit::kNanosecond) return local_micros;
  if (MonthsOf(unit) > 0 || unit == TimeUnit::kWeek) {
    return DayOf(unit, FloorDiv(local_micros, kMicrosPerDay), /*next=*/false) * kMicrosPerDay;
  }
  const int64_t length = MicrosOf(unit);
  return FloorDiv(local_micros, length) * length;
}

int64_t CeilTo(TimeUnit unit, int64_t local_micros) {
  if (unit == TimeUnit::kNanosecond) return local_micros;
  if (MonthsOf(unit) > 0 || unit == TimeUnit::kWeek) {
    return DayOf(unit, FloorDiv(local_micros, kMicrosPerDay), /*next=*/true) * kMicrosPerDay;
  }
  const int64_t length = MicrosOf(unit);
  const int64_t begin = FloorDiv(local_micros, length) * length;
  return begin == local_micros ? begin : begin + length;
}

namespace {

// For to >= from.
int64_t MonthsForward(int64_t from_days, int64_t to_days) {
  int64_t months = (to_days - from_days) / 31;
  while (data::AddMonthsToDays(from_days, months) < to_days &&
         data::AddMonthsToDays(from_days, months + 1) <= to_days) {
    ++months;
  }
  return months;
}

}  // namespace

int64_t MonthsBetween(int64_t from_micros, int64_t to_micros) {
  const int64_t from_days = FloorDiv(from_micros, kMicrosPerDay);
  const int64_t to_days = FloorDiv(to_micros, kMicrosPerDay);
  int64_t months =
      to_days < from_days ? -MonthsForward(to_days, from_days) : MonthsForward(from_days, to_days);
  const bool same_day = data::AddMonthsToDays(from_days, months) == to_days;
  if (same_day && FloorMod(to_micros, kMicrosPerDay) < FloorMod(from_micros, kMicrosPerDay)) --months;
  return months;
}

}  // namespace millrace::functions
