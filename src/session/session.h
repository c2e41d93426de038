// Session: executes the statements of one client over an Instance.
//
// One thread at a time, which may change between calls; Cancel from any. There are two ways of life. Serving
// (pgwire, HTTP): a statement takes effect at once and a SELECT reads what is published. Script (`millrace
// run`, `millrace test`): queries to be maintained are collected, so that they share the reading of their
// sources, and the first statement that needs their rows starts them and waits until bounded sources have
// ended.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "catalog/settings.h"
#include "plan/planner.h"
#include "query/snapshot_query.h"
#include "session/instance.h"
#include "session/prepared.h"
#include "session/result_stream.h"
#include "session/snapshot_stream.h"
#include "sql/statement.h"

namespace millrace::session {

// A statement's outcome with all its rows.
struct StatementResult {
  std::string tag;  // "CREATE TABLE", "SELECT 3", ...
  bool has_rows = false;
  data::Schema schema = {};
  std::vector<data::Batch> batches = {};
  std::string text = {};  // of EXPLAIN
  std::vector<std::string> warnings = {};
};

struct SessionOptions {
  bool script = false;
  // Called about every 100 ms while a statement waits.
  std::function<void(const dataflow::Progress&)> on_progress = {};
};

class Session {
 public:
  // The instance must outlive it.
  Session(Instance* instance, SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Puts the instance's settings in force; before the first statement.
  Status Start();

  // One statement, without its semicolon: parsed and described, not run. Parameters are $1, $2 ...; `types`
  // are those that the client fixes, the others are inferred.
  Result<PreparedPtr> Prepare(std::string_view text, std::vector<std::optional<data::DataType>> types = {});
  // Runs it, with a value for each parameter.
  Result<Outcome> Open(const PreparedPtr& statement, const std::vector<data::Value>& parameters = {});
  // Prepare, Open, and all rows.
  Result<StatementResult> Execute(std::string_view text);
  // The statement that runs now, or whose rows are being pulled, ends with kCancelled.
  void Cancel() { active_.Cancel(); }

  // --- Scripts. ---
  // Starts what has been collected, and waits until bounded sources have ended and everything is published.
  Status Settle();
  // Starts what has been collected, ends the input of tables, and waits until nothing runs any more: for
  // ever, with unbounded sources. The last call.
  Status RunToEnd();
  // As Warehouse::Stop; from SessionOptions::on_progress.
  void Stop() { instance_.warehouse().Stop(); }

  const data::TimeZone& zone() const { return *zone_; }
  Instance& instance() { return instance_; }
  // As of now, with this session's current schema.
  const catalog::Catalog& catalog();

 private:
  Result<Outcome> RunStatement(const sql::Statement& statement, std::string_view text);
  Result<Outcome> Explain(const sql::ExplainStatement& statement, std::string_view text);
  // How a stored table lies over its parts, or will once it is started.
  plan::Spread SpreadOf(const catalog::ObjectName& name) const;
  Result<Outcome> Set(const sql::SetStatement& statement);
  Result<Outcome> Reset(const sql::ResetStatement& statement);
  Status ApplySettings();

  // session_ddl.cc
  Result<Outcome> CreateTable(const sql::CreateTableStatement& statement, std::string_view text);
  Result<Outcome> CreateView(const sql::CreateViewStatement& statement, std::string_view text);
  Result<Outcome> CreateMaterializedView(const sql::CreateMaterializedViewStatement& statement,
                                         std::string_view text);
  Result<Outcome> CreateSchema(const sql::CreateSchemaStatement& statement);
  Result<Outcome> Drop(const sql::DropStatement& statement);
  void DropObjects(const std::vector<catalog::EntryPtr>& dropped);
  plan::PlanContext PlanContextFor(std::string_view text) const;

  // session_insert.cc
  Result<Outcome> Insert(const sql::InsertStatement& statement, std::string_view text);
  Result<Outcome> StatementSet(const sql::StatementSetStatement& statement, std::string_view text);
  dataflow::Warehouse::Request RequestFor(plan::PlannedQuery planned) const;
  // Script: keeps the requests for StartPending. Serving: starts them and, when they end, waits for that.
  Status Begin(std::vector<dataflow::Warehouse::Request> requests, bool ends);
  Status StartPending();

  // session_query.cc
  Status DescribeQuery(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types);
  Status DescribeSnapshot(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types);
  Result<Outcome> Select(const Prepared& prepared, const std::vector<data::Value>& parameters);
  Result<Outcome> SelectScript(const Prepared& prepared);
  Result<Outcome> SelectStreaming(plan::PlannedQuery planned);
  Result<Outcome> SelectSnapshot(const Prepared& prepared, const std::vector<data::Value>& parameters);
  Result<Outcome> PrintChanges(plan::PlannedQuery planned);
  Result<std::unique_ptr<query::SnapshotQuery>> PlanSnapshot(
      std::string_view text, const std::vector<std::optional<data::DataType>>& types);
  // Of the refusals of the streaming engine and of DuckDB, which tells more.
  const Error& MoreTelling(const Error& streaming, const Error& snapshot);
  bool Streams(const plan::PlannedQuery& planned);
  tables::SnapshotSetPtr Snapshots();

  // session_show.cc
  Result<Outcome> Show(const sql::ShowStatement& statement);
  Result<Outcome> Describe(const sql::DescribeStatement& statement);

  std::function<void()> Reporter();

  Instance& instance_;
  const SessionOptions options_;
  catalog::Settings settings_;
  const data::TimeZone* zone_ = &data::TimeZone::Utc();
  std::string current_schema_{catalog::kDefaultSchema};
  CatalogVersionPtr version_;  // that `catalog_` was copied from
  catalog::Catalog catalog_;
  std::vector<dataflow::Warehouse::Request> pending_;  // script: collected, not started

  ActiveQueries active_;
};

// Whether a text begins as a query does, and whether it may name a table (has the word FROM).
bool IsQueryText(std::string_view text);
bool NamesATable(std::string_view text);

// One row a string, for SHOW and the like.
Outcome TextRows(const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& rows);

}  // namespace millrace::session
