// SET, SHOW and RESET of the parameters that PostgreSQL's sessions have, and SET ROLE.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

Name Named(std::string text, SourceLocation location) {
  return Name{std::move(text), location, /*quoted=*/false};
}

}  // namespace

// name or name.name (a custom one).
Result<Name> Parser::ParseParameterName(std::string_view what) {
  MR_ASSIGN(Name name, ParseFoldedName(what));
  while (Accept(TokenKind::kDot)) {
    MR_ASSIGN(const Name part, ParseFoldedName("a name after '.'"));
    name.text += '.';
    name.text += part.text;
    name.quoted = false;
  }
  return name;
}

Result<ParameterValue> Parser::ParseParameterValue() {
  ParameterValue value;
  const Token token = Current();
  value.location = token.location;
  switch (token.kind) {
    case TokenKind::kString:
    case TokenKind::kUnicodeString: {
      value.kind = ParameterValue::Kind::kString;
      MR_ASSIGN(value.text, ParseString("a value"));
      return value;
    }
    case TokenKind::kQuotedName:
      value.kind = ParameterValue::Kind::kName;
      value.text = lexer_.NameOf(token);
      Advance();
      return value;
    case TokenKind::kWord:
      value.kind = ParameterValue::Kind::kWord;
      value.text = lexer_.TextOf(token);
      Advance();
      return value;
    case TokenKind::kMinus:
    case TokenKind::kPlus:
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kDouble:
      value.kind = ParameterValue::Kind::kNumber;
      if (token.kind == TokenKind::kMinus) value.text = "-";
      if (token.kind == TokenKind::kMinus || token.kind == TokenKind::kPlus) Advance();
      if (!At(TokenKind::kInteger) && !At(TokenKind::kDecimal) && !At(TokenKind::kDouble)) {
        return Expected("a number");
      }
      value.text += lexer_.TextOf(Current());
      Advance();
      return value;
    default:
      return Expected("a value: a string, number or word, or DEFAULT");
  }
}

// {= | TO} {value, … | DEFAULT}
Status Parser::ParseParameterValues(std::vector<ParameterValue>* values) {
  if (!Accept(TokenKind::kEqual)) MR_TRY(Expect(Word::kTO, "or '=' after the parameter"));
  if (Accept(Word::kDEFAULT)) return Ok();
  do {
    MR_ASSIGN(ParameterValue value, ParseParameterValue());
    values->push_back(std::move(value));
  } while (Accept(TokenKind::kComma));
  return Ok();
}

// After SET.
Result<StatementPtr> Parser::ParseSetParameter(const Token& first) {
  auto node = Make<SetParameterStatement>(first);
  if (At(Word::kTRANSACTION) && !IsAhead(1, TokenKind::kEqual) && !IsAhead(1, Word::kTO)) {
    Advance();
    if (IsText(Current(), "SNAPSHOT")) {
      return NotSupported(Current(), "SET TRANSACTION SNAPSHOT is not supported",
                          "each transaction sees the newest snapshot there is when it begins to read");
    }
    auto transaction = Make<TransactionStatement>(first);
    transaction->action = TransactionAction::kSetTransaction;
    MR_TRY(ParseTransactionModes(&transaction->modes, /*required=*/true));
    return transaction;
  }
  if (At(Word::kSESSION) && !IsAhead(1, TokenKind::kEqual)) {
    Advance();
    if (Accept(Word::kCHARACTERISTICS)) {
      MR_TRY(Expect(Word::kAS, "after SESSION CHARACTERISTICS"));
      MR_TRY(Expect(Word::kTRANSACTION, "after SESSION CHARACTERISTICS AS"));
      auto transaction = Make<TransactionStatement>(first);
      transaction->action = TransactionAction::kSetSessionCharacteristics;
      MR_TRY(ParseTransactionModes(&transaction->modes, /*required=*/true));
      return transaction;
    }
    if (At(Word::kAUTHORIZATION)) return ParseSetRole(first, /*local=*/false);
  } else if (Accept(Word::kLOCAL)) {
    node->local = true;
    if (At(Word::kSESSION) && IsAhead(1, Word::kAUTHORIZATION)) {
      Advance();
      return ParseSetRole(first, /*local=*/true);
    }
  }
  if (At(Word::kROLE) && !IsAhead(1, TokenKind::kEqual) && !IsAhead(1, Word::kTO)) {
    return ParseSetRole(first, node->local);
  }
  const Token name = Current();
  const auto single = [&](std::string parameter) -> Result<StatementPtr> {
    node->name = Named(std::move(parameter), name.location);
    if (Accept(Word::kDEFAULT)) return std::move(node);
    MR_ASSIGN(ParameterValue value, ParseParameterValue());
    node->values.push_back(std::move(value));
    return std::move(node);
  };
  if (Accept(Word::kTIME)) {
    MR_TRY(Expect(Word::kZONE, "after TIME"));
    if (At(Word::kINTERVAL)) {
      return NotSupported(Current(), "a time zone as an INTERVAL is not supported",
                          "write a name such as 'Asia/Shanghai', or 'GMT+08:00'");
    }
    if (At(Word::kLOCAL)) {
      Advance();
      node->name = Named("timezone", name.location);
      return node;
    }
    return single("timezone");
  }
  if (At(Word::kNAMES) && !IsAhead(1, TokenKind::kEqual)) {
    Advance();
    if (AtEnd()) {
      node->name = Named("client_encoding", name.location);
      return node;
    }
    return single("client_encoding");
  }
  if (At(Word::kSCHEMA) && IsAhead(1, TokenKind::kString)) {
    Advance();
    return single("search_path");
  }
  if (!AtName()) {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("expected a parameter or a setting in quotes, found {}", Describe(Current())),
                "SET parameter = value, or SET 'key' = 'value'", Current().location);
  }
  MR_ASSIGN(node->name, ParseParameterName("the name of a parameter"));
  if (At(TokenKind::kMinus)) {
    return Fail(ErrorCode::kSyntaxError, "expected a setting in quotes, found a name with '-'",
                "both the setting and its value are strings: SET 'key' = 'value'", Current().location);
  }
  MR_TRY(ParseParameterValues(&node->values));
  return node;
}

