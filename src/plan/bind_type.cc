#include "plan/bind_type.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "data/datetime.h"
#include "data/decimal.h"
#include "data/text.h"

namespace millrace::plan {

namespace {

using data::DataType;
using data::Value;
using functions::ExprPtr;
using functions::MakeLiteral;

std::unexpected<Error> BadType(const sql::TypeSpec& spec, std::string message, std::string hint = {}) {
  return Fail(ErrorCode::kNotSupported, std::move(message), std::move(hint), spec.location);
}

Result<int> FractionPrecision(const sql::TypeSpec& spec, std::string_view name, int by_default) {
  const int precision = spec.precision.value_or(by_default);
  if (precision > limits::kTimestampPrecisionMax) {
    return BadType(
        spec, fmt::format("{} precision above {} is not supported", name, limits::kTimestampPrecisionMax),
        fmt::format("{}({}) keeps microseconds", name, limits::kTimestampPrecisionMax));
  }
  return precision;
}

Result<uint32_t> Length(const sql::TypeSpec& spec, std::string_view name, uint32_t by_default) {
  if (spec.precision && *spec.precision < 1) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("the length of {} must be at least 1", name), {},
                spec.location);
  }
  return spec.precision ? static_cast<uint32_t>(*spec.precision) : by_default;
}

Result<DataType> BindNullableType(const sql::TypeSpec& spec) {
  using sql::TypeKind;
  switch (spec.kind) {
    case TypeKind::kBoolean:
      return DataType::Boolean();
    case TypeKind::kTinyInt:
      return DataType::TinyInt();
    case TypeKind::kSmallInt:
      return DataType::SmallInt();
    case TypeKind::kInt:
      return DataType::Int();
    case TypeKind::kBigInt:
      return DataType::BigInt();
    case TypeKind::kFloat:
      return DataType::Float();
    case TypeKind::kDouble:
      return DataType::Double();
    case TypeKind::kDecimal: {
      const int precision = spec.precision.value_or(10);
      const int scale = spec.scale.value_or(0);
      if (precision < 1 || precision > limits::kDecimalPrecisionMax || scale < 0 || scale > precision) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("DECIMAL({}, {}) is not a type", precision, scale),
                    "the precision is 1 to 38, the scale 0 to the precision", spec.location);
      }
      return DataType::Decimal(precision, scale);
    }
    case TypeKind::kChar: {
      MR_ASSIGN(const uint32_t length, Length(spec, "CHAR", 1));
      return DataType::Char(length);
    }
    case TypeKind::kVarchar: {
      MR_ASSIGN(const uint32_t length, Length(spec, "VARCHAR", data::kMaxLength));
      return DataType::Varchar(length);
    }
    case TypeKind::kBinary: {
      MR_ASSIGN(const uint32_t length, Length(spec, "BINARY", 1));
      return DataType::Binary(length);
    }
    case TypeKind::kVarbinary: {
      MR_ASSIGN(const uint32_t length, Length(spec, "VARBINARY", data::kMaxLength));
      return DataType::Varbinary(length);
    }
    case TypeKind::kDate:
      return DataType::Date();
    case TypeKind::kTime: {
      MR_ASSIGN(const int precision, FractionPrecision(spec, "TIME", 0));
      return DataType::Time(precision);
    }
    case TypeKind::kTimestamp: {
      MR_ASSIGN(const int precision, FractionPrecision(spec, "TIMESTAMP", 6));
      return DataType::Timestamp(precision);
    }
    case TypeKind::kTimestampLtz: {
      MR_ASSIGN(const int precision, FractionPrecision(spec, "TIMESTAMP_LTZ", 6));
      return DataType::TimestampLtz(precision);
    }
    case TypeKind::kTimestampTz:
      return BadType(spec, "TIMESTAMP WITH TIME ZONE is not supported", "use TIMESTAMP_LTZ");
    case TypeKind::kInterval:
      switch (spec.interval_from) {
        case sql::TimeUnit::kYear:
        case sql::TimeUnit::kQuarter:
        case sql::TimeUnit::kMonth:
          return DataType::IntervalYearMonth();
        default:
          return DataType::IntervalDayTime();
      }
    case TypeKind::kArray: {
      MR_ASSIGN(DataType element, BindType(spec.children.at(0)));
      return DataType::Array(std::move(element));
    }
    case TypeKind::kMultiset: {
      MR_ASSIGN(DataType element, BindType(spec.children.at(0)));
      return DataType::Multiset(std::move(element));
    }
    case TypeKind::kMap: {
      MR_ASSIGN(DataType key, BindType(spec.children.at(0)));
      MR_ASSIGN(DataType value, BindType(spec.children.at(1)));
      return DataType::Map(std::move(key), std::move(value));
    }
    case TypeKind::kRow: {
      std::vector<data::RowField> fields;
      for (size_t i = 0; i < spec.children.size(); ++i) {
        MR_ASSIGN(DataType type, BindType(spec.children[i]));
        for (const data::RowField& field : fields) {
          if (field.name == spec.field_names[i].text) {
            return Fail(ErrorCode::kDuplicateColumn, fmt::format("two fields '{}' in one ROW", field.name),
                        {}, spec.field_names[i].location);
          }
        }
        fields.push_back({spec.field_names[i].text, std::move(type)});
      }
      return DataType::Row(std::move(fields));
    }
    case TypeKind::kNull:
      return BadType(spec, "a column cannot be of type NULL", "name the type of the values that it may hold");
    case TypeKind::kVariant:
      return BadType(spec, "VARIANT is not supported", "use STRING with the JSON functions");
    case TypeKind::kRaw:
      return BadType(spec, "RAW is not supported", "use BYTES");
  }
  MR_UNREACHABLE();
}

