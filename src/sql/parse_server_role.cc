// Roles and tokens.
#include <fmt/format.h>

#include <tuple>

#include "base/suggest.h"
#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

// What PostgreSQL knows and Millrace has no use for: its negation is the truth already.
struct Foreign {
  std::string_view yes;
  std::string_view no;
  std::string_view hint;
};
constexpr Foreign kForeign[] = {
    {"CREATEDB", "NOCREATEDB", "there is one database; GRANT CREATE ON DATABASE lets a role make schemas"},
    {"REPLICATION", "NOREPLICATION", "GRANT SELECT lets a role SUBSCRIBE TO a view"},
    {"BYPASSRLS", "NOBYPASSRLS", "tables have no row security"},
};

constexpr std::string_view kRoleOptionNames[] = {
    "SUPERUSER",  "NOSUPERUSER", "CREATEROLE", "NOCREATEROLE", "LOGIN", "NOLOGIN", "INHERIT", "PASSWORD",
    "CONNECTION", "MEMORY",      "TIME",       "ROW",          "VALID", "IN",      "ROLE",    "ADMIN"};

}  // namespace

RoleKeyword Parser::TakeRoleKeyword() {
  const RoleKeyword keyword = At(Word::kROLE)   ? RoleKeyword::kRole
                              : At(Word::kUSER) ? RoleKeyword::kUser
                                                : RoleKeyword::kGroup;
  Advance();
  return keyword;
}

// After CREATE.
Result<StatementPtr> Parser::ParseCreateRole(const Token& first) {
  auto node = Make<CreateRoleStatement>(first);
  node->keyword = TakeRoleKeyword();
  MR_ASSIGN(node->if_not_exists, ParseIfNotExists());
  MR_ASSIGN(const RoleSpec role, ParseRoleSpec("the name of the role", /*may_be_public=*/false));
  if (role.kind != RoleSpec::Kind::kName) return Expected("the name of the role");
  node->name = role.name;
  MR_TRY(ParseRoleOptions(&node->options, /*is_create=*/true));
  return node;
}

Status Parser::ParseRoleOptions(RoleOptions* options, bool is_create) {
  Accept(Word::kWITH);
  while (!AtEnd()) MR_TRY(ParseRoleOption(options, is_create));
  return Ok();
}

Status Parser::ParseRoleOption(RoleOptions* options, bool is_create) {
  const Token token = Current();
  const auto twice = [&] {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("{} contradicts or repeats an option before it", Describe(token)), {},
                token.location);
  };
  const auto flag = [&](std::string_view yes, std::string_view no, std::optional<bool>* value) {
    const bool is_yes = AcceptText(yes);
    if (!is_yes && !AcceptText(no)) return 0;
    if (value->has_value()) return -1;
    *value = is_yes;
    return 1;
  };
  for (const auto& [yes, no, value] :
       {std::tuple{std::string_view("SUPERUSER"), std::string_view("NOSUPERUSER"), &options->superuser},
        std::tuple{std::string_view("CREATEROLE"), std::string_view("NOCREATEROLE"), &options->create_role},
        std::tuple{std::string_view("CREATEUSER"), std::string_view("NOCREATEUSER"), &options->create_role},
        std::tuple{std::string_view("LOGIN"), std::string_view("NOLOGIN"), &options->login}}) {
    const int taken = flag(yes, no, value);
    if (taken < 0) return twice();
    if (taken > 0) return Ok();
  }
  for (const Foreign& foreign : kForeign) {
    if (AcceptText(foreign.no)) return Ok();
    if (IsText(token, foreign.yes)) {
      return NotSupported(token, fmt::format("the option {} is not supported", foreign.yes),
                          std::string(foreign.hint));
    }
  }
  if (AcceptText("INHERIT")) return Ok();
  if (IsText(token, "NOINHERIT")) {
    return NotSupported(token, "the option NOINHERIT is not supported",
                        "a member always has the privileges of the roles it is in");
  }
  if (IsText(token, "UNENCRYPTED") || IsText(token, "SYSID")) {
    return NotSupported(token, fmt::format("the option {} is not supported", lexer_.TextOf(token)),
                        "passwords are kept as SCRAM-SHA-256 verifiers, and roles are known by name");
  }
  const bool is_encrypted = AcceptText("ENCRYPTED");
  if (AcceptText("PASSWORD")) {
    if (options->password) return twice();
    RolePassword password;
    password.location = Current().location;
    if (!Accept(Word::kNULL)) {
      MR_ASSIGN(password.text, ParseString("the password as a string, or NULL"));
    }
    options->password = std::move(password);
    return Ok();
  }
  if (is_encrypted) return Expected("PASSWORD after ENCRYPTED");
  if (Accept(Word::kVALID)) {
    if (options->valid_until) return twice();
    MR_TRY(Expect(Word::kUNTIL, "after VALID"));
    options->valid_until_location = Current().location;
    MR_ASSIGN(options->valid_until, ParseString("a time as a string, such as '2030-01-31', or 'infinity'"));
    return Ok();
  }
  if (IsText(token, "CONNECTION") || IsText(token, "MEMORY") || IsText(token, "TIME") ||
      IsText(token, "ROW")) {
    return ParseRoleLimit(options);
  }
  std::vector<RoleSpec>* roles = nullptr;
  if (is_create && Accept(Word::kIN)) {
    if (!Accept(Word::kROLE)) MR_TRY(Expect(Word::kGROUP, "or ROLE after IN"));
    roles = &options->in_roles;
  } else if (is_create && (Accept(Word::kROLE) || Accept(Word::kUSER))) {
    roles = &options->members;
  } else if (is_create && Accept(Word::kADMIN)) {
    roles = &options->admins;
  } else {
    auto error = Expected("an option of the role");
    if (At(Word::kIN) || AtRoleKeyword() || At(Word::kADMIN)) {
      return std::unexpected(error.error().WithHint("GRANT group TO role makes a role a member of a group"));
    }
    const std::string_view meant =
        At(TokenKind::kWord) ? Nearest(lexer_.TextOf(token), kRoleOptionNames) : std::string_view();
    if (meant.empty()) return error;
    return std::unexpected(error.error().WithHint(fmt::format("did you mean {}?", meant)));
  }
  if (!roles->empty()) return twice();
  MR_ASSIGN(*roles, ParseRoleSpecs("the name of a role", /*may_be_public=*/false));
  return Ok();
}

