#include "server/http/json_result.h"

#include <charconv>
#include <cmath>

#include "base/json_text.h"
#include "data/datetime.h"
#include "data/text.h"
#include "formats/base64.h"

namespace millrace::server::http {
namespace {

using data::Column;
using data::ColumnView;
using data::ListEntry;
using data::StringRef;
using data::TypeKind;

template <typename T>
void AppendInteger(T value, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), static_cast<int64_t>(value)).ptr;
  out->append(digits, static_cast<size_t>(end - digits));
}

// What data::AppendText writes, as a JSON string.
void AppendQuotedText(const Column& column, size_t row, std::string* out) {
  std::string text;
  data::AppendText(column, row, {}, &text);
  AppendJsonString(text, out);
}

void AppendApproximate(const Column& column, size_t row, double value, std::string* out) {
  if (!std::isfinite(value)) return AppendQuotedText(column, row, out);
  data::AppendText(column, row, {}, out);
}

void AppendTimestampString(int64_t micros, const data::DataType& type, std::string* out) {
  out->push_back('"');
  data::AppendTimestamp(micros, type.precision(), ' ', out);
  if (type.kind() == TypeKind::kTimestampLtz) out->push_back('Z');
  out->push_back('"');
}

void AppendArray(const Column& column, ListEntry entry, std::string* out) {
  out->push_back('[');
  for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out->push_back(',');
    AppendJsonValue(column.child(0), i, out);
  }
  out->push_back(']');
}

void AppendMap(const Column& column, ListEntry entry, std::string* out) {
  const Column& keys = column.child(0);
  out->push_back('{');
  for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out->push_back(',');
    if (keys.IsNull(i)) {
      *out += "\"null\"";
    } else if (keys.type().IsCharacter()) {
      AppendJsonString(keys.values<StringRef>()[i].view(), out);
    } else {
      AppendQuotedText(keys, i, out);
    }
    out->push_back(':');
    AppendJsonValue(column.child(1), i, out);
  }
  out->push_back('}');
}

void AppendRow(const Column& column, size_t row, std::string* out) {
  out->push_back('{');
  const auto& fields = column.type().fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendJsonString(fields[i].name, out);
    out->push_back(':');
    AppendJsonValue(column.child(i), row, out);
  }
  out->push_back('}');
}

}  // namespace

void AppendJsonValue(const Column& column, size_t row, std::string* out) {
  if (column.IsNull(row)) {
    *out += "null";
    return;
  }
  switch (column.type().kind()) {
    case TypeKind::kNull:
      *out += "null";
      return;
    case TypeKind::kBoolean:
      *out += ColumnView<uint8_t>(column)[row] != 0 ? "true" : "false";
      return;
    case TypeKind::kTinyInt:
      return AppendInteger(ColumnView<int8_t>(column)[row], out);
    case TypeKind::kSmallInt:
      return AppendInteger(ColumnView<int16_t>(column)[row], out);
    case TypeKind::kInt:
      return AppendInteger(ColumnView<int32_t>(column)[row], out);
    case TypeKind::kBigInt:
      return AppendInteger(ColumnView<int64_t>(column)[row], out);
    case TypeKind::kDecimal:
      return data::AppendText(column, row, {}, out);
    case TypeKind::kFloat:
      return AppendApproximate(column, row, ColumnView<float>(column)[row], out);
    case TypeKind::kDouble:
      return AppendApproximate(column, row, ColumnView<double>(column)[row], out);
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return AppendJsonString(ColumnView<StringRef>(column)[row].view(), out);
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      out->push_back('"');
      formats::AppendBase64(ColumnView<StringRef>(column)[row].view(), out);
      out->push_back('"');
      return;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return AppendTimestampString(ColumnView<int64_t>(column)[row], column.type(), out);
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval:
      return AppendQuotedText(column, row, out);
    case TypeKind::kArray:
      return AppendArray(column, column.values<ListEntry>()[row], out);
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      return AppendMap(column, column.values<ListEntry>()[row], out);
    case TypeKind::kRow:
      return AppendRow(column, row, out);
  }
}

void AppendJsonRow(const data::Schema& schema, const data::Batch& batch, size_t row, size_t first_column,
                   std::string* out) {
  out->push_back('{');
  for (size_t i = first_column; i < schema.size(); ++i) {
    if (i > first_column) out->push_back(',');
    AppendJsonString(schema[i].name, out);
    out->push_back(':');
    AppendJsonValue(*batch.columns[i], row, out);
  }
  out->push_back('}');
}

void AppendJsonColumns(const data::Schema& schema, std::string* out, size_t first_column) {
  out->push_back('[');
  for (size_t i = first_column; i < schema.size(); ++i) {
    if (i > first_column) out->push_back(',');
    *out += "{\"name\":";
    AppendJsonString(schema[i].name, out);
    *out += ",\"type\":";
    AppendJsonString(schema[i].type.ToString(), out);
    out->push_back('}');
  }
  out->push_back(']');
}

void AppendWarnings(const std::vector<std::string>& warnings, std::string* out) {
  if (warnings.empty()) return;
  *out += ",\"warnings\":[";
  for (size_t i = 0; i < warnings.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendJsonString(warnings[i], out);
  }
  out->push_back(']');
}

}  // namespace millrace::server::http
