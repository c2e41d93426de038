// GRANT and REVOKE, owners, default privileges, comments.
#include <fmt/format.h>

#include <algorithm>

#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

struct KnownPrivilege {
  std::string_view text;
  PrivilegeKind kind;
};
constexpr KnownPrivilege kPrivileges[] = {
    {"SELECT", PrivilegeKind::kSelect},   {"INSERT", PrivilegeKind::kInsert},
    {"USAGE", PrivilegeKind::kUsage},     {"CREATE", PrivilegeKind::kCreate},
    {"CONNECT", PrivilegeKind::kConnect}, {"TEMPORARY", PrivilegeKind::kTemporary},
    {"TEMP", PrivilegeKind::kTemporary},
};

// PostgreSQL's that no statement of Millrace asks for.
constexpr std::string_view kForeignPrivileges[] = {"UPDATE",  "DELETE",  "TRUNCATE", "REFERENCES",
                                                   "TRIGGER", "EXECUTE", "MAINTAIN", "SET"};

bool Fits(PrivilegeKind privilege, GrantTarget target) {
  switch (target) {
    case GrantTarget::kTables:
    case GrantTarget::kTablesInSchema:
      return privilege == PrivilegeKind::kSelect || privilege == PrivilegeKind::kInsert;
    case GrantTarget::kSchemas:
      return privilege == PrivilegeKind::kUsage || privilege == PrivilegeKind::kCreate;
    case GrantTarget::kDatabase:
      return privilege == PrivilegeKind::kConnect || privilege == PrivilegeKind::kCreate ||
             privilege == PrivilegeKind::kTemporary;
  }
  return false;
}

std::string_view TargetText(GrantTarget target) {
  switch (target) {
    case GrantTarget::kTables:
    case GrantTarget::kTablesInSchema:
      return "a table has SELECT and INSERT";
    case GrantTarget::kSchemas:
      return "a schema has USAGE and CREATE";
    case GrantTarget::kDatabase:
      return "the database has CONNECT, CREATE and TEMPORARY";
  }
  return {};
}

}  // namespace

// ALL [PRIVILEGES], or privilege, …
Status Parser::ParsePrivileges(bool* all, std::vector<PrivilegeName>* privileges) {
  if (Accept(Word::kALL)) {
    Accept(Word::kPRIVILEGES);
    *all = true;
    return Ok();
  }
  do {
    const Token token = Current();
    const auto* known = std::ranges::find_if(
        kPrivileges, [&](const KnownPrivilege& privilege) { return IsText(token, privilege.text); });
    if (known == std::end(kPrivileges)) {
      for (const std::string_view foreign : kForeignPrivileges) {
        if (IsText(token, foreign)) {
          return NotSupported(token, fmt::format("the privilege {} is not supported", foreign),
                              "SELECT and INSERT are the privileges of tables, USAGE and CREATE of schemas");
        }
      }
      return Expected("a privilege: SELECT, INSERT, USAGE, CREATE, CONNECT or ALL");
    }
    Advance();
    if (At(TokenKind::kLeftParen)) {
      return NotSupported(Current(), "privileges of columns are not supported",
                          "make a view of these columns and grant SELECT on it");
    }
    privileges->push_back({known->kind, token.location});
  } while (Accept(TokenKind::kComma));
  return Ok();
}

Status Parser::CheckPrivileges(const std::vector<PrivilegeName>& privileges, GrantTarget target) const {
  for (const PrivilegeName& privilege : privileges) {
    if (Fits(privilege.kind, target)) continue;
    const auto* known = std::ranges::find(kPrivileges, privilege.kind, &KnownPrivilege::kind);
    return Fail(ErrorCode::kInvalidGrant,
                fmt::format("{} is no privilege of {}", known->text,
                            target == GrantTarget::kSchemas    ? "a schema"
                            : target == GrantTarget::kDatabase ? "the database"
                                                               : "a table"),
                std::string(TargetText(target)), privilege.location);
  }
  return Ok();
}

