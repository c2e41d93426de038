// SnapshotQuery: one SELECT over a SnapshotSet, run by embedded DuckDB; its rows are pulled batch by batch.
//
// One thread at a time, which may change between calls; Cancel from any. It holds its snapshot (and so the
// memory of chunks that have been replaced since) until it is destroyed.
#pragma once

#include <duckdb.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "data/batch.h"
#include "data/schema.h"
#include "data/value.h"
#include "query/pgcatalog/install.h"
#include "query/snapshot_database.h"
#include "query/snapshot_scan.h"

namespace millrace::query {

// What a statement sees.
struct QueryScope {
  tables::SnapshotSetPtr snapshots;
  ViewSetPtr views;
  std::string current_schema;  // where bare names are looked up
  std::string zone;            // the name of the session's time zone
  CheckRead check_read{};
  // The statement as it was sent: its columns have the names that PostgreSQL gives them.
  std::string named_by{};
  pgcatalog::CatalogPtr catalog{};  // of a statement that reads PostgreSQL's catalogs; null for others
};

class SnapshotQuery {
 public:
  // Plans the statement, which must be a single SELECT; errors of DuckDB keep its message. Parameters are $1,
  // $2 ...: `parameter_types` fixes the types of the first of them where they are given; the others are
  // inferred, and STRING where nothing tells. A parameter that is a DECIMAL is one of any precision, and so
  // is a column of the result that hangs on one: such a query is described only, and is prepared again, with
  // the types of the values, to be started.
  static Result<std::unique_ptr<SnapshotQuery>> Prepare(
      SnapshotDatabase* database, QueryScope scope, std::string sql,
      const std::vector<std::optional<data::DataType>>& parameter_types = {});
  ~SnapshotQuery();

  // Of the snapshot.
  int64_t epoch() const { return scope_.snapshots->epoch; }
  // Names and types of the result's columns.
  const data::Schema& schema() const { return schema_; }
  const std::vector<data::DataType>& parameters() const { return parameters_; }

  // Begins to run, with a value for each parameter; once. Rows are computed as they are pulled.
  Status Start(const std::vector<data::Value>& parameters);
  // The next rows; nullopt at the end.
  Result<std::optional<data::Batch>> Next();
  // Start or Next, now or later, fails with `reason`; any thread.
  void Cancel(Error reason) MR_EXCLUDES(cancel_mutex_);

 private:
  SnapshotQuery(SnapshotDatabase* database, QueryScope scope)
      : database_(*database), scope_(std::move(scope)) {}
  Status Plan(const std::string& sql);
  Status PlanFirst(const std::string& sql, std::vector<std::optional<data::DataType>>* types);
  // Gives the parameters of x = ANY($n) and its like their types.
  void InferQuantified(const std::string& sql, std::vector<std::optional<data::DataType>>* types);
  // Of what the parameters are to be, where that is open; whether the statement must be planned again.
  Result<bool> InferParameters(std::vector<std::optional<data::DataType>>* types);
  Result<data::Schema> Describe() const;
  // Whether DuckDB knows the columns of what has been planned.
  bool IsResolved() const;
  Result<data::Schema> DescribeAs(const std::string& sql,
                                  const std::vector<std::optional<data::DataType>>& types);
  Status DescribeAnyDecimals(const std::string& sql);
  Status Refused(Status otherwise, const std::optional<Error>& refusal) const MR_EXCLUDES(cancel_mutex_);

  SnapshotDatabase& database_;
  QueryScope scope_;
  std::unique_ptr<Connection> connection_;
  duckdb_prepared_statement prepared_ = nullptr;
  duckdb_result result_{};
  bool has_result_ = false;
  mutable Mutex cancel_mutex_;
  std::optional<Error> cancelled_ MR_GUARDED_BY(cancel_mutex_);
  data::Schema schema_;
  std::vector<data::DataType> parameters_;
};

}  // namespace millrace::query
