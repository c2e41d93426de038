// Printing of statements about roles and privileges. Passwords are not printed.
#include "base/check.h"
#include "sql/printer.h"
#include "sql/printer_internal.h"

namespace millrace::sql {
namespace {

std::string_view KeywordText(RoleKeyword keyword) {
  return keyword == RoleKeyword::kRole ? "ROLE " : keyword == RoleKeyword::kUser ? "USER " : "GROUP ";
}

std::string_view PrivilegeText(PrivilegeKind kind) {
  switch (kind) {
    case PrivilegeKind::kSelect:
      return "SELECT";
    case PrivilegeKind::kInsert:
      return "INSERT";
    case PrivilegeKind::kUsage:
      return "USAGE";
    case PrivilegeKind::kCreate:
      return "CREATE";
    case PrivilegeKind::kConnect:
      return "CONNECT";
    case PrivilegeKind::kTemporary:
      return "TEMPORARY";
  }
  return {};
}

std::string_view ObjectText(ObjectKind kind) {
  constexpr std::string_view kTexts[] = {"TABLE ", "VIEW ", "MATERIALIZED VIEW ", "SCHEMA "};
  return kTexts[static_cast<size_t>(kind)];
}

}  // namespace

void Printer::WriteRole(const RoleSpec& role) {
  switch (role.kind) {
    case RoleSpec::Kind::kName:
      return WriteFolded(role.name);
    case RoleSpec::Kind::kPublic:
      return Text("PUBLIC");
    case RoleSpec::Kind::kCurrentUser:
      return Text("CURRENT_USER");
    case RoleSpec::Kind::kSessionUser:
      return Text("SESSION_USER");
  }
}

void Printer::WriteRoles(const std::vector<RoleSpec>& roles) {
  Separated(roles, ", ", [this](const RoleSpec& role) { WriteRole(role); });
}

void Printer::WriteFoldedNames(const std::vector<Name>& names) {
  Separated(names, ", ", [this](const Name& name) { WriteFolded(name); });
}

void Printer::WriteRoleOptions(const RoleOptions& options) {
  if (options.superuser) Text(*options.superuser ? " SUPERUSER" : " NOSUPERUSER");
  if (options.create_role) Text(*options.create_role ? " CREATEROLE" : " NOCREATEROLE");
  if (options.login) Text(*options.login ? " LOGIN" : " NOLOGIN");
  if (options.password) Text(options.password->text ? " PASSWORD '***'" : " PASSWORD NULL");
  if (options.valid_until) {
    Text(" VALID UNTIL ");
    String(*options.valid_until);
  }
  const auto number = [this](std::string_view name, const std::optional<RoleLimit<int64_t>>& limit) {
    if (!limit) return;
    Text(name);
    return limit->none ? Text("NONE") : Number(limit->value);
  };
  const auto text = [this](std::string_view name, const std::optional<RoleLimit<std::string>>& limit) {
    if (!limit) return;
    Text(name);
    return limit->none ? Text("NONE") : String(limit->value);
  };
  number(" CONNECTION LIMIT ", options.connection_limit);
  text(" MEMORY LIMIT ", options.memory_limit);
  text(" TIME LIMIT ", options.time_limit);
  number(" ROW LIMIT ", options.row_limit);
  const auto roles = [this](std::string_view name, const std::vector<RoleSpec>& list) {
    if (list.empty()) return;
    Text(name);
    WriteRoles(list);
  };
  roles(" IN ROLE ", options.in_roles);
  roles(" ROLE ", options.members);
  roles(" ADMIN ", options.admins);
}

void Printer::WriteAlterRole(const AlterRoleStatement& node) {
  Text("ALTER ");
  Text(KeywordText(node.keyword));
  node.role ? WriteRole(*node.role) : Text("ALL");
  switch (node.action) {
    case AlterRoleStatement::Action::kOptions:
      // WITH parts the options from a role whose name is one.
      return WriteRoleOptions(node.options);
    case AlterRoleStatement::Action::kRename:
      Text(" RENAME TO ");
      return WriteFolded(node.new_name);
    case AlterRoleStatement::Action::kSet:
      Text(" SET ");
      WriteParameterName(*node.parameter);
      return WriteParameterValues(node.values);
    case AlterRoleStatement::Action::kReset:
      Text(" RESET ");
      return node.parameter ? WriteParameterName(*node.parameter) : Text("ALL");
  }
}

void Printer::WritePrivileges(bool all, const std::vector<PrivilegeName>& privileges) {
  if (all) return Text("ALL PRIVILEGES");
  Separated(privileges, ", ", [this](const PrivilegeName& name) { Text(PrivilegeText(name.kind)); });
}

void Printer::WriteGrantEnd(bool is_revoke, std::string_view option, bool with_option, bool cascade,
                            const std::optional<RoleSpec>& granted_by) {
  if (with_option) Text(option);
  if (granted_by) {
    Text(" GRANTED BY ");
    WriteRole(*granted_by);
  }
  if (is_revoke && cascade) Text(" CASCADE");
}

void Printer::WriteGrant(const GrantStatement& node) {
  Text(node.is_revoke ? "REVOKE " : "GRANT ");
  if (node.option_only) Text("GRANT OPTION FOR ");
  WritePrivileges(node.all_privileges, node.privileges);
  constexpr std::string_view kTargets[] = {" ON TABLE ", " ON ALL TABLES IN SCHEMA ", " ON SCHEMA ",
                                           " ON DATABASE "};
  Text(kTargets[static_cast<size_t>(node.target)]);
  Separated(node.names, ", ", [this](const QualifiedName& name) { WriteName(name); });
  Text(node.is_revoke ? " FROM " : " TO ");
  WriteRoles(node.roles);
  WriteGrantEnd(node.is_revoke, " WITH GRANT OPTION", node.with_option, node.cascade, node.granted_by);
}

void Printer::WriteDefaultPrivileges(const DefaultPrivilegesStatement& node) {
  Text("ALTER DEFAULT PRIVILEGES ");
  if (!node.creators.empty()) {
    Text("FOR ROLE ");
    WriteRoles(node.creators);
    Text(" ");
  }
  if (!node.schemas.empty()) {
    Text("IN SCHEMA ");
    Separated(node.schemas, ", ", [this](const Name& name) { WriteName(name); });
    Text(" ");
  }
  Text(node.is_revoke ? "REVOKE " : "GRANT ");
  if (node.option_only) Text("GRANT OPTION FOR ");
  WritePrivileges(node.all_privileges, node.privileges);
  Text(node.on_schemas ? " ON SCHEMAS" : " ON TABLES");
  Text(node.is_revoke ? " FROM " : " TO ");
  WriteRoles(node.roles);
  WriteGrantEnd(node.is_revoke, " WITH GRANT OPTION", node.with_option, node.cascade, std::nullopt);
}

void Printer::WriteAlterTableOptions(const AlterTableOptionsStatement& node) {
  Text("ALTER TABLE ");
  WriteName(node.name);
  Text(node.is_reset ? " RESET (" : " SET (");
  Separated(node.options, ", ", [&](const Option& option) {
    String(option.key);
    if (node.is_reset) return;
    Text(" = ");
    String(option.value);
  });
  Text(")");
}

void Printer::WriteComment(const CommentStatement& node) {
  constexpr std::string_view kTargets[] = {"TABLE ",    "VIEW ", "MATERIALIZED VIEW ", "COLUMN ", "SCHEMA ",
                                           "DATABASE ", "ROLE "};
  Text("COMMENT ON ");
  Text(kTargets[static_cast<size_t>(node.target)]);
  if (node.target == CommentTarget::kRole) {
    WriteFolded(node.name.parts.front());
  } else {
    WriteName(node.name);
  }
  if (node.target == CommentTarget::kColumn) {
    Text(".");
    WriteName(node.column);
  }
  Text(" IS ");
  if (!node.text) return Text("NULL");
  String(*node.text);
}

void Printer::WriteRoleStatement(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kCreateRole: {
      const auto& node = statement.As<CreateRoleStatement>();
      Text("CREATE ");
      Text(KeywordText(node.keyword));
      if (node.if_not_exists) Text("IF NOT EXISTS ");
      WriteFolded(node.name);
      return WriteRoleOptions(node.options);
    }
    case StatementKind::kAlterRole:
      return WriteAlterRole(statement.As<AlterRoleStatement>());
    case StatementKind::kDropRole: {
      const auto& node = statement.As<DropRoleStatement>();
      Text("DROP ");
      Text(KeywordText(node.keyword));
      if (node.if_exists) Text("IF EXISTS ");
      return WriteFoldedNames(node.names);
    }
    case StatementKind::kCreateToken: {
      const auto& node = statement.As<CreateTokenStatement>();
      Text("CREATE TOKEN ");
      WriteFolded(node.name);
      Text(" FOR ROLE ");
      WriteRole(node.role);
      if (!node.valid_until) return;
      Text(" VALID UNTIL ");
      return String(*node.valid_until);
    }
    case StatementKind::kDropToken: {
      const auto& node = statement.As<DropTokenStatement>();
      Text(node.if_exists ? "DROP TOKEN IF EXISTS " : "DROP TOKEN ");
      return WriteFolded(node.name);
    }
    case StatementKind::kGrant:
      return WriteGrant(statement.As<GrantStatement>());
    case StatementKind::kGrantRole: {
      const auto& node = statement.As<GrantRoleStatement>();
      Text(node.is_revoke ? "REVOKE " : "GRANT ");
      if (node.option_only) Text("ADMIN OPTION FOR ");
      WriteFoldedNames(node.granted);
      Text(node.is_revoke ? " FROM " : " TO ");
      WriteRoles(node.roles);
      return WriteGrantEnd(node.is_revoke, " WITH ADMIN OPTION", node.with_option, node.cascade,
                           node.granted_by);
    }
    case StatementKind::kDefaultPrivileges:
      return WriteDefaultPrivileges(statement.As<DefaultPrivilegesStatement>());
    case StatementKind::kAlterOwner: {
      const auto& node = statement.As<AlterOwnerStatement>();
      Text("ALTER ");
      Text(ObjectText(node.object));
      WriteName(node.name);
      Text(" OWNER TO ");
      return WriteRole(node.role);
    }
    case StatementKind::kAlterTableOptions:
      return WriteAlterTableOptions(statement.As<AlterTableOptionsStatement>());
    case StatementKind::kOwned: {
      const auto& node = statement.As<OwnedStatement>();
      Text(node.is_drop ? "DROP OWNED BY " : "REASSIGN OWNED BY ");
      WriteRoles(node.roles);
      if (node.is_drop) return Text(node.cascade ? " CASCADE" : "");
      Text(" TO ");
      return WriteRole(node.new_owner);
    }
    case StatementKind::kComment:
      return WriteComment(statement.As<CommentStatement>());
    default:
      MR_UNREACHABLE();
  }
}

}  // namespace millrace::sql
