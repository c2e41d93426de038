#include "catalog/catalog.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/suggest.h"

namespace millrace::catalog {

namespace {

std::string JoinNames(const std::vector<EntryPtr>& entries) {
  std::string text;
  for (const EntryPtr& entry : entries) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} '{}'", EntryKindName(entry->kind), entry->name.ToString());
  }
  return text;
}

EntryKind KindOf(sql::ObjectKind kind) {
  switch (kind) {
    case sql::ObjectKind::kTable:
      return EntryKind::kTable;
    case sql::ObjectKind::kView:
      return EntryKind::kView;
    default:
      return EntryKind::kMaterializedView;
  }
}

std::string_view DropWord(EntryKind kind) {
  switch (kind) {
    case EntryKind::kView:
      return "DROP VIEW";
    case EntryKind::kMaterializedView:
      return "DROP MATERIALIZED VIEW";
    default:
      return "DROP TABLE";
  }
}

}  // namespace

const TableOption* TableDefinition::FindOption(std::string_view key) const {
  for (const TableOption& option : options) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::string_view TableDefinition::connector() const {
  const TableOption* option = FindOption("connector");
  return option == nullptr ? std::string_view() : std::string_view(option->value);
}

data::Schema TableDefinition::schema() const {
  data::Schema schema;
  for (const Column& column : columns) schema.Add(column.name, column.type);
  return schema;
}

std::string_view EntryKindName(EntryKind kind) {
  switch (kind) {
    case EntryKind::kTable:
      return "table";
    case EntryKind::kView:
      return "view";
    case EntryKind::kMaterializedView:
      return "materialized view";
    case EntryKind::kSystemTable:
      return "system table";
  }
  return "";
}

EntryPtr MakeEntry(TableDefinition definition) {
  auto entry = std::make_shared<Entry>();
  entry->kind = EntryKind::kTable;
  entry->name = definition.name;
  entry->schema = definition.schema();
  entry->comment = definition.comment;
  entry->ddl = definition.ddl;
  entry->temporary = definition.temporary;
  entry->table = std::make_shared<const TableDefinition>(std::move(definition));
  return entry;
}

Catalog::Catalog() : current_schema_(kDefaultSchema) {
  schemas_.emplace(kDefaultSchema, "the default schema");
  schemas_.emplace("ods", "operational data store: events as they came");
  schemas_.emplace("dwd", "detail: cleaned and joined events");
  schemas_.emplace("dim", "dimensions");
  schemas_.emplace("dws", "summaries by subject");
  schemas_.emplace("ads", "figures for applications");
  schemas_.emplace(kSystemSchema, "Millrace's own tables");
}

Result<std::string> Catalog::SchemaName(const sql::QualifiedName& name) const {
  if (name.parts.size() > 2) {
    return Fail(ErrorCode::kUndefinedSchema, fmt::format("'{}' does not name a schema", name.ToString()),
                "a schema is named by 's' or 'default_catalog.s'", name.location());
  }
  if (name.parts.size() == 2 && name.parts[0].text != kDefaultCatalog) {
    return Fail(ErrorCode::kUndefinedObject, fmt::format("no catalog '{}'", name.parts[0].text),
                "the only catalog is 'default_catalog'", name.location());
  }
  const std::string& schema = name.Last().text;
  return schema == kDefaultDatabase ? std::string(kDefaultSchema) : schema;
}

Result<ObjectName> Catalog::Qualify(const sql::QualifiedName& name, std::string_view current) const {
  const auto& parts = name.parts;
  if (parts.size() == 1) return ObjectName{std::string(current), parts[0].text};
  if (parts.size() == 3 && parts[0].text != kDefaultCatalog) {
    return Fail(ErrorCode::kUndefinedObject, fmt::format("no catalog '{}'", parts[0].text),
                "the only catalog is 'default_catalog'", name.location());
  }
  if (parts.size() > 3) {
    return Fail(ErrorCode::kUndefinedTable,
                fmt::format("'{}' has too many parts for a name", name.ToString()),
                "a table is named by 't', 'schema.t' or 'default_catalog.schema.t'", name.location());
  }
  const std::string& schema = parts[parts.size() - 2].text;
  return ObjectName{schema == kDefaultDatabase ? std::string(kDefaultSchema) : schema, name.Last().text};
}

Status Catalog::Use(const sql::QualifiedName& name) {
  MR_ASSIGN(std::string schema, SchemaName(name));
  if (!schemas_.contains(schema)) {
    std::vector<std::string> names;
    for (const auto& [known, comment] : schemas_) names.push_back(known);
    return Fail(ErrorCode::kUndefinedSchema, fmt::format("no schema '{}'", schema), DidYouMean(schema, names),
                name.Last().location);
  }
  current_schema_ = std::move(schema);
  return Ok();
}

Status Catalog::UseCatalog(const sql::QualifiedName& name) {
  if (name.parts.size() == 1 && name.parts[0].text == kDefaultCatalog) return Ok();
  return Fail(ErrorCode::kUndefinedObject, fmt::format("no catalog '{}'", name.ToString()),
              "the only catalog is 'default_catalog'", name.location());
}

Status Catalog::CreateSchema(const sql::QualifiedName& name, bool if_not_exists, std::string comment) {
  MR_ASSIGN(std::string schema, SchemaName(name));
  if (schemas_.contains(schema)) {
    if (if_not_exists) return Ok();
    return Fail(ErrorCode::kDuplicateObject, fmt::format("schema '{}' exists already", schema),
                "write IF NOT EXISTS to let it be", name.Last().location);
  }
  schemas_.emplace(std::move(schema), std::move(comment));
  return Ok();
}

Result<std::vector<EntryPtr>> Catalog::DropSchema(const sql::QualifiedName& name, bool if_exists,
                                                  bool cascade) {
  MR_ASSIGN(std::string schema, SchemaName(name));
  if (!schemas_.contains(schema)) {
    if (if_exists) return std::vector<EntryPtr>();
    std::vector<std::string> names;
    for (const auto& [known, comment] : schemas_) names.push_back(known);
    return Fail(ErrorCode::kUndefinedSchema, fmt::format("no schema '{}'", schema), DidYouMean(schema, names),
                name.Last().location);
  }
  if (schema == kSystemSchema || schema == kDefaultSchema) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("schema '{}' cannot be dropped", schema), {},
                name.Last().location);
  }
  if (schema == current_schema_) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("schema '{}' is the current one", schema),
                "USE another schema before", name.Last().location);
  }
  const std::vector<EntryPtr> inside = Entries(schema);
  if (!inside.empty() && !cascade) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("schema '{}' is not empty: {}", schema, JoinNames(inside)),
                "write CASCADE to drop these too", name.Last().location);
  }
  std::vector<EntryPtr> order;
  for (const EntryPtr& entry : inside) CollectDropOrder(entry, &order);
  for (const EntryPtr& entry : order) entries_.erase(entry->name);
  schemas_.erase(schema);
  return order;
}

