// SELECT: which engine answers it, and how.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "data/text.h"
#include "query/flink_casts.h"
#include "query/internal_names.h"
#include "query/pgcatalog/rewrite.h"
#include "session/constant_rows.h"
#include "session/pg_catalog_view.h"
#include "session/point_read.h"
#include "session/script.h"
#include "session/session.h"
#include "session/snapshot_stream.h"
#include "session/source_reads.h"
#include "session/statement_parameters.h"
#include "sql/parser.h"

namespace millrace::session {

bool IsQueryText(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return word == "SELECT" || word == "WITH" || word == "FROM" || word == "VALUES" || text.starts_with("(");
}

bool NamesATable(std::string_view text) {
  constexpr std::string_view kFrom = "FROM";
  for (size_t i = 0; i + kFrom.size() <= text.size(); ++i) {
    const auto same = [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; };
    if (std::equal(kFrom.begin(), kFrom.end(), text.begin() + static_cast<std::ptrdiff_t>(i),
                   [&](char b, char a) { return same(a, b); })) {
      return true;
    }
  }
  return false;
}

namespace {

// Whether what the client declared is what the parameters are; a key of another width is DuckDB's to compare.
bool SameTypes(const std::vector<data::DataType>& parameters,
               const std::vector<std::optional<data::DataType>>& declared) {
  if (declared.size() > parameters.size()) return false;
  for (size_t i = 0; i < declared.size(); ++i) {
    if (!declared[i].has_value()) continue;
    const bool same = declared[i]->kind() == parameters[i].kind() ||
                      (declared[i]->IsInteger() && parameters[i].kind() == data::TypeKind::kBigInt) ||
                      (declared[i]->kind() == data::TypeKind::kSmallInt && parameters[i].IsInteger());
    if (!same) return false;
  }
  return true;
}

Outcome PointOutcome(PointAnswer answer) {
  Outcome outcome{.tag = "SELECT", .counts_rows = true};
  std::vector<data::Batch> batches;
  if (answer.row.has_value()) batches.push_back(std::move(*answer.row));
  outcome.rows = std::make_unique<RowsStream>(std::move(answer.schema), std::move(batches));
  return outcome;
}

}  // namespace

bool Session::Streams(const plan::PlannedQuery& planned) {
  return std::any_of(planned.dependencies.begin(), planned.dependencies.end(), [this](const auto& name) {
    const catalog::EntryPtr entry = catalog().Find(name);
    return entry != nullptr && ReadsASource(catalog(), *entry);
  });
}

query::pgcatalog::CatalogPtr Session::PgCatalog() {
  catalog();
  query::pgcatalog::SessionView view;
  view.current_user = role_;
  view.session_user = session_role_;
  view.database = options_.database;
  view.pid = options_.process_id;
  view.activity = Activities();
  view.search_path = {current_schema_};
  view.client_address = options_.client_address;
  view.client_port = options_.client_port;
  view.now_micros = instance_.env().clock->NowMicros();
  for (const catalog::ParameterRow& row : parameters_.All()) {
    view.settings.push_back({.name = row.name,
                             .value = row.value,
                             .default_value = row.value,
                             .unit = "",
                             .description = row.description,
                             .type = "string"});
  }
  for (const auto& [name, prepared] : prepared_) {
    view.prepared.push_back({.name = name,
                             .statement = prepared->text,
                             .parameter_types = {},
                             .prepared_micros = view.now_micros,
                             .from_sql = true});
  }
  return query::pgcatalog::MakeCatalog(MakeCatalogView(instance_, *version_), std::move(view));
}

// Within a transaction all queries read what the first one did.
Result<tables::SnapshotSetPtr> Session::Snapshots() {
  tables::SnapshotSetPtr newest = instance_.warehouse().snapshots();
  if (transaction_ == TransactionState::kIdle) return newest;
  return pinned_.Pin(newest);
}

Result<std::unique_ptr<query::SnapshotQuery>> Session::PlanSnapshot(
    std::string_view text, const std::string& named_by,
    const std::vector<std::optional<data::DataType>>& types) {
  MR_ASSIGN(std::string duck_text, ToDuckQuoting(text));
  const bool reads_catalogs = !options_.script && query::pgcatalog::MentionsCatalog(duck_text);
  if (reads_catalogs) {
    MR_ASSIGN(duck_text, query::pgcatalog::RewriteForDuckDb(duck_text));
  }
  query::QueryScope scope;
  MR_ASSIGN(scope.snapshots, Snapshots());
  catalog();
  scope.views = version_->views;
  scope.current_schema = current_schema_;
  scope.zone = settings_.time_zone();
  if (!options_.script) {
    // Of the statement as it was sent: the rewritten one uses such names for the catalogs.
    if (const std::string name = query::InternalNameIn(text); !name.empty()) {
      return Fail(ErrorCode::kInsufficientPrivilege, fmt::format("permission denied for '{}'", name),
                  "it is about the engine and its machine, which no client may ask");
    }
  }
  if (reads_catalogs) scope.catalog = PgCatalog();
  if (!options_.script) {
    scope.check_read = [this](const std::string& view, const std::string& name) {
      return CheckNamed(view, name);
    };
    if (!reads_catalogs) scope.named_by = named_by;
  }
  return query::SnapshotQuery::Prepare(&instance_.QueriesOf(login_role_), std::move(scope),
                                       std::move(duck_text), types);
}

Status Session::DescribeSnapshot(Prepared* prepared,
                                 const std::vector<std::optional<data::DataType>>& types) {
  MR_ASSIGN(const auto query,
            PlanSnapshot(prepared->snapshot_text.value_or(prepared->text), prepared->text, types));
  prepared->route = Prepared::Route::kSnapshot;
  prepared->schema = query->schema();
  prepared->parameters = query->parameters();
  return {};
}

Status Session::DescribeTranslated(Prepared* prepared,
                                   const std::vector<std::optional<data::DataType>>& types, Status refusal) {
  if (refusal.has_value()) return refusal;
  std::optional<std::string> translated = query::TranslateFlinkCasts(prepared->text);
  if (!translated.has_value()) return refusal;
  prepared->snapshot_text = std::move(*translated);
  const Status described = DescribeSnapshot(prepared, types);
  if (described.has_value()) return {};
  // Its place is one in the translated text.
  const Error& error = described.error();
  return std::unexpected(Error(error.code(), error.message(), error.hint()));
}

Status Session::DescribeQuery(Prepared* prepared, const std::vector<std::optional<data::DataType>>& types) {
  if (DescribeSetConfig(prepared, types)) return {};
  // PostgreSQL's functions about the server are found among its catalogs, whatever Flink has by their name.
  if (prepared->statement == nullptr || query::pgcatalog::MentionsCatalog(prepared->text)) {
    return DescribeTranslated(prepared, types, DescribeSnapshot(prepared, types));
  }
  const sql::Query& query = *prepared->statement->As<sql::QueryStatement>().query;
  if (auto read = RecognisePointRead(query, catalog()); read.has_value()) {
    MR_ASSIGN(const tables::SnapshotSetPtr snapshots, Snapshots());
    if (DescribePointRead(&*read, *snapshots) && SameTypes(read->parameters, types)) {
      // Values come in the type that the client declared, which compares as the key's.
      prepared->parameters = read->parameters;
      for (size_t i = 0; i < types.size(); ++i) {
        if (types[i].has_value() && types[i]->IsInteger()) prepared->parameters[i] = *types[i];
      }
      prepared->route = Prepared::Route::kPointRead;
      prepared->quick = true;
      prepared->schema = read->schema;
      prepared->point_read = std::move(read);
      return {};
    }
  }
  const Result<plan::PlannedQuery> planned =
      plan::PlanQuery(query, catalog(), PlanContextFor(prepared->text));
  if (planned.has_value() && Streams(*planned)) {
    prepared->route = Prepared::Route::kStreaming;
    prepared->schema = planned->schema;
    return {};
  }
  // DuckDB would cut what a literal says beyond microseconds.
  if (!planned.has_value() && planned.error().code() == ErrorCode::kInvalidDatetime) {
    return std::unexpected(planned.error());
  }
  Status snapshot = DescribeSnapshot(prepared, types);
  // A constant is computed by Flink's functions.
  const bool is_constant = planned.has_value() && planned->dependencies.empty();
  if (!is_constant) snapshot = DescribeTranslated(prepared, types, std::move(snapshot));
  if (snapshot.has_value()) return {};
  if (!planned.has_value()) {
    // Our planner knows no parameters.
    if (CountParameters(prepared->text) > 0) return snapshot;
    return std::unexpected(MoreTelling(planned.error(), snapshot.error()));
  }
  if (!is_constant) return snapshot;
  prepared->route = Prepared::Route::kStreaming;
  prepared->schema = planned->schema;
  return {};
}

Result<Outcome> Session::Select(const Prepared& prepared, const Arguments& arguments) {
  if (prepared.route == Prepared::Route::kPointRead) {
    MR_TRY(CheckRead(prepared.point_read->table.ToString()));
    MR_ASSIGN(const tables::SnapshotSetPtr snapshots, Snapshots());
    if (auto answer = RunPointRead(*prepared.point_read, *snapshots, *zone_, arguments.values);
        answer.has_value()) {
      return PointOutcome(std::move(*answer));
    }
    return SelectSnapshot(prepared, arguments);
  }
  if (prepared.route == Prepared::Route::kSnapshot) return SelectSnapshot(prepared, arguments);
  if (prepared.route == Prepared::Route::kSetConfig) return RunSetConfig(prepared.set_config, arguments);
  MR_ASSIGN(plan::PlannedQuery planned, plan::PlanQuery(*prepared.statement->As<sql::QueryStatement>().query,
                                                        catalog(), PlanContextFor(prepared.text)));
  MR_TRY(CheckReads(planned));
  if (IsConstant(*planned.root)) {
    Outcome outcome{.tag = "SELECT", .counts_rows = true};
    MR_ASSIGN(std::vector<data::Batch> batches, ConstantRows(*planned.root, MakeEvalContext()));
    outcome.rows = std::make_unique<RowsStream>(planned.schema, std::move(batches));
    return outcome;
  }
  return SelectStreaming(std::move(planned));
}

Result<Outcome> Session::SelectScript(const Prepared& prepared) {
  const std::vector<data::Value> no_values;
  const std::vector<data::DataType> no_types;
  const Arguments no_arguments{no_values, no_types};
  if (prepared.statement == nullptr) {
    Result<Outcome> snapshot = SelectSnapshot(prepared, no_arguments);
    if (snapshot.has_value()) return snapshot;
    const auto parsed = sql::ParseStatement(prepared.text);
    return std::unexpected(MoreTelling(parsed.error(), snapshot.error()));
  }
  const sql::Query& query = *prepared.statement->As<sql::QueryStatement>().query;
  Result<plan::PlannedQuery> planned = plan::PlanQuery(query, catalog(), PlanContextFor(prepared.text));
  if (planned.has_value()) {
    if (planned->dependencies.empty() || Streams(*planned)) return SelectStreaming(std::move(*planned));
    if (auto read = RecognisePointRead(query, catalog()); read.has_value()) {
      MR_TRY(Settle());
      MR_ASSIGN(const tables::SnapshotSetPtr snapshots, Snapshots());
      if (DescribePointRead(&*read, *snapshots)) {
        if (auto answer = RunPointRead(*read, *snapshots, *zone_); answer.has_value()) {
          return PointOutcome(std::move(*answer));
        }
      }
    }
    return SelectSnapshot(prepared, no_arguments);
  }
  // DuckDB would cut what a literal says beyond microseconds; and it has its own ideas of constants.
  if (planned.error().code() == ErrorCode::kInvalidDatetime || !NamesATable(prepared.text)) {
    return std::unexpected(planned.error());
  }
  // What the streaming engine cannot do may be DuckDB's.
  Result<Outcome> snapshot = SelectSnapshot(prepared, no_arguments);
  if (snapshot.has_value()) return snapshot;
  return std::unexpected(MoreTelling(planned.error(), snapshot.error()));
}

// DuckDB's counts when the streaming engine only lacks something that DuckDB has, and the query is not about
// a table that DuckDB does not see.
const Error& Session::MoreTelling(const Error& streaming, const Error& snapshot) {
  const bool lacks = streaming.code() == ErrorCode::kNotSupported ||
                     streaming.code() == ErrorCode::kUndefinedFunction ||
                     streaming.code() == ErrorCode::kSyntaxError;
  if (!lacks || snapshot.code() == ErrorCode::kSyntaxError ||
      snapshot.code() == ErrorCode::kUndefinedFunction) {
    return streaming;
  }
  if (snapshot.code() != ErrorCode::kUndefinedTable) {
    return streaming.code() != ErrorCode::kUndefinedFunction || snapshot.code() == ErrorCode::kUndefinedColumn
               ? snapshot
               : streaming;
  }
  const auto entries = catalog().AllEntries();
  const bool is_known = std::any_of(entries.begin(), entries.end(), [&](const catalog::EntryPtr& entry) {
    return snapshot.message().find("'" + entry->name.name + "'") != std::string::npos;
  });
  return is_known ? streaming : snapshot;
}

Result<Outcome> Session::SelectStreaming(plan::PlannedQuery planned) {
  MR_TRY(StartPending());
  const bool changelog = settings_.Get("sql-client.execution.result-mode") == "changelog";
  if (!planned.bounded() || changelog) return PrintChanges(std::move(planned));
  Outcome outcome{.tag = "SELECT", .counts_rows = true};
  outcome.warnings = planned.warnings;
  data::Schema schema = planned.schema;
  const bool constant = planned.dependencies.empty();
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(RequestFor(std::move(planned)));
  dataflow::Warehouse& warehouse = instance_.warehouse();
  MR_ASSIGN(const auto job, warehouse.Start(std::move(requests)));
  MR_TRY(warehouse.Await(job, Reporter(), Cancelled()));
  std::vector<data::Batch> batches = warehouse.TakeResult(job.get());
  // Nothing streams here: who asks for a value that cannot be computed wants to be told.
  const auto failure = job->side_outputs.front()->first_failure();
  if (constant && failure.has_value()) return std::unexpected(*failure);
  outcome.rows = std::make_unique<RowsStream>(std::move(schema), std::move(batches));
  return outcome;
}

Result<Outcome> Session::PrintChanges(plan::PlannedQuery planned) {
  if (!options_.script || instance_.options().standard_output == nullptr) {
    return Fail(
        ErrorCode::kNotSupported, "this SELECT never ends: its source is unbounded",
        "keep its result: CREATE MATERIALIZED VIEW ... AS SELECT; or follow it: SELECT ... EMIT CHANGES");
  }
  Outcome outcome;
  outcome.warnings = planned.warnings;
  dataflow::Warehouse::Request request = RequestFor(std::move(planned));
  auto rows = std::make_shared<std::atomic<size_t>>(0);
  request.consumer = [output = instance_.options().standard_output, rows,
                      zone = zone_](const data::Batch& batch) -> Status {
    std::string lines;
    data::TextOptions text;
    text.zone = zone;
    for (size_t row = 0; row < batch.rows; ++row) {
      data::AppendRowText(batch, row, text, &lines);
      lines += '\n';
    }
    rows->fetch_add(batch.rows);
    return output->Write(lines);
  };
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(std::move(request));
  MR_ASSIGN(const auto job, instance_.warehouse().Start(std::move(requests)));
  MR_TRY(instance_.warehouse().Await(job, Reporter(), Cancelled()));
  outcome.tag = fmt::format("SELECT {}", rows->load());
  return outcome;
}

Result<Outcome> Session::SelectSnapshot(const Prepared& prepared, const Arguments& arguments) {
  MR_TRY(ToDuckQuoting(prepared.text));
  if (options_.script) MR_TRY(Settle());
  const std::vector<std::optional<data::DataType>> types(arguments.types.begin(), arguments.types.end());
  auto planned = PlanSnapshot(prepared.snapshot_text.value_or(prepared.text), prepared.text, types);
  // A script has not asked before.
  if (!planned.has_value() && options_.script) {
    if (const auto translated = query::TranslateFlinkCasts(prepared.text); translated.has_value()) {
      auto second = PlanSnapshot(*translated, prepared.text, types);
      if (second.has_value()) planned = std::move(second);
    }
  }
  MR_ASSIGN(auto query, std::move(planned));
  Outcome outcome{.tag = "SELECT", .counts_rows = true};
  auto stream =
      std::make_unique<SnapshotStream>(&active_, instance_.warehouse().held_memory(), std::move(query));
  MR_TRY(stream->Start(arguments.values));
  outcome.rows = std::move(stream);
  return outcome;
}

}  // namespace millrace::session
