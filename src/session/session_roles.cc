// Roles, privileges, tokens, owners and comments.
#include <fmt/format.h>

#include "session/session.h"

namespace millrace::session {

catalog::RoleContext Session::Actor() const {
  return {role_, session_role_, zone_};
}

// The objects that GRANT and REVOKE name.
Result<std::vector<catalog::Securable>> Session::GrantObjects(const sql::GrantStatement& statement) {
  std::vector<catalog::Securable> objects;
  const auto schema_exists = [&](const sql::QualifiedName& name) -> Status {
    for (const catalog::SchemaInfo& info : catalog().Schemas()) {
      if (info.name == name.Last().text) return {};
    }
    return Fail(ErrorCode::kUndefinedSchema, fmt::format("no schema '{}'", name.Last().text),
                "SHOW SCHEMAS lists them", name.location());
  };
  for (const sql::QualifiedName& name : statement.names) {
    switch (statement.target) {
      case sql::GrantTarget::kTables: {
        MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(name));
        objects.push_back(catalog::Securable::Table(entry->name));
        break;
      }
      case sql::GrantTarget::kTablesInSchema:
        MR_TRY(schema_exists(name));
        for (const catalog::EntryPtr& entry : catalog().Entries(name.Last().text)) {
          objects.push_back(catalog::Securable::Table(entry->name));
        }
        break;
      case sql::GrantTarget::kSchemas:
        MR_TRY(schema_exists(name));
        objects.push_back(catalog::Securable::Schema(name.Last().text));
        break;
      case sql::GrantTarget::kDatabase:
        objects.push_back(catalog::Securable::Database());
        break;
    }
  }
  return objects;
}

Result<Outcome> Session::SetRole(const sql::SetRoleStatement& statement) {
  catalog::Roles& roles = instance_.roles();
  if (statement.local) {
    return Fail(ErrorCode::kNotSupported, "SET LOCAL ROLE is not supported", "SET ROLE, and RESET ROLE later",
                statement.location);
  }
  if (statement.is_session_authorization) {
    const std::string role = statement.role.has_value() ? statement.role->text : login_role_;
    MR_TRY(roles.CheckSetSession(login_role_, role));
    session_role_ = role;
    role_ = role;
  } else if (statement.role.has_value()) {
    MR_TRY(roles.CheckSetRole(session_role_, statement.role->text));
    role_ = statement.role->text;
  } else {
    role_ = session_role_;
  }
  TellRole();
  return Outcome{.tag = "SET"};
}

Result<Outcome> Session::CreateToken(const sql::CreateTokenStatement& statement) {
  if (!instance_.options().make_token) {
    return Fail(ErrorCode::kNotSupported, "tokens are for the HTTP interface of a server");
  }
  MR_ASSIGN(const NewToken token, instance_.options().make_token());
  MR_TRY(instance_.roles().AddToken(Actor(), statement, token.hash));
  Outcome outcome = TextRows({"token"}, {{token.text}});
  outcome.tag = "CREATE TOKEN";
  return outcome;
}

Result<Outcome> Session::Comment(const sql::CommentStatement& statement) {
  if (statement.target == sql::CommentTarget::kRole) {
    MR_TRY(instance_.roles().Comment(Actor(), statement.name.Last().text, statement.text.value_or("")));
    return Outcome{.tag = "COMMENT"};
  }
  return Fail(ErrorCode::kNotSupported, "COMMENT ON is for roles",
              "tables, columns and schemas get theirs with COMMENT '...' in CREATE", statement.location);
}

Result<Outcome> Session::DropOwned(const sql::OwnedStatement& statement) {
  catalog::Roles& roles = instance_.roles();
  if (!statement.is_drop) {
    MR_TRY(roles.Reassign(Actor(), statement));
    return Outcome{.tag = "REASSIGN OWNED"};
  }
  MR_ASSIGN(const std::vector<catalog::Securable> owned, roles.ReleaseOwned(Actor(), statement));
  if (owned.empty()) return Outcome{.tag = "DROP OWNED"};
  return Fail(
      ErrorCode::kDependentObjects,
      fmt::format("the role still owns {} object(s), {} the first", owned.size(), owned.front().Describe()),
      "DROP them, or REASSIGN OWNED BY ... TO ...; its grants are taken back already", statement.location);
}

