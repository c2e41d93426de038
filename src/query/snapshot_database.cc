#include "query/snapshot_database.h"

#include <fmt/format.h>

#include <algorithm>

#include <utility>

#include "base/limits.h"
#include "query/duck_error.h"
#include "query/pgcatalog/install.h"
#include "query/snapshot_scan.h"

namespace millrace::query {
namespace {

constexpr const char* kInnerDatabase = "millrace_inner";

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

std::pair<std::string, std::string> SplitName(const std::string& name) {
  const size_t dot = name.find('.');
  return {name.substr(0, dot), name.substr(dot + 1)};
}

// "schema"."name"
std::string QuotedName(const std::string& full_name) {
  const auto [schema, name] = SplitName(full_name);
  return QuoteIdentifier(schema) + "." + QuoteIdentifier(name);
}

}  // namespace

std::string InnerName(const std::string& full_name) {
  return fmt::format("{}.{}", kInnerDatabase, QuotedName(full_name));
}

std::string QuoteIdentifier(std::string_view name) {
  return Quoted(name, '"');
}
std::string QuoteLiteral(std::string_view text) {
  return Quoted(text, '\'');
}

Status Connection::Execute(const std::string& sql) {
  duckdb_result result;
  Status status;
  if (duckdb_query(connection_, sql.c_str(), &result) == DuckDBError) {
    status = DuckError(duckdb_result_error(&result), duckdb_result_error_type(&result));
  }
  duckdb_destroy_result(&result);
  return status;
}

Status Connection::SetSearchPath(const std::string& schema) {
  if (search_path_ == schema) return {};
  MR_TRY(Execute("SET search_path = " + QuoteLiteral("default_catalog." + QuoteIdentifier(schema))));
  search_path_ = schema;
  return {};
}

Status Connection::SetZone(const std::string& zone) {
  if (zone_ == zone) return {};
  MR_TRY(Execute("SET TimeZone = " + QuoteLiteral(zone)));
  zone_ = zone;
  return {};
}

SnapshotDatabase::~SnapshotDatabase() {
  MutexLock lock(mutex_);
  idle_.clear();
  owner_.reset();
  if (database_ != nullptr) duckdb_close(&database_);
}

Status SnapshotDatabase::Open() {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  duckdb_set_config(config, "threads", std::to_string(limits_.threads).c_str());
  duckdb_set_config(config, "memory_limit", limits_.memory.c_str());
  duckdb_set_config(config, "enable_external_access", limits_.host_access ? "true" : "false");
  duckdb_set_config(config, "autoinstall_known_extensions", "false");
  duckdb_set_config(config, "autoload_known_extensions", "false");
  // As in Flink, so that a query means the same over a table and over a stream: whole numbers divide to whole
  // numbers, and NULL is the smallest value of an ordering.
  duckdb_set_config(config, "integer_division", "true");
  duckdb_set_config(config, "default_null_order", "nulls_first_on_asc_last_on_desc");
  char* message = nullptr;
  duckdb_database database = nullptr;
  const duckdb_state opened = duckdb_open_ext(":memory:", &database, config, &message);
  duckdb_destroy_config(&config);
  if (opened == DuckDBError) {
    const std::string text = message == nullptr ? "cannot open DuckDB" : message;
    duckdb_free(message);
    return Fail(ErrorCode::kInternal, text);
  }
  database_ = database;
  owner_ = std::make_unique<Connection>(database_);
  // Names may begin with the catalog's: default_catalog.ods.orders.
  MR_TRY(owner_->Execute("ATTACH ':memory:' AS default_catalog"));
  MR_TRY(owner_->Execute(fmt::format("ATTACH ':memory:' AS {}", kInnerDatabase)));
  MR_TRY(owner_->Execute("USE default_catalog"));
  return RegisterScan(owner_->get());
}

Status SnapshotDatabase::AddSchema(const std::string& schema) {
  if (!schemas_.insert(schema).second) return {};
  for (const char* database : {"default_catalog", kInnerDatabase}) {
    MR_TRY(
        owner_->Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", database, QuoteIdentifier(schema))));
  }
  return {};
}

Status SnapshotDatabase::MakeView(const std::string& name, const std::string& columns,
                                  const std::string& body, const std::string& inner_body) {
  MR_TRY(owner_->Execute(
      fmt::format("CREATE OR REPLACE VIEW {}{} AS {}", InnerName(name), columns, inner_body)));
  return owner_->Execute(
      fmt::format("CREATE OR REPLACE VIEW default_catalog.{} AS {}", QuotedName(name), body));
}

void SnapshotDatabase::DropView(const std::string& name) {
  static_cast<void>(owner_->Execute("DROP VIEW IF EXISTS default_catalog." + QuotedName(name)));
  static_cast<void>(owner_->Execute("DROP VIEW IF EXISTS " + InnerName(name)));
}

Status SnapshotDatabase::SyncTables(const tables::SnapshotSet& snapshots) {
  for (auto table = tables_.begin(); table != tables_.end();) {
    if (snapshots.tables.contains(table->first)) {
      ++table;
      continue;
    }
    DropView(table->first);
    table = tables_.erase(table);
  }
  for (const auto& [name, snapshot] : snapshots.tables) {
    auto& known = tables_[name];
    if (known == snapshot->schema) continue;
    MR_TRY(AddSchema(SplitName(name).first));
    MR_TRY(MakeView(name, "", fmt::format("SELECT * FROM millrace_scan({})", QuoteLiteral(name)),
                    fmt::format("SELECT * FROM millrace_inner_scan({})", QuoteLiteral(name))));
    known = snapshot->schema;
  }
  return {};
}

// A view whose text is not DuckDB's SQL is left out: a query that names it is told that there is none.
void SnapshotDatabase::SyncViews(const std::vector<ViewText>& views) {
  for (auto known = view_texts_.begin(); known != view_texts_.end();) {
    const auto same = [&](const ViewText& view) { return view.name == known->first; };
    if (std::any_of(views.begin(), views.end(), same)) {
      ++known;
      continue;
    }
    if (!tables_.contains(known->first)) DropView(known->first);
    known = view_texts_.erase(known);
  }
  for (const ViewText& view : views) {
    auto& known = view_texts_[view.name];
    if (known == view.sql) continue;
    known = view.sql;
    if (!AddSchema(view.current_schema).has_value() ||
        !owner_->SetSearchPath(view.current_schema).has_value() ||
        !AddSchema(SplitName(view.name).first).has_value()) {
      continue;
    }
    std::string columns;
    for (const std::string& column : view.columns) {
      columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(column);
    }
    std::string reads = "TRUE";
    for (const std::string& name : view.reads) {
      reads += fmt::format(" AND millrace_may_read({}, {})", QuoteLiteral(view.name), QuoteLiteral(name));
    }
    const Status made = MakeView(view.name, " (" + columns + ")",
                                 fmt::format("SELECT * FROM {} WHERE millrace_may_read('', {})",
                                             InnerName(view.name), QuoteLiteral(view.name)),
                                 fmt::format("SELECT * FROM ({}\n) WHERE {}", view.sql, reads));
    if (!made.has_value()) DropView(view.name);
  }
}

Result<std::unique_ptr<Connection>> SnapshotDatabase::Acquire(const tables::SnapshotSet& snapshots,
                                                              const ViewSet& views,
                                                              const std::string& current_schema,
                                                              const std::string& zone) {
  std::unique_ptr<Connection> connection;
  {
    MutexLock lock(mutex_);
    if (owner_ == nullptr) MR_TRY(Open());
    const ScanScope scope(&snapshots, nullptr);
    if (snapshots.version > tables_version_) {
      MR_TRY(SyncTables(snapshots));
      tables_version_ = snapshots.version;
    }
    if (views.version > views_version_) {
      SyncViews(views.views);
      views_version_ = views.version;
    }
    MR_TRY(AddSchema(current_schema));
    if (idle_.empty()) {
      connection = std::make_unique<Connection>(database_);
    } else {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  MR_TRY(connection->SetZone(zone));
  MR_TRY(connection->SetSearchPath(current_schema));
  return connection;
}

Status SnapshotDatabase::InstallCatalogs() {
  MutexLock lock(mutex_);
  if (has_catalogs_) return {};
  if (owner_ == nullptr) MR_TRY(Open());
  MR_TRY(pgcatalog::InstallPgCatalog(owner_->get(), "default_catalog"));
  has_catalogs_ = true;
  return {};
}

void SnapshotDatabase::Release(std::unique_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  if (idle_.size() < limits::kIdleQueryConnectionsMax) idle_.push_back(std::move(connection));
}

Status SnapshotDatabase::WriteParquet(const tables::SnapshotSet& snapshots, const std::string& table,
                                      const std::string& path) {
  MutexLock lock(mutex_);
  if (owner_ == nullptr) MR_TRY(Open());
  const ScanScope scope(&snapshots, nullptr);
  return owner_->Execute(
      fmt::format("COPY (SELECT * FROM millrace_scan({})) TO {} (FORMAT parquet, COMPRESSION zstd)",
                  QuoteLiteral(table), QuoteLiteral(path)));
}

}  // namespace millrace::query
