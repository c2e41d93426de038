// GROUP BY, aggregate calls, GROUPING, and the auxiliary functions of group windows.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/limits.h"
#include "plan/bind_select.h"
#include "plan/node_factory.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

constexpr size_t kGroupingSetsMax = 1024;
constexpr size_t kGroupingExprsMax = 62;  // the id of a set is a BIGINT of one bit each

std::string GroupName(const sql::Expr& expr, size_t position) {
  if (const auto* identifier = expr.AsIf<sql::IdentifierExpr>()) return identifier->parts.back().text;
  return fmt::format("$g{}", position);
}

data::Value LiteralValueOf(const functions::Expression& expr) {
  if (expr.kind() != functions::ExprKind::kLiteral) return data::Value::Null();
  return static_cast<const functions::Literal&>(expr).value();
}

}  // namespace

Status SelectBinder::BindGroupBy(ExpressionBinder& binder) {
  MR_TRY(BindGroupingSets(binder));
  if (!grouping_.HasSets()) return Ok();
  // What is not in every set may be null in the result, whatever it was before: bind with that in mind.
  relation_.made_nullable.assign(static_cast<size_t>(relation_.width()), false);
  for (size_t i = 0; i < grouping_.exprs.size(); ++i) {
    const bool in_all =
        std::ranges::all_of(grouping_.sets, [&](const std::vector<bool>& set) { return set[i]; });
    if (in_all) continue;
    for (const int column : ColumnsOf(grouping_.exprs[i])) {
      relation_.made_nullable[static_cast<size_t>(column)] = true;
    }
  }
  grouping_ = Grouping();
  return BindGroupingSets(binder);
}

Status SelectBinder::BindGroupingSets(ExpressionBinder& binder) {
  // Sets as lists of positions in grouping_.exprs; items of GROUP BY multiply.
  std::vector<std::vector<int>> sets = {{}};
  grouping_.location = body_.location;
  bool has_elements = false;
  for (const sql::ExprPtr& item : body_.group_by) {
    MR_ASSIGN(const bool is_window, BindGroupWindow(*item));
    if (is_window) continue;
    has_elements = has_elements || item->kind == sql::ExprKind::kGroupingElement;
    MR_ASSIGN(const std::vector<std::vector<int>> item_sets, BindGroupingElement(*item, binder));
    std::vector<std::vector<int>> product;
    if (sets.size() * item_sets.size() > kGroupingSetsMax) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("GROUP BY makes more than {} grouping sets", kGroupingSetsMax), {},
                  item->location);
    }
    for (const std::vector<int>& a : sets) {
      for (const std::vector<int>& b : item_sets) {
        std::vector<int> both = a;
        both.insert(both.end(), b.begin(), b.end());
        product.push_back(std::move(both));
      }
    }
    sets = std::move(product);
  }
  if (has_elements && grouping_.exprs.size() > kGroupingExprsMax) {
    return Fail(
        ErrorCode::kResourceExhausted,
        fmt::format("grouping sets over more than {} expressions are not supported", kGroupingExprsMax), {},
        body_.location);
  }
  for (const std::vector<int>& set : sets) {
    std::vector<bool> in(grouping_.exprs.size(), false);
    for (const int position : set) in[static_cast<size_t>(position)] = true;
    if (body_.group_by_distinct && std::ranges::find(grouping_.sets, in) != grouping_.sets.end()) continue;
    grouping_.sets.push_back(std::move(in));
  }
  return Ok();
}

