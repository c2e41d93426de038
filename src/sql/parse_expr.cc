// Expressions: operators by precedence climbing, and the primaries that are no calls.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

struct BinaryOperator {
  BinaryOp op;
  Precedence precedence;
};

std::optional<BinaryOperator> OperatorOf(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEqual:
      return BinaryOperator{BinaryOp::kEqual, Precedence::kComparison};
    case TokenKind::kNotEqual:
      return BinaryOperator{BinaryOp::kNotEqual, Precedence::kComparison};
    case TokenKind::kLess:
      return BinaryOperator{BinaryOp::kLess, Precedence::kComparison};
    case TokenKind::kLessEqual:
      return BinaryOperator{BinaryOp::kLessEqual, Precedence::kComparison};
    case TokenKind::kGreater:
      return BinaryOperator{BinaryOp::kGreater, Precedence::kComparison};
    case TokenKind::kGreaterEqual:
      return BinaryOperator{BinaryOp::kGreaterEqual, Precedence::kComparison};
    case TokenKind::kPlus:
      return BinaryOperator{BinaryOp::kAdd, Precedence::kAdditive};
    case TokenKind::kMinus:
      return BinaryOperator{BinaryOp::kSubtract, Precedence::kAdditive};
    case TokenKind::kStar:
      return BinaryOperator{BinaryOp::kMultiply, Precedence::kMultiplicative};
    case TokenKind::kSlash:
      return BinaryOperator{BinaryOp::kDivide, Precedence::kMultiplicative};
    case TokenKind::kPercent:
      return BinaryOperator{BinaryOp::kModulo, Precedence::kMultiplicative};
    case TokenKind::kConcat:
      return BinaryOperator{BinaryOp::kConcat, Precedence::kMultiplicative};
    case TokenKind::kWord:
      if (token.word == Word::kAND) return BinaryOperator{BinaryOp::kAnd, Precedence::kAnd};
      if (token.word == Word::kOR) return BinaryOperator{BinaryOp::kOr, Precedence::kOr};
      if (token.word == Word::kOVERLAPS) return BinaryOperator{BinaryOp::kOverlaps, Precedence::kPredicate};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Appends the operands of a tree of `op`; `before` is the place of the operator before the first.
void Flatten(ExprPtr expr, BinaryOp op, SourceLocation before, std::vector<ExprPtr>* operands,
             std::vector<SourceLocation>* locations) {
  if (expr->kind == ExprKind::kBinary && expr->As<BinaryExpr>().op == op) {
    auto& node = expr->As<BinaryExpr>();
    Flatten(std::move(node.left), op, before, operands, locations);
    Flatten(std::move(node.right), op, node.location, operands, locations);
    return;
  }
  operands->push_back(std::move(expr));
  locations->push_back(before);
}

Precedence Above(Precedence precedence) {
  return static_cast<Precedence>(static_cast<uint8_t>(precedence) + 1);
}

}  // namespace

Result<ExprPtr> Parser::ParseExpr() {
  return ParseBinary(Precedence::kOr);
}

