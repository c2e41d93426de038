// Statements of PostgreSQL's clients: transactions, prepared statements, and what they all share.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

char UpperOf(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

char LowerOf(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

Result<StatementPtr> Parser::ParseServerStatement() {
  const Token first = Current();
  if (At(Word::kBEGIN) || At(Word::kSTART) || At(Word::kCOMMIT) || At(Word::kEND) || At(Word::kROLLBACK) ||
      At(Word::kABORT) || At(Word::kSAVEPOINT) || At(Word::kRELEASE)) {
    return ParseTransaction();
  }
  if (At(Word::kPREPARE)) return ParsePrepare();
  if (At(Word::kEXECUTE)) return ParseExecute();
  if (At(Word::kDEALLOCATE)) return ParseDeallocate();
  if (At(Word::kDECLARE)) return ParseDeclare();
  if (At(Word::kFETCH) || At(Word::kMOVE)) return ParseFetch();
  if (At(Word::kCLOSE)) return ParseClose();
  if (At(Word::kCOPY)) return ParseCopy();
  if (At(Word::kSUBSCRIBE)) return ParseSubscribe();
  if (At(Word::kGRANT) || At(Word::kREVOKE)) return ParseGrant();
  if (At(Word::kALTER)) return ParseAlter();
  if (At(Word::kREASSIGN)) return ParseOwned();
  if (At(Word::kCOMMENT)) return ParseCommentOn();
  if (At(Word::kDISCARD)) return ParseDiscard();
  if (At(Word::kUNLISTEN)) return ParseUnlisten();
  if (At(Word::kLISTEN) || At(Word::kNOTIFY)) {
    return NotSupported(first, fmt::format("{} is not supported", WordText(first.word)),
                        "SUBSCRIBE TO a table or view tells of its changes");
  }
  return StatementPtr();
}

// ---------------------------------------------------------------- what statements share

bool Parser::IsText(const Token& token, std::string_view text) const {
  if (token.kind != TokenKind::kWord) return false;
  const std::string_view found = lexer_.TextOf(token);
  return std::ranges::equal(found, text, [](char a, char b) { return UpperOf(a) == b; });
}

bool Parser::AcceptText(std::string_view text) {
  if (!IsText(Current(), text)) return false;
  Advance();
  return true;
}

Result<Name> Parser::ParseFoldedName(std::string_view what) {
  MR_ASSIGN(Name name, ParseName(what));
  if (!name.quoted) std::ranges::transform(name.text, name.text.begin(), LowerOf);
  return name;
}

Result<std::vector<Name>> Parser::ParseFoldedNames(std::string_view what) {
  std::vector<Name> names;
  do {
    MR_ASSIGN(Name name, ParseFoldedName(what));
    names.push_back(std::move(name));
  } while (Accept(TokenKind::kComma));
  return names;
}

Result<RoleSpec> Parser::ParseRoleSpec(std::string_view what, bool may_be_public) {
  RoleSpec role;
  const Token token = Current();
  if (Accept(Word::kCURRENT_USER) || Accept(Word::kCURRENT_ROLE)) {
    role.kind = RoleSpec::Kind::kCurrentUser;
    return role;
  }
  if (Accept(Word::kSESSION_USER)) {
    role.kind = RoleSpec::Kind::kSessionUser;
    return role;
  }
  MR_ASSIGN(role.name, ParseFoldedName(what));
  if (role.name.text == "public") {
    if (!may_be_public) {
      return Fail(ErrorCode::kReservedName, "'public' stands for all roles and is not a role", {},
                  token.location);
    }
    role.kind = RoleSpec::Kind::kPublic;
  }
  return role;
}

Result<std::vector<RoleSpec>> Parser::ParseRoleSpecs(std::string_view what, bool may_be_public) {
  std::vector<RoleSpec> roles;
  do {
    MR_ASSIGN(RoleSpec role, ParseRoleSpec(what, may_be_public));
    roles.push_back(std::move(role));
  } while (Accept(TokenKind::kComma));
  return roles;
}

Result<bool> Parser::ParseBoolean(std::string_view what) {
  std::string text;
  if (At(TokenKind::kString)) {
    MR_ASSIGN(text, lexer_.ValueOf(Current()));
  } else if (At(TokenKind::kWord) || At(TokenKind::kInteger)) {
    text = lexer_.TextOf(Current());
  }
  std::ranges::transform(text, text.begin(), LowerOf);
  const bool yes = text == "true" || text == "on" || text == "1";
  if (!yes && text != "false" && text != "off" && text != "0") {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("expected TRUE or FALSE {}, found {}", what, Describe(Current())), {},
                Current().location);
  }
  Advance();
  return yes;
}

Result<int64_t> Parser::ParseCount(std::string_view what) {
  const Token first = Current();
  const bool negative = Accept(TokenKind::kMinus);
  if (!negative) Accept(TokenKind::kPlus);
  if (!At(TokenKind::kInteger)) return Expected(what);
  const std::string_view digits = lexer_.TextOf(Current());
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("this number is too large for {}", what), {},
                first.location);
  }
  Advance();
  return negative ? -value : value;
}

