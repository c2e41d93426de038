#include "formats/time_text.h"

#include <cstring>

#include "formats/scan.h"

namespace millrace::formats {
namespace {

// Takes between `min` and `max` digits off the front of the text.
bool TakeNumber(std::string_view* text, size_t min, size_t max, int* value) {
  size_t count = 0;
  *value = 0;
  while (count < max && count < text->size() && IsDigit((*text)[count])) {
    *value = *value * 10 + ((*text)[count] - '0');
    ++count;
  }
  if (count < min) return false;
  text->remove_prefix(count);
  return true;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeDate(std::string_view* text, bool lenient, int64_t* days) {
  const size_t digits_min = lenient ? 1 : 2;
  int year;
  int month;
  int day;
  if (!TakeNumber(text, 4, 4, &year) || !TakeChar(text, '-') || !TakeNumber(text, digits_min, 2, &month) ||
      !TakeChar(text, '-') || !TakeNumber(text, digits_min, 2, &day) ||
      !data::IsValidDate(year, month, day)) {
    return false;
  }
  *days = data::DaysFromCivil(year, month, day);
  return true;
}

// Digits behind the point as µs; between one and nine of them.
bool TakeFraction(std::string_view* text, int64_t* micros) {
  int64_t unit = 100'000;
  size_t count = 0;
  while (count < 9 && count < text->size() && IsDigit((*text)[count])) {
    *micros += ((*text)[count] - '0') * unit;
    unit /= 10;
    ++count;
  }
  text->remove_prefix(count);
  return count > 0;
}

bool TakeTime(std::string_view* text, bool lenient, bool seconds_optional, int64_t* micros) {
  const size_t digits_min = lenient ? 1 : 2;
  int hour;
  int minute;
  int second = 0;
  if (!TakeNumber(text, digits_min, 2, &hour) || !TakeChar(text, ':') ||
      !TakeNumber(text, digits_min, 2, &minute)) {
    return false;
  }
  int64_t fraction = 0;
  if (TakeChar(text, ':')) {
    if (!TakeNumber(text, digits_min, 2, &second)) return false;
    if (TakeChar(text, '.') && !TakeFraction(text, &fraction)) return false;
  } else if (!seconds_optional) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *micros = ((hour * 60 + minute) * 60 + second) * data::kMicrosPerSecond + fraction;
  return true;
}

// "12:30:05" at p, by one word: µs of the day, or -1.
int64_t FixedTime(const char* p) {
  const uint64_t word = Load8(p);
  constexpr uint64_t kColons = 0x00003A00003A0000ull;
  constexpr uint64_t kColonMask = 0x0000FF0000FF0000ull;
  if ((word & kColonMask) != kColons) return -1;
  const uint64_t digits = word & ~kColonMask;
  const uint64_t zeros = 0x3030303030303030ull & ~kColonMask;
  // A byte above 9 after taking the zeros away shows in the high bit of one of the two sums.
  const uint64_t values = digits - zeros;
  if (((values | (values + (0x7676767676767676ull & ~kColonMask))) & 0x8080808080808080ull) != 0) return -1;
  const auto two = [values](int byte) {
    return static_cast<int64_t>(((values >> (8 * byte)) & 0xFF) * 10 + ((values >> (8 * byte + 8)) & 0xFF));
  };
  const int64_t hour = two(0);
  const int64_t minute = two(3);
  const int64_t second = two(6);
  if (hour > 23 || minute > 59 || second > 59) return -1;
  return ((hour * 60 + minute) * 60 + second) * data::kMicrosPerSecond;
}

}  // namespace

bool ReadDate(std::string_view text, bool lenient, int32_t* days) {
  int64_t value;
  if (!TakeDate(&text, lenient, &value) || !text.empty()) return false;
  *days = static_cast<int32_t>(value);
  return true;
}

bool ReadTime(std::string_view text, bool seconds_optional, int64_t* micros) {
  return TakeTime(&text, false, seconds_optional, micros) && text.empty();
}

bool ReadOffset(std::string_view text, int32_t* seconds) {
  if (text == "Z" || text == "z") {
    *seconds = 0;
    return true;
  }
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hour;
  int minute = 0;
  if (!TakeNumber(&text, 2, 2, &hour)) return false;
  const bool has_colon = TakeChar(&text, ':');
  if ((has_colon || !text.empty()) && !TakeNumber(&text, 2, 2, &minute)) return false;
  if (!text.empty() || hour > 18 || minute > 59) return false;
  *seconds = sign * (hour * 3600 + minute * 60);
  return true;
}

bool TimestampReader::ReadLocal(std::string_view text, int64_t* micros) {
  // The usual shape, on the date of the row before: only the time is read.
  if (text.size() >= 19 && std::memcmp(text.data(), known_date_, 10) == 0) {
    const char separator = text[10];
    const int64_t time = FixedTime(text.data() + 11);
    if (time >= 0 &&
        (separator == separator_ || (separator_ == 0 && (separator == ' ' || separator == 'T')))) {
      if (text.size() == 23 && text[19] == '.' && IsDigit(text[20]) && IsDigit(text[21]) &&
          IsDigit(text[22])) {
        const int millis = (text[20] - '0') * 100 + (text[21] - '0') * 10 + (text[22] - '0');
        *micros = known_micros_ + time + millis * int64_t{1'000};
        return true;
      }
      std::string_view rest = text.substr(19);
      int64_t fraction = 0;
      if (!rest.empty() &&
          (rest[0] != '.' || (rest.remove_prefix(1), !TakeFraction(&rest, &fraction)) || !rest.empty())) {
        return false;
      }
      *micros = known_micros_ + time + fraction;
      return true;
    }
  }
  std::string_view rest = text;
  int64_t days;
  if (!TakeDate(&rest, lenient_, &days)) return false;
  const bool is_full_date = text.size() - rest.size() == 10;
  if (rest.empty()) return false;
  const char separator = rest[0];
  if (separator_ == 0 ? separator != ' ' && separator != 'T' : separator != separator_) return false;
  rest.remove_prefix(1);
  int64_t time;
  // ISO_LOCAL_TIME has optional seconds, SQL's time has not.
  if (!TakeTime(&rest, lenient_, separator == 'T', &time) || !rest.empty()) return false;
  if (is_full_date) {
    std::memcpy(known_date_, text.data(), 10);
    known_micros_ = days * data::kMicrosPerDay;
  }
  *micros = days * data::kMicrosPerDay + time;
  return true;
}

bool TimestampReader::Read(std::string_view text, int64_t* micros) {
  return ReadLocal(text, micros);
}

bool TimestampReader::ReadInstant(std::string_view text, int64_t* micros) {
  size_t zone_at = std::string_view::npos;
  if (text.size() > 10) zone_at = text.find_first_of("Zz+-", 10);
  int64_t local;
  if (zone_at == std::string_view::npos) {
    if (!ReadLocal(text, &local)) return false;
    *micros = zone_->ToInstant(local);
    return true;
  }
  int32_t offset_seconds;
  if (!ReadOffset(text.substr(zone_at), &offset_seconds) || !ReadLocal(text.substr(0, zone_at), &local)) {
    return false;
  }
  *micros = local - offset_seconds * data::kMicrosPerSecond;
  return true;
}

}  // namespace millrace::formats
