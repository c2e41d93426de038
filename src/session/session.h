// Session: executes statements over one warehouse. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/settings.h"
#include "connectors/feed/feed_hub.h"
#include "connectors/print/print_output.h"
#include "data/batch.h"
#include "dataflow/warehouse.h"
#include "env/env.h"
#include "plan/planner.h"
#include "query/parquet_files.h"
#include "query/snapshot_engine.h"
#include "session/script.h"
#include "sql/ast.h"

namespace millrace::session {

struct StatementResult {
  std::string tag;  // "CREATE TABLE", "SELECT 3", ...
  bool has_rows = false;
  data::Schema schema = {};
  std::vector<data::Batch> batches = {};
  std::string text = {};  // of EXPLAIN
  std::vector<std::string> warnings = {};
};

struct SessionOptions {
  env::Env* env = nullptr;
  int threads = 2;
  bool test_feeds = false;   // allow 'connector' = 'feed'
  bool host_access = false;  // snapshot queries may read files of this machine
  connectors::PrintOutput* standard_output = nullptr;
  connectors::PrintOutput* standard_error = nullptr;
  // Called about every 100 ms while a statement waits.
  std::function<void(const dataflow::Progress&)> on_progress;
  // Settings in force from the start (and again after RESET), e.g. {"parallelism.default", "2"}.
  std::vector<std::pair<std::string, std::string>> settings;
};

class Session {
 public:
  explicit Session(SessionOptions options);

  // Checks SessionOptions::settings; before the first statement.
  Status Start();

  // One statement, without its semicolon.
  Result<StatementResult> Execute(std::string_view text);

  // Starts what has been collected, and waits until bounded sources have ended and everything is published.
  Status Settle();
  // Starts what has been collected, ends the input of tables, and waits until nothing runs any more: for
  // ever, with unbounded sources. The last call.
  Status RunToEnd();

  // As Warehouse::Stop; from SessionOptions::on_progress.
  void Stop() { warehouse_->Stop(); }

  const data::TimeZone& zone() const { return *zone_; }
  connectors::FeedHub& feeds() { return feeds_; }
  dataflow::Warehouse& warehouse() { return *warehouse_; }
  const catalog::Catalog& catalog() const { return catalog_; }

 private:
  Result<StatementResult> ExecuteParsed(const sql::Statement& statement, std::string_view text);
  Result<StatementResult> CreateTable(const sql::CreateTableStatement& statement, std::string_view text);
  Result<StatementResult> CreateView(const sql::CreateViewStatement& statement, std::string_view text);
  Result<StatementResult> CreateMaterializedView(const sql::CreateMaterializedViewStatement& statement,
                                                 std::string_view text);
  Result<StatementResult> Insert(const sql::InsertStatement& statement, std::string_view text);
  Result<StatementResult> StatementSet(const sql::StatementSetStatement& statement, std::string_view text);
  Result<StatementResult> Explain(const sql::ExplainStatement& statement, std::string_view text);
  Result<StatementResult> Set(const sql::SetStatement& statement);
  Result<StatementResult> Reset(const sql::ResetStatement& statement);
  Result<StatementResult> Drop(const sql::DropStatement& statement);

  // session_query.cc
  Result<StatementResult> Select(const sql::Query& query, std::string_view text);
  Result<StatementResult> SelectStreaming(plan::PlannedQuery planned);
  Result<StatementResult> SelectSnapshot(std::string_view text);
  // Of the refusals of the streaming engine and of DuckDB, which tells more.
  const Error& MoreTelling(const Error& streaming, const Error& snapshot) const;
  Result<StatementResult> PrintChanges(plan::PlannedQuery planned);

  // session_show.cc
  Result<StatementResult> Show(const sql::ShowStatement& statement);
  Result<StatementResult> Describe(const sql::DescribeStatement& statement);

  plan::PlanContext PlanContextFor(std::string_view text) const;
  void DropObjects(const std::vector<catalog::EntryPtr>& dropped);
  Status ApplySettings();
  dataflow::Warehouse::Request RequestFor(plan::PlannedQuery planned) const;
  Status AwaitIfSynchronous();
  Status StartPending();
  std::function<void()> Reporter();

  SessionOptions options_;
  connectors::FeedHub feeds_;
  catalog::Catalog catalog_;
  catalog::Settings settings_;
  const data::TimeZone* zone_ = &data::TimeZone::Utc();
  query::ParquetFiles parquet_;
  std::unique_ptr<dataflow::Warehouse> warehouse_;
  query::SnapshotEngine engine_;
  std::vector<dataflow::Warehouse::Request> pending_;
};

// Whether a text begins as a query does, and whether it may name a table (has the word FROM).
bool IsQueryText(std::string_view text);
bool NamesATable(std::string_view text);

// One row a string, for SHOW and the like.
StatementResult TextRows(const std::vector<std::string>& names,
                         const std::vector<std::vector<std::string>>& rows);

}  // namespace millrace::session
