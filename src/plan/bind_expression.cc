#include "plan/bind_expression.h"

#include <fmt/core.h>

#include <utility>

#include "plan/ast_walk.h"
#include "plan/bind_type.h"
#include "plan/field_access.h"
#include "plan/node_factory.h"
#include "sql/server_statement.h"

namespace millrace::plan {

namespace {

using data::DataType;
using data::Value;
using functions::ExprPtr;
using functions::MakeLiteral;

std::string_view OperatorName(sql::BinaryOp op) {
  switch (op) {
    case sql::BinaryOp::kOr:
      return "OR";
    case sql::BinaryOp::kAnd:
      return "AND";
    case sql::BinaryOp::kEqual:
      return "=";
    case sql::BinaryOp::kNotEqual:
      return "<>";
    case sql::BinaryOp::kLess:
      return "<";
    case sql::BinaryOp::kLessEqual:
      return "<=";
    case sql::BinaryOp::kGreater:
      return ">";
    case sql::BinaryOp::kGreaterEqual:
      return ">=";
    case sql::BinaryOp::kIsDistinctFrom:
      return "IS DISTINCT FROM";
    case sql::BinaryOp::kIsNotDistinctFrom:
      return "IS NOT DISTINCT FROM";
    case sql::BinaryOp::kAdd:
      return "+";
    case sql::BinaryOp::kSubtract:
      return "-";
    case sql::BinaryOp::kMultiply:
      return "*";
    case sql::BinaryOp::kDivide:
      return "/";
    case sql::BinaryOp::kModulo:
      return "%";
    case sql::BinaryOp::kConcat:
      return "||";
    case sql::BinaryOp::kOverlaps:
      return "OVERLAPS";
  }
  return "";
}

// -literal as a literal; null: not a number, or it would not fit.
ExprPtr NegatedLiteral(const functions::Expression& expr) {
  if (expr.kind() != functions::ExprKind::kLiteral) return nullptr;
  const Value& value = static_cast<const functions::Literal&>(expr).value();
  const DataType& type = expr.type();
  if (value.is_null()) return nullptr;
  if (type.kind() == data::TypeKind::kDecimal) return MakeLiteral(type, Value::Decimal(-value.as_decimal()));
  if (type.kind() == data::TypeKind::kDouble) return MakeLiteral(type, Value::Double(-value.as_double()));
  if (type.IsInteger() || type.IsInterval()) return MakeLiteral(type, Value::Int(-value.as_int()));
  return nullptr;
}

}  // namespace

Result<ExprPtr> ExpressionBinder::Bind(const sql::Expr& expr) {
  if (intercept_) {
    if (std::optional<Result<ExprPtr>> answer = intercept_(expr)) return *std::move(answer);
  }
  using sql::ExprKind;
  const auto refuse = [&](std::string message, std::string hint) {
    return Fail(ErrorCode::kNotSupported, std::move(message), std::move(hint), expr.location);
  };
  switch (expr.kind) {
    case ExprKind::kLiteral:
      return BindLiteral(expr.As<sql::LiteralExpr>(), context_);
    case ExprKind::kInterval:
      return BindInterval(expr.As<sql::IntervalExpr>());
    case ExprKind::kIdentifier:
      return BindIdentifier(expr.As<sql::IdentifierExpr>());
    case ExprKind::kStar:
      return Fail(ErrorCode::kSyntaxError, fmt::format("'*' does not stand for a value in {}", clause_),
                  "it may be an item of the select list, or the argument of COUNT", expr.location);
    case ExprKind::kUnary:
      return BindUnary(expr.As<sql::UnaryExpr>());
    case ExprKind::kBinary:
      return BindBinary(expr.As<sql::BinaryExpr>());
    case ExprKind::kIs:
      return BindIs(expr.As<sql::IsExpr>());
    case ExprKind::kCase:
      return BindCase(expr.As<sql::CaseExpr>());
    case ExprKind::kCast:
      return BindCast(expr.As<sql::CastExpr>());
    case ExprKind::kIn:
      return BindIn(expr.As<sql::InExpr>());
    case ExprKind::kExists:
      return refuse("EXISTS with a subquery is not supported yet", "subqueries are supported in FROM");
    case ExprKind::kQuantified:
      return refuse("a comparison with ANY or ALL of a subquery is not supported yet",
                    "subqueries are supported in FROM; compare with a list by IN");
    case ExprKind::kBetween:
      return BindBetween(expr.As<sql::BetweenExpr>());
    case ExprKind::kLike:
      return BindLike(expr.As<sql::LikeExpr>());
    case ExprKind::kFunctionCall:
      return BindCall(expr.As<sql::FunctionCallExpr>());
    case ExprKind::kNamedArg:
      return refuse("named arguments are supported in window table functions only",
                    "give the arguments in order");
    case ExprKind::kDefault:
      return refuse("DEFAULT is not supported here",
                    "leave the column out of the column list to insert NULL");
    case ExprKind::kSymbol: {
      const auto& symbol = expr.As<sql::SymbolExpr>();
      std::string_view text;
      if (symbol.unit) text = TimeUnitName(*symbol.unit);
      if (symbol.trim) {
        text = *symbol.trim == sql::TrimMode::kBoth      ? "BOTH"
               : *symbol.trim == sql::TrimMode::kLeading ? "LEADING"
                                                         : "TRAILING";
      }
      return MakeLiteral(DataType::Char(static_cast<uint32_t>(text.size())).NotNull(),
                         Value::String(std::string(text)));
    }
    case ExprKind::kDescriptor:
    case ExprKind::kTableArg:
      return refuse("DESCRIPTOR and TABLE arguments belong to window table functions",
                    "use one in FROM: TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))");
    case ExprKind::kJsonValue:
      return BindJsonValue(expr.As<sql::JsonValueExpr>());
    case ExprKind::kJsonQuery:
      return BindJsonQuery(expr.As<sql::JsonQueryExpr>());
    case ExprKind::kJsonExists:
      return BindJsonExists(expr.As<sql::JsonExistsExpr>());
    case ExprKind::kJsonObject:
      return BindJsonObject(expr.As<sql::JsonObjectExpr>());
    case ExprKind::kJsonArray:
      return BindJsonArray(expr.As<sql::JsonArrayExpr>());
    case ExprKind::kArray: {
      MR_ASSIGN(std::vector<ExprPtr> args, BindAll(expr.As<sql::ArrayExpr>().elements));
      return Call("ARRAY", std::move(args), expr.location);
    }
    case ExprKind::kMap: {
      MR_ASSIGN(std::vector<ExprPtr> args, BindAll(expr.As<sql::MapExpr>().elements));
      return Call("MAP", std::move(args), expr.location);
    }
    case ExprKind::kRow: {
      MR_ASSIGN(std::vector<ExprPtr> args, BindAll(expr.As<sql::RowExpr>().fields));
      return Call("ROW", std::move(args), expr.location);
    }
    case ExprKind::kSubscript: {
      MR_ASSIGN(ExprPtr base, Bind(*expr.As<sql::SubscriptExpr>().base));
      MR_ASSIGN(ExprPtr index, Bind(*expr.As<sql::SubscriptExpr>().index));
      return Call("ITEM", {std::move(base), std::move(index)}, expr.location);
    }
    case ExprKind::kFieldAccess: {
      const auto& access = expr.As<sql::FieldAccessExpr>();
      MR_ASSIGN(ExprPtr base, Bind(*access.base));
      if (access.star) {
        return refuse("'.*' of a row is supported in the select list only", "name the fields");
      }
      return BindFields(std::move(base), {access.field}, 0);
    }
    case ExprKind::kAtTimeZone:
      return refuse("AT TIME ZONE is not supported",
                    "use CONVERT_TZ(text, from_zone, to_zone), or SET 'table.local-time-zone'");
    case ExprKind::kSubquery:
      return refuse("a subquery as a value is not supported yet", "subqueries are supported in FROM");
    case ExprKind::kParameter:
      return Fail(ErrorCode::kUndefinedParameter,
                  fmt::format("there is no parameter ${}", expr.As<sql::ParameterExpr>().number),
                  "values come with an execution: PREPARE p AS …, then EXECUTE p(…)", expr.location);
    case ExprKind::kGroupingElement:
      return refuse("GROUPING SETS, ROLLUP and CUBE belong to GROUP BY", {});
  }
  MR_UNREACHABLE();
}

Result<ExprPtr> ExpressionBinder::BindCondition(const sql::Expr& expr) {
  MR_ASSIGN(ExprPtr condition, Bind(expr));
  if (condition->type().kind() == data::TypeKind::kNull) {
    return MakeLiteral(DataType::Boolean(), Value::Null());
  }
  if (condition->type().kind() != data::TypeKind::kBoolean) {
    return Fail(ErrorCode::kDatatypeMismatch,
                fmt::format("{} must be BOOLEAN, not {}", clause_, condition->type().ToString()),
                "write a comparison", expr.location);
  }
  return condition;
}

SourceLocation ExpressionBinder::LocationOf(const functions::Expression& expr) const {
  for (const auto& [known, location] : locations_) {
    if (known.get() == &expr) return location;
  }
  return {};
}

Result<ExprPtr> ExpressionBinder::Call(std::string_view name, std::vector<ExprPtr> args,
                                       SourceLocation location) const {
  Result<ExprPtr> call = functions::Registry::Get().BindScalar(name, std::move(args), context_);
  if (!call) return std::unexpected(call.error().At(location));
  return call;
}

Result<std::vector<ExprPtr>> ExpressionBinder::BindAll(const std::vector<sql::ExprPtr>& exprs) {
  std::vector<ExprPtr> bound;
  bound.reserve(exprs.size());
  for (const sql::ExprPtr& expr : exprs) {
    MR_ASSIGN(ExprPtr one, Bind(*expr));
    bound.push_back(std::move(one));
  }
  return bound;
}

Result<ExprPtr> ExpressionBinder::BindIdentifier(const sql::IdentifierExpr& identifier) {
  if (relation_ == nullptr) {
    return Fail(ErrorCode::kUndefinedColumn, fmt::format("no column '{}'", identifier.parts[0].text),
                fmt::format("{} has no columns to name; text is written in single quotes", clause_),
                identifier.location);
  }
  MR_ASSIGN(const ResolvedColumn resolved, ResolveColumn(*relation_, identifier.parts));
  ExprPtr column = functions::MakeColumn(resolved.column, relation_->type(resolved.column));
  locations_.emplace(column, identifier.location);
  return BindFields(std::move(column), identifier.parts, resolved.parts);
}

Result<ExprPtr> ExpressionBinder::BindFields(ExprPtr row, const std::vector<sql::Name>& names, size_t first) {
  for (size_t i = first; i < names.size(); ++i) {
    const sql::Name& name = names[i];
    if (row->type().kind() != data::TypeKind::kRow) {
      return Fail(ErrorCode::kUndefinedColumn,
                  fmt::format("no field '{}' in a value of type {}", name.text, row->type().ToString()),
                  "only ROW values have fields", name.location);
    }
    const std::vector<data::RowField>& fields = row->type().fields();
    int found = -1;
    std::string all;
    for (size_t f = 0; f < fields.size(); ++f) {
      if (fields[f].name == name.text) found = static_cast<int>(f);
      all += (f == 0 ? "" : ", ") + fields[f].name;
    }
    if (found < 0) {
      return Fail(ErrorCode::kUndefinedColumn, fmt::format("no field '{}'", name.text),
                  fmt::format("the fields are {}", all), name.location);
    }
    row = MakeFieldAccess(std::move(row), found);
  }
  return row;
}

Result<ExprPtr> ExpressionBinder::BindUnary(const sql::UnaryExpr& unary) {
  MR_ASSIGN(ExprPtr operand, Bind(*unary.operand));
  switch (unary.op) {
    case sql::UnaryOp::kNot:
      return Call("NOT", {std::move(operand)}, unary.location);
    case sql::UnaryOp::kPlus:
      if (!operand->type().IsNumeric() && !operand->type().IsInterval()) {
        return Fail(ErrorCode::kDatatypeMismatch, fmt::format("+ of a {}", operand->type().ToString()),
                    "it takes a number or an interval", unary.location);
      }
      return operand;
    case sql::UnaryOp::kMinus:
      if (ExprPtr literal = NegatedLiteral(*operand)) return literal;
      return Call("NEGATE", {std::move(operand)}, unary.location);
    case sql::UnaryOp::kRunning:
    case sql::UnaryOp::kFinal:
      return Fail(ErrorCode::kNotSupported,
                  "RUNNING and FINAL belong to MATCH_RECOGNIZE, which is not supported yet", {},
                  unary.location);
  }
  MR_UNREACHABLE();
}

Result<ExprPtr> ExpressionBinder::BindBinary(const sql::BinaryExpr& binary) {
  if (binary.op == sql::BinaryOp::kOverlaps) return BindOverlaps(binary);
  if ((binary.op == sql::BinaryOp::kEqual || binary.op == sql::BinaryOp::kNotEqual) &&
      binary.left->kind == sql::ExprKind::kRow && binary.right->kind == sql::ExprKind::kRow) {
    return BindRowComparison(binary, binary.left->As<sql::RowExpr>(), binary.right->As<sql::RowExpr>());
  }
  MR_ASSIGN(ExprPtr left, Bind(*binary.left));
  MR_ASSIGN(ExprPtr right, Bind(*binary.right));
  return Call(OperatorName(binary.op), {std::move(left), std::move(right)}, binary.location);
}

// (start, end) OVERLAPS (start, end): an interval as an end is a length; the two points may come in any
// order.
Result<ExprPtr> ExpressionBinder::BindOverlaps(const sql::BinaryExpr& binary) {
  struct Period {
    ExprPtr first;
    ExprPtr last;
  };
  const auto bind = [&](const sql::Expr& expr) -> Result<Period> {
    const auto* row = expr.AsIf<sql::RowExpr>();
    if (row == nullptr || row->fields.size() != 2) {
      return Fail(ErrorCode::kSyntaxError, "OVERLAPS takes two periods",
                  "write (start, end) OVERLAPS (start, end)", expr.location);
    }
    MR_ASSIGN(ExprPtr start, Bind(*row->fields[0]));
    MR_ASSIGN(ExprPtr end, Bind(*row->fields[1]));
    if (end->type().IsInterval()) {
      MR_ASSIGN(end, Call("+", {start, std::move(end)}, row->fields[1]->location));
    }
    MR_ASSIGN(ExprPtr in_order, Call("<=", {start, end}, expr.location));
    Period period;
    MR_ASSIGN(period.first, Call("CASE", {in_order, start, end}, expr.location));
    MR_ASSIGN(period.last, Call("CASE", {in_order, end, start}, expr.location));
    return period;
  };
  MR_ASSIGN(const Period a, bind(*binary.left));
  MR_ASSIGN(const Period b, bind(*binary.right));
  MR_ASSIGN(ExprPtr before, Call("<=", {a.first, b.last}, binary.location));
  MR_ASSIGN(ExprPtr after, Call("<=", {b.first, a.last}, binary.location));
  return Conjunction(std::move(before), std::move(after));
}

Result<ExprPtr> ExpressionBinder::BindRowComparison(const sql::BinaryExpr& binary, const sql::RowExpr& left,
                                                    const sql::RowExpr& right) {
  if (left.fields.size() != right.fields.size()) {
    return Fail(
        ErrorCode::kDatatypeMismatch,
        fmt::format("a row of {} values is compared with one of {}", left.fields.size(), right.fields.size()),
        {}, binary.location);
  }
  ExprPtr all;
  for (size_t i = 0; i < left.fields.size(); ++i) {
    MR_ASSIGN(ExprPtr a, Bind(*left.fields[i]));
    MR_ASSIGN(ExprPtr b, Bind(*right.fields[i]));
    MR_ASSIGN(ExprPtr equal, Call("=", {std::move(a), std::move(b)}, binary.location));
    all = Conjunction(std::move(all), std::move(equal));
  }
  if (binary.op == sql::BinaryOp::kNotEqual) return Call("NOT", {std::move(all)}, binary.location);
  return all;
}

Result<ExprPtr> ExpressionBinder::BindIs(const sql::IsExpr& is) {
  MR_ASSIGN(ExprPtr operand, Bind(*is.operand));
  const auto json = [&](std::string_view kind) -> Result<ExprPtr> {
    MR_ASSIGN(ExprPtr test, Call(fmt::format("IS JSON {}", kind), {std::move(operand)}, is.location));
    if (is.negated) return Call("NOT", {std::move(test)}, is.location);
    return test;
  };
  switch (is.test) {
    case sql::IsTest::kUnknown:
      if (operand->type().kind() != data::TypeKind::kBoolean &&
          operand->type().kind() != data::TypeKind::kNull) {
        return Fail(ErrorCode::kDatatypeMismatch,
                    fmt::format("IS UNKNOWN takes a BOOLEAN, not {}", operand->type().ToString()),
                    "use IS NULL", is.location);
      }
      [[fallthrough]];
    case sql::IsTest::kNull:
      return Call(is.negated ? "IS NOT NULL" : "IS NULL", {std::move(operand)}, is.location);
    case sql::IsTest::kTrue:
      return Call(is.negated ? "IS NOT TRUE" : "IS TRUE", {std::move(operand)}, is.location);
    case sql::IsTest::kFalse:
      return Call(is.negated ? "IS NOT FALSE" : "IS FALSE", {std::move(operand)}, is.location);
    case sql::IsTest::kJsonValue:
      return json("VALUE");
    case sql::IsTest::kJsonObject:
      return json("OBJECT");
    case sql::IsTest::kJsonArray:
      return json("ARRAY");
    case sql::IsTest::kJsonScalar:
      return json("SCALAR");
  }
  MR_UNREACHABLE();
}

Result<ExprPtr> ExpressionBinder::BindCase(const sql::CaseExpr& expr) {
  std::vector<ExprPtr> args;
  ExprPtr operand;
  if (expr.operand != nullptr) {
    MR_ASSIGN(operand, Bind(*expr.operand));
  }
  for (const sql::CaseBranch& branch : expr.branches) {
    MR_ASSIGN(ExprPtr when, Bind(*branch.when));
    if (operand != nullptr) {
      MR_ASSIGN(when, Call("=", {operand, std::move(when)}, branch.when->location));
      for (const sql::ExprPtr& other : branch.or_when) {
        MR_ASSIGN(ExprPtr value, Bind(*other));
        MR_ASSIGN(value, Call("=", {operand, std::move(value)}, other->location));
        MR_ASSIGN(when, Call("OR", {std::move(when), std::move(value)}, other->location));
      }
    } else if (when->type().kind() != data::TypeKind::kBoolean &&
               when->type().kind() != data::TypeKind::kNull) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("the condition after WHEN must be BOOLEAN, not {}", when->type().ToString()),
                  {}, branch.when->location);
    }
    MR_ASSIGN(ExprPtr then, Bind(*branch.then));
    args.push_back(std::move(when));
    args.push_back(std::move(then));
  }
  ExprPtr otherwise = MakeLiteral(DataType::Null(), Value::Null());
  if (expr.otherwise != nullptr) {
    MR_ASSIGN(otherwise, Bind(*expr.otherwise));
  }
  args.push_back(std::move(otherwise));
  return Call("CASE", std::move(args), expr.location);
}

