// CREATE and DROP.
#include <fmt/format.h>

#include "catalog/table_text.h"
#include "dataflow/pipeline_builder.h"
#include "session/session.h"
#include "session/table_traits.h"
#include "sql/parser.h"
#include "sql/printer.h"

namespace millrace::session {
namespace {

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

// As the table itself says it.
connectors::LogRetention LogRetentionOf(const catalog::TableDefinition& table) {
  const auto traits = TraitsOf(table, table.options);
  return traits.has_value() ? traits->log_retention : connectors::LogRetention();
}

}  // namespace

plan::PlanContext Session::PlanContextFor(std::string_view text) const {
  plan::PlanContext context;
  context.zone = zone_;
  context.settings = settings_;
  context.text = text;
  context.source_traits = [](const catalog::TableDefinition& table,
                             const std::vector<catalog::TableOption>& options) -> Result<plan::SourceTraits> {
    MR_ASSIGN(const connectors::TableTraits traits, TraitsOf(table, options));
    if (traits.log_retention != LogRetentionOf(table)) {
      return Fail(
          ErrorCode::kNotSupported,
          fmt::format("how long the log of table '{}' keeps rows is no option of a query", table.name.name),
          fmt::format("ALTER TABLE {} SET ('{}' = ...)", table.name.ToString(),
                      connectors::kLogRetentionKey));
    }
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

Result<Outcome> Session::CreateTable(const sql::CreateTableStatement& statement, std::string_view text) {
  const plan::PlanContext context = PlanContextFor(text);
  Outcome outcome{.tag = "CREATE TABLE"};
  if (statement.as_query != nullptr) {
    return Fail(ErrorCode::kNotSupported, "CREATE TABLE ... AS SELECT is not supported",
                "CREATE MATERIALIZED VIEW ... AS SELECT keeps a result; or CREATE TABLE, then INSERT INTO",
                statement.location);
  }
  CatalogChange change(&instance_, current_schema_);
  MR_ASSIGN(catalog::TableDefinition table, plan::BindCreateTable(statement, change.catalog(), context));
  MR_TRY(CheckCreateIn(table.name.schema));
  MR_TRY(CheckConnector(table));
  if (statement.like.has_value()) {
    // It copies the options, which may be secrets.
    MR_ASSIGN(const catalog::EntryPtr source, change.catalog().Resolve(statement.like->table));
    MR_TRY(CheckRead(source->name.ToString()));
  }
  const bool stored = table.connector().empty();
  connectors::TableTraits log_traits;
  if (!stored) {
    if (table.connector() == "feed" && !instance_.options().test_feeds) {
      return Fail(ErrorCode::kNotSupported, "the feed connector is for millrace test", "",
                  statement.location);
    }
    Result<connectors::TableTraits> traits = TraitsOf(table, table.options);
    if (!traits.has_value())
      return std::unexpected(traits.error().At(PlaceOfWrongOption(statement, traits.error())));
    outcome.warnings = traits->warnings;
    log_traits = std::move(*traits);
  }
  const catalog::EntryPtr entry = catalog::MakeEntry(table);
  MR_ASSIGN(const bool created,
            change.catalog().Create(entry, statement.if_not_exists, statement.name.location()));
  if (!created) return outcome;
  MR_ASSIGN(const uint64_t id, TakeIds(table.temporary));
  if (const Status logged = CheckLogOptions(table, log_traits, id); !logged.has_value()) {
    return std::unexpected(logged.error().At(PlaceOfWrongOption(statement, logged.error())));
  }
  Keep(id, StatementRecord::Kind::kTable, *entry, statement, text, &change);
  if (statement.like.has_value() && !change.records().put.empty()) {
    // The table that it is like may be dropped.
    std::string expanded = catalog::CreateTableText(table);
    MR_TRY(sql::ParseStatement(expanded));
    change.records().put.back().expanded_text = std::move(expanded);
  }
  Created(catalog::Securable::Table(table.name), &change);
  const bool takes_rows = stored || table.connector() == "http";
  if (takes_rows) MR_TRY(instance_.warehouse().CreateTable(table, id));
  const Status committed = change.Commit();
  if (!committed.has_value()) {
    if (takes_rows) instance_.warehouse().Drop(table.name.ToString());
    return std::unexpected(committed.error());
  }
  return outcome;
}

Result<Outcome> Session::CreateView(const sql::CreateViewStatement& statement, std::string_view text) {
  Outcome outcome{.tag = "CREATE VIEW"};
  CatalogChange change(&instance_, current_schema_);
  catalog::Catalog& catalog = change.catalog();
  MR_ASSIGN(const catalog::EntryPtr entry, plan::BindCreateView(statement, catalog, PlanContextFor(text)));
  const catalog::Securable object = catalog::Securable::Table(entry->name);
  MR_TRY(CheckLasting(*entry, catalog));
  std::vector<StatementRecord> ended;
  if (statement.or_replace && catalog.Find(entry->name) != nullptr) {
    MR_TRY(CheckOwner(object));
    MR_TRY(catalog.Replace(entry, statement.name.location()));
    ended = DropRecords({entry->name}, &change);
  } else {
    MR_TRY(CheckCreateIn(entry->name.schema));
    MR_ASSIGN(const bool created, catalog.Create(entry, statement.if_not_exists, statement.name.location()));
    if (!created) return outcome;
    Created(object, &change);
  }
  MR_ASSIGN(const uint64_t id, TakeIds(entry->temporary));
  Keep(id, StatementRecord::Kind::kView, *entry, statement, text, &change);
  MR_TRY(change.Commit());
  EndJobs(ended, &outcome);
  return outcome;
}

Result<Outcome> Session::CreateMaterializedView(const sql::CreateMaterializedViewStatement& statement,
                                                std::string_view text) {
  Outcome outcome{.tag = statement.is_table ? "CREATE MATERIALIZED TABLE" : "CREATE MATERIALIZED VIEW"};
  CatalogChange change(&instance_, current_schema_);
  catalog::Catalog& catalog = change.catalog();
  MR_ASSIGN(plan::PlannedView planned, plan::PlanMaterializedView(statement, catalog, PlanContextFor(text)));
  const catalog::ObjectName name = planned.entry->name;
  const bool replaces = statement.or_replace && catalog.Find(name) != nullptr;
  const catalog::Securable object = catalog::Securable::Table(name);
  MR_TRY(CheckReads(planned.query));
  MR_TRY(CheckLasting(*planned.entry, catalog));
  std::vector<StatementRecord> ended;
  if (replaces) {
    MR_TRY(CheckOwner(object));
    MR_TRY(catalog.Replace(planned.entry, statement.name.location()));
    ended = DropRecords({name}, &change);
  } else {
    MR_TRY(CheckCreateIn(name.schema));
    MR_ASSIGN(const bool created,
              catalog.Create(planned.entry, statement.if_not_exists, statement.name.location()));
    if (!created) return outcome;
    Created(object, &change);
  }
  outcome.warnings = planned.query.warnings;
  WarnOfGoneRows(planned.query, &outcome.warnings);
  MR_ASSIGN(const uint64_t id, TakeIds(false));
  Keep(id, StatementRecord::Kind::kMaterializedView, *planned.entry, statement, text, &change);
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(RequestFor(std::move(planned.query)));
  requests.back().view = name.ToString();
  requests.back().object_id = requests.back().group_id = id;
  if (requests.back().job_name.empty()) requests.back().job_name = name.ToString();
  if (replaces) {
    MR_TRY(Replace(name, std::move(requests), id, &change));
    EndJobs(ended, &outcome);
  } else {
    MR_TRY(Begin(std::move(requests), false));
    const Status committed = change.Commit();
    if (!committed.has_value()) {
      instance_.warehouse().Drop(name.ToString());
      return std::unexpected(committed.error());
    }
  }
  // The rows that there are in what it reads can be seen when the statement has ended.
  if (!options_.script && replayed_ == nullptr) MR_TRY(writes_.AwaitVisible());
  return outcome;
}

// The old view cannot be brought back once it has ended, so the change is made durable before. If the new one
// does not start after all, there is none.
Status Session::Replace(const catalog::ObjectName& name, std::vector<dataflow::Warehouse::Request> requests,
                        uint64_t id, CatalogChange* change) {
  MR_TRY(change->Save());
  std::erase_if(pending_, [&](const auto& request) { return request.view == name.ToString(); });
  instance_.warehouse().Drop(name.ToString());
  const Status begun = Begin(std::move(requests), false);
  if (begun.has_value()) {
    change->Publish();
    return {};
  }
  sql::QualifiedName written;
  for (const std::string& part : {name.schema, name.name}) written.parts.push_back({part, {}, true});
  MR_TRY(change->catalog().Drop(sql::ObjectKind::kMaterializedView, written, false, false));
  if (id != 0) instance_.durable()->TakeBack(id);
  change->objects().dropped.push_back(catalog::Securable::Table(name));
  const Status forgotten = change->Save();
  change->Publish();
  return std::unexpected(
      (forgotten.has_value() ? begun : forgotten)
          .error()
          .Within(fmt::format("'{}' has been dropped, and its replacement does not start", name.ToString())));
}

Result<Outcome> Session::CreateSchema(const sql::CreateSchemaStatement& statement, std::string_view text) {
  MR_TRY(Check(catalog::Privilege::kCreate, catalog::Securable::Database()));
  CatalogChange change(&instance_, current_schema_);
  const size_t before = change.catalog().Schemas().size();
  MR_TRY(
      change.catalog().CreateSchema(statement.name, statement.if_not_exists, statement.comment.value_or("")));
  if (change.catalog().Schemas().size() != before) {
    catalog::Entry schema;
    schema.name.schema = statement.name.Last().text;
    MR_ASSIGN(const uint64_t id, TakeIds(false));
    Keep(id, StatementRecord::Kind::kSchema, schema, statement, text, &change);
    Created(catalog::Securable::Schema(schema.name.schema), &change);
  }
  MR_TRY(change.Commit());
  return Outcome{.tag = statement.is_database ? "CREATE DATABASE" : "CREATE SCHEMA"};
}

Result<Outcome> Session::Drop(const sql::DropStatement& statement) {
  static constexpr std::string_view kTags[] = {"DROP TABLE", "DROP VIEW", "DROP MATERIALIZED VIEW",
                                               "DROP SCHEMA"};
  Outcome outcome{.tag = std::string(kTags[static_cast<size_t>(statement.object)])};
  const bool drops_schema = statement.object == sql::ObjectKind::kSchema;
  CatalogChange change(&instance_, current_schema_);
  catalog::Catalog& catalog = change.catalog();
  // Before anything is said of what depends on it.
  if (drops_schema) {
    MR_TRY(CheckOwner(catalog::Securable::Schema(statement.name.Last().text)));
  } else if (const auto entry = catalog.Resolve(statement.name); entry.has_value()) {
    MR_TRY(CheckOwner(catalog::Securable::Table((*entry)->name)));
  }
  const size_t schemas = catalog.Schemas().size();
  MR_ASSIGN(const std::vector<catalog::EntryPtr> dropped,
            catalog.Drop(statement.object, statement.name, statement.if_exists, statement.cascade));
  for (const catalog::EntryPtr& entry : dropped) MR_TRY(CheckOwner(catalog::Securable::Table(entry->name)));
  std::vector<catalog::ObjectName> names;
  for (const catalog::EntryPtr& entry : dropped) names.push_back(entry->name);
  const std::vector<StatementRecord> ended = DropRecords(names, &change);
  if (replayed_ == nullptr) {
    for (const auto& name : names) change.objects().dropped.push_back(catalog::Securable::Table(name));
  }
  if (catalog.Schemas().size() != schemas) MR_TRY(DropSchemaRecord(statement, &change));
  MR_TRY(change.Commit());
  DropObjects(dropped);
  EndJobs(ended, &outcome);
  return outcome;
}

// Of a schema that has been dropped. One that is there from the start has no record to be removed: it gets
// one that says so.
Status Session::DropSchemaRecord(const sql::DropStatement& statement, CatalogChange* change) const {
  if (replayed_ != nullptr) return {};
  const std::string& schema = statement.name.Last().text;
  change->objects().dropped.push_back(catalog::Securable::Schema(schema));
  if (!Keeps()) return {};
  DurableCatalog& durable = *instance_.durable();
  if (const auto record = durable.Find({schema, ""}); record.has_value()) {
    change->records().removed.push_back(record->id);
    return {};
  }
  StatementRecord record;
  MR_ASSIGN(record.id, durable.TakeIds(1));
  record.kind = StatementRecord::Kind::kDroppedSchema;
  record.name.schema = schema;
  record.text = "DROP SCHEMA IF EXISTS " + sql::PrintName(schema);
  record.current_schema = catalog::kDefaultSchema;
  change->records().put.push_back(std::move(record));
  return {};
}

void Session::DropObjects(const std::vector<catalog::EntryPtr>& dropped) {
  for (const catalog::EntryPtr& entry : dropped) {
    const std::string name = entry->name.ToString();
    std::erase_if(pending_, [&](const auto& request) {
      if (request.view == name) return true;
      const auto* sink = request.query.root->template AsIf<plan::SinkNode>();
      return sink != nullptr && sink->entry->name == entry->name;
    });
    instance_.warehouse().Drop(name);
  }
}

}  // namespace millrace::session