// After ON.
Status Parser::ParseGrantTarget(GrantStatement* node) {
  const auto names = [&](GrantTarget target, std::string_view what) -> Status {
    node->target = target;
    do {
      MR_ASSIGN(QualifiedName name, ParseQualifiedName(what));
      node->names.push_back(std::move(name));
    } while (Accept(TokenKind::kComma));
    return CheckPrivileges(node->privileges, target);
  };
  const Token what = Current();
  if (Accept(Word::kALL)) {
    if (At(Word::kFUNCTIONS) || At(Word::kSEQUENCES) || At(Word::kPROCEDURES)) {
      return NotSupported(Current(),
                          fmt::format("privileges on {} are not supported", WordText(Current().word)),
                          "there are none but built-in ones");
    }
    MR_TRY(Expect(Word::kTABLES, "IN SCHEMA after ALL"));
    MR_TRY(Expect(Word::kIN, "SCHEMA after ALL TABLES"));
    MR_TRY(Expect(Word::kSCHEMA, "after ALL TABLES IN"));
    return names(GrantTarget::kTablesInSchema, "the name of a schema");
  }
  if (At(Word::kSCHEMA) && IsNameAhead(1)) {
    Advance();
    return names(GrantTarget::kSchemas, "the name of a schema");
  }
  if (At(Word::kDATABASE) && IsNameAhead(1)) {
    Advance();
    return names(GrantTarget::kDatabase, "the name of the database");
  }
  const bool is_foreign = At(Word::kFUNCTION) || At(Word::kPROCEDURE) || At(Word::kLANGUAGE) ||
                          At(Word::kFOREIGN) || At(Word::kLARGE) || At(Word::kPARAMETER) ||
                          ((At(Word::kTYPE) || IsText(what, "SEQUENCE") || IsText(what, "DOMAIN") ||
                            IsText(what, "TABLESPACE") || IsText(what, "ROUTINE")) &&
                           IsNameAhead(1));
  if (is_foreign) {
    return NotSupported(what, fmt::format("privileges on a {} are not supported", lexer_.TextOf(what)),
                        "TABLE, ALL TABLES IN SCHEMA, SCHEMA and DATABASE have privileges");
  }
  Accept(Word::kTABLE);
  return names(GrantTarget::kTables, "the name of a table or view, SCHEMA or ALL TABLES IN SCHEMA");
}

Status Parser::ParseGrantees(bool is_revoke, std::vector<RoleSpec>* roles) {
  if (is_revoke) {
    MR_TRY(Expect(Word::kFROM, "and the name of a role"));
  } else {
    MR_TRY(Expect(Word::kTO, "and the name of a role"));
  }
  do {
    Accept(Word::kGROUP);
    MR_ASSIGN(RoleSpec role, ParseRoleSpec("the name of a role, or PUBLIC", /*may_be_public=*/true));
    roles->push_back(std::move(role));
  } while (Accept(TokenKind::kComma));
  return Ok();
}

Status Parser::ParseGrantEnd(bool is_revoke, Word option, bool* with_option, bool* cascade,
                             std::optional<RoleSpec>* granted_by) {
  if (!is_revoke && Accept(Word::kWITH)) {
    MR_TRY(Expect(option, "OPTION after WITH"));
    MR_TRY(Expect(Word::kOPTION, fmt::format("after WITH {}", WordText(option))));
    *with_option = true;
  }
  if (granted_by != nullptr && Accept(Word::kGRANTED)) {
    MR_TRY(Expect(Word::kBY, "after GRANTED"));
    MR_ASSIGN(*granted_by, ParseRoleSpec("the name of a role", /*may_be_public=*/false));
  }
  if (!is_revoke) return Ok();
  *cascade = Accept(Word::kCASCADE);
  if (!*cascade) Accept(Word::kRESTRICT);
  return Ok();
}

