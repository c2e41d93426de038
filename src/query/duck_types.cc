#include "query/duck_types.h"

#include <fmt/format.h>

#include <cstring>

#include "data/datetime.h"
#include "data/interval.h"
#include "query/snapshot_database.h"

namespace millrace::query {
namespace {

using data::Column;
using data::DataType;
using data::Int128;
using data::ListEntry;
using data::PhysicalType;
using data::StringRef;
using data::TypeKind;

static_assert(sizeof(StringRef) == sizeof(duckdb_string_t));
static_assert(sizeof(ListEntry) == sizeof(duckdb_list_entry));
static_assert(sizeof(Int128) == sizeof(duckdb_hugeint));
static_assert(sizeof(data::Interval) == sizeof(duckdb_interval));

LogicalType Simple(duckdb_type type) {
  return LogicalType(duckdb_create_logical_type(type));
}

// How many bytes DuckDB gives a decimal of this precision.
int DuckDecimalBytes(int precision) {
  if (precision <= 4) return 2;
  if (precision <= 9) return 4;
  return precision <= 18 ? 8 : 16;
}

template <typename T>
void NarrowDecimals(const Column& column, size_t offset, size_t rows, void* target) {
  auto* to = static_cast<T*>(target);
  const data::ColumnView<int64_t> from(column);
  for (size_t i = 0; i < rows; ++i) to[i] = static_cast<T>(from[offset + i]);
}

template <typename T>
void CopyValues(const Column& column, size_t offset, size_t rows, void* target) {
  auto* to = static_cast<T*>(target);
  if (column.is_constant()) {
    std::fill_n(to, rows, column.values<T>()[0]);
  } else {
    std::memcpy(to, column.values<T>() + offset, rows * sizeof(T));
  }
}

void FillValidity(const Column& column, size_t offset, size_t rows, duckdb_vector vector) {
  if (!column.has_nulls()) return;
  duckdb_vector_ensure_validity_writable(vector);
  uint64_t* words = duckdb_vector_get_validity(vector);
  for (size_t i = 0; i < rows; ++i) {
    duckdb_validity_set_row_validity(words, i, !column.IsNull(offset + i));
  }
}

void FillIntervals(const Column& column, size_t offset, size_t rows, void* target) {
  auto* to = static_cast<duckdb_interval*>(target);
  const data::ColumnView<int64_t> from(column);
  for (size_t i = 0; i < rows; ++i) to[i] = ToDuckInterval(from[offset + i], column.type());
}

// Lists are rebuilt densely: the entries of the rows asked for, one after the other.
void FillList(const Column& column, size_t offset, size_t rows, duckdb_vector vector) {
  auto* entries = static_cast<ListEntry*>(duckdb_vector_get_data(vector));
  const auto* from = column.values<ListEntry>();
  std::vector<uint32_t> selection;
  for (size_t i = 0; i < rows; ++i) {
    const ListEntry entry = column.IsNull(offset + i) ? ListEntry{} : from[offset + i];
    entries[i] = ListEntry{selection.size(), entry.length};
    for (uint64_t j = 0; j < entry.length; ++j) selection.push_back(static_cast<uint32_t>(entry.offset + j));
  }
  duckdb_list_vector_reserve(vector, selection.size());
  duckdb_list_vector_set_size(vector, selection.size());
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  // Gathered children share the bytes of their strings with the column, which the caller keeps alive.
  if (column.type().kind() == TypeKind::kArray) {
    const data::ColumnPtr elements = data::Gather(column.children()[0], selection);
    FillVector(*elements, 0, selection.size(), child);
    return;
  }
  for (size_t i = 0; i < 2; ++i) {
    const data::ColumnPtr values = data::Gather(column.children()[i], selection);
    FillVector(*values, 0, selection.size(), duckdb_struct_vector_get_child(child, i));
  }
}

template <typename T, typename F>
void ReadAs(duckdb_vector vector, size_t rows, Column* column, F&& convert) {
  const auto* from = static_cast<const T*>(duckdb_vector_get_data(vector));
  uint64_t* validity = duckdb_vector_get_validity(vector);
  for (size_t i = 0; i < rows; ++i) {
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, i)) {
      column->AppendNull();
    } else {
      column->Append(convert(from[i]));
    }
  }
}

std::string UuidText(duckdb_hugeint value) {
  const uint64_t upper = static_cast<uint64_t>(value.upper) ^ (uint64_t{1} << 63);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", upper >> 32, (upper >> 16) & 0xFFFF,
                     upper & 0xFFFF, value.lower >> 48, value.lower & 0xFFFFFFFFFFFFull);
}

