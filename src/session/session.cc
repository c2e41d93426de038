#include "session/session.h"

#include <fmt/format.h>

#include "session/script.h"
#include "sql/parser.h"

namespace millrace::session {
namespace {

constexpr std::string_view kPlanColumn = "QUERY PLAN";

// One row a line.
Outcome PlanLines(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    rows.push_back({text.substr(at, end - at)});
    at = end + 1;
  }
  Outcome outcome = TextRows({std::string(kPlanColumn)}, rows);
  outcome.tag = "EXPLAIN";
  outcome.counts_rows = false;
  return outcome;
}

// Whether the statement only shows something: it can be run to find out what its result looks like.
bool OnlyShows(sql::StatementKind kind) {
  return kind == sql::StatementKind::kShow || kind == sql::StatementKind::kDescribe ||
         kind == sql::StatementKind::kExplain;
}

}  // namespace

Outcome TextRows(const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& rows) {
  data::Schema schema;
  data::Batch batch;
  batch.rows = rows.size();
  for (size_t i = 0; i < names.size(); ++i) {
    schema.Add(names[i], data::DataType::String());
    auto column = data::Column::Make(data::DataType::String(), rows.size());
    for (const auto& row : rows) column->AppendString(row[i]);
    batch.columns.push_back(std::move(column));
  }
  std::vector<data::Batch> batches;
  if (batch.rows > 0) batches.push_back(std::move(batch));
  Outcome outcome{.tag = "SHOW"};
  outcome.rows = std::make_unique<RowsStream>(std::move(schema), std::move(batches));
  return outcome;
}

Session::Session(Instance* instance, SessionOptions options)
    : instance_(*instance), options_(std::move(options)) {}

Session::~Session() = default;

Status Session::Start() {
  for (const auto& [key, value] : instance_.options().settings) MR_TRY(settings_.Set(key, value));
  return ApplySettings();
}

Status Session::ApplySettings() {
  MR_ASSIGN(zone_, data::TimeZone::Find(settings_.time_zone()));
  return {};
}

const catalog::Catalog& Session::catalog() {
  CatalogVersionPtr now = instance_.catalog();
  if (now != version_) {
    version_ = std::move(now);
    catalog_ = version_->catalog;
    catalog_.SetCurrentSchema(current_schema_);
  }
  return catalog_;
}

std::function<void()> Session::Reporter() {
  return [this] {
    if (options_.on_progress) options_.on_progress(instance_.warehouse().GetProgress());
  };
}

Result<PreparedPtr> Session::Prepare(std::string_view text,
                                     std::vector<std::optional<data::DataType>> types) {
  auto prepared = std::make_shared<Prepared>();
  prepared->text = text;
  Result<sql::StatementPtr> parsed = sql::ParseStatement(text);
  if (parsed.has_value()) {
    prepared->statement = std::move(*parsed);
  } else if (parsed.error().code() == ErrorCode::kInvalidDatetime || !IsQueryText(text) || !NamesATable(text)) {
    // DuckDB takes a wrong unit of an interval for a name.
    return std::unexpected(parsed.error());
  }
  const bool is_query =
      prepared->statement == nullptr || prepared->statement->kind == sql::StatementKind::kQuery;
  if (is_query) {
    prepared->has_rows = true;
    if (options_.script) return prepared;
    Status described = DescribeQuery(prepared.get(), types);
    if (described.has_value()) return prepared;
    // DuckDB knows SELECTs that Flink's grammar does not.
    if (parsed.has_value()) return std::unexpected(described.error());
    return std::unexpected(MoreTelling(parsed.error(), described.error()));
  }
  if (OnlyShows(prepared->statement->kind)) {
    prepared->has_rows = true;
    prepared->quick = true;
    if (options_.script) return prepared;
    MR_ASSIGN(const Outcome outcome, RunStatement(*prepared->statement, text));
    prepared->schema = outcome.rows->schema();
  }
  return prepared;
}

Result<Outcome> Session::Open(const PreparedPtr& statement, const std::vector<data::Value>& parameters) {
  if (statement->empty) return Outcome{};
  if (statement->statement == nullptr || statement->statement->kind == sql::StatementKind::kQuery) {
    return options_.script ? SelectScript(*statement) : Select(*statement, parameters);
  }
  return RunStatement(*statement->statement, statement->text);
}

Result<StatementResult> Session::Execute(std::string_view text) {
  MR_ASSIGN(const PreparedPtr prepared, Prepare(text));
  MR_ASSIGN(Outcome outcome, Open(prepared));
  StatementResult result;
  result.tag = std::move(outcome.tag);
  result.warnings = std::move(outcome.warnings);
  if (outcome.rows == nullptr) return result;
  result.has_rows = true;
  result.schema = outcome.rows->schema();
  size_t rows = 0;
  while (true) {
    MR_ASSIGN(ResultStream::Step step, outcome.rows->Next([] {}));
    if (step.kind != ResultStream::Step::Kind::kBatch) break;
    rows += step.batch.rows;
    result.batches.push_back(std::move(step.batch));
  }
  if (outcome.counts_rows) result.tag += fmt::format(" {}", rows);
  // For a person who reads it, a plan is a text.
  if (result.schema.size() == 1 && result.schema[0].name == kPlanColumn) {
    for (const data::Batch& batch : result.batches) {
      for (size_t row = 0; row < batch.rows; ++row) {
        result.text += batch.columns[0]->GetValue(row).as_string() + '\n';
      }
    }
    result.has_rows = false;
    result.batches.clear();
  }
  return result;
}

