// FROM: tables, views, subqueries, UNNEST.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "plan/bind_expression.h"
#include "plan/binder.h"
#include "plan/node_factory.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

// More is a WITH that names itself over and over.
constexpr int kTablesMax = 1000;

constexpr std::string_view kJoinHint =
    "supported in FROM: one table, view or subquery, window table functions, and CROSS or LEFT JOIN "
    "UNNEST(array)";

bool IsTrueLiteral(const sql::Expr& expr) {
  const auto* literal = expr.AsIf<sql::LiteralExpr>();
  return literal != nullptr && literal->literal == sql::LiteralKind::kBoolean && literal->boolean;
}

}  // namespace

Status QueryBinder::CountTable(SourceLocation location) {
  if (++tables_bound_ <= kTablesMax) return Ok();
  return Fail(ErrorCode::kResourceExhausted,
              fmt::format("the query reads more than {} tables once its views and WITH queries are expanded",
                          kTablesMax),
              "keep an intermediate result in a materialized view", location);
}

void QueryBinder::AddDependency(const catalog::ObjectName& name) {
  if (std::ranges::find(dependencies_, name) == dependencies_.end()) dependencies_.push_back(name);
}

std::vector<catalog::ViewDefinition::Reference> QueryBinder::References() const {
  std::vector<catalog::ViewDefinition::Reference> references;
  for (const auto& [begin, reference] : references_) references.push_back(reference);
  return references;
}

Status QueryBinder::AddTableName(Relation& relation, const sql::TableRef& table,
                                 std::vector<std::string> qualifier) const {
  if (table.alias) qualifier = {table.alias->text};
  if (!table.column_aliases.empty()) {
    if (table.column_aliases.size() != relation.names.size()) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("{} column names are given for {} columns", table.column_aliases.size(),
                              relation.names.size()),
                  "name all of them or none", table.column_aliases.front().location);
    }
    for (size_t i = 0; i < relation.names.size(); ++i) relation.names[i] = table.column_aliases[i].text;
  }
  relation.tables = {{std::move(qualifier), 0, relation.width()}};
  return Ok();
}

Result<Relation> QueryBinder::BindFrom(const sql::TableRef& table) {
  switch (table.kind) {
    case sql::TableRefKind::kNamed:
      return BindNamed(table.As<sql::NamedTableRef>());
    case sql::TableRefKind::kDerived: {
      const auto& derived = table.As<sql::DerivedTableRef>();
      if (derived.lateral) {
        return Fail(ErrorCode::kNotSupported, "a LATERAL subquery is not supported yet",
                    std::string(kJoinHint), table.location);
      }
      MR_TRY(CountTable(table.location));
      MR_ASSIGN(Relation relation, BindQuery(*derived.query, QueryPlace::kSubquery));
      MR_TRY(AddTableName(relation, table, {}));
      return relation;
    }
    case sql::TableRefKind::kFunction:
      return BindTableFunction(table.As<sql::FunctionTableRef>());
    case sql::TableRefKind::kUnnest: {
      // UNNEST of a constant, without anything on its left.
      auto values = std::make_shared<ValuesNode>();
      values->rows.emplace_back();
      Relation one = MakeRelation(FinishNode(std::move(values), {}, data::Schema()), {});
      return BindUnnest(std::move(one), table.As<sql::UnnestTableRef>(), false);
    }
    case sql::TableRefKind::kJoin:
      return BindJoin(table.As<sql::JoinTableRef>());
    case sql::TableRefKind::kMatchRecognize:
      return Fail(ErrorCode::kNotSupported, "MATCH_RECOGNIZE is not supported yet", std::string(kJoinHint),
                  table.location);
  }
  MR_UNREACHABLE();
}

