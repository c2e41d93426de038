// Types and vectors between Millrace and DuckDB. Values have the same layout wherever DuckDB has the type, so
// most columns are copied as arrays; strings go as references into bytes that the caller keeps alive.
#pragma once

#include <duckdb.h>

#include <memory>
#include <string>

#include "base/error.h"
#include "data/column.h"
#include "data/type.h"

namespace millrace::query {

struct LogicalTypeDeleter {
  void operator()(void* type) const;
};
using LogicalType = std::unique_ptr<_duckdb_logical_type, LogicalTypeDeleter>;

// What DuckDB calls the type, for a CAST; "" for NULL and for DECIMAL of any precision.
std::string DuckTypeName(const data::DataType& type);

// MULTISET is a MAP to INTEGER, CHAR and VARCHAR are VARCHAR, both kinds of bytes BLOB. Every type has one.
LogicalType ToDuckType(const data::DataType& type);

// A value of one of Flink's two kinds of interval. What has more than a day is split, so that EXTRACT finds
// the days.
duckdb_interval ToDuckInterval(int64_t value, const data::DataType& type);

// The type that shows a DuckDB result column; unsigned and 128-bit integers become DECIMAL. A type that has
// no counterpart is an error that names the column and says to cast it.
Result<data::DataType> FromDuckType(duckdb_logical_type type, const std::string& column);

// Fills the first `rows` entries of a vector of ToDuckType(column.type()). The column (and what it keeps
// alive) must outlive the use of the vector.
void FillVector(const data::Column& column, size_t offset, size_t rows, duckdb_vector vector);

// A column of `rows` values of `type` (as FromDuckType gave it), copied.
data::ColumnPtr ReadVector(duckdb_vector vector, size_t rows, const data::DataType& type);

}  // namespace millrace::query