Result<InnerStatement> Parser::ParseInner(size_t end, std::initializer_list<Word> words,
                                          std::string_view what) {
  InnerStatement inner;
  const size_t begin = pos_;
  const bool is_query =
      IsQueryStart(Current()) || At(TokenKind::kLeftParen) || (At(Word::kFROM) && IsNameAhead(1));
  Try({Word::kSELECT, Word::kVALUES, Word::kWITH, Word::kTABLE});
  const bool is_other = std::ranges::any_of(words, [this](Word word) { return At(word); });
  if (!is_query && !is_other) return Expected(what);
  auto parsed = At(Word::kFROM) ? Result<StatementPtr>(Expected("SELECT before FROM")) : ParseTopStatement();
  if (parsed && pos_ != end) {
    const Status ended = ExpectEnd();
    parsed = ended ? Result<StatementPtr>(Expected("the end of the query")) : std::unexpected(ended.error());
  }
  if (!parsed) {
    if (is_other) return std::unexpected(parsed.error());
    inner.error = parsed.error();
    pos_ = end;
    tried_.clear();
    tried_previous_.clear();
  } else {
    inner.statement = std::move(*parsed);
  }
  inner.range = {tokens_[begin].begin, tokens_[end - 1].end};
  inner.text = std::string(text().substr(inner.range.begin, inner.range.end - inner.range.begin));
  return inner;
}

// ---------------------------------------------------------------- transactions

Result<StatementPtr> Parser::ParseTransaction() {
  auto node = Make<TransactionStatement>(Current());
  const Token first = Current();
  Advance();
  switch (first.word) {
    case Word::kBEGIN:
      node->action = TransactionAction::kBegin;
      if (!Accept(Word::kWORK)) Accept(Word::kTRANSACTION);
      MR_TRY(ParseTransactionModes(&node->modes, /*required=*/false));
      return node;
    case Word::kSTART:
      node->action = TransactionAction::kBegin;
      MR_TRY(Expect(Word::kTRANSACTION, "after START"));
      MR_TRY(ParseTransactionModes(&node->modes, /*required=*/false));
      return node;
    case Word::kCOMMIT:
    case Word::kEND:
      node->action = TransactionAction::kCommit;
      MR_TRY(ParseTransactionEnd(node.get()));
      return node;
    case Word::kROLLBACK:
    case Word::kABORT:
      node->action = TransactionAction::kRollback;
      MR_TRY(ParseTransactionEnd(node.get()));
      if (first.word == Word::kROLLBACK && !node->chain && Accept(Word::kTO)) {
        node->action = TransactionAction::kRollbackTo;
        if (!(At(Word::kSAVEPOINT) && !IsNameAhead(1))) Accept(Word::kSAVEPOINT);
        MR_ASSIGN(node->savepoint, ParseFoldedName("the name of a savepoint"));
      }
      return node;
    default:
      node->action =
          first.word == Word::kSAVEPOINT ? TransactionAction::kSavepoint : TransactionAction::kRelease;
      if (first.word == Word::kRELEASE) Accept(Word::kSAVEPOINT);
      MR_ASSIGN(node->savepoint, ParseFoldedName("the name of a savepoint"));
      return node;
  }
}

// [WORK|TRANSACTION] [AND [NO] CHAIN]
Status Parser::ParseTransactionEnd(TransactionStatement* node) {
  if (At(Word::kPREPARE) || IsText(Current(), "PREPARED")) {
    return NotSupported(Current(), "two-phase commit is not supported", "COMMIT and ROLLBACK are");
  }
  if (!Accept(Word::kWORK)) Accept(Word::kTRANSACTION);
  if (!Accept(Word::kAND)) return Ok();
  node->chain = !Accept(Word::kNO);
  return Expect(Word::kCHAIN, "after AND");
}

