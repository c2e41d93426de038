#include "session/session.h"

#include <fmt/format.h>

#include "dataflow/pipeline_builder.h"
#include "sql/parser.h"

namespace millrace::session {
namespace {

connectors::TableOptions OptionsOf(const catalog::TableDefinition& table,
                                   const std::vector<catalog::TableOption>& options) {
  connectors::TableOptions result;
  result.table = table.name.ToString();
  for (const auto& option : options) result.with.emplace_back(option.key, option.value);
  return result;
}

plan::ChangelogMode ModeOf(connectors::ChangelogMode mode) {
  switch (mode) {
    case connectors::ChangelogMode::kAppend:
      return plan::ChangelogMode::Append();
    case connectors::ChangelogMode::kUpsert:
      return plan::ChangelogMode::Upsert();
    case connectors::ChangelogMode::kRetract:
      return plan::ChangelogMode::Retract();
  }
  return plan::ChangelogMode::Retract();
}

Result<connectors::TableTraits> TraitsOf(const catalog::TableDefinition& table,
                                         const std::vector<catalog::TableOption>& options) {
  return connectors::DescribeTable(OptionsOf(table, options), dataflow::ColumnsOf(table, nullptr));
}

// The option that an error about a table's options names; the table's name when it names none.
SourceLocation PlaceOfWrongOption(const sql::CreateTableStatement& statement, const Error& error) {
  SourceLocation place = statement.name.location();
  for (const sql::Option& option : statement.options) {
    if (error.message().find("option '" + option.key + "'") != std::string::npos) return option.key_location;
    const bool is_kind = option.key == "connector" || option.key == "format";
    if (is_kind && error.message().find(option.key + " '" + option.value + "'") != std::string::npos) {
      place = option.value_location;
    }
  }
  return place;
}

}  // namespace

StatementResult TextRows(const std::vector<std::string>& names,
                         const std::vector<std::vector<std::string>>& rows) {
  StatementResult result;
  result.has_rows = true;
  data::Batch batch;
  batch.rows = rows.size();
  for (size_t i = 0; i < names.size(); ++i) {
    result.schema.Add(names[i], data::DataType::String());
    auto column = data::Column::Make(data::DataType::String(), rows.size());
    for (const auto& row : rows) column->AppendString(row[i]);
    batch.columns.push_back(std::move(column));
  }
  if (batch.rows > 0) result.batches.push_back(std::move(batch));
  result.tag = fmt::format("SELECT {}", rows.size());
  return result;
}

Session::Session(SessionOptions options)
    : options_(std::move(options)),
      engine_(query::EngineLimits{options_.threads, "4GB", options_.host_access}) {
  dataflow::Warehouse::Options warehouse;
  warehouse.env = options_.env;
  warehouse.threads = options_.threads;
  warehouse.epoch_interval_micros = settings_.epoch_interval_micros();
  warehouse.feeds = options_.test_feeds ? &feeds_ : nullptr;
  warehouse.standard_output = options_.standard_output;
  warehouse.standard_error = options_.standard_error;
  warehouse.whole_files = &parquet_;
  warehouse_ = std::make_unique<dataflow::Warehouse>(std::move(warehouse));
}

Status Session::Start() {
  for (const auto& [key, value] : options_.settings) MR_TRY(settings_.Set(key, value));
  for (dataflow::StoredTable* table :
       {&warehouse_->side_tables().dead_letters(), &warehouse_->side_tables().late_rows()}) {
    MR_TRY(catalog_.AddSystemTable(table->name.substr(4), *table->schema,
                                   table->name == "sys.late_rows"
                                       ? "rows that came after their window closed"
                                       : "records and rows that could not be processed"));
  }
  return ApplySettings();
}

Status Session::ApplySettings() {
  MR_ASSIGN(zone_, data::TimeZone::Find(settings_.time_zone()));
  warehouse_->SetEpochInterval(settings_.epoch_interval_micros());
  return {};
}

dataflow::Warehouse::Request Session::RequestFor(plan::PlannedQuery planned) const {
  dataflow::Warehouse::Request request;
  request.query = std::move(planned);
  request.settings = settings_;
  request.zone = zone_;
  request.job_name = settings_.Get("pipeline.name");
  return request;
}

// With table.dml-sync an INSERT has ended when its statement has.
Status Session::AwaitIfSynchronous() {
  if (settings_.Get("table.dml-sync") != "true") return {};
  return Settle();
}

std::function<void()> Session::Reporter() {
  return [this] {
    if (options_.on_progress) options_.on_progress(warehouse_->GetProgress());
  };
}

plan::PlanContext Session::PlanContextFor(std::string_view text) const {
  plan::PlanContext context;
  context.zone = zone_;
  context.settings = settings_;
  context.text = text;
  context.source_traits = [](const catalog::TableDefinition& table,
                             const std::vector<catalog::TableOption>& options) -> Result<plan::SourceTraits> {
    MR_ASSIGN(const connectors::TableTraits traits, TraitsOf(table, options));
    if (!traits.can_read) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("table '{}' cannot be read: the {} connector only writes", table.name.name,
                              table.connector()));
    }
    return plan::SourceTraits{traits.bounded, ModeOf(traits.produces), traits.watermark_idle_timeout_micros};
  };
  context.sink_changelog =
      [](const catalog::TableDefinition& table,
         const std::vector<catalog::TableOption>& options) -> Result<plan::ChangelogMode> {
    MR_ASSIGN(const connectors::TableTraits traits, TraitsOf(table, options));
    if (!traits.can_write) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("table '{}' cannot be written: the {} connector only reads", table.name.name,
                              table.connector()));
    }
    return ModeOf(traits.accepts);
  };
  return context;
}

