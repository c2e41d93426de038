#include "functions/literals.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/datetime.h"

namespace millrace::functions {

using data::DataType;
using data::Value;

namespace {

std::unexpected<Error> BadLiteral(std::string_view type, std::string_view text, std::string_view form) {
  return Fail(ErrorCode::kInvalidDatetime, fmt::format("'{}' is not a valid {}", text, type),
              fmt::format("write {} '{}'", type, form));
}

// Digits behind the last point.
Result<int> FractionDigits(std::string_view type, std::string_view text) {
  const size_t point = text.rfind('.');
  if (point == std::string_view::npos) return 0;
  const size_t digits = text.size() - point - 1;
  if (digits > static_cast<size_t>(limits::kTimestampPrecisionMax)) {
    return Fail(ErrorCode::kNotSupported, fmt::format("{} precision above {} is not supported: '{}'", type,
                                                      limits::kTimestampPrecisionMax, text));
  }
  return static_cast<int>(digits);
}

}  // namespace

Result<ExprPtr> MakeDateLiteral(std::string_view text) {
  const auto days = data::ParseDate(text);
  if (!days || text.find(' ') != std::string_view::npos) return BadLiteral("DATE", text, "2020-01-31");
  return MakeLiteral(DataType::Date().NotNull(), Value::Int(*days));
}

Result<ExprPtr> MakeTimeLiteral(std::string_view text) {
  const auto micros = data::ParseTime(text);
  if (!micros) return BadLiteral("TIME", text, "12:30:05");
  MR_ASSIGN(const int precision, FractionDigits("TIME", text));
  return MakeLiteral(DataType::Time(precision).NotNull(), Value::Int(*micros));
}

Result<ExprPtr> MakeTimestampLiteral(std::string_view text) {
  const auto micros = data::ParseTimestamp(text);
  if (!micros) return BadLiteral("TIMESTAMP", text, "2020-01-31 12:30:05");
  MR_ASSIGN(const int precision, FractionDigits("TIMESTAMP", text));
  return MakeLiteral(DataType::Timestamp(precision).NotNull(), Value::Int(*micros));
}

namespace {

// A field of an interval: a number, and behind seconds a fraction.
class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : text_(text) {}
  bool AtEnd() const { return text_.empty(); }
  bool Skip(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool Number(int64_t* value) {
    size_t digits = 0;
    *value = 0;
    while (digits < text_.size() && digits < 12 && text_[digits] >= '0' && text_[digits] <= '9') {
      *value = *value * 10 + (text_[digits++] - '0');
    }
    text_.remove_prefix(digits);
    return digits > 0;
  }
  bool Fraction(int64_t* micros) {
    *micros = 0;
    size_t digits = 0;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') {
      if (digits < 6) *micros = *micros * 10 + (text_[digits] - '0');
      ++digits;
    }
    text_.remove_prefix(digits);
    for (size_t i = digits; i < 6; ++i) *micros *= 10;
    return digits > 0;
  }

 private:
  std::string_view text_;
};

// What stands before each unit but the first, and the most it may count there.
char SeparatorBefore(TimeUnit unit) {
  if (unit == TimeUnit::kMonth) return '-';
  return unit == TimeUnit::kHour ? ' ' : ':';
}
int64_t MostOf(TimeUnit unit) {
  if (unit == TimeUnit::kMonth) return 11;
  return unit == TimeUnit::kHour ? 23 : 59;
}

bool IsRange(TimeUnit from, TimeUnit to) {
  if (from == to) {
    return MicrosOf(from) >= data::kMicrosPerSecond || (MonthsOf(from) > 0 && MonthsOf(from) <= 12);
  }
  if (from == TimeUnit::kYear) return to == TimeUnit::kMonth;
  constexpr TimeUnit kDown[] = {TimeUnit::kDay, TimeUnit::kHour, TimeUnit::kMinute, TimeUnit::kSecond};
  const auto* a = std::find(std::begin(kDown), std::end(kDown), from);
  const auto* b = std::find(std::begin(kDown), std::end(kDown), to);
  return a < b && b != std::end(kDown);
}

TimeUnit Below(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kYear:
      return TimeUnit::kMonth;
    case TimeUnit::kDay:
      return TimeUnit::kHour;
    case TimeUnit::kHour:
      return TimeUnit::kMinute;
    default:
      return TimeUnit::kSecond;
  }
}

}  // namespace

Result<ExprPtr> MakeIntervalLiteral(std::string_view text, TimeUnit from, TimeUnit to) {
  const std::string unit = from == to ? std::string(TimeUnitName(from))
                                      : fmt::format("{} TO {}", TimeUnitName(from), TimeUnitName(to));
  if (!IsRange(from, to)) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("no interval of {}", unit),
                "YEAR, QUARTER, MONTH, YEAR TO MONTH; WEEK, DAY, HOUR, MINUTE, SECOND, DAY TO HOUR to MINUTE "
                "TO SECOND");
  }
  IntervalReader reader(text);
  const bool negative = reader.Skip('-');
  if (!negative) reader.Skip('+');
  const bool is_months = MonthsOf(from) > 0;
  int64_t total = 0;
  bool valid = true;
  for (TimeUnit at = from; valid; at = Below(at)) {
    int64_t count = 0;
    int64_t scaled = 0;
    valid = (at == from || reader.Skip(SeparatorBefore(at))) && reader.Number(&count) &&
            (at == from || count <= MostOf(at)) &&
            !__builtin_mul_overflow(count, is_months ? MonthsOf(at) : MicrosOf(at), &scaled) &&
            !__builtin_add_overflow(total, scaled, &total);
    if (valid && at == TimeUnit::kSecond && reader.Skip('.')) {
      int64_t micros = 0;
      valid = reader.Fraction(&micros);
      total += micros;
    }
    if (at == to) break;
  }
  if (!valid || !reader.AtEnd()) {
    return Fail(ErrorCode::kInvalidDatetime, fmt::format("'{}' is not a valid INTERVAL {}", text, unit),
                "as INTERVAL '2-10' YEAR TO MONTH, INTERVAL '10 00:12' DAY TO MINUTE, INTERVAL '1.5' SECOND");
  }
  const DataType type = is_months ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
  return MakeLiteral(type.NotNull(), Value::Int(negative ? -total : total));
}

}  // namespace millrace::functions
