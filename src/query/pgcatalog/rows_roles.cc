// pg_authid and the views of it. Passwords are not here to be shown.
#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {
namespace {

constexpr const char* kHidden = "********";

Cell ValidUntil(const RoleInfo& role) {
  return role.valid_until_micros.has_value() ? Cell(*role.valid_until_micros) : Cell();
}

void PgAuthid(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "rolname", "rolsuper", "rolinherit", "rolcreaterole", "rolcreatedb", "rolcanlogin",
                "rolconnlimit", "rolvaliduntil"});
  for (const RoleEntry& role : catalog.roles()) {
    const RoleInfo& info = *role.info;
    out->Add({role.oid, info.name, info.superuser, info.inherits, info.create_role, info.create_database,
              info.can_login, info.connection_limit, ValidUntil(info)});
  }
}

void PgRoles(const Catalog& catalog, RowWriter* out) {
  out->Columns({"oid", "rolname", "rolsuper", "rolinherit", "rolcreaterole", "rolcreatedb", "rolcanlogin",
                "rolreplication", "rolconnlimit", "rolpassword", "rolvaliduntil", "rolbypassrls"});
  for (const RoleEntry& role : catalog.roles()) {
    const RoleInfo& info = *role.info;
    out->Add({role.oid, info.name, info.superuser, info.inherits, info.create_role, info.create_database,
              info.can_login, false, info.connection_limit, kHidden, ValidUntil(info), info.superuser});
  }
}

void PgUser(const Catalog& catalog, RowWriter* out) {
  out->Columns(
      {"usename", "usesysid", "usecreatedb", "usesuper", "userepl", "usebypassrls", "passwd", "valuntil"});
  for (const RoleEntry& role : catalog.roles()) {
    const RoleInfo& info = *role.info;
    if (!info.can_login) continue;
    out->Add({info.name, role.oid, info.create_database, info.superuser, false, info.superuser, kHidden,
              ValidUntil(info)});
  }
}

void PgGroup(const Catalog& catalog, RowWriter* out) {
  out->Columns({"groname", "grosysid", "grolist"});
  for (const RoleEntry& group : catalog.roles()) {
    if (group.info->can_login) continue;
    Cell::Numbers members;
    for (const RoleEntry& role : catalog.roles()) {
      for (const std::string& of : role.info->member_of) {
        if (of == group.info->name) members.push_back(role.oid);
      }
    }
    out->Add({group.info->name, group.oid, members});
  }
}

void PgAuthMembers(const Catalog& catalog, RowWriter* out) {
  out->Columns({"roleid", "member", "grantor", "admin_option"});
  for (const RoleEntry& role : catalog.roles()) {
    for (const std::string& of : role.info->member_of) {
      out->Add({catalog.RoleOid(of), role.oid, kBootstrapRole, false});
    }
  }
}

}  // namespace

GeneratorList RoleGenerators() {
  return {{"pg_authid", PgAuthid}, {"pg_roles", PgRoles}, {"pg_user", PgUser},
          {"pg_shadow", PgUser},   {"pg_group", PgGroup}, {"pg_auth_members", PgAuthMembers}};
}

}  // namespace millrace::query::pgcatalog
