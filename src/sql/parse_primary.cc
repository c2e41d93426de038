// What operators combine: literals, names, parentheses, CASE, CAST and constructors; not calls.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {

Result<ExprPtr> Parser::ParsePrimary() {
  const Heights heights(this);
  const Token first = Current();
  switch (first.kind) {
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kDouble:
      return ParseNumber();
    case TokenKind::kString:
    case TokenKind::kUnicodeString:
    case TokenKind::kBinaryString:
      return ParseStringLiteral();
    case TokenKind::kLeftParen:
      return ParseParenthesised();
    case TokenKind::kQuestion:
      return NotSupported(first, "parameters ('?') are not supported", "write $1, $2 …, or the value itself");
    case TokenKind::kLeftBrace:
      return NotSupported(
          first, "'{' is not supported here",
          "write DATE '2020-01-01' or TIMESTAMP '2020-01-01 00:00:00', and functions by their names");
    case TokenKind::kDollar:
      return ParseParameter();
    case TokenKind::kQuotedName:
      return ParseNameOrCall();
    case TokenKind::kWord:
      break;
    default:
      return Expected("an expression");
  }
  const bool string_follows = IsAhead(1, TokenKind::kString) || IsAhead(1, TokenKind::kUnicodeString);
  const auto constant = [&](LiteralKind kind, bool value) {
    auto node = Make<LiteralExpr>(first);
    node->literal = kind;
    node->boolean = value;
    Advance();
    return Finish(std::move(node));
  };
  switch (first.word) {
    case Word::kNULL:
      return constant(LiteralKind::kNull, false);
    case Word::kTRUE:
      return constant(LiteralKind::kBoolean, true);
    case Word::kFALSE:
      return constant(LiteralKind::kBoolean, false);
    case Word::kUNKNOWN: {
      // A BOOLEAN that is NULL.
      auto node = Make<CastExpr>(first);
      auto null = Make<LiteralExpr>(first);
      Advance();
      Close(null.get());
      node->operand = std::move(null);
      node->type.kind = TypeKind::kBoolean;
      node->type.location = first.location;
      height_ = std::max(height_, 1);
      return Finish(std::move(node));
    }
    case Word::kDATE:
      if (string_follows) return ParseTypedLiteral(LiteralKind::kDate);
      break;
    case Word::kTIME:
      if (string_follows) return ParseTypedLiteral(LiteralKind::kTime);
      break;
    case Word::kTIMESTAMP:
      if (string_follows) return ParseTypedLiteral(LiteralKind::kTimestamp);
      if (IsAhead(1, Word::kWITH) && IsAhead(2, Word::kLOCAL))
        return ParseTypedLiteral(LiteralKind::kTimestampLtz);
      break;
    case Word::kTIMESTAMP_LTZ:
      if (string_follows) return ParseTypedLiteral(LiteralKind::kTimestampLtz);
      break;
    case Word::kINTERVAL:
      return ParseInterval();
    case Word::kCASE:
      return ParseCase();
    case Word::kCAST:
    case Word::kTRY_CAST:
      return ParseCast();
    case Word::kARRAY:
      return ParseArray();
    case Word::kMAP:
      if (IsAhead(1, TokenKind::kLeftBracket)) return ParseMap();
      break;
    case Word::kROW:
      return ParseRow();
    case Word::kEXISTS: {
      Advance();
      auto node = Make<ExistsExpr>(first);
      if (!AtQueryParen()) return Expected("a query in parentheses after EXISTS");
      MR_ASSIGN(node->query, ParseParenthesisedQuery());
      return Finish(std::move(node));
    }
    case Word::kPERIOD:
      return NotSupported(first, "PERIOD is not supported", "write (start, end) OVERLAPS (start, end)");
    case Word::kMULTISET:
    case Word::kCURSOR:
    case Word::kUNIQUE:
      return NotSupported(first, fmt::format("{} is not supported in an expression", WordText(first.word)));
    default:
      break;
  }
  return ParseNameOrCall();
}

