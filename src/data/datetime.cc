#include "data/datetime.h"

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace millrace::data {

namespace {

constexpr int64_t kDaysPerEra = 146097;          // 400 Gregorian years
constexpr int64_t kEpochFromMarchZero = 719468;  // days from 0000-03-01 to 1970-01-01

constexpr std::array<int8_t, 13> kMonthDays = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool IsLeapYear(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

}  // namespace

// Years begin in March here, so that the leap day is the last of its year and the days before a month
// are a linear function of the month.
int64_t DaysFromCivil(int year, int month, int day) {
  const int64_t shifted_year = int64_t{year} - (month <= 2 ? 1 : 0);
  const int64_t era = FloorDiv(shifted_year, 400);
  const int64_t year_of_era = shifted_year - era * 400;
  const int64_t shifted_month = month > 2 ? month - 3 : month + 9;
  const int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEpochFromMarchZero;
}

CivilDate CivilFromDays(int64_t days) {
  const int64_t shifted = days + kEpochFromMarchZero;
  const int64_t era = FloorDiv(shifted, kDaysPerEra);
  const auto day_of_era = static_cast<uint32_t>(shifted - era * kDaysPerEra);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  return {static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)};
}

CivilTime CivilFromMicros(int64_t micros) {
  const int64_t days = FloorDiv(micros, kMicrosPerDay);
  const int64_t of_day = micros - days * kMicrosPerDay;
  const auto seconds = static_cast<uint32_t>(of_day / kMicrosPerSecond);
  CivilTime time;
  time.date = CivilFromDays(days);
  time.hour = static_cast<int>(seconds / 3600);
  time.minute = static_cast<int>(seconds / 60 % 60);
  time.second = static_cast<int>(seconds % 60);
  time.micros = static_cast<int>(of_day - int64_t{seconds} * kMicrosPerSecond);
  return time;
}

int64_t MicrosFromCivil(const CivilTime& time) {
  return DaysFromCivil(time.date.year, time.date.month, time.date.day) * kMicrosPerDay +
         time.hour * kMicrosPerHour + time.minute * kMicrosPerMinute + time.second * kMicrosPerSecond +
         time.micros;
}

int DaysInMonth(int year, int month) {
  return month == 2 && IsLeapYear(year) ? 29 : kMonthDays[static_cast<size_t>(month)];
}

bool IsValidDate(int year, int month, int day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= DaysInMonth(year, month);
}

int64_t AddMonthsToDays(int64_t days, int64_t months) {
  const CivilDate date = CivilFromDays(days);
  const int64_t month_index = int64_t{date.year} * 12 + (date.month - 1) + months;
  const auto year = static_cast<int>(FloorDiv(month_index, 12));
  const int month = static_cast<int>(FloorMod(month_index, 12)) + 1;
  const int last = DaysInMonth(year, month);
  return DaysFromCivil(year, month, date.day < last ? date.day : last);
}

int64_t AddMonthsToMicros(int64_t micros, int64_t months) {
  const int64_t days = FloorDiv(micros, kMicrosPerDay);
  return AddMonthsToDays(days, months) * kMicrosPerDay + (micros - days * kMicrosPerDay);
}

namespace {

constexpr std::array<char, 200> MakePairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kPairs = MakePairs();

char* WritePair(char* at, unsigned value) {
  std::memcpy(at, kPairs.data() + 2 * value, 2);
  return at + 2;
}

// Four digits at least; a minus sign before years below 0.
char* WriteYear(char* at, int year) {
  if (year < 0) {
    *at++ = '-';
    year = -year;
  }
  auto rest = static_cast<unsigned>(year);
  if (rest >= 10000) {
    char digits[12];
    int count = 0;
    for (; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
    while (count > 0) *at++ = digits[--count];
    return at;
  }
  at = WritePair(at, rest / 100);
  return WritePair(at, rest % 100);
}

char* WriteDate(char* at, int64_t days) {
  const CivilDate date = CivilFromDays(days);
  at = WriteYear(at, date.year);
  *at++ = '-';
  at = WritePair(at, static_cast<unsigned>(date.month));
  *at++ = '-';
  return WritePair(at, static_cast<unsigned>(date.day));
}

char* WriteTime(char* at, int64_t micros_of_day, int precision) {
  const auto seconds = static_cast<uint32_t>(micros_of_day / kMicrosPerSecond);
  at = WritePair(at, seconds / 3600);
  *at++ = ':';
  at = WritePair(at, seconds / 60 % 60);
  *at++ = ':';
  at = WritePair(at, seconds % 60);
  if (precision > 0) {
    const auto fraction = static_cast<uint32_t>(micros_of_day - int64_t{seconds} * kMicrosPerSecond);
    *at++ = '.';
    WritePair(at, fraction / 10000);
    WritePair(at + 2, fraction / 100 % 100);
    WritePair(at + 4, fraction % 100);
    at += precision;
  }
  return at;
}

void AppendRange(const char* begin, const char* end, std::string* out) {
  out->append(begin, static_cast<size_t>(end - begin));
}

}  // namespace

void AppendDate(int64_t days, std::string* out) {
  char buffer[32];
  AppendRange(buffer, WriteDate(buffer, days), out);
}

void AppendTime(int64_t micros_of_day, int precision, std::string* out) {
  char buffer[32];
  AppendRange(buffer, WriteTime(buffer, micros_of_day, precision), out);
}

void AppendTimestamp(int64_t micros, int precision, char separator, std::string* out) {
  char buffer[48];
  const int64_t days = FloorDiv(micros, kMicrosPerDay);
  char* at = WriteDate(buffer, days);
  *at++ = separator;
  AppendRange(buffer, WriteTime(at, micros - days * kMicrosPerDay, precision), out);
}

void AppendIntervalMonths(int64_t months, std::string* out) {
  const uint64_t magnitude = months < 0 ? 0 - static_cast<uint64_t>(months) : static_cast<uint64_t>(months);
  out->push_back(months < 0 ? '-' : '+');
  out->append(std::to_string(magnitude / 12));
  out->push_back('-');
  char pair[2];
  AppendRange(pair, WritePair(pair, static_cast<unsigned>(magnitude % 12)), out);
}

void AppendIntervalMicros(int64_t micros, std::string* out) {
  const uint64_t magnitude = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  constexpr auto kDay = static_cast<uint64_t>(kMicrosPerDay);
  out->push_back(micros < 0 ? '-' : '+');
  out->append(std::to_string(magnitude / kDay));
  out->push_back(' ');
  AppendTime(static_cast<int64_t>(magnitude % kDay), 3, out);
}

namespace {

// Reads a text from left to right; every step says whether it found what it looked for.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool AtEnd() const { return at_ == end_; }
  char Peek() const { return at_ == end_ ? '\0' : *at_; }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool IsDigit() const { return at_ != end_ && static_cast<unsigned char>(*at_ - '0') < 10; }

  // Between min_digits and max_digits digits, as many as there are.
  bool Number(int min_digits, int max_digits, int* value) {
    int digits = 0;
    int number = 0;
    while (digits < max_digits && IsDigit()) {
      number = number * 10 + (*at_++ - '0');
      ++digits;
    }
    *value = number;
    return digits >= min_digits;
  }

  // The digits behind a decimal point as µs; what lies below is cut.
  bool Fraction(int* micros) {
    int digits = 0;
    int number = 0;
    while (IsDigit()) {
      if (digits < 6) number = number * 10 + (*at_ - '0');
      ++at_;
      ++digits;
    }
    for (int i = digits; i < 6; ++i) number *= 10;
    *micros = number;
    return digits > 0;
  }

  std::string_view Rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

 private:
  const char* at_;
  const char* end_;
};

bool ScanDate(Scanner* scanner, CivilDate* date) {
  return scanner->Number(1, 4, &date->year) && scanner->Take('-') && scanner->Number(1, 2, &date->month) &&
         scanner->Take('-') && scanner->Number(1, 2, &date->day) &&
         IsValidDate(date->year, date->month, date->day);
}

// "12[:30[:05[.25]]]"
bool ScanTime(Scanner* scanner, CivilTime* time) {
  time->minute = 0;
  time->second = 0;
  time->micros = 0;
  if (!scanner->Number(1, 2, &time->hour)) return false;
  if (scanner->Take(':')) {
    if (!scanner->Number(1, 2, &time->minute)) return false;
    if (scanner->Take(':')) {
      if (!scanner->Number(1, 2, &time->second)) return false;
      if (scanner->Take('.') && !scanner->AtEnd() && !scanner->Fraction(&time->micros)) return false;
    }
  }
  return time->hour < 24 && time->minute < 60 && time->second < 60;
}

bool ScanTimestamp(Scanner* scanner, CivilTime* time) {
  *time = {};
  if (!ScanDate(scanner, &time->date)) return false;
  if (scanner->Take(' ') || scanner->Take('T')) return ScanTime(scanner, time);
  return true;
}

bool TwoDigits(const char* at, int* value) {
  const unsigned high = static_cast<unsigned char>(at[0] - '0');
  const unsigned low = static_cast<unsigned char>(at[1] - '0');
  *value = static_cast<int>(high * 10 + low);
  return high < 10 && low < 10;
}

// "2020-01-31 12:30:05" and what follows, by place: the form nearly every text has. False: not of this form.
bool FixedTimestamp(std::string_view text, CivilTime* time) {
  if (text.size() < 19) return false;
  const char* at = text.data();
  int century;
  int year_of_century;
  const bool is_number = TwoDigits(at, &century) && TwoDigits(at + 2, &year_of_century) &&
                         TwoDigits(at + 5, &time->date.month) && TwoDigits(at + 8, &time->date.day) &&
                         TwoDigits(at + 11, &time->hour) && TwoDigits(at + 14, &time->minute) &&
                         TwoDigits(at + 17, &time->second);
  const bool is_punctuated =
      at[4] == '-' && at[7] == '-' && (at[10] == ' ' || at[10] == 'T') && at[13] == ':' && at[16] == ':';
  if (!is_number || !is_punctuated) return false;
  time->date.year = century * 100 + year_of_century;
  time->micros = 0;
  return IsValidDate(time->date.year, time->date.month, time->date.day) && time->hour < 24 &&
         time->minute < 60 && time->second < 60;
}

// The whole of `text` but for a suffix that is left to the caller.
bool ReadTimestamp(std::string_view text, CivilTime* time, std::string_view* suffix) {
  if (FixedTimestamp(text, time)) {
    Scanner scanner(text.substr(19));
    if (scanner.Take('.') && scanner.IsDigit() && !scanner.Fraction(&time->micros)) return false;
    *suffix = scanner.Rest();
    return true;
  }
  Scanner scanner(text);
  if (!ScanTimestamp(&scanner, time)) return false;
  *suffix = scanner.Rest();
  return true;
}

// "Z", "+08", "+8", "+0800", "+08:00", "-05:30:15", with an optional space before.
std::optional<int64_t> ParseOffsetMicros(std::string_view text) {
  Scanner scanner(text);
  scanner.Take(' ');
  if (scanner.Take('Z')) return scanner.AtEnd() ? std::optional<int64_t>(0) : std::nullopt;
  const bool negative = scanner.Peek() == '-';
  if (!scanner.Take('+') && !scanner.Take('-')) return std::nullopt;
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  if (!scanner.Number(1, 2, &hours)) return std::nullopt;
  if (!scanner.AtEnd()) {
    const bool colons = scanner.Take(':');
    if (!scanner.Number(2, 2, &minutes)) return std::nullopt;
    if (!scanner.AtEnd()) {
      if (colons != scanner.Take(':') || !scanner.Number(2, 2, &seconds)) return std::nullopt;
    }
  }
  if (!scanner.AtEnd() || hours > 18 || minutes > 59 || seconds > 59) return std::nullopt;
  const int64_t micros = hours * kMicrosPerHour + minutes * kMicrosPerMinute + seconds * kMicrosPerSecond;
  return negative ? -micros : micros;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<int64_t> ParseDate(std::string_view text) {
  text = Trim(text);
  if (const size_t space = text.find(' '); space != std::string_view::npos) text = text.substr(0, space);
  Scanner scanner(text);
  CivilDate date{0, 1, 1};
  if (!scanner.Number(1, 4, &date.year)) return std::nullopt;
  if (scanner.Take('-')) {
    if (!scanner.Number(1, 2, &date.month)) return std::nullopt;
    if (scanner.Take('-') && !scanner.Number(1, 2, &date.day)) return std::nullopt;
  }
  if (!scanner.AtEnd() || !IsValidDate(date.year, date.month, date.day)) return std::nullopt;
  return DaysFromCivil(date.year, date.month, date.day);
}

std::optional<int64_t> ParseTime(std::string_view text) {
  Scanner scanner(Trim(text));
  CivilTime time{{1970, 1, 1}, 0, 0, 0, 0};
  if (!ScanTime(&scanner, &time) || !scanner.AtEnd()) return std::nullopt;
  return MicrosFromCivil(time);
}

std::optional<int64_t> ParseTimestamp(std::string_view text) {
  CivilTime time;
  std::string_view suffix;
  if (!ReadTimestamp(Trim(text), &time, &suffix) || !suffix.empty()) return std::nullopt;
  return MicrosFromCivil(time);
}

std::optional<int64_t> ParseTimestampLtz(std::string_view text, const TimeZone& zone) {
  CivilTime time;
  std::string_view suffix;
  if (!ReadTimestamp(Trim(text), &time, &suffix)) return std::nullopt;
  const int64_t local = MicrosFromCivil(time);
  if (suffix.empty()) return zone.ToInstant(local);
  const auto offset = ParseOffsetMicros(suffix);
  if (!offset) return std::nullopt;
  return local - *offset;
}

}  // namespace millrace::data
