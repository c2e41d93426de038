#include "server/pgwire/value_decoder.h"

#include <fmt/format.h>

#include <bit>
#include <limits>
#include <string>

#include "data/decimal.h"
#include "data/interval.h"
#include "data/text.h"
#include "functions/utf8.h"
#include "server/pgwire/array_decoder.h"
#include "server/pgwire/binary_encoder.h"
#include "server/pgwire/datetime_text.h"
#include "server/pgwire/json_decoder.h"
#include "server/pgwire/numeric_binary.h"
#include "server/pgwire/wire_reader.h"

namespace millrace::server::pgwire {

using data::Column;
using data::DataType;
using data::TypeKind;

namespace {

std::string NameOf(const DataType& type) {
  return type.WithNullable(true).ToString();
}

std::unexpected<Error> BadText(std::string_view text, const DataType& type) {
  constexpr size_t kShownBytes = 100;
  const bool is_cut = text.size() > kShownBytes;
  const ErrorCode code = type.IsDatetime() || type.IsInterval() || type.kind() == TypeKind::kInterval
                             ? ErrorCode::kInvalidDatetime
                             : ErrorCode::kInvalidText;
  return Fail(code, fmt::format("'{}{}' is not a valid {}", text.substr(0, kShownBytes), is_cut ? "…" : "",
                                NameOf(type)));
}

std::unexpected<Error> BadBytes(const DataType& type, size_t bytes) {
  return Fail(ErrorCode::kInvalidBinary,
              fmt::format("{} bytes are not the binary form of {}", bytes, NameOf(type)));
}

std::unexpected<Error> OutOfRange(const DataType& type) {
  return Fail(ErrorCode::kNumericOutOfRange, fmt::format("value out of range for {}", NameOf(type)));
}

std::unexpected<Error> NoWireForm(const DataType& type) {
  return Fail(ErrorCode::kNotSupported, fmt::format("{} values cannot be sent by a client", NameOf(type)),
              "send their parts, and build the value in the statement");
}

std::string_view TrimSpaces(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

Status CheckText(std::string_view text) {
  if (text.find('\0') != std::string_view::npos || !functions::utf8::IsValid(text)) {
    return Fail(ErrorCode::kInvalidText, "the text is not UTF-8 without zero bytes",
                "the client's encoding must be UTF8");
  }
  return Ok();
}

Status AppendMicros(std::optional<int64_t> micros, std::string_view text, const DataType& type,
                    Column* column) {
  if (!micros) return BadText(text, type);
  const auto unit = static_cast<int64_t>(data::PowerOfTen(6 - type.precision()));
  column->Append<int64_t>(data::FloorDiv(*micros, unit) * unit);
  return Ok();
}

// Of an interval, the part that the type can hold.
Status AppendInterval(const Interval& interval, const DataType& type, Column* column) {
  if (type.kind() == TypeKind::kInterval) {
    const data::Interval value{static_cast<int32_t>(interval.months), static_cast<int32_t>(interval.days),
                               interval.micros};
    if (value.months != interval.months || value.days != interval.days) return OutOfRange(type);
    column->Append<data::Int128>(data::PackInterval(value));
    return Ok();
  }
  if (type.kind() == TypeKind::kIntervalYearMonth) {
    if (interval.days != 0 || interval.micros != 0) {
      return Fail(ErrorCode::kInvalidDatetime,
                  fmt::format("an interval with days or time is no {}", NameOf(type)));
    }
    column->Append<int64_t>(interval.months);
    return Ok();
  }
  if (interval.months != 0) {
    return Fail(ErrorCode::kInvalidDatetime, fmt::format("an interval with months is no {}", NameOf(type)));
  }
  int64_t micros = 0;
  if (__builtin_mul_overflow(interval.days, data::kMicrosPerDay, &micros) ||
      __builtin_add_overflow(micros, interval.micros, &micros)) {
    return OutOfRange(type);
  }
  column->Append<int64_t>(micros);
  return Ok();
}

// What the common reader of text does not know of PostgreSQL's spellings.
std::string_view PlainBoolean(std::string_view text) {
  const auto equals = [text](std::string_view word) {
    if (text.size() != word.size()) return false;
    for (size_t i = 0; i < text.size(); ++i) {
      if ((text[i] | 0x20) != word[i]) return false;
    }
    return true;
  };
  if (equals("on")) return "true";
  if (equals("off") || equals("of")) return "false";
  return text;
}

Status AppendInteger(int64_t value, const DataType& type, Column* column) {
  const auto append = [&]<typename T>() -> Status {
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
      return OutOfRange(type);
    column->Append<T>(static_cast<T>(value));
    return Ok();
  };
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return append.template operator()<int8_t>();
    case TypeKind::kSmallInt:
      return append.template operator()<int16_t>();
    case TypeKind::kInt:
      return append.template operator()<int32_t>();
    default:
      return append.template operator()<int64_t>();
  }
}

Status DecodeBinaryInteger(std::string_view bytes, const DataType& type, Column* column) {
  switch (bytes.size()) {
    case 2:
      return AppendInteger(LoadBigEndian<int16_t>(bytes.data()), type, column);
    case 4:
      return AppendInteger(LoadBigEndian<int32_t>(bytes.data()), type, column);
    case 8:
      return AppendInteger(LoadBigEndian<int64_t>(bytes.data()), type, column);
    default:
      return BadBytes(type, bytes.size());
  }
}

Status DecodeBinaryFloating(std::string_view bytes, const DataType& type, Column* column) {
  double value = 0;
  if (bytes.size() == 4) {
    value = std::bit_cast<float>(LoadBigEndian<uint32_t>(bytes.data()));
  } else if (bytes.size() == 8) {
    value = std::bit_cast<double>(LoadBigEndian<uint64_t>(bytes.data()));
  } else {
    return BadBytes(type, bytes.size());
  }
  if (type.kind() == TypeKind::kFloat) {
    column->Append<float>(static_cast<float>(value));
  } else {
    column->Append<double>(value);
  }
  return Ok();
}

// Days and µs of years 4713 BC to 294276, which PostgreSQL has; ours are within -9999..9999.
Status CheckDays(int64_t days, const DataType& type) {
  static const int64_t kFirst = data::DaysFromCivil(-9999, 1, 1);
  static const int64_t kLast = data::DaysFromCivil(9999, 12, 31);
  if (days >= kFirst && days <= kLast) return Ok();
  return Fail(ErrorCode::kInvalidDatetime, fmt::format("{} out of range: years -9999 to 9999", NameOf(type)));
}

Status DecodeBinaryDatetime(std::string_view bytes, const DataType& type, Column* column) {
  if (type.kind() == TypeKind::kDate) {
    if (bytes.size() != 4) return BadBytes(type, bytes.size());
    const int64_t days = int64_t{LoadBigEndian<int32_t>(bytes.data())} + kPostgresEpochDays;
    MR_TRY(CheckDays(days, type));
    column->Append<int32_t>(static_cast<int32_t>(days));
    return Ok();
  }
  if (bytes.size() != 8) return BadBytes(type, bytes.size());
  int64_t micros = LoadBigEndian<int64_t>(bytes.data());
  if (type.kind() == TypeKind::kTime) {
    if (micros < 0 || micros >= data::kMicrosPerDay) return OutOfRange(type);
  } else {
    MR_TRY(CheckDays(data::FloorDiv(micros, data::kMicrosPerDay) + kPostgresEpochDays, type));
    micros += kPostgresEpochMicros;
  }
  return AppendMicros(micros, {}, type, column);
}

Status AppendDecimal(data::Int128 value, const DataType& type, Column* column) {
  if (type.physical() == data::PhysicalType::kInt64) {
    column->Append<int64_t>(static_cast<int64_t>(value));
  } else {
    column->Append<data::Int128>(value);
  }
  return Ok();
}

}  // namespace

bool DecodeBytea(std::string_view text, std::string* bytes) {
  bytes->clear();
  if (text.starts_with("\\x")) {
    text.remove_prefix(2);
    if (text.size() % 2 != 0) return false;
    const auto digit = [](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      const char lower = static_cast<char>(c | 0x20);
      return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    };
    bytes->reserve(text.size() / 2);
    for (size_t i = 0; i < text.size(); i += 2) {
      const int high = digit(text[i]);
      const int low = digit(text[i + 1]);
      if (high < 0 || low < 0) return false;
      bytes->push_back(static_cast<char>(high << 4 | low));
    }
    return true;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes->push_back(text[i]);
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '\\') {
      bytes->push_back('\\');
      ++i;
      continue;
    }
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    if (i + 3 >= text.size() || text[i + 1] > '3' || !octal(text[i + 1]) || !octal(text[i + 2]) ||
        !octal(text[i + 3])) {
      return false;
    }
    bytes->push_back(
        static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0')));
    i += 3;
  }
  return true;
}

Status DecodeText(std::string_view text, const DataType& type, const data::TimeZone& zone, Column* column) {
  switch (type.kind()) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      MR_TRY(CheckText(text));
      return data::AppendParsed(text, type, zone, column);
    case TypeKind::kBinary:
    case TypeKind::kVarbinary: {
      std::string bytes;
      if (!DecodeBytea(text, &bytes)) return BadText(text, type);
      return data::AppendParsed(bytes, type, zone, column);
    }
    case TypeKind::kBoolean:
      return data::AppendParsed(PlainBoolean(TrimSpaces(text)), type, zone, column);
    case TypeKind::kDate: {
      const auto days = ReadDate(text);
      if (!days) return BadText(text, type);
      column->Append<int32_t>(static_cast<int32_t>(*days));
      return Ok();
    }
    case TypeKind::kTime:
      return AppendMicros(ReadTime(text), text, type, column);
    case TypeKind::kTimestamp:
      return AppendMicros(ReadTimestamp(text), text, type, column);
    case TypeKind::kTimestampLtz:
      return AppendMicros(ReadTimestampLtz(text, zone), text, type, column);
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval: {
      const auto interval = ReadInterval(TrimSpaces(text));
      if (!interval) return BadText(text, type);
      return AppendInterval(*interval, type, column);
    }
    case TypeKind::kArray:
      return DecodeTextArray(text, type, zone, column);
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      MR_TRY(CheckText(text));
      return DecodeJson(text, type, zone, column);
    case TypeKind::kNull:
      return NoWireForm(type);
    default:
      return data::AppendParsed(TrimSpaces(text), type, zone, column);
  }
}

