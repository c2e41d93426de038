#include "formats/timestamp_pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/datetime.h"
#include "formats/option_reader.h"
#include "formats/scan.h"
#include "formats/time_text.h"

namespace millrace::formats {
namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Takes one of the names (its first three letters when `is_short`) off the front; its index, or -1.
int TakeName(std::string_view* text, std::span<const std::string_view> names, bool is_short) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = is_short ? names[i].substr(0, 3) : names[i];
    if (text->size() >= name.size() && EqualsIgnoreCase(text->substr(0, name.size()), name)) {
      text->remove_prefix(name.size());
      return static_cast<int>(i);
    }
  }
  return -1;
}

// Takes a number of `count` digits; one letter in the pattern takes up to `max`.
bool TakeNumber(std::string_view* text, int count, int max, int* value) {
  const int limit = count == 1 ? max : count;
  int taken = 0;
  *value = 0;
  while (taken < limit && static_cast<size_t>(taken) < text->size() && IsDigit((*text)[taken])) {
    *value = *value * 10 + ((*text)[taken] - '0');
    ++taken;
  }
  if (taken == 0 || (count > 1 && taken < count)) return false;
  text->remove_prefix(static_cast<size_t>(taken));
  return true;
}

bool TakeFraction(std::string_view* text, int count, int* micros) {
  int unit = 100'000;
  *micros = 0;
  for (int i = 0; i < count; ++i) {
    if (text->empty() || !IsDigit(text->front())) return false;
    *micros += (text->front() - '0') * unit;
    unit /= 10;
    text->remove_prefix(1);
  }
  return true;
}

bool TakeOffset(std::string_view* text, int32_t* seconds) {
  for (const std::string_view name : {"UTC", "GMT"}) {
    if (text->starts_with(name)) {
      text->remove_prefix(name.size());
      *seconds = 0;
      return true;
    }
  }
  size_t size = 0;
  if (!text->empty() && (text->front() == 'Z' || text->front() == '+' || text->front() == '-')) {
    size = 1;
    while (size < text->size() && (IsDigit((*text)[size]) || (*text)[size] == ':')) ++size;
  }
  if (!ReadOffset(text->substr(0, size), seconds)) return false;
  text->remove_prefix(size);
  return true;
}

}  // namespace

Result<TimestampPattern> TimestampPattern::Compile(std::string_view pattern) {
  TimestampPattern compiled;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) compiled.parts_.push_back({0, 0, literal});
    literal.clear();
  };
  bool has_date = false;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        literal += '\'';
        i += 2;
        continue;
      }
      const size_t close = pattern.find('\'', i + 1);
      if (close == std::string_view::npos) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("timestamp pattern '{}': a quote is not closed", pattern));
      }
      literal += pattern.substr(i + 1, close - i - 1);
      i = close + 1;
      continue;
    }
    if (!IsLetter(c)) {
      literal += c;
      ++i;
      continue;
    }
    size_t end = i;
    while (end < pattern.size() && pattern[end] == c) ++end;
    constexpr std::string_view kLetters = "yuMdEHhamsSZXxz";
    if (kLetters.find(c) == std::string_view::npos) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("timestamp pattern '{}': letter '{}' is not supported", pattern, c),
                  fmt::format("letters are {}; write text between single quotes", fmt::join(kLetters, " ")));
    }
    end_literal();
    const char letter = c == 'u' ? 'y' : c == 'X' || c == 'x' || c == 'z' ? 'Z' : c;
    compiled.parts_.push_back({letter, static_cast<int>(end - i), {}});
    has_date |= letter == 'd';
    i = end;
  }
  end_literal();
  if (!has_date) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("timestamp pattern '{}' has no day", pattern),
                "e.g. 'dd/MMM/yyyy:HH:mm:ss Z'");
  }
  return compiled;
}

std::optional<TimestampPattern::Time> TimestampPattern::Parse(std::string_view text) const {
  data::CivilTime time{{1970, 1, 1}, 0, 0, 0, 0};
  std::optional<int32_t> offset;
  bool is_afternoon = false;
  bool has_half = false;
  for (const Part& part : parts_) {
    bool ok = true;
    switch (part.letter) {
      case 'y':
        ok = TakeNumber(&text, part.count == 2 ? 2 : 4, 4, &time.date.year);
        if (part.count == 2) time.date.year += 2000;
        break;
      case 'M':
        if (part.count >= 3) {
          time.date.month = TakeName(&text, kMonths, part.count == 3) + 1;
        } else {
          ok = TakeNumber(&text, part.count, 2, &time.date.month);
        }
        break;
      case 'd':
        ok = TakeNumber(&text, part.count, 2, &time.date.day);
        break;
      case 'E':
        ok = TakeName(&text, kDays, part.count <= 3) >= 0;
        break;
      case 'H':
      case 'h':
        ok = TakeNumber(&text, part.count, 2, &time.hour);
        break;
      case 'a': {
        const std::string_view half = text.substr(0, 2);
        has_half = true;
        is_afternoon = EqualsIgnoreCase(half, "pm");
        ok = is_afternoon || EqualsIgnoreCase(half, "am");
        text.remove_prefix(half.size());
        break;
      }
      case 'm':
        ok = TakeNumber(&text, part.count, 2, &time.minute);
        break;
      case 's':
        ok = TakeNumber(&text, part.count, 2, &time.second);
        break;
      case 'S':
        ok = TakeFraction(&text, part.count, &time.micros);
        break;
      case 'Z': {
        int32_t seconds;
        ok = TakeOffset(&text, &seconds);
        if (ok) offset = seconds;
        break;
      }
      default:
        ok = text.starts_with(part.literal);
        if (ok) text.remove_prefix(part.literal.size());
    }
    if (!ok) return std::nullopt;
  }
  if (has_half) {
    if (time.hour < 1 || time.hour > 12) return std::nullopt;
    time.hour = time.hour % 12 + (is_afternoon ? 12 : 0);
  }
  if (!text.empty() || !data::IsValidDate(time.date.year, time.date.month, time.date.day) || time.hour > 23 ||
      time.minute > 59 || time.second > 59) {
    return std::nullopt;
  }
  return Time{data::MicrosFromCivil(time), offset};
}

}  // namespace millrace::formats
