#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "query/pgcatalog/native.h"
#include "query/pgcatalog/pg_types.h"

namespace millrace::query::pgcatalog {
namespace {

using Arguments = std::span<const Cell>;

// The role that has_..._privilege asks about: the first of the arguments where `arguments` has more than
// `without_role`, else the current user's.
Result<const RoleEntry*> RoleOf(const Catalog& catalog, Arguments* arguments, size_t without_role) {
  if (arguments->size() == without_role) {
    const RoleEntry* role = catalog.current_role();
    if (role != nullptr) return role;
    return Fail(ErrorCode::kUndefinedObject,
                fmt::format("role \"{}\" does not exist", catalog.session().current_user));
  }
  const Cell& named = arguments->front();
  *arguments = arguments->subspan(1);
  const RoleEntry* role = named.Holds<int64_t>() ? catalog.FindRole(static_cast<uint32_t>(named.number()))
                                                 : catalog.FindRole(named.text());
  if (role != nullptr) return role;
  return Fail(ErrorCode::kUndefinedObject,
              named.Holds<int64_t>() ? fmt::format("role with OID {} does not exist", named.number())
                                     : fmt::format("role \"{}\" does not exist", named.text()));
}

struct Privilege {
  std::string name;
  bool grantable = false;
};

// "SELECT, insert WITH GRANT OPTION"; any of them is enough.
std::vector<Privilege> PrivilegesOf(const std::string& text) {
  std::vector<Privilege> privileges;
  constexpr std::string_view kGrantable = " WITH GRANT OPTION";
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    std::string name;
    for (const char c : text.substr(at, comma - at)) {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    while (name.starts_with(' ')) name.erase(0, 1);
    while (name.ends_with(' ')) name.pop_back();
    const bool grantable = name.ends_with(kGrantable);
    if (grantable) name.resize(name.size() - kGrantable.size());
    privileges.push_back({std::move(name), grantable});
    at = comma + 1;
  }
  return privileges;
}

Status CheckPrivileges(const std::vector<Privilege>& privileges,
                       std::initializer_list<std::string_view> known) {
  for (const Privilege& privilege : privileges) {
    if (std::ranges::find(known, privilege.name) == known.end()) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("unrecognized privilege type: \"{}\"", privilege.name));
    }
  }
  return {};
}

Result<Cell> MayUseRelation(const Catalog& catalog, const RoleEntry& role, const Cell& named,
                            const std::vector<Privilege>& privileges) {
  const uint32_t oid =
      named.Holds<int64_t>() ? static_cast<uint32_t>(named.number()) : catalog.RelationOid(named.text());
  if (const RelationEntry* relation = catalog.FindRelation(oid)) {
    return Cell(std::ranges::any_of(privileges, [&](const Privilege& privilege) {
      return catalog.MayUse(role, *relation, privilege.name, privilege.grantable);
    }));
  }
  const auto systems = SystemRelations();
  if (std::ranges::find(systems, oid, &SystemRelation::oid) != systems.end()) {
    return Cell(std::ranges::any_of(privileges, [&](const Privilege& privilege) {
      return role.info->superuser || (privilege.name == "SELECT" && !privilege.grantable);
    }));
  }
  if (named.Holds<int64_t>()) return Cell();
  return Fail(ErrorCode::kUndefinedTable, fmt::format("relation \"{}\" does not exist", named.text()));
}

Result<Cell> HasTablePrivilege(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const RoleEntry* role, RoleOf(catalog, &arguments, 2));
  const auto privileges = PrivilegesOf(arguments[1].text());
  MR_TRY(CheckPrivileges(
      privileges, {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "RULE"}));
  return MayUseRelation(catalog, *role, arguments[0], privileges);
}

Result<Cell> HasAnyColumnPrivilege(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const RoleEntry* role, RoleOf(catalog, &arguments, 2));
  const auto privileges = PrivilegesOf(arguments[1].text());
  MR_TRY(CheckPrivileges(privileges, {"SELECT", "INSERT", "UPDATE", "REFERENCES"}));
  return MayUseRelation(catalog, *role, arguments[0], privileges);
}

// Privileges are on whole relations.
Result<Cell> HasColumnPrivilege(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const RoleEntry* role, RoleOf(catalog, &arguments, 3));
  const auto privileges = PrivilegesOf(arguments[2].text());
  MR_TRY(CheckPrivileges(privileges, {"SELECT", "INSERT", "UPDATE", "REFERENCES"}));
  return MayUseRelation(catalog, *role, arguments[0], privileges);
}

Result<Cell> HasSchemaPrivilege(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const RoleEntry* role, RoleOf(catalog, &arguments, 2));
  const Cell& named = arguments[0];
  const NamespaceEntry* schema = named.Holds<int64_t>()
                                     ? catalog.FindNamespace(static_cast<uint32_t>(named.number()))
                                     : catalog.FindNamespace(named.text());
  const auto privileges = PrivilegesOf(arguments[1].text());
  MR_TRY(CheckPrivileges(privileges, {"USAGE", "CREATE"}));
  if (schema == nullptr) {
    if (named.Holds<int64_t>()) return Cell();
    return Fail(ErrorCode::kUndefinedSchema, fmt::format("schema \"{}\" does not exist", named.text()));
  }
  return Cell(std::ranges::any_of(privileges, [&](const Privilege& privilege) {
    return catalog.MayUse(*role, *schema, privilege.name, privilege.grantable);
  }));
}