// {CONNECTION | MEMORY | TIME | ROW} LIMIT {value | NONE}
Status Parser::ParseRoleLimit(RoleOptions* options) {
  const Token token = Current();
  const std::string_view word = lexer_.TextOf(token);
  Advance();
  MR_TRY(Expect(Word::kLIMIT, fmt::format("after {}", word)));
  const SourceLocation location = Current().location;
  const auto twice = [&] {
    return Fail(ErrorCode::kSyntaxError, fmt::format("{} LIMIT is given twice", word), {}, token.location);
  };
  const auto number = [&](std::string_view what, std::optional<RoleLimit<int64_t>>* limit) -> Status {
    if (limit->has_value()) return twice();
    RoleLimit<int64_t> value{.none = Accept(Word::kNONE), .location = location};
    if (!value.none) {
      MR_ASSIGN(value.value, ParseCount(what));
      if (value.value < -1) {
        return Fail(ErrorCode::kInvalidParameter, fmt::format("a limit cannot be {}", value.value),
                    "NONE or -1 is no limit", location);
      }
      if (value.value == -1) value = {.none = true, .value = 0, .location = location};
    }
    *limit = value;
    return Ok();
  };
  const auto text = [&](std::string_view what, std::optional<RoleLimit<std::string>>* limit) -> Status {
    if (limit->has_value()) return twice();
    RoleLimit<std::string> value{.none = Accept(Word::kNONE), .location = location};
    if (!value.none) {
      MR_ASSIGN(value.value, ParseString(what));
    }
    *limit = std::move(value);
    return Ok();
  };
  if (IsText(token, "CONNECTION"))
    return number("a number of connections, or NONE", &options->connection_limit);
  if (IsText(token, "ROW")) return number("a number of rows, or NONE", &options->row_limit);
  if (IsText(token, "MEMORY"))
    return text("a size as a string, such as '512MB', or NONE", &options->memory_limit);
  return text("a duration as a string, such as '30s', or NONE", &options->time_limit);
}