Status DecodeBinary(std::string_view bytes, const DataType& type, const data::TimeZone& zone,
                    Column* column) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      if (bytes.size() != 1) return BadBytes(type, bytes.size());
      column->Append<uint8_t>(bytes[0] != 0 ? 1 : 0);
      return Ok();
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return DecodeBinaryInteger(bytes, type, column);
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return DecodeBinaryFloating(bytes, type, column);
    case TypeKind::kDecimal: {
      if (type.IsAnyDecimal()) {
        MR_ASSIGN(const std::string text, NumericText(bytes));
        return data::AppendParsed(text, type, zone, column);
      }
      MR_ASSIGN(const data::Int128 value, ReadNumeric(bytes, type.precision(), type.scale()));
      return AppendDecimal(value, type, column);
    }
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      MR_TRY(CheckText(bytes));
      return data::AppendParsed(bytes, type, zone, column);
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return data::AppendParsed(bytes, type, zone, column);
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return DecodeBinaryDatetime(bytes, type, column);
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval: {
      WireReader reader(bytes);
      Interval interval;
      interval.micros = reader.Int64();
      interval.days = reader.Int32();
      interval.months = reader.Int32();
      if (!reader.AtEnd()) return BadBytes(type, bytes.size());
      return AppendInterval(interval, type, column);
    }
    case TypeKind::kArray:
      return DecodeBinaryArray(bytes, type, zone, column);
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      // json in binary is its text.
      MR_TRY(CheckText(bytes));
      return DecodeJson(bytes, type, zone, column);
    case TypeKind::kNull:
      return NoWireForm(type);
  }
  return NoWireForm(type);
}

Result<data::Value> DecodeParameter(std::string_view bytes, WireFormat format, const DataType& type,
                                    const data::TimeZone& zone) {
  Column column(type, 1);
  if (format == WireFormat::kText) {
    MR_TRY(DecodeText(bytes, type, zone, &column));
  } else {
    MR_TRY(DecodeBinary(bytes, type, zone, &column));
  }
  return column.GetValue(0);
}

}  // namespace millrace::server::pgwire
