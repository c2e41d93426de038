#include "query/pgcatalog/vectors.h"

#include "base/check.h"

namespace millrace::query::pgcatalog {
namespace {

LogicalType Simple(duckdb_type type) {
  return LogicalType(duckdb_create_logical_type(type));
}

LogicalType ListOf(duckdb_type type) {
  return LogicalType(duckdb_create_list_type(Simple(type).get()));
}

template <typename T, typename V>
void Put(duckdb_vector vector, idx_t row, V value) {
  static_cast<T*>(duckdb_vector_get_data(vector))[row] = static_cast<T>(value);
}

// Room for `count` more entries of a list vector, as the list of `row`; where they begin.
idx_t OpenList(duckdb_vector vector, idx_t row, size_t count) {
  const idx_t begin = duckdb_list_vector_get_size(vector);
  duckdb_list_vector_reserve(vector, begin + count);
  duckdb_list_vector_set_size(vector, begin + count);
  static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector))[row] = {begin, count};
  return begin;
}

template <typename T>
void PutNumbers(const Cell::Numbers& numbers, idx_t row, duckdb_vector vector) {
  idx_t at = OpenList(vector, row, numbers.size());
  auto* values = static_cast<T*>(duckdb_vector_get_data(duckdb_list_vector_get_child(vector)));
  for (const int64_t number : numbers) values[at++] = static_cast<T>(number);
}

double NumberIn(const Cell& cell) {
  return cell.Holds<double>() ? cell.As<double>() : static_cast<double>(cell.number());
}

}  // namespace

LogicalType TypeOfStorage(Storage storage) {
  switch (storage) {
    case Storage::kBool:
      return Simple(DUCKDB_TYPE_BOOLEAN);
    case Storage::kInt16:
      return Simple(DUCKDB_TYPE_SMALLINT);
    case Storage::kInt32:
      return Simple(DUCKDB_TYPE_INTEGER);
    case Storage::kInt64:
      return Simple(DUCKDB_TYPE_BIGINT);
    case Storage::kFloat:
      return Simple(DUCKDB_TYPE_FLOAT);
    case Storage::kDouble:
      return Simple(DUCKDB_TYPE_DOUBLE);
    case Storage::kText:
      return Simple(DUCKDB_TYPE_VARCHAR);
    case Storage::kTimestamp:
      return Simple(DUCKDB_TYPE_TIMESTAMP_TZ);
    case Storage::kInt16List:
      return ListOf(DUCKDB_TYPE_SMALLINT);
    case Storage::kInt32List:
      return ListOf(DUCKDB_TYPE_INTEGER);
    case Storage::kTextList:
      return ListOf(DUCKDB_TYPE_VARCHAR);
  }
  MR_UNREACHABLE();
}

void WriteCell(const Cell& cell, Storage storage, idx_t row, duckdb_vector vector) {
  if (cell.is_null()) {
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
    return;
  }
  switch (storage) {
    case Storage::kBool:
      return Put<bool>(vector, row, cell.As<bool>());
    case Storage::kInt16:
      return Put<int16_t>(vector, row, cell.number());
    case Storage::kInt32:
      return Put<int32_t>(vector, row, cell.number());
    case Storage::kInt64:
    case Storage::kTimestamp:
      return Put<int64_t>(vector, row, cell.number());
    case Storage::kFloat:
      return Put<float>(vector, row, NumberIn(cell));
    case Storage::kDouble:
      return Put<double>(vector, row, NumberIn(cell));
    case Storage::kText:
      return duckdb_vector_assign_string_element_len(vector, row, cell.text().data(), cell.text().size());
    case Storage::kInt16List:
      return PutNumbers<int16_t>(cell.As<Cell::Numbers>(), row, vector);
    case Storage::kInt32List:
      return PutNumbers<int32_t>(cell.As<Cell::Numbers>(), row, vector);
    case Storage::kTextList: {
      const auto& texts = cell.As<Cell::Texts>();
      idx_t at = OpenList(vector, row, texts.size());
      duckdb_vector child = duckdb_list_vector_get_child(vector);
      for (const std::string& text : texts) {
        duckdb_vector_assign_string_element_len(child, at++, text.data(), text.size());
      }
      return;
    }
  }
}

CellReader::CellReader(duckdb_vector vector)
    : vector_(vector), data_(duckdb_vector_get_data(vector)), validity_(duckdb_vector_get_validity(vector)) {
  const LogicalType type(duckdb_vector_get_column_type(vector));
  type_ = duckdb_get_type_id(type.get());
}

Cell CellReader::Read(idx_t row) const {
  if (validity_ != nullptr && !duckdb_validity_row_is_valid(validity_, row)) return {};
  switch (type_) {
    case DUCKDB_TYPE_BOOLEAN:
      return static_cast<const bool*>(data_)[row];
    case DUCKDB_TYPE_INTEGER:
      return static_cast<const int32_t*>(data_)[row];
    case DUCKDB_TYPE_BIGINT:
      return static_cast<const int64_t*>(data_)[row];
    case DUCKDB_TYPE_LIST: {
      const duckdb_list_entry entry = static_cast<const duckdb_list_entry*>(data_)[row];
      const CellReader elements(duckdb_list_vector_get_child(vector_));
      Cell::Texts texts;
      for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
        const Cell element = elements.Read(i);
        if (!element.is_null()) texts.push_back(element.text());
      }
      return texts;
    }
    default: {
      duckdb_string_t text = static_cast<const duckdb_string_t*>(data_)[row];
      return std::string(duckdb_string_t_data(&text), duckdb_string_t_length(text));
    }
  }
}

}  // namespace millrace::query::pgcatalog
