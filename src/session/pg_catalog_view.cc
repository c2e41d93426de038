#include "session/pg_catalog_view.h"

#include <algorithm>

#include "query/pgcatalog/pg_types.h"
#include "session/builtin_functions.h"

namespace millrace::session {
namespace {

namespace pg = query::pgcatalog;

std::vector<pg::Grant> GrantsOf(const catalog::RoleSnapshot& roles, const catalog::Securable& object) {
  std::vector<pg::Grant> grants;
  const catalog::ObjectAcl* acl = roles.AclOf(object);
  if (acl == nullptr) return grants;
  constexpr std::pair<catalog::Privilege, const char*> kNames[] = {{catalog::Privilege::kSelect, "SELECT"},
                                                                   {catalog::Privilege::kInsert, "INSERT"},
                                                                   {catalog::Privilege::kUsage, "USAGE"},
                                                                   {catalog::Privilege::kCreate, "CREATE"}};
  for (const catalog::Grant& grant : acl->grants) {
    for (const bool grantable : {false, true}) {
      pg::Grant shown;
      shown.grantee = grant.grantee == catalog::kPublic ? "" : grant.grantee;
      shown.grantor = grant.grantor;
      shown.grantable = grantable;
      for (const auto& [privilege, name] : kNames) {
        const auto bit = static_cast<catalog::PrivilegeSet>(privilege);
        const bool has_option = (grant.options & bit) != 0;
        if ((grant.privileges & bit) != 0 && has_option == grantable) shown.privileges.emplace_back(name);
      }
      if (!shown.privileges.empty()) grants.push_back(std::move(shown));
    }
  }
  return grants;
}

pg::RelationInfo RelationOf(const catalog::Entry& entry, const catalog::RoleSnapshot& roles,
                            const tables::SnapshotSet& snapshots) {
  const catalog::Securable object = catalog::Securable::Table(entry.name);
  pg::RelationInfo relation;
  relation.schema = entry.name.schema;
  relation.name = entry.name.name;
  relation.kind = entry.kind == catalog::EntryKind::kView               ? pg::RelationKind::kView
                  : entry.kind == catalog::EntryKind::kMaterializedView ? pg::RelationKind::kMaterializedView
                                                                        : pg::RelationKind::kTable;
  relation.owner = roles.OwnerOf(object);
  relation.comment = entry.comment;
  relation.grants = GrantsOf(roles, object);
  for (size_t i = 0; i < entry.schema.size(); ++i) {
    const pg::PgType type = pg::PgTypeOf(entry.schema[i].type);
    pg::ColumnInfo column;
    column.name = entry.schema[i].name;
    column.type_oid = type.oid;
    column.typmod = type.typmod;
    column.nullable = entry.schema[i].type.nullable();
    if (entry.table != nullptr) {
      column.comment = entry.table->columns[i].comment;
      column.generated_as = entry.table->columns[i].expr_text;
    }
    relation.columns.push_back(std::move(column));
  }
  if (entry.table != nullptr) relation.primary_key = entry.table->primary_key;
  if (entry.materialized_view != nullptr) {
    relation.primary_key = entry.materialized_view->key;
    relation.definition = entry.materialized_view->query_text;
  }
  if (entry.view != nullptr) relation.definition = entry.view->query_text;
  if (const auto snapshot = snapshots.tables.find(entry.name.ToString());
      snapshot != snapshots.tables.end()) {
    relation.rows = static_cast<double>(snapshot->second->rows());
  }
  return relation;
}

pg::RoleInfo RoleOf(const catalog::Role& role) {
  pg::RoleInfo info;
  info.name = role.name;
  info.superuser = role.superuser;
  info.can_login = role.login;
  info.create_role = role.create_role;
  info.connection_limit = static_cast<int>(role.limits.connections.value_or(-1));
  info.valid_until_micros = role.valid_until;
  info.comment = role.comment;
  for (const catalog::Membership& membership : role.member_of) info.member_of.push_back(membership.group);
  return info;
}

}  // namespace

std::shared_ptr<const pg::CatalogView> MakeCatalogView(Instance& instance, const CatalogVersion& version) {
  auto view = std::make_shared<pg::CatalogView>();
  const catalog::RoleSnapshotPtr roles = instance.roles().snapshot();
  const tables::SnapshotSetPtr snapshots = instance.warehouse().snapshots();
  view->version = instance.options().version;
  view->started_micros = instance.started_micros();
  view->database_owner = roles->OwnerOf(catalog::Securable::Database());
  for (const catalog::SchemaInfo& schema : version.catalog.Schemas()) {
    const catalog::Securable object = catalog::Securable::Schema(schema.name);
    view->schemas.push_back({schema.name, roles->OwnerOf(object), schema.comment, GrantsOf(*roles, object)});
  }
  for (const catalog::EntryPtr& entry : version.catalog.AllEntries()) {
    view->relations.push_back(RelationOf(*entry, *roles, *snapshots));
  }
  for (const catalog::RolePtr& role : roles->All()) view->roles.push_back(RoleOf(*role));
  view->functions = BuiltinFunctions();
  return view;
}

}  // namespace millrace::session
