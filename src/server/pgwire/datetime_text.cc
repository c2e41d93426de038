#include "server/pgwire/datetime_text.h"

#include <limits>

#include "server/pgwire/number_text.h"

namespace millrace::server::pgwire {

using data::kMicrosPerDay;
using data::kMicrosPerHour;
using data::kMicrosPerMinute;
using data::kMicrosPerSecond;

namespace {

constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();
constexpr int64_t kMinusInfinity = std::numeric_limits<int64_t>::min();

// At least two digits.
void AppendTwo(int64_t value, OutputBuffer* out) {
  if (value < 10) out->Byte('0');
  AppendInteger(value, out);
}

// Year, month and day without the era.
void AppendDay(const data::CivilDate& date, OutputBuffer* out) {
  const int year = date.year > 0 ? date.year : 1 - date.year;
  if (year < 1000) out->Bytes(year < 10 ? "000" : year < 100 ? "00" : "0");
  AppendInteger(year, out);
  out->Byte('-');
  AppendTwo(date.month, out);
  out->Byte('-');
  AppendTwo(date.day, out);
}

void AppendEra(const data::CivilDate& date, OutputBuffer* out) {
  if (date.year <= 0) out->Bytes(" BC");
}

// "05.25": seconds and what is left of them, without trailing zeros.
void AppendSeconds(int64_t micros, OutputBuffer* out) {
  AppendTwo(micros / kMicrosPerSecond, out);
  int64_t fraction = micros % kMicrosPerSecond;
  if (fraction == 0) return;
  char digits[7] = {'.'};
  for (int i = 6; i >= 1; --i, fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
  size_t length = sizeof(digits);
  while (digits[length - 1] == '0') --length;
  out->Bytes({digits, length});
}

bool AppendInfinity(int64_t micros, OutputBuffer* out) {
  if (micros != kInfinity && micros != kMinusInfinity) return false;
  out->Bytes(micros > 0 ? "infinity" : "-infinity");
  return true;
}

// Date and time; the era is to follow.
data::CivilDate AppendLocal(int64_t micros, char separator, OutputBuffer* out) {
  const data::CivilDate date = data::CivilFromDays(data::FloorDiv(micros, kMicrosPerDay));
  AppendDay(date, out);
  out->Byte(separator);
  AppendTime(data::FloorMod(micros, kMicrosPerDay), out);
  return date;
}

void AppendOffset(int64_t offset_micros, OutputBuffer* out) {
  out->Byte(offset_micros < 0 ? '-' : '+');
  const int64_t seconds = (offset_micros < 0 ? -offset_micros : offset_micros) / kMicrosPerSecond;
  AppendTwo(seconds / 3600, out);
  if (seconds % 3600 == 0) return;
  out->Byte(':');
  AppendTwo(seconds / 60 % 60, out);
  if (seconds % 60 == 0) return;
  out->Byte(':');
  AppendTwo(seconds % 60, out);
}

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view TrimSpaces(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// A number of `digits_max` digits at most from the front of the text.
std::optional<int64_t> TakeNumber(std::string_view* text, size_t digits_max) {
  int64_t value = 0;
  size_t length = 0;
  while (length < text->size() && length < digits_max && IsDigit((*text)[length])) {
    value = value * 10 + ((*text)[length++] - '0');
  }
  if (length == 0) return std::nullopt;
  text->remove_prefix(length);
  return value;
}

// "+08", "+0530", "+08:05:43" in µs.
std::optional<int64_t> ReadOffset(std::string_view text) {
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  int64_t seconds = 0;
  for (const int64_t unit : {3600, 60, 1}) {
    if (text.empty() && unit != 3600) break;
    if (unit != 3600 && text[0] == ':') text.remove_prefix(1);
    const auto part = TakeNumber(&text, 2);
    if (!part || *part >= (unit == 3600 ? 16 : 60)) return std::nullopt;
    seconds += *part * unit;
  }
  if (!text.empty()) return std::nullopt;
  return (negative ? -seconds : seconds) * kMicrosPerSecond;
}

struct ZonedText {
  std::string_view local;         // without what follows
  std::optional<int64_t> offset;  // µs
  std::string_view zone;          // or a name
};

// Parts what stands behind a date or time from it. Signs before `first` belong to the date.
std::optional<ZonedText> SplitZone(std::string_view text, size_t first) {
  text = TrimSpaces(text);
  ZonedText parts{text, std::nullopt, {}};
  if (text.size() > first && (text.back() == 'Z' || text.back() == 'z') && IsDigit(text[text.size() - 2])) {
    parts.local = text.substr(0, text.size() - 1);
    parts.offset = 0;
    return parts;
  }
  const size_t space = text.rfind(' ');
  if (space != std::string_view::npos && space + 1 < text.size()) {
    const char c = static_cast<char>(text[space + 1] | 0x20);
    if (c >= 'a' && c <= 'z') {
      parts.local = TrimSpaces(text.substr(0, space));
      parts.zone = text.substr(space + 1);
      return parts;
    }
  }
  const size_t sign = text.find_last_of("+-");
  if (sign == std::string_view::npos || sign < first) return parts;
  parts.local = TrimSpaces(text.substr(0, sign));
  parts.offset = ReadOffset(text.substr(sign));
  if (!parts.offset) return std::nullopt;
  return parts;
}

constexpr size_t kDateBytesMin = 8;  // "2020-1-1": later signs are an offset

}  // namespace

void AppendDate(int64_t days, OutputBuffer* out) {
  const data::CivilDate date = data::CivilFromDays(days);
  AppendDay(date, out);
  AppendEra(date, out);
}

void AppendTime(int64_t micros_of_day, OutputBuffer* out) {
  AppendTwo(micros_of_day / kMicrosPerHour, out);
  out->Byte(':');
  AppendTwo(micros_of_day / kMicrosPerMinute % 60, out);
  out->Byte(':');
  AppendSeconds(micros_of_day % kMicrosPerMinute, out);
}

void AppendTimestamp(int64_t micros, char separator, OutputBuffer* out) {
  if (AppendInfinity(micros, out)) return;
  AppendEra(AppendLocal(micros, separator, out), out);
}

void AppendTimestampLtz(int64_t micros, char separator, const data::TimeZone& zone, OutputBuffer* out) {
  if (AppendInfinity(micros, out)) return;
  const int64_t local = zone.ToLocal(micros);
  const data::CivilDate date = AppendLocal(local, separator, out);
  AppendOffset(local - micros, out);
  AppendEra(date, out);
}

void AppendInterval(int64_t months, int64_t days, int64_t micros, OutputBuffer* out) {
  bool is_first = true;
  bool after_negative = false;
  const auto append_part = [&](int64_t value, std::string_view unit) {
    if (value == 0) return;
    if (!is_first) out->Byte(' ');
    if (after_negative && value > 0) out->Byte('+');
    AppendInteger(value, out);
    out->Byte(' ');
    out->Bytes(unit);
    if (value != 1) out->Byte('s');
    after_negative = value < 0;
    is_first = false;
  };
  append_part(months / 12, "year");
  append_part(months % 12, "mon");
  append_part(days, "day");
  if (micros == 0 && !is_first) return;
  if (!is_first) out->Byte(' ');
  if (micros < 0) {
    out->Byte('-');
  } else if (after_negative) {
    out->Byte('+');
  }
  const uint64_t magnitude = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  AppendTime(static_cast<int64_t>(magnitude & ~(uint64_t{1} << 63)), out);
}

std::optional<int64_t> ReadDate(std::string_view text) {
  const auto parts = SplitZone(text, kDateBytesMin);
  return parts ? data::ParseDate(parts->local) : std::nullopt;
}

std::optional<int64_t> ReadTime(std::string_view text) {
  const auto parts = SplitZone(text, 1);
  return parts ? data::ParseTime(parts->local) : std::nullopt;
}

std::optional<int64_t> ReadTimestamp(std::string_view text) {
  const auto parts = SplitZone(text, kDateBytesMin);
  return parts ? data::ParseTimestamp(parts->local) : std::nullopt;
}

std::optional<int64_t> ReadTimestampLtz(std::string_view text, const data::TimeZone& zone) {
  const auto parts = SplitZone(text, kDateBytesMin);
  if (!parts) return std::nullopt;
  const auto local = data::ParseTimestamp(parts->local);
  if (!local) return std::nullopt;
  if (parts->offset) return *local - *parts->offset;
  if (parts->zone.empty()) return zone.ToInstant(*local);
  const auto named = data::TimeZone::Find(parts->zone);
  if (!named) return std::nullopt;
  return (*named)->ToInstant(*local);
}

}  // namespace millrace::server::pgwire