Result<ExprPtr> Parser::ParseBinary(Precedence lowest) {
  const Nesting nesting(this);
  if (nesting.IsTooDeep()) return TooDeep();
  const Heights heights(this);
  MR_ASSIGN(ExprPtr left, ParsePrefix(lowest));
  while (true) {
    if (const auto found = OperatorOf(Current())) {
      if (found->precedence < lowest) return left;
      if (found->precedence == Precedence::kAnd || found->precedence == Precedence::kOr) {
        MR_ASSIGN(left, ParseChain(std::move(left), found->op, found->precedence));
      } else if (found->precedence == Precedence::kComparison) {
        MR_ASSIGN(left, ParseComparison(std::move(left), found->op, found->precedence));
      } else {
        auto node = std::make_unique<BinaryExpr>();
        node->op = found->op;
        node->location = Current().location;
        node->range.begin = left->range.begin;
        Advance();
        MR_ASSIGN(node->right, ParseBinary(Above(found->precedence)));
        const int height = std::max(left->height, node->right->height);
        node->left = std::move(left);
        Close(node.get());
        MR_ASSIGN(left, Grow(std::move(node), height));
      }
    } else if (At(Word::kIS)) {
      if (lowest > Precedence::kIs) return left;
      MR_ASSIGN(left, ParseIs(std::move(left)));
    } else if (At(Word::kBETWEEN) || At(Word::kIN) || At(Word::kLIKE) || At(Word::kSIMILAR) ||
               At(Word::kNOT)) {
      if (lowest > Precedence::kPredicate) return left;
      if (Current().word == Word::kNOT && !IsAhead(1, Word::kBETWEEN) && !IsAhead(1, Word::kIN) &&
          !IsAhead(1, Word::kLIKE) && !IsAhead(1, Word::kSIMILAR)) {
        return left;
      }
      MR_ASSIGN(left, ParsePredicate(std::move(left)));
    } else if (At(Word::kCONTAINS) || At(Word::kPRECEDES) || At(Word::kSUCCEEDS) || At(Word::kEQUALS) ||
               At(Word::kMEMBER) || At(Word::kSUBMULTISET) ||
               (At(Word::kMULTISET) && lowest == Precedence::kOr)) {
      return NotSupported(Current(),
                          fmt::format("the operator {} is not supported", WordText(Current().word)));
    } else if ((At(Word::kRLIKE) || At(Word::kILIKE)) && Ahead(1).kind == TokenKind::kString) {
      return NotSupported(
          Current(), fmt::format("the operator {} is not supported", WordText(Current().word)),
          At(Word::kRLIKE) ? "write REGEXP(value, pattern)" : "write UPPER(value) LIKE UPPER(pattern)");
    } else {
      return left;
    }
  }
}

// `first` AND b AND (c AND d) …: gathered, then made into a balanced tree.
Result<ExprPtr> Parser::ParseChain(ExprPtr first, BinaryOp op, Precedence precedence) {
  std::vector<ExprPtr> operands;
  std::vector<SourceLocation> locations;  // of the operator before each operand
  Flatten(std::move(first), op, {}, &operands, &locations);
  const Word word = op == BinaryOp::kAnd ? Word::kAND : Word::kOR;
  while (At(word)) {
    const SourceLocation location = Current().location;
    Advance();
    MR_ASSIGN(ExprPtr operand, ParseBinary(Above(precedence)));
    Flatten(std::move(operand), op, location, &operands, &locations);
  }
  ExprPtr tree = Balance(&operands, &locations, 0, operands.size(), op);
  if (tree->height > limits::kSqlDepthMax) return TooDeep();
  height_ = std::max<int>(height_, tree->height);
  return tree;
}

ExprPtr Parser::Balance(std::vector<ExprPtr>* operands, std::vector<SourceLocation>* locations, size_t begin,
                        size_t end, BinaryOp op) {
  if (end - begin == 1) return std::move((*operands)[begin]);
  // The larger half is on the left: two operands and a third group as the standard has it.
  const size_t middle = begin + (end - begin + 1) / 2;
  auto node = std::make_unique<BinaryExpr>();
  node->op = op;
  node->location = (*locations)[middle];
  node->left = Balance(operands, locations, begin, middle, op);
  node->right = Balance(operands, locations, middle, end, op);
  node->range = {node->left->range.begin, node->right->range.end};
  node->height = static_cast<uint16_t>(std::max(node->left->height, node->right->height) + 1);
  return node;
}

Result<ExprPtr> Parser::ParseComparison(ExprPtr left, BinaryOp op, Precedence precedence) {
  const Token operation = Current();
  Advance();
  if (At(Word::kANY) || At(Word::kALL) || (At(Word::kSOME) && IsAhead(1, TokenKind::kLeftParen))) {
    auto node = std::make_unique<QuantifiedExpr>();
    node->op = op;
    node->is_all = Current().word == Word::kALL;
    node->location = operation.location;
    node->range.begin = left->range.begin;
    Advance();
    if (!AtQueryParen()) return Expected("a query in parentheses after ANY, SOME or ALL");
    const Heights heights(this);
    MR_ASSIGN(node->query, ParseParenthesisedQuery());
    const int height = std::max<int>(left->height, height_);
    node->value = std::move(left);
    Close(node.get());
    return Grow(std::move(node), height);
  }
  auto node = std::make_unique<BinaryExpr>();
  node->op = op;
  node->location = operation.location;
  node->range.begin = left->range.begin;
  MR_ASSIGN(node->right, ParseBinary(Above(precedence)));
  const int height = std::max(left->height, node->right->height);
  node->left = std::move(left);
  Close(node.get());
  return Grow(std::move(node), height);
}