Result<StatementResult> Session::Execute(std::string_view text) {
  Result<sql::StatementPtr> parsed = sql::ParseStatement(text);
  if (parsed.has_value()) return ExecuteParsed(**parsed, text);
  // DuckDB knows SELECTs that Flink's grammar does not.
  if (!IsQueryText(text) || !NamesATable(text)) return std::unexpected(parsed.error());
  Result<StatementResult> snapshot = SelectSnapshot(text);
  if (snapshot.has_value()) return snapshot;
  return std::unexpected(MoreTelling(parsed.error(), snapshot.error()));
}

Result<StatementResult> Session::ExecuteParsed(const sql::Statement& statement, std::string_view text) {
  switch (statement.kind) {
    case sql::StatementKind::kQuery:
      return Select(*statement.As<sql::QueryStatement>().query, text);
    case sql::StatementKind::kCreateTable:
      return CreateTable(statement.As<sql::CreateTableStatement>(), text);
    case sql::StatementKind::kCreateView:
      return CreateView(statement.As<sql::CreateViewStatement>(), text);
    case sql::StatementKind::kCreateMaterializedView:
      return CreateMaterializedView(statement.As<sql::CreateMaterializedViewStatement>(), text);
    case sql::StatementKind::kCreateSchema: {
      const auto& create = statement.As<sql::CreateSchemaStatement>();
      MR_TRY(catalog_.CreateSchema(create.name, create.if_not_exists, create.comment.value_or("")));
      return StatementResult{.tag = create.is_database ? "CREATE DATABASE" : "CREATE SCHEMA"};
    }
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
      MR_TRY(use.is_catalog ? catalog::Catalog::UseCatalog(use.name) : catalog_.Use(use.name));
      return StatementResult{.tag = "USE"};
    }
  }
  MR_UNREACHABLE();
}

