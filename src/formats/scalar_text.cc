#include "formats/scalar_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/check.h"
#include "data/decimal.h"
#include "formats/base64.h"
#include "formats/option_reader.h"
#include "formats/scan.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

template <typename T>
void Store(data::Column& column, size_t row, T value) {
  column.mutable_values<T>()[row] = value;
}

// A number text taken apart; the exponent is bounded to keep sums from overflowing.
struct NumberParts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;
};

bool SplitNumber(std::string_view text, NumberParts* parts) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t start = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    return text.substr(start, i - start);
  };
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) parts->negative = text[i++] == '-';
  parts->whole = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    parts->fraction = digits();
  }
  if (parts->whole.empty() && parts->fraction.empty()) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool negative = false;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
    const std::string_view exponent = digits();
    if (exponent.empty()) return false;
    for (const char c : exponent)
      parts->exponent = std::min<int64_t>(parts->exponent * 10 + (c - '0'), 100000000);
    if (negative) parts->exponent = -parts->exponent;
  }
  return i == text.size();
}

// A decimal whose value is whole, e.g. 1.50e2.
Flaw ReadWholeDecimal(std::string_view text, int64_t* value) {
  NumberParts parts;
  if (!SplitNumber(text, &parts)) return Flaw::kWholeNumber;
  std::string digits(parts.whole);
  digits += parts.fraction;
  int64_t zeros_behind = parts.exponent - static_cast<int64_t>(parts.fraction.size());
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++zeros_behind;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) {
    *value = 0;
    return Flaw::kNone;
  }
  if (zeros_behind < 0) return Flaw::kWholeNumber;
  if (static_cast<int64_t>(digits.size()) + zeros_behind > 19) return Flaw::kRange;
  digits.append(static_cast<size_t>(zeros_behind), '0');
  if (parts.negative) digits.insert(0, "-");
  return ReadInteger(digits, false, value);
}

template <typename T>
Flaw ReadReal(std::string_view text, T* value) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::string_view magnitude = digits;
  if (magnitude.starts_with('-')) {
    if (text.starts_with('+')) return Flaw::kNumber;
    magnitude.remove_prefix(1);
  }
  if (magnitude == "NaN" || magnitude == "Infinity") {
    *value = magnitude == "NaN"                  ? std::numeric_limits<T>::quiet_NaN()
             : magnitude.data() == digits.data() ? std::numeric_limits<T>::infinity()
                                                 : -std::numeric_limits<T>::infinity();
    return Flaw::kNone;
  }
  if (magnitude.empty() || !(IsDigit(magnitude[0]) || magnitude[0] == '.')) return Flaw::kNumber;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
  if (end != digits.data() + digits.size()) return Flaw::kNumber;
  if (error == std::errc()) return Flaw::kNone;
  if (error != std::errc::result_out_of_range) return Flaw::kNumber;
  // Too large or too small: the C library tells which.
  const double wide = std::strtod(std::string(digits).c_str(), nullptr);
  if (std::fabs(wide) > std::numeric_limits<T>::max()) return Flaw::kRange;
  *value = static_cast<T>(wide);
  return Flaw::kNone;
}

}  // namespace

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  return text;
}

bool IsNumberText(std::string_view text) {
  NumberParts parts;
  return SplitNumber(text, &parts);
}

bool ReadBoolean(std::string_view text, bool* value) {
  if (EqualsIgnoreCase(text, "true")) {
    *value = true;
    return true;
  }
  *value = false;
  return EqualsIgnoreCase(text, "false");
}

Flaw ReadInteger(std::string_view text, bool whole_decimals, int64_t* value) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  if (begin == end || (*begin == '-' && text.front() == '+')) return Flaw::kWholeNumber;
  const auto [stop, error] = std::from_chars(begin, end, *value);
  if (stop == end) {
    if (error == std::errc()) return Flaw::kNone;
    if (error == std::errc::result_out_of_range) return Flaw::kRange;
  }
  return whole_decimals ? ReadWholeDecimal(text, value) : Flaw::kWholeNumber;
}

Flaw ReadDouble(std::string_view text, double* value) {
  return ReadReal(text, value);
}

Flaw ReadFloat(std::string_view text, float* value) {
  return ReadReal(text, value);
}

