// Reading intervals (datetime_text.h).
#include <charconv>
#include <cstdint>
#include <string>

#include "server/pgwire/datetime_text.h"

namespace millrace::server::pgwire {

namespace {

constexpr int64_t kDaysPerMonth = 30;  // PostgreSQL's, for fractions of months

struct Unit {
  std::string_view name;
  int64_t months;
  int64_t days;
  int64_t micros;
};
constexpr Unit kUnits[] = {
    {"millennium", 12'000, 0, 0},
    {"millennia", 12'000, 0, 0},
    {"mil", 12'000, 0, 0},
    {"century", 1'200, 0, 0},
    {"centuries", 1'200, 0, 0},
    {"c", 1'200, 0, 0},
    {"decade", 120, 0, 0},
    {"dec", 120, 0, 0},
    {"year", 12, 0, 0},
    {"yr", 12, 0, 0},
    {"y", 12, 0, 0},
    {"month", 1, 0, 0},
    {"mon", 1, 0, 0},
    {"week", 0, 7, 0},
    {"w", 0, 7, 0},
    {"day", 0, 1, 0},
    {"d", 0, 1, 0},
    {"hour", 0, 0, data::kMicrosPerHour},
    {"hr", 0, 0, data::kMicrosPerHour},
    {"h", 0, 0, data::kMicrosPerHour},
    {"minute", 0, 0, data::kMicrosPerMinute},
    {"min", 0, 0, data::kMicrosPerMinute},
    {"m", 0, 0, data::kMicrosPerMinute},
    {"second", 0, 0, data::kMicrosPerSecond},
    {"sec", 0, 0, data::kMicrosPerSecond},
    {"s", 0, 0, data::kMicrosPerSecond},
    {"millisecond", 0, 0, data::kMicrosPerMilli},
    {"msec", 0, 0, data::kMicrosPerMilli},
    {"ms", 0, 0, data::kMicrosPerMilli},
    {"microsecond", 0, 0, 1},
    {"usec", 0, 0, 1},
    {"us", 0, 0, 1},
};

const Unit* FindUnit(std::string_view name) {
  const auto find = [](std::string_view wanted) -> const Unit* {
    for (const Unit& unit : kUnits) {
      if (unit.name == wanted) return &unit;
    }
    return nullptr;
  };
  if (const Unit* unit = find(name)) return unit;
  return name.size() > 1 && name.back() == 's' ? find(name.substr(0, name.size() - 1)) : nullptr;
}

// A number as it is written: whole part and fraction in millionths, both with the sign.
struct Number {
  int64_t whole = 0;
  int64_t millionths = 0;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool AtEnd() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == ',' || (rest_[0] >= '\t' && rest_[0] <= '\r'))) {
      rest_.remove_prefix(1);
    }
    return rest_.empty();
  }
  bool NextIs(char c) const { return !rest_.empty() && rest_[0] == c; }
  bool NextIsDigit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool Take(char c) {
    if (!NextIs(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Letters, in lower case.
  std::string TakeWord() {
    std::string word;
    while (!rest_.empty() && (rest_[0] | 0x20) >= 'a' && (rest_[0] | 0x20) <= 'z') {
      word += static_cast<char>(rest_[0] | 0x20);
      rest_.remove_prefix(1);
    }
    return word;
  }
  // One letter, in lower case; 0: none.
  char TakeLetter() {
    if (rest_.empty() || (rest_[0] | 0x20) < 'a' || (rest_[0] | 0x20) > 'z') return '\0';
    const char letter = static_cast<char>(rest_[0] | 0x20);
    rest_.remove_prefix(1);
    return letter;
  }
  std::optional<bool> TakeSign() {  // true: minus
    if (Take('-')) return true;
    if (Take('+')) return false;
    return std::nullopt;
  }
  std::optional<int64_t> TakeWhole() {
    int64_t value = 0;
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (!NextIsDigit() || read.ec != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(read.ptr - rest_.data()));
    return value;
  }
  // ".25" in millionths; digits behind the sixth are cut.
  int64_t TakeFraction() {
    if (!Take('.')) return 0;
    int64_t value = 0;
    int64_t unit = 100'000;
    for (; NextIsDigit(); rest_.remove_prefix(1), unit /= 10) value += (rest_[0] - '0') * unit;
    return value;
  }

 private:
  std::string_view rest_;
};

class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : scan_(text) {}

  std::optional<Interval> Read() {
    if (scan_.AtEnd()) return std::nullopt;
    if (scan_.NextIs('P')) return ReadIso() ? Answer() : std::nullopt;
    scan_.Take('@');
    bool any = false;
    while (!scan_.AtEnd()) {
      if (any && ReadAgo()) break;
      if (!ReadPart()) return std::nullopt;
      any = true;
    }
    return any ? Answer() : std::nullopt;
  }

 private:
  std::optional<Interval> Answer() const { return overflow_ ? std::nullopt : std::optional(interval_); }

  void Add(const Unit& unit, const Number& number) {
    const auto add = [&](int64_t* sum, int64_t count, int64_t size) {
      int64_t product = 0;
      if (__builtin_mul_overflow(count, size, &product) || __builtin_add_overflow(*sum, product, sum)) {
        overflow_ = true;
      }
    };
    add(&interval_.months, number.whole, unit.months);
    add(&interval_.days, number.whole, unit.days);
    add(&interval_.micros, number.whole, unit.micros);
    // A fraction goes down: of years to months, of months to days of 30, of days to the time.
    __int128 rest = number.millionths;
    if (unit.micros > 0) {
      add(&interval_.micros, static_cast<int64_t>(rest * unit.micros / 1'000'000), 1);
      return;
    }
    if (unit.months > 1) {
      add(&interval_.months, static_cast<int64_t>(rest * unit.months / 1'000'000), 1);
      return;
    }
    const __int128 days = rest * (unit.months == 1 ? kDaysPerMonth : unit.days);
    add(&interval_.days, static_cast<int64_t>(days / 1'000'000), 1);
    add(&interval_.micros, static_cast<int64_t>(days % 1'000'000 * data::kMicrosPerDay / 1'000'000), 1);
  }

  // "ago" at the end turns everything round.
  bool ReadAgo() {
    Scanner ahead = scan_;
    if (ahead.TakeWord() != "ago" || !ahead.AtEnd()) return false;
    scan_ = ahead;
    if (interval_.months == INT64_MIN || interval_.days == INT64_MIN || interval_.micros == INT64_MIN) {
      overflow_ = true;
      return true;
    }
    interval_ = {-interval_.months, -interval_.days, -interval_.micros};
    return true;
  }

  // "[+-]1.5 unit", "[+-]h:mm[:ss.ff]", "[+-]y-m", or a bare number: of days before a time, else of seconds.
  bool ReadPart() {
    const bool negative = scan_.TakeSign().value_or(false);
    const auto whole = scan_.NextIs('.') ? std::optional<int64_t>(0) : scan_.TakeWhole();
    if (!whole) return false;
    const int64_t sign = negative ? -1 : 1;
    if (scan_.NextIs(':')) return ReadTime(*whole, sign);
    if (scan_.NextIs('-')) {
      scan_.Take('-');
      const auto months = scan_.TakeWhole();
      if (!months || *months > 11) return false;
      Add(kYear, {sign * *whole, 0});
      Add(kMonth, {sign * *months, 0});
      return true;
    }
    const Number number{sign * *whole, sign * scan_.TakeFraction()};
    if (scan_.AtEnd()) {
      Add(kSecond, number);
      return true;
    }
    const std::string word = scan_.TakeWord();
    if (word.empty()) {  // "3 04:05:06"
      Add(kDay, number);
      return true;
    }
    const Unit* unit = FindUnit(word);
    if (unit == nullptr) return false;
    Add(*unit, number);
    return true;
  }

  bool ReadTime(int64_t hours, int64_t sign) {
    scan_.Take(':');
    const auto minutes = scan_.TakeWhole();
    if (!minutes || *minutes > 59) return false;
    Number seconds;
    if (scan_.Take(':')) {
      const auto whole = scan_.TakeWhole();
      if (!whole || *whole > 59) return false;
      seconds = {sign * *whole, sign * scan_.TakeFraction()};
    }
    Add(kHour, {sign * hours, 0});
    Add(kMinute, {sign * *minutes, 0});
    Add(kSecond, seconds);
    return true;
  }

  bool ReadIso() {
    scan_.Take('P');
    bool in_time = false;
    bool any = false;
    while (!scan_.AtEnd()) {
      if (!in_time && scan_.Take('T')) {
        in_time = true;
        continue;
      }
      const int64_t sign = scan_.TakeSign().value_or(false) ? -1 : 1;
      const auto whole = scan_.TakeWhole();
      if (!whole) return false;
      const Number number{sign * *whole, sign * scan_.TakeFraction()};
      const char letter = scan_.TakeLetter();
      const std::string_view allowed = in_time ? "hms" : "ymwd";
      if (letter == '\0' || allowed.find(letter) == std::string_view::npos) return false;
      Add(letter == 'm' && !in_time ? kMonth : *FindUnit({&letter, 1}), number);
      any = true;
    }
    return any;
  }

  static constexpr Unit kYear{"year", 12, 0, 0};
  static constexpr Unit kMonth{"month", 1, 0, 0};
  static constexpr Unit kDay{"day", 0, 1, 0};
  static constexpr Unit kHour{"hour", 0, 0, data::kMicrosPerHour};
  static constexpr Unit kMinute{"minute", 0, 0, data::kMicrosPerMinute};
  static constexpr Unit kSecond{"second", 0, 0, data::kMicrosPerSecond};

  Scanner scan_;
  Interval interval_;
  bool overflow_ = false;
};

}  // namespace

std::optional<Interval> ReadInterval(std::string_view text) {
  return IntervalReader(text).Read();
}

}  // namespace millrace::server::pgwire
