// The SQL/JSON functions, whose arguments have clauses of their own.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {

Result<ExprPtr> Parser::ParseJsonCall(Word word) {
  const Token first = Current();
  Advance();
  MR_TRY(Expect(TokenKind::kLeftParen));
  switch (word) {
    case Word::kJSON_VALUE:
      return ParseJsonValue(first);
    case Word::kJSON_QUERY:
      return ParseJsonQuery(first);
    case Word::kJSON_EXISTS:
      return ParseJsonExists(first);
    case Word::kJSON_OBJECT:
      return ParseJsonObject(first, /*is_aggregate=*/false);
    case Word::kJSON_OBJECTAGG:
      return ParseJsonObject(first, /*is_aggregate=*/true);
    case Word::kJSON_ARRAY:
      return ParseJsonArray(first, /*is_aggregate=*/false);
    case Word::kJSON_ARRAYAGG:
      return ParseJsonArray(first, /*is_aggregate=*/true);
    default:
      return Reserved(first);
  }
}

Status Parser::ParseJsonInput(ExprPtr* input, ExprPtr* path) {
  MR_ASSIGN(*input, ParseExpr());
  if (At(Word::kFORMAT)) return NotSupported(Current(), "FORMAT JSON is not supported", "leave it out");
  MR_TRY(Expect(TokenKind::kComma, "after the JSON text, before the path"));
  MR_ASSIGN(*path, ParseExpr());
  return Ok();
}

Result<ExprPtr> Parser::ParseJsonValue(const Token& first) {
  auto node = Make<JsonValueExpr>(first);
  MR_TRY(ParseJsonInput(&node->input, &node->path));
  if (Accept(Word::kRETURNING)) {
    MR_ASSIGN(node->returning, ParseTypeSpec());
  }
  while (!Accept(TokenKind::kRightParen)) {
    const Token clause = Current();
    JsonBehavior behavior = JsonBehavior::kUnspecified;
    ExprPtr value;
    if (Accept(Word::kNULL)) {
      behavior = JsonBehavior::kNull;
    } else if (Accept(Word::kERROR)) {
      behavior = JsonBehavior::kError;
    } else if (Accept(Word::kDEFAULT)) {
      behavior = JsonBehavior::kDefault;
      MR_ASSIGN(value, ParseExpr());
    } else {
      return Expected("RETURNING, NULL, ERROR or DEFAULT … ON EMPTY or ON ERROR, or ')' in JSON_VALUE");
    }
    MR_TRY(Expect(Word::kON, "EMPTY or ON ERROR in JSON_VALUE"));
    const bool on_empty = Accept(Word::kEMPTY);
    if (!on_empty) MR_TRY(Expect(Word::kERROR, "or EMPTY after ON"));
    if ((on_empty ? node->on_empty : node->on_error) != JsonBehavior::kUnspecified) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("a second clause for ON {}", on_empty ? "EMPTY" : "ERROR"), {},
                  clause.location);
    }
    (on_empty ? node->on_empty : node->on_error) = behavior;
    (on_empty ? node->empty_default : node->error_default) = std::move(value);
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseJsonQuery(const Token& first) {
  auto node = Make<JsonQueryExpr>(first);
  MR_TRY(ParseJsonInput(&node->input, &node->path));
  if (Accept(Word::kRETURNING)) {
    MR_ASSIGN(node->returning, ParseTypeSpec());
  }
  if (Accept(Word::kWITHOUT)) {
    node->wrapper = JsonWrapper::kWithout;
  } else if (Accept(Word::kWITH)) {
    node->wrapper = Accept(Word::kCONDITIONAL) ? JsonWrapper::kConditional : JsonWrapper::kUnconditional;
    if (node->wrapper == JsonWrapper::kUnconditional) Accept(Word::kUNCONDITIONAL);
  }
  if (node->wrapper != JsonWrapper::kUnspecified) {
    Accept(Word::kARRAY);
    MR_TRY(Expect(Word::kWRAPPER, "in JSON_QUERY"));
  }
  while (!Accept(TokenKind::kRightParen)) {
    const Token clause = Current();
    JsonBehavior behavior = JsonBehavior::kUnspecified;
    if (Accept(Word::kNULL)) {
      behavior = JsonBehavior::kNull;
    } else if (Accept(Word::kERROR)) {
      behavior = JsonBehavior::kError;
    } else if (Accept(Word::kEMPTY)) {
      behavior = Accept(Word::kOBJECT) ? JsonBehavior::kEmptyObject : JsonBehavior::kEmptyArray;
      if (behavior == JsonBehavior::kEmptyArray) MR_TRY(Expect(Word::kARRAY, "or OBJECT after EMPTY"));
    } else {
      return Expected(
          "WITH or WITHOUT WRAPPER, NULL, ERROR or EMPTY ARRAY … ON EMPTY or ON ERROR, or ')' in JSON_QUERY");
    }
    MR_TRY(Expect(Word::kON, "EMPTY or ON ERROR in JSON_QUERY"));
    const bool on_empty = Accept(Word::kEMPTY);
    if (!on_empty) MR_TRY(Expect(Word::kERROR, "or EMPTY after ON"));
    JsonBehavior& slot = on_empty ? node->on_empty : node->on_error;
    if (slot != JsonBehavior::kUnspecified) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("a second clause for ON {}", on_empty ? "EMPTY" : "ERROR"), {},
                  clause.location);
    }
    slot = behavior;
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseJsonExists(const Token& first) {
  auto node = Make<JsonExistsExpr>(first);
  MR_TRY(ParseJsonInput(&node->input, &node->path));
  if (!At(TokenKind::kRightParen)) {
    node->on_error = Accept(Word::kTRUE)      ? JsonBehavior::kTrue
                     : Accept(Word::kFALSE)   ? JsonBehavior::kFalse
                     : Accept(Word::kUNKNOWN) ? JsonBehavior::kUnknown
                     : Accept(Word::kERROR)   ? JsonBehavior::kError
                                              : JsonBehavior::kUnspecified;
    if (node->on_error == JsonBehavior::kUnspecified) {
      return Expected("TRUE, FALSE, UNKNOWN or ERROR … ON ERROR, or ')' in JSON_EXISTS");
    }
    MR_TRY(Expect(Word::kON, "ERROR in JSON_EXISTS"));
    MR_TRY(Expect(Word::kERROR, "after ON in JSON_EXISTS"));
  }
  MR_TRY(Expect(TokenKind::kRightParen, "after JSON_EXISTS(…"));
  return Finish(std::move(node));
}

