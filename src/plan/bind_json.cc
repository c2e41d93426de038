// JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_OBJECT and JSON_ARRAY: their clauses become literal arguments.
#include <fmt/core.h>

#include <utility>

#include "plan/bind_expression.h"
#include "plan/bind_type.h"

namespace millrace::plan {

namespace {

using data::DataType;
using data::Value;
using functions::ExprPtr;

ExprPtr Word(std::string_view text) {
  return functions::MakeLiteral(DataType::Char(static_cast<uint32_t>(text.size())).NotNull(),
                                Value::String(std::string(text)));
}

std::string_view BehaviorName(sql::JsonBehavior behavior, std::string_view unspecified) {
  switch (behavior) {
    case sql::JsonBehavior::kUnspecified:
      return unspecified;
    case sql::JsonBehavior::kNull:
      return "NULL";
    case sql::JsonBehavior::kError:
      return "ERROR";
    case sql::JsonBehavior::kDefault:
      return "DEFAULT";
    case sql::JsonBehavior::kEmptyArray:
      return "EMPTY ARRAY";
    case sql::JsonBehavior::kEmptyObject:
      return "EMPTY OBJECT";
    case sql::JsonBehavior::kTrue:
      return "TRUE";
    case sql::JsonBehavior::kFalse:
      return "FALSE";
    case sql::JsonBehavior::kUnknown:
      return "UNKNOWN";
  }
  return unspecified;
}

}  // namespace

// JSON_VALUE(input, path, on empty, its default, on error, its default), then a cast to the type after
// RETURNING.
Result<ExprPtr> ExpressionBinder::BindJsonValue(const sql::JsonValueExpr& json) {
  std::vector<ExprPtr> args;
  MR_ASSIGN(ExprPtr input, Bind(*json.input));
  MR_ASSIGN(ExprPtr path, Bind(*json.path));
  args.push_back(std::move(input));
  args.push_back(std::move(path));
  const auto add = [&](sql::JsonBehavior behavior, const sql::ExprPtr& value) -> Status {
    args.push_back(Word(BehaviorName(behavior, "NULL")));
    if (value == nullptr) {
      args.push_back(functions::MakeLiteral(DataType::Null(), Value::Null()));
    } else {
      MR_ASSIGN(ExprPtr bound, Bind(*value));
      args.push_back(std::move(bound));
    }
    return Ok();
  };
  MR_TRY(add(json.on_empty, json.empty_default));
  MR_TRY(add(json.on_error, json.error_default));
  MR_ASSIGN(ExprPtr call, Call("JSON_VALUE", std::move(args), json.location));
  if (!json.returning) return call;
  MR_ASSIGN(const DataType type, BindType(*json.returning));
  Result<ExprPtr> cast =
      functions::MakeCast(std::move(call), type, json.on_error != sql::JsonBehavior::kError, context_);
  if (!cast) return std::unexpected(cast.error().At(json.location));
  return cast;
}

// JSON_QUERY(input, path, wrapper, on empty, on error [, 'ARRAY']): the last when it returns ARRAY<STRING>.
Result<ExprPtr> ExpressionBinder::BindJsonQuery(const sql::JsonQueryExpr& json) {
  MR_ASSIGN(ExprPtr input, Bind(*json.input));
  MR_ASSIGN(ExprPtr path, Bind(*json.path));
  std::string_view wrapper = "WITHOUT";
  if (json.wrapper == sql::JsonWrapper::kConditional) wrapper = "CONDITIONAL";
  if (json.wrapper == sql::JsonWrapper::kUnconditional) wrapper = "UNCONDITIONAL";
  std::vector<ExprPtr> args = {std::move(input), std::move(path), Word(wrapper),
                               Word(BehaviorName(json.on_empty, "NULL")),
                               Word(BehaviorName(json.on_error, "NULL"))};
  if (json.returning) {
    MR_ASSIGN(const DataType type, BindType(*json.returning));
    const bool as_array = type.kind() == data::TypeKind::kArray && type.element().IsCharacter();
    if (!as_array && !type.IsCharacter()) {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("JSON_QUERY RETURNING {} is not supported", type.ToString()),
                  "it returns STRING or ARRAY<STRING>", json.returning->location);
    }
    if (as_array) args.push_back(Word("ARRAY"));
  }
  return Call("JSON_QUERY", std::move(args), json.location);
}

// JSON_EXISTS(input, path, on error).
Result<ExprPtr> ExpressionBinder::BindJsonExists(const sql::JsonExistsExpr& json) {
  MR_ASSIGN(ExprPtr input, Bind(*json.input));
  MR_ASSIGN(ExprPtr path, Bind(*json.path));
  return Call("JSON_EXISTS", {std::move(input), std::move(path), Word(BehaviorName(json.on_error, "FALSE"))},
              json.location);
}

// JSON_OBJECT('NULL' or 'ABSENT', key, value, ...).
Result<ExprPtr> ExpressionBinder::BindJsonObject(const sql::JsonObjectExpr& json) {
  if (json.is_aggregate) {
    return Fail(ErrorCode::kGroupingError,
                fmt::format("the aggregate function JSON_OBJECTAGG cannot stand in {}", clause_),
                "aggregate in a subquery", json.location);
  }
  std::vector<ExprPtr> args = {Word(json.nulls == sql::JsonNullClause::kAbsent ? "ABSENT" : "NULL")};
  for (const sql::JsonPair& pair : json.pairs) {
    MR_ASSIGN(ExprPtr key, Bind(*pair.key));
    MR_ASSIGN(ExprPtr value, Bind(*pair.value));
    args.push_back(std::move(key));
    args.push_back(std::move(value));
  }
  return Call("JSON_OBJECT", std::move(args), json.location);
}

// JSON_ARRAY('NULL' or 'ABSENT', value, ...).
Result<ExprPtr> ExpressionBinder::BindJsonArray(const sql::JsonArrayExpr& json) {
  if (json.is_aggregate) {
    return Fail(ErrorCode::kGroupingError,
                fmt::format("the aggregate function JSON_ARRAYAGG cannot stand in {}", clause_),
                "aggregate in a subquery", json.location);
  }
  std::vector<ExprPtr> args = {Word(json.nulls == sql::JsonNullClause::kNull ? "NULL" : "ABSENT")};
  MR_ASSIGN(std::vector<ExprPtr> elements, BindAll(json.elements));
  for (ExprPtr& element : elements) args.push_back(std::move(element));
  return Call("JSON_ARRAY", std::move(args), json.location);
}

}  // namespace millrace::plan
