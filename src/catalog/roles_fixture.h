// For tests: roles, and statements that change them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "catalog/roles.h"
#include "sql/parser.h"

namespace millrace::catalog {

inline constexpr std::string_view kTestVerifier =
    "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

// Runs statements as roles; objects are named schema.table.
class RolesTest : public testing::Test {
 protected:
  RolesTest() : roles_(Options()) {
    for (const char* schema : {"ods", "dws"}) Create(Securable::Schema(schema), "millrace");
  }

  static RolesOptions Options() {
    RolesOptions options;
    options.make_verifier = [](std::string_view password) -> Result<std::string> {
      return "verifier of " + std::string(password);
    };
    options.default_limits.result_rows = 1000;
    return options;
  }

  Status Run(const std::string& role, std::string_view text) {
    MR_ASSIGN(const sql::StatementPtr parsed, sql::ParseStatement(text));
    const RoleContext actor{role, role};
    const sql::Statement& statement = *parsed;
    switch (statement.kind) {
      case sql::StatementKind::kCreateRole: {
        MR_ASSIGN(created_, roles_.Create(actor, statement.As<sql::CreateRoleStatement>()));
        return Ok();
      }
      case sql::StatementKind::kAlterRole:
        return roles_.Alter(actor, statement.As<sql::AlterRoleStatement>());
      case sql::StatementKind::kDropRole: {
        MR_ASSIGN(missing_, roles_.Drop(actor, statement.As<sql::DropRoleStatement>()));
        return Ok();
      }
      case sql::StatementKind::kGrant: {
        const auto& grant = statement.As<sql::GrantStatement>();
        std::vector<Securable> objects;
        for (const sql::QualifiedName& name : grant.names) {
          if (grant.target == sql::GrantTarget::kSchemas) {
            objects.push_back(Securable::Schema(name.Last().text));
          } else if (grant.target == sql::GrantTarget::kDatabase) {
            objects.push_back(Securable::Database());
          } else {
            objects.push_back(Securable::Table({name.parts[0].text, name.parts[1].text}));
          }
        }
        return roles_.GrantPrivileges(actor, grant, objects);
      }
      case sql::StatementKind::kGrantRole:
        return roles_.GrantRoles(actor, statement.As<sql::GrantRoleStatement>());
      case sql::StatementKind::kDefaultPrivileges:
        return roles_.SetDefaultPrivileges(actor, statement.As<sql::DefaultPrivilegesStatement>());
      case sql::StatementKind::kAlterOwner: {
        const auto& alter = statement.As<sql::AlterOwnerStatement>();
        return roles_.SetOwner(actor, Securable::Table({alter.name.parts[0].text, alter.name.parts[1].text}),
                               alter.role);
      }
      case sql::StatementKind::kOwned: {
        const auto& owned = statement.As<sql::OwnedStatement>();
        if (!owned.is_drop) return roles_.Reassign(actor, owned);
        MR_ASSIGN(released_, roles_.ReleaseOwned(actor, owned));
        return Ok();
      }
      case sql::StatementKind::kCreateToken:
        return roles_.AddToken(actor, statement.As<sql::CreateTokenStatement>(), "hash of the token");
      case sql::StatementKind::kDropToken: {
        MR_ASSIGN(const bool dropped, roles_.DropToken(actor, statement.As<sql::DropTokenStatement>()));
        static_cast<void>(dropped);
        return Ok();
      }
      default:
        return Fail(ErrorCode::kInternal, "not a statement of roles");
    }
  }

  // "ok", or the error.
  std::string Answer(const std::string& role, std::string_view text) {
    const Status done = Run(role, text);
    return done ? "ok" : done.error().ToString();
  }

  void Must(std::string_view text) { ASSERT_EQ(Answer("millrace", text), "ok") << text; }

  void MakeTable(const std::string& schema, const std::string& name, const std::string& owner) {
    Create(Securable::Table({schema, name}), owner);
  }

  void Create(const Securable& object, const std::string& owner) {
    ASSERT_TRUE(roles_.ChangeObjects({.created = {object}, .owner = owner, .dropped = {}}).has_value());
  }

  bool MayRead(std::string_view role, const std::string& schema, const std::string& name) {
    return roles_.Check(role, Privilege::kSelect, Securable::Table({schema, name})).has_value();
  }

  Roles roles_;
  bool created_ = false;
  std::vector<std::string> missing_;
  std::vector<Securable> released_;
};

}  // namespace millrace::catalog
