#include "server/pgwire/json_text.h"

#include <string>

#include "server/pgwire/datetime_text.h"
#include "server/pgwire/number_text.h"
#include "server/pgwire/text_encoder.h"

namespace millrace::server::pgwire {

using data::Column;
using data::ColumnView;
using data::TypeKind;

namespace {

void AppendJsonString(std::string_view text, OutputBuffer* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out->Byte('"');
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        out->Byte('\\');
        out->Byte(c);
        break;
      case '\n':
        out->Bytes("\\n");
        break;
      case '\r':
        out->Bytes("\\r");
        break;
      case '\t':
        out->Bytes("\\t");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out->Bytes("\\u00");
          out->Byte(kDigits[c >> 4]);
          out->Byte(kDigits[c & 15]);
        } else {
          out->Byte(c);
        }
    }
  }
  out->Byte('"');
}

// Puts what was appended since `begin` into quotes.
void QuoteSince(size_t begin, OutputBuffer* out) {
  const std::string copy(out->view().substr(begin));
  out->SetSize(begin);
  AppendJsonString(copy, out);
}

// A value that JSON has no form for, or an object's key, as a string.
void AppendAsString(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  const size_t begin = out->size();
  if (column.IsNull(row)) {
    out->Bytes("null");
  } else {
    AppendTextValue(column, row, zone, out);
  }
  QuoteSince(begin, out);
}

void AppendObject(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  out->Byte('{');
  if (column.type().kind() == TypeKind::kRow) {
    const auto& fields = column.type().fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out->Byte(',');
      AppendJsonString(fields[i].name, out);
      out->Byte(':');
      AppendJson(column.child(i), row, zone, out);
    }
  } else {
    const data::ListEntry entry = ColumnView<data::ListEntry>(column)[row];
    for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
      if (i > entry.offset) out->Byte(',');
      AppendAsString(column.child(0), i, zone, out);
      out->Byte(':');
      AppendJson(column.child(1), i, zone, out);
    }
  }
  out->Byte('}');
}

void AppendList(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  const data::ListEntry entry = ColumnView<data::ListEntry>(column)[row];
  out->Byte('[');
  for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out->Byte(',');
    AppendJson(column.child(0), i, zone, out);
  }
  out->Byte(']');
}

// Numbers as they are, if they are numbers to JSON.
void AppendFloating(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  const size_t begin = out->size();
  AppendTextValue(column, row, zone, out);
  const char last = out->view().back();
  if (last < '0' || last > '9') QuoteSince(begin, out);  // NaN, Infinity
}

void AppendIsoTime(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  const int64_t micros = ColumnView<int64_t>(column)[row];
  out->Byte('"');
  if (column.type().kind() == TypeKind::kTimestamp) {
    AppendTimestamp(micros, 'T', out);
  } else {
    AppendTimestampLtz(micros, 'T', zone, out);
  }
  out->Byte('"');
}

}  // namespace

void AppendJson(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  if (column.type().kind() == TypeKind::kNull || column.IsNull(row)) return out->Bytes("null");
  switch (column.type().kind()) {
    case TypeKind::kBoolean:
      return out->Bytes(ColumnView<uint8_t>(column)[row] != 0 ? "true" : "false");
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kDecimal:
      return AppendTextValue(column, row, zone, out);
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return AppendFloating(column, row, zone, out);
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return AppendJsonString(ColumnView<data::StringRef>(column)[row].view(), out);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return AppendIsoTime(column, row, zone, out);
    case TypeKind::kArray:
      return AppendList(column, row, zone, out);
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      return AppendObject(column, row, zone, out);
    case TypeKind::kNull:
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval:
      return AppendAsString(column, row, zone, out);
  }
}

}  // namespace millrace::server::pgwire