Result<int> SelectBinder::AddGroup(const sql::Expr& expr, ExpressionBinder& binder) {
  if (ContainsAggregate(expr)) {
    return Fail(ErrorCode::kGroupingError, "an aggregate function cannot stand in GROUP BY",
                "aggregate in a subquery first", expr.location);
  }
  Result<ExprPtr> bound = binder.Bind(expr);
  if (!bound) {
    // The name of a select item is a common slip.
    const auto* identifier = expr.AsIf<sql::IdentifierExpr>();
    if (bound.error().code() == ErrorCode::kUndefinedColumn && identifier != nullptr &&
        identifier->parts.size() == 1) {
      for (const sql::SelectItem& item : body_.items) {
        if (!item.alias || item.alias->text != identifier->parts[0].text) continue;
        return Fail(ErrorCode::kUndefinedColumn,
                    fmt::format("no column '{}': GROUP BY does not know the names of the select list",
                                item.alias->text),
                    "repeat the expression, or name it in a subquery", expr.location);
      }
    }
    return std::unexpected(bound.error());
  }
  if ((*bound)->kind() == functions::ExprKind::kLiteral) has_literal_group_ = true;
  for (size_t i = 0; i < grouping_.exprs.size(); ++i) {
    if (functions::SameExpression(grouping_.exprs[i], *bound)) return static_cast<int>(i);
  }
  grouping_.names.push_back(GroupName(expr, grouping_.exprs.size()));
  grouping_.exprs.push_back(*std::move(bound));
  return static_cast<int>(grouping_.exprs.size()) - 1;
}

Result<std::vector<std::vector<int>>> SelectBinder::BindGroupingElement(const sql::Expr& expr,
                                                                        ExpressionBinder& binder) {
  using Sets = std::vector<std::vector<int>>;
  if (const auto* row = expr.AsIf<sql::RowExpr>(); row != nullptr && !row->has_keyword) {
    std::vector<int> set;
    for (const sql::ExprPtr& field : row->fields) {
      MR_ASSIGN(const int position, AddGroup(*field, binder));
      set.push_back(position);
    }
    return Sets{std::move(set)};
  }
  const auto* element = expr.AsIf<sql::GroupingElementExpr>();
  if (element == nullptr) {
    MR_ASSIGN(const int position, AddGroup(expr, binder));
    return Sets{{position}};
  }
  Sets sets;
  switch (element->grouping) {
    case sql::GroupingKind::kEmptySet:
      return Sets{{}};
    case sql::GroupingKind::kSets:
      for (const sql::ExprPtr& part : element->elements) {
        MR_ASSIGN(Sets more, BindGroupingElement(*part, binder));
        for (std::vector<int>& set : more) sets.push_back(std::move(set));
      }
      break;
    case sql::GroupingKind::kRollup:
    case sql::GroupingKind::kCube: {
      Sets parts;
      for (const sql::ExprPtr& part : element->elements) {
        MR_ASSIGN(Sets one, BindGroupingElement(*part, binder));
        parts.push_back(std::move(one.front()));
      }
      if (element->grouping == sql::GroupingKind::kRollup) {
        for (size_t keep = parts.size() + 1; keep-- > 0;) {
          std::vector<int> set;
          for (size_t i = 0; i < keep; ++i) set.insert(set.end(), parts[i].begin(), parts[i].end());
          sets.push_back(std::move(set));
        }
        break;
      }
      if (parts.size() > 10) {
        return Fail(ErrorCode::kResourceExhausted, "CUBE takes at most 10 expressions", {}, expr.location);
      }
      for (size_t mask = size_t{1} << parts.size(); mask-- > 0;) {
        std::vector<int> set;
        for (size_t i = 0; i < parts.size(); ++i) {
          if (((mask >> (parts.size() - 1 - i)) & 1) != 0)
            set.insert(set.end(), parts[i].begin(), parts[i].end());
        }
        sets.push_back(std::move(set));
      }
      break;
    }
  }
  if (sets.size() > kGroupingSetsMax) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("GROUP BY makes more than {} grouping sets", kGroupingSetsMax), {},
                expr.location);
  }
  return sets;
}

