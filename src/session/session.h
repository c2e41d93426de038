// Session: executes the statements of one client over an Instance.
//
// One thread at a time, which may change between calls; Cancel from any. There are two ways of life. Serving
// (pgwire, HTTP): a statement takes effect at once and a SELECT reads what is published. Script (`millrace
// run`, `millrace test`): queries to be maintained are collected, so that they share the reading of their
// sources, and the first statement that needs their rows starts them and waits until bounded sources have
// ended.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "catalog/parameters.h"
#include "catalog/roles.h"
#include "catalog/settings.h"
#include "plan/planner.h"
#include "query/snapshot_query.h"
#include "session/cursor.h"
#include "session/instance.h"
#include "session/interruptible.h"
#include "session/pending_writes.h"
#include "session/pinned_snapshot.h"
#include "session/prepared.h"
#include "session/result_stream.h"
#include "session/snapshot_stream.h"
#include "session/statement_parameters.h"
#include "session/statement_timer.h"
#include "session/transaction_state.h"
#include "sql/server_statement.h"
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
  // Script: what it makes is kept in the data folder, as in a server. Each query starts by itself, then.
  bool keeps = false;
  // Serving: who it is for, already authenticated, and what it said of itself.
  std::string role = {};
  std::string database = {};
  // PostgreSQL's parameters that the client sent with its connection, as SET takes them.
  std::vector<std::pair<std::string, std::string>> parameters = {};
  std::string client_address = {};  // "": unknown
  int client_port = -1;
  int32_t process_id = 0;  // by which clients know the connection, e.g. to cancel; 0: none
  // Called about every 100 ms while a statement waits.
  std::function<void(const dataflow::Progress&)> on_progress = {};
  // Serving: it runs the files of the start, whose INSERTs are remembered when they have ended.
  bool of_start = false;
};

