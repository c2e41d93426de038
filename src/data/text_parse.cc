// Reading values from text.
#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string>

#include "data/decimal.h"
#include "data/text.h"

namespace millrace::data {

bool ParseInt64(std::string_view text, int64_t* value) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return false;
  }
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && at == end;
}

namespace {

template <typename T>
bool ParseFloating(std::string_view text, T* value) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "NaN") {
    *value = std::numeric_limits<T>::quiet_NaN();
    return true;
  }
  if (text == "Infinity") {
    *value = negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    return true;
  }
  // from_chars would take "inf" and "nan" in any case, which SQL does not.
  if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return false;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *value);
  if (at != end) return false;
  if (error == std::errc::result_out_of_range) {
    // Beyond the range is infinity, below it zero; the exponent's sign tells which.
    const size_t e = text.find_first_of("eE");
    const bool tiny = e == std::string_view::npos ? text[0] == '0' || text[0] == '.'
                                                  : e + 1 < text.size() && text[e + 1] == '-';
    *value = tiny ? T{0} : std::numeric_limits<T>::infinity();
  } else if (error != std::errc()) {
    return false;
  }
  if (negative) *value = -*value;
  return true;
}

bool EqualsLower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::unexpected<Error> BadText(std::string_view text, const DataType& type) {
  constexpr size_t kShownBytes = 100;
  return Fail(type.IsDatetime() ? ErrorCode::kInvalidDatetime : ErrorCode::kInvalidText,
              fmt::format("'{}{}' is not a valid {}", text.substr(0, kShownBytes),
                          text.size() > kShownBytes ? "…" : "", type.WithNullable(true).ToString()));
}

template <typename T>
bool AppendIntegerText(std::string_view text, Column* column) {
  int64_t value = 0;
  if (!ParseInt64(text, &value) || value < std::numeric_limits<T>::min() ||
      value > std::numeric_limits<T>::max()) {
    return false;
  }
  column->Append<T>(static_cast<T>(value));
  return true;
}

// The bytes of the first `count` code points, and how many code points the text has up to that.
size_t PrefixBytes(std::string_view text, uint32_t count, uint32_t* found) {
  uint32_t points = 0;
  size_t at = 0;
  while (at < text.size() && points < count) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    ++points;
  }
  *found = points;
  return at;
}

void AppendCharacters(std::string_view text, const DataType& type, Column* column) {
  if (type.length() == kMaxLength || (type.kind() == TypeKind::kVarchar && text.size() <= type.length())) {
    column->AppendString(text);
    return;
  }
  uint32_t points = 0;
  const std::string_view prefix = text.substr(0, PrefixBytes(text, type.length(), &points));
  if (type.kind() == TypeKind::kVarchar || points == type.length()) {
    column->AppendString(prefix);
  } else {
    column->AppendString(std::string(prefix) + std::string(type.length() - points, ' '));
  }
}

void AppendBytes(std::string_view text, const DataType& type, Column* column) {
  if (type.kind() == TypeKind::kBinary && text.size() < type.length()) {
    column->AppendString(std::string(text) + std::string(type.length() - text.size(), '\0'));
  } else {
    column->AppendString(text.substr(0, type.length()));
  }
}

// Drops the digits of µs that the type does not keep.
int64_t CutToPrecision(int64_t micros, int precision) {
  const auto unit = static_cast<int64_t>(PowerOfTen(6 - precision));
  return FloorDiv(micros, unit) * unit;
}

}  // namespace

bool ParseDouble(std::string_view text, double* value) {
  return ParseFloating(text, value);
}

bool ParseBoolean(std::string_view text, bool* value) {
  for (const std::string_view word : {"true", "t", "yes", "y", "1"}) {
    if (EqualsLower(text, word)) {
      *value = true;
      return true;
    }
  }
  for (const std::string_view word : {"false", "f", "no", "n", "0"}) {
    if (EqualsLower(text, word)) {
      *value = false;
      return true;
    }
  }
  return false;
}

Status AppendParsed(std::string_view text, const DataType& type, const TimeZone& zone, Column* column) {
  const auto append_micros = [&](std::optional<int64_t> micros) -> Status {
    if (!micros) return BadText(text, type);
    column->Append<int64_t>(CutToPrecision(*micros, type.precision()));
    return Ok();
  };
  switch (type.kind()) {
    case TypeKind::kBoolean: {
      bool value = false;
      if (!ParseBoolean(text, &value)) return BadText(text, type);
      column->Append<uint8_t>(value ? 1 : 0);
      return Ok();
    }
    case TypeKind::kTinyInt:
      if (!AppendIntegerText<int8_t>(text, column)) return BadText(text, type);
      return Ok();
    case TypeKind::kSmallInt:
      if (!AppendIntegerText<int16_t>(text, column)) return BadText(text, type);
      return Ok();
    case TypeKind::kInt:
      if (!AppendIntegerText<int32_t>(text, column)) return BadText(text, type);
      return Ok();
    case TypeKind::kBigInt:
      if (!AppendIntegerText<int64_t>(text, column)) return BadText(text, type);
      return Ok();
    case TypeKind::kDecimal: {
      if (type.IsAnyDecimal()) {
        MR_ASSIGN(const ExactDecimal exact, ParseExactDecimal(text));
        column->AppendString(DecimalToString(exact.unscaled, exact.scale));
        return Ok();
      }
      const auto value = ParseDecimal(text, type.precision(), type.scale());
      if (!value) return BadText(text, type);
      if (type.physical() == PhysicalType::kInt64) {
        column->Append<int64_t>(static_cast<int64_t>(*value));
      } else {
        column->Append<Int128>(*value);
      }
      return Ok();
    }
    case TypeKind::kFloat: {
      float value = 0;
      if (!ParseFloating(text, &value)) return BadText(text, type);
      column->Append<float>(value);
      return Ok();
    }
    case TypeKind::kDouble: {
      double value = 0;
      if (!ParseFloating(text, &value)) return BadText(text, type);
      column->Append<double>(value);
      return Ok();
    }
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      AppendCharacters(text, type, column);
      return Ok();
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      AppendBytes(text, type, column);
      return Ok();
    case TypeKind::kDate: {
      const auto days = ParseDate(text);
      if (!days) return BadText(text, type);
      column->Append<int32_t>(static_cast<int32_t>(*days));
      return Ok();
    }
    case TypeKind::kTime:
      return append_micros(ParseTime(text));
    case TypeKind::kTimestamp:
      return append_micros(ParseTimestamp(text));
    case TypeKind::kTimestampLtz:
      return append_micros(ParseTimestampLtz(text, zone));
    default:
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("text cannot be read as {}", type.WithNullable(true).ToString()));
  }
}

}  // namespace millrace::data
