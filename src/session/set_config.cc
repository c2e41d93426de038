#include "session/set_config.h"

#include <algorithm>
#include <cctype>

#include "sql/expression.h"
#include "sql/query_body.h"
#include "sql/server_statement.h"

namespace millrace::session {
namespace {

bool SameWord(std::string_view word, std::string_view lower) {
  return std::ranges::equal(word, lower,
                            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

bool IsSetConfig(const sql::FunctionCallExpr& call) {
  const auto& parts = call.name.parts;
  const bool qualified = parts.size() == 2 && SameWord(parts[0].text, "pg_catalog");
  if ((!qualified && parts.size() != 1) || !SameWord(parts.back().text, "set_config")) return false;
  return call.args.size() == 3 && !call.distinct && call.filter == nullptr && call.over == nullptr &&
         call.order_by.empty() && call.within_group.empty();
}

std::optional<SetConfigCall::Argument> ArgumentOf(const sql::Expr& expr, sql::LiteralKind kind) {
  if (const auto* parameter = expr.AsIf<sql::ParameterExpr>()) {
    return SetConfigCall::Argument{parameter->number, {}};
  }
  const auto* literal = expr.AsIf<sql::LiteralExpr>();
  if (literal == nullptr) return std::nullopt;
  if (literal->literal == sql::LiteralKind::kNull) return SetConfigCall::Argument{};
  if (literal->literal != kind) return std::nullopt;
  return SetConfigCall::Argument{0, kind == sql::LiteralKind::kBoolean ? data::Value::Bool(literal->boolean)
                                                                       : data::Value::String(literal->text)};
}

}  // namespace

std::optional<std::vector<SetConfigCall>> RecogniseSetConfig(const sql::Query& query) {
  if (!query.ctes.empty() || !query.order_by.empty() || query.limit != nullptr || query.offset != nullptr)
    return {};
  if (query.body->kind != sql::QueryBodyKind::kSelect) return {};
  const auto& select = static_cast<const sql::SelectBody&>(*query.body);
  if (select.distinct || select.from != nullptr || select.where != nullptr || select.has_group_by ||
      select.having != nullptr || select.qualify != nullptr) {
    return {};
  }
  std::vector<SetConfigCall> calls;
  for (const sql::SelectItem& item : select.items) {
    const auto* call = item.expr->AsIf<sql::FunctionCallExpr>();
    if (call == nullptr || !IsSetConfig(*call)) return {};
    const auto name = ArgumentOf(*call->args[0], sql::LiteralKind::kString);
    const auto value = ArgumentOf(*call->args[1], sql::LiteralKind::kString);
    const auto is_local = ArgumentOf(*call->args[2], sql::LiteralKind::kBoolean);
    if (!name.has_value() || !value.has_value() || !is_local.has_value()) return {};
    calls.push_back({*name, *value, *is_local, item.alias.has_value() ? item.alias->text : "set_config"});
  }
  return calls;
}

}  // namespace millrace::session
