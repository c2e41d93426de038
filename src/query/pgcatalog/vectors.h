// Cells in DuckDB's vectors.
#pragma once

#include <duckdb.h>

#include "query/duck_types.h"
#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {

LogicalType TypeOfStorage(Storage storage);

// Writes the entry `row` of a vector of TypeOfStorage(storage). Entries are written in order.
void WriteCell(const Cell& cell, Storage storage, idx_t row, duckdb_vector vector);

// A vector of BOOLEAN, INTEGER, BIGINT, VARCHAR or VARCHAR[] (NULL elements are left out).
class CellReader {
 public:
  explicit CellReader(duckdb_vector vector);
  Cell Read(idx_t row) const;

 private:
  duckdb_vector vector_;
  const void* data_;
  uint64_t* validity_;
  duckdb_type type_;
};

}  // namespace millrace::query::pgcatalog
