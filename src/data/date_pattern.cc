#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/datetime.h"

namespace millrace::data {

namespace {

constexpr std::string_view kLetters = "yuMdHhkKmsSaED";
constexpr std::array<std::string_view, 12> kMonthNames = {"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDayNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

void AppendPadded(int64_t value, int width, std::string* out) {
  char digits[24];
  int count = 0;
  uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  do {
    digits[count++] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (value < 0) out->push_back('-');
  for (int i = count; i < width; ++i) out->push_back('0');
  while (count > 0) out->push_back(digits[--count]);
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
  }
  return true;
}

// The index of the name (or, with `length` > 0, of its first letters) that `text` starts with; -1: none.
template <size_t N>
int MatchName(const std::array<std::string_view, N>& names, size_t length, std::string_view* text) {
  for (size_t i = 0; i < N; ++i) {
    const std::string_view name = length > 0 ? names[i].substr(0, length) : names[i];
    if (EqualsIgnoreCase(text->substr(0, name.size()), name)) {
      text->remove_prefix(name.size());
      return static_cast<int>(i);
    }
  }
  return -1;
}

// What has been read of a text so far; -1: not given.
struct Fields {
  int year = 1970;
  int month = 1;
  int day = 1;
  int day_of_year = -1;
  int hour = 0;
  int half_day_hour = -1;
  int half = -1;  // 0 AM, 1 PM
  int minute = 0;
  int second = 0;
  int micros = 0;
};

bool Store(char letter, int count, int number, Fields* fields) {
  switch (letter) {
    case 'y':
    case 'u':
      fields->year = count == 2 ? 2000 + number : number;
      return true;
    case 'M':
      fields->month = number;
      return number >= 1 && number <= 12;
    case 'd':
      fields->day = number;
      return number >= 1 && number <= 31;
    case 'D':
      fields->day_of_year = number;
      return number >= 1 && number <= 366;
    case 'H':
      fields->hour = number;
      return number < 24;
    case 'k':
      fields->hour = number % 24;
      return number >= 1 && number <= 24;
    case 'h':
      fields->half_day_hour = number % 12;
      return number >= 1 && number <= 12;
    case 'K':
      fields->half_day_hour = number;
      return number < 12;
    case 'm':
      fields->minute = number;
      return number < 60;
    case 's':
      fields->second = number;
      return number < 60;
    default:
      return false;
  }
}

std::optional<int64_t> Combine(Fields fields) {
  int64_t days = 0;
  if (fields.day_of_year >= 0) {
    days = DaysFromCivil(fields.year, 1, 1) + fields.day_of_year - 1;
    if (CivilFromDays(days).year != fields.year) return std::nullopt;
  } else {
    // A day past its month's end (31 April) becomes the last one, as java.time resolves it.
    const int day = std::min(fields.day, DaysInMonth(fields.year, fields.month));
    days = DaysFromCivil(fields.year, fields.month, day);
  }
  if (fields.half_day_hour >= 0) fields.hour = fields.half_day_hour + (fields.half == 1 ? 12 : 0);
  return days * kMicrosPerDay + fields.hour * kMicrosPerHour + fields.minute * kMicrosPerMinute +
         fields.second * kMicrosPerSecond + fields.micros;
}

}  // namespace

Result<DatePattern> DatePattern::Compile(std::string_view pattern) {
  DatePattern compiled;
  const auto add_literal = [&](std::string_view text) {
    if (compiled.parts_.empty() || compiled.parts_.back().letter != 0) compiled.parts_.push_back({0, 0, {}});
    compiled.parts_.back().literal += text;
  };
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      // '' is a quote, inside quoted text as well as outside.
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        add_literal("'");
        i += 2;
        continue;
      }
      ++i;
      bool closed = false;
      while (i < pattern.size() && !closed) {
        if (pattern[i] != '\'') {
          add_literal(pattern.substr(i++, 1));
        } else if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
          add_literal("'");
          i += 2;
        } else {
          closed = true;
          ++i;
        }
      }
      if (!closed) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("date pattern '{}' has a quote that is not closed", pattern));
      }
      continue;
    }
    if (!IsLetter(c)) {
      add_literal(pattern.substr(i++, 1));
      continue;
    }
    size_t end = i;
    while (end < pattern.size() && pattern[end] == c) ++end;
    const int count = static_cast<int>(end - i);
    if (kLetters.find(c) == std::string_view::npos) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("date pattern '{}' has the letter '{}', which is not supported", pattern, c),
                  "supported are y u M d D H h k K m s S a E; other text goes between single quotes");
    }
    if (count > 9 || (c == 'M' && count > 4)) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("date pattern '{}' repeats the letter '{}' {} times", pattern, c, count),
                  "at most 9 times, the month M at most 4");
    }
    compiled.parts_.push_back({c, count, {}});
    i = end;
  }
  return compiled;
}

