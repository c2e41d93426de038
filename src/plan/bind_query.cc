// Queries: WITH, set operations, VALUES, ORDER BY and LIMIT.
#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "plan/bind_expression.h"
#include "plan/bind_select.h"
#include "plan/binder.h"
#include "plan/node_factory.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

// The relation with its columns of these types, by casts where they differ.
Result<PlanNodePtr> CoerceColumns(const Relation& relation, const std::vector<data::DataType>& types,
                                  const functions::BindContext& context) {
  std::vector<ExprPtr> projections;
  for (size_t i = 0; i < types.size(); ++i) {
    ExprPtr column = functions::MakeColumn(static_cast<int>(i), relation.type(static_cast<int>(i)));
    if (!column->type().SameAs(types[i])) {
      MR_ASSIGN(column, functions::Coerce(std::move(column), types[i], context));
    }
    projections.push_back(std::move(column));
  }
  return MakeCalc(relation.node, nullptr, std::move(projections), relation.names);
}

std::string_view SetOpName(sql::SetOp op) {
  switch (op) {
    case sql::SetOp::kUnion:
      return "UNION";
    case sql::SetOp::kIntersect:
      return "INTERSECT";
    case sql::SetOp::kExcept:
      return "EXCEPT";
  }
  return "";
}

}  // namespace

std::vector<std::string> UniqueNames(std::vector<std::string> names) {
  std::set<std::string> taken;
  for (std::string& name : names) {
    std::string unique = name;
    for (int n = 0; !taken.insert(unique).second; ++n) unique = fmt::format("{}{}", name, n);
    name = std::move(unique);
  }
  return names;
}

Result<Relation> QueryBinder::BindQuery(const sql::Query& query, QueryPlace place) {
  const size_t outer = named_queries_.size();
  for (const sql::CommonTableExpr& definition : query.ctes) {
    for (size_t i = outer; i < named_queries_.size(); ++i) {
      if (named_queries_[i].definition->name.text == definition.name.text) {
        return Fail(ErrorCode::kDuplicateTable, fmt::format("WITH defines '{}' twice", definition.name.text),
                    {}, definition.name.location);
      }
    }
    named_queries_.push_back({&definition, named_queries_.size()});
  }
  Result<Relation> relation = BindBody(*query.body, &query, place);
  named_queries_.resize(outer);
  return relation;
}

Result<Relation> QueryBinder::BindBody(const sql::QueryBody& body, const sql::Query* frame,
                                       QueryPlace place) {
  const bool framed = frame != nullptr && (!frame->order_by.empty() || frame->limit || frame->offset);
  if (const auto* select = body.AsIf<sql::SelectBody>()) {
    return SelectBinder(*this, *select, framed ? frame : nullptr, place).Bind();
  }
  const auto bind = [&]() -> Result<Relation> {
    switch (body.kind) {
      case sql::QueryBodyKind::kSetOperation:
        return BindSetOperation(body.As<sql::SetOperationBody>());
      case sql::QueryBodyKind::kValues:
        return BindValues(body.As<sql::ValuesBody>());
      case sql::QueryBodyKind::kTable: {
        sql::NamedTableRef table;
        const sql::QualifiedName& name = body.As<sql::TableBody>().name;
        table.name = name;
        table.location = body.location;
        return BindNamed(table);
      }
      case sql::QueryBodyKind::kNested:
        return BindQuery(*body.As<sql::NestedBody>().query, framed ? QueryPlace::kSubquery : place);
      default:
        MR_UNREACHABLE();
    }
  };
  MR_ASSIGN(Relation relation, bind());
  if (!framed) return relation;
  return BindOrderAndLimit(std::move(relation), *frame, place);
}