std::unexpected<Error> BadLiteral(const sql::Expr& expr, std::string_view type, std::string_view text,
                                  std::string_view form) {
  return Fail(ErrorCode::kInvalidDatetime, fmt::format("{} '{}' is not valid", type, text),
              fmt::format("write {} '{}'", type, form), expr.location);
}

int FractionDigits(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos) return 0;
  size_t digits = 0;
  while (point + 1 + digits < text.size() && text[point + 1 + digits] >= '0' &&
         text[point + 1 + digits] <= '9') {
    ++digits;
  }
  return static_cast<int>(digits);
}

// The digits of the fraction that count; more than we keep are refused unless they are zeros.
Result<int> LiteralPrecision(const sql::Expr& expr, std::string_view type, std::string_view text) {
  const int digits = FractionDigits(text);
  if (digits <= limits::kTimestampPrecisionMax) return digits;
  const size_t beyond = text.find('.') + 1 + limits::kTimestampPrecisionMax;
  const auto count = static_cast<size_t>(digits - limits::kTimestampPrecisionMax);
  if (text.substr(beyond, count).find_first_not_of('0') == std::string_view::npos) {
    return limits::kTimestampPrecisionMax;
  }
  return Fail(ErrorCode::kInvalidDatetime,
              fmt::format("{} '{}' has {} digits of fraction; {} are the most that are kept", type, text,
                          digits, limits::kTimestampPrecisionMax),
              "leave the others out", expr.location);
}

uint32_t CodePoints(std::string_view text) {
  uint32_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

Result<ExprPtr> BindNumber(const sql::LiteralExpr& literal) {
  const std::string& text = literal.text;
  if (literal.literal == sql::LiteralKind::kInteger) {
    int64_t number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status == std::errc() && end == text.data() + text.size()) {
      const bool fits = number <= INT32_MAX;
      return MakeLiteral((fits ? DataType::Int() : DataType::BigInt()).NotNull(), Value::Int(number));
    }
  }
  // Flink counts the digits as written: 0.05 is DECIMAL(3, 2).
  const size_t point = text.find('.');
  const int scale = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  int precision = static_cast<int>(text.size()) - (point == std::string::npos ? 0 : 1);
  precision = std::max(precision, 1);
  if (precision > limits::kDecimalPrecisionMax) {
    return Fail(ErrorCode::kNumericOutOfRange,
                fmt::format("the number {} has {} digits; a DECIMAL has at most 38", text, precision), {},
                literal.location);
  }
  std::string_view digits = text;
  if (!digits.empty() && digits.back() == '.') digits.remove_suffix(1);
  std::string padded = digits.starts_with('.') ? "0" + std::string(digits) : std::string(digits);
  const std::optional<data::Int128> value = data::ParseDecimal(padded, precision, scale);
  if (!value) {
    return Fail(ErrorCode::kInvalidText, fmt::format("'{}' is not a number", text), {}, literal.location);
  }
  return MakeLiteral(DataType::Decimal(precision, scale).NotNull(), Value::Decimal(*value));
}

}  // namespace