Result<Relation> QueryBinder::BindNamed(const sql::NamedTableRef& table) {
  MR_TRY(CountTable(table.location));
  if (table.system_time != nullptr) {
    return Fail(ErrorCode::kNotSupported, "FOR SYSTEM_TIME AS OF is not supported yet",
                std::string(kJoinHint), table.system_time->location);
  }
  if (table.name.parts.size() == 1) {
    for (size_t i = named_queries_.size(); i-- > 0;) {
      if (named_queries_[i].definition->name.text != table.name.Last().text) continue;
      MR_ASSIGN(Relation relation, BindNamedQuery(named_queries_[i], table.name.Last()));
      MR_TRY(AddTableName(relation, table, {table.name.Last().text}));
      return relation;
    }
  }
  Result<catalog::EntryPtr> entry = catalog_.Resolve(table.name, current_schema_);
  if (!entry) {
    // A query of WITH may be what was meant.
    std::vector<std::string> names;
    for (const NamedQuery& query : named_queries_) names.push_back(query.definition->name.text);
    const std::string hint = DidYouMean(table.name.Last().text, names);
    if (hint.empty() || !entry.error().hint().empty()) return std::unexpected(entry.error());
    return std::unexpected(entry.error().WithHint(hint));
  }
  const catalog::ObjectName& name = (*entry)->name;
  if (view_stack_.empty())
    references_[table.name.range.begin] = {table.name.range.begin, table.name.range.end, name};
  MR_ASSIGN(Relation relation, BindTable(*entry, table.hints, table.name.location()));
  MR_TRY(AddTableName(relation, table, {std::string(catalog::kDefaultCatalog), name.schema, name.name}));
  return relation;
}

Result<Relation> QueryBinder::BindNamedQuery(const NamedQuery& query, const sql::Name& name) {
  const sql::CommonTableExpr& definition = *query.definition;
  // The query sees only what was named before it.
  std::vector<NamedQuery> visible(named_queries_.begin(),
                                  named_queries_.begin() + static_cast<std::ptrdiff_t>(query.visible));
  std::swap(visible, named_queries_);
  Result<Relation> bound = BindQuery(*definition.query, QueryPlace::kSubquery);
  std::swap(visible, named_queries_);
  if (!bound) return bound;
  if (!definition.columns.empty()) {
    if (definition.columns.size() != bound->names.size()) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("{} column names are given for {} columns of '{}'", definition.columns.size(),
                              bound->names.size(), name.text),
                  "name all of them or none", definition.columns.front().location);
    }
    for (size_t i = 0; i < bound->names.size(); ++i) bound->names[i] = definition.columns[i].text;
  }
  return bound;
}

Result<Relation> QueryBinder::BindTable(const catalog::EntryPtr& entry, const std::vector<sql::Hint>& hints,
                                        SourceLocation location) {
  if (view_stack_.empty()) AddDependency(entry->name);
  if (!hints.empty() && entry->kind != catalog::EntryKind::kTable) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("hints on a {} are not supported", catalog::EntryKindName(entry->kind)),
                "OPTIONS hints are for tables with a connector", location);
  }
  switch (entry->kind) {
    case catalog::EntryKind::kView:
      return BindView(*entry, location);
    case catalog::EntryKind::kSystemTable:
      return Fail(
          ErrorCode::kNotSupported,
          fmt::format("the system table '{}' cannot be read by a streaming query", entry->name.ToString()),
          "read it by a SELECT over kept tables alone", location);
    case catalog::EntryKind::kMaterializedView:
      break;
    case catalog::EntryKind::kTable:
      if (!entry->table->connector().empty()) return BindSource(entry, hints, location);
      if (!hints.empty()) {
        return Fail(ErrorCode::kNotSupported, "OPTIONS hints are for tables with a connector", {}, location);
      }
      break;
  }
  auto scan = std::make_shared<TableScanNode>();
  scan->entry = entry;
  scan->location = location;
  for (size_t i = 0; i < entry->schema.size(); ++i) scan->columns.push_back(static_cast<int>(i));
  data::Schema schema = entry->schema;
  if (entry->kind == catalog::EntryKind::kMaterializedView) {
    return MakeRelation(FinishNode(std::move(scan), {}, std::move(schema)), {});
  }
  // A kept table: computed columns and the watermark are made when it is read.
  const catalog::TableDefinition& table = *entry->table;
  std::vector<int> mapping(table.columns.size(), -1);
  scan->columns.clear();
  schema = data::Schema();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].kind != catalog::ColumnKind::kPhysical) continue;
    mapping[i] = static_cast<int>(scan->columns.size());
    scan->columns.push_back(static_cast<int>(i));
    schema.Add(table.columns[i].name, table.columns[i].type);
  }
  PlanNodePtr node = FinishNode(std::move(scan), {}, std::move(schema));
  return MakeRelation(MakeTableColumns(std::move(node), table, std::move(mapping),
                                       context_.settings.idle_timeout_micros(), /*by_key=*/false),
                      {});
}