Result<Relation> QueryBinder::BindSetOperation(const sql::SetOperationBody& body) {
  if (body.op != sql::SetOp::kUnion) {
    return Fail(ErrorCode::kNotSupported, fmt::format("{} is not supported yet", SetOpName(body.op)),
                "UNION and UNION ALL are", body.location);
  }
  MR_ASSIGN(Relation left, BindBody(*body.left, nullptr, QueryPlace::kSubquery));
  MR_ASSIGN(Relation right, BindBody(*body.right, nullptr, QueryPlace::kSubquery));
  if (left.width() != right.width()) {
    return Fail(ErrorCode::kDatatypeMismatch,
                fmt::format("UNION of {} columns with {} columns", left.width(), right.width()),
                "both sides must have the same columns", body.right->location);
  }
  std::vector<data::DataType> types;
  for (int i = 0; i < left.width(); ++i) {
    const data::DataType both[] = {left.type(i), right.type(i)};
    Result<data::DataType> type = functions::CommonType(both);
    if (!type) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("column {} of UNION is {} '{}' on one side and {} '{}' on the other", i + 1,
                              left.type(i).ToString(), left.names[static_cast<size_t>(i)],
                              right.type(i).ToString(), right.names[static_cast<size_t>(i)]),
                  "CAST one of them", body.right->location);
    }
    types.push_back(type->WithNullable(left.type(i).nullable() || right.type(i).nullable()));
  }
  MR_ASSIGN(PlanNodePtr a, CoerceColumns(left, types, bind_context_));
  MR_ASSIGN(PlanNodePtr b, CoerceColumns(right, types, bind_context_));
  data::Schema schema;
  for (size_t i = 0; i < types.size(); ++i) schema.Add(left.names[i], types[i]);
  std::vector<PlanNodePtr> inputs;
  for (PlanNodePtr& side : {std::ref(a), std::ref(b)}) {
    if (side->kind == NodeKind::kUnion) {
      for (PlanNodePtr& input : side->inputs) inputs.push_back(std::move(input));
    } else {
      inputs.push_back(std::move(side));
    }
  }
  auto node = std::make_shared<UnionNode>();
  node->location = body.location;
  PlanNodePtr result = FinishNode(std::move(node), std::move(inputs), schema);
  if (!body.all) {
    Grouping grouping;
    grouping.exprs = IdentityProjections(schema);
    grouping.names = left.names;
    grouping.sets = {std::vector<bool>(types.size(), true)};
    grouping.location = body.location;
    MR_ASSIGN(const AggregateOutput distinct, MakeAggregate(result, grouping, {}, context_));
    std::vector<ExprPtr> projections;
    for (size_t i = 0; i < types.size(); ++i) {
      const int column = distinct.groups[i];
      projections.push_back(
          functions::MakeColumn(column, distinct.node->schema[static_cast<size_t>(column)].type));
    }
    result = MakeCalc(distinct.node, nullptr, std::move(projections), left.names);
  }
  Relation relation;
  relation.node = std::move(result);
  relation.names = left.names;
  relation.repeated = left.repeated;
  relation.tables = {{{}, 0, relation.width()}};
  return relation;
}

Result<Relation> QueryBinder::BindValues(const sql::ValuesBody& body) {
  // (a, b) is a row of two columns; anything else is a row of one.
  std::vector<std::vector<ExprPtr>> rows;
  ExpressionBinder binder(nullptr, bind_context_, "VALUES");
  for (const std::vector<sql::ExprPtr>& row : body.rows) {
    std::vector<ExprPtr> bound;
    for (const sql::ExprPtr& expr : row) {
      MR_ASSIGN(ExprPtr value, binder.Bind(*expr));
      bound.push_back(functions::FoldConstants(value, *bind_context_.zone));
    }
    if (!rows.empty() && rows.front().size() != bound.size()) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("row {} of VALUES has {} values, the first has {}", rows.size() + 1,
                              bound.size(), rows.front().size()),
                  "all rows must have the same columns", row.front()->location);
    }
    rows.push_back(std::move(bound));
  }
  const size_t width = rows.front().size();
  data::Schema schema;
  for (size_t i = 0; i < width; ++i) {
    std::vector<data::DataType> types;
    bool nullable = false;
    for (const auto& row : rows) {
      types.push_back(row[i]->type());
      nullable = nullable || row[i]->type().nullable();
    }
    Result<data::DataType> type = functions::CommonType(types);
    if (!type)
      return std::unexpected(
          type.error().Within(fmt::format("column {} of VALUES", i + 1)).At(body.location));
    schema.Add(fmt::format("EXPR${}", i), type->WithNullable(nullable));
  }
  // Constant rows in one node; those that are to be computed (CURRENT_TIMESTAMP) in a Calc each.
  auto constant = std::make_shared<ValuesNode>();
  std::vector<PlanNodePtr> inputs;
  std::vector<std::string> names;
  for (const data::Field& field : schema) names.push_back(field.name);
  for (std::vector<ExprPtr>& row : rows) {
    std::vector<data::Value> values;
    for (size_t i = 0; i < width; ++i) {
      if (!row[i]->type().SameAs(schema[i].type)) {
        MR_ASSIGN(row[i], functions::Coerce(row[i], schema[i].type, bind_context_));
        row[i] = functions::FoldConstants(row[i], *bind_context_.zone);
      }
      if (row[i]->kind() == functions::ExprKind::kLiteral) {
        values.push_back(static_cast<const functions::Literal&>(*row[i]).value());
      }
    }
    if (values.size() == width) {
      constant->rows.push_back(std::move(values));
      continue;
    }
    auto one = std::make_shared<ValuesNode>();
    one->rows.emplace_back();
    inputs.push_back(
        MakeCalc(FinishNode(std::move(one), {}, data::Schema()), nullptr, std::move(row), names));
  }
  if (!constant->rows.empty()) inputs.insert(inputs.begin(), FinishNode(std::move(constant), {}, schema));
  if (inputs.size() == 1) return MakeRelation(std::move(inputs.front()), {});
  return MakeRelation(FinishNode(std::make_shared<UnionNode>(), std::move(inputs), std::move(schema)), {});
}

