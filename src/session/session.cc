#include "session/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "query/query_parameters.h"
#include "session/script.h"
#include "session/statement_parameters.h"
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
    : instance_(*instance),
      options_(std::move(options)),
      interruptible_(instance->env().clock),
      writes_(&instance->warehouse(), &interruptible_),
      pinned_(instance->warehouse().held_memory()) {}

Session::~Session() {
  if (activity_ != nullptr) instance_.activities().Remove(activity_);
  if (is_connected_) instance_.roles().Disconnect(login_role_);
}

Status Session::Start() {
  for (const auto& [key, value] : instance_.options().settings) MR_TRY(settings_.Set(key, value));
  MR_TRY(ApplySettings());
  if (options_.script) return {};
  login_role_ = session_role_ = role_ = options_.role;
  timer_ = std::make_unique<StatementTimer>(instance_.env().clock, &instance_.timers(), [this] {
    Cancel(Error(ErrorCode::kQueryTimeout, "the statement took longer than it may",
                 "statement_timeout, or the TIME LIMIT of the role, says how long"));
  });
  MR_TRY(instance_.roles().Connect(login_role_));
  is_connected_ = true;
  for (const auto& [name, values] : instance_.roles().ParametersOf(login_role_)) {
    MR_TRY(parameters_.SetDefault(name, values));
    MR_TRY(ApplyParameter(name));
  }
  for (const auto& [name, value] : options_.parameters) {
    const std::vector<std::string> values =
        name == "search_path" ? catalog::ParseNameListText(value) : std::vector<std::string>{value};
    MR_TRY(parameters_.SetDefault(name, values));
    MR_TRY(ApplyParameter(name));
  }
  TellRole();
  ShowActivity();
  return {};
}

Status Session::Continue(State state) {
  settings_ = std::move(state.settings);
  current_schema_ = std::move(state.current_schema);
  instance_.warehouse().SetEpochInterval(settings_.epoch_interval_micros());
  return ApplySettings();
}

int64_t Session::statement_timeout_micros() const {
  const int64_t own = parameters_.DurationMicros("statement_timeout");
  const int64_t limit = instance_.roles().LimitsOf(login_role_).time_micros.value_or(0);
  if (own == 0 || limit == 0) return std::max(own, limit);
  return std::min(own, limit);
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

std::function<bool()> Session::Cancelled() const {
  return [this] { return !interruptible_.Check().has_value(); };
}

Result<PreparedPtr> Session::Prepare(std::string_view text,
                                     std::vector<std::optional<data::DataType>> types) {
  auto prepared = std::make_shared<Prepared>();
  prepared->text = text;
  if (SplitScript(text).empty()) {
    prepared->empty = true;
    return prepared;
  }
  Result<sql::StatementPtr> parsed = sql::ParseStatement(text);
  if (parsed.has_value()) {
    prepared->statement = std::move(*parsed);
  } else if (parsed.error().code() == ErrorCode::kInvalidDatetime || !IsQueryText(text) ||
             (options_.script && !NamesATable(text))) {
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
  if (!options_.script) MR_TRY(DescribeServerStatement(prepared.get(), types));
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
  interruptible_.Begin();
  if (timer_ != nullptr) timer_->Arm(statement_timeout_micros());
  if (activity_ != nullptr) activity_->Begin(statement->text, instance_.env().clock->NowMicros());
  Result<Outcome> outcome = Run(*statement, parameters);
  const bool goes_on = outcome.has_value() && (outcome->rows != nullptr || outcome->copy_in != nullptr);
  const bool is_subscription = goes_on && statement->statement != nullptr &&
                               statement->statement->kind == sql::StatementKind::kSubscribe;
  if (timer_ != nullptr && (!goes_on || is_subscription)) timer_->Disarm();
  if (!outcome.has_value()) {
    FailTransaction();
    return outcome;
  }
  if (options_.script || outcome->rows == nullptr) return outcome;
  outcome->rows = std::make_unique<WatchedStream>(std::move(outcome->rows),
                                                  instance_.roles().LimitsOf(login_role_).result_rows,
                                                  [this] { timer_->Disarm(); });
  return outcome;
}

Result<Outcome> Session::Run(const Prepared& prepared, const std::vector<data::Value>& parameters) {
  if (prepared.empty) return Outcome{};
  MR_TRY(CheckTransaction(prepared.statement.get()));
  if (parameters.size() != prepared.parameters.size()) {
    return Fail(ErrorCode::kProtocolViolation, fmt::format("the statement has {} parameters, {} were given",
                                                           prepared.parameters.size(), parameters.size()));
  }
  if (std::ranges::any_of(prepared.parameters, query::HasAnyDecimal)) {
    MR_ASSIGN(const FixedDecimals fixed, FixDecimals(parameters, prepared.parameters));
    return RunWith(prepared, {fixed.values, fixed.types});
  }
  return RunWith(prepared, {parameters, prepared.parameters});
}

Result<Outcome> Session::RunWith(const Prepared& prepared, const Arguments& arguments) {
  if (prepared.statement == nullptr || prepared.statement->kind == sql::StatementKind::kQuery) {
    return options_.script ? SelectScript(prepared) : Select(prepared, arguments);
  }
  if (arguments.values.empty()) return RunStatement(*prepared.statement, prepared.text);
  // The values stand in the text as literals of their types.
  const std::string text = SubstituteParameters(prepared.text, arguments.values, arguments.types, *zone_);
  MR_ASSIGN(const sql::StatementPtr statement, sql::ParseStatement(text));
  return RunStatement(*statement, text);
}

void Session::Cancel() {
  Cancel(Error(ErrorCode::kCancelled, "the statement was cancelled"));
}

void Session::Cancel(Error reason) {
  active_.Cancel(reason);
  interruptible_.Cancel(std::move(reason));
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
      return CreateSchema(statement.As<sql::CreateSchemaStatement>(), text);
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
    case sql::StatementKind::kAlterTableOptions:
      return AlterTableOptions(statement.As<sql::AlterTableOptionsStatement>());
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
      if (!options_.script) return RunServerStatement(statement, text);
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
      MR_TRY(CheckReads(planned));
      return PlanLines(plan::Explain(planned, spreading));
    }
    case sql::StatementKind::kInsert: {
      MR_ASSIGN(const auto planned, plan::PlanInsert(inner.As<sql::InsertStatement>(), catalog(), context));
      MR_TRY(CheckReads(planned));
      return PlanLines(plan::Explain(planned, spreading));
    }
    case sql::StatementKind::kStatementSet: {
      std::string text_of_all;
      for (const auto& insert : inner.As<sql::StatementSetStatement>().inserts) {
        MR_ASSIGN(const auto planned, plan::PlanInsert(*insert, catalog(), context));
        MR_TRY(CheckReads(planned));
        text_of_all += plan::Explain(planned, spreading);
      }
      return PlanLines(text_of_all);
    }
    case sql::StatementKind::kCreateMaterializedView: {
      MR_ASSIGN(
          const auto planned,
          plan::PlanMaterializedView(inner.As<sql::CreateMaterializedViewStatement>(), catalog(), context));
      MR_TRY(CheckReads(planned.query));
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
