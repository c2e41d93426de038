#include "server/pgwire/text_encoder.h"

#include <algorithm>
#include <string>

#include "data/interval.h"
#include "server/pgwire/datetime_text.h"
#include "server/pgwire/json_text.h"
#include "server/pgwire/number_text.h"

namespace millrace::server::pgwire {

using data::Column;
using data::ColumnView;
using data::TypeKind;

namespace {

void AppendArray(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out);

// Calls f(writer) with the writer of the column's type: writer(row) appends a non-null value. The types are
// told apart here, once for a column, and not for each value.
template <typename F>
void WithWriter(const Column& column, const data::TimeZone& zone, OutputBuffer* out, F&& f) {
  const auto integers = [&]<typename T>() {
    f([view = ColumnView<T>(column), out](size_t row) { AppendInteger(view[row], out); });
  };
  switch (column.type().kind()) {
    case TypeKind::kNull:
      return f([](size_t) {});
    case TypeKind::kBoolean:
      return f(
          [view = ColumnView<uint8_t>(column), out](size_t row) { out->Byte(view[row] != 0 ? 't' : 'f'); });
    case TypeKind::kTinyInt:
      return f([view = ColumnView<int8_t>(column), out](size_t row) { AppendInteger(int{view[row]}, out); });
    case TypeKind::kSmallInt:
      return integers.template operator()<int16_t>();
    case TypeKind::kInt:
      return integers.template operator()<int32_t>();
    case TypeKind::kBigInt:
      return integers.template operator()<int64_t>();
    case TypeKind::kDecimal:
      if (column.type().IsAnyDecimal()) {
        return f(
            [view = ColumnView<data::StringRef>(column), out](size_t row) { out->Bytes(view[row].view()); });
      }
      if (column.physical() == data::PhysicalType::kInt64) {
        return f([view = ColumnView<int64_t>(column), scale = column.type().scale(), out](size_t row) {
          AppendDecimal(view[row], scale, out);
        });
      }
      return f([view = ColumnView<data::Int128>(column), scale = column.type().scale(), out](size_t row) {
        AppendDecimal(view[row], scale, out);
      });
    case TypeKind::kFloat:
      return f([view = ColumnView<float>(column), out](size_t row) { AppendFloat(view[row], out); });
    case TypeKind::kDouble:
      return f([view = ColumnView<double>(column), out](size_t row) { AppendDouble(view[row], out); });
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return f(
          [view = ColumnView<data::StringRef>(column), out](size_t row) { out->Bytes(view[row].view()); });
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return f([view = ColumnView<data::StringRef>(column), out](size_t row) {
        AppendHexBytes(view[row].view(), out);
      });
    case TypeKind::kDate:
      return f([view = ColumnView<int32_t>(column), out](size_t row) { AppendDate(view[row], out); });
    case TypeKind::kTime:
      return f([view = ColumnView<int64_t>(column), out](size_t row) { AppendTime(view[row], out); });
    case TypeKind::kTimestamp:
      return f(
          [view = ColumnView<int64_t>(column), out](size_t row) { AppendTimestamp(view[row], ' ', out); });
    case TypeKind::kTimestampLtz:
      return f([view = ColumnView<int64_t>(column), &zone, out](size_t row) {
        AppendTimestampLtz(view[row], ' ', zone, out);
      });
    case TypeKind::kIntervalYearMonth:
      return f(
          [view = ColumnView<int64_t>(column), out](size_t row) { AppendInterval(view[row], 0, 0, out); });
    case TypeKind::kIntervalDayTime:
      return f([view = ColumnView<int64_t>(column), out](size_t row) {
        AppendInterval(0, view[row] / data::kMicrosPerDay, view[row] % data::kMicrosPerDay, out);
      });
    case TypeKind::kInterval:
      return f([view = ColumnView<data::Int128>(column), out](size_t row) {
        const data::Interval interval = data::UnpackInterval(view[row]);
        AppendInterval(interval.months, interval.days, interval.micros, out);
      });
    case TypeKind::kArray:
      return f([&](size_t row) { AppendArray(column, row, zone, out); });
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      return f([&](size_t row) { AppendJson(column, row, zone, out); });
  }
}

// Whether the text of an element must stand in quotes.
bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() == 4 && (text[0] | 0x20) == 'n' && (text[1] | 0x20) == 'u' && (text[2] | 0x20) == 'l' &&
      (text[3] | 0x20) == 'l') {
    return true;
  }
  return std::ranges::any_of(text, [](char c) {
    return c == '{' || c == '}' || c == ',' || c == '"' || c == '\\' || c == ' ' || (c >= '\t' && c <= '\r');
  });
}

// Puts what was appended since `begin` into quotes, if it must be.
void QuoteElement(size_t begin, OutputBuffer* out) {
  const std::string_view text = out->view().substr(begin);
  if (!NeedsQuotes(text)) return;
  const std::string copy(text);
  out->SetSize(begin);
  out->Byte('"');
  for (const char c : copy) {
    if (c == '"' || c == '\\') out->Byte('\\');
    out->Byte(c);
  }
  out->Byte('"');
}

// Whether a list has an element, itself or in the lists within it. NULL is one.
bool HasElements(const Column& column, size_t row) {
  if (column.IsNull(row)) return true;
  const data::ListEntry entry = ColumnView<data::ListEntry>(column)[row];
  const Column& child = column.child(0);
  if (child.type().kind() != TypeKind::kArray) return entry.length > 0;
  for (uint64_t i = 0; i < entry.length; ++i) {
    if (HasElements(child, entry.offset + i)) return true;
  }
  return false;
}

void AppendElements(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  const data::ListEntry entry = ColumnView<data::ListEntry>(column)[row];
  const Column& child = column.child(0);
  const bool is_nested = child.type().kind() == TypeKind::kArray;
  out->Byte('{');
  WithWriter(child, zone, out, [&](const auto& write) {
    for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
      if (i > entry.offset) out->Byte(',');
      if (child.IsNull(i) || child.type().kind() == TypeKind::kNull) {
        out->Bytes("NULL");
      } else if (is_nested) {
        AppendElements(child, i, zone, out);
      } else {
        const size_t begin = out->size();
        write(i);
        QuoteElement(begin, out);
      }
    }
  });
  out->Byte('}');
}

void AppendArray(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  if (!HasElements(column, row)) return out->Bytes("{}");  // of any number of dimensions
  AppendElements(column, row, zone, out);
}

}  // namespace

void AppendHexBytes(std::string_view bytes, OutputBuffer* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  char* place = out->Extend(2 + bytes.size() * 2);
  *place++ = '\\';
  *place++ = 'x';
  for (const char c : bytes) {
    *place++ = kDigits[static_cast<unsigned char>(c) >> 4];
    *place++ = kDigits[c & 15];
  }
}

void AppendTextValue(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  WithWriter(column, zone, out, [row](const auto& write) { write(row); });
}

void EncodeTextColumn(const Column& column, size_t first, size_t count, const data::TimeZone& zone,
                      OutputBuffer* out, uint32_t* ends) {
  const bool all_null = column.type().kind() == TypeKind::kNull;
  WithWriter(column, zone, out, [&](const auto& write) {
    for (size_t i = 0; i < count; ++i) {
      if (all_null || column.IsNull(first + i)) {
        out->Int32(-1);
      } else {
        const size_t begin = out->BeginLength();
        write(first + i);
        out->EndLength(begin);
      }
      ends[i] = static_cast<uint32_t>(out->size());
    }
  });
}

}  // namespace millrace::server::pgwire