// GRANT or REVOKE, of privileges or of roles.
Result<StatementPtr> Parser::ParseGrant() {
  const Token first = Current();
  const bool is_revoke = At(Word::kREVOKE);
  Advance();
  bool option_only = false;
  if (is_revoke && At(Word::kADMIN) && IsAhead(1, Word::kOPTION)) {
    Advance();
    Advance();
    MR_TRY(Expect(Word::kFOR, "after ADMIN OPTION"));
    return ParseGrantRole(first, is_revoke, /*option_only=*/true);
  }
  if (is_revoke && Accept(Word::kGRANT)) {
    MR_TRY(Expect(Word::kOPTION, "FOR after GRANT"));
    MR_TRY(Expect(Word::kFOR, "after GRANT OPTION"));
    option_only = true;
  }
  // Roles are named where privileges would stand; those have ON behind them.
  size_t after = 0;
  while (Ahead(after).kind == TokenKind::kComma || Ahead(after).kind == TokenKind::kQuotedName ||
         (Ahead(after).kind == TokenKind::kWord && !IsAhead(after, Word::kON) && !IsAhead(after, Word::kTO) &&
          !IsAhead(after, Word::kFROM))) {
    ++after;
  }
  const bool of_roles = after > 0 && !option_only && !At(Word::kALL) &&
                        (IsAhead(after, Word::kTO) || IsAhead(after, Word::kFROM));
  if (of_roles) return ParseGrantRole(first, is_revoke, option_only);
  auto node = Make<GrantStatement>(first);
  node->is_revoke = is_revoke;
  node->option_only = option_only;
  MR_TRY(ParsePrivileges(&node->all_privileges, &node->privileges));
  MR_TRY(Expect(Word::kON, "after the privileges"));
  MR_TRY(ParseGrantTarget(node.get()));
  MR_TRY(ParseGrantees(is_revoke, &node->roles));
  MR_TRY(ParseGrantEnd(is_revoke, Word::kGRANT, &node->with_option, &node->cascade, &node->granted_by));
  return node;
}

Result<StatementPtr> Parser::ParseGrantRole(const Token& first, bool is_revoke, bool option_only) {
  auto node = Make<GrantRoleStatement>(first);
  node->is_revoke = is_revoke;
  node->option_only = option_only;
  MR_ASSIGN(node->granted, ParseFoldedNames("the name of a role"));
  const Token grantees = Ahead(1);
  MR_TRY(ParseGrantees(is_revoke, &node->roles));
  for (const RoleSpec& role : node->roles) {
    if (role.kind == RoleSpec::Kind::kPublic) {
      return Fail(ErrorCode::kInvalidGrant, "PUBLIC cannot be a member of a role",
                  "grant the privileges themselves TO PUBLIC", grantees.location);
    }
  }
  MR_TRY(ParseGrantEnd(is_revoke, Word::kADMIN, &node->with_option, &node->cascade, &node->granted_by));
  return node;
}

// ---------------------------------------------------------------- ALTER

Result<StatementPtr> Parser::ParseAlter() {
  const Token first = Current();
  Advance();
  if (AtRoleKeyword()) {
    if (At(Word::kUSER) && IsText(Ahead(1), "MAPPING")) {
      return NotSupported(Current(), "ALTER USER MAPPING is not supported");
    }
    return ParseAlterRole(first);
  }
  if (Accept(Word::kDEFAULT)) {
    MR_TRY(Expect(Word::kPRIVILEGES, "after ALTER DEFAULT"));
    return ParseDefaultPrivileges(first);
  }
  if (At(Word::kTABLE) || At(Word::kVIEW) || At(Word::kMATERIALIZED) || At(Word::kSCHEMA)) {
    return ParseAlterObject(first);
  }
  return NotSupported(first, "this ALTER is not supported",
                      "ALTER ROLE, ALTER DEFAULT PRIVILEGES, ALTER … OWNER TO and ALTER TABLE … SET (…) are");
}