Result<ExprPtr> ExpressionBinder::BindCast(const sql::CastExpr& cast) {
  MR_ASSIGN(ExprPtr operand, Bind(*cast.operand));
  MR_ASSIGN(DataType type, BindType(cast.type));
  Result<ExprPtr> result = functions::MakeCast(std::move(operand), type, cast.is_try, context_);
  if (!result) return std::unexpected(result.error().At(cast.location));
  return result;
}

Result<ExprPtr> ExpressionBinder::BindIn(const sql::InExpr& in) {
  if (in.query != nullptr) {
    return Fail(ErrorCode::kNotSupported, "IN with a subquery is not supported yet",
                "IN takes a list of values", in.location);
  }
  if (in.value->kind == sql::ExprKind::kRow) {
    // (a, b) IN ((1, 2), (3, 4)): one of the rows is equal.
    ExprPtr any;
    const auto& value = in.value->As<sql::RowExpr>();
    for (const sql::ExprPtr& item : in.list) {
      if (item->kind != sql::ExprKind::kRow ||
          item->As<sql::RowExpr>().fields.size() != value.fields.size()) {
        return Fail(ErrorCode::kDatatypeMismatch,
                    fmt::format("a row of {} values is compared with something else", value.fields.size()),
                    {}, item->location);
      }
      ExprPtr all;
      for (size_t i = 0; i < value.fields.size(); ++i) {
        MR_ASSIGN(ExprPtr a, Bind(*value.fields[i]));
        MR_ASSIGN(ExprPtr b, Bind(*item->As<sql::RowExpr>().fields[i]));
        MR_ASSIGN(ExprPtr equal, Call("=", {std::move(a), std::move(b)}, item->location));
        all = Conjunction(std::move(all), std::move(equal));
      }
      if (any == nullptr) {
        any = std::move(all);
      } else {
        MR_ASSIGN(any, Call("OR", {std::move(any), std::move(all)}, in.location));
      }
    }
    if (in.negated) return Call("NOT", {std::move(any)}, in.location);
    return any;
  }
  std::vector<ExprPtr> args;
  MR_ASSIGN(ExprPtr value, Bind(*in.value));
  args.push_back(std::move(value));
  for (const sql::ExprPtr& item : in.list) {
    MR_ASSIGN(ExprPtr one, Bind(*item));
    args.push_back(std::move(one));
  }
  return Call(in.negated ? "NOT IN" : "IN", std::move(args), in.location);
}

