// CREATE VIEW and CREATE MATERIALIZED VIEW.
#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "plan/binder.h"
#include "plan/finish_plan.h"
#include "plan/planner.h"
#include "sql/parser.h"

namespace millrace::plan {

namespace {

struct Definition {
  std::shared_ptr<const sql::Query> query;
  std::string text;
};

// The query as text and as a tree of its own, that outlives the statement.
Result<Definition> KeepQuery(const sql::Query& query, std::string_view text) {
  if (query.range.end > text.size() || query.range.begin >= query.range.end) {
    return Fail(ErrorCode::kInternal, "the text of the definition is not known", {}, query.location);
  }
  Definition definition;
  definition.text = std::string(text.substr(query.range.begin, query.range.end - query.range.begin));
  MR_ASSIGN(sql::StatementPtr statement, sql::ParseStatement(definition.text));
  if (statement->kind != sql::StatementKind::kQuery) {
    return Fail(ErrorCode::kInternal, "the definition is not a query", {}, query.location);
  }
  definition.query = std::move(static_cast<sql::QueryStatement&>(*statement).query);
  return definition;
}

std::string StatementText(const sql::Statement& statement, std::string_view text) {
  if (statement.range.end > text.size() || statement.range.begin > statement.range.end) return {};
  return std::string(text.substr(statement.range.begin, statement.range.end - statement.range.begin));
}

std::unexpected<Error> Repeated(const std::string& name, SourceLocation location) {
  return Fail(ErrorCode::kDuplicateColumn, fmt::format("two columns are called '{}'", name),
              "name them apart by AS", location);
}

// The names given in the statement, or the query's own: each once.
Status NameColumns(const std::vector<sql::Name>& given, Relation* relation) {
  if (given.empty()) {
    if (relation->repeated) return Repeated(relation->repeated->name, relation->repeated->location);
    return Ok();
  }
  if (given.size() != relation->names.size()) {
    return Fail(ErrorCode::kInvalidTableDefinition,
                fmt::format("{} column names are given for {} columns", given.size(), relation->names.size()),
                "name all of them or none", given.front().location);
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < given.size(); ++i) {
    if (!seen.insert(given[i].text).second) return Repeated(given[i].text, given[i].location);
    relation->names[i] = given[i].text;
  }
  return Ok();
}

Result<std::vector<int>> DeclaredKey(const sql::PrimaryKey& key, const data::Schema& schema) {
  std::vector<int> columns;
  for (const sql::Name& name : key.columns) {
    const int column = schema.Find(name.text);
    if (column < 0) {
      std::vector<std::string> names;
      for (const data::Field& field : schema) names.push_back(field.name);
      return Fail(ErrorCode::kUndefinedColumn, fmt::format("no column '{}' for the primary key", name.text),
                  DidYouMean(name.text, names), name.location);
    }
    if (std::ranges::find(columns, column) != columns.end()) {
      return Fail(ErrorCode::kDuplicateColumn,
                  fmt::format("column '{}' is twice in the primary key", name.text), {}, name.location);
    }
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

Result<catalog::EntryPtr> BindCreateView(const sql::CreateViewStatement& statement,
                                         const catalog::Catalog& catalog, const PlanContext& context) {
  MR_ASSIGN(catalog::ObjectName name, catalog.ResolveNew(statement.name));
  QueryBinder binder(catalog, context);
  MR_ASSIGN(Relation relation, binder.BindQuery(*statement.query, QueryPlace::kSubquery));
  MR_TRY(NameColumns(statement.columns, &relation));
  if (std::ranges::find(binder.dependencies(), name) != binder.dependencies().end()) {
    return Fail(ErrorCode::kInvalidTableDefinition,
                fmt::format("the view '{}' would read itself", name.ToString()), {},
                statement.name.location());
  }
  MR_ASSIGN(Definition definition, KeepQuery(*statement.query, context.text));
  auto view = std::make_shared<catalog::ViewDefinition>();
  view->name = name;
  view->query = std::move(definition.query);
  view->query_text = std::move(definition.text);
  view->references = binder.References();
  for (auto& reference : view->references) {
    reference.begin -= statement.query->range.begin;
    reference.end -= statement.query->range.begin;
  }
  view->current_schema = catalog.current_schema();
  view->columns = relation.names;
  auto entry = std::make_shared<catalog::Entry>();
  entry->kind = catalog::EntryKind::kView;
  entry->name = std::move(name);
  entry->schema = relation.NamedSchema();
  entry->comment = statement.comment.value_or("");
  entry->ddl = StatementText(statement, context.text);
  entry->temporary = statement.temporary;
  entry->dependencies = binder.dependencies();
  entry->view = std::move(view);
  return entry;
}

Result<PlannedView> PlanMaterializedView(const sql::CreateMaterializedViewStatement& statement,
                                         const catalog::Catalog& catalog, const PlanContext& context) {
  MR_ASSIGN(catalog::ObjectName name, catalog.ResolveNew(statement.name));
  if (!statement.options.empty()) {
    return Fail(ErrorCode::kUndefinedObject,
                fmt::format("a materialized view has no option '{}'", statement.options.front().key),
                "it is kept in Millrace; to write elsewhere, CREATE TABLE and INSERT INTO",
                statement.options.front().key_location);
  }
  if (!statement.partitioned_by.empty()) {
    return Fail(ErrorCode::kNotSupported, "PARTITIONED BY of a materialized view is not supported", {},
                statement.partitioned_by.front().location);
  }
  if (statement.refresh_mode == sql::RefreshMode::kFull) {
    return Fail(ErrorCode::kNotSupported, "REFRESH_MODE = FULL is not supported",
                "leave it out: the table is kept up to date continuously", statement.location);
  }
  QueryBinder binder(catalog, context);
  MR_ASSIGN(Relation relation, binder.BindQuery(*statement.query, QueryPlace::kView));
  MR_TRY(NameColumns(statement.columns, &relation));
  MR_ASSIGN(PlannedQuery planned, FinishPlan(binder, std::move(relation)));
  if (std::ranges::find(planned.dependencies, name) != planned.dependencies.end()) {
    return Fail(ErrorCode::kInvalidTableDefinition, fmt::format("'{}' would read itself", name.ToString()),
                {}, statement.name.location());
  }
  if (statement.primary_key) {
    MR_ASSIGN(std::vector<int> declared, DeclaredKey(*statement.primary_key, planned.schema));
    std::vector<int> sorted = declared;
    std::ranges::sort(sorted);
    const bool proven =
        std::ranges::any_of(planned.root->traits.unique_keys,
                            [&](const std::vector<int>& key) { return std::ranges::includes(sorted, key); });
    if (!proven) {
      return Fail(
          ErrorCode::kInvalidTableDefinition, "the primary key is not one that the query keeps unique",
          planned.key.empty() ? "leave it out"
                              : fmt::format("the query's own key is ({})",
                                            [&] {
                                              std::string text;
                                              for (const int column : planned.key) {
                                                text += (text.empty() ? "" : ", ") +
                                                        planned.schema[static_cast<size_t>(column)].name;
                                              }
                                              return text;
                                            }()),
          statement.primary_key->location);
    }
    planned.key = std::move(declared);
  }
  MR_ASSIGN(Definition definition, KeepQuery(*statement.query, context.text));
  const Traits& traits = planned.root->traits;
  auto view = std::make_shared<catalog::MaterializedViewDefinition>();
  view->name = name;
  view->query = std::move(definition.query);
  view->query_text = std::move(definition.text);
  view->current_schema = catalog.current_schema();
  view->key = planned.key;
  view->append_only = traits.changelog.IsAppend();
  view->bounded = traits.bounded;
  view->window = traits.window;
  for (size_t i = 0; i < traits.time_attributes.size(); ++i) {
    if (traits.time_attributes[i] == TimeAttribute::kRowtime)
      view->rowtime_columns.push_back(static_cast<int>(i));
  }
  auto entry = std::make_shared<catalog::Entry>();
  entry->kind = catalog::EntryKind::kMaterializedView;
  entry->name = std::move(name);
  entry->schema = planned.schema;
  entry->comment = statement.comment.value_or("");
  entry->ddl = StatementText(statement, context.text);
  entry->dependencies = planned.dependencies;
  entry->materialized_view = std::move(view);
  return PlannedView{std::move(planned), std::move(entry)};
}

}  // namespace millrace::plan