// The window of TUMBLE, HOP or SESSION in GROUP BY, or of an auxiliary function with the same arguments.
Result<WindowSpec> SelectBinder::BindWindowArguments(const sql::FunctionCallExpr& call,
                                                     std::string_view name) {
  const size_t intervals = name == "HOP" ? 2 : 1;
  if (call.args.size() != 1 + intervals) {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("{} in GROUP BY takes {} arguments", name, 1 + intervals),
                name == "HOP" ? "write HOP(ts, INTERVAL '5' MINUTE, INTERVAL '1' HOUR)"
                              : fmt::format("write {}(ts, INTERVAL '1' HOUR)", name),
                call.location);
  }
  ExpressionBinder binder(&relation_, binder_.bind_context(), name);
  MR_ASSIGN(const ExprPtr time, binder.Bind(*call.args[0]));
  if (ColumnOf(*time) < 0) {
    return Fail(ErrorCode::kWindowingError,
                fmt::format("{} needs an event time, but '{}' is computed", name,
                            time->ToString(&relation_.node->schema)),
                "name a column with WATERMARK FOR", call.args[0]->location);
  }
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < intervals; ++i) {
    const std::string_view argument = name == "SESSION" ? "GAP" : name == "HOP" && i == 0 ? "SLIDE" : "SIZE";
    MR_ASSIGN(const int64_t micros,
              BindWindowInterval(*call.args[1 + i], name, argument, binder_.bind_context()));
    sizes.push_back(micros);
  }
  return MakeWindowSpec(name, relation_, ColumnOf(*time), sizes, /*is_table_function=*/false,
                        call.args[0]->location);
}

Result<bool> SelectBinder::BindGroupWindow(const sql::Expr& expr) {
  const auto* call = expr.AsIf<sql::FunctionCallExpr>();
  if (call == nullptr || call->name.parts.size() != 1 || call->over != nullptr) return false;
  const std::string name = UpperName(*call);
  if (name != "TUMBLE" && name != "HOP" && name != "SESSION") return false;
  MR_ASSIGN(WindowSpec spec, BindWindowArguments(*call, name));
  if (grouping_.group_window && *grouping_.group_window != spec) {
    return Fail(ErrorCode::kWindowingError, "GROUP BY takes one window only", {}, call->location);
  }
  grouping_.group_window = std::move(spec);
  return true;
}

Result<ExprPtr> SelectBinder::BindAggregateCall(const sql::FunctionCallExpr& call) {
  const std::string name = UpperName(call);
  if (!call.within_group.empty() || !call.order_by.empty()) {
    return Fail(ErrorCode::kNotSupported, fmt::format("ORDER BY in {} is not supported", name),
                "values are taken in the order in which they arrive", call.location);
  }
  if (call.null_treatment == sql::NullTreatment::kRespectNulls) {
    return Fail(ErrorCode::kNotSupported, fmt::format("RESPECT NULLS in {} is not supported", name),
                "aggregates leave NULLs out", call.location);
  }
  if (name == "COUNT" && call.args.empty()) {
    return Fail(ErrorCode::kUndefinedFunction, "COUNT takes at least one argument",
                "write COUNT(*) to count rows", call.location);
  }
  BoundAggregate bound;
  bound.call.function = name;
  bound.call.distinct = call.distinct;
  ExpressionBinder binder(&relation_, binder_.bind_context(), name);
  binder.set_intercept([this](const sql::Expr& expr) { return Intercept(expr); });
  in_aggregate_ = true;
  const auto bind = [&]() -> Status {
    for (const sql::ExprPtr& arg : call.args) {
      if (arg->kind == sql::ExprKind::kStar) {
        if (name == "COUNT" && call.args.size() == 1 && !call.distinct) continue;
        return Fail(ErrorCode::kSyntaxError,
                    fmt::format("{}({}*) is not a call: only COUNT(*) takes *", name,
                                call.distinct ? "DISTINCT " : ""),
                    {}, arg->location);
      }
      MR_ASSIGN(ExprPtr expr, binder.Bind(*arg));
      bound.args.push_back(functions::FoldConstants(expr, *binder_.bind_context().zone));
    }
    if (call.filter != nullptr) {
      ExpressionBinder filter(&relation_, binder_.bind_context(), "FILTER");
      filter.set_intercept([this](const sql::Expr& expr) { return Intercept(expr); });
      MR_ASSIGN(bound.filter, filter.BindCondition(*call.filter));
    }
    return Ok();
  };
  const Status status = bind();
  in_aggregate_ = false;
  MR_TRY(status);
  return AddAggregate(std::move(bound), call.location);
}