void ReadStrings(duckdb_vector vector, size_t rows, Column* column) {
  auto* from = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  uint64_t* validity = duckdb_vector_get_validity(vector);
  for (size_t i = 0; i < rows; ++i) {
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, i)) {
      column->AppendNull();
    } else {
      column->AppendString({duckdb_string_t_data(&from[i]), duckdb_string_t_length(from[i])});
    }
  }
}

void ReadList(duckdb_vector vector, size_t rows, const DataType& type, bool is_map, Column* column) {
  const auto* entries = static_cast<const ListEntry*>(duckdb_vector_get_data(vector));
  uint64_t* validity = duckdb_vector_get_validity(vector);
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  const size_t elements = duckdb_list_vector_get_size(vector);
  for (size_t i = 0; i < rows; ++i) {
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, i)) {
      column->AppendNull();
    } else {
      column->Append(entries[i]);
    }
  }
  for (size_t i = 0; i < type.fields().size(); ++i) {
    duckdb_vector part = is_map ? duckdb_struct_vector_get_child(child, i) : child;
    column->ReplaceChild(i,
                         std::const_pointer_cast<Column>(ReadVector(part, elements, type.fields()[i].type)));
  }
}

}  // namespace

void LogicalTypeDeleter::operator()(void* type) const {
  auto handle = static_cast<duckdb_logical_type>(type);
  duckdb_destroy_logical_type(&handle);
}

std::string DuckTypeName(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kNull:
      return "";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kTinyInt:
      return "TINYINT";
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInt:
      return "INTEGER";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kDecimal:
      if (type.IsAnyDecimal()) return "";
      return fmt::format("DECIMAL({}, {})", type.precision(), type.scale());
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return "VARCHAR";
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return "BLOB";
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return "TIME";
    case TypeKind::kTimestamp:
      return "TIMESTAMP";
    case TypeKind::kTimestampLtz:
      return "TIMESTAMP WITH TIME ZONE";
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval:
      return "INTERVAL";
    case TypeKind::kArray: {
      const std::string element = DuckTypeName(type.element());
      return element.empty() ? "" : element + "[]";
    }
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      return fmt::format("MAP({}, {})", DuckTypeName(type.fields()[0].type),
                         DuckTypeName(type.fields()[1].type));
    case TypeKind::kRow: {
      std::string fields;
      for (const data::RowField& field : type.fields()) {
        fields += fmt::format("{}{} {}", fields.empty() ? "" : ", ", QuoteIdentifier(field.name),
                              DuckTypeName(field.type));
      }
      return fmt::format("STRUCT({})", fields);
    }
  }
  MR_UNREACHABLE();
}

duckdb_interval ToDuckInterval(int64_t value, const DataType& type) {
  if (type.kind() == TypeKind::kIntervalYearMonth) return {static_cast<int32_t>(value), 0, 0};
  return {0, static_cast<int32_t>(value / data::kMicrosPerDay), value % data::kMicrosPerDay};
}

LogicalType ToDuckType(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kNull:
    case TypeKind::kBoolean:
      return Simple(DUCKDB_TYPE_BOOLEAN);
    case TypeKind::kTinyInt:
      return Simple(DUCKDB_TYPE_TINYINT);
    case TypeKind::kSmallInt:
      return Simple(DUCKDB_TYPE_SMALLINT);
    case TypeKind::kInt:
      return Simple(DUCKDB_TYPE_INTEGER);
    case TypeKind::kBigInt:
      return Simple(DUCKDB_TYPE_BIGINT);
    case TypeKind::kDecimal:
      return LogicalType(duckdb_create_decimal_type(static_cast<uint8_t>(type.precision()),
                                                    static_cast<uint8_t>(type.scale())));
    case TypeKind::kFloat:
      return Simple(DUCKDB_TYPE_FLOAT);
    case TypeKind::kDouble:
      return Simple(DUCKDB_TYPE_DOUBLE);
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return Simple(DUCKDB_TYPE_VARCHAR);
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return Simple(DUCKDB_TYPE_BLOB);
    case TypeKind::kDate:
      return Simple(DUCKDB_TYPE_DATE);
    case TypeKind::kTime:
      return Simple(DUCKDB_TYPE_TIME);
    case TypeKind::kTimestamp:
      return Simple(DUCKDB_TYPE_TIMESTAMP);
    case TypeKind::kTimestampLtz:
      return Simple(DUCKDB_TYPE_TIMESTAMP_TZ);
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval:
      return Simple(DUCKDB_TYPE_INTERVAL);
    case TypeKind::kArray:
      return LogicalType(duckdb_create_list_type(ToDuckType(type.element()).get()));
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      return LogicalType(duckdb_create_map_type(ToDuckType(type.fields()[0].type).get(),
                                                ToDuckType(type.fields()[1].type).get()));
    case TypeKind::kRow: {
      std::vector<LogicalType> owned;
      std::vector<duckdb_logical_type> types;
      std::vector<const char*> names;
      for (const data::RowField& field : type.fields()) {
        owned.push_back(ToDuckType(field.type));
        types.push_back(owned.back().get());
        names.push_back(field.name.c_str());
      }
      return LogicalType(duckdb_create_struct_type(types.data(), names.data(), types.size()));
    }
  }
  MR_UNREACHABLE();
}

