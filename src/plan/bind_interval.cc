// INTERVAL literals: '1' DAY, '1-2' YEAR TO MONTH, '1 02:03:04.5' DAY TO SECOND.
#include <fmt/core.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "data/datetime.h"
#include "plan/bind_type.h"

namespace millrace::plan {

namespace {

using sql::TimeUnit;

// Units of day-time intervals from the longest to the shortest, with the mark before each but the first.
struct Unit {
  TimeUnit unit;
  int64_t micros;
  char mark_before;
};
constexpr std::array kUnits = {
    Unit{TimeUnit::kDay, data::kMicrosPerDay, 0},
    Unit{TimeUnit::kHour, data::kMicrosPerHour, ' '},
    Unit{TimeUnit::kMinute, data::kMicrosPerMinute, ':'},
    Unit{TimeUnit::kSecond, data::kMicrosPerSecond, ':'},
};

std::optional<size_t> UnitIndex(TimeUnit unit) {
  for (size_t i = 0; i < kUnits.size(); ++i) {
    if (kUnits[i].unit == unit) return i;
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool Done() const { return text_.empty(); }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void SkipSpaces() {
    while (Take(' ')) {
    }
  }
  // At most 18 digits, so that nothing overflows.
  std::optional<int64_t> Digits() {
    int64_t value = 0;
    size_t count = 0;
    while (count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
      if (count == 18) return std::nullopt;
      value = value * 10 + (text_[count] - '0');
      ++count;
    }
    if (count == 0) return std::nullopt;
    text_.remove_prefix(count);
    return value;
  }
  // The digits after a decimal point, as µs; nothing if there are none, or the value is no whole µs.
  std::optional<int64_t> Fraction() {
    int64_t value = 0;
    int count = 0;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      if (count < 6) {
        value = value * 10 + (text_.front() - '0');
      } else if (text_.front() != '0') {
        too_fine_ = true;
      }
      ++count;
      text_.remove_prefix(1);
    }
    if (count == 0 || too_fine_) return std::nullopt;
    for (int i = count; i < 6; ++i) value *= 10;
    return value;
  }
  // A fraction below 1 µs was met.
  bool too_fine() const { return too_fine_; }

 private:
  std::string_view text_;
  bool too_fine_ = false;
};

std::optional<int64_t> ReadMonths(Reader& reader, TimeUnit from, std::optional<TimeUnit> to) {
  const std::optional<int64_t> first = reader.Digits();
  if (!first || *first > 1'000'000) return std::nullopt;
  int64_t months = *first;
  if (from == TimeUnit::kYear) months *= 12;
  if (from == TimeUnit::kQuarter) months *= 3;
  if (from == TimeUnit::kYear && to == TimeUnit::kMonth) {
    if (!reader.Take('-')) return std::nullopt;
    const std::optional<int64_t> second = reader.Digits();
    if (!second || *second > 11) return std::nullopt;
    months += *second;
  } else if (to && *to != from) {
    return std::nullopt;
  }
  return months;
}

std::optional<int64_t> ReadMicros(Reader& reader, size_t from, size_t to) {
  int64_t micros = 0;
  for (size_t i = from; i <= to; ++i) {
    if (i > from && !reader.Take(kUnits[i].mark_before)) return std::nullopt;
    const std::optional<int64_t> number = reader.Digits();
    if (!number) return std::nullopt;
    if (i > from && *number >= (i == 1 ? 24 : 60)) return std::nullopt;
    int64_t product = 0;
    if (__builtin_mul_overflow(*number, kUnits[i].micros, &product) ||
        __builtin_add_overflow(micros, product, &micros)) {
      return std::nullopt;
    }
  }
  if (kUnits[to].unit == TimeUnit::kSecond && reader.Take('.')) {
    const std::optional<int64_t> fraction = reader.Fraction();
    if (!fraction) return std::nullopt;
    micros += *fraction;
  }
  return micros;
}

}  // namespace

Result<functions::ExprPtr> BindInterval(const sql::IntervalExpr& interval) {
  Reader reader(interval.text);
  reader.SkipSpaces();
  bool negative = interval.negative;
  if (reader.Take('-')) {
    negative = !negative;
  } else {
    reader.Take('+');
  }
  const auto bad = [&](std::string_view form) {
    return Fail(ErrorCode::kInvalidDatetime,
                fmt::format("INTERVAL '{}' {}{} is not valid", interval.text, TimeUnitName(interval.from),
                            interval.to ? fmt::format(" TO {}", TimeUnitName(*interval.to)) : std::string()),
                fmt::format("write e.g. {}", form), interval.location);
  };
  const bool is_months = interval.from == TimeUnit::kYear || interval.from == TimeUnit::kQuarter ||
                         interval.from == TimeUnit::kMonth;
  if (is_months) {
    const std::optional<int64_t> months = ReadMonths(reader, interval.from, interval.to);
    reader.SkipSpaces();
    if (!months || !reader.Done()) return bad("INTERVAL '1' MONTH or INTERVAL '1-2' YEAR TO MONTH");
    return functions::MakeLiteral(data::DataType::IntervalYearMonth().NotNull(),
                                  data::Value::Int(negative ? -*months : *months));
  }
  std::optional<int64_t> micros;
  if (interval.from == TimeUnit::kWeek && !interval.to) {
    micros = reader.Digits();
    if (micros && *micros < 100'000'000) {
      *micros *= 7 * data::kMicrosPerDay;
    } else {
      micros.reset();
    }
  } else {
    const std::optional<size_t> from = UnitIndex(interval.from);
    const std::optional<size_t> to = interval.to ? UnitIndex(*interval.to) : from;
    if (!from || !to || *to < *from) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("INTERVAL in {} is not supported", TimeUnitName(interval.from)),
                  "intervals are in YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND",
                  interval.location);
    }
    micros = ReadMicros(reader, *from, *to);
  }
  if (reader.too_fine()) {
    return Fail(ErrorCode::kInvalidDatetime,
                fmt::format("INTERVAL '{}' has more than 6 fractional digits of seconds", interval.text),
                "intervals keep microseconds", interval.location);
  }
  reader.SkipSpaces();
  if (!micros || !reader.Done()) return bad("INTERVAL '10' MINUTE or INTERVAL '1 02:30:00' DAY TO SECOND");
  return functions::MakeLiteral(data::DataType::IntervalDayTime().NotNull(),
                                data::Value::Int(negative ? -*micros : *micros));
}

}  // namespace millrace::plan