Result<ExprPtr> Parser::ParseIs(ExprPtr operand) {
  const Token first = Current();
  Advance();
  const bool negated = Accept(Word::kNOT);
  if (Accept(Word::kDISTINCT)) {
    MR_TRY(Expect(Word::kFROM, "after IS [NOT] DISTINCT"));
    auto node = std::make_unique<BinaryExpr>();
    node->op = negated ? BinaryOp::kIsNotDistinctFrom : BinaryOp::kIsDistinctFrom;
    node->location = first.location;
    node->range.begin = operand->range.begin;
    MR_ASSIGN(node->right, ParseBinary(Precedence::kPredicate));
    const int height = std::max(operand->height, node->right->height);
    node->left = std::move(operand);
    Close(node.get());
    return Grow(std::move(node), height);
  }
  auto node = std::make_unique<IsExpr>();
  node->location = first.location;
  node->range.begin = operand->range.begin;
  node->negated = negated;
  if (Accept(Word::kNULL)) {
    node->test = IsTest::kNull;
  } else if (Accept(Word::kTRUE)) {
    node->test = IsTest::kTrue;
  } else if (Accept(Word::kFALSE)) {
    node->test = IsTest::kFalse;
  } else if (Accept(Word::kUNKNOWN)) {
    node->test = IsTest::kUnknown;
  } else if (Accept(Word::kJSON)) {
    node->test = Accept(Word::kOBJECT)   ? IsTest::kJsonObject
                 : Accept(Word::kARRAY)  ? IsTest::kJsonArray
                 : Accept(Word::kSCALAR) ? IsTest::kJsonScalar
                                         : IsTest::kJsonValue;
    if (node->test == IsTest::kJsonValue) Accept(Word::kVALUE);
  } else {
    return Expected("NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM or JSON after IS");
  }
  const int height = operand->height;
  node->operand = std::move(operand);
  Close(node.get());
  return Grow(std::move(node), height);
}

Result<ExprPtr> Parser::ParsePredicate(ExprPtr value) {
  const Token first = Current();
  const bool negated = Accept(Word::kNOT);
  int height = value->height;
  const auto finish = [&](auto node) -> Result<ExprPtr> {
    node->location = first.location;
    node->range.begin = value->range.begin;
    node->negated = negated;
    node->value = std::move(value);
    Close(node.get());
    return Grow(std::move(node), height);
  };
  if (Accept(Word::kBETWEEN)) {
    auto node = std::make_unique<BetweenExpr>();
    node->symmetric = Accept(Word::kSYMMETRIC);
    if (!node->symmetric) Accept(Word::kASYMMETRIC);
    MR_ASSIGN(node->low, ParseBinary(Precedence::kAdditive));
    MR_TRY(Expect(Word::kAND, "after the lower bound of BETWEEN"));
    MR_ASSIGN(node->high, ParseBinary(Precedence::kAdditive));
    height = std::max(height, std::max<int>(node->low->height, node->high->height));
    return finish(std::move(node));
  }
  if (Accept(Word::kIN)) {
    auto node = std::make_unique<InExpr>();
    const Heights heights(this);
    if (AtQueryParen()) {
      MR_ASSIGN(node->query, ParseParenthesisedQuery());
    } else {
      MR_TRY(Expect(TokenKind::kLeftParen, "after IN"));
      if (At(TokenKind::kRightParen)) return Expected("a value or a query inside IN (…)");
      MR_TRY(ParseExprList(&node->list));
      if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' in the list of IN");
    }
    height = std::max(height, height_);
    return finish(std::move(node));
  }
  auto node = std::make_unique<LikeExpr>();
  if (Accept(Word::kSIMILAR)) {
    MR_TRY(Expect(Word::kTO, "after SIMILAR"));
    node->is_similar = true;
  } else {
    MR_TRY(Expect(Word::kLIKE));
  }
  MR_ASSIGN(node->pattern, ParseBinary(Precedence::kAdditive));
  height = std::max<int>(height, node->pattern->height);
  if (Accept(Word::kESCAPE)) {
    MR_ASSIGN(node->escape, ParseBinary(Precedence::kAdditive));
    height = std::max<int>(height, node->escape->height);
  }
  return finish(std::move(node));
}