class Session {
 public:
  // The instance must outlive it.
  Session(Instance* instance, SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Puts the instance's settings and the client's parameters in force; before the first statement. Serving,
  // it counts as a connection of its role: kTooManyConnections past its limit.
  Status Start();

  // Script: what SET and USE have made of it, and a session that goes on with that, after its Start.
  struct State {
    catalog::Settings settings;
    std::string current_schema;
  };
  State state() const { return {settings_, current_schema_}; }
  Status Continue(State state);

  // One statement, without its semicolon: parsed and described, not run. Parameters are $1, $2 ...; `types`
  // are those that the client fixes, the others are inferred.
  Result<PreparedPtr> Prepare(std::string_view text, std::vector<std::optional<data::DataType>> types = {});
  // Runs it, with a value for each parameter.
  Result<Outcome> Open(const PreparedPtr& statement, const std::vector<data::Value>& parameters = {});
  // Prepare, Open, and all rows.
  Result<StatementResult> Execute(std::string_view text);
  // The statement that runs now, or whose rows are being pulled, ends with kCancelled; any thread.
  void Cancel();
  void Cancel(Error reason);

  // PostgreSQL's parameters that a client is told of and that changed since the last call; all at first.
  std::vector<std::pair<std::string, std::string>> TakeParameterChanges();
  // The client is told that it may send the next statement: what it sent has been answered.
  void Rest();
  // How long a statement may take, by its parameters and its role, until its last row has been pulled; 0: for
  // ever. The session itself ends it. A subscription may go on.
  int64_t statement_timeout_micros() const;
  const std::string& role() const { return role_; }

  // The columns of a cursor; null: there is none of the name.
  const data::Schema* CursorSchema(std::string_view name) const;
  // As CLOSE; nothing where there is none.
  void CloseCursor(std::string_view name);

  TransactionState transaction() const { return transaction_; }
  // Something went wrong outside of a statement, with a message of the protocol: it counts as one that
  // failed.
  void FailTransaction();

  // Runs a statement of the data folder again, as it was run then. Nothing is checked of who may, and nothing
  // is kept anew. For a session that was not started.
  Status Replay(const StatementRecord& record);

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
  // Runs it within the transaction there is. The stream that it gives ends past the role's limit of rows.
  Result<Outcome> Run(const Prepared& prepared, const std::vector<data::Value>& parameters);
  Result<Outcome> RunWith(const Prepared& prepared, const Arguments& arguments);
  Result<Outcome> RunStatement(const sql::Statement& statement, std::string_view text);
  Result<Outcome> RunServerStatement(const sql::Statement& statement, std::string_view text);
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
  Result<Outcome> CreateSchema(const sql::CreateSchemaStatement& statement, std::string_view text);
  Result<Outcome> Drop(const sql::DropStatement& statement);
  void DropObjects(const std::vector<catalog::EntryPtr>& dropped);
  Status DropSchemaRecord(const sql::DropStatement& statement, CatalogChange* change) const;
  Status Replace(const catalog::ObjectName& name, std::vector<dataflow::Warehouse::Request> requests,
                 uint64_t id, CatalogChange* change);
  plan::PlanContext PlanContextFor(std::string_view text) const;

  // session_insert.cc
  Result<Outcome> Insert(const sql::InsertStatement& statement, std::string_view text);
  Result<Outcome> InsertConstants(const sql::InsertStatement& statement, const plan::SinkNode& sink);
  // Of the rows that are kept. Cancelled too late, it is done nevertheless, and warns.
  Status Commit(Outcome* outcome);
  Result<Outcome> StatementSet(const sql::StatementSetStatement& statement, std::string_view text);
  Result<std::shared_ptr<dataflow::Ingest>> OpenIngest(const catalog::Entry& entry, SourceLocation location);
  functions::EvalContext MakeEvalContext() const;
  dataflow::Warehouse::Request RequestFor(plan::PlannedQuery planned) const;
  // Script: collects the requests for StartPending, or, if they are kept, starts them. Serving: starts them
  // and, when they end, waits for that.
  Status Begin(std::vector<dataflow::Warehouse::Request> requests, bool ends);
  Status StartPending();

  // session_durable.cc
  bool Keeps() const { return (!options_.script || options_.keeps) && instance_.durable() != nullptr; }
  // A script is its user's own, and what is made again was checked when it was made.
  bool IsUnchecked() const { return options_.script || replayed_ != nullptr; }
  // Ids for what a statement makes; 0: it is not kept.
  Result<uint64_t> TakeIds(bool is_temporary, uint32_t count = 1);
  StatementRecord RecordOf(uint64_t id, StatementRecord::Kind kind, const sql::Statement& statement,
                           std::string_view text) const;
  // Has the change keep the object; nothing without an id, and for what is made again.
  void Keep(uint64_t id, StatementRecord::Kind kind, const catalog::Entry& entry,
            const sql::Statement& statement, std::string_view text, CatalogChange* change) const;
  // What is kept cannot be made of what is not.
  Status CheckLasting(const catalog::Entry& entry, const catalog::Catalog& catalog) const;
  // The change does away with the records of these objects, and of the jobs that name them, which it gives.
  std::vector<StatementRecord> DropRecords(const std::vector<catalog::ObjectName>& names,
                                           CatalogChange* change) const;
  // Ends those of the jobs that run, once that is durable.
  void EndJobs(const std::vector<StatementRecord>& jobs, Outcome* outcome);
  // Begin, for an INSERT or STATEMENT SET, which is kept if its tables are.
  Status BeginJob(std::vector<dataflow::Warehouse::Request> requests, const sql::Statement& statement,
                  std::string_view text, bool ends);
  Result<std::shared_ptr<dataflow::Job>> StartKept(std::vector<dataflow::Warehouse::Request> requests,
                                                   StatementRecord record);
  // Of a file of the start: rows are not inserted again by the next one.
  Status KeepInserted(const sql::InsertStatement& statement, std::string_view text,
                      const catalog::ObjectName& table);

  // session_log.cc
  // Refuses options of a table's log where there is none; `id`: of the object, 0 if it is not kept.
  static Status CheckLogOptions(const catalog::TableDefinition& table, const connectors::TableTraits& traits,
                                uint64_t id);
  Result<Outcome> AlterTableOptions(const sql::AlterTableOptionsStatement& statement);
  // What a query that begins now does not get, since retention has removed it from the logs of what it reads.
  void WarnOfGoneRows(const plan::PlannedQuery& planned, std::vector<std::string>* warnings) const;

  // session_query.cc
  Status DescribeQuery(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types);
  Status DescribeSnapshot(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types);
  // The statement that DuckDB has refused, with Flink's types in DuckDB's words; the refusal, if it has none.
  Status DescribeTranslated(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types,
                            Status refusal);
  Result<Outcome> Select(const Prepared& prepared, const Arguments& arguments);
  Result<Outcome> SelectScript(const Prepared& prepared);
  Result<Outcome> SelectStreaming(plan::PlannedQuery planned);
  Result<Outcome> SelectSnapshot(const Prepared& prepared, const Arguments& arguments);
  Result<Outcome> PrintChanges(plan::PlannedQuery planned);
  // `named_by`: the statement as it was sent.
  Result<std::unique_ptr<query::SnapshotQuery>> PlanSnapshot(
      std::string_view text, const std::string& named_by,
      const std::vector<std::optional<data::DataType>>& types);
  // Of the refusals of the streaming engine and of DuckDB, which tells more.
  const Error& MoreTelling(const Error& streaming, const Error& snapshot);
  bool Streams(const plan::PlannedQuery& planned);
  // What this session's catalog queries see.
  query::pgcatalog::CatalogPtr PgCatalog();
  Result<tables::SnapshotSetPtr> Snapshots();

  // session_transaction.cc
  Result<Outcome> RunTransaction(const sql::TransactionStatement& statement);
  Status CheckTransaction(const sql::Statement* statement) const;
  Status CheckWritable(std::string_view what) const;
  void EndTransaction();

  // session_cursor.cc
  Result<Outcome> Declare(const sql::DeclareCursorStatement& statement);
  Result<Cursor*> FindCursor(const sql::Name& name);
  Result<Outcome> Fetch(const sql::FetchStatement& statement);
  Result<Outcome> Close(const sql::CloseCursorStatement& statement);
  Result<catalog::EntryPtr> SubscribedTable(const sql::SubscribeStatement& statement);
  Status DescribeSubscription(const sql::SubscribeStatement& statement, Prepared* prepared);
  Result<Outcome> Subscribe(const sql::SubscribeStatement& statement, std::string_view text);
  Result<Outcome> PrepareByName(const sql::PrepareStatement& statement);
  Result<PreparedPtr> PrepareInner(const sql::InnerStatement& inner,
                                   std::vector<std::optional<data::DataType>> types);
  Result<PreparedPtr> FindPrepared(const sql::Name& name) const;
  Result<Outcome> ExecutePrepared(const sql::ExecuteStatement& statement);
  Result<Outcome> Deallocate(const sql::DeallocateStatement& statement);
  Result<std::vector<data::Value>> ArgumentValues(const std::vector<sql::ExprPtr>& arguments,
                                                  const std::vector<data::DataType>& types);

  // session_copy.cc
  Result<Outcome> Copy(const sql::CopyStatement& statement);
  Result<Outcome> CopyFrom(const sql::CopyStatement& statement);

  // session_server.cc
  Status DescribeServerStatement(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types);
  Result<Outcome> Discard(const sql::DiscardStatement& statement);

  // session_parameters.cc
  Result<Outcome> SetParameter(const sql::SetParameterStatement& statement);
  // False: the statement does not consist of calls of set_config.
  bool DescribeSetConfig(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types) const;
  Result<Outcome> RunSetConfig(const std::vector<SetConfigCall>& calls, const Arguments& arguments);
  Result<std::string> SetConfig(const data::Value& name, const data::Value& value, bool is_local);
  Result<Outcome> ShowParameter(const sql::ShowParameterStatement& statement);
  Result<Outcome> ResetParameter(const sql::ResetParameterStatement& statement);
  Status ResetParameters();
  Status ApplyParameter(std::string_view name);
  void TellRole();

  // session_activity.cc
  void ShowActivity();
  std::vector<query::pgcatalog::ActivityInfo> Activities() const;

  // session_roles.cc
  catalog::RoleContext Actor() const;
  Result<Outcome> RunRoleStatement(const sql::Statement& statement);
  Result<std::vector<catalog::Securable>> GrantObjects(const sql::GrantStatement& statement);
  Result<Outcome> SetRole(const sql::SetRoleStatement& statement);
  Result<Outcome> CreateToken(const sql::CreateTokenStatement& statement);
  Result<Outcome> Comment(const sql::CommentStatement& statement);
  Result<Outcome> DropOwned(const sql::OwnedStatement& statement);
  Result<Outcome> AlterOwner(const sql::AlterOwnerStatement& statement);

  // session_privileges.cc
  Status Check(catalog::Privilege privilege, const catalog::Securable& object) const;
  // query::CheckRead: of one table or view "schema.name".
  Status CheckNamed(const std::string& view, const std::string& name) const;
  // Of a table or view that the statement, or the text of `view`, names, and of all that it reads.
  Status CheckRead(const std::string& name, const std::string& view = "") const;
  Status CheckReads(const plan::PlannedQuery& planned) const;
  Status CheckInsert(const catalog::Entry& entry) const;
  Status CheckCreateIn(const std::string& schema) const;
  Status CheckOwner(const catalog::Securable& object) const;
  Status CheckConnector(const catalog::TableDefinition& table) const;
  void Created(const catalog::Securable& object, CatalogChange* change) const;

  // session_show.cc
  Result<Outcome> Show(const sql::ShowStatement& statement);
  Result<Outcome> ShowDelivery();
  Result<Outcome> Describe(const sql::DescribeStatement& statement);

  std::function<void()> Reporter();
  std::function<bool()> Cancelled() const;

  Instance& instance_;
  const SessionOptions options_;
  // Who logged in; SET SESSION AUTHORIZATION and SET ROLE change the others. Empty in scripts.
  std::string login_role_;
  std::string session_role_;
  std::string role_;  // whose privileges count
  bool is_connected_ = false;
  catalog::Settings settings_;
  catalog::Parameters parameters_;
  const data::TimeZone* zone_ = &data::TimeZone::Utc();
  std::string current_schema_{catalog::kDefaultSchema};
  CatalogVersionPtr version_;  // that `catalog_` was copied from
  catalog::Catalog catalog_;
  const StatementRecord* replayed_ = nullptr;          // what is being made again
  std::vector<dataflow::Warehouse::Request> pending_;  // script: collected, not started

  ActiveQueries active_;
  std::unique_ptr<StatementTimer> timer_;  // serving only
  std::shared_ptr<Activity> activity_;     // serving only
  Interruptible interruptible_;
  PendingWrites writes_;
  struct Savepoint {
    std::string name;
    size_t writes;  // PendingWrites::Mark
  };
  TransactionState transaction_ = TransactionState::kIdle;
  bool read_only_ = false;
  bool default_read_only_ = false;
  std::vector<Savepoint> savepoints_;
  PinnedSnapshot pinned_;
  std::map<std::string, Cursor, std::less<>> cursors_;
  std::map<std::string, PreparedPtr> prepared_;  // by PREPARE
};

// Whether a text begins as a query does, and whether it may name a table (has the word FROM).
bool IsQueryText(std::string_view text);
bool NamesATable(std::string_view text);

std::vector<std::string> TextsOf(const std::vector<sql::ParameterValue>& values);

// One row a string, for SHOW and the like.
Outcome TextRows(const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& rows);

}  // namespace millrace::session
