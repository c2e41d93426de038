#include "query/pgcatalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "query/pgcatalog/identifier.h"
#include "query/pgcatalog/install.h"
#include "query/pgcatalog/pg_types.h"
#include "query/pgcatalog/words.h"

namespace millrace::query::pgcatalog {
namespace {

uint64_t HashName(std::string_view kind, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;
  };
  add(kind);
  add(name);
  return hash ^ (hash >> 32);
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

template <typename Entry>
const Entry* FindOid(const std::vector<Entry>& entries, uint32_t oid) {
  const auto found = std::ranges::find(entries, oid, &Entry::oid);
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

CatalogPtr MakeCatalog(std::shared_ptr<const CatalogView> view, SessionView session) {
  return std::make_shared<const Catalog>(std::move(view), std::move(session));
}

uint32_t Catalog::NewOid(std::string_view kind, std::string_view name) {
  constexpr uint64_t kRange = (uint64_t{1} << 31) - kFirstOid;
  auto oid = static_cast<uint32_t>(kFirstOid + HashName(kind, name) % kRange);
  while (!taken_.insert(oid).second) oid = oid + 1 < (uint32_t{1} << 31) ? oid + 1 : kFirstOid;
  return oid;
}

Catalog::Catalog(std::shared_ptr<const CatalogView> view, SessionView session)
    : view_(std::move(view)), session_(std::move(session)) {
  database_oid_ = NewOid("database", database());
  for (const RoleInfo& role : view_->roles) {
    const bool bootstrap = role.name == view_->database_owner;
    roles_.push_back({bootstrap ? kBootstrapRole : NewOid("role", role.name), &role});
  }
  std::ranges::sort(roles_, {}, [](const RoleEntry& role) -> std::string_view { return role.info->name; });

  namespaces_ = {{kCatalogNamespace, kBootstrapRole, "pg_catalog", nullptr},
                 {kToastNamespace, kBootstrapRole, "pg_toast", nullptr},
                 {kInformationNamespace, kBootstrapRole, "information_schema", nullptr}};
  for (const SchemaInfo& schema : view_->schemas) {
    const uint32_t oid = schema.name == "public" ? kPublicNamespace : NewOid("schema", schema.name);
    namespaces_.push_back({oid, RoleOid(schema.owner), schema.name, &schema});
  }
  std::ranges::sort(namespaces_, {}, &NamespaceEntry::name);

  std::vector<const RelationInfo*> infos;
  for (const RelationInfo& info : view_->relations) infos.push_back(&info);
  std::ranges::sort(infos, {}, [](const RelationInfo* info) { return std::pair(info->schema, info->name); });
  for (const RelationInfo* info : infos) {
    const NamespaceEntry* schema = FindNamespace(info->schema);
    if (schema == nullptr) continue;
    const std::string name = fmt::format("{}.{}", QuoteName(info->schema), QuoteName(info->name));
    RelationEntry entry{.oid = NewOid("relation", name),
                        .schema = schema->oid,
                        .owner = RoleOid(info->owner),
                        .row_type = NewOid("row type", name),
                        .row_array_type = NewOid("row array type", name),
                        .info = info};
    if (!info->primary_key.empty()) {
      entry.index = NewOid("index", name);
      entry.constraint = NewOid("constraint", name);
    }
    if (info->kind != RelationKind::kTable) entry.rule = NewOid("rule", name);
    relation_names_.emplace(std::pair(entry.schema, info->name), relations_.size());
    for (const uint32_t oid :
         {entry.oid, entry.row_type, entry.row_array_type, entry.index, entry.constraint}) {
      if (oid != 0) relation_of_.emplace(oid, relations_.size());
    }
    relations_.push_back(entry);
  }
  for (const FunctionInfo& function : view_->functions) {
    std::string name = function.name;
    for (const uint32_t type : function.argument_types) name += fmt::format(",{}", type);
    functions_.push_back({NewOid("function", name), &function});
  }
}

const NamespaceEntry* Catalog::FindNamespace(uint32_t oid) const {
  return FindOid(namespaces_, oid);
}

const NamespaceEntry* Catalog::FindNamespace(std::string_view name) const {
  const auto found = std::ranges::find(namespaces_, name, &NamespaceEntry::name);
  return found == namespaces_.end() ? nullptr : &*found;
}

const RelationEntry* Catalog::FindRelation(uint32_t oid) const {
  const auto found = relation_of_.find(oid);
  return found != relation_of_.end() && relations_[found->second].oid == oid ? &relations_[found->second]
                                                                             : nullptr;
}

const RelationEntry* Catalog::FindIndex(uint32_t oid) const {
  const auto found = relation_of_.find(oid);
  return found != relation_of_.end() && relations_[found->second].index == oid ? &relations_[found->second]
                                                                               : nullptr;
}

const RelationEntry* Catalog::FindConstraint(uint32_t oid) const {
  const auto found = relation_of_.find(oid);
  return found != relation_of_.end() && relations_[found->second].constraint == oid
             ? &relations_[found->second]
             : nullptr;
}

const RelationEntry* Catalog::FindRowType(uint32_t oid) const {
  const auto found = relation_of_.find(oid);
  if (found == relation_of_.end()) return nullptr;
  const RelationEntry& relation = relations_[found->second];
  return relation.row_type == oid || relation.row_array_type == oid ? &relation : nullptr;
}

const RoleEntry* Catalog::FindRole(uint32_t oid) const {
  return FindOid(roles_, oid);
}

const RoleEntry* Catalog::FindRole(std::string_view name) const {
  const auto found = std::ranges::find(
      roles_, name, [](const RoleEntry& role) -> std::string_view { return role.info->name; });
  return found == roles_.end() ? nullptr : &*found;
}

const FunctionEntry* Catalog::FindFunction(uint32_t oid) const {
  return FindOid(functions_, oid);
}

std::string Catalog::RoleName(uint32_t oid) const {
  const RoleEntry* role = FindRole(oid);
  if (role != nullptr) return role->info->name;
  return oid == kBootstrapRole ? view_->database_owner : fmt::format("unknown (OID={})", oid);
}

std::string Catalog::NamespaceName(uint32_t oid) const {
  const NamespaceEntry* schema = FindNamespace(oid);
  return schema == nullptr ? "" : schema->name;
}

uint32_t Catalog::RoleOid(std::string_view name) const {
  if (name.empty()) return kBootstrapRole;
  const RoleEntry* role = FindRole(name);
  return role == nullptr ? 0 : role->oid;
}

uint32_t Catalog::RelationOid(std::string_view text) const {
  if (IsNumber(text)) return NumberOf<uint32_t>(text);
  std::vector<std::string> parts = SplitQualifiedName(text);
  if (parts.size() == 3 && (parts[0] == database() || parts[0] == "default_catalog"))
    parts.erase(parts.begin());
  const auto find = [this](std::string_view schema_name, const std::string& name) -> uint32_t {
    const NamespaceEntry* schema = FindNamespace(schema_name);
    if (schema == nullptr) return 0;
    if (const SystemRelation* system = FindSystemRelation(schema->oid, name)) return system->oid;
    const auto found = relation_names_.find(std::pair(schema->oid, name));
    if (found != relation_names_.end()) return relations_[found->second].oid;
    for (const RelationEntry& relation : relations_) {
      if (relation.schema == schema->oid && relation.index != 0 && relation.KeyName() == name) {
        return relation.index;
      }
    }
    return 0;
  };
  if (parts.size() == 2) return find(parts[0], parts[1]);
  if (parts.size() != 1) return 0;
  if (const uint32_t system = find("pg_catalog", parts[0]); system != 0) return system;
  for (const std::string& schema : session_.search_path) {
    if (const uint32_t oid = find(schema, parts[0]); oid != 0) return oid;
  }
  return 0;
}

std::string Catalog::RelationName(uint32_t oid) const {
  const RelationEntry* relation = FindRelation(oid);
  const RelationEntry* index = relation == nullptr ? FindIndex(oid) : nullptr;
  if (relation == nullptr && index == nullptr) {
    for (const SystemRelation& system : SystemRelations()) {
      if (system.oid != oid) continue;
      return system.schema == kCatalogNamespace ? std::string(system.name)
                                                : fmt::format("information_schema.{}", system.name);
    }
    return oid == 0 ? "-" : fmt::format("{}", oid);
  }
  const std::string name = QuoteName(relation != nullptr ? relation->info->name : index->KeyName());
  const RelationEntry& owner = relation != nullptr ? *relation : *index;
  if (IsVisible(owner)) return name;
  return fmt::format("{}.{}", QuoteName(owner.info->schema), name);
}

uint32_t Catalog::TypeOid(std::string_view text) const {
  if (IsNumber(text)) return NumberOf<uint32_t>(text);
  std::string name;
  for (const char c : text) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (name.starts_with("pg_catalog.")) name.erase(0, 11);
  if (name == "\"char\"") return 18;
  // A length or precision does not matter: varchar(20), numeric(10,2)[].
  if (const size_t open = name.find('('); open != std::string::npos) {
    const size_t close = name.find(')', open);
    if (close == std::string::npos) return 0;
    name.erase(open, close + 1 - open);
    while (name.ends_with(' ')) name.pop_back();
  }
  if (const BuiltinType* type = FindTypeByName(name)) return type->oid;
  const bool array = text.ends_with("[]");
  if (array) text.remove_suffix(2);
  const RelationEntry* relation = FindRelation(RelationOid(text));
  if (relation != nullptr) return array ? relation->row_array_type : relation->row_type;
  // "_int4" in quotes, or a quoted name.
  const std::vector<std::string> parts = SplitQualifiedName(text);
  if (parts.empty() || array) return 0;
  const BuiltinType* type = FindTypeByName(parts.back());
  return type == nullptr ? 0 : type->oid;
}

std::string Catalog::TypeName(uint32_t oid, int32_t typmod) const {
  const RelationEntry* relation = FindRowType(oid);
  if (relation == nullptr) return FormatType(oid, typmod);
  return RelationName(relation->oid) + (relation->row_array_type == oid ? "[]" : "");
}

bool Catalog::IsVisible(uint32_t schema) const {
  return schema == kCatalogNamespace || std::ranges::any_of(session_.search_path, [&](const auto& name) {
           const NamespaceEntry* entry = FindNamespace(name);
           return entry != nullptr && entry->oid == schema;
         });
}

bool Catalog::IsVisible(const RelationEntry& relation) const {
  if (FindSystemRelation(kCatalogNamespace, relation.info->name) != nullptr) return false;
  for (const std::string& name : session_.search_path) {
    const NamespaceEntry* schema = FindNamespace(name);
    if (schema == nullptr) continue;
    if (schema->oid == relation.schema) return true;
    if (relation_names_.contains(std::pair(schema->oid, relation.info->name))) return false;
  }
  return false;
}

void Catalog::CollectRoles(const RoleEntry& role, std::set<std::string, std::less<>>* names) const {
  if (!names->insert(role.info->name).second) return;
  for (const std::string& of : role.info->member_of) {
    if (const RoleEntry* entry = FindRole(of)) CollectRoles(*entry, names);
  }
}

bool Catalog::IsMember(const RoleEntry& role, std::string_view of) const {
  if (role.info->superuser) return true;
  std::set<std::string, std::less<>> names;
  CollectRoles(role, &names);
  return names.contains(of);
}

bool Catalog::IsGranted(const RoleEntry& role, const std::vector<Grant>& grants, std::string_view privilege,
                        bool grantable) const {
  return std::ranges::any_of(grants, [&](const Grant& grant) {
    return (grant.grantable || !grantable) &&
           std::ranges::find(grant.privileges, privilege) != grant.privileges.end() &&
           (grant.grantee.empty() || IsMember(role, grant.grantee));
  });
}

bool Catalog::MayUse(const RoleEntry& role, const RelationEntry& relation, std::string_view privilege,
                     bool grantable) const {
  return IsMember(role, RoleName(relation.owner)) ||
         IsGranted(role, relation.info->grants, privilege, grantable);
}

bool Catalog::MayUse(const RoleEntry& role, const NamespaceEntry& schema, std::string_view privilege,
                     bool grantable) const {
  if (IsMember(role, RoleName(schema.owner))) return true;
  if (schema.info == nullptr) return privilege == "USAGE" && !grantable && schema.oid != kToastNamespace;
  return IsGranted(role, schema.info->grants, privilege, grantable);
}

bool Catalog::MaySee(const RelationEntry& relation) const {
  const RoleEntry* role = current_role();
  if (role == nullptr) return false;
  constexpr std::string_view kPrivileges[] = {"SELECT",   "INSERT",     "UPDATE", "DELETE",
                                              "TRUNCATE", "REFERENCES", "TRIGGER"};
  return std::ranges::any_of(kPrivileges,
                             [&](std::string_view privilege) { return MayUse(*role, relation, privilege); });
}

}  // namespace millrace::query::pgcatalog