// After ALTER.
Result<StatementPtr> Parser::ParseAlterRole(const Token& first) {
  auto node = Make<AlterRoleStatement>(first);
  node->keyword = TakeRoleKeyword();
  const Token name = Current();
  if (!Accept(Word::kALL)) {
    MR_ASSIGN(node->role, ParseRoleSpec("the name of a role", /*may_be_public=*/false));
  }
  if (node->keyword == RoleKeyword::kGroup && node->role && node->role->kind == RoleSpec::Kind::kName &&
      (At(Word::kADD) || At(Word::kDROP))) {
    return ParseAlterGroupMembers(first, node->role->name);
  }
  if (At(Word::kIN) && IsAhead(1, Word::kDATABASE)) {
    return NotSupported(Current(), "parameters of a role in one database are not supported",
                        "there is one database: leave IN DATABASE out");
  }
  if (Accept(Word::kRENAME)) {
    MR_TRY(Expect(Word::kTO, "after RENAME"));
    node->action = AlterRoleStatement::Action::kRename;
    MR_ASSIGN(const RoleSpec role, ParseRoleSpec("the new name", /*may_be_public=*/false));
    if (role.kind != RoleSpec::Kind::kName) return Expected("the new name");
    node->new_name = role.name;
  } else if (Accept(Word::kSET)) {
    node->action = AlterRoleStatement::Action::kSet;
    if (Accept(Word::kTIME)) {
      MR_TRY(Expect(Word::kZONE, "after TIME"));
      node->parameter = Name{"timezone", Previous().location, false};
      if (Accept(Word::kDEFAULT)) return node;
      MR_ASSIGN(ParameterValue value, ParseParameterValue());
      node->values.push_back(std::move(value));
    } else {
      MR_ASSIGN(node->parameter, ParseParameterName("the name of a parameter"));
      MR_TRY(ParseParameterValues(&node->values));
    }
  } else if (Accept(Word::kRESET)) {
    node->action = AlterRoleStatement::Action::kReset;
    if (Accept(Word::kALL)) return node;
    MR_ASSIGN(node->parameter, ParseParameterName("the name of a parameter, or ALL"));
  } else {
    if (!node->role) {
      return Fail(ErrorCode::kSyntaxError, "options are of one role", "ALTER ROLE ALL takes SET and RESET",
                  name.location);
    }
    if (AtEnd()) return Expected("an option of the role, RENAME TO, SET or RESET");
    MR_TRY(ParseRoleOptions(&node->options, /*is_create=*/false));
  }
  return node;
}

// ALTER GROUP g {ADD|DROP} USER r, …: the same as GRANT g TO r and REVOKE g FROM r.
Result<StatementPtr> Parser::ParseAlterGroupMembers(const Token& first, Name group) {
  auto node = Make<GrantRoleStatement>(first);
  node->is_revoke = At(Word::kDROP);
  Advance();
  MR_TRY(Expect(Word::kUSER, node->is_revoke ? "after DROP" : "after ADD"));
  node->granted.push_back(std::move(group));
  MR_ASSIGN(node->roles, ParseRoleSpecs("the name of a role", /*may_be_public=*/false));
  return node;
}

// After DROP.
Result<StatementPtr> Parser::ParseDropRole(const Token& first) {
  auto node = Make<DropRoleStatement>(first);
  node->keyword = TakeRoleKeyword();
  MR_ASSIGN(node->if_exists, ParseIfExists());
  MR_ASSIGN(node->names, ParseFoldedNames("the name of a role"));
  return node;
}

// After CREATE.
Result<StatementPtr> Parser::ParseCreateToken(const Token& first) {
  auto node = Make<CreateTokenStatement>(first);
  Advance();
  MR_ASSIGN(node->name, ParseFoldedName("the name of the token"));
  MR_TRY(Expect(Word::kFOR, "ROLE after the name of the token"));
  MR_TRY(Expect(Word::kROLE, "after FOR"));
  MR_ASSIGN(node->role, ParseRoleSpec("the name of a role", /*may_be_public=*/false));
  if (Accept(Word::kVALID)) {
    MR_TRY(Expect(Word::kUNTIL, "after VALID"));
    node->valid_until_location = Current().location;
    MR_ASSIGN(node->valid_until, ParseString("a time as a string, such as '2030-01-31', or 'infinity'"));
  }
  return node;
}

// After DROP.
Result<StatementPtr> Parser::ParseDropToken(const Token& first) {
  auto node = Make<DropTokenStatement>(first);
  Advance();
  MR_ASSIGN(node->if_exists, ParseIfExists());
  MR_ASSIGN(node->name, ParseFoldedName("the name of a token"));
  return node;
}

}  // namespace millrace::sql
