#include "plan/bind_select.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "plan/ast_walk.h"
#include "plan/bind_type.h"
#include "plan/field_access.h"
#include "plan/node_factory.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

// The name of a select item without an alias: a column's own, otherwise EXPR$n.
std::string ItemName(const sql::Expr& expr, size_t position) {
  if (const auto* identifier = expr.AsIf<sql::IdentifierExpr>()) return identifier->parts.back().text;
  if (const auto* access = expr.AsIf<sql::FieldAccessExpr>(); access != nullptr && !access->star) {
    return access->field.text;
  }
  return fmt::format("EXPR${}", position);
}

}  // namespace

bool SelectBinder::IsAggregating() const {
  if (body_.has_group_by || body_.having != nullptr) return true;
  for (const sql::SelectItem& item : body_.items) {
    if (ContainsAggregate(*item.expr)) return true;
  }
  if (body_.qualify != nullptr && ContainsAggregate(*body_.qualify)) return true;
  if (frame_ != nullptr) {
    for (const sql::OrderItem& item : frame_->order_by) {
      if (ContainsAggregate(*item.expr)) return true;
    }
  }
  return false;
}

Result<Relation> SelectBinder::Bind() {
  if (!body_.hints.empty()) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("the hint {} is not supported", body_.hints.front().name.text),
                "OPTIONS hints behind a table's name are", body_.hints.front().name.location);
  }
  if (body_.from != nullptr) {
    MR_ASSIGN(relation_, binder_.BindFrom(*body_.from));
  } else {
    auto one = std::make_shared<ValuesNode>();
    one->rows.emplace_back();
    relation_ = MakeRelation(FinishNode(std::move(one), {}, data::Schema()), {});
  }
  if (body_.where != nullptr) {
    ExpressionBinder where(&relation_, binder_.bind_context(), "WHERE");
    MR_ASSIGN(ExprPtr condition, where.BindCondition(*body_.where));
    MR_ASSIGN(relation_.node,
              ApplyFilter(std::move(relation_.node), std::move(condition), binder_.bind_context()));
  }
  aggregating_ = IsAggregating();
  ExpressionBinder binder(&relation_, binder_.bind_context(), "the select list");
  if (aggregating_) MR_TRY(BindGroupBy(binder));
  binder.set_intercept([this](const sql::Expr& expr) { return Intercept(expr); });
  MR_TRY(BindItems(binder));
  if (body_.having != nullptr) {
    MR_TRY(BindHaving(binder));
  }
  if (body_.qualify != nullptr) {
    MR_ASSIGN(qualify_, binder.BindCondition(*body_.qualify));
    if (!row_number_) {
      return Fail(ErrorCode::kSyntaxError, "QUALIFY is for queries with ROW_NUMBER() OVER (...)",
                  "use WHERE or HAVING", body_.qualify->location);
    }
  }
  shown_ = items_.size();
  if (frame_ != nullptr) MR_TRY(BindOrderBy(binder));
  if (aggregating_) MR_TRY(BuildAggregate(binder));
  if (having_ != nullptr) {
    MR_ASSIGN(relation_.node,
              ApplyFilter(std::move(relation_.node), std::move(having_), binder_.bind_context()));
  }
  if (row_number_) MR_TRY(BuildRowNumber());
  if (qualify_ != nullptr) {
    MR_ASSIGN(relation_.node,
              ApplyFilter(std::move(relation_.node), std::move(qualify_), binder_.bind_context()));
  }
  return BuildResult();
}

// Groups are filtered before rows are numbered.
Status SelectBinder::BindHaving(ExpressionBinder& binder) {
  SourceLocation over;
  const bool has_over = AnyOf(*body_.having, [&](const sql::Expr& expr) {
    const auto* call = expr.AsIf<sql::FunctionCallExpr>();
    if (call == nullptr || call->over == nullptr) return false;
    over = call->location;
    return true;
  });
  if (has_over) {
    return Fail(ErrorCode::kWindowingError, "a call with OVER cannot stand in HAVING",
                "filter by it in QUALIFY", over);
  }
  MR_ASSIGN(having_, binder.BindCondition(*body_.having));
  return Ok();
}

