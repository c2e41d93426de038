// The DuckDB functions that views of tables are made of:
//   millrace_scan('schema.table')        hands out the chunks of a snapshot, if the statement may read the
//   table millrace_inner_scan('schema.table')  the same without asking, for the texts of views
//   millrace_may_read(view, name)        TRUE, or the statement fails: CheckRead
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

// May the table or view "schema.name" be read: by the statement, or, unless `view` is empty, by the text of
// that view, for which its owner must be allowed. Empty: everything may.
using CheckRead = std::function<Status(const std::string& view, const std::string& name)>;

// What the statements planned on this thread read, while the object lives. They do not nest.
class ScanScope {
 public:
  ScanScope(const tables::SnapshotSet* snapshots, const CheckRead* check_read);
  ~ScanScope();
  ScanScope(const ScanScope&) = delete;
  ScanScope& operator=(const ScanScope&) = delete;

  // The refusal of check_read, if there was one; DuckDB keeps its text only.
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  friend struct ScanFunction;
  friend struct MayReadFunction;
  // Whether it may be read; keeps the refusal.
  bool MayRead(const std::string& view, const std::string& name);
  const tables::SnapshotSet* snapshots_;
  const CheckRead* check_read_;
  std::optional<Error> refusal_;
};

Status RegisterScan(duckdb_connection connection);

}  // namespace millrace::query