Result<StatementPtr> Parser::ParseAlterObject(const Token& first) {
  auto node = Make<AlterOwnerStatement>(first);
  if (Accept(Word::kTABLE)) {
    node->object = ObjectKind::kTable;
  } else if (Accept(Word::kVIEW)) {
    node->object = ObjectKind::kView;
  } else if (Accept(Word::kMATERIALIZED)) {
    node->object = ObjectKind::kMaterializedView;
    if (!Accept(Word::kVIEW)) MR_TRY(Expect(Word::kTABLE, "or VIEW after ALTER MATERIALIZED"));
  } else {
    node->object = ObjectKind::kSchema;
    Advance();
  }
  MR_ASSIGN(node->name, ParseQualifiedName("the name of what to alter"));
  if (node->object == ObjectKind::kTable && (At(Word::kSET) || At(Word::kRESET))) {
    return ParseAlterTableOptions(first, std::move(node->name));
  }
  if (!At(Word::kOWNER)) {
    return NotSupported(
        first, "only the owner of an object and options of a table can be altered",
        "ALTER … OWNER TO role, ALTER TABLE … SET ('key' = 'value'); else drop the object and "
        "create it anew");
  }
  Advance();
  MR_TRY(Expect(Word::kTO, "after OWNER"));
  MR_ASSIGN(node->role, ParseRoleSpec("the name of a role", /*may_be_public=*/false));
  return node;
}

// Behind the name.
Result<StatementPtr> Parser::ParseAlterTableOptions(const Token& first, QualifiedName name) {
  auto node = Make<AlterTableOptionsStatement>(first);
  node->name = std::move(name);
  const SourceLocation place = Current().location;
  node->is_reset = At(Word::kRESET);
  Advance();
  if (!node->is_reset) {
    MR_ASSIGN(node->options, ParseOptions("SET"));
  } else {
    MR_TRY(Expect(TokenKind::kLeftParen, "after RESET"));
    do {
      Option option;
      option.key_location = Current().location;
      MR_ASSIGN(option.key, ParseString("the key of an option as 'key'"));
      node->options.push_back(std::move(option));
    } while (Accept(TokenKind::kComma));
    if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after a key");
  }
  if (!node->options.empty()) return node;
  return Fail(ErrorCode::kSyntaxError, "no option is named", "SET ('key' = 'value')", place);
}

// After ALTER DEFAULT PRIVILEGES.
Result<StatementPtr> Parser::ParseDefaultPrivileges(const Token& first) {
  auto node = Make<DefaultPrivilegesStatement>(first);
  if (Accept(Word::kFOR)) {
    if (!Accept(Word::kUSER)) MR_TRY(Expect(Word::kROLE, "or USER after FOR"));
    MR_ASSIGN(node->creators, ParseRoleSpecs("the name of a role", /*may_be_public=*/false));
  }
  if (Accept(Word::kIN)) {
    MR_TRY(Expect(Word::kSCHEMA, "after IN"));
    do {
      MR_ASSIGN(Name schema, ParseName("the name of a schema"));
      node->schemas.push_back(std::move(schema));
    } while (Accept(TokenKind::kComma));
  }
  node->is_revoke = At(Word::kREVOKE);
  if (!Accept(Word::kREVOKE)) MR_TRY(Expect(Word::kGRANT, "or REVOKE after ALTER DEFAULT PRIVILEGES"));
  if (node->is_revoke && Accept(Word::kGRANT)) {
    MR_TRY(Expect(Word::kOPTION, "FOR after GRANT"));
    MR_TRY(Expect(Word::kFOR, "after GRANT OPTION"));
    node->option_only = true;
  }
  MR_TRY(ParsePrivileges(&node->all_privileges, &node->privileges));
  MR_TRY(Expect(Word::kON, "TABLES or SCHEMAS after the privileges"));
  const Token what = Current();
  if (Accept(Word::kSCHEMAS)) {
    if (!node->schemas.empty()) {
      return Fail(ErrorCode::kInvalidGrant, "schemas are not made in a schema",
                  "leave IN SCHEMA out, or write ON TABLES", what.location);
    }
    node->on_schemas = true;
  } else if (At(Word::kFUNCTIONS) || At(Word::kSEQUENCES) || IsText(what, "TYPES") ||
             IsText(what, "ROUTINES")) {
    return NotSupported(what, fmt::format("default privileges on {} are not supported", lexer_.TextOf(what)),
                        "TABLES and SCHEMAS have them");
  } else {
    MR_TRY(Expect(Word::kTABLES, "or SCHEMAS after ON"));
  }
  MR_TRY(CheckPrivileges(node->privileges, node->on_schemas ? GrantTarget::kSchemas : GrantTarget::kTables));
  MR_TRY(ParseGrantees(node->is_revoke, &node->roles));
  MR_TRY(ParseGrantEnd(node->is_revoke, Word::kGRANT, &node->with_option, &node->cascade, nullptr));
  return node;
}

