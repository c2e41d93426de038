#include "server/pgwire/binary_encoder.h"

#include <bit>
#include <limits>

#include "data/decimal.h"
#include "data/interval.h"
#include "server/pgwire/json_text.h"
#include "server/pgwire/numeric_binary.h"
#include "server/pgwire/wire_type.h"

namespace millrace::server::pgwire {

using data::Column;
using data::ColumnView;
using data::TypeKind;

namespace {

// As in text_encoder.cc: writer(row) appends a value without its length word. Arrays are not among them.
template <typename F>
void WithWriter(const Column& column, const data::TimeZone& zone, OutputBuffer* out, F&& f) {
  switch (column.type().kind()) {
    case TypeKind::kNull:
    case TypeKind::kArray:
      return f([](size_t) {});
    case TypeKind::kBoolean:
      return f([view = ColumnView<uint8_t>(column), out](size_t row) { out->Byte(view[row] != 0 ? 1 : 0); });
    case TypeKind::kTinyInt:
      return f([view = ColumnView<int8_t>(column), out](size_t row) { out->Int16(view[row]); });
    case TypeKind::kSmallInt:
      return f([view = ColumnView<int16_t>(column), out](size_t row) { out->Int16(view[row]); });
    case TypeKind::kInt:
      return f([view = ColumnView<int32_t>(column), out](size_t row) { out->Int32(view[row]); });
    case TypeKind::kBigInt:
    case TypeKind::kTime:
      return f([view = ColumnView<int64_t>(column), out](size_t row) { out->Int64(view[row]); });
    case TypeKind::kDecimal:
      if (column.type().IsAnyDecimal()) {
        return f([view = ColumnView<data::StringRef>(column), out](size_t row) {
          const auto exact = data::ParseExactDecimal(view[row].view()).value_or(data::ExactDecimal{});
          AppendNumeric(exact.unscaled, exact.scale, out);
        });
      }
      if (column.physical() == data::PhysicalType::kInt64) {
        return f([view = ColumnView<int64_t>(column), scale = column.type().scale(), out](size_t row) {
          AppendNumeric(view[row], scale, out);
        });
      }
      return f([view = ColumnView<data::Int128>(column), scale = column.type().scale(), out](size_t row) {
        AppendNumeric(view[row], scale, out);
      });
    case TypeKind::kFloat:
      return f([view = ColumnView<float>(column), out](size_t row) {
        out->Int32(std::bit_cast<int32_t>(view[row]));
      });
    case TypeKind::kDouble:
      return f([view = ColumnView<double>(column), out](size_t row) {
        out->Int64(std::bit_cast<int64_t>(view[row]));
      });
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return f(
          [view = ColumnView<data::StringRef>(column), out](size_t row) { out->Bytes(view[row].view()); });
    case TypeKind::kDate:
      return f([view = ColumnView<int32_t>(column), out](size_t row) {
        out->Int32(view[row] - kPostgresEpochDays);
      });
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return f(
          [view = ColumnView<int64_t>(column), out](size_t row) { out->Int64(ToPostgresMicros(view[row])); });
    case TypeKind::kIntervalYearMonth:
      return f([view = ColumnView<int64_t>(column), out](size_t row) {
        out->Int64(0);
        out->Int32(0);
        out->Int32(static_cast<int32_t>(view[row]));
      });
    case TypeKind::kIntervalDayTime:
      return f([view = ColumnView<int64_t>(column), out](size_t row) {
        out->Int64(view[row] % data::kMicrosPerDay);
        out->Int32(static_cast<int32_t>(view[row] / data::kMicrosPerDay));
        out->Int32(0);
      });
    case TypeKind::kInterval:
      return f([view = ColumnView<data::Int128>(column), out](size_t row) {
        const data::Interval interval = data::UnpackInterval(view[row]);
        out->Int64(interval.micros);
        out->Int32(interval.days);
        out->Int32(interval.months);
      });
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      return f([&](size_t row) { AppendJson(column, row, zone, out); });
  }
}

// The shape of an array: of each dimension the length, and whether there is a NULL.
struct Shape {
  std::vector<uint64_t> lengths;
  bool has_null = false;
};

// False: the lists of one dimension differ in length, or one is NULL.
bool Measure(const Column& column, size_t row, size_t depth, Shape* shape) {
  if (column.IsNull(row)) return false;
  const data::ListEntry entry = ColumnView<data::ListEntry>(column)[row];
  if (shape->lengths.size() == depth) shape->lengths.push_back(entry.length);
  if (shape->lengths[depth] != entry.length) return false;
  const Column& child = column.child(0);
  for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (child.type().kind() == TypeKind::kArray) {
      if (!Measure(child, i, depth + 1, shape)) return false;
    } else if (child.type().kind() == TypeKind::kNull || child.IsNull(i)) {
      shape->has_null = true;
    }
  }
  return true;
}

void AppendElements(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  const data::ListEntry entry = ColumnView<data::ListEntry>(column)[row];
  const Column& child = column.child(0);
  if (child.type().kind() == TypeKind::kArray) {
    for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) AppendElements(child, i, zone, out);
    return;
  }
  const bool all_null = child.type().kind() == TypeKind::kNull;
  WithWriter(child, zone, out, [&](const auto& write) {
    for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
      if (all_null || child.IsNull(i)) {
        out->Int32(-1);
      } else {
        const size_t begin = out->BeginLength();
        write(i);
        out->EndLength(begin);
      }
    }
  });
}

Status AppendArray(const Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out) {
  Shape shape;
  if (!Measure(column, row, 0, &shape)) {
    return Fail(ErrorCode::kNotSupported,
                "an array of arrays that differ in length, or of which one is NULL, has no binary form",
                "ask for the column in text format, or select CAST(x AS STRING)");
  }
  bool is_empty = false;
  for (const uint64_t length : shape.lengths) is_empty |= length == 0;
  out->Int32(is_empty ? 0 : static_cast<int32_t>(shape.lengths.size()));
  out->Int32(shape.has_null ? 1 : 0);
  out->Int32(static_cast<int32_t>(WireTypeOf(InnermostElement(column.type())).oid));
  if (is_empty) return Ok();
  for (const uint64_t length : shape.lengths) {
    out->Int32(static_cast<int32_t>(length));
    out->Int32(1);  // the first element's number
  }
  AppendElements(column, row, zone, out);
  return Ok();
}

Status EncodeArrays(const Column& column, size_t first, size_t count, const data::TimeZone& zone,
                    OutputBuffer* out, uint32_t* ends) {
  for (size_t i = 0; i < count; ++i) {
    if (column.IsNull(first + i)) {
      out->Int32(-1);
    } else {
      const size_t begin = out->BeginLength();
      MR_TRY(AppendArray(column, first + i, zone, out));
      out->EndLength(begin);
    }
    ends[i] = static_cast<uint32_t>(out->size());
  }
  return Ok();
}

}  // namespace

int64_t ToPostgresMicros(int64_t micros) {
  if (micros == std::numeric_limits<int64_t>::max()) return micros;
  if (micros < std::numeric_limits<int64_t>::min() + kPostgresEpochMicros) {
    return std::numeric_limits<int64_t>::min();
  }
  return micros - kPostgresEpochMicros;
}

Status EncodeBinaryColumn(const Column& column, size_t first, size_t count, const data::TimeZone& zone,
                          OutputBuffer* out, uint32_t* ends) {
  if (column.type().kind() == TypeKind::kArray) return EncodeArrays(column, first, count, zone, out, ends);
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
  return Ok();
}

}  // namespace millrace::server::pgwire
