// Operators, by precedence climbing.
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
    } else if (Accept(TokenKind::kDoubleColon)) {
      auto node = std::make_unique<CastExpr>();
      node->location = operation.location;
      node->range.begin = value->range.begin;
      MR_ASSIGN(node->type, ParseCastType());
      node->operand = std::move(value);
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

}  // namespace millrace::sql