Result<Relation> QueryBinder::BindView(const catalog::Entry& entry, SourceLocation location) {
  const catalog::ViewDefinition& view = *entry.view;
  if (std::ranges::find(view_stack_, entry.name) != view_stack_.end()) {
    return Fail(ErrorCode::kInvalidTableDefinition,
                fmt::format("the view '{}' reads itself", entry.name.ToString()), {}, location);
  }
  view_stack_.push_back(entry.name);
  std::vector<NamedQuery> named;
  std::swap(named, named_queries_);
  std::string schema = view.current_schema;
  std::swap(schema, current_schema_);
  Result<Relation> bound = BindQuery(*view.query, QueryPlace::kSubquery);
  std::swap(schema, current_schema_);
  std::swap(named, named_queries_);
  view_stack_.pop_back();
  if (!bound) {
    // Places within the view's text mean nothing to the reader of this one.
    const Error& error = bound.error();
    return Fail(error.code(), fmt::format("in view '{}': {}", entry.name.ToString(), error.message()),
                error.hint(), location);
  }
  for (size_t i = 0; i < entry.schema.size() && i < bound->names.size(); ++i)
    bound->names[i] = entry.schema[i].name;
  return bound;
}

Result<std::vector<catalog::TableOption>> OptionsWithHints(const catalog::TableDefinition& table,
                                                           const std::vector<sql::Hint>& hints,
                                                           SourceLocation location) {
  std::vector<catalog::TableOption> options = table.options;
  for (const sql::Hint& hint : hints) {
    std::string name = hint.name.text;
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (name != "OPTIONS") {
      return Fail(ErrorCode::kNotSupported, fmt::format("the hint {} is not supported", hint.name.text),
                  "the hint that is: /*+ OPTIONS('key' = 'value') */",
                  hint.name.location.IsKnown() ? hint.name.location : location);
    }
    for (const sql::Option& option : hint.options) {
      if (option.key == "connector") {
        return Fail(ErrorCode::kInvalidParameter, "a hint cannot change the connector", {},
                    option.key_location);
      }
      const auto it = std::ranges::find(options, option.key, &catalog::TableOption::key);
      if (it == options.end()) {
        options.push_back({option.key, option.value, option.key_location, option.value_location});
      } else {
        it->value = option.value;
      }
    }
  }
  return options;
}

Result<Relation> QueryBinder::BindSource(const catalog::EntryPtr& entry, const std::vector<sql::Hint>& hints,
                                         SourceLocation location) {
  const catalog::TableDefinition& table = *entry->table;
  auto scan = std::make_shared<ScanNode>();
  scan->entry = entry;
  scan->location = location;
  MR_ASSIGN(scan->options, OptionsWithHints(table, hints, location));
  SourceTraits traits;
  if (context_.source_traits) {
    Result<SourceTraits> asked = context_.source_traits(table, scan->options);
    if (!asked) return std::unexpected(asked.error().At(location));
    traits = *asked;
  }
  std::vector<int> mapping(table.columns.size(), -1);
  data::Schema schema;
  // As connectors give them: physical columns, then metadata.
  for (const catalog::ColumnKind kind : {catalog::ColumnKind::kPhysical, catalog::ColumnKind::kMetadata}) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].kind != kind) continue;
      mapping[i] = static_cast<int>(scan->columns.size());
      scan->columns.push_back(static_cast<int>(i));
      schema.Add(table.columns[i].name, table.columns[i].type);
    }
  }
  scan->traits.changelog = traits.changelog;
  scan->traits.bounded = traits.bounded;
  PlanNodePtr node = FinishNode(std::move(scan), {}, std::move(schema));
  const bool by_key = !traits.changelog.IsAppend() && !traits.changelog.update_before;
  if (by_key && table.primary_key.empty()) {
    return Fail(ErrorCode::kInvalidTableDefinition,
                fmt::format("table '{}' gives updates by key, but has no primary key", table.name.ToString()),
                "declare PRIMARY KEY (...) NOT ENFORCED", location);
  }
  return MakeRelation(
      MakeTableColumns(std::move(node), table, mapping,
                       traits.idle_timeout_micros.value_or(context_.settings.idle_timeout_micros()), by_key),
      {});
}

