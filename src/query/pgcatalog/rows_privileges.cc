// information_schema: what it says of roles and privileges.
#include <algorithm>

#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {
namespace {

constexpr std::string_view kOwnerPrivileges[] = {"INSERT",   "SELECT",     "UPDATE", "DELETE",
                                                 "TRUNCATE", "REFERENCES", "TRIGGER"};

// Every privilege on a relation: those of its owner, and those granted. Only between roles that the current
// user is, as the standard wants it.
template <typename F>
void ForEachGrant(const Catalog& catalog, const RelationEntry& relation, F&& use) {
  const RoleEntry* me = catalog.current_role();
  if (me == nullptr) return;
  const std::string owner = catalog.RoleName(relation.owner);
  if (catalog.IsMember(*me, owner)) {
    for (const std::string_view privilege : kOwnerPrivileges) use(owner, owner, privilege, true);
  }
  for (const Grant& grant : relation.info->grants) {
    const std::string grantor = grant.grantor.empty() ? owner : grant.grantor;
    const std::string grantee = grant.grantee.empty() ? "PUBLIC" : grant.grantee;
    if (!grant.grantee.empty() && !catalog.IsMember(*me, grant.grantee) && !catalog.IsMember(*me, grantor))
      continue;
    for (const std::string& privilege : grant.privileges) use(grantor, grantee, privilege, grant.grantable);
  }
}

void AddTablePrivileges(const Catalog& catalog, bool with_public, RowWriter* out) {
  out->Columns({"grantor", "grantee", "table_catalog", "table_schema", "table_name", "privilege_type",
                "is_grantable", "with_hierarchy"});
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind == RelationKind::kMaterializedView) continue;
    ForEachGrant(
        catalog, relation, [&](const auto& grantor, const auto& grantee, auto privilege, bool grantable) {
          if (!with_public && grantee == "PUBLIC") return;
          out->Add({grantor, grantee, catalog.database(), relation.info->schema, relation.info->name,
                    std::string(privilege), grantable ? "YES" : "NO", privilege == "SELECT" ? "YES" : "NO"});
        });
  }
}

void TablePrivileges(const Catalog& catalog, RowWriter* out) {
  AddTablePrivileges(catalog, true, out);
}

void RoleTableGrants(const Catalog& catalog, RowWriter* out) {
  AddTablePrivileges(catalog, false, out);
}

void AddColumnPrivileges(const Catalog& catalog, bool with_public, RowWriter* out) {
  out->Columns({"grantor", "grantee", "table_catalog", "table_schema", "table_name", "column_name",
                "privilege_type", "is_grantable"});
  constexpr std::string_view kOfColumns[] = {"SELECT", "INSERT", "UPDATE", "REFERENCES"};
  for (const RelationEntry& relation : catalog.relations()) {
    if (relation.info->kind == RelationKind::kMaterializedView) continue;
    ForEachGrant(
        catalog, relation, [&](const auto& grantor, const auto& grantee, auto privilege, bool grantable) {
          if (std::ranges::find(kOfColumns, privilege) == std::end(kOfColumns)) return;
          if (!with_public && grantee == "PUBLIC") return;
          for (const ColumnInfo& column : relation.info->columns) {
            out->Add({grantor, grantee, catalog.database(), relation.info->schema, relation.info->name,
                      column.name, std::string(privilege), grantable ? "YES" : "NO"});
          }
        });
  }
}

void ColumnPrivileges(const Catalog& catalog, RowWriter* out) {
  AddColumnPrivileges(catalog, true, out);
}

void RoleColumnGrants(const Catalog& catalog, RowWriter* out) {
  AddColumnPrivileges(catalog, false, out);
}

void EnabledRoles(const Catalog& catalog, RowWriter* out) {
  out->Columns({"role_name"});
  const RoleEntry* me = catalog.current_role();
  for (const RoleEntry& role : catalog.roles()) {
    if (me != nullptr && catalog.IsMember(*me, role.info->name)) out->Add({role.info->name});
  }
}

void ApplicableRoles(const Catalog& catalog, RowWriter* out) {
  out->Columns({"grantee", "role_name", "is_grantable"});
  const RoleEntry* me = catalog.current_role();
  for (const RoleEntry& role : catalog.roles()) {
    if (me == nullptr || !catalog.IsMember(*me, role.info->name)) continue;
    for (const std::string& of : role.info->member_of) out->Add({role.info->name, of, "NO"});
  }
}

}  // namespace

GeneratorList PrivilegeGenerators() {
  return {{"table_privileges", TablePrivileges},   {"role_table_grants", RoleTableGrants},
          {"column_privileges", ColumnPrivileges}, {"role_column_grants", RoleColumnGrants},
          {"enabled_roles", EnabledRoles},         {"applicable_roles", ApplicableRoles}};
}

}  // namespace millrace::query::pgcatalog