std::vector<SchemaInfo> Catalog::Schemas() const {
  std::vector<SchemaInfo> schemas;
  for (const auto& [name, comment] : schemas_) schemas.push_back({name, comment});
  return schemas;
}

Result<ObjectName> Catalog::ResolveNew(const sql::QualifiedName& name) const {
  MR_ASSIGN(ObjectName full, Qualify(name, current_schema_));
  if (!schemas_.contains(full.schema)) {
    std::vector<std::string> names;
    for (const auto& [known, comment] : schemas_) names.push_back(known);
    std::string hint = DidYouMean(full.schema, names);
    if (hint.empty()) hint = fmt::format("CREATE SCHEMA {} before", full.schema);
    return Fail(ErrorCode::kUndefinedSchema, fmt::format("no schema '{}'", full.schema), std::move(hint),
                name.location());
  }
  if (full.schema == kSystemSchema) {
    return Fail(ErrorCode::kInvalidParameter, "schema 'sys' holds Millrace's own tables only",
                "name another schema", name.location());
  }
  return full;
}

Result<EntryPtr> Catalog::Resolve(const sql::QualifiedName& name, std::string_view current) const {
  MR_ASSIGN(const ObjectName full, Qualify(name, current));
  if (EntryPtr entry = Find(full)) return entry;
  if (!schemas_.contains(full.schema)) {
    std::vector<std::string> names;
    for (const auto& [known, comment] : schemas_) names.push_back(known);
    return Fail(ErrorCode::kUndefinedSchema, fmt::format("no schema '{}'", full.schema),
                DidYouMean(full.schema, names), name.location());
  }
  std::vector<std::string> names;
  for (const EntryPtr& entry : Entries(full.schema)) names.push_back(entry->name.name);
  std::string hint = DidYouMean(full.name, names);
  if (hint.empty()) {
    for (const auto& [other, entry] : entries_) {
      if (other.name != full.name) continue;
      hint = fmt::format("there is one in another schema: '{}'", other.ToString());
      break;
    }
  }
  return Fail(ErrorCode::kUndefinedTable, fmt::format("no table or view '{}'", name.ToString()),
              std::move(hint), name.location());
}

EntryPtr Catalog::Find(const ObjectName& name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : it->second;
}