Result<ExprPtr> SelectBinder::BindJsonAggregate(const sql::Expr& expr) {
  BoundAggregate bound;
  const bool is_object = expr.kind == sql::ExprKind::kJsonObject;
  const std::string name = is_object ? "JSON_OBJECTAGG" : "JSON_ARRAYAGG";
  ExpressionBinder binder(&relation_, binder_.bind_context(), name);
  binder.set_intercept([this](const sql::Expr& e) { return Intercept(e); });
  in_aggregate_ = true;
  const auto bind = [&]() -> Status {
    const sql::Expr* filter = nullptr;
    std::vector<const sql::Expr*> args;
    std::string_view nulls;
    if (is_object) {
      const auto& json = expr.As<sql::JsonObjectExpr>();
      args = {json.pairs.front().key.get(), json.pairs.front().value.get()};
      filter = json.filter.get();
      nulls = json.nulls == sql::JsonNullClause::kAbsent ? "ABSENT" : "NULL";
    } else {
      const auto& json = expr.As<sql::JsonArrayExpr>();
      args = {json.elements.front().get()};
      filter = json.filter.get();
      nulls = json.nulls == sql::JsonNullClause::kNull ? "NULL" : "ABSENT";
    }
    // The clause is part of the function's name: JSON_OBJECTAGG_NULL_ON_NULL, JSON_ARRAYAGG_ABSENT_ON_NULL.
    bound.call.function = fmt::format("{}_{}_ON_NULL", name, nulls);
    for (const sql::Expr* arg : args) {
      MR_ASSIGN(ExprPtr value, binder.Bind(*arg));
      bound.args.push_back(std::move(value));
    }
    if (filter != nullptr) {
      MR_ASSIGN(bound.filter, binder.BindCondition(*filter));
    }
    return Ok();
  };
  const Status status = bind();
  in_aggregate_ = false;
  MR_TRY(status);
  return AddAggregate(std::move(bound), expr.location);
}

Result<ExprPtr> SelectBinder::AddAggregate(BoundAggregate aggregate, SourceLocation location) {
  AggregateCall& call = aggregate.call;
  call.request.distinct = call.distinct;
  for (const ExprPtr& arg : aggregate.args) {
    call.request.arg_types.push_back(arg->type());
    call.request.literal_args.push_back(LiteralValueOf(*arg));
  }
  call.request.with_retractions = !relation_.node->traits.changelog.IsAppend();
  call.request.grouped = !grouping_.exprs.empty() || grouping_.group_window.has_value();
  const auto bound = functions::Registry::Get().BindAggregate(call.function, call.request);
  if (!bound) return std::unexpected(bound.error().At(location));
  call.aggregate = *bound;
  for (size_t i = 0; i < aggregates_.size(); ++i) {
    const BoundAggregate& other = aggregates_[i];
    const bool same_filter =
        (other.filter == nullptr) == (aggregate.filter == nullptr) &&
        (other.filter == nullptr || functions::SameExpression(other.filter, aggregate.filter));
    if (other.call.function == call.function && other.call.distinct == call.distinct && same_filter &&
        std::ranges::equal(other.args, aggregate.args, functions::SameExpression)) {
      return functions::MakeColumn(kAggregates + static_cast<int>(i), other.call.aggregate->result_type());
    }
  }
  const data::DataType type = call.aggregate->result_type();
  call.output_name = fmt::format("$a{}", aggregates_.size());
  aggregates_.push_back(std::move(aggregate));
  return functions::MakeColumn(kAggregates + static_cast<int>(aggregates_.size()) - 1, type);
}