std::optional<Result<ExprPtr>> SelectBinder::Intercept(const sql::Expr& expr) {
  if (IsAggregateCall(expr)) {
    if (in_aggregate_) {
      return Fail(ErrorCode::kGroupingError, "an aggregate function cannot stand inside another",
                  "aggregate in a subquery first", expr.location);
    }
    if (const auto* call = expr.AsIf<sql::FunctionCallExpr>()) return BindAggregateCall(*call);
    return BindJsonAggregate(expr);
  }
  const auto* call = expr.AsIf<sql::FunctionCallExpr>();
  if (call == nullptr || call->name.parts.size() != 1) return std::nullopt;
  const std::string name = UpperName(*call);
  if (call->over != nullptr) {
    if (name == "ROW_NUMBER" && !in_aggregate_) return BindRowNumber(*call);
    return std::nullopt;
  }
  // Inside an aggregate function they are not known yet: the call is refused like any other that is out of
  // place.
  if (!aggregating_ || in_aggregate_) return std::nullopt;
  if (name == "GROUPING" || name == "GROUPING_ID" || name == "GROUP_ID") return BindGroupingCall(*call, name);
  for (const std::string_view function : {"TUMBLE_", "HOP_", "SESSION_"}) {
    if (name.starts_with(function) && functions::Registry::Get().FindScalar(name) == nullptr) {
      return BindWindowProperty(*call, name);
    }
  }
  return std::nullopt;
}

Status SelectBinder::BindStar(const sql::StarExpr& star) {
  int begin = 0;
  int end = relation_.width();
  if (!star.qualifier.empty()) {
    Result<const ScopeTable*> table = ResolveTable(relation_, star.qualifier);
    if (!table) {
      // row_column.*: its fields.
      Result<ResolvedColumn> column = ResolveColumn(relation_, star.qualifier);
      if (!column || column->parts != star.qualifier.size() ||
          relation_.type(column->column).kind() != data::TypeKind::kRow) {
        return std::unexpected(table.error());
      }
      const ExprPtr row = functions::MakeColumn(column->column, relation_.type(column->column));
      const auto& fields = row->type().fields();
      for (size_t i = 0; i < fields.size(); ++i) {
        items_.push_back({MakeFieldAccess(row, static_cast<int>(i)), fields[i].name, star.location});
      }
      return Ok();
    }
    begin = (*table)->begin;
    end = (*table)->end;
  }
  if (begin == end) {
    return Fail(ErrorCode::kSyntaxError, "'*' stands for no column here", "a SELECT without FROM has none",
                star.location);
  }
  for (int i = begin; i < end; ++i) {
    items_.push_back({functions::MakeColumn(i, relation_.type(i)), relation_.names[static_cast<size_t>(i)],
                      star.location});
  }
  return Ok();
}

Status SelectBinder::BindItems(ExpressionBinder& binder) {
  for (const sql::SelectItem& item : body_.items) {
    if (const auto* star = item.expr->AsIf<sql::StarExpr>()) {
      MR_TRY(BindStar(*star));
      continue;
    }
    if (const auto* access = item.expr->AsIf<sql::FieldAccessExpr>(); access != nullptr && access->star) {
      MR_ASSIGN(const ExprPtr row, binder.Bind(*access->base));
      if (row->type().kind() != data::TypeKind::kRow) {
        return Fail(ErrorCode::kDatatypeMismatch, fmt::format("'.*' of a {}", row->type().ToString()),
                    "it is for ROW values", access->location);
      }
      const auto& fields = row->type().fields();
      for (size_t i = 0; i < fields.size(); ++i) {
        items_.push_back({MakeFieldAccess(row, static_cast<int>(i)), fields[i].name, access->location});
      }
      continue;
    }
    MR_ASSIGN(ExprPtr expr, binder.Bind(*item.expr));
    std::string name = item.alias ? item.alias->text : ItemName(*item.expr, items_.size());
    items_.push_back({std::move(expr), std::move(name), item.expr->location});
  }
  return Ok();
}

// An item of ORDER BY is a number of a column, the name of one, or an expression of its own.
Status SelectBinder::BindOrderBy(ExpressionBinder& binder) {
  for (const sql::OrderItem& item : frame_->order_by) {
    Order order;
    order.descending = item.descending;
    order.nulls_first = item.nulls_first.value_or(!item.descending);
    const auto* literal = item.expr->AsIf<sql::LiteralExpr>();
    if (literal != nullptr && literal->literal == sql::LiteralKind::kInteger) {
      MR_ASSIGN(const int64_t ordinal, BindRowCount(*item.expr, "ORDER BY", binder_.bind_context()));
      if (ordinal < 1 || ordinal > static_cast<int64_t>(shown_)) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("ORDER BY {}: there is no such column", ordinal),
                    fmt::format("the columns are 1 to {}", shown_), item.expr->location);
      }
      order.item = static_cast<int>(ordinal) - 1;
    } else if (const auto* identifier = item.expr->AsIf<sql::IdentifierExpr>();
               identifier != nullptr && identifier->parts.size() == 1) {
      for (size_t i = 0; i < shown_ && order.item < 0; ++i) {
        if (items_[i].name == identifier->parts[0].text) order.item = static_cast<int>(i);
      }
    }
    if (order.item < 0) {
      MR_ASSIGN(ExprPtr expr, binder.Bind(*item.expr));
      for (size_t i = 0; i < items_.size() && order.item < 0; ++i) {
        if (functions::SameExpression(items_[i].expr, expr)) order.item = static_cast<int>(i);
      }
      if (order.item < 0) {
        if (body_.distinct) {
          return Fail(ErrorCode::kSyntaxError,
                      "ORDER BY of a SELECT DISTINCT takes columns of its select list only", {},
                      item.expr->location);
        }
        order.item = static_cast<int>(items_.size());
        items_.push_back({std::move(expr), fmt::format("$sort{}", order_.size()), item.expr->location});
      }
    }
    order_.push_back(order);
  }
  return Ok();
}