void DatePattern::Format(int64_t local_micros, std::string* out) const {
  const CivilTime time = CivilFromMicros(local_micros);
  const int half_day_hour = time.hour % 12;
  for (const Part& part : parts_) {
    switch (part.letter) {
      case 0:
        out->append(part.literal);
        break;
      case 'y':
      case 'u':
        if (part.count == 2) {
          AppendPadded(FloorMod(time.date.year, 100), 2, out);
        } else {
          AppendPadded(time.date.year, part.count, out);
        }
        break;
      case 'M':
        if (part.count <= 2) {
          AppendPadded(time.date.month, part.count, out);
        } else {
          const std::string_view name = kMonthNames[static_cast<size_t>(time.date.month - 1)];
          out->append(part.count == 3 ? name.substr(0, 3) : name);
        }
        break;
      case 'd':
        AppendPadded(time.date.day, part.count, out);
        break;
      case 'D': {
        const int64_t days = FloorDiv(local_micros, kMicrosPerDay);
        AppendPadded(days - DaysFromCivil(time.date.year, 1, 1) + 1, part.count, out);
        break;
      }
      case 'H':
        AppendPadded(time.hour, part.count, out);
        break;
      case 'k':
        AppendPadded(time.hour == 0 ? 24 : time.hour, part.count, out);
        break;
      case 'h':
        AppendPadded(half_day_hour == 0 ? 12 : half_day_hour, part.count, out);
        break;
      case 'K':
        AppendPadded(half_day_hour, part.count, out);
        break;
      case 'm':
        AppendPadded(time.minute, part.count, out);
        break;
      case 's':
        AppendPadded(time.second, part.count, out);
        break;
      case 'S': {
        char digits[10] = "000000000";
        int rest = time.micros;
        for (int i = 5; i >= 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
        out->append(digits, static_cast<size_t>(part.count));
        break;
      }
      case 'a':
        out->append(time.hour < 12 ? "AM" : "PM");
        break;
      case 'E': {
        const int64_t weekday = FloorMod(FloorDiv(local_micros, kMicrosPerDay) + 4, 7);
        const std::string_view name = kDayNames[static_cast<size_t>(weekday)];
        out->append(part.count <= 3 ? name.substr(0, 3) : name);
        break;
      }
      default:
        break;
    }
  }
}

std::optional<int64_t> DatePattern::Parse(std::string_view text) const {
  return Read(text, /*strict=*/true);
}

std::optional<int64_t> DatePattern::ParseLenient(std::string_view text) const {
  return Read(text, /*strict=*/false);
}

std::optional<int64_t> DatePattern::Read(std::string_view text, bool strict) const {
  Fields fields;
  const auto is_numeric = [](const Part& part) {
    return part.letter != 0 && part.letter != 'a' && part.letter != 'E' &&
           (part.letter != 'M' || part.count <= 2);
  };
  for (size_t p = 0; p < parts_.size(); ++p) {
    const Part& part = parts_[p];
    if (part.letter == 0) {
      if (!text.starts_with(part.literal)) return std::nullopt;
      text.remove_prefix(part.literal.size());
      continue;
    }
    if (part.letter == 'a') {
      if (EqualsIgnoreCase(text.substr(0, 2), "AM")) {
        fields.half = 0;
      } else if (EqualsIgnoreCase(text.substr(0, 2), "PM")) {
        fields.half = 1;
      } else {
        return std::nullopt;
      }
      text.remove_prefix(2);
      continue;
    }
    if (part.letter == 'E') {
      if (MatchName(kDayNames, part.count <= 3 ? 3 : 0, &text) < 0) return std::nullopt;
      continue;
    }
    if (!is_numeric(part)) {
      const int month = MatchName(kMonthNames, part.count == 3 ? 3 : 0, &text);
      if (month < 0) return std::nullopt;
      fields.month = month + 1;
      continue;
    }
    // Fields that touch have their exact widths; one that stands alone may be longer (strict: only when its
    // letter is single, or a year).
    const bool touches = p + 1 < parts_.size() && is_numeric(parts_[p + 1]);
    size_t least = static_cast<size_t>(part.count);
    size_t most = 9;
    if (part.letter == 'S' && strict) {
      most = least;
    } else if (touches) {
      most = least;
    } else if (!strict) {
      least = 1;
    } else if (part.count > 1 && !(part.count == 4 && (part.letter == 'y' || part.letter == 'u'))) {
      most = least;
    }
    size_t digits = 0;
    int64_t number = 0;
    while (digits < most && digits < text.size() && IsDigit(text[digits])) {
      number = number * 10 + (text[digits++] - '0');
    }
    if (digits < least || digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    if (part.letter == 'S') {
      if (strict) {
        for (size_t i = digits; i < 6; ++i) number *= 10;
        for (size_t i = digits; i > 6; --i) number /= 10;
        fields.micros = static_cast<int>(number);
      } else {
        fields.micros = static_cast<int>(std::min<int64_t>(number, 999)) * 1000;  // a number of milliseconds
      }
      continue;
    }
    if (number > 999'999 || !Store(part.letter, part.count, static_cast<int>(number), &fields))
      return std::nullopt;
    if (number > 9999) return std::nullopt;
  }
  if (strict && !text.empty()) return std::nullopt;
  return Combine(fields);
}

}  // namespace millrace::data
