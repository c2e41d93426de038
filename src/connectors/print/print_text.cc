#include "connectors/print/print_text.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>

#include "data/datetime.h"
#include "data/decimal.h"
#include "data/text.h"

namespace millrace::connectors {
namespace {

using data::Column;
using data::TypeKind;

// Fractions of a second show in groups of three digits, as many as it takes.
void AppendFraction(int micros, std::string* out) {
  if (micros == 0) return;
  if (micros % 1000 == 0) {
    fmt::format_to(std::back_inserter(*out), ".{:03}", micros / 1000);
  } else {
    fmt::format_to(std::back_inserter(*out), ".{:06}", micros);
  }
}

void AppendClock(const data::CivilTime& time, bool always_seconds, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{:02}:{:02}", time.hour, time.minute);
  if (!always_seconds && time.second == 0 && time.micros == 0) return;
  fmt::format_to(std::back_inserter(*out), ":{:02}", time.second);
  AppendFraction(time.micros, out);
}

void AppendPrintedTimestamp(int64_t micros, bool is_instant, std::string* out) {
  const data::CivilTime time = data::CivilFromMicros(micros);
  data::AppendDate(data::FloorDiv(micros, data::kMicrosPerDay), out);
  out->push_back('T');
  AppendClock(time, is_instant, out);
  if (is_instant) out->push_back('Z');
}

// Java's BigDecimal.toString: as written unless there are more than six zeros behind the point.
void AppendPrintedDecimal(data::Int128 unscaled, int scale, std::string* out) {
  std::string digits;
  data::AppendDecimal(unscaled < 0 ? -unscaled : unscaled, 0, &digits);
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (exponent >= -6) {
    data::AppendDecimal(unscaled, scale, out);
    return;
  }
  if (unscaled < 0) out->push_back('-');
  out->push_back(digits[0]);
  if (digits.size() > 1) out->append(".").append(digits, 1);
  fmt::format_to(std::back_inserter(*out), "E{}", exponent);
}

// java.time.Period: "P1Y2M", "P0D".
void AppendPeriod(int64_t months, std::string* out) {
  if (months == 0) {
    out->append("P0D");
    return;
  }
  out->push_back('P');
  if (months / 12 != 0) fmt::format_to(std::back_inserter(*out), "{}Y", months / 12);
  if (months % 12 != 0) fmt::format_to(std::back_inserter(*out), "{}M", months % 12);
}

// java.time.Duration: "PT25H1M2.5S", "PT0S"; each part has the sign.
void AppendDuration(int64_t micros, std::string* out) {
  if (micros == 0) {
    out->append("PT0S");
    return;
  }
  out->append("PT");
  const int64_t hours = micros / data::kMicrosPerHour;
  const int64_t minutes = micros % data::kMicrosPerHour / data::kMicrosPerMinute;
  const int64_t rest = micros % data::kMicrosPerMinute;
  if (hours != 0) fmt::format_to(std::back_inserter(*out), "{}H", hours);
  if (minutes != 0) fmt::format_to(std::back_inserter(*out), "{}M", minutes);
  if (rest == 0) return;
  if (rest < 0) out->push_back('-');
  const int64_t magnitude = std::llabs(rest);
  fmt::format_to(std::back_inserter(*out), "{}", magnitude / data::kMicrosPerSecond);
  if (int64_t fraction = magnitude % data::kMicrosPerSecond; fraction != 0) {
    std::string text = fmt::format(".{:06}", fraction);
    while (text.back() == '0') text.pop_back();
    out->append(text);
  }
  out->push_back('S');
}

void AppendBytes(std::string_view bytes, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out->append(", ");
    fmt::format_to(std::back_inserter(*out), "{}", static_cast<int>(static_cast<signed char>(bytes[i])));
  }
  out->push_back(']');
}

void AppendList(const Column& column, size_t row, std::string* out) {
  const data::ListEntry entry = column.values<data::ListEntry>()[row];
  const bool is_array = column.type().kind() == TypeKind::kArray;
  out->push_back(is_array ? '[' : '{');
  for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out->append(", ");
    AppendPrintedValue(column.child(0), i, out);
    if (is_array) continue;
    out->push_back('=');
    AppendPrintedValue(column.child(1), i, out);
  }
  out->push_back(is_array ? ']' : '}');
}

void AppendNestedRow(const Column& column, size_t row, std::string* out) {
  out->append("+I[");
  for (size_t i = 0; i < column.children().size(); ++i) {
    if (i > 0) out->append(", ");
    AppendPrintedValue(column.child(i), row, out);
  }
  out->push_back(']');
}

void AppendInt(int64_t value, std::string* out) {
  const fmt::format_int text(value);
  out->append(text.data(), text.size());
}

}  // namespace

void AppendPrintedValue(const Column& column, size_t row, std::string* out) {
  if (column.IsNull(row)) {
    out->append("null");
    return;
  }
  const size_t at = column.is_constant() ? 0 : row;
  switch (column.type().kind()) {
    case TypeKind::kNull:
      out->append("null");
      return;
    case TypeKind::kBoolean:
      out->append(column.values<uint8_t>()[at] != 0 ? "true" : "false");
      return;
    case TypeKind::kTinyInt:
      AppendInt(column.values<int8_t>()[at], out);
      return;
    case TypeKind::kSmallInt:
      AppendInt(column.values<int16_t>()[at], out);
      return;
    case TypeKind::kInt:
      AppendInt(column.values<int32_t>()[at], out);
      return;
    case TypeKind::kBigInt:
      AppendInt(column.values<int64_t>()[at], out);
      return;
    case TypeKind::kFloat:
      data::AppendFloat(column.values<float>()[at], out);
      return;
    case TypeKind::kDouble:
      data::AppendDouble(column.values<double>()[at], out);
      return;
    case TypeKind::kDecimal:
      AppendPrintedDecimal(column.physical() == data::PhysicalType::kInt64
                               ? column.values<int64_t>()[at]
                               : column.values<data::Int128>()[at],
                           column.type().scale(), out);
      return;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      out->append(column.values<data::StringRef>()[at].view());
      return;
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      AppendBytes(column.values<data::StringRef>()[at].view(), out);
      return;
    case TypeKind::kDate:
      data::AppendDate(column.values<int32_t>()[at], out);
      return;
    case TypeKind::kTime:
      AppendClock(data::CivilFromMicros(column.values<int64_t>()[at]), false, out);
      return;
    case TypeKind::kTimestamp:
      AppendPrintedTimestamp(column.values<int64_t>()[at], false, out);
      return;
    case TypeKind::kTimestampLtz:
      AppendPrintedTimestamp(column.values<int64_t>()[at], true, out);
      return;
    case TypeKind::kIntervalYearMonth:
      AppendPeriod(column.values<int64_t>()[at], out);
      return;
    case TypeKind::kIntervalDayTime:
      AppendDuration(column.values<int64_t>()[at], out);
      return;
    case TypeKind::kInterval:  // of snapshot queries, which have no sink
      data::AppendText(column, row, {}, out);
      return;
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      AppendList(column, row, out);
      return;
    case TypeKind::kRow:
      AppendNestedRow(column, row, out);
      return;
  }
  MR_UNREACHABLE();
}

void AppendPrintedRow(const data::Batch& batch, size_t row, std::string* out) {
  out->append(data::RowKindName(batch.kind(row)));
  out->push_back('[');
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (i > 0) out->append(", ");
    AppendPrintedValue(*batch.columns[i], row, out);
  }
  out->push_back(']');
}

}  // namespace millrace::connectors