Result<DataType> BindType(const sql::TypeSpec& spec) {
  MR_ASSIGN(DataType type, BindNullableType(spec));
  return spec.not_null ? type.NotNull() : type;
}

Result<ExprPtr> BindLiteral(const sql::LiteralExpr& literal, const functions::BindContext& context) {
  using sql::LiteralKind;
  const std::string& text = literal.text;
  switch (literal.literal) {
    case LiteralKind::kNull:
      return MakeLiteral(DataType::Null(), Value::Null());
    case LiteralKind::kBoolean:
      return MakeLiteral(DataType::Boolean().NotNull(), Value::Bool(literal.boolean));
    case LiteralKind::kInteger:
    case LiteralKind::kDecimal:
      return BindNumber(literal);
    case LiteralKind::kDouble: {
      double value = 0;
      if (!data::ParseDouble(text, &value)) {
        return Fail(ErrorCode::kNumericOutOfRange, fmt::format("'{}' is not a DOUBLE", text), {},
                    literal.location);
      }
      return MakeLiteral(DataType::Double().NotNull(), Value::Double(value));
    }
    case LiteralKind::kString:
      return MakeLiteral(DataType::Char(CodePoints(text)).NotNull(), Value::String(text));
    case LiteralKind::kBinary:
      return MakeLiteral(DataType::Binary(static_cast<uint32_t>(text.size())).NotNull(), Value::String(text));
    case LiteralKind::kDate: {
      const std::optional<int64_t> days = data::ParseDate(text);
      if (!days) return BadLiteral(literal, "DATE", text, "2024-01-31");
      return MakeLiteral(DataType::Date().NotNull(), Value::Int(*days));
    }
    case LiteralKind::kTime: {
      const std::optional<int64_t> micros = data::ParseTime(text);
      if (!micros) return BadLiteral(literal, "TIME", text, "12:30:00");
      MR_ASSIGN(const int precision, LiteralPrecision(literal, "TIME", text));
      return MakeLiteral(DataType::Time(precision).NotNull(), Value::Int(*micros));
    }
    case LiteralKind::kTimestamp: {
      const std::optional<int64_t> micros = data::ParseTimestamp(text);
      if (!micros) return BadLiteral(literal, "TIMESTAMP", text, "2024-01-31 12:30:00");
      MR_ASSIGN(const int precision, LiteralPrecision(literal, "TIMESTAMP", text));
      return MakeLiteral(DataType::Timestamp(precision).NotNull(), Value::Int(*micros));
    }
    case LiteralKind::kTimestampLtz: {
      const std::optional<int64_t> micros = data::ParseTimestampLtz(text, *context.zone);
      if (!micros) return BadLiteral(literal, "TIMESTAMP_LTZ", text, "2024-01-31 12:30:00");
      MR_ASSIGN(const int precision, LiteralPrecision(literal, "TIMESTAMP_LTZ", text));
      return MakeLiteral(DataType::TimestampLtz(precision).NotNull(), Value::Int(*micros));
    }
  }
  MR_UNREACHABLE();
}

std::string_view TimeUnitName(sql::TimeUnit unit) {
  static constexpr std::string_view kNames[] = {
      "YEAR",   "QUARTER",     "MONTH",       "WEEK",       "DAY",       "HOUR", "MINUTE",
      "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND", "EPOCH",     "DOW",  "ISODOW",
      "DOY",    "ISOYEAR",     "DECADE",      "CENTURY",    "MILLENNIUM"};
  return kNames[static_cast<size_t>(unit)];
}

}  // namespace millrace::plan
