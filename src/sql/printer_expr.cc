// Printing of expressions.
#include "sql/parser_internal.h"
#include "sql/printer.h"
#include "sql/printer_internal.h"

namespace millrace::sql {
namespace {

Precedence PrecedenceOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return Precedence::kOr;
    case BinaryOp::kAnd:
      return Precedence::kAnd;
    case BinaryOp::kEqual:
    case BinaryOp::kNotEqual:
    case BinaryOp::kLess:
    case BinaryOp::kLessEqual:
    case BinaryOp::kGreater:
    case BinaryOp::kGreaterEqual:
      return Precedence::kComparison;
    case BinaryOp::kIsDistinctFrom:
    case BinaryOp::kIsNotDistinctFrom:
      return Precedence::kIs;
    case BinaryOp::kAdd:
    case BinaryOp::kSubtract:
      return Precedence::kAdditive;
    case BinaryOp::kMultiply:
    case BinaryOp::kDivide:
    case BinaryOp::kModulo:
    case BinaryOp::kConcat:
      return Precedence::kMultiplicative;
    case BinaryOp::kOverlaps:
      return Precedence::kPredicate;
  }
  MR_UNREACHABLE();
}

std::string_view OperatorText(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return "OR";
    case BinaryOp::kAnd:
      return "AND";
    case BinaryOp::kEqual:
      return "=";
    case BinaryOp::kNotEqual:
      return "<>";
    case BinaryOp::kLess:
      return "<";
    case BinaryOp::kLessEqual:
      return "<=";
    case BinaryOp::kGreater:
      return ">";
    case BinaryOp::kGreaterEqual:
      return ">=";
    case BinaryOp::kIsDistinctFrom:
      return "IS DISTINCT FROM";
    case BinaryOp::kIsNotDistinctFrom:
      return "IS NOT DISTINCT FROM";
    case BinaryOp::kAdd:
      return "+";
    case BinaryOp::kSubtract:
      return "-";
    case BinaryOp::kMultiply:
      return "*";
    case BinaryOp::kDivide:
      return "/";
    case BinaryOp::kModulo:
      return "%";
    case BinaryOp::kConcat:
      return "||";
    case BinaryOp::kOverlaps:
      return "OVERLAPS";
  }
  MR_UNREACHABLE();
}

std::string_view TestText(IsTest test) {
  switch (test) {
    case IsTest::kNull:
      return "NULL";
    case IsTest::kTrue:
      return "TRUE";
    case IsTest::kFalse:
      return "FALSE";
    case IsTest::kUnknown:
      return "UNKNOWN";
    case IsTest::kJsonValue:
      return "JSON VALUE";
    case IsTest::kJsonObject:
      return "JSON OBJECT";
    case IsTest::kJsonArray:
      return "JSON ARRAY";
    case IsTest::kJsonScalar:
      return "JSON SCALAR";
  }
  MR_UNREACHABLE();
}

constexpr char kHexDigits[] = "0123456789ABCDEF";

}  // namespace

Precedence PrecedenceOf(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kBinary:
      return PrecedenceOf(expr.As<BinaryExpr>().op);
    case ExprKind::kUnary: {
      const UnaryOp op = expr.As<UnaryExpr>().op;
      return op == UnaryOp::kNot ? Precedence::kNot : Precedence::kUnary;
    }
    case ExprKind::kIs:
      return Precedence::kIs;
    case ExprKind::kQuantified:
      return Precedence::kComparison;
    case ExprKind::kIn:
    case ExprKind::kBetween:
    case ExprKind::kLike:
      return Precedence::kPredicate;
    case ExprKind::kSubscript:
    case ExprKind::kFieldAccess:
    case ExprKind::kAtTimeZone:
      return Precedence::kPostfix;
    default:
      return Precedence::kPrimary;
  }
}

void Printer::Wrapped(const Expr& expr, bool wrapped) {
  if (wrapped) Text("(");
  Write(expr);
  if (wrapped) Text(")");
}

