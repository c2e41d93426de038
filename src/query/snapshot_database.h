// SnapshotDatabase: the embedded DuckDB of an instance, which runs SELECTs over snapshots of its tables.
//
// Opened at its first use (some 10 ms); thread-safe. Every table of a SnapshotSet is a DuckDB view over
// millrace_scan under its schema and name, every view of the catalog a DuckDB view. They ask whether the
// statement may read them. The texts of views name their twins in the database millrace_inner instead, which
// no statement may name: that of a table asks nothing, that of a view whether the view's owner may read what
// its text names; so what is asked for is what is read, whatever the catalog says meanwhile. A statement runs
// on a connection of its own (snapshot_query.h), taken from a small pool. Unless that was allowed, nothing of
// the host can be reached: no files, no extensions, no settings, nothing but SELECT. Threads and memory are
// those of EngineLimits for all statements together.
#pragma once

#include <duckdb.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "tables/snapshot.h"

namespace millrace::query {

// A view that is not materialized, expanded by DuckDB.
struct ViewText {
  std::string name;            // "schema.name"
  std::string current_schema;  // where its bare names are looked up
  std::string sql;             // it names tables and views by InnerName
  std::vector<std::string> columns;
  std::vector<std::string> reads;  // "schema.name" of what it names
};

// All views of the catalog at a version of it; each follows those it reads.
struct ViewSet {
  int64_t version = 0;
  std::vector<ViewText> views;
};
using ViewSetPtr = std::shared_ptr<const ViewSet>;

struct EngineLimits {
  int threads = 2;
  std::string memory = "4GB";
  // read_parquet('...') and the like: for a user of this machine, never for a remote one.
  bool host_access = false;
};

// One DuckDB connection and what is set on it. One thread at a time; Interrupt from any.
class Connection {
 public:
  explicit Connection(duckdb_database database) { duckdb_connect(database, &connection_); }
  ~Connection() { duckdb_disconnect(&connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  duckdb_connection get() { return connection_; }
  Status Execute(const std::string& sql);
  // Where bare names are looked up: a schema that exists in DuckDB.
  Status SetSearchPath(const std::string& schema);
  Status SetZone(const std::string& zone);
  void Interrupt() { duckdb_interrupt(connection_); }

 private:
  duckdb_connection connection_ = nullptr;
  std::string search_path_;
  std::string zone_;
};

class SnapshotDatabase {
 public:
  explicit SnapshotDatabase(EngineLimits limits) : limits_(std::move(limits)) {}
  ~SnapshotDatabase();
  SnapshotDatabase(const SnapshotDatabase&) = delete;
  SnapshotDatabase& operator=(const SnapshotDatabase&) = delete;

  // A connection that sees the tables of the set and the views, or those of the newest set and views that
  // were asked for. Give it back with Release.
  Result<std::unique_ptr<Connection>> Acquire(const tables::SnapshotSet& snapshots, const ViewSet& views,
                                              const std::string& current_schema, const std::string& zone)
      MR_EXCLUDES(mutex_);
  // Makes PostgreSQL's catalogs known, once; before a statement that reads them is planned.
  Status InstallCatalogs() MR_EXCLUDES(mutex_);
  void Release(std::unique_ptr<Connection> connection) MR_EXCLUDES(mutex_);

  // Writes all rows of one table of the set to a new Parquet file. Needs host access.
  Status WriteParquet(const tables::SnapshotSet& snapshots, const std::string& table,
                      const std::string& path);

 private:
  Status Open() MR_REQUIRES(mutex_);
  // A view of both databases.
  Status MakeView(const std::string& name, const std::string& columns, const std::string& body,
                  const std::string& inner_body) MR_REQUIRES(mutex_);
  Status AddSchema(const std::string& schema) MR_REQUIRES(mutex_);
  Status SyncTables(const tables::SnapshotSet& snapshots) MR_REQUIRES(mutex_);
  void SyncViews(const std::vector<ViewText>& views) MR_REQUIRES(mutex_);
  void DropView(const std::string& name) MR_REQUIRES(mutex_);

  const EngineLimits limits_;
  Mutex mutex_;
  duckdb_database database_ MR_GUARDED_BY(mutex_) = nullptr;
  std::unique_ptr<Connection> owner_ MR_GUARDED_BY(mutex_);  // makes schemas and views
  std::vector<std::unique_ptr<Connection>> idle_ MR_GUARDED_BY(mutex_);
  bool has_catalogs_ MR_GUARDED_BY(mutex_) = false;
  int64_t tables_version_ MR_GUARDED_BY(mutex_) = -1;
  int64_t views_version_ MR_GUARDED_BY(mutex_) = -1;
  std::set<std::string> schemas_ MR_GUARDED_BY(mutex_);
  std::map<std::string, data::SchemaPtr> tables_ MR_GUARDED_BY(mutex_);
  std::map<std::string, std::string> view_texts_ MR_GUARDED_BY(mutex_);
};

// How the text of a view names the table or view "schema.name".
std::string InnerName(const std::string& full_name);

// "name" in double quotes, for DuckDB.
std::string QuoteIdentifier(std::string_view name);
// 'text' in single quotes.
std::string QuoteLiteral(std::string_view text);

}  // namespace millrace::query
