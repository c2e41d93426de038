#include "plan/ast_walk.h"

#include <vector>

#include "sql/expression.h"

namespace millrace::plan {

namespace {

using Visit = std::function<void(const sql::Expr&)>;

void One(const sql::ExprPtr& expr, const Visit& visit) {
  if (expr != nullptr) visit(*expr);
}

void All(const std::vector<sql::ExprPtr>& exprs, const Visit& visit) {
  for (const sql::ExprPtr& expr : exprs) One(expr, visit);
}

void All(const std::vector<sql::OrderItem>& items, const Visit& visit) {
  for (const sql::OrderItem& item : items) One(item.expr, visit);
}

}  // namespace

void ForEachChild(const sql::Expr& expr, const Visit& visit) {
  using sql::ExprKind;
  switch (expr.kind) {
    case ExprKind::kLiteral:
    case ExprKind::kInterval:
    case ExprKind::kIdentifier:
    case ExprKind::kStar:
    case ExprKind::kParameter:
    case ExprKind::kExists:
    case ExprKind::kDefault:
    case ExprKind::kSymbol:
    case ExprKind::kDescriptor:
    case ExprKind::kSubquery:
      return;
    case ExprKind::kUnary:
      return One(expr.As<sql::UnaryExpr>().operand, visit);
    case ExprKind::kBinary:
      One(expr.As<sql::BinaryExpr>().left, visit);
      return One(expr.As<sql::BinaryExpr>().right, visit);
    case ExprKind::kIs:
      return One(expr.As<sql::IsExpr>().operand, visit);
    case ExprKind::kCase: {
      const auto& node = expr.As<sql::CaseExpr>();
      One(node.operand, visit);
      for (const sql::CaseBranch& branch : node.branches) {
        One(branch.when, visit);
        All(branch.or_when, visit);
        One(branch.then, visit);
      }
      return One(node.otherwise, visit);
    }
    case ExprKind::kCast:
      return One(expr.As<sql::CastExpr>().operand, visit);
    case ExprKind::kIn:
      One(expr.As<sql::InExpr>().value, visit);
      return All(expr.As<sql::InExpr>().list, visit);
    case ExprKind::kQuantified:
      return One(expr.As<sql::QuantifiedExpr>().value, visit);
    case ExprKind::kBetween: {
      const auto& node = expr.As<sql::BetweenExpr>();
      One(node.value, visit);
      One(node.low, visit);
      return One(node.high, visit);
    }
    case ExprKind::kLike: {
      const auto& node = expr.As<sql::LikeExpr>();
      One(node.value, visit);
      One(node.pattern, visit);
      return One(node.escape, visit);
    }
    case ExprKind::kFunctionCall: {
      const auto& node = expr.As<sql::FunctionCallExpr>();
      All(node.args, visit);
      One(node.filter, visit);
      All(node.within_group, visit);
      All(node.order_by, visit);
      if (node.over != nullptr) {
        All(node.over->partition_by, visit);
        All(node.over->order_by, visit);
      }
      return;
    }
    case ExprKind::kNamedArg:
      return One(expr.As<sql::NamedArgExpr>().value, visit);
    case ExprKind::kTableArg:
      All(expr.As<sql::TableArgExpr>().partition_by, visit);
      return All(expr.As<sql::TableArgExpr>().order_by, visit);
    case ExprKind::kJsonValue: {
      const auto& node = expr.As<sql::JsonValueExpr>();
      One(node.input, visit);
      One(node.path, visit);
      One(node.empty_default, visit);
      return One(node.error_default, visit);
    }
    case ExprKind::kJsonQuery:
      One(expr.As<sql::JsonQueryExpr>().input, visit);
      return One(expr.As<sql::JsonQueryExpr>().path, visit);
    case ExprKind::kJsonExists:
      One(expr.As<sql::JsonExistsExpr>().input, visit);
      return One(expr.As<sql::JsonExistsExpr>().path, visit);
    case ExprKind::kJsonObject:
      for (const sql::JsonPair& pair : expr.As<sql::JsonObjectExpr>().pairs) {
        One(pair.key, visit);
        One(pair.value, visit);
      }
      return One(expr.As<sql::JsonObjectExpr>().filter, visit);
    case ExprKind::kJsonArray:
      All(expr.As<sql::JsonArrayExpr>().elements, visit);
      return One(expr.As<sql::JsonArrayExpr>().filter, visit);
    case ExprKind::kArray:
      return All(expr.As<sql::ArrayExpr>().elements, visit);
    case ExprKind::kMap:
      return All(expr.As<sql::MapExpr>().elements, visit);
    case ExprKind::kRow:
      return All(expr.As<sql::RowExpr>().fields, visit);
    case ExprKind::kSubscript:
      One(expr.As<sql::SubscriptExpr>().base, visit);
      return One(expr.As<sql::SubscriptExpr>().index, visit);
    case ExprKind::kFieldAccess:
      return One(expr.As<sql::FieldAccessExpr>().base, visit);
    case ExprKind::kAtTimeZone:
      One(expr.As<sql::AtTimeZoneExpr>().value, visit);
      return One(expr.As<sql::AtTimeZoneExpr>().zone, visit);
    case ExprKind::kGroupingElement:
      return All(expr.As<sql::GroupingElementExpr>().elements, visit);
  }
}

bool AnyOf(const sql::Expr& expr, const std::function<bool(const sql::Expr&)>& test) {
  if (test(expr)) return true;
  bool found = false;
  ForEachChild(expr, [&](const sql::Expr& child) { found = found || AnyOf(child, test); });
  return found;
}

}  // namespace millrace::plan