void Printer::Write(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kLiteral:
      return WriteLiteral(expr.As<LiteralExpr>());
    case ExprKind::kInterval:
      return WriteInterval(expr.As<IntervalExpr>());
    case ExprKind::kIdentifier:
      return WriteDotted(expr.As<IdentifierExpr>().parts);
    case ExprKind::kStar: {
      const auto& star = expr.As<StarExpr>();
      WriteDotted(star.qualifier);
      return Text(star.qualifier.empty() ? "*" : ".*");
    }
    case ExprKind::kUnary:
      return WriteUnary(expr.As<UnaryExpr>());
    case ExprKind::kBinary:
      return WriteBinary(expr.As<BinaryExpr>());
    case ExprKind::kIs:
      return WriteIs(expr.As<IsExpr>());
    case ExprKind::kCase:
      return WriteCase(expr.As<CaseExpr>());
    case ExprKind::kCast: {
      const auto& cast = expr.As<CastExpr>();
      Text(cast.is_try ? "TRY_CAST(" : "CAST(");
      Write(*cast.operand);
      Text(" AS ");
      Write(cast.type);
      return Text(")");
    }
    case ExprKind::kIn:
      return WriteIn(expr.As<InExpr>());
    case ExprKind::kExists:
      Text("EXISTS (");
      Write(*expr.As<ExistsExpr>().query);
      return Text(")");
    case ExprKind::kQuantified:
      return WriteQuantified(expr.As<QuantifiedExpr>());
    case ExprKind::kBetween:
      return WriteBetween(expr.As<BetweenExpr>());
    case ExprKind::kLike:
      return WriteLike(expr.As<LikeExpr>());
    case ExprKind::kFunctionCall:
      return WriteCall(expr.As<FunctionCallExpr>());
    case ExprKind::kNamedArg:
      WriteName(expr.As<NamedArgExpr>().name);
      Text(" => ");
      return Write(*expr.As<NamedArgExpr>().value);
    case ExprKind::kDefault:
      return Text("DEFAULT");
    case ExprKind::kSymbol: {
      const auto& symbol = expr.As<SymbolExpr>();
      if (symbol.unit) return Text(UnitText(*symbol.unit));
      return Text(symbol.trim == TrimMode::kLeading    ? "LEADING"
                  : symbol.trim == TrimMode::kTrailing ? "TRAILING"
                                                       : "BOTH");
    }
    case ExprKind::kDescriptor:
      Text("DESCRIPTOR");
      return WriteNames(expr.As<DescriptorExpr>().columns);
    case ExprKind::kTableArg:
      return WriteTableArg(expr.As<TableArgExpr>());
    case ExprKind::kJsonValue:
      return WriteJsonValue(expr.As<JsonValueExpr>());
    case ExprKind::kJsonQuery:
      return WriteJsonQuery(expr.As<JsonQueryExpr>());
    case ExprKind::kJsonExists:
      return WriteJsonExists(expr.As<JsonExistsExpr>());
    case ExprKind::kJsonObject:
      return WriteJsonObject(expr.As<JsonObjectExpr>());
    case ExprKind::kJsonArray:
      return WriteJsonArray(expr.As<JsonArrayExpr>());
    case ExprKind::kArray:
      Text("ARRAY[");
      List(expr.As<ArrayExpr>().elements);
      return Text("]");
    case ExprKind::kMap:
      Text("MAP[");
      List(expr.As<MapExpr>().elements);
      return Text("]");
    case ExprKind::kRow:
      Text(expr.As<RowExpr>().has_keyword ? "ROW(" : "(");
      List(expr.As<RowExpr>().fields);
      return Text(")");
    case ExprKind::kSubscript: {
      const auto& subscript = expr.As<SubscriptExpr>();
      Wrapped(*subscript.base, PrecedenceOf(*subscript.base) < Precedence::kPostfix);
      Text("[");
      Write(*subscript.index);
      return Text("]");
    }
    case ExprKind::kFieldAccess:
      return WriteFieldAccess(expr.As<FieldAccessExpr>());
    case ExprKind::kAtTimeZone: {
      const auto& at = expr.As<AtTimeZoneExpr>();
      Wrapped(*at.value, PrecedenceOf(*at.value) < Precedence::kPostfix);
      Text(" AT TIME ZONE ");
      return Wrapped(*at.zone, PrecedenceOf(*at.zone) < Precedence::kPrimary);
    }
    case ExprKind::kSubquery:
      Text("(");
      Write(*expr.As<SubqueryExpr>().query);
      return Text(")");
    case ExprKind::kParameter:
      Text("$");
      return Number(expr.As<ParameterExpr>().number);
    case ExprKind::kGroupingElement:
      return WriteGroupingElement(expr.As<GroupingElementExpr>());
  }
  MR_UNREACHABLE();
}