Result<StatementResult> Session::CreateTable(const sql::CreateTableStatement& statement,
                                             std::string_view text) {
  const plan::PlanContext context = PlanContextFor(text);
  StatementResult result{.tag = "CREATE TABLE"};
  if (statement.as_query != nullptr) {
    return Fail(ErrorCode::kNotSupported, "CREATE TABLE ... AS SELECT is not supported",
                "CREATE MATERIALIZED VIEW ... AS SELECT keeps a result; or CREATE TABLE, then INSERT INTO",
                statement.location);
  }
  MR_ASSIGN(catalog::TableDefinition table, plan::BindCreateTable(statement, catalog_, context));
  const bool stored = table.connector().empty();
  if (!stored) {
    if (table.connector() == "feed" && !options_.test_feeds) {
      return Fail(ErrorCode::kNotSupported, "the feed connector is for millrace test", "",
                  statement.location);
    }
    Result<connectors::TableTraits> traits = TraitsOf(table, table.options);
    if (!traits.has_value())
      return std::unexpected(traits.error().At(PlaceOfWrongOption(statement, traits.error())));
    result.warnings = std::move(traits->warnings);
  }
  MR_ASSIGN(const bool created,
            catalog_.Create(catalog::MakeEntry(table), statement.if_not_exists, statement.name.location()));
  if (created && stored) MR_TRY(warehouse_->CreateTable(table));
  return result;
}

Result<StatementResult> Session::CreateView(const sql::CreateViewStatement& statement,
                                            std::string_view text) {
  MR_ASSIGN(catalog::EntryPtr entry, plan::BindCreateView(statement, catalog_, PlanContextFor(text)));
  if (statement.or_replace && catalog_.Find(entry->name) != nullptr) {
    MR_TRY(catalog_.Replace(std::move(entry), statement.name.location()));
  } else {
    MR_TRY(catalog_.Create(std::move(entry), statement.if_not_exists, statement.name.location()));
  }
  return StatementResult{.tag = "CREATE VIEW"};
}

Result<StatementResult> Session::CreateMaterializedView(const sql::CreateMaterializedViewStatement& statement,
                                                        std::string_view text) {
  StatementResult result{.tag =
                             statement.is_table ? "CREATE MATERIALIZED TABLE" : "CREATE MATERIALIZED VIEW"};
  MR_ASSIGN(plan::PlannedView planned, plan::PlanMaterializedView(statement, catalog_, PlanContextFor(text)));
  const std::string name = planned.entry->name.ToString();
  if (statement.or_replace && catalog_.Find(planned.entry->name) != nullptr) {
    MR_TRY(catalog_.Replace(planned.entry, statement.name.location()));
    std::erase_if(pending_, [&](const auto& request) { return request.view == name; });
    warehouse_->Drop(name);
  } else {
    MR_ASSIGN(const bool created,
              catalog_.Create(planned.entry, statement.if_not_exists, statement.name.location()));
    if (!created) return result;
  }
  result.warnings = planned.query.warnings;
  pending_.push_back(RequestFor(std::move(planned.query)));
  pending_.back().view = name;
  return result;
}

Result<StatementResult> Session::Insert(const sql::InsertStatement& statement, std::string_view text) {
  MR_ASSIGN(plan::PlannedQuery planned, plan::PlanInsert(statement, catalog_, PlanContextFor(text)));
  StatementResult result{.tag = "INSERT"};
  result.warnings = planned.warnings;
  pending_.push_back(RequestFor(std::move(planned)));
  MR_TRY(AwaitIfSynchronous());
  return result;
}

Result<StatementResult> Session::StatementSet(const sql::StatementSetStatement& statement,
                                              std::string_view text) {
  // All are planned before any is taken in.
  std::vector<dataflow::Warehouse::Request> requests;
  StatementResult result{.tag = "STATEMENT SET"};
  for (const auto& insert : statement.inserts) {
    MR_ASSIGN(plan::PlannedQuery planned, plan::PlanInsert(*insert, catalog_, PlanContextFor(text)));
    result.warnings.insert(result.warnings.end(), planned.warnings.begin(), planned.warnings.end());
    requests.push_back(RequestFor(std::move(planned)));
  }
  for (auto& request : requests) pending_.push_back(std::move(request));
  MR_TRY(AwaitIfSynchronous());
  return result;
}