Result<ExprPtr> ExpressionBinder::BindBetween(const sql::BetweenExpr& between) {
  MR_ASSIGN(ExprPtr value, Bind(*between.value));
  MR_ASSIGN(ExprPtr low, Bind(*between.low));
  MR_ASSIGN(ExprPtr high, Bind(*between.high));
  if (!between.symmetric) {
    return Call(between.negated ? "NOT BETWEEN" : "BETWEEN",
                {std::move(value), std::move(low), std::move(high)}, between.location);
  }
  MR_ASSIGN(ExprPtr one, Call("BETWEEN", {value, low, high}, between.location));
  MR_ASSIGN(ExprPtr other, Call("BETWEEN", {value, high, low}, between.location));
  MR_ASSIGN(ExprPtr either, Call("OR", {std::move(one), std::move(other)}, between.location));
  if (between.negated) return Call("NOT", {std::move(either)}, between.location);
  return either;
}

Result<ExprPtr> ExpressionBinder::BindLike(const sql::LikeExpr& like) {
  std::vector<ExprPtr> args;
  MR_ASSIGN(ExprPtr value, Bind(*like.value));
  MR_ASSIGN(ExprPtr pattern, Bind(*like.pattern));
  args.push_back(std::move(value));
  args.push_back(std::move(pattern));
  if (like.escape != nullptr) {
    MR_ASSIGN(ExprPtr escape, Bind(*like.escape));
    args.push_back(std::move(escape));
  }
  if (!like.is_similar) return Call(like.negated ? "NOT LIKE" : "LIKE", std::move(args), like.location);
  MR_ASSIGN(ExprPtr similar, Call("SIMILAR TO", std::move(args), like.location));
  if (like.negated) return Call("NOT", {std::move(similar)}, like.location);
  return similar;
}

}  // namespace millrace::plan