void Printer::WriteLiteral(const LiteralExpr& expr) {
  switch (expr.literal) {
    case LiteralKind::kNull:
      return Text("NULL");
    case LiteralKind::kBoolean:
      return Text(expr.boolean ? "TRUE" : "FALSE");
    case LiteralKind::kInteger:
    case LiteralKind::kDecimal:
    case LiteralKind::kDouble:
      return Text(expr.text);
    case LiteralKind::kString:
      return String(expr.text);
    case LiteralKind::kBinary:
      Text("X'");
      for (const char c : expr.text) {
        const auto byte = static_cast<unsigned char>(c);
        out_ += kHexDigits[byte >> 4];
        out_ += kHexDigits[byte & 15];
      }
      return Text("'");
    case LiteralKind::kDate:
      Text("DATE ");
      break;
    case LiteralKind::kTime:
      Text("TIME ");
      break;
    case LiteralKind::kTimestamp:
      Text("TIMESTAMP ");
      break;
    case LiteralKind::kTimestampLtz:
      Text("TIMESTAMP_LTZ ");
      break;
  }
  String(expr.text);
}

void Printer::WriteInterval(const IntervalExpr& expr) {
  Text(expr.negative ? "INTERVAL -" : "INTERVAL ");
  String(expr.text);
  Text(" ");
  Text(UnitText(expr.from));
  if (expr.precision) {
    Text("(");
    Number(*expr.precision);
    if (expr.fraction && !expr.to) {
      Text(", ");
      Number(*expr.fraction);
    }
    Text(")");
  }
  if (!expr.to) return;
  Text(" TO ");
  Text(UnitText(*expr.to));
  if (expr.fraction) {
    Text("(");
    Number(*expr.fraction);
    Text(")");
  }
}

void Printer::WriteUnary(const UnaryExpr& expr) {
  const Precedence inner = PrecedenceOf(*expr.operand);
  switch (expr.op) {
    case UnaryOp::kNot:
      Text("NOT ");
      return Wrapped(*expr.operand, inner < Precedence::kNot);
    case UnaryOp::kPlus:
    case UnaryOp::kMinus:
      Text(expr.op == UnaryOp::kPlus ? "+" : "-");
      if (inner == Precedence::kUnary) Text(" ");  // --a is a comment
      return Wrapped(*expr.operand, inner < Precedence::kUnary);
    case UnaryOp::kRunning:
    case UnaryOp::kFinal:
      Text(expr.op == UnaryOp::kRunning ? "RUNNING " : "FINAL ");
      return Wrapped(*expr.operand, inner < Precedence::kPostfix);
  }
}

void Printer::WriteBinary(const BinaryExpr& expr) {
  const Precedence own = PrecedenceOf(expr.op);
  const Precedence left = PrecedenceOf(*expr.left);
  const Precedence right = PrecedenceOf(*expr.right);
  bool wrap_left = left < own;
  bool wrap_right = right <= own;
  if (expr.op == BinaryOp::kAnd || expr.op == BinaryOp::kOr) {
    wrap_right = right < own;  // associative
  } else if (own == Precedence::kIs) {
    wrap_left = left <= Precedence::kComparison;
    wrap_right = right <= Precedence::kComparison;
  } else if (own == Precedence::kComparison || own == Precedence::kPredicate) {
    wrap_left = left <= own;
  }
  Wrapped(*expr.left, wrap_left);
  Text(" ");
  Text(OperatorText(expr.op));
  Text(" ");
  Wrapped(*expr.right, wrap_right);
}