Result<StatementResult> Session::Explain(const sql::ExplainStatement& statement, std::string_view text) {
  StatementResult result{.tag = "EXPLAIN"};
  const plan::PlanContext context = PlanContextFor(text);
  if (statement.json_execution_plan || statement.estimated_cost || statement.plan_advice) {
    return Fail(ErrorCode::kNotSupported, "EXPLAIN has one form here: the plan with changelog modes and keys",
                "write EXPLAIN <statement> or EXPLAIN CHANGELOG_MODE <statement>", statement.location);
  }
  const sql::Statement& inner = *statement.statement;
  switch (inner.kind) {
    case sql::StatementKind::kQuery: {
      MR_ASSIGN(const auto planned,
                plan::PlanQuery(*inner.As<sql::QueryStatement>().query, catalog_, context));
      result.text = plan::Explain(planned);
      return result;
    }
    case sql::StatementKind::kInsert: {
      MR_ASSIGN(const auto planned, plan::PlanInsert(inner.As<sql::InsertStatement>(), catalog_, context));
      result.text = plan::Explain(planned);
      return result;
    }
    case sql::StatementKind::kStatementSet: {
      for (const auto& insert : inner.As<sql::StatementSetStatement>().inserts) {
        MR_ASSIGN(const auto planned, plan::PlanInsert(*insert, catalog_, context));
        result.text += plan::Explain(planned);
      }
      return result;
    }
    case sql::StatementKind::kCreateMaterializedView: {
      MR_ASSIGN(const auto planned, plan::PlanMaterializedView(
                                        inner.As<sql::CreateMaterializedViewStatement>(), catalog_, context));
      result.text = plan::Explain(planned.query);
      return result;
    }
    default:
      return Fail(ErrorCode::kNotSupported,
                  "EXPLAIN takes a query, INSERT, STATEMENT SET or CREATE MATERIALIZED VIEW", "",
                  inner.location);
  }
}

Result<StatementResult> Session::Set(const sql::SetStatement& statement) {
  Status set = settings_.Set(statement.option.key, statement.option.value);
  if (!set.has_value()) return std::unexpected(set.error().At(statement.option.key_location));
  MR_TRY(ApplySettings());
  return StatementResult{.tag = "SET"};
}

Result<StatementResult> Session::Reset(const sql::ResetStatement& statement) {
  if (statement.key.has_value()) {
    Status reset = settings_.Reset(*statement.key);
    if (!reset.has_value()) return std::unexpected(reset.error().At(statement.key_location));
  } else {
    settings_.ResetAll();
  }
  for (const auto& [key, value] : options_.settings) {
    if (!statement.key.has_value() || *statement.key == key) MR_TRY(settings_.Set(key, value));
  }
  MR_TRY(ApplySettings());
  return StatementResult{.tag = "RESET"};
}

Result<StatementResult> Session::Drop(const sql::DropStatement& statement) {
  static constexpr std::string_view kTags[] = {"DROP TABLE", "DROP VIEW", "DROP MATERIALIZED VIEW",
                                               "DROP SCHEMA"};
  std::vector<catalog::EntryPtr> dropped;
  if (statement.object == sql::ObjectKind::kSchema) {
    MR_ASSIGN(dropped, catalog_.DropSchema(statement.name, statement.if_exists, statement.cascade));
  } else {
    MR_ASSIGN(dropped,
              catalog_.Drop(statement.object, statement.name, statement.if_exists, statement.cascade));
  }
  DropObjects(dropped);
  return StatementResult{.tag = std::string(kTags[static_cast<size_t>(statement.object)])};
}

void Session::DropObjects(const std::vector<catalog::EntryPtr>& dropped) {
  for (const catalog::EntryPtr& entry : dropped) {
    const std::string name = entry->name.ToString();
    std::erase_if(pending_, [&](const auto& request) {
      if (request.view == name) return true;
      const auto* sink = request.query.root->template AsIf<plan::SinkNode>();
      return sink != nullptr && sink->entry->name == entry->name;
    });
    warehouse_->Drop(name);
  }
}

Status Session::StartPending() {
  if (pending_.empty()) return {};
  std::vector<dataflow::Warehouse::Request> requests = std::move(pending_);
  pending_.clear();
  MR_TRY(warehouse_->Start(std::move(requests)));
  return {};
}

Status Session::Settle() {
  MR_TRY(StartPending());
  return warehouse_->Settle(Reporter());
}

Status Session::RunToEnd() {
  MR_TRY(StartPending());
  return warehouse_->RunToEnd(Reporter());
}

}  // namespace millrace::session