Result<ExprPtr> Parser::ParseParenthesised() {
  const Token first = Current();
  if (AtQueryParen()) {
    auto node = Make<SubqueryExpr>(first);
    MR_ASSIGN(node->query, ParseParenthesisedQuery());
    return Finish(std::move(node));
  }
  Advance();
  if (At(TokenKind::kRightParen)) return Expected("an expression inside the parentheses");
  MR_ASSIGN(ExprPtr inner, ParseExpr());
  if (Accept(TokenKind::kRightParen)) {
    inner->range = {first.begin, Previous().end};
    return inner;
  }
  auto row = Make<RowExpr>(first);
  row->fields.push_back(std::move(inner));
  while (Accept(TokenKind::kComma)) {
    MR_ASSIGN(ExprPtr field, ParseExpr());
    row->fields.push_back(std::move(field));
  }
  if (!Accept(TokenKind::kRightParen)) {
    return Expected(fmt::format("')' to close the '(' at line {}, column {}", first.location.line,
                                first.location.column));
  }
  return Finish(std::move(row));
}

Result<ExprPtr> Parser::ParseNumber() {
  const Token first = Current();
  auto node = Make<LiteralExpr>(first);
  node->literal = first.kind == TokenKind::kInteger   ? LiteralKind::kInteger
                  : first.kind == TokenKind::kDecimal ? LiteralKind::kDecimal
                                                      : LiteralKind::kDouble;
  node->text = std::string(lexer_.TextOf(first));
  Advance();
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseParameter() {
  auto node = Make<ParameterExpr>(Current());
  const Token dollar = Current();
  Advance();
  if (!At(TokenKind::kInteger) || Current().begin != dollar.end) {
    return Fail(ErrorCode::kSyntaxError, "expected the number of a parameter after '$'",
                "parameters are written $1, $2 …", dollar.location);
  }
  MR_ASSIGN(node->number, ParseInt("the number of a parameter"));
  if (node->number < 1 || node->number > limits::kParametersMax) {
    return Fail(ErrorCode::kUndefinedParameter, fmt::format("there is no parameter ${}", node->number),
                fmt::format("parameters are numbered from $1 to ${}", limits::kParametersMax),
                dollar.location);
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseStringLiteral() {
  const Token first = Current();
  auto node = Make<LiteralExpr>(first);
  node->literal = first.kind == TokenKind::kBinaryString ? LiteralKind::kBinary : LiteralKind::kString;
  Advance();
  char escape = '\\';
  if (first.kind == TokenKind::kUnicodeString && Accept(Word::kUESCAPE)) {
    MR_ASSIGN(const std::string text, ParseString("the escape character after UESCAPE"));
    const bool usable = text.size() == 1 && text[0] != '\'' && text[0] != '+' && text[0] != ' ' &&
                        !(text[0] >= '0' && text[0] <= '9') && !(text[0] >= 'a' && text[0] <= 'f') &&
                        !(text[0] >= 'A' && text[0] <= 'F') && static_cast<unsigned char>(text[0]) < 0x80;
    if (!usable) {
      return Fail(ErrorCode::kSyntaxError, fmt::format("'{}' cannot be an escape character", text),
                  "it is one ASCII character that is no hexadecimal digit, quote, blank or '+'",
                  Previous().location);
    }
    escape = text[0];
  }
  MR_ASSIGN(node->text, lexer_.ValueOf(first, escape));
  // 'a' 'b' on two lines is one string.
  while (first.kind != TokenKind::kUnicodeString && At(first.kind)) {
    if (Current().location.line == Previous().location.line) {
      return Fail(
          ErrorCode::kSyntaxError,
          fmt::format("unexpected {} after {}", DescribeUnexpected(Current()), Describe(Previous())),
          "a comma or an operator is missing between them; a quote inside a string is written twice: ''",
          Current().location);
    }
    MR_ASSIGN(const std::string more, lexer_.ValueOf(Current()));
    node->text += more;
    Advance();
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseTypedLiteral(LiteralKind kind) {
  auto node = Make<LiteralExpr>(Current());
  node->literal = kind;
  Advance();
  if (Accept(Word::kWITH)) {
    MR_TRY(Expect(Word::kLOCAL));
    MR_TRY(Expect(Word::kTIME));
    MR_TRY(Expect(Word::kZONE));
  }
  MR_ASSIGN(node->text, ParseString("a string as the value"));
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseInterval() {
  auto node = Make<IntervalExpr>(Current());
  Advance();
  if (Accept(TokenKind::kMinus)) {
    node->negative = true;
  } else {
    Accept(TokenKind::kPlus);
  }
  MR_ASSIGN(node->text, ParseString("the interval's length as a string, as in INTERVAL '5' MINUTE"));
  Result<TimeUnit> from = ParseTimeUnit("after the interval's length");
  if (!from.has_value()) {
    // A bare number is no length without a unit. What else there may be, such as '1 day', other dialects
    // know.
    const Error& error = from.error();
    const bool is_number = node->text.find_first_not_of("+-.0123456789") == std::string::npos;
    return Fail(is_number ? ErrorCode::kInvalidDatetime : error.code(), error.message(), error.hint(),
                error.location());
  }
  node->from = *from;
  if (Accept(TokenKind::kLeftParen)) {
    MR_ASSIGN(node->precision, ParseInt("a precision"));
    if (node->from == TimeUnit::kSecond && Accept(TokenKind::kComma)) {
      MR_ASSIGN(node->fraction, ParseInt("a precision of the fraction"));
    }
    MR_TRY(Expect(TokenKind::kRightParen, "after the precision"));
  }
  if (Accept(Word::kTO)) {
    const Token to = Current();
    MR_ASSIGN(node->to, ParseTimeUnit("after TO"));
    const auto is_field = [](TimeUnit unit) { return unit >= TimeUnit::kDay && unit <= TimeUnit::kSecond; };
    const bool fits = (node->from == TimeUnit::kYear && *node->to == TimeUnit::kMonth) ||
                      (is_field(node->from) && is_field(*node->to) && *node->to > node->from);
    if (!fits) {
      return Fail(ErrorCode::kSyntaxError, "these two units make no interval",
                  "YEAR TO MONTH, and from DAY, HOUR or MINUTE to a smaller one down to SECOND do",
                  to.location);
    }
    if (*node->to == TimeUnit::kSecond) {
      MR_ASSIGN(node->fraction, ParseLength());
    }
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseCase() {
  const Token first = Current();
  auto node = Make<CaseExpr>(first);
  Advance();
  if (!At(Word::kWHEN)) {
    MR_ASSIGN(node->operand, ParseExpr());
  }
  if (!At(Word::kWHEN)) return Expected("WHEN in CASE");
  while (Accept(Word::kWHEN)) {
    CaseBranch branch;
    MR_ASSIGN(branch.when, ParseExpr());
    while (node->operand && Accept(TokenKind::kComma)) {
      MR_ASSIGN(ExprPtr other, ParseExpr());
      branch.or_when.push_back(std::move(other));
    }
    MR_TRY(Expect(Word::kTHEN, "after the condition of WHEN"));
    MR_ASSIGN(branch.then, ParseExpr());
    node->branches.push_back(std::move(branch));
  }
  if (Accept(Word::kELSE)) {
    MR_ASSIGN(node->otherwise, ParseExpr());
  }
  if (!Accept(Word::kEND)) {
    return Expected(fmt::format("{} to close the CASE at line {}, column {}",
                                node->otherwise ? "END" : "WHEN, ELSE or END", first.location.line,
                                first.location.column));
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseCast() {
  const Token first = Current();
  auto node = Make<CastExpr>(first);
  node->is_try = first.word == Word::kTRY_CAST;
  Advance();
  MR_TRY(Expect(TokenKind::kLeftParen, fmt::format("after {}", WordText(first.word))));
  MR_ASSIGN(node->operand, ParseExpr());
  MR_TRY(Expect(Word::kAS, fmt::format("in {}(value AS type)", WordText(first.word))));
  MR_ASSIGN(node->type, ParseTypeSpec());
  MR_TRY(Expect(TokenKind::kRightParen, fmt::format("after the type of {}", WordText(first.word))));
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseArray() {
  auto node = Make<ArrayExpr>(Current());
  Advance();
  if (At(TokenKind::kLeftParen) && AtQueryParen()) {
    return NotSupported(Current(), "ARRAY(query) is not supported", "write (SELECT ARRAY_AGG(x) FROM …)");
  }
  MR_TRY(Expect(TokenKind::kLeftBracket, "after ARRAY, as in ARRAY[1, 2]"));
  if (!At(TokenKind::kRightBracket)) MR_TRY(ParseExprList(&node->elements));
  if (!Accept(TokenKind::kRightBracket)) return Expected("',' or ']' in ARRAY[…]");
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseMap() {
  auto node = Make<MapExpr>(Current());
  Advance();
  MR_TRY(Expect(TokenKind::kLeftBracket, "after MAP"));
  if (!At(TokenKind::kRightBracket)) MR_TRY(ParseExprList(&node->elements));
  if (node->elements.size() % 2 != 0) {
    return Fail(ErrorCode::kSyntaxError, "MAP[…] has a key without a value", "as in MAP['a', 1, 'b', 2]",
                Current().location);
  }
  if (!Accept(TokenKind::kRightBracket)) return Expected("',' or ']' in MAP[…]");
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseRow() {
  auto node = Make<RowExpr>(Current());
  node->has_keyword = true;
  Advance();
  MR_TRY(Expect(TokenKind::kLeftParen, "after ROW"));
  if (!At(TokenKind::kRightParen)) MR_TRY(ParseExprList(&node->fields));
  if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' in ROW(…)");
  return Finish(std::move(node));
}

Status Parser::ParseExprList(std::vector<ExprPtr>* list) {
  do {
    MR_ASSIGN(ExprPtr item, ParseExpr());
    list->push_back(std::move(item));
  } while (Accept(TokenKind::kComma));
  return Ok();
}

Result<ExprPtr> Parser::ParseNameOrCall() {
  const Token first = Current();
  if (first.kind == TokenKind::kWord && IsReserved(first.word)) {
    switch (ClassOf(first.word)) {
      case WordClass::kNiladic: {
        auto node = Make<FunctionCallExpr>(first);
        node->name.parts.push_back(NameFrom(first));
        node->has_parentheses = false;
        Advance();
        if (Accept(TokenKind::kLeftParen)) {
          if (!At(TokenKind::kInteger)) {
            return Fail(ErrorCode::kSyntaxError,
                        fmt::format("{} is written without parentheses", WordText(first.word)), {},
                        Previous().location);
          }
          MR_ASSIGN(ExprPtr precision, ParseNumber());
          node->args.push_back(std::move(precision));
          node->has_parentheses = true;
          MR_TRY(Expect(TokenKind::kRightParen, "after the precision"));
        }
        return Finish(std::move(node));
      }
      case WordClass::kFunction:
        // Flink takes a bare USER for a column, as it has no such function without parentheses.
        if (!IsAhead(1, TokenKind::kLeftParen) && first.word != Word::kUSER) return Reserved(first);
        break;
      case WordClass::kReserved:
        if (first.word >= Word::kJSON_ARRAY && first.word <= Word::kJSON_VALUE &&
            IsAhead(1, TokenKind::kLeftParen)) {
          return ParseJsonCall(first.word);
        }
        return Reserved(first);
      default: {
        auto error = Expected("an expression");
        return error;
      }
    }
  }
  QualifiedName name;
  name.parts.push_back(NameFrom(first));
  Advance();
  while (At(TokenKind::kDot)) {
    if (IsAhead(1, TokenKind::kStar)) {
      Advance();
      Advance();
      auto node = Make<StarExpr>(first);
      node->qualifier = std::move(name.parts);
      return Finish(std::move(node));
    }
    Advance();
    // Field paths may be long; what they may mean is for the binder to say.
    if (name.parts.size() > static_cast<size_t>(limits::kNestingMax)) return TooDeep();
    MR_ASSIGN(Name part, ParseName("a name after '.'"));
    name.parts.push_back(std::move(part));
  }
  if (At(TokenKind::kLeftParen)) return ParseCall(std::move(name), first);
  if ((At(TokenKind::kString) || At(TokenKind::kUnicodeString)) && name.parts.size() == 1 &&
      Previous().end == Current().begin) {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("the prefix '{}' of a string is not known", lexer_.TextOf(first)),
                "strings are 'text', U&'\\4e2d' or X'1F2E'", first.location);
  }
  auto node = Make<IdentifierExpr>(first);
  node->parts = std::move(name.parts);
  return Finish(std::move(node));
}

}  // namespace millrace::sql