// GROUPING(a, b) tells from the grouping set's number which of its arguments are not in the set.
Result<ExprPtr> SelectBinder::BindGroupingCall(const sql::FunctionCallExpr& call, std::string_view name) {
  std::vector<size_t> positions;
  ExpressionBinder binder(&relation_, binder_.bind_context(), name);
  for (const sql::ExprPtr& arg : call.args) {
    MR_ASSIGN(const ExprPtr bound, binder.Bind(*arg));
    const auto it = std::ranges::find_if(
        grouping_.exprs, [&](const ExprPtr& group) { return functions::SameExpression(group, bound); });
    if (it == grouping_.exprs.end()) {
      return Fail(ErrorCode::kGroupingError, fmt::format("the argument of {} is not in GROUP BY", name), {},
                  arg->location);
    }
    positions.push_back(static_cast<size_t>(it - grouping_.exprs.begin()));
  }
  if (name == "GROUP_ID") {
    if (!call.args.empty())
      return Fail(ErrorCode::kSyntaxError, "GROUP_ID takes no arguments", {}, call.location);
  } else if (positions.empty() || positions.size() > kGroupingExprsMax) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("{} takes expressions of GROUP BY", name), {},
                call.location);
  }
  const auto number = [](int64_t value) {
    return functions::MakeLiteral(data::DataType::BigInt().NotNull(), data::Value::Int(value));
  };
  std::vector<int64_t> values;
  std::map<std::vector<bool>, int64_t> seen;
  for (const std::vector<bool>& set : grouping_.sets) {
    int64_t value = 0;
    if (name == "GROUP_ID") {
      value = seen[set]++;
    } else {
      for (const size_t position : positions) value = value * 2 + (set[position] ? 0 : 1);
    }
    values.push_back(value);
  }
  if (std::ranges::all_of(values, [&](int64_t value) { return value == values.front(); })) {
    return number(values.front());
  }
  // The expand id is the number of the set.
  const ExprPtr id = functions::MakeColumn(kExpandId, data::DataType::BigInt().NotNull());
  std::vector<ExprPtr> args;
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    MR_ASSIGN(ExprPtr is_set, binder.Call("=", {id, number(static_cast<int64_t>(i))}, call.location));
    args.push_back(std::move(is_set));
    args.push_back(number(values[i]));
  }
  args.push_back(number(values.back()));
  return binder.Call("CASE", std::move(args), call.location);
}

// TUMBLE_START(ts, size) and the like: of the window in GROUP BY with the same arguments.
Result<ExprPtr> SelectBinder::BindWindowProperty(const sql::FunctionCallExpr& call, std::string_view name) {
  const size_t underscore = name.find('_');
  const std::string_view property = name.substr(underscore + 1);
  int column = 0;
  if (property == "START") {
    column = kWindowStart;
  } else if (property == "END") {
    column = kWindowEnd;
  } else if (property == "ROWTIME") {
    column = kWindowTime;
  } else if (property == "PROCTIME") {
    return Fail(ErrorCode::kNotSupported, fmt::format("{} is not supported", name),
                "windows are over event time", call.location);
  } else {
    return Fail(ErrorCode::kUndefinedFunction, fmt::format("no function '{}'", name),
                fmt::format("there are {0}_START, {0}_END and {0}_ROWTIME", name.substr(0, underscore)),
                call.location);
  }
  // The window it names, by its arguments, must be the one of GROUP BY.
  const std::optional<WindowSpec> window = grouping_.group_window;
  if (!window) {
    return Fail(ErrorCode::kGroupingError,
                fmt::format("{} needs {}(...) in GROUP BY", name, name.substr(0, underscore)), {},
                call.location);
  }
  MR_ASSIGN(const WindowSpec named, BindWindowArguments(call, name.substr(0, underscore)));
  if (named != *window) {
    return Fail(ErrorCode::kGroupingError,
                fmt::format("the arguments of {} are not those of the window in GROUP BY", name), {},
                call.location);
  }
  const bool is_time = column == kWindowTime;
  return functions::MakeColumn(column, is_time ? relation_.type(window->time_column).NotNull()
                                               : data::DataType::Timestamp(3).NotNull());
}

}  // namespace millrace::plan