Status Parser::ParseTransactionModes(TransactionModes* modes, bool required) {
  const auto once = [](bool seen, const Token& token) -> Status {
    if (!seen) return Ok();
    return Fail(ErrorCode::kSyntaxError, "this mode of the transaction is given twice", {}, token.location);
  };
  bool more = required;
  while (true) {
    const Token token = Current();
    if (Accept(Word::kISOLATION)) {
      MR_TRY(Expect(Word::kLEVEL, "after ISOLATION"));
      MR_TRY(once(modes->isolation.has_value(), token));
      if (Accept(Word::kSERIALIZABLE)) {
        modes->isolation = IsolationLevel::kSerializable;
      } else if (Accept(Word::kREPEATABLE)) {
        MR_TRY(Expect(Word::kREAD, "after REPEATABLE"));
        modes->isolation = IsolationLevel::kRepeatableRead;
      } else {
        MR_TRY(Expect(Word::kREAD, "COMMITTED, READ UNCOMMITTED, REPEATABLE READ or SERIALIZABLE"));
        modes->isolation =
            At(Word::kUNCOMMITTED) ? IsolationLevel::kReadUncommitted : IsolationLevel::kReadCommitted;
        if (!Accept(Word::kUNCOMMITTED)) MR_TRY(Expect(Word::kCOMMITTED, "or UNCOMMITTED after READ"));
      }
    } else if (Accept(Word::kREAD)) {
      MR_TRY(once(modes->read_only.has_value(), token));
      modes->read_only = Accept(Word::kONLY);
      if (!*modes->read_only) MR_TRY(Expect(Word::kWRITE, "or ONLY after READ"));
    } else if (At(Word::kDEFERRABLE) || (At(Word::kNOT) && IsAhead(1, Word::kDEFERRABLE))) {
      MR_TRY(once(modes->deferrable.has_value(), token));
      modes->deferrable = !Accept(Word::kNOT);
      Advance();
    } else if (more) {
      return Expected("ISOLATION LEVEL, READ ONLY, READ WRITE or DEFERRABLE");
    } else {
      return Ok();
    }
    more = Accept(TokenKind::kComma);
  }
}

// ---------------------------------------------------------------- prepared statements

Result<StatementPtr> Parser::ParsePrepare() {
  auto node = Make<PrepareStatement>(Current());
  Advance();
  if (At(Word::kTRANSACTION) && IsAhead(1, TokenKind::kString)) {
    return NotSupported(Current(), "two-phase commit is not supported", "COMMIT and ROLLBACK are");
  }
  MR_ASSIGN(node->name, ParseFoldedName("the name of the prepared statement"));
  if (Accept(TokenKind::kLeftParen)) {
    do {
      if (AcceptText("UNKNOWN")) {
        node->types.emplace_back();
        continue;
      }
      MR_ASSIGN(TypeSpec type, ParseCastType());
      node->types.emplace_back(std::move(type));
    } while (Accept(TokenKind::kComma));
    if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after the type of a parameter");
  }
  MR_TRY(Expect(Word::kAS, "before the statement to prepare"));
  const size_t end = tokens_.size() - 1;
  MR_ASSIGN(node->inner, ParseInner(end, {Word::kINSERT}, "a query or INSERT after PREPARE … AS"));
  return node;
}

Result<StatementPtr> Parser::ParseExecute() {
  auto node = Make<ExecuteStatement>(Current());
  Advance();
  MR_ASSIGN(node->name, ParseFoldedName("the name of a prepared statement, or STATEMENT SET"));
  if (!Accept(TokenKind::kLeftParen)) return node;
  if (Accept(TokenKind::kRightParen)) return node;
  MR_TRY(ParseExprList(&node->arguments));
  if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after a value of EXECUTE");
  return node;
}

Result<StatementPtr> Parser::ParseDeallocate() {
  auto node = Make<DeallocateStatement>(Current());
  Advance();
  Accept(Word::kPREPARE);
  if (Accept(Word::kALL)) return node;
  MR_ASSIGN(node->name, ParseFoldedName("the name of a prepared statement, or ALL"));
  return node;
}

// ---------------------------------------------------------------- the rest

Result<StatementPtr> Parser::ParseDiscard() {
  auto node = Make<DiscardStatement>(Current());
  Advance();
  if (Accept(Word::kALL)) {
    node->target = DiscardTarget::kAll;
  } else if (Accept(Word::kPLANS)) {
    node->target = DiscardTarget::kPlans;
  } else if (Accept(Word::kSEQUENCES)) {
    node->target = DiscardTarget::kSequences;
  } else if (Accept(Word::kTEMPORARY) || Accept(Word::kTEMP)) {
    node->target = DiscardTarget::kTemporary;
  } else {
    return Expected("ALL, PLANS, SEQUENCES or TEMPORARY after DISCARD");
  }
  return node;
}

Result<StatementPtr> Parser::ParseUnlisten() {
  auto node = Make<UnlistenStatement>(Current());
  Advance();
  if (Accept(TokenKind::kStar)) return node;
  MR_ASSIGN(node->channel, ParseFoldedName("the name of a channel, or *"));
  return node;
}

}  // namespace millrace::sql