std::vector<EntryPtr> Catalog::Entries(std::string_view schema) const {
  std::vector<EntryPtr> entries;
  for (const auto& [name, entry] : entries_) {
    if (name.schema == schema) entries.push_back(entry);
  }
  return entries;
}

std::vector<EntryPtr> Catalog::AllEntries() const {
  std::vector<EntryPtr> entries;
  for (const auto& [name, entry] : entries_) entries.push_back(entry);
  return entries;
}

Result<bool> Catalog::Create(EntryPtr entry, bool if_not_exists, SourceLocation location) {
  if (const EntryPtr other = Find(entry->name)) {
    if (if_not_exists) return false;
    return Fail(ErrorCode::kDuplicateTable,
                fmt::format("{} '{}' exists already", EntryKindName(other->kind), entry->name.ToString()),
                "write IF NOT EXISTS to let it be, or DROP it before", location);
  }
  const ObjectName name = entry->name;
  entries_.emplace(name, std::move(entry));
  return true;
}

Status Catalog::Replace(EntryPtr entry, SourceLocation location) {
  const ObjectName name = entry->name;
  if (const EntryPtr other = Find(name)) {
    if (other->kind != entry->kind) {
      return Fail(ErrorCode::kDuplicateTable,
                  fmt::format("'{}' is a {}, not a {}", name.ToString(), EntryKindName(other->kind),
                              EntryKindName(entry->kind)),
                  fmt::format("{} it before", DropWord(other->kind)), location);
    }
    const std::vector<EntryPtr> dependents = Dependents(name);
    if (!dependents.empty()) {
      return Fail(
          ErrorCode::kInvalidParameter,
          fmt::format("'{}' cannot be replaced: {} depends on it", name.ToString(), JoinNames(dependents)),
          "drop what depends on it before", location);
    }
  }
  entries_.insert_or_assign(name, std::move(entry));
  return Ok();
}

void Catalog::Alter(EntryPtr entry) {
  const auto found = entries_.find(entry->name);
  MR_CHECK(found != entries_.end());
  found->second = std::move(entry);
}

Status Catalog::AddSystemTable(std::string name, data::Schema schema, std::string comment) {
  auto entry = std::make_shared<Entry>();
  entry->kind = EntryKind::kSystemTable;
  entry->name = {std::string(kSystemSchema), std::move(name)};
  entry->schema = std::move(schema);
  entry->comment = std::move(comment);
  MR_ASSIGN(const bool created, Create(std::move(entry)));
  (void)created;
  return Ok();
}

Result<std::vector<EntryPtr>> Catalog::Drop(sql::ObjectKind kind, const sql::QualifiedName& name,
                                            bool if_exists, bool cascade) {
  if (kind == sql::ObjectKind::kSchema) return DropSchema(name, if_exists, cascade);
  MR_ASSIGN(const ObjectName full, Qualify(name, current_schema_));
  const EntryPtr entry = Find(full);
  if (entry == nullptr) {
    if (if_exists) return std::vector<EntryPtr>();
    MR_TRY(Resolve(name));
  }
  if (entry->kind == EntryKind::kSystemTable) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("system table '{}' cannot be dropped", full.ToString()), {}, name.location());
  }
  if (entry->kind != KindOf(kind)) {
    return Fail(ErrorCode::kUndefinedTable,
                fmt::format("'{}' is a {}, not a {}", full.ToString(), EntryKindName(entry->kind),
                            EntryKindName(KindOf(kind))),
                fmt::format("use {}", DropWord(entry->kind)), name.location());
  }
  const std::vector<EntryPtr> dependents = Dependents(full);
  if (!dependents.empty() && !cascade) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("{} '{}' cannot be dropped: {} depends on it", EntryKindName(entry->kind),
                            full.ToString(), JoinNames(dependents)),
                "write CASCADE to drop these too", name.location());
  }
  std::vector<EntryPtr> order;
  CollectDropOrder(entry, &order);
  for (const EntryPtr& dropped : order) entries_.erase(dropped->name);
  return order;
}

std::vector<EntryPtr> Catalog::Dependents(const ObjectName& name) const {
  std::vector<EntryPtr> dependents;
  for (const auto& [other, entry] : entries_) {
    if (std::ranges::find(entry->dependencies, name) != entry->dependencies.end())
      dependents.push_back(entry);
  }
  return dependents;
}

void Catalog::CollectDropOrder(const EntryPtr& entry, std::vector<EntryPtr>* order) const {
  if (std::ranges::find(*order, entry) != order->end()) return;
  for (const EntryPtr& dependent : Dependents(entry->name)) CollectDropOrder(dependent, order);
  order->push_back(entry);
}

}  // namespace millrace::catalog
