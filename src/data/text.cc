#include "data/text.h"

#include <charconv>
#include <cmath>

#include "data/decimal.h"
#include "data/interval.h"

namespace millrace::data {

namespace {

// Java's layout of the shortest digits that read back as the value: plain between 10^-3 and 10^7, otherwise
// d.dddE±n; always at least one digit behind the point.
template <typename T>
void AppendFloating(T value, std::string* out) {
  if (std::isnan(value)) {
    out->append("NaN");
    return;
  }
  if (std::isinf(value)) {
    out->append(value < 0 ? "-Infinity" : "Infinity");
    return;
  }
  if (value == 0) {
    out->append(std::signbit(value) ? "-0.0" : "0.0");
    return;
  }
  const T magnitude = std::abs(value);
  char buffer[64];
  if (magnitude >= T(1e-3) && magnitude < T(1e7)) {
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed).ptr;
    const std::string_view text(buffer, static_cast<size_t>(end - buffer));
    out->append(text);
    if (text.find('.') == std::string_view::npos) out->append(".0");
    return;
  }
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t e = text.find('e');
  out->append(text.substr(0, e));
  if (text.substr(0, e).find('.') == std::string_view::npos) out->append(".0");
  out->push_back('E');
  size_t exponent = e + 1;
  if (text[exponent] == '-') out->push_back('-');
  ++exponent;
  while (exponent + 1 < text.size() && text[exponent] == '0') ++exponent;
  out->append(text.substr(exponent));
}

template <typename T>
void AppendInteger(T value, std::string* out) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  out->append(buffer, static_cast<size_t>(end - buffer));
}

int64_t IntegerAt(const Column& column, size_t row) {
  switch (column.physical()) {
    case PhysicalType::kInt8:
      return ColumnView<int8_t>(column)[row];
    case PhysicalType::kInt16:
      return ColumnView<int16_t>(column)[row];
    case PhysicalType::kInt32:
      return ColumnView<int32_t>(column)[row];
    default:
      return ColumnView<int64_t>(column)[row];
  }
}

void AppendList(const Column& column, size_t row, const TextOptions& options, std::string* out) {
  const ListEntry entry = ColumnView<ListEntry>(column)[row];
  const bool is_array = column.type().kind() == TypeKind::kArray;
  out->push_back(is_array ? '[' : '{');
  for (uint64_t i = 0; i < entry.length; ++i) {
    if (i > 0) out->append(", ");
    AppendText(column.child(0), entry.offset + i, options, out);
    if (!is_array) {
      out->push_back('=');
      AppendText(column.child(1), entry.offset + i, options, out);
    }
  }
  out->push_back(is_array ? ']' : '}');
}

void AppendRowValue(const Column& column, size_t row, const TextOptions& options, std::string* out) {
  out->push_back('(');
  for (size_t i = 0; i < column.children().size(); ++i) {
    if (i > 0) out->append(", ");
    AppendText(column.child(i), row, options, out);
  }
  out->push_back(')');
}

}  // namespace

void AppendDouble(double value, std::string* out) {
  AppendFloating(value, out);
}
void AppendFloat(float value, std::string* out) {
  AppendFloating(value, out);
}

void AppendText(const Column& column, size_t row, const TextOptions& options, std::string* out) {
  const DataType& type = column.type();
  if (type.kind() == TypeKind::kNull || column.IsNull(row)) {
    out->append(options.null_text);
    return;
  }
  switch (type.kind()) {
    case TypeKind::kNull:
      break;
    case TypeKind::kBoolean:
      out->append(ColumnView<uint8_t>(column)[row] != 0 ? "TRUE" : "FALSE");
      break;
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      AppendInteger(IntegerAt(column, row), out);
      break;
    case TypeKind::kDecimal:
      if (type.IsAnyDecimal()) {
        out->append(ColumnView<StringRef>(column)[row].view());
        break;
      }
      AppendDecimal(column.physical() == PhysicalType::kInt64 ? Int128{ColumnView<int64_t>(column)[row]}
                                                              : ColumnView<Int128>(column)[row],
                    type.scale(), out);
      break;
    case TypeKind::kFloat:
      AppendFloat(ColumnView<float>(column)[row], out);
      break;
    case TypeKind::kDouble:
      AppendDouble(ColumnView<double>(column)[row], out);
      break;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      out->append(ColumnView<StringRef>(column)[row].view());
      break;
    case TypeKind::kDate:
      AppendDate(ColumnView<int32_t>(column)[row], out);
      break;
    case TypeKind::kTime:
      AppendTime(ColumnView<int64_t>(column)[row], type.precision(), out);
      break;
    case TypeKind::kTimestamp:
      AppendTimestamp(ColumnView<int64_t>(column)[row], type.precision(), options.timestamp_separator, out);
      break;
    case TypeKind::kTimestampLtz:
      AppendTimestamp(options.zone->ToLocal(ColumnView<int64_t>(column)[row]), type.precision(),
                      options.timestamp_separator, out);
      break;
    case TypeKind::kIntervalYearMonth:
      AppendIntervalMonths(ColumnView<int64_t>(column)[row], out);
      break;
    case TypeKind::kIntervalDayTime:
      AppendIntervalMicros(ColumnView<int64_t>(column)[row], out);
      break;
    case TypeKind::kInterval: {
      const Interval interval = UnpackInterval(ColumnView<Int128>(column)[row]);
      IntervalText text;
      out->append(FormatInterval(interval.months, interval.days, interval.micros, &text));
      break;
    }
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      AppendList(column, row, options, out);
      break;
    case TypeKind::kRow:
      AppendRowValue(column, row, options, out);
      break;
  }
}

std::string ToText(const Column& column, size_t row, const TextOptions& options) {
  std::string text;
  AppendText(column, row, options, &text);
  return text;
}

std::string ToText(const DataType& type, const Value& value, const TextOptions& options) {
  return ToText(*Column::Constant(type, value, 1), 0, options);
}

void AppendRowText(const Batch& batch, size_t row, const TextOptions& options, std::string* out) {
  out->append(RowKindName(batch.kind(row)));
  out->push_back('[');
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (i > 0) out->append(", ");
    AppendText(*batch.columns[i], row, options, out);
  }
  out->push_back(']');
}

}  // namespace millrace::data