// At ROLE or, after SESSION, at AUTHORIZATION.
Result<StatementPtr> Parser::ParseSetRole(const Token& first, bool local) {
  auto node = Make<SetRoleStatement>(first);
  node->local = local;
  node->is_session_authorization = Accept(Word::kAUTHORIZATION);
  if (!node->is_session_authorization) Advance();
  if (node->is_session_authorization ? Accept(Word::kDEFAULT) : Accept(Word::kNONE)) return node;
  const std::string_view what =
      node->is_session_authorization ? "the name of a role, or DEFAULT" : "the name of a role, or NONE";
  if (At(TokenKind::kString)) {
    Name name = Named({}, Current().location);
    MR_ASSIGN(name.text, ParseString(what));
    name.quoted = true;
    node->role = std::move(name);
    return node;
  }
  MR_ASSIGN(node->role, ParseFoldedName(what));
  return node;
}

// After SHOW.
Result<StatementPtr> Parser::ParseShowParameter(const Token& first) {
  auto node = Make<ShowParameterStatement>(first);
  const SourceLocation location = Current().location;
  if (Accept(Word::kTIME)) {
    MR_TRY(Expect(Word::kZONE, "after TIME"));
    node->name = Named("timezone", location);
  } else if (At(Word::kTRANSACTION) && IsAhead(1, Word::kISOLATION)) {
    Advance();
    Advance();
    MR_TRY(Expect(Word::kLEVEL, "after ISOLATION"));
    node->name = Named("transaction_isolation", location);
  } else if (Accept(Word::kSESSION, Word::kAUTHORIZATION)) {
    node->name = Named("session_authorization", location);
  } else {
    MR_ASSIGN(node->name, ParseParameterName("the name of a parameter"));
  }
  return node;
}

// After RESET.
Result<StatementPtr> Parser::ParseResetParameter(const Token& first) {
  const SourceLocation location = Current().location;
  if (At(Word::kROLE)) {
    Advance();
    return Make<SetRoleStatement>(first);
  }
  if (Accept(Word::kSESSION, Word::kAUTHORIZATION)) {
    auto role = Make<SetRoleStatement>(first);
    role->is_session_authorization = true;
    return role;
  }
  auto node = Make<ResetParameterStatement>(first);
  if (Accept(Word::kALL)) return node;
  if (Accept(Word::kTIME)) {
    MR_TRY(Expect(Word::kZONE, "after TIME"));
    node->name = Named("timezone", location);
  } else if (At(Word::kTRANSACTION) && IsAhead(1, Word::kISOLATION)) {
    Advance();
    Advance();
    MR_TRY(Expect(Word::kLEVEL, "after ISOLATION"));
    node->name = Named("transaction_isolation", location);
  } else {
    MR_ASSIGN(node->name, ParseParameterName("a parameter, a setting as a string, or ALL after RESET"));
  }
  return node;
}

}  // namespace millrace::sql