PlanNodePtr QueryBinder::MakeTableColumns(PlanNodePtr node, const catalog::TableDefinition& table,
                                          std::vector<int> mapping, int64_t idle_timeout_micros,
                                          bool by_key) {
  const size_t count = table.columns.size();
  // Puts a Calc above with the columns that have a place so far and the computed ones of `made`, in the
  // table's order; expressions of the definition are over all of the table's columns.
  const auto make_columns = [&](const std::vector<bool>& made) {
    std::vector<ExprPtr> replacements(count);
    for (size_t i = 0; i < count; ++i) {
      if (mapping[i] >= 0) replacements[i] = functions::MakeColumn(mapping[i], table.columns[i].type);
    }
    std::vector<ExprPtr> projections;
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      if (mapping[i] < 0 && !made[i]) continue;
      projections.push_back(mapping[i] >= 0
                                ? replacements[i]
                                : functions::SubstituteColumns(table.columns[i].expr, replacements));
      names.push_back(table.columns[i].name);
      mapping[i] = static_cast<int>(projections.size()) - 1;
    }
    node = MakeCalc(std::move(node), nullptr, std::move(projections), std::move(names));
  };
  const std::vector<bool> all(count, true);
  if (table.watermark) {
    // It is made of the source's rows as they come, partition by partition: below the normalization by key,
    // which spreads them over the shards, and which hands on the watermark that was in force at each row.
    std::vector<bool> needed = all;
    if (by_key) {
      needed.assign(count, false);
      functions::CollectColumns(table.watermark->expr, &needed);
      needed[static_cast<size_t>(table.watermark->column)] = true;
    }
    make_columns(needed);
    auto assigner = std::make_shared<WatermarkAssignerNode>();
    assigner->rowtime_column = mapping[static_cast<size_t>(table.watermark->column)];
    assigner->watermark = functions::RemapColumns(table.watermark->expr, mapping);
    assigner->idle_timeout_micros = idle_timeout_micros;
    data::Schema schema = node->schema;
    node = FinishNode(std::move(assigner), {std::move(node)}, std::move(schema));
  }
  if (by_key) {
    auto normalize = std::make_shared<ChangelogNormalizeNode>();
    for (const int column : table.primary_key) normalize->key.push_back(mapping[static_cast<size_t>(column)]);
    data::Schema schema = node->schema;
    node = FinishNode(std::move(normalize), {std::move(node)}, std::move(schema));
  }
  make_columns(all);
  return node;
}

Result<Relation> QueryBinder::BindJoin(const sql::JoinTableRef& join) {
  if (join.right->kind != sql::TableRefKind::kUnnest) {
    return Fail(ErrorCode::kNotSupported, "joins are not supported yet", std::string(kJoinHint),
                join.location);
  }
  const auto& unnest = join.right->As<sql::UnnestTableRef>();
  if (join.natural || !join.using_columns.empty() || join.join == sql::JoinKind::kRight ||
      join.join == sql::JoinKind::kFull) {
    return Fail(ErrorCode::kNotSupported,
                "UNNEST may follow CROSS JOIN, a comma, or LEFT JOIN … ON TRUE only", {}, join.location);
  }
  const bool outer = join.join == sql::JoinKind::kLeft;
  const bool has_condition = join.condition != nullptr && !IsTrueLiteral(*join.condition);
  if (outer && has_condition) {
    return Fail(ErrorCode::kNotSupported, "the condition of a LEFT JOIN UNNEST can only be TRUE",
                "filter in WHERE", join.condition->location);
  }
  MR_ASSIGN(Relation left, BindFrom(*join.left));
  MR_ASSIGN(Relation joined, BindUnnest(std::move(left), unnest, outer));
  if (has_condition) {
    ExpressionBinder binder(&joined, bind_context_, "ON");
    MR_ASSIGN(ExprPtr condition, binder.BindCondition(*join.condition));
    MR_ASSIGN(joined.node, ApplyFilter(std::move(joined.node), std::move(condition), bind_context_));
  }
  return joined;
}