Result<Cell> HasDatabasePrivilege(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const RoleEntry* role, RoleOf(catalog, &arguments, 2));
  const auto privileges = PrivilegesOf(arguments[1].text());
  MR_TRY(CheckPrivileges(privileges, {"CONNECT", "CREATE", "TEMPORARY", "TEMP"}));
  return Cell(role->info->superuser || std::ranges::any_of(privileges, [](const Privilege& privilege) {
                return privilege.name == "CONNECT" && !privilege.grantable;
              }));
}

// What nobody can be kept from: calling functions, using types and languages.
Result<Cell> HasUsage(const Catalog& catalog, Arguments arguments) {
  MR_TRY(RoleOf(catalog, &arguments, 2));
  return Cell(true);
}

Result<Cell> HasNoSuchObject(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const RoleEntry* role, RoleOf(catalog, &arguments, 2));
  return Cell(role->info->superuser);
}

Result<Cell> HasRole(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const RoleEntry* role, RoleOf(catalog, &arguments, 2));
  const Cell& named = arguments[0];
  const RoleEntry* of = named.Holds<int64_t>() ? catalog.FindRole(static_cast<uint32_t>(named.number()))
                                               : catalog.FindRole(named.text());
  if (of == nullptr) {
    if (named.Holds<int64_t>()) return Cell(false);
    return Fail(ErrorCode::kUndefinedObject, fmt::format("role \"{}\" does not exist", named.text()));
  }
  return Cell(catalog.IsMember(*role, of->info->name));
}

// What aclexplode() shows of an access list: "grantor,grantee,privilege,grantable" for each privilege, the
// roles as oids (0: PUBLIC).
Result<Cell> AclItems(const Catalog& catalog, Arguments arguments) {
  constexpr std::pair<char, std::string_view> kNames[] = {
      {'a', "INSERT"},   {'r', "SELECT"},     {'w', "UPDATE"},    {'d', "DELETE"},
      {'D', "TRUNCATE"}, {'x', "REFERENCES"}, {'t', "TRIGGER"},   {'X', "EXECUTE"},
      {'U', "USAGE"},    {'C', "CREATE"},     {'T', "TEMPORARY"}, {'c', "CONNECT"}};
  Cell::Texts items;
  for (const std::string& item : arguments[0].As<Cell::Texts>()) {
    const size_t slash = item.rfind('/');
    const size_t equal = slash == std::string::npos ? slash : item.rfind('=', slash);
    if (equal == std::string::npos) {
      return Fail(ErrorCode::kInvalidText, fmt::format("invalid access list item \"{}\"", item));
    }
    const uint32_t grantee = equal == 0 ? 0 : catalog.RoleOid(item.substr(0, equal));
    const uint32_t grantor = catalog.RoleOid(item.substr(slash + 1));
    for (size_t i = equal + 1; i < slash; ++i) {
      for (const auto& [letter, name] : kNames) {
        if (item[i] == letter)
          items.push_back(fmt::format("{},{},{},{}", grantor, grantee, name, item[i + 1] == '*'));
      }
    }
  }
  return Cell(std::move(items));
}

void Add(std::string_view name, Result<Cell> (*call)(const Catalog&, Arguments),
         std::vector<NativeFunction>* functions) {
  for (const std::string_view signature : {"b:tt", "b:lt", "b:ttt", "b:tlt", "b:ltt", "b:llt"}) {
    functions->push_back({name, signature, call});
  }
}

}  // namespace

std::vector<NativeFunction> PrivilegeFunctions() {
  std::vector<NativeFunction> functions = {{"acl_items", "T:T", AclItems}};
  Add("has_table_privilege", HasTablePrivilege, &functions);
  Add("has_any_column_privilege", HasAnyColumnPrivilege, &functions);
  Add("has_schema_privilege", HasSchemaPrivilege, &functions);
  Add("has_database_privilege", HasDatabasePrivilege, &functions);
  Add("has_function_privilege", HasUsage, &functions);
  Add("has_type_privilege", HasUsage, &functions);
  Add("has_language_privilege", HasUsage, &functions);
  Add("has_tablespace_privilege", HasNoSuchObject, &functions);
  Add("has_sequence_privilege", HasNoSuchObject, &functions);
  Add("has_server_privilege", HasNoSuchObject, &functions);
  Add("has_foreign_data_wrapper_privilege", HasNoSuchObject, &functions);
  Add("pg_has_role", HasRole, &functions);
  for (const std::string_view signature : {"b:ttt", "b:tlt", "b:ltt", "b:llt", "b:tttt", "b:ttlt", "b:tltt",
                                           "b:tllt", "b:lttt", "b:ltlt", "b:lltt", "b:lllt"}) {
    functions.push_back({"has_column_privilege", signature, HasColumnPrivilege});
  }
  return functions;
}

}  // namespace millrace::query::pgcatalog