Result<int64_t> BindRowCount(const sql::Expr& expr, std::string_view clause,
                             const functions::BindContext& context) {
  ExpressionBinder binder(nullptr, context, clause);
  MR_ASSIGN(ExprPtr bound, binder.Bind(expr));
  bound = functions::FoldConstants(bound, *context.zone);
  if (bound->kind() == functions::ExprKind::kLiteral && bound->type().IsInteger()) {
    const int64_t count = static_cast<const functions::Literal&>(*bound).value().as_int();
    if (count >= 0) return count;
  }
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("{} takes a whole number that is not negative", clause), {}, expr.location);
}

Result<Relation> QueryBinder::BindOrderAndLimit(Relation relation, const sql::Query& query,
                                                QueryPlace place) {
  ExpressionBinder binder(&relation, bind_context_, "ORDER BY");
  std::vector<ExprPtr> projections = IdentityProjections(relation.node->schema);
  std::vector<std::string> names = relation.names;
  std::vector<SortKey> order;
  for (const sql::OrderItem& item : query.order_by) {
    SortKey key;
    key.descending = item.descending;
    key.nulls_first = item.nulls_first.value_or(!item.descending);
    const auto* literal = item.expr->AsIf<sql::LiteralExpr>();
    if (literal != nullptr && literal->literal == sql::LiteralKind::kInteger) {
      MR_ASSIGN(const int64_t ordinal, BindRowCount(*item.expr, "ORDER BY", bind_context_));
      if (ordinal < 1 || ordinal > relation.width()) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("ORDER BY {}: there is no such column", ordinal),
                    fmt::format("the columns are 1 to {}", relation.width()), item.expr->location);
      }
      key.column = static_cast<int>(ordinal) - 1;
    } else {
      MR_ASSIGN(ExprPtr expr, binder.Bind(*item.expr));
      key.column = ColumnOf(*expr);
      if (key.column < 0) {
        key.column = static_cast<int>(projections.size());
        projections.push_back(std::move(expr));
        names.push_back(fmt::format("$sort{}", order.size()));
      }
    }
    order.push_back(key);
  }
  int64_t offset = 0;
  std::optional<int64_t> limit;
  if (query.offset != nullptr) {
    MR_ASSIGN(offset, BindRowCount(*query.offset, "OFFSET", bind_context_));
  }
  if (query.limit != nullptr) {
    MR_ASSIGN(limit, BindRowCount(*query.limit, "LIMIT", bind_context_));
  }
  const bool bounded_rows = limit.has_value() || offset > 0;
  if (!bounded_rows && place != QueryPlace::kResult) {
    if (place == QueryPlace::kView)
      warnings_.push_back("ORDER BY without LIMIT means nothing in a materialized view");
    return relation;
  }
  const auto width = static_cast<size_t>(relation.width());
  PlanNodePtr node = MakeCalc(std::move(relation.node), nullptr, std::move(projections), std::move(names));
  const SourceLocation location =
      query.order_by.empty() ? query.location : query.order_by.front().expr->location;
  MR_ASSIGN(node, MakeSortLimit(std::move(node), std::move(order), offset, limit,
                                place == QueryPlace::kResult, location));
  if (node->schema.size() > width) {
    std::vector<ExprPtr> shown = IdentityProjections(node->schema);
    shown.resize(width);
    node = MakeCalc(std::move(node), nullptr, std::move(shown), relation.names);
  }
  relation.node = std::move(node);
  return relation;
}

Result<PlanNodePtr> MakeSortLimit(PlanNodePtr input, std::vector<SortKey> order, int64_t offset,
                                  std::optional<int64_t> limit, bool is_result, SourceLocation location) {
  const Traits& traits = input->traits;
  const bool append = traits.changelog.IsAppend();
  auto node = std::make_shared<SortLimitNode>();
  node->location = location;
  node->offset = offset;
  node->limit = limit;
  node->input_retracts = !append;
  const bool by_time =
      !order.empty() && !order[0].descending &&
      traits.time_attributes[static_cast<size_t>(order[0].column)] == TimeAttribute::kRowtime;
  if (order.empty() && append && limit) {
    node->sort = SortLimitKind::kLimit;
  } else if (traits.bounded && is_result) {
    node->sort = SortLimitKind::kBoundedSort;
  } else if (limit) {
    node->sort = SortLimitKind::kTopN;
  } else if (offset > 0) {
    return Fail(ErrorCode::kNotSupported, "OFFSET without LIMIT is not supported on input that does not end",
                "add a LIMIT", location);
  } else if (by_time && append) {
    node->sort = SortLimitKind::kTemporalSort;
  } else {
    return Fail(ErrorCode::kNotSupported,
                "ORDER BY on input that does not end needs a LIMIT, or a time attribute, ascending, as its "
                "first column",
                "add a LIMIT, or sort by the column with the watermark", location);
  }
  node->order = std::move(order);
  data::Schema schema = input->schema;
  return FinishNode(std::move(node), {std::move(input)}, std::move(schema));
}

}  // namespace millrace::plan