Result<Relation> QueryBinder::BindUnnest(Relation left, const sql::UnnestTableRef& unnest, bool outer) {
  if (unnest.collections.size() != 1) {
    return Fail(ErrorCode::kNotSupported, "UNNEST takes one array, map or multiset", {}, unnest.location);
  }
  ExpressionBinder binder(&left, bind_context_, "UNNEST");
  MR_ASSIGN(ExprPtr collection, binder.Bind(*unnest.collections.front()));
  const data::DataType& type = collection->type();
  const bool is_map = type.kind() == data::TypeKind::kMap;
  if (!is_map && type.kind() != data::TypeKind::kArray && type.kind() != data::TypeKind::kMultiset) {
    return Fail(ErrorCode::kDatatypeMismatch, fmt::format("UNNEST of a {}", type.ToString()),
                "it takes an ARRAY, MAP or MULTISET", unnest.collections.front()->location);
  }
  auto node = std::make_shared<UnnestNode>();
  node->outer = outer;
  node->with_ordinality = unnest.with_ordinality;
  node->location = unnest.location;
  data::Schema elements;
  const auto add = [&](std::string name, const data::DataType& element) {
    elements.Add(std::move(name), outer ? element.WithNullable(true) : element);
  };
  if (is_map) {
    add("KEY", type.key_type());
    add("VALUE", type.value_type());
  } else if (type.element().kind() == data::TypeKind::kRow) {
    node->expand_rows = true;
    for (const data::RowField& field : type.element().fields()) {
      add(field.name, type.element().nullable() ? field.type.WithNullable(true) : field.type);
    }
  } else {
    // The one column of an array is known by the table's name too.
    add(unnest.alias && unnest.column_aliases.empty() ? unnest.alias->text : "EXPR$0", type.element());
  }
  if (unnest.with_ordinality) elements.Add("ORDINALITY", data::DataType::Int().WithNullable(outer));
  const int width = left.width();
  // The collection as a column.
  node->collection_column = ColumnOf(*collection);
  PlanNodePtr input = left.node;
  if (node->collection_column < 0) {
    std::vector<ExprPtr> projections = IdentityProjections(input->schema);
    std::vector<std::string> names;
    for (const data::Field& field : input->schema) names.push_back(field.name);
    node->collection_column = width;
    projections.push_back(collection);
    names.push_back("$unnest");
    input = MakeCalc(std::move(input), nullptr, std::move(projections), std::move(names));
  }
  data::Schema schema = input->schema;
  const int first = static_cast<int>(schema.size());
  for (const data::Field& field : elements) schema.Add(field.name, field.type);
  PlanNodePtr result = FinishNode(std::move(node), {std::move(input)}, schema);
  if (first > width) {
    // Without the collection again.
    std::vector<ExprPtr> projections;
    std::vector<std::string> names;
    for (size_t i = 0; i < schema.size(); ++i) {
      if (static_cast<int>(i) == width) continue;
      projections.push_back(functions::MakeColumn(static_cast<int>(i), schema[i].type));
      names.push_back(schema[i].name);
    }
    result = MakeCalc(std::move(result), nullptr, std::move(projections), std::move(names));
  }
  Relation right;
  for (const data::Field& field : elements) right.names.push_back(field.name);
  MR_TRY(AddTableName(right, unnest, {}));
  left.node = std::move(result);
  for (std::string& name : right.names) left.names.push_back(std::move(name));
  left.tables.push_back({right.tables.front().qualifier, width, left.width()});
  return left;
}

}  // namespace millrace::plan