Result<JsonNullClause> Parser::ParseJsonNulls() {
  JsonNullClause nulls = JsonNullClause::kUnspecified;
  if (At(Word::kNULL) && IsAhead(1, Word::kON)) {
    nulls = JsonNullClause::kNull;
  } else if (At(Word::kABSENT) && IsAhead(1, Word::kON)) {
    nulls = JsonNullClause::kAbsent;
  } else {
    return nulls;
  }
  Advance();
  Advance();
  MR_TRY(Expect(Word::kNULL, "after ON"));
  return nulls;
}

Result<ExprPtr> Parser::ParseJsonObject(const Token& first, bool is_aggregate) {
  auto node = Make<JsonObjectExpr>(first);
  node->is_aggregate = is_aggregate;
  const std::string_view name = WordText(first.word);
  MR_ASSIGN(node->nulls, ParseJsonNulls());
  if (node->nulls == JsonNullClause::kUnspecified && (is_aggregate || !At(TokenKind::kRightParen))) {
    do {
      JsonPair pair;
      // KEY is a keyword here, unless it is a column itself: KEY VALUE v.
      const bool is_column =
          IsAhead(1, Word::kVALUE) || IsAhead(1, TokenKind::kDot) || IsAhead(1, TokenKind::kComma);
      if (At(Word::kKEY) && !is_column) Advance();
      MR_ASSIGN(pair.key, ParseExpr());
      MR_TRY(Expect(Word::kVALUE, fmt::format("after a key of {}", name)));
      MR_ASSIGN(pair.value, ParseExpr());
      if (At(Word::kFORMAT))
        return NotSupported(Current(), "FORMAT JSON is not supported", "wrap the value in JSON(…)");
      node->pairs.push_back(std::move(pair));
    } while (!is_aggregate && Accept(TokenKind::kComma));
    MR_ASSIGN(node->nulls, ParseJsonNulls());
  }
  MR_TRY(Expect(TokenKind::kRightParen, fmt::format("after the arguments of {}", name)));
  if (is_aggregate) MR_TRY(ParseFilter(&node->filter));
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseJsonArray(const Token& first, bool is_aggregate) {
  auto node = Make<JsonArrayExpr>(first);
  node->is_aggregate = is_aggregate;
  const std::string_view name = WordText(first.word);
  MR_ASSIGN(node->nulls, ParseJsonNulls());
  if (node->nulls == JsonNullClause::kUnspecified && (is_aggregate || !At(TokenKind::kRightParen))) {
    do {
      MR_ASSIGN(ExprPtr element, ParseExpr());
      if (At(Word::kFORMAT))
        return NotSupported(Current(), "FORMAT JSON is not supported", "wrap the value in JSON(…)");
      node->elements.push_back(std::move(element));
    } while (!is_aggregate && Accept(TokenKind::kComma));
    MR_ASSIGN(node->nulls, ParseJsonNulls());
  }
  MR_TRY(Expect(TokenKind::kRightParen, fmt::format("after the arguments of {}", name)));
  if (is_aggregate) MR_TRY(ParseFilter(&node->filter));
  return Finish(std::move(node));
}

}  // namespace millrace::sql