Result<Outcome> Session::RunStatement(const sql::Statement& statement, std::string_view text) {
  switch (statement.kind) {
    case sql::StatementKind::kQuery:
      MR_UNREACHABLE();
    case sql::StatementKind::kCreateTable:
      return CreateTable(statement.As<sql::CreateTableStatement>(), text);
    case sql::StatementKind::kCreateView:
      return CreateView(statement.As<sql::CreateViewStatement>(), text);
    case sql::StatementKind::kCreateMaterializedView:
      return CreateMaterializedView(statement.As<sql::CreateMaterializedViewStatement>(), text);
    case sql::StatementKind::kCreateSchema:
      return CreateSchema(statement.As<sql::CreateSchemaStatement>());
    case sql::StatementKind::kInsert:
      return Insert(statement.As<sql::InsertStatement>(), text);
    case sql::StatementKind::kStatementSet:
      return StatementSet(statement.As<sql::StatementSetStatement>(), text);
    case sql::StatementKind::kExplain:
      return Explain(statement.As<sql::ExplainStatement>(), text);
    case sql::StatementKind::kShow:
      return Show(statement.As<sql::ShowStatement>());
    case sql::StatementKind::kDescribe:
      return Describe(statement.As<sql::DescribeStatement>());
    case sql::StatementKind::kSet:
      return Set(statement.As<sql::SetStatement>());
    case sql::StatementKind::kReset:
      return Reset(statement.As<sql::ResetStatement>());
    case sql::StatementKind::kDrop:
      return Drop(statement.As<sql::DropStatement>());
    case sql::StatementKind::kUse: {
      const auto& use = statement.As<sql::UseStatement>();
      if (use.is_catalog) {
        MR_TRY(catalog::Catalog::UseCatalog(use.name));
      } else {
        catalog();
        MR_TRY(catalog_.Use(use.name));
        current_schema_ = catalog_.current_schema();
      }
      return Outcome{.tag = "USE"};
    }
    default:
      return Fail(ErrorCode::kNotSupported, "this statement is for clients of a server", "",
                  statement.location);
  }
}

Result<Outcome> Session::Explain(const sql::ExplainStatement& statement, std::string_view text) {
  const plan::PlanContext context = PlanContextFor(text);
  if (statement.json_execution_plan || statement.estimated_cost || statement.plan_advice) {
    return Fail(ErrorCode::kNotSupported, "EXPLAIN has one form here: the plan with changelog modes and keys",
                "write EXPLAIN <statement> or EXPLAIN CHANGELOG_MODE <statement>", statement.location);
  }
  // With one shard nothing is exchanged: what two would exchange says more.
  const plan::Spreading spreading(std::max(2, settings_.shards()),
                                  [this](const catalog::ObjectName& name) { return SpreadOf(name); });
  const sql::Statement& inner = *statement.statement;
  switch (inner.kind) {
    case sql::StatementKind::kQuery: {
      MR_ASSIGN(const auto planned,
                plan::PlanQuery(*inner.As<sql::QueryStatement>().query, catalog(), context));
      return PlanLines(plan::Explain(planned, spreading));
    }
    case sql::StatementKind::kInsert: {
      MR_ASSIGN(const auto planned, plan::PlanInsert(inner.As<sql::InsertStatement>(), catalog(), context));
      return PlanLines(plan::Explain(planned, spreading));
    }
    case sql::StatementKind::kStatementSet: {
      std::string text_of_all;
      for (const auto& insert : inner.As<sql::StatementSetStatement>().inserts) {
        MR_ASSIGN(const auto planned, plan::PlanInsert(*insert, catalog(), context));
        text_of_all += plan::Explain(planned, spreading);
      }
      return PlanLines(text_of_all);
    }
    case sql::StatementKind::kCreateMaterializedView: {
      MR_ASSIGN(
          const auto planned,
          plan::PlanMaterializedView(inner.As<sql::CreateMaterializedViewStatement>(), catalog(), context));
      return PlanLines(plan::Explain(planned.query, spreading));
    }
    default:
      return Fail(ErrorCode::kNotSupported,
                  "EXPLAIN takes a query, INSERT, STATEMENT SET or CREATE MATERIALIZED VIEW", "",
                  inner.location);
  }
}

plan::Spread Session::SpreadOf(const catalog::ObjectName& name) const {
  for (const auto& request : pending_) {
    if (request.view != name.ToString()) continue;
    const plan::Spreading spreading(request.settings.shards(),
                                    [this](const catalog::ObjectName& other) { return SpreadOf(other); });
    return spreading.OfStored(request.query);
  }
  return instance_.warehouse().SpreadOf(name);
}

Result<Outcome> Session::Set(const sql::SetStatement& statement) {
  Status set = settings_.Set(statement.option.key, statement.option.value);
  if (!set.has_value()) return std::unexpected(set.error().At(statement.option.key_location));
  if (statement.option.key == catalog::kEpochIntervalKey) {
    instance_.warehouse().SetEpochInterval(settings_.epoch_interval_micros());
  }
  MR_TRY(ApplySettings());
  return Outcome{.tag = "SET"};
}

Result<Outcome> Session::Reset(const sql::ResetStatement& statement) {
  if (statement.key.has_value()) {
    Status reset = settings_.Reset(*statement.key);
    if (!reset.has_value()) return std::unexpected(reset.error().At(statement.key_location));
  } else {
    settings_.ResetAll();
  }
  for (const auto& [key, value] : instance_.options().settings) {
    if (!statement.key.has_value() || *statement.key == key) MR_TRY(settings_.Set(key, value));
  }
  MR_TRY(ApplySettings());
  return Outcome{.tag = "RESET"};
}

Status Session::Settle() {
  MR_TRY(StartPending());
  return instance_.warehouse().Settle(Reporter());
}

Status Session::RunToEnd() {
  MR_TRY(StartPending());
  return instance_.warehouse().RunToEnd(Reporter());
}

}  // namespace millrace::session