Status SelectBinder::ForEachBound(const std::function<Status(ExprPtr&, SourceLocation)>& change) {
  for (Item& item : items_) MR_TRY(change(item.expr, item.location));
  if (having_ != nullptr) MR_TRY(change(having_, body_.having->location));
  if (qualify_ != nullptr) MR_TRY(change(qualify_, body_.qualify->location));
  if (row_number_) {
    for (ExprPtr& expr : row_number_->partition_by) MR_TRY(change(expr, row_number_->location));
    for (ExprPtr& expr : row_number_->order_by) MR_TRY(change(expr, row_number_->location));
  }
  return Ok();
}

Result<ExprPtr> SelectBinder::BindRowNumber(const sql::FunctionCallExpr& call) {
  if (in_over_) {
    return Fail(ErrorCode::kWindowingError, "ROW_NUMBER cannot stand inside an OVER clause", {},
                call.location);
  }
  const sql::WindowSpec* spec = call.over.get();
  if (spec->is_reference || spec->base) {
    const sql::WindowSpec* found = nullptr;
    for (const sql::NamedWindow& window : body_.windows) {
      if (window.name.text == spec->base->text) found = &window.spec;
    }
    if (found == nullptr) {
      return Fail(ErrorCode::kUndefinedObject, fmt::format("no window '{}'", spec->base->text),
                  "define it by WINDOW w AS (...)", spec->base->location);
    }
    if (!spec->is_reference && (!spec->partition_by.empty() || !spec->order_by.empty())) {
      return Fail(ErrorCode::kNotSupported, "a window that extends another is not supported",
                  "write it out in full", spec->location);
    }
    spec = found;
  }
  if (!call.args.empty()) {
    return Fail(ErrorCode::kSyntaxError, "ROW_NUMBER takes no arguments", {}, call.location);
  }
  if (spec->frame) {
    return Fail(ErrorCode::kWindowingError, "ROW_NUMBER takes no ROWS or RANGE", {}, call.location);
  }
  if (spec->order_by.empty()) {
    return Fail(ErrorCode::kWindowingError, "ROW_NUMBER needs an ORDER BY in its OVER clause",
                "write ROW_NUMBER() OVER (PARTITION BY ... ORDER BY ...)", call.location);
  }
  RowNumber row_number;
  row_number.spec = spec;
  row_number.location = call.location;
  ExpressionBinder binder(&relation_, binder_.bind_context(), "OVER");
  binder.set_intercept([this](const sql::Expr& expr) { return Intercept(expr); });
  in_over_ = true;
  const auto bind = [&]() -> Status {
    for (const sql::ExprPtr& expr : spec->partition_by) {
      MR_ASSIGN(ExprPtr bound, binder.Bind(*expr));
      row_number.partition_by.push_back(std::move(bound));
    }
    for (const sql::OrderItem& item : spec->order_by) {
      MR_ASSIGN(ExprPtr bound, binder.Bind(*item.expr));
      row_number.order_by.push_back(std::move(bound));
      row_number.order.push_back({-1, item.descending, item.nulls_first.value_or(!item.descending)});
    }
    return Ok();
  };
  const Status status = bind();
  in_over_ = false;
  MR_TRY(status);
  if (!row_number_) {
    row_number_ = std::move(row_number);
  } else {
    const auto same = [](const std::vector<ExprPtr>& a, const std::vector<ExprPtr>& b) {
      return std::ranges::equal(a, b, functions::SameExpression);
    };
    const auto same_order = [](const SortKey& a, const SortKey& b) {
      return a.descending == b.descending && a.nulls_first == b.nulls_first;
    };
    if (!same(row_number_->partition_by, row_number.partition_by) ||
        !same(row_number_->order_by, row_number.order_by) ||
        !std::ranges::equal(row_number_->order, row_number.order, same_order)) {
      return Fail(ErrorCode::kNotSupported, "two different ROW_NUMBERs in one SELECT are not supported",
                  "put one of them in a subquery", call.location);
    }
  }
  return functions::MakeColumn(kRowNumber, data::DataType::BigInt().NotNull());
}