// REASSIGN OWNED BY r, … TO n; or, after DROP, OWNED BY r, … [CASCADE].
Result<StatementPtr> Parser::ParseOwned() {
  auto node = Make<OwnedStatement>(Current());
  node->is_drop = !Accept(Word::kREASSIGN);
  MR_TRY(Expect(Word::kOWNED, "BY after REASSIGN"));
  MR_TRY(Expect(Word::kBY, "after OWNED"));
  MR_ASSIGN(node->roles, ParseRoleSpecs("the name of a role", /*may_be_public=*/false));
  if (node->is_drop) {
    node->cascade = Accept(Word::kCASCADE);
    if (!node->cascade) Accept(Word::kRESTRICT);
  } else {
    MR_TRY(Expect(Word::kTO, "and the new owner"));
    MR_ASSIGN(node->new_owner, ParseRoleSpec("the name of a role", /*may_be_public=*/false));
  }
  return node;
}

// ---------------------------------------------------------------- COMMENT

Result<StatementPtr> Parser::ParseCommentOn() {
  auto node = Make<CommentStatement>(Current());
  Advance();
  MR_TRY(Expect(Word::kON, "after COMMENT"));
  if (Accept(Word::kTABLE)) {
    node->target = CommentTarget::kTable;
  } else if (Accept(Word::kVIEW)) {
    node->target = CommentTarget::kView;
  } else if (Accept(Word::kMATERIALIZED)) {
    node->target = CommentTarget::kMaterializedView;
    if (!Accept(Word::kVIEW)) MR_TRY(Expect(Word::kTABLE, "or VIEW after COMMENT ON MATERIALIZED"));
  } else if (Accept(Word::kCOLUMN)) {
    node->target = CommentTarget::kColumn;
  } else if (Accept(Word::kSCHEMA)) {
    node->target = CommentTarget::kSchema;
  } else if (Accept(Word::kDATABASE)) {
    node->target = CommentTarget::kDatabase;
  } else if (Accept(Word::kROLE)) {
    node->target = CommentTarget::kRole;
  } else {
    return Expected("TABLE, VIEW, MATERIALIZED VIEW, COLUMN, SCHEMA, DATABASE or ROLE after COMMENT ON");
  }
  if (node->target == CommentTarget::kRole) {
    MR_ASSIGN(Name name, ParseFoldedName("the name of a role"));
    node->name.parts.push_back(std::move(name));
  } else if (node->target == CommentTarget::kColumn) {
    MR_ASSIGN(Name part, ParseName("the name of a table and a column"));
    while (Accept(TokenKind::kDot)) {
      if (node->name.parts.size() == 3) {
        return Fail(ErrorCode::kSyntaxError, "a column has at most 4 parts: catalog.schema.table.column", {},
                    Current().location);
      }
      node->name.parts.push_back(std::move(part));
      MR_ASSIGN(part, ParseName("a name after '.'"));
    }
    if (node->name.parts.empty()) return Expected("'.' and the name of a column after the table");
    node->column = std::move(part);
  } else {
    MR_ASSIGN(node->name, ParseQualifiedName("a name after COMMENT ON …"));
  }
  MR_TRY(Expect(Word::kIS, "before the comment"));
  if (Accept(Word::kNULL)) return node;
  MR_ASSIGN(node->text, ParseString("the comment as a string, or NULL"));
  return node;
}

}  // namespace millrace::sql
