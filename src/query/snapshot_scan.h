// millrace_scan('schema.table'): the DuckDB table function that hands out the chunks of a snapshot.
//
// Which snapshot, and who may read it, is said for the thread that asks DuckDB for a plan by a ScanScope;
// DuckDB binds table functions on that thread. Projection is pushed down; any number of threads scan.
#pragma once

#include <duckdb.h>

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "tables/snapshot.h"

namespace millrace::query {

// What the statements planned on this thread read, while the object lives. They do not nest.
class ScanScope {
 public:
  // `check_read` says whether the table ("schema.name") may be read; empty: everything may.
  ScanScope(const tables::SnapshotSet* snapshots,
            const std::function<Status(const std::string&)>* check_read);
  ~ScanScope();
  ScanScope(const ScanScope&) = delete;
  ScanScope& operator=(const ScanScope&) = delete;

  // The refusal of check_read, if there was one; DuckDB keeps its text only.
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  friend struct ScanFunction;
  const tables::SnapshotSet* snapshots_;
  const std::function<Status(const std::string&)>* check_read_;
  std::optional<Error> refusal_;
};

Status RegisterScan(duckdb_connection connection);

}  // namespace millrace::query