// The rank without a bound; the filter on its number gives it one (ApplyFilter).
Status SelectBinder::BuildRowNumber() {
  std::vector<ExprPtr> projections = IdentityProjections(relation_.node->schema);
  std::vector<std::string> names;
  for (const data::Field& field : relation_.node->schema) names.push_back(field.name);
  const auto column_of = [&](const ExprPtr& expr) {
    if (const int column = ColumnOf(*expr); column >= 0) return column;
    projections.push_back(expr);
    names.push_back(fmt::format("$over{}", projections.size() - 1));
    return static_cast<int>(projections.size()) - 1;
  };
  auto node = std::make_shared<RankNode>();
  node->location = row_number_->location;
  node->rank_end = kUnboundedRank;
  node->output_rank = true;
  for (const ExprPtr& expr : row_number_->partition_by) {
    const int column = column_of(expr);
    if (std::ranges::find(node->partition_keys, column) == node->partition_keys.end()) {
      node->partition_keys.push_back(column);
    }
  }
  node->order = row_number_->order;
  for (size_t i = 0; i < node->order.size(); ++i) node->order[i].column = column_of(row_number_->order_by[i]);
  PlanNodePtr input = MakeCalc(std::move(relation_.node), nullptr, std::move(projections), std::move(names));
  data::Schema schema = input->schema;
  const int number = static_cast<int>(schema.size());
  schema.Add("$row_number", data::DataType::BigInt().NotNull());
  relation_.node = FinishNode(std::move(node), {std::move(input)}, std::move(schema));
  const auto replace = [&](auto&& self, const ExprPtr& expr) -> ExprPtr {
    if (ColumnOf(*expr) == kRowNumber) return functions::MakeColumn(number, expr->type());
    std::vector<ExprPtr> args;
    bool changed = false;
    for (const ExprPtr& arg : expr->args()) {
      args.push_back(self(self, arg));
      changed = changed || args.back() != arg;
    }
    return changed ? expr->WithArgs(std::move(args)) : expr;
  };
  return ForEachBound([&](ExprPtr& expr, SourceLocation) -> Status {
    expr = replace(replace, expr);
    return Ok();
  });
}

Result<Relation> SelectBinder::BuildResult() {
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (const Item& item : items_) {
    projections.push_back(item.expr);
    names.push_back(item.name);
  }
  if (projections.size() > limits::kColumnsMax) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("a query has at most {} columns", limits::kColumnsMax), {}, body_.location);
  }
  std::vector<std::string> unique = UniqueNames(names);
  PlanNodePtr node = MakeCalc(std::move(relation_.node), nullptr, std::move(projections), unique);
  if (body_.distinct) {
    Grouping grouping;
    grouping.exprs = IdentityProjections(node->schema);
    grouping.names = unique;
    grouping.sets = {std::vector<bool>(grouping.exprs.size(), true)};
    grouping.location = body_.location;
    MR_ASSIGN(const AggregateOutput distinct, MakeAggregate(node, grouping, {}, binder_.context()));
    std::vector<ExprPtr> shown;
    for (const int column : distinct.groups) {
      shown.push_back(functions::MakeColumn(column, distinct.node->schema[static_cast<size_t>(column)].type));
    }
    node = MakeCalc(distinct.node, nullptr, std::move(shown), unique);
  }
  if (frame_ != nullptr) {
    int64_t offset = 0;
    std::optional<int64_t> limit;
    if (frame_->offset != nullptr) {
      MR_ASSIGN(offset, BindRowCount(*frame_->offset, "OFFSET", binder_.bind_context()));
    }
    if (frame_->limit != nullptr) {
      MR_ASSIGN(limit, BindRowCount(*frame_->limit, "LIMIT", binder_.bind_context()));
    }
    if (limit || offset > 0 || place_ == QueryPlace::kResult) {
      std::vector<SortKey> order;
      for (const Order& item : order_) order.push_back({item.item, item.descending, item.nulls_first});
      const SourceLocation location =
          frame_->order_by.empty() ? frame_->location : frame_->order_by.front().expr->location;
      MR_ASSIGN(node, MakeSortLimit(std::move(node), std::move(order), offset, limit,
                                    place_ == QueryPlace::kResult, location));
    } else if (place_ == QueryPlace::kView) {
      binder_.warnings().push_back("ORDER BY without LIMIT means nothing in a materialized view");
    }
    if (items_.size() > shown_) {
      std::vector<ExprPtr> shown = IdentityProjections(node->schema);
      shown.resize(shown_);
      unique.resize(shown_);
      node = MakeCalc(std::move(node), nullptr, std::move(shown), unique);
    }
  }
  Relation result;
  for (size_t i = 0; i < shown_ && !result.repeated; ++i) {
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) ==
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      continue;
    }
    result.repeated = {names[i], items_[i].location};
  }
  result.node = std::move(node);
  result.names = std::move(unique);
  result.tables = {{{}, 0, result.width()}};
  return result;
}

}  // namespace millrace::plan