void Printer::WriteIs(const IsExpr& expr) {
  Wrapped(*expr.operand, PrecedenceOf(*expr.operand) <= Precedence::kComparison);
  Text(expr.negated ? " IS NOT " : " IS ");
  Text(TestText(expr.test));
}

void Printer::WriteCase(const CaseExpr& expr) {
  Text("CASE");
  if (expr.operand) {
    Text(" ");
    Write(*expr.operand);
  }
  for (const CaseBranch& branch : expr.branches) {
    Text(" WHEN ");
    Write(*branch.when);
    for (const ExprPtr& other : branch.or_when) {
      Text(", ");
      Write(*other);
    }
    Text(" THEN ");
    Write(*branch.then);
  }
  if (expr.otherwise) {
    Text(" ELSE ");
    Write(*expr.otherwise);
  }
  Text(" END");
}

void Printer::WriteIn(const InExpr& expr) {
  Wrapped(*expr.value, PrecedenceOf(*expr.value) <= Precedence::kPredicate);
  Text(expr.negated ? " NOT IN (" : " IN (");
  if (expr.query) {
    Write(*expr.query);
  } else {
    List(expr.list);
  }
  Text(")");
}

void Printer::WriteBetween(const BetweenExpr& expr) {
  Wrapped(*expr.value, PrecedenceOf(*expr.value) <= Precedence::kPredicate);
  Text(expr.negated ? " NOT BETWEEN " : " BETWEEN ");
  if (expr.symmetric) Text("SYMMETRIC ");
  Wrapped(*expr.low, PrecedenceOf(*expr.low) < Precedence::kAdditive);
  Text(" AND ");
  Wrapped(*expr.high, PrecedenceOf(*expr.high) < Precedence::kAdditive);
}

void Printer::WriteLike(const LikeExpr& expr) {
  Wrapped(*expr.value, PrecedenceOf(*expr.value) <= Precedence::kPredicate);
  Text(expr.negated ? " NOT " : " ");
  Text(expr.is_similar ? "SIMILAR TO " : "LIKE ");
  Wrapped(*expr.pattern, PrecedenceOf(*expr.pattern) < Precedence::kAdditive);
  if (!expr.escape) return;
  Text(" ESCAPE ");
  Wrapped(*expr.escape, PrecedenceOf(*expr.escape) < Precedence::kAdditive);
}

void Printer::WriteQuantified(const QuantifiedExpr& expr) {
  Wrapped(*expr.value, PrecedenceOf(*expr.value) <= Precedence::kComparison);
  Text(" ");
  Text(OperatorText(expr.op));
  Text(expr.is_all ? " ALL (" : " ANY (");
  Write(*expr.query);
  Text(")");
}

void Printer::WriteFieldAccess(const FieldAccessExpr& expr) {
  const Expr& base = *expr.base;
  // a.b would be a qualified name, and 1.b no expression at all.
  const bool wrapped = PrecedenceOf(base) < Precedence::kPostfix || base.kind == ExprKind::kIdentifier ||
                       base.kind == ExprKind::kLiteral || base.kind == ExprKind::kInterval ||
                       (base.kind == ExprKind::kFunctionCall && !base.As<FunctionCallExpr>().has_parentheses);
  Wrapped(base, wrapped);
  Text(".");
  if (expr.star) return Text("*");
  WriteName(expr.field);
}

void Printer::WriteGroupingElement(const GroupingElementExpr& expr) {
  switch (expr.grouping) {
    case GroupingKind::kEmptySet:
      return Text("()");
    case GroupingKind::kSets:
      Text("GROUPING SETS (");
      break;
    case GroupingKind::kRollup:
      Text("ROLLUP (");
      break;
    case GroupingKind::kCube:
      Text("CUBE (");
      break;
  }
  List(expr.elements);
  Text(")");
}

}  // namespace millrace::sql