void IntegerRange(TypeKind kind, int64_t* min, int64_t* max) {
  switch (kind) {
    case TypeKind::kTinyInt:
      *min = std::numeric_limits<int8_t>::min();
      *max = std::numeric_limits<int8_t>::max();
      return;
    case TypeKind::kSmallInt:
      *min = std::numeric_limits<int16_t>::min();
      *max = std::numeric_limits<int16_t>::max();
      return;
    case TypeKind::kInt:
    case TypeKind::kIntervalYearMonth:
      *min = std::numeric_limits<int32_t>::min();
      *max = std::numeric_limits<int32_t>::max();
      return;
    case TypeKind::kIntervalDayTime:  // milliseconds, kept as microseconds
      *min = std::numeric_limits<int64_t>::min() / 1000;
      *max = std::numeric_limits<int64_t>::max() / 1000;
      return;
    default:
      *min = std::numeric_limits<int64_t>::min();
      *max = std::numeric_limits<int64_t>::max();
  }
}

Flaw ScalarTextWriter::WriteInteger(const ValueSpec& spec, std::string_view text, data::Column& column,
                                    size_t row) {
  int64_t value;
  const Flaw flaw = ReadInteger(text, rules_.whole_decimals, &value);
  if (flaw != Flaw::kNone) return flaw;
  int64_t min;
  int64_t max;
  IntegerRange(spec.kind, &min, &max);
  if (value < min || value > max) return Flaw::kRange;
  if (spec.kind == TypeKind::kIntervalDayTime) value *= 1000;
  switch (spec.physical) {
    case data::PhysicalType::kInt8:
      Store(column, row, static_cast<int8_t>(value));
      break;
    case data::PhysicalType::kInt16:
      Store(column, row, static_cast<int16_t>(value));
      break;
    case data::PhysicalType::kInt32:
      Store(column, row, static_cast<int32_t>(value));
      break;
    default:
      Store(column, row, value);
  }
  return Flaw::kNone;
}

Flaw ScalarTextWriter::WriteDecimal(const ValueSpec& spec, std::string_view text, data::Column& column,
                                    size_t row) {
  const std::optional<data::Int128> value = data::ParseDecimal(text, spec.precision, spec.scale);
  if (!value) return IsNumberText(text) ? Flaw::kRange : Flaw::kNumber;
  if (spec.physical == data::PhysicalType::kInt64) {
    Store(column, row, static_cast<int64_t>(*value));
  } else {
    Store(column, row, *value);
  }
  return Flaw::kNone;
}

Flaw ScalarTextWriter::Write(const ValueSpec& spec, std::string_view text, bool is_stable,
                             data::Column& column, size_t row) {
  switch (spec.kind) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      Store(column, row, is_stable ? data::StringRef(text) : column.heap().Add(text));
      return Flaw::kNone;
    case TypeKind::kBinary:
    case TypeKind::kVarbinary: {
      const size_t size = DecodedBase64Size(text);
      if (size <= data::StringRef::kInlineBytes) {
        char bytes[16];
        if (!DecodeBase64(text, bytes)) return Flaw::kBase64;
        Store(column, row, data::StringRef(std::string_view(bytes, size)));
        return Flaw::kNone;
      }
      char* bytes = column.heap().Allocate(size);
      if (!DecodeBase64(text, bytes)) return Flaw::kBase64;
      Store(column, row, data::StringRef(std::string_view(bytes, size)));
      return Flaw::kNone;
    }
    case TypeKind::kBoolean: {
      bool value;
      if (!ReadBoolean(text, &value)) return Flaw::kBoolean;
      Store(column, row, static_cast<uint8_t>(value));
      return Flaw::kNone;
    }
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
      return WriteInteger(spec, text, column, row);
    case TypeKind::kDecimal:
      return WriteDecimal(spec, text, column, row);
    case TypeKind::kFloat: {
      float value;
      const Flaw flaw = ReadFloat(text, &value);
      if (flaw == Flaw::kNone) Store(column, row, value);
      return flaw;
    }
    case TypeKind::kDouble: {
      double value;
      const Flaw flaw = ReadDouble(text, &value);
      if (flaw == Flaw::kNone) Store(column, row, value);
      return flaw;
    }
    case TypeKind::kDate: {
      int32_t days;
      if (!ReadDate(text, rules_.lenient_digits, &days)) return Flaw::kDate;
      Store(column, row, days);
      return Flaw::kNone;
    }
    case TypeKind::kTime: {
      int64_t micros;
      if (!ReadTime(text, rules_.seconds_optional, &micros)) return Flaw::kTime;
      Store(column, row, CutToPrecision(micros, spec.precision));
      return Flaw::kNone;
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      int64_t micros;
      const bool is_instant = spec.kind == TypeKind::kTimestampLtz;
      if (is_instant ? !timestamps_.ReadInstant(text, &micros) : !timestamps_.Read(text, &micros)) {
        return is_instant ? Flaw::kInstant : Flaw::kTimestamp;
      }
      Store(column, row, CutToPrecision(micros, spec.precision));
      return Flaw::kNone;
    }
    default:
      MR_UNREACHABLE();
  }
}

}  // namespace millrace::formats
