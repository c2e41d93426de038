// ExpressionBinder: from expressions of the syntax tree to bound expressions over one relation.
//
// Lives while one clause is bound; one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/registry.h"
#include "plan/scope.h"
#include "sql/expression.h"

namespace millrace::plan {

class ExpressionBinder {
 public:
  // Tried on each expression, outermost first: an answer is taken instead of binding it. For aggregates and
  // the like.
  using Intercept = std::function<std::optional<Result<functions::ExprPtr>>(const sql::Expr&)>;

  // `clause` is named in errors: "WHERE". The relation may be null: then there are no columns.
  ExpressionBinder(const Relation* relation, const functions::BindContext& context, std::string_view clause)
      : relation_(relation), context_(context), clause_(clause) {}

  void set_intercept(Intercept intercept) { intercept_ = std::move(intercept); }

  Result<functions::ExprPtr> Bind(const sql::Expr& expr);
  // One that must be BOOLEAN.
  Result<functions::ExprPtr> BindCondition(const sql::Expr& expr);

  // Where a column reference made by this binder was written; unknown for others.
  SourceLocation LocationOf(const functions::Expression& expr) const;

  // A call by name, its error placed.
  Result<functions::ExprPtr> Call(std::string_view name, std::vector<functions::ExprPtr> args,
                                  SourceLocation location) const;
  const functions::BindContext& context() const { return context_; }

 private:
  Result<functions::ExprPtr> BindIdentifier(const sql::IdentifierExpr& identifier);
  Result<functions::ExprPtr> BindFields(functions::ExprPtr row, const std::vector<sql::Name>& names,
                                        size_t first);
  Result<functions::ExprPtr> BindUnary(const sql::UnaryExpr& unary);
  Result<functions::ExprPtr> BindBinary(const sql::BinaryExpr& binary);
  Result<functions::ExprPtr> BindOverlaps(const sql::BinaryExpr& binary);
  Result<functions::ExprPtr> BindRowComparison(const sql::BinaryExpr& binary, const sql::RowExpr& left,
                                               const sql::RowExpr& right);
  Result<functions::ExprPtr> BindIs(const sql::IsExpr& is);
  Result<functions::ExprPtr> BindCase(const sql::CaseExpr& expr);
  Result<functions::ExprPtr> BindCast(const sql::CastExpr& cast);
  Result<functions::ExprPtr> BindIn(const sql::InExpr& in);
  Result<functions::ExprPtr> BindBetween(const sql::BetweenExpr& between);
  Result<functions::ExprPtr> BindLike(const sql::LikeExpr& like);
  Result<functions::ExprPtr> BindCall(const sql::FunctionCallExpr& call);
  Result<functions::ExprPtr> BindJsonValue(const sql::JsonValueExpr& json);
  Result<functions::ExprPtr> BindJsonQuery(const sql::JsonQueryExpr& json);
  Result<functions::ExprPtr> BindJsonExists(const sql::JsonExistsExpr& json);
  Result<functions::ExprPtr> BindJsonObject(const sql::JsonObjectExpr& json);
  Result<functions::ExprPtr> BindJsonArray(const sql::JsonArrayExpr& json);
  Result<std::vector<functions::ExprPtr>> BindAll(const std::vector<sql::ExprPtr>& exprs);

  const Relation* relation_;
  functions::BindContext context_;
  std::string clause_;
  Intercept intercept_;
  // Kept alive here, so that an address names one column reference only.
  std::map<functions::ExprPtr, SourceLocation> locations_;
};

// "SUM(x)" as written, for messages: the name of the function in upper case.
std::string UpperName(const sql::FunctionCallExpr& call);
// Whether the expression is a call of an aggregate function (not OVER a window), JSON_OBJECTAGG and
// JSON_ARRAYAGG included.
bool IsAggregateCall(const sql::Expr& expr);
// Whether there is one in it.
bool ContainsAggregate(const sql::Expr& expr);

}  // namespace millrace::plan