Result<DataType> FromDuckType(duckdb_logical_type type, const std::string& column) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_SQLNULL:
      return DataType::Null();
    case DUCKDB_TYPE_BOOLEAN:
      return DataType::Boolean();
    case DUCKDB_TYPE_TINYINT:
      return DataType::TinyInt();
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_UTINYINT:
      return DataType::SmallInt();
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_USMALLINT:
      return DataType::Int();
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UINTEGER:
      return DataType::BigInt();
    case DUCKDB_TYPE_UBIGINT:
      return DataType::Decimal(20, 0);
    case DUCKDB_TYPE_HUGEINT:
      return DataType::Decimal(38, 0);
    case DUCKDB_TYPE_FLOAT:
      return DataType::Float();
    case DUCKDB_TYPE_DOUBLE:
      return DataType::Double();
    case DUCKDB_TYPE_DECIMAL:
      return DataType::Decimal(duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_UUID:
      return DataType::String();
    case DUCKDB_TYPE_INTERVAL:
      return DataType::Interval();
    case DUCKDB_TYPE_BLOB:
      return DataType::Bytes();
    case DUCKDB_TYPE_DATE:
      return DataType::Date();
    case DUCKDB_TYPE_TIME:
      return DataType::Time(6);
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return DataType::Timestamp(6);
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return DataType::TimestampLtz(6);
    case DUCKDB_TYPE_LIST: {
      const LogicalType child(duckdb_list_type_child_type(type));
      MR_ASSIGN(DataType element, FromDuckType(child.get(), column));
      return DataType::Array(std::move(element));
    }
    case DUCKDB_TYPE_MAP: {
      const LogicalType key(duckdb_map_type_key_type(type));
      const LogicalType value(duckdb_map_type_value_type(type));
      MR_ASSIGN(DataType key_type, FromDuckType(key.get(), column));
      MR_ASSIGN(DataType value_type, FromDuckType(value.get(), column));
      return DataType::Map(std::move(key_type), std::move(value_type));
    }
    case DUCKDB_TYPE_STRUCT: {
      std::vector<data::RowField> fields;
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        const LogicalType child(duckdb_struct_type_child_type(type, i));
        char* name = duckdb_struct_type_child_name(type, i);
        fields.push_back({name, {}});
        duckdb_free(name);
        MR_ASSIGN(fields.back().type, FromDuckType(child.get(), column));
      }
      return DataType::Row(std::move(fields));
    }
    default:
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("the result column '{}' has a type that cannot be shown", column),
                  "CAST it to VARCHAR in the query");
  }
}

void FillVector(const Column& column, size_t offset, size_t rows, duckdb_vector vector) {
  FillValidity(column, offset, rows, vector);
  if (column.physical() == PhysicalType::kRow) {
    for (size_t i = 0; i < column.children().size(); ++i) {
      FillVector(column.child(i), offset, rows, duckdb_struct_vector_get_child(vector, i));
    }
    return;
  }
  if (column.physical() == PhysicalType::kList) {
    FillList(column, offset, rows, vector);
    return;
  }
  void* target = duckdb_vector_get_data(vector);
  if (column.type().IsInterval()) {
    FillIntervals(column, offset, rows, target);
    return;
  }
  if (column.type().kind() == TypeKind::kDecimal && DuckDecimalBytes(column.type().precision()) < 8) {
    if (DuckDecimalBytes(column.type().precision()) == 2) {
      NarrowDecimals<int16_t>(column, offset, rows, target);
    } else {
      NarrowDecimals<int32_t>(column, offset, rows, target);
    }
    return;
  }
  data::DispatchScalar(column.physical(), [&]<typename T>() { CopyValues<T>(column, offset, rows, target); });
}

