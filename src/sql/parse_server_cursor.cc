// Subscriptions and cursors.
#include <fmt/format.h>

#include <limits>

#include "sql/parser_internal.h"

namespace millrace::sql {

Result<StatementPtr> Parser::ParseSubscribe() {
  auto node = Make<SubscribeStatement>(Current());
  Advance();
  MR_TRY(Expect(Word::kTO, "and the name of a table or view after SUBSCRIBE"));
  MR_ASSIGN(node->name, ParseQualifiedName("the name of a table or view to subscribe to"));
  MR_TRY(ParseSubscribeOptions(node.get()));
  return node;
}

// At EMIT, which CHANGES follows.
Result<StatementPtr> Parser::ParseEmitChanges(QueryPtr query, const Token& first) {
  auto node = Make<SubscribeStatement>(first);
  node->query = std::move(query);
  MR_TRY(Expect(Word::kEMIT));
  MR_TRY(Expect(Word::kCHANGES, "after EMIT"));
  MR_TRY(ParseSubscribeOptions(node.get()));
  return node;
}

// [WITH (SNAPSHOT [= boolean], PROGRESS [= boolean])]
Status Parser::ParseSubscribeOptions(SubscribeStatement* node) {
  if (!Accept(Word::kWITH)) return Ok();
  MR_TRY(Expect(TokenKind::kLeftParen, "after WITH"));
  bool has_snapshot = false;
  bool has_progress = false;
  do {
    const Token option = Current();
    const bool is_snapshot = AcceptText("SNAPSHOT");
    if (!is_snapshot && !AcceptText("PROGRESS")) {
      return Expected("SNAPSHOT or PROGRESS as an option of a subscription");
    }
    bool* seen = is_snapshot ? &has_snapshot : &has_progress;
    if (*seen) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("the option {} is given twice", is_snapshot ? "SNAPSHOT" : "PROGRESS"), {},
                  option.location);
    }
    *seen = true;
    bool value = true;
    if (Accept(TokenKind::kEqual)) {
      MR_ASSIGN(value, ParseBoolean(is_snapshot ? "after SNAPSHOT =" : "after PROGRESS ="));
    }
    (is_snapshot ? node->snapshot : node->progress) = value;
  } while (Accept(TokenKind::kComma));
  if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after an option of a subscription");
  return Ok();
}

Result<StatementPtr> Parser::ParseDeclare() {
  auto node = Make<DeclareCursorStatement>(Current());
  Advance();
  MR_ASSIGN(node->name, ParseFoldedName("the name of the cursor"));
  while (!At(Word::kCURSOR)) {
    if (Accept(Word::kBINARY)) {
      node->binary = true;
    } else if (Accept(Word::kINSENSITIVE) || Accept(Word::kASENSITIVE)) {
      // As every cursor here.
    } else if (At(Word::kSCROLL) || (At(Word::kNO) && IsAhead(1, Word::kSCROLL))) {
      if (node->scroll) {
        return Fail(ErrorCode::kSyntaxError, "SCROLL is given twice", {}, Current().location);
      }
      node->scroll = !Accept(Word::kNO);
      Advance();
    } else {
      return Expected("CURSOR, or BINARY, INSENSITIVE, SCROLL or NO SCROLL before it");
    }
  }
  Advance();
  if (Accept(Word::kWITH)) {
    MR_TRY(Expect(Word::kHOLD, "after WITH"));
    node->hold = true;
  } else if (Accept(Word::kWITHOUT)) {
    MR_TRY(Expect(Word::kHOLD, "after WITHOUT"));
  }
  MR_TRY(Expect(Word::kFOR, "and a query, or SUBSCRIBE TO …"));
  const size_t end = tokens_.size() - 1;
  MR_ASSIGN(node->inner,
            ParseInner(end, {Word::kSUBSCRIBE}, "a query or SUBSCRIBE TO … after DECLARE … CURSOR FOR"));
  return node;
}

Result<StatementPtr> Parser::ParseFetch() {
  auto node = Make<FetchStatement>(Current());
  node->is_move = Current().word == Word::kMOVE;
  Advance();
  MR_TRY(ParseDirection(node.get()));
  if (node->count < 0 && !node->all &&
      (node->direction == FetchDirection::kForward || node->direction == FetchDirection::kBackward)) {
    node->direction =
        node->direction == FetchDirection::kForward ? FetchDirection::kBackward : FetchDirection::kForward;
    node->count = -node->count;
  }
  if (!Accept(Word::kFROM)) Accept(Word::kIN);
  MR_ASSIGN(node->cursor, ParseFoldedName("the name of a cursor"));
  if (Accept(Word::kWITH)) {
    MR_TRY(Expect(TokenKind::kLeftParen, "after WITH"));
    if (!AcceptText("TIMEOUT")) return Expected("TIMEOUT as the option of FETCH");
    MR_TRY(Expect(TokenKind::kEqual, "after TIMEOUT"));
    node->timeout_location = Current().location;
    MR_ASSIGN(node->timeout, ParseString("a duration as a string, such as '1s'"));
    MR_TRY(Expect(TokenKind::kRightParen, "after the option of FETCH"));
  }
  return node;
}

Status Parser::ParseDirection(FetchStatement* node) {
  const auto only = [node](FetchDirection direction, int64_t count) {
    node->direction = direction;
    node->count = count;
    return Ok();
  };
  // A direction's word may also be the cursor's name: then nothing but WITH follows.
  const bool is_name = IsNameAhead(0) && (Ahead(1).kind == TokenKind::kEnd ||
                                          Ahead(1).kind == TokenKind::kSemicolon || IsAhead(1, Word::kWITH));
  if (is_name) return Ok();
  const auto at_count = [this] {
    return At(TokenKind::kInteger) || At(TokenKind::kMinus) || At(TokenKind::kPlus);
  };
  if (Accept(Word::kNEXT)) return only(FetchDirection::kForward, 1);
  if (Accept(Word::kPRIOR)) return only(FetchDirection::kBackward, 1);
  if (Accept(Word::kFIRST)) return only(FetchDirection::kAbsolute, 1);
  if (Accept(Word::kLAST)) return only(FetchDirection::kAbsolute, -1);
  if (At(Word::kABSOLUTE) || At(Word::kRELATIVE)) {
    node->direction = At(Word::kABSOLUTE) ? FetchDirection::kAbsolute : FetchDirection::kRelative;
    Advance();
    MR_ASSIGN(node->count, ParseCount("a number of rows"));
    return Ok();
  }
  if (At(Word::kFORWARD) || At(Word::kBACKWARD)) {
    node->direction = At(Word::kFORWARD) ? FetchDirection::kForward : FetchDirection::kBackward;
    Advance();
  }
  if (Accept(Word::kALL)) {
    node->all = true;
  } else if (at_count()) {
    MR_ASSIGN(node->count, ParseCount("a number of rows"));
  }
  return Ok();
}

Result<StatementPtr> Parser::ParseClose() {
  auto node = Make<CloseCursorStatement>(Current());
  Advance();
  if (Accept(Word::kALL)) return node;
  MR_ASSIGN(node->name, ParseFoldedName("the name of a cursor, or ALL"));
  return node;
}

}  // namespace millrace::sql
