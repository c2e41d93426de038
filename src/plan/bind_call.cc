// Calls of functions by name.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "plan/ast_walk.h"
#include "plan/bind_expression.h"
#include "plan/bind_type.h"

namespace millrace::plan {

using functions::ExprPtr;

namespace {

// Functions that may stand only where another part of the planner takes them.
std::string_view MisplacedHint(std::string_view name) {
  if (name == "TUMBLE" || name == "HOP" || name == "SESSION" || name == "CUMULATE") {
    return "write TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) in FROM, and GROUP BY "
           "window_start, "
           "window_end";
  }
  if (name.starts_with("TUMBLE_") || name.starts_with("HOP_") || name.starts_with("SESSION_")) {
    return "it takes the same arguments as the TUMBLE, HOP or SESSION in GROUP BY";
  }
  if (name == "GROUPING" || name == "GROUPING_ID" || name == "GROUP_ID") {
    return "it is for queries with GROUP BY";
  }
  return {};
}

bool IsRankFunction(std::string_view name) {
  return name == "ROW_NUMBER" || name == "RANK" || name == "DENSE_RANK" || name == "NTILE" || name == "LAG" ||
         name == "LEAD" || name == "PERCENT_RANK" || name == "CUME_DIST" || name == "NTH_VALUE";
}

}  // namespace

std::string UpperName(const sql::FunctionCallExpr& call) {
  std::string name = call.name.Last().text;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

bool IsAggregateCall(const sql::Expr& expr) {
  switch (expr.kind) {
    case sql::ExprKind::kFunctionCall: {
      const auto& call = expr.As<sql::FunctionCallExpr>();
      return call.over == nullptr && call.name.parts.size() == 1 &&
             functions::Registry::Get().FindAggregate(UpperName(call)) != nullptr &&
             functions::Registry::Get().FindScalar(UpperName(call)) == nullptr;
    }
    case sql::ExprKind::kJsonObject:
      return expr.As<sql::JsonObjectExpr>().is_aggregate;
    case sql::ExprKind::kJsonArray:
      return expr.As<sql::JsonArrayExpr>().is_aggregate;
    default:
      return false;
  }
}

bool ContainsAggregate(const sql::Expr& expr) {
  return AnyOf(expr, [](const sql::Expr& e) { return IsAggregateCall(e); });
}

Result<ExprPtr> ExpressionBinder::BindCall(const sql::FunctionCallExpr& call) {
  const std::string name = UpperName(call);
  const functions::Registry& registry = functions::Registry::Get();
  if (call.name.parts.size() > 1) {
    return Fail(ErrorCode::kUndefinedFunction, fmt::format("no function '{}'", call.name.ToString()),
                "functions are named without a schema; there are built-in ones only", call.location);
  }
  if (call.over != nullptr) {
    if (IsRankFunction(name) && name != "ROW_NUMBER") {
      return Fail(ErrorCode::kNotSupported, fmt::format("{} OVER is not supported yet", name),
                  "with OVER there is ROW_NUMBER whose number is bounded, e.g. WHERE rn <= 10",
                  call.location);
    }
    return Fail(ErrorCode::kNotSupported,
                name == "ROW_NUMBER" ? fmt::format("ROW_NUMBER cannot stand in {}", clause_)
                                     : fmt::format("{} OVER is not supported yet", name),
                name == "ROW_NUMBER"
                    ? "give it a name in a subquery's select list and filter by that name"
                    : "with OVER there is ROW_NUMBER whose number is bounded, e.g. WHERE rn <= 10",
                call.location);
  }
  if (IsRankFunction(name)) {
    return Fail(ErrorCode::kWindowingError, fmt::format("{} needs an OVER clause", name),
                "write ROW_NUMBER() OVER (PARTITION BY ... ORDER BY ...)", call.location);
  }
  const functions::ScalarFunction* function = registry.FindScalar(name);
  if (function == nullptr && IsAggregateCall(call)) {
    return Fail(ErrorCode::kGroupingError,
                fmt::format("the aggregate function {} cannot stand in {}", name, clause_),
                clause_ == "WHERE" ? "filter groups in HAVING" : "aggregate in a subquery", call.location);
  }
  if (const std::string_view hint = MisplacedHint(name); function == nullptr && !hint.empty()) {
    return Fail(ErrorCode::kGroupingError, fmt::format("{} cannot stand in {}", name, clause_),
                std::string(hint), call.location);
  }
  if (call.distinct || call.filter != nullptr || !call.within_group.empty() || !call.order_by.empty() ||
      call.null_treatment != sql::NullTreatment::kUnspecified) {
    if (function != nullptr) {
      return Fail(
          ErrorCode::kSyntaxError,
          fmt::format("{} is not an aggregate function: it takes no DISTINCT, FILTER or ORDER BY", name), {},
          call.location);
    }
  }
  std::vector<ExprPtr> args;
  for (const sql::ExprPtr& arg : call.args) {
    if (arg->kind == sql::ExprKind::kStar) {
      return Fail(ErrorCode::kSyntaxError, fmt::format("{}(*) is not a call: only COUNT takes *", name), {},
                  arg->location);
    }
    MR_ASSIGN(ExprPtr one, Bind(*arg));
    args.push_back(std::move(one));
  }
  // Bound with the unit first, however it is written.
  if ((name == "FLOOR" || name == "CEIL" || name == "CEILING") && args.size() == 2 &&
      call.args[1]->kind == sql::ExprKind::kSymbol) {
    std::swap(args[0], args[1]);
  }
  return Call(name, std::move(args), call.location);
}

}  // namespace millrace::plan