Result<ExprPtr> Parser::ParsePrefix(Precedence lowest) {
  const Token first = Current();
  const auto unary = [&](UnaryOp op, Precedence precedence) -> Result<ExprPtr> {
    auto node = Make<UnaryExpr>(first);
    node->op = op;
    Advance();
    MR_ASSIGN(node->operand, ParseBinary(precedence));
    const int height = node->operand->height;
    Close(node.get());
    return Grow(std::move(node), height);
  };
  if (At(Word::kNOT)) {
    if (lowest > Precedence::kNot) {
      return Fail(ErrorCode::kSyntaxError, "NOT cannot stand here",
                  "put parentheses around NOT and what it negates", first.location);
    }
    return unary(UnaryOp::kNot, Precedence::kNot);
  }
  if (At(TokenKind::kMinus)) return unary(UnaryOp::kMinus, Precedence::kUnary);
  if (At(TokenKind::kPlus)) return unary(UnaryOp::kPlus, Precedence::kUnary);
  if (At(Word::kRUNNING)) return unary(UnaryOp::kRunning, Precedence::kPostfix);
  if (At(Word::kFINAL) && (IsNameAhead(1) || Ahead(1).kind == TokenKind::kWord) &&
      IsAhead(2, TokenKind::kLeftParen)) {
    return unary(UnaryOp::kFinal, Precedence::kPostfix);
  }
  return ParsePostfix();
}

Result<ExprPtr> Parser::ParsePostfix() {
  const Heights heights(this);
  MR_ASSIGN(ExprPtr value, ParsePrimary());
  while (true) {
    const Token operation = Current();
    int height = value->height;
    if (Accept(TokenKind::kLeftBracket)) {
      auto node = std::make_unique<SubscriptExpr>();
      node->location = operation.location;
      node->range.begin = value->range.begin;
      MR_ASSIGN(node->index, ParseExpr());
      MR_TRY(Expect(TokenKind::kRightBracket, "after the index"));
      height = std::max<int>(height, node->index->height);
      node->base = std::move(value);
      Close(node.get());
      MR_ASSIGN(value, Grow(std::move(node), height));
    } else if (At(TokenKind::kDot)) {
      Advance();
      auto node = std::make_unique<FieldAccessExpr>();
      node->location = Current().location;
      node->range.begin = value->range.begin;
      if (Accept(TokenKind::kStar)) {
        node->star = true;
      } else {
        MR_ASSIGN(node->field, ParseName("the name of a field after '.'"));
      }
      node->base = std::move(value);
      Close(node.get());
      MR_ASSIGN(value, Grow(std::move(node), height));
    } else if (At(Word::kAT) && IsAhead(1, Word::kTIME)) {
      Advance();
      Advance();
      MR_TRY(Expect(Word::kZONE, "after AT TIME"));
      auto node = std::make_unique<AtTimeZoneExpr>();
      node->location = operation.location;
      node->range.begin = value->range.begin;
      MR_ASSIGN(node->zone, ParsePrimary());
      height = std::max<int>(height, node->zone->height);
      node->value = std::move(value);
      Close(node.get());
      MR_ASSIGN(value, Grow(std::move(node), height));
    } else {
      return value;
    }
  }
}

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
      return NotSupported(first, "parameters ('?') are not supported", "write the value itself");
    case TokenKind::kLeftBrace:
      return NotSupported(
          first, "'{' is not supported here",
          "write DATE '2020-01-01' or TIMESTAMP '2020-01-01 00:00:00', and functions by their names");
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
  MR_ASSIGN(node->from, ParseTimeUnit("after the interval's length"));
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