data::ColumnPtr ReadVector(duckdb_vector vector, size_t rows, const DataType& type) {
  auto column = Column::Make(type, rows);
  const LogicalType duck_type(duckdb_vector_get_column_type(vector));
  const auto to_int64 = [](auto v) { return static_cast<int64_t>(v); };
  switch (duckdb_get_type_id(duck_type.get())) {
    case DUCKDB_TYPE_SQLNULL:
      for (size_t i = 0; i < rows; ++i) column->AppendNull();
      break;
    case DUCKDB_TYPE_BOOLEAN:
      ReadAs<uint8_t>(vector, rows, column.get(), [](uint8_t v) { return v; });
      break;
    case DUCKDB_TYPE_TINYINT:
      ReadAs<int8_t>(vector, rows, column.get(), [](int8_t v) { return v; });
      break;
    case DUCKDB_TYPE_SMALLINT:
      ReadAs<int16_t>(vector, rows, column.get(), [](int16_t v) { return v; });
      break;
    case DUCKDB_TYPE_UTINYINT:
      ReadAs<uint8_t>(vector, rows, column.get(), [](uint8_t v) { return static_cast<int16_t>(v); });
      break;
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_INTEGER:
      ReadAs<int32_t>(vector, rows, column.get(), [](int32_t v) { return v; });
      break;
    case DUCKDB_TYPE_USMALLINT:
      ReadAs<uint16_t>(vector, rows, column.get(), [](uint16_t v) { return static_cast<int32_t>(v); });
      break;
    case DUCKDB_TYPE_UINTEGER:
      ReadAs<uint32_t>(vector, rows, column.get(), to_int64);
      break;
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      ReadAs<int64_t>(vector, rows, column.get(), to_int64);
      break;
    case DUCKDB_TYPE_TIMESTAMP_S:
      ReadAs<int64_t>(vector, rows, column.get(), [](int64_t v) { return v * 1'000'000; });
      break;
    case DUCKDB_TYPE_TIMESTAMP_MS:
      ReadAs<int64_t>(vector, rows, column.get(), [](int64_t v) { return v * 1'000; });
      break;
    case DUCKDB_TYPE_TIMESTAMP_NS:
      ReadAs<int64_t>(vector, rows, column.get(), [](int64_t v) { return v / 1'000; });
      break;
    case DUCKDB_TYPE_UBIGINT:
      ReadAs<uint64_t>(vector, rows, column.get(), [](uint64_t v) { return static_cast<Int128>(v); });
      break;
    case DUCKDB_TYPE_HUGEINT:
      ReadAs<Int128>(vector, rows, column.get(), [](Int128 v) { return v; });
      break;
    case DUCKDB_TYPE_FLOAT:
      ReadAs<float>(vector, rows, column.get(), [](float v) { return v; });
      break;
    case DUCKDB_TYPE_DOUBLE:
      ReadAs<double>(vector, rows, column.get(), [](double v) { return v; });
      break;
    case DUCKDB_TYPE_DECIMAL:
      switch (DuckDecimalBytes(type.precision())) {
        case 2:
          ReadAs<int16_t>(vector, rows, column.get(), to_int64);
          break;
        case 4:
          ReadAs<int32_t>(vector, rows, column.get(), to_int64);
          break;
        case 8:
          ReadAs<int64_t>(vector, rows, column.get(), to_int64);
          break;
        default:
          ReadAs<Int128>(vector, rows, column.get(), [](Int128 v) { return v; });
      }
      break;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
      ReadStrings(vector, rows, column.get());
      break;
    case DUCKDB_TYPE_UUID:
      ReadAs<duckdb_hugeint>(vector, rows, column.get(),
                             [&](duckdb_hugeint v) { return column->heap().Add(UuidText(v)); });
      break;
    case DUCKDB_TYPE_INTERVAL:
      ReadAs<duckdb_interval>(vector, rows, column.get(), [](duckdb_interval v) {
        return data::PackInterval({v.months, v.days, v.micros});
      });
      break;
    case DUCKDB_TYPE_LIST:
      ReadList(vector, rows, type, false, column.get());
      break;
    case DUCKDB_TYPE_MAP:
      ReadList(vector, rows, type, true, column.get());
      break;
    case DUCKDB_TYPE_STRUCT: {
      for (size_t i = 0; i < type.fields().size(); ++i) {
        column->ReplaceChild(i, std::const_pointer_cast<Column>(ReadVector(
                                    duckdb_struct_vector_get_child(vector, i), rows, type.fields()[i].type)));
      }
      column->SetRowSize(rows);
      uint64_t* validity = duckdb_vector_get_validity(vector);
      for (size_t i = 0; validity != nullptr && i < rows; ++i) {
        if (!duckdb_validity_row_is_valid(validity, i)) column->SetNull(i);
      }
      break;
    }
    default:
      MR_UNREACHABLE();
  }
  return column;
}

}  // namespace millrace::query
