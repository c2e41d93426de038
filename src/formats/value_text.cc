#include "formats/value_text.h"

#include <fmt/format.h>

#include "data/datetime.h"
#include "data/decimal.h"
#include "data/text.h"
#include "formats/base64.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

// How many fractional digits µs need.
int DigitsNeeded(int64_t micros) {
  int64_t fraction = data::FloorMod(micros, data::kMicrosPerSecond);
  if (fraction == 0) return 0;
  int digits = 6;
  for (; fraction % 10 == 0; fraction /= 10) --digits;
  return digits;
}

template <typename T>
T At(const data::Column& column, size_t row) {
  return data::ColumnView<T>(column)[row];
}

data::Int128 UnscaledAt(const data::Column& column, size_t row) {
  if (column.physical() == data::PhysicalType::kInt64) return At<int64_t>(column, row);
  return At<data::Int128>(column, row);
}

}  // namespace

void AppendStrippedDecimal(data::Int128 unscaled, int scale, bool scientific, std::string* out) {
  if (unscaled == 0) {
    out->push_back('0');
    return;
  }
  while (unscaled % 10 == 0) {
    unscaled /= 10;
    --scale;
  }
  std::string digits = data::DecimalToString(unscaled < 0 ? -unscaled : unscaled, 0);
  if (unscaled < 0) out->push_back('-');
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (scientific && (scale < 0 || exponent < -6)) {
    out->append(digits, 0, 1);
    if (digits.size() > 1) {
      out->push_back('.');
      out->append(digits, 1);
    }
    *out += fmt::format("E{:+}", exponent);
    return;
  }
  if (scale < 0) {
    digits.append(static_cast<size_t>(-scale), '0');
  } else if (scale > 0) {
    if (digits.size() <= static_cast<size_t>(scale)) digits.insert(0, scale + 1 - digits.size(), '0');
    digits.insert(digits.size() - scale, ".");
  }
  *out += digits;
}

void AppendValueText(const ValueSpec& spec, const data::Column& column, size_t row,
                     const ValueTextOptions& options, std::string* out) {
  switch (spec.kind) {
    case TypeKind::kBoolean:
      *out += At<uint8_t>(column, row) != 0 ? "true" : "false";
      return;
    case TypeKind::kTinyInt:
      fmt::format_to(std::back_inserter(*out), "{}", static_cast<int>(At<int8_t>(column, row)));
      return;
    case TypeKind::kSmallInt:
      fmt::format_to(std::back_inserter(*out), "{}", At<int16_t>(column, row));
      return;
    case TypeKind::kInt:
      fmt::format_to(std::back_inserter(*out), "{}", At<int32_t>(column, row));
      return;
    case TypeKind::kBigInt:
    case TypeKind::kIntervalYearMonth:
      fmt::format_to(std::back_inserter(*out), "{}", At<int64_t>(column, row));
      return;
    case TypeKind::kIntervalDayTime:
      fmt::format_to(std::back_inserter(*out), "{}", At<int64_t>(column, row) / data::kMicrosPerMilli);
      return;
    case TypeKind::kFloat:
      data::AppendFloat(At<float>(column, row), out);
      return;
    case TypeKind::kDouble:
      data::AppendDouble(At<double>(column, row), out);
      return;
    case TypeKind::kDecimal:
      AppendStrippedDecimal(UnscaledAt(column, row), spec.scale, options.scientific_decimals, out);
      return;
    case TypeKind::kDate:
      data::AppendDate(At<int32_t>(column, row), out);
      return;
    case TypeKind::kTime: {
      const int64_t micros = At<int64_t>(column, row);
      data::AppendTime(micros, DigitsNeeded(micros), out);
      return;
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const int64_t micros = At<int64_t>(column, row);
      data::AppendTimestamp(micros, DigitsNeeded(micros), options.timestamp_separator, out);
      if (spec.kind == TypeKind::kTimestampLtz) out->push_back('Z');
      return;
    }
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      AppendBase64(At<data::StringRef>(column, row).view(), out);
      return;
    default:
      MR_UNREACHABLE();
  }
}

}  // namespace millrace::formats
