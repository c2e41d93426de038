// CREATE and DROP.
#include <fmt/format.h>

#include "dataflow/pipeline_builder.h"
#include "session/session.h"
#include "session/table_traits.h"

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

}  // namespace

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
  if (!stored) {
    if (table.connector() == "feed" && !instance_.options().test_feeds) {
      return Fail(ErrorCode::kNotSupported, "the feed connector is for millrace test", "",
                  statement.location);
    }
    Result<connectors::TableTraits> traits = TraitsOf(table, table.options);
    if (!traits.has_value())
      return std::unexpected(traits.error().At(PlaceOfWrongOption(statement, traits.error())));
    outcome.warnings = std::move(traits->warnings);
  }
  MR_ASSIGN(const bool created, change.catalog().Create(catalog::MakeEntry(table), statement.if_not_exists,
                                                        statement.name.location()));
  if (!created) return outcome;
  if (stored || table.connector() == "http") MR_TRY(instance_.warehouse().CreateTable(table));
  change.Commit();
  Created(catalog::Securable::Table(table.name));
  return outcome;
}

Result<Outcome> Session::CreateView(const sql::CreateViewStatement& statement, std::string_view text) {
  CatalogChange change(&instance_, current_schema_);
  catalog::Catalog& catalog = change.catalog();
  MR_ASSIGN(catalog::EntryPtr entry, plan::BindCreateView(statement, catalog, PlanContextFor(text)));
  const catalog::ObjectName name = entry->name;
  if (statement.or_replace && catalog.Find(name) != nullptr) {
    MR_TRY(CheckOwner(catalog::Securable::Table(name)));
    MR_TRY(catalog.Replace(std::move(entry), statement.name.location()));
    change.Commit();
    return Outcome{.tag = "CREATE VIEW"};
  }
  MR_TRY(CheckCreateIn(name.schema));
  MR_ASSIGN(const bool created,
            catalog.Create(std::move(entry), statement.if_not_exists, statement.name.location()));
  if (!created) return Outcome{.tag = "CREATE VIEW"};
  change.Commit();
  Created(catalog::Securable::Table(name));
  return Outcome{.tag = "CREATE VIEW"};
}

Result<Outcome> Session::CreateMaterializedView(const sql::CreateMaterializedViewStatement& statement,
                                                std::string_view text) {
  Outcome outcome{.tag = statement.is_table ? "CREATE MATERIALIZED TABLE" : "CREATE MATERIALIZED VIEW"};
  CatalogChange change(&instance_, current_schema_);
  catalog::Catalog& catalog = change.catalog();
  MR_ASSIGN(plan::PlannedView planned, plan::PlanMaterializedView(statement, catalog, PlanContextFor(text)));
  const std::string name = planned.entry->name.ToString();
  const bool replaces = statement.or_replace && catalog.Find(planned.entry->name) != nullptr;
  const catalog::Securable object = catalog::Securable::Table(planned.entry->name);
  MR_TRY(CheckReads(planned.query));
  if (replaces) {
    MR_TRY(CheckOwner(object));
    MR_TRY(catalog.Replace(planned.entry, statement.name.location()));
  } else {
    MR_TRY(CheckCreateIn(planned.entry->name.schema));
    MR_ASSIGN(const bool created,
              catalog.Create(planned.entry, statement.if_not_exists, statement.name.location()));
    if (!created) return outcome;
  }
  outcome.warnings = planned.query.warnings;
  if (replaces) {
    std::erase_if(pending_, [&](const auto& request) { return request.view == name; });
    instance_.warehouse().Drop(name);
  }
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(RequestFor(std::move(planned.query)));
  requests.back().view = name;
  if (requests.back().job_name.empty()) requests.back().job_name = name;
  MR_TRY(Begin(std::move(requests), false));
  change.Commit();
  if (!replaces) Created(object);
  // The rows that there are in what it reads can be seen when the statement has ended.
  if (!options_.script) MR_TRY(writes_.AwaitVisible());
  return outcome;
}

Result<Outcome> Session::CreateSchema(const sql::CreateSchemaStatement& statement) {
  MR_TRY(Check(catalog::Privilege::kCreate, catalog::Securable::Database()));
  CatalogChange change(&instance_, current_schema_);
  const size_t before = change.catalog().Schemas().size();
  MR_TRY(
      change.catalog().CreateSchema(statement.name, statement.if_not_exists, statement.comment.value_or("")));
  const bool created = change.catalog().Schemas().size() != before;
  change.Commit();
  if (created) Created(catalog::Securable::Schema(statement.name.Last().text));
  return Outcome{.tag = statement.is_database ? "CREATE DATABASE" : "CREATE SCHEMA"};
}

Result<Outcome> Session::Drop(const sql::DropStatement& statement) {
  static constexpr std::string_view kTags[] = {"DROP TABLE", "DROP VIEW", "DROP MATERIALIZED VIEW",
                                               "DROP SCHEMA"};
  CatalogChange change(&instance_, current_schema_);
  catalog::Catalog& catalog = change.catalog();
  // Before anything is said of what depends on it.
  if (statement.object != sql::ObjectKind::kSchema) {
    if (const auto entry = catalog.Resolve(statement.name); entry.has_value()) {
      MR_TRY(CheckOwner(catalog::Securable::Table((*entry)->name)));
    }
  } else {
    MR_TRY(CheckOwner(catalog::Securable::Schema(statement.name.Last().text)));
  }
  std::vector<catalog::EntryPtr> dropped;
  if (statement.object == sql::ObjectKind::kSchema) {
    MR_ASSIGN(dropped, catalog.DropSchema(statement.name, statement.if_exists, statement.cascade));
  } else {
    MR_ASSIGN(dropped,
              catalog.Drop(statement.object, statement.name, statement.if_exists, statement.cascade));
  }
  const bool drops_schema = statement.object == sql::ObjectKind::kSchema;
  for (const catalog::EntryPtr& entry : dropped) MR_TRY(CheckOwner(catalog::Securable::Table(entry->name)));
  change.Commit();
  if (drops_schema) instance_.roles().ObjectDropped(catalog::Securable::Schema(statement.name.Last().text));
  DropObjects(dropped);
  return Outcome{.tag = std::string(kTags[static_cast<size_t>(statement.object)])};
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
    instance_.roles().ObjectDropped(catalog::Securable::Table(entry->name));
  }
}

}  // namespace millrace::session