Result<Outcome> Session::AlterOwner(const sql::AlterOwnerStatement& statement) {
  catalog::Securable object;
  if (statement.object == sql::ObjectKind::kSchema) {
    object = catalog::Securable::Schema(statement.name.Last().text);
  } else {
    MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(statement.name));
    object = catalog::Securable::Table(entry->name);
  }
  MR_TRY(instance_.roles().SetOwner(Actor(), object, statement.role));
  static constexpr std::string_view kTags[] = {"ALTER TABLE", "ALTER VIEW", "ALTER MATERIALIZED VIEW",
                                               "ALTER SCHEMA"};
  return Outcome{.tag = std::string(kTags[static_cast<size_t>(statement.object)])};
}

Result<Outcome> Session::RunRoleStatement(const sql::Statement& statement) {
  using Kind = sql::StatementKind;
  catalog::Roles& roles = instance_.roles();
  switch (statement.kind) {
    case Kind::kSetRole:
      return SetRole(statement.As<sql::SetRoleStatement>());
    case Kind::kCreateRole: {
      MR_ASSIGN(const bool created, roles.Create(Actor(), statement.As<sql::CreateRoleStatement>()));
      Outcome outcome{.tag = "CREATE ROLE"};
      if (!created) outcome.warnings.push_back("the role exists already, skipping");
      return outcome;
    }
    case Kind::kAlterRole: {
      const auto& alter = statement.As<sql::AlterRoleStatement>();
      if (alter.action == sql::AlterRoleStatement::Action::kSet && alter.parameter.has_value()) {
        MR_TRY(catalog::Parameters::Check(alter.parameter->text, TextsOf(alter.values)));
      }
      MR_TRY(roles.Alter(Actor(), alter));
      return Outcome{.tag = "ALTER ROLE"};
    }
    case Kind::kDropRole: {
      MR_ASSIGN(const auto missing, roles.Drop(Actor(), statement.As<sql::DropRoleStatement>()));
      Outcome outcome{.tag = "DROP ROLE"};
      for (const std::string& name : missing) {
        outcome.warnings.push_back(fmt::format("role '{}' does not exist, skipping", name));
      }
      return outcome;
    }
    case Kind::kGrant: {
      const auto& grant = statement.As<sql::GrantStatement>();
      MR_ASSIGN(const std::vector<catalog::Securable> objects, GrantObjects(grant));
      MR_TRY(roles.GrantPrivileges(Actor(), grant, objects));
      return Outcome{.tag = grant.is_revoke ? "REVOKE" : "GRANT"};
    }
    case Kind::kGrantRole: {
      const auto& grant = statement.As<sql::GrantRoleStatement>();
      MR_TRY(roles.GrantRoles(Actor(), grant));
      return Outcome{.tag = grant.is_revoke ? "REVOKE ROLE" : "GRANT ROLE"};
    }
    case Kind::kDefaultPrivileges:
      MR_TRY(roles.SetDefaultPrivileges(Actor(), statement.As<sql::DefaultPrivilegesStatement>()));
      return Outcome{.tag = "ALTER DEFAULT PRIVILEGES"};
    case Kind::kAlterOwner:
      return AlterOwner(statement.As<sql::AlterOwnerStatement>());
    case Kind::kOwned:
      return DropOwned(statement.As<sql::OwnedStatement>());
    case Kind::kCreateToken:
      return CreateToken(statement.As<sql::CreateTokenStatement>());
    case Kind::kDropToken: {
      MR_ASSIGN(const bool dropped, roles.DropToken(Actor(), statement.As<sql::DropTokenStatement>()));
      Outcome outcome{.tag = "DROP TOKEN"};
      if (!dropped) outcome.warnings.push_back("the token does not exist, skipping");
      return outcome;
    }
    case Kind::kComment:
      return Comment(statement.As<sql::CommentStatement>());
    default:
      MR_UNREACHABLE();
  }
}

}  // namespace millrace::session
