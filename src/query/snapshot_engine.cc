#include "query/snapshot_engine.h"

#include <duckdb.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "query/duck_types.h"

namespace millrace::query {
namespace {

// The set that the statement being planned on this thread reads. DuckDB binds table functions on the thread
// that asks for the plan.
thread_local const tables::SnapshotSet* current_snapshots = nullptr;

struct ScanBind {
  tables::SnapshotPtr snapshot;
  std::vector<tables::ChunkPtr> chunks;
};

struct ScanState {
  std::vector<idx_t> columns;
  std::atomic<size_t> next_chunk{0};
};

void BindScan(duckdb_bind_info info) {
  duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
  char* name = duckdb_get_varchar(parameter);
  const std::string table = name;
  duckdb_free(name);
  duckdb_destroy_value(&parameter);
  const auto found = current_snapshots->tables.find(table);
  if (found == current_snapshots->tables.end()) {
    duckdb_bind_set_error(info, fmt::format("no table {}", table).c_str());
    return;
  }
  auto bind = std::make_unique<ScanBind>();
  bind->snapshot = found->second;
  bind->chunks = found->second->Chunks();
  for (const data::Field& field : *bind->snapshot->schema) {
    duckdb_bind_add_result_column(info, field.name.c_str(), ToDuckType(field.type).get());
  }
  duckdb_bind_set_cardinality(info, bind->snapshot->rows(), true);
  duckdb_bind_set_bind_data(info, bind.release(), [](void* p) { delete static_cast<ScanBind*>(p); });
}

void InitScan(duckdb_init_info info) {
  const auto* bind = static_cast<const ScanBind*>(duckdb_init_get_bind_data(info));
  auto state = std::make_unique<ScanState>();
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    state->columns.push_back(duckdb_init_get_column_index(info, i));
  }
  duckdb_init_set_max_threads(info, std::max<idx_t>(1, (bind->chunks.size() + 31) / 32));
  duckdb_init_set_init_data(info, state.release(), [](void* p) { delete static_cast<ScanState*>(p); });
}

void Scan(duckdb_function_info info, duckdb_data_chunk output) {
  const auto* bind = static_cast<const ScanBind*>(duckdb_function_get_bind_data(info));
  auto* state = static_cast<ScanState*>(duckdb_function_get_init_data(info));
  const size_t index = state->next_chunk.fetch_add(1);
  if (index >= bind->chunks.size()) {
    duckdb_data_chunk_set_size(output, 0);
    return;
  }
  const tables::Chunk& chunk = *bind->chunks[index];
  for (size_t i = 0; i < state->columns.size(); ++i) {
    // A query that needs no column (COUNT(*)) asks for one that is not there.
    if (state->columns[i] >= chunk.columns.size()) continue;
    FillVector(*chunk.columns[state->columns[i]], 0, chunk.rows,
               duckdb_data_chunk_get_vector(output, static_cast<idx_t>(i)));
  }
  duckdb_data_chunk_set_size(output, chunk.rows);
}

ErrorCode CodeOf(duckdb_error_type type, const std::string& message) {
  switch (type) {
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
      return ErrorCode::kSyntaxError;
    case DUCKDB_ERROR_CATALOG:
      if (message.find("Function") != std::string::npos) return ErrorCode::kUndefinedFunction;
      return ErrorCode::kUndefinedTable;
    case DUCKDB_ERROR_BINDER:
      return message.find("column") != std::string::npos ? ErrorCode::kUndefinedColumn
                                                         : ErrorCode::kDatatypeMismatch;
    case DUCKDB_ERROR_CONVERSION:
      return ErrorCode::kInvalidText;
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return ErrorCode::kNumericOutOfRange;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return ErrorCode::kResourceExhausted;
    case DUCKDB_ERROR_INTERRUPT:
      return ErrorCode::kCancelled;
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
    case DUCKDB_ERROR_PERMISSION:
      return ErrorCode::kNotSupported;
    default:
      return ErrorCode::kInvalidParameter;
  }
}

// What DuckDB appends to a message: "\nLINE 2: <the line>\n   ^". Takes it off; nowhere when there is none,
// or when the line is shown in part.
SourceLocation TakeLocation(std::string* message) {
  const size_t at = message->rfind("\nLINE ");
  if (at == std::string::npos) return {};
  const std::string shown = message->substr(at + 1);
  message->resize(at);
  const size_t colon = shown.find(": ");
  const size_t end = shown.find('\n');
  if (colon == std::string::npos || end == std::string::npos || colon > end) return {};
  const size_t caret = shown.find('^', end);
  if (caret == std::string::npos || shown.compare(colon + 2, 3, "...") == 0) return {};
  // The mark stands under its character; one that is two wide on a terminal moves it by two.
  const size_t column = caret - end - 1;
  if (column < colon + 2) return {};
  size_t width = colon + 2;
  uint32_t characters = 1;
  for (size_t i = colon + 2; i < end && width < column;) {
    const auto lead = static_cast<unsigned char>(shown[i]);
    const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    width += bytes < 3 ? 1 : 2;
    i += bytes;
    ++characters;
  }
  return {static_cast<uint32_t>(std::strtoul(shown.c_str() + 5, nullptr, 10)), characters};
}

// What stands between two texts of which the first begins the message; nothing when they do not.
std::string Between(const std::string& message, std::string_view before, std::string_view after) {
  const size_t end = message.find(after, before.size());
  if (!message.starts_with(before) || end == std::string::npos) return "";
  return message.substr(before.size(), end - before.size());
}

// DuckDB's words for what is missing, in ours.
void SayWhatIsMissing(std::string* message) {
  if (const std::string table = Between(*message, "Table with name ", " does not exist!"); !table.empty()) {
    *message = fmt::format("no table or view '{}'", table);
  } else if (const std::string column =
                 Between(*message, "Referenced column \"", "\" not found in FROM clause!");
             !column.empty()) {
    *message = fmt::format("no column '{}'", column);
  } else if (const std::string alias =
                 Between(*message, "Values list \"", "\" does not have a column named \"");
             !alias.empty()) {
    const size_t name = message->rfind('"', message->size() - 2) + 1;
    *message =
        fmt::format("no column '{}' in '{}'", message->substr(name, message->size() - name - 1), alias);
  }
}

// One line: the message; all that DuckDB has to propose is the hint.
std::string TakeHint(std::string* message) {
  while (message->ends_with('\n')) message->pop_back();
  const size_t end = message->find('\n');
  if (end == std::string::npos) return "";
  std::string hint;
  for (const char c : message->substr(end + 1)) {
    if (c == '\t') continue;
    if (c != '\n') {
      hint += c;
    } else if (!hint.empty()) {
      hint += hint.ends_with(':') || hint.ends_with(' ') ? " " : ", ";
    }
  }
  message->resize(end);
  // Proposals of names that are DuckDB's own help nobody.
  if (hint.starts_with("Did you mean \"pg_") || hint.starts_with("Did you mean \"duckdb_") ||
      hint.starts_with("Did you mean \"sqlite_")) {
    return "";
  }
  return hint;
}

// DuckDB's message without its class ("Binder Error: ") in front.
std::unexpected<Error> DuckError(const char* text, duckdb_error_type type) {
  std::string message = text == nullptr ? "the query failed" : text;
  if (type == DUCKDB_ERROR_INVALID || type == DUCKDB_ERROR_UNKNOWN_TYPE) {
    const std::pair<const char*, duckdb_error_type> kClasses[] = {
        {"Parser Error", DUCKDB_ERROR_PARSER},
        {"Catalog Error", DUCKDB_ERROR_CATALOG},
        {"Binder Error", DUCKDB_ERROR_BINDER},
        {"Conversion Error", DUCKDB_ERROR_CONVERSION}};
    for (const auto& [prefix, known] : kClasses) {
      if (message.starts_with(prefix)) type = known;
    }
  }
  const ErrorCode code = CodeOf(type, message);
  const size_t colon = message.find("Error: ");
  if (colon != std::string::npos && colon < 30) message = message.substr(colon + 7);
  const SourceLocation location = TakeLocation(&message);
  std::string hint = TakeHint(&message);
  SayWhatIsMissing(&message);
  return Fail(code, std::move(message), std::move(hint), location);
}

std::string QuoteLiteral(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::pair<std::string, std::string> SplitName(const std::string& name) {
  const size_t dot = name.find('.');
  return {name.substr(0, dot), name.substr(dot + 1)};
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

struct SnapshotEngine::State {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  std::map<std::string, data::SchemaPtr> views;
  std::map<std::string, std::string> view_texts;
  std::set<std::string> schemas;
  std::string zone;
  std::string search_path;

  ~State() {
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }
};

SnapshotEngine::SnapshotEngine(EngineLimits limits) : limits_(std::move(limits)) {}
SnapshotEngine::~SnapshotEngine() = default;

Status SnapshotEngine::Execute(const std::string& sql) {
  duckdb_result result;
  Status status;
  if (duckdb_query(state_->connection, sql.c_str(), &result) == DuckDBError) {
    status = DuckError(duckdb_result_error(&result), duckdb_result_error_type(&result));
  }
  duckdb_destroy_result(&result);
  return status;
}

Status SnapshotEngine::Open() {
  auto state = std::make_unique<State>();
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
  const duckdb_state opened = duckdb_open_ext(":memory:", &state->database, config, &message);
  duckdb_destroy_config(&config);
  if (opened == DuckDBError) {
    const std::string text = message == nullptr ? "cannot open DuckDB" : message;
    duckdb_free(message);
    return Fail(ErrorCode::kInternal, text);
  }
  duckdb_connect(state->database, &state->connection);
  // Names may begin with the catalog's: default_catalog.ods.orders.
  for (const char* sql : {"ATTACH ':memory:' AS default_catalog", "USE default_catalog"}) {
    duckdb_result attached;
    const duckdb_state done = duckdb_query(state->connection, sql, &attached);
    duckdb_destroy_result(&attached);
    if (done == DuckDBError) return Fail(ErrorCode::kInternal, fmt::format("DuckDB refused {}", sql));
  }

  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "millrace_scan");
  duckdb_table_function_add_parameter(function, ToDuckType(data::DataType::String()).get());
  duckdb_table_function_set_bind(function, BindScan);
  duckdb_table_function_set_init(function, InitScan);
  duckdb_table_function_set_function(function, Scan);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state registered = duckdb_register_table_function(state->connection, function);
  duckdb_destroy_table_function(&function);
  if (registered == DuckDBError) return Fail(ErrorCode::kInternal, "cannot register millrace_scan");
  state_ = std::move(state);
  return {};
}

Status SnapshotEngine::SetSearchPath(const std::string& schema) {
  if (state_->search_path == schema) return {};
  if (state_->schemas.insert(schema).second) {
    MR_TRY(Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", QuoteIdentifier(schema))));
  }
  MR_TRY(Execute(fmt::format("SET search_path = 'default_catalog.{}'", QuoteIdentifier(schema))));
  state_->search_path = schema;
  return {};
}

// A view whose text is not DuckDB's SQL is left out: a query that names it is told that there is none.
void SnapshotEngine::SyncViews(const std::vector<ViewText>& views) {
  for (const ViewText& view : views) {
    auto& known = state_->view_texts[view.name];
    if (known == view.sql) continue;
    known = view.sql;
    if (!SetSearchPath(view.current_schema).has_value()) continue;
    const auto [schema, name] = SplitName(view.name);
    if (state_->schemas.insert(schema).second) {
      static_cast<void>(Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", QuoteIdentifier(schema))));
    }
    std::string columns;
    for (const std::string& column : view.columns) {
      columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(column);
    }
    static_cast<void>(Execute(fmt::format("CREATE OR REPLACE VIEW {}.{} ({}) AS {}", QuoteIdentifier(schema),
                                          QuoteIdentifier(name), columns, view.sql)));
  }
}

Status SnapshotEngine::SyncTables(const tables::SnapshotSet& snapshots) {
  for (auto view = state_->views.begin(); view != state_->views.end();) {
    if (snapshots.tables.contains(view->first)) {
      ++view;
      continue;
    }
    const auto [schema, name] = SplitName(view->first);
    MR_TRY(Execute(fmt::format("DROP VIEW {}.{}", QuoteIdentifier(schema), QuoteIdentifier(name))));
    view = state_->views.erase(view);
  }
  for (const auto& [full_name, snapshot] : snapshots.tables) {
    auto& known = state_->views[full_name];
    if (known == snapshot->schema) continue;
    const auto [schema, name] = SplitName(full_name);
    if (state_->schemas.insert(schema).second) {
      MR_TRY(Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", QuoteIdentifier(schema))));
    }
    MR_TRY(Execute(fmt::format("CREATE OR REPLACE VIEW {}.{} AS SELECT * FROM millrace_scan({})",
                               QuoteIdentifier(schema), QuoteIdentifier(name), QuoteLiteral(full_name))));
    known = snapshot->schema;
  }
  return {};
}

Status SnapshotEngine::WriteParquet(const tables::SnapshotSetPtr& snapshots, const std::string& table,
                                    const std::string& path) {
  if (state_ == nullptr) MR_TRY(Open());
  current_snapshots = snapshots.get();
  return Execute(
      fmt::format("COPY (SELECT * FROM millrace_scan({})) TO {} (FORMAT parquet, COMPRESSION zstd)",
                  QuoteLiteral(table), QuoteLiteral(path)));
}

Result<QueryResult> SnapshotEngine::Run(const std::string& sql, const tables::SnapshotSetPtr& snapshots,
                                        const std::vector<ViewText>& views, const std::string& current_schema,
                                        const std::string& zone) {
  if (state_ == nullptr) MR_TRY(Open());
  current_snapshots = snapshots.get();
  MR_TRY(SyncTables(*snapshots));
  SyncViews(views);
  if (state_->zone != zone) {
    MR_TRY(Execute(fmt::format("SET TimeZone = '{}'", zone)));
    state_->zone = zone;
  }
  MR_TRY(SetSearchPath(current_schema));

  duckdb_extracted_statements statements = nullptr;
  const idx_t count = duckdb_extract_statements(state_->connection, sql.c_str(), &statements);
  struct Cleanup {
    duckdb_extracted_statements* statements;
    duckdb_prepared_statement prepared = nullptr;
    duckdb_result result{};
    bool has_result = false;
    ~Cleanup() {
      if (has_result) duckdb_destroy_result(&result);
      if (prepared != nullptr) duckdb_destroy_prepare(&prepared);
      duckdb_destroy_extracted(statements);
    }
  } cleanup{&statements};
  if (count == 0) return DuckError(duckdb_extract_statements_error(statements), DUCKDB_ERROR_PARSER);
  if (count > 1) return Fail(ErrorCode::kSyntaxError, "one statement at a time");
  if (duckdb_prepare_extracted_statement(state_->connection, statements, 0, &cleanup.prepared) ==
      DuckDBError) {
    return DuckError(duckdb_prepare_error(cleanup.prepared), DUCKDB_ERROR_INVALID);
  }
  if (duckdb_prepared_statement_type(cleanup.prepared) != DUCKDB_STATEMENT_TYPE_SELECT) {
    return Fail(ErrorCode::kNotSupported, "only SELECT runs on snapshots of tables");
  }
  const duckdb_state state = duckdb_execute_prepared(cleanup.prepared, &cleanup.result);
  cleanup.has_result = true;
  if (state == DuckDBError) {
    return DuckError(duckdb_result_error(&cleanup.result), duckdb_result_error_type(&cleanup.result));
  }

  QueryResult result;
  for (idx_t i = 0; i < duckdb_column_count(&cleanup.result); ++i) {
    const std::string name = duckdb_column_name(&cleanup.result, i);
    const LogicalType type(duckdb_column_logical_type(&cleanup.result, i));
    MR_ASSIGN(data::DataType shown, FromDuckType(type.get(), name));
    result.schema.Add(name, std::move(shown));
  }
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(cleanup.result)) {
    data::Batch batch;
    batch.rows = duckdb_data_chunk_get_size(chunk);
    for (size_t i = 0; i < result.schema.size(); ++i) {
      batch.columns.push_back(ReadVector(duckdb_data_chunk_get_vector(chunk, static_cast<idx_t>(i)),
                                         batch.rows, result.schema[i].type));
    }
    duckdb_destroy_data_chunk(&chunk);
    if (batch.rows > 0) result.batches.push_back(std::move(batch));
  }
  return result;
}

}  // namespace millrace::query
