// SnapshotEngine: one SELECT over a SnapshotSet, run by embedded DuckDB.
//
// Opened at its first use (some 10 ms). Not thread-safe: one for each session. The statement must be a single
// SELECT; it sees every table of the set as a view under its schema and name, all as of one epoch, and
// nothing of the host unless that was allowed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/schema.h"
#include "tables/snapshot.h"

namespace millrace::query {

struct QueryResult {
  data::Schema schema;
  std::vector<data::Batch> batches;
};

// A view that is not materialized, expanded by DuckDB; each follows those it reads.
struct ViewText {
  std::string name;            // "schema.name"
  std::string current_schema;  // where its bare names are looked up
  std::string sql;
  std::vector<std::string> columns;
};

struct EngineLimits {
  int threads = 2;
  std::string memory = "4GB";
  bool host_access =
      false;  // read_parquet('...') and the like: for a user of this machine, never for a remote one
};

class SnapshotEngine {
 public:
  explicit SnapshotEngine(EngineLimits limits);
  ~SnapshotEngine();

  // `current_schema` is where bare names are looked up, `zone` the name of the session's time zone.
  // Errors of DuckDB keep its message.
  Result<QueryResult> Run(const std::string& sql, const tables::SnapshotSetPtr& snapshots,
                          const std::vector<ViewText>& views, const std::string& current_schema,
                          const std::string& zone);

  // Writes all rows of one table of the set to a new Parquet file. Needs host access.
  Status WriteParquet(const tables::SnapshotSetPtr& snapshots, const std::string& table,
                      const std::string& path);

 private:
  struct State;
  Status Open();
  Status Execute(const std::string& sql);
  Status SyncTables(const tables::SnapshotSet& snapshots);
  void SyncViews(const std::vector<ViewText>& views);
  Status SetSearchPath(const std::string& schema);

  EngineLimits limits_;
  std::unique_ptr<State> state_;
};

// "name" in double quotes, for DuckDB.
std::string QuoteIdentifier(std::string_view name);

}  // namespace millrace::query
