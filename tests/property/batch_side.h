// BatchSide: the oracle. It holds the whole input in DuckDB and answers what a view must be once the first
// n events of each table have been fed.
#pragma once

#include <duckdb.h>

#include <string>
#include <vector>

#include "property/relation.h"
#include "property/rows.h"

namespace millrace::property {

class BatchSide {
 public:
  BatchSide();
  ~BatchSide();
  BatchSide(const BatchSide&) = delete;
  BatchSide& operator=(const BatchSide&) = delete;

  // An error is DuckDB's message, with the statement.
  Status Define(const Case& definition);
  // What has been fed of each table; `ended`: its watermark has reached the end of time.
  Status MoveTo(const Case& definition, const std::vector<size_t>& fed, bool ended);
  Result<std::vector<Row>> Read(const View& view);
  // What sys.late_rows must hold of a view that says so.
  Result<std::vector<Row>> ReadLateRows(const View& view);

 private:
  Status Run(const std::string& sql);
  Result<std::vector<Row>> Query(const std::string& sql);
  Status FindSessions(const SessionStep& step);

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace millrace::property
