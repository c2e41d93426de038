// WHERE over ROW_NUMBER: Top-N, deduplication, and the same within windows.
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "plan/binder.h"
#include "plan/node_factory.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

struct RankBounds {
  int64_t start = 1;
  int64_t end = kUnboundedRank;
};

std::optional<int64_t> IntegerOf(const functions::Expression& expr) {
  if (expr.kind() != functions::ExprKind::kLiteral || !expr.type().IsInteger()) return std::nullopt;
  const data::Value& value = static_cast<const functions::Literal&>(expr).value();
  if (value.is_null()) return std::nullopt;
  return value.as_int();
}

// The column that the expression is, seen through casts to wider integers; -1: none.
int IntegerColumnOf(const functions::Expression& expr) {
  if (CallName(expr) == "CAST" && expr.type().IsInteger()) return IntegerColumnOf(*expr.args().front());
  return ColumnOf(expr);
}

std::string_view Flipped(std::string_view op) {
  if (op == "<") return ">";
  if (op == "<=") return ">=";
  if (op == ">") return "<";
  if (op == ">=") return "<=";
  return op;
}

// Narrows the bounds by `column op literal`; false: the expression is nothing of the kind.
bool Narrow(const functions::Expression& expr, RankNode** rank, const PlanNodePtr& input,
            RankBounds* bounds) {
  std::string_view op = CallName(expr);
  const bool between = op == "BETWEEN" && expr.args().size() == 3;
  if (!between && expr.args().size() != 2) return false;
  if (!between && op != "<" && op != "<=" && op != ">" && op != ">=" && op != "=") return false;
  const functions::Expression* column_side = expr.args()[0].get();
  const functions::Expression* value_side = expr.args()[1].get();
  if (!between && IntegerColumnOf(*column_side) < 0) {
    std::swap(column_side, value_side);
    op = Flipped(op);
  }
  const int column = IntegerColumnOf(*column_side);
  const std::optional<int64_t> value = IntegerOf(*value_side);
  if (column < 0 || !value) return false;
  const ColumnOrigin origin = TraceColumn(input, column);
  if (origin.column < 0 || origin.node->kind != NodeKind::kRank) return false;
  auto& node = origin.node->As<RankNode>();
  if (node.rank_end != kUnboundedRank || origin.column != static_cast<int>(node.schema.size()) - 1)
    return false;
  if (*value == INT64_MAX || *value == INT64_MIN) return false;
  if (between) {
    const std::optional<int64_t> high = IntegerOf(*expr.args()[2]);
    if (!high || *high == INT64_MAX) return false;
    bounds->start = std::max(bounds->start, *value);
    bounds->end = std::min(bounds->end, *high);
  } else {
    if (op == "<" || op == "<=" || op == "=")
      bounds->end = std::min(bounds->end, op == "<" ? *value - 1 : *value);
    if (op == ">" || op == ">=" || op == "=")
      bounds->start = std::max(bounds->start, op == ">" ? *value + 1 : *value);
  }
  *rank = &node;
  return true;
}

PlanNodePtr WithConstantRank(PlanNodePtr node, const std::string& rank_name) {
  std::vector<ExprPtr> projections = IdentityProjections(node->schema);
  std::vector<std::string> names;
  for (const data::Field& field : node->schema) names.push_back(field.name);
  projections.push_back(functions::MakeLiteral(data::DataType::BigInt().NotNull(), data::Value::Int(1)));
  names.push_back(rank_name);
  return MakeCalc(std::move(node), nullptr, std::move(projections), std::move(names));
}

// The node that a bounded ROW_NUMBER becomes, with the columns of the unbounded one.
PlanNodePtr ResolveRank(RankNode& rank, const RankBounds& bounds) {
  PlanNodePtr input = rank.inputs.front();
  const Traits& traits = input->traits;
  const bool append = traits.changelog.IsAppend();
  const bool first_only = bounds.start == 1 && bounds.end == 1;
  const data::Schema schema = rank.schema;
  const std::string rank_name = schema[schema.size() - 1].name;

  bool by_window = append && traits.window.start >= 0 && traits.window.end >= 0;
  std::vector<int> rest;
  for (const int bound : {traits.window.start, traits.window.end}) {
    by_window = by_window && std::ranges::find(rank.partition_keys, bound) != rank.partition_keys.end();
  }
  for (const int key : rank.partition_keys) {
    if (key != traits.window.start && key != traits.window.end) rest.push_back(key);
  }
  const auto time = rank.order.size() == 1 ? traits.time_attributes[static_cast<size_t>(rank.order[0].column)]
                                           : TimeAttribute::kNone;

  if (by_window && first_only && time == TimeAttribute::kRowtime) {
    auto node = std::make_shared<WindowDeduplicateNode>();
    node->location = rank.location;
    node->window_start = traits.window.start;
    node->window_end = traits.window.end;
    node->is_ltz = traits.window.is_ltz;
    node->partition_keys = std::move(rest);
    node->time_column = rank.order[0].column;
    node->keep_last = rank.order[0].descending;
    data::Schema same = input->schema;
    return WithConstantRank(FinishNode(std::move(node), {std::move(input)}, std::move(same)), rank_name);
  }
  if (by_window) {
    auto node = std::make_shared<WindowRankNode>();
    node->location = rank.location;
    node->window_start = traits.window.start;
    node->window_end = traits.window.end;
    node->is_ltz = traits.window.is_ltz;
    node->partition_keys = std::move(rest);
    node->order = rank.order;
    node->rank_start = bounds.start;
    node->rank_end = bounds.end;
    node->output_rank = true;
    return FinishNode(std::move(node), {std::move(input)}, schema);
  }
  if (first_only && append && time != TimeAttribute::kNone) {
    auto node = std::make_shared<DeduplicateNode>();
    node->location = rank.location;
    node->keys = rank.partition_keys;
    node->time_column = rank.order[0].column;
    node->processing_time = time == TimeAttribute::kProctime;
    node->keep_last = rank.order[0].descending;
    data::Schema same = input->schema;
    return WithConstantRank(FinishNode(std::move(node), {std::move(input)}, std::move(same)), rank_name);
  }
  auto node = std::make_shared<RankNode>();
  node->location = rank.location;
  node->partition_keys = rank.partition_keys;
  node->order = rank.order;
  node->rank_start = bounds.start;
  node->rank_end = bounds.end;
  node->output_rank = true;
  node->input_retracts = !append;
  return FinishNode(std::move(node), {std::move(input)}, schema);
}

// The tree with the rank replaced, its traits derived anew.
PlanNodePtr ReplaceRank(const PlanNodePtr& node, RankNode* rank, const RankBounds& bounds) {
  if (node.get() == rank) return ResolveRank(*rank, bounds);
  const auto& calc = node->As<CalcNode>();
  std::vector<std::string> names;
  for (const data::Field& field : node->schema) names.push_back(field.name);
  return MakeCalc(ReplaceRank(node->inputs.front(), rank, bounds), calc.filter, calc.projections,
                  std::move(names));
}

}  // namespace

Result<PlanNodePtr> ApplyFilter(PlanNodePtr input, ExprPtr condition, const functions::BindContext& context) {
  ExprPtr rest;
  RankNode* rank = nullptr;
  RankBounds bounds;
  bool narrowed = false;
  for (const ExprPtr& part : SplitConjunction(condition)) {
    const ExprPtr folded = functions::FoldConstants(part, *context.zone);
    if (Narrow(*folded, &rank, input, &bounds)) {
      narrowed = true;
    } else {
      rest = Conjunction(std::move(rest), part);
    }
  }
  if (narrowed && bounds.end == kUnboundedRank) {
    return Fail(ErrorCode::kNotSupported, "the number of a ROW_NUMBER is bounded from below only",
                "add an upper bound, e.g. rn <= 10", rank->location);
  }
  if (narrowed) {
    if (bounds.end < bounds.start || bounds.end < 1) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("no row number is from {} to {}", bounds.start, bounds.end),
                  "the first row has the number 1", rank->location);
    }
    bounds.start = std::max<int64_t>(bounds.start, 1);
    input = ReplaceRank(input, rank, bounds);
  }
  if (rest == nullptr) return input;
  return MakeFilter(std::move(input), std::move(rest));
}

}  // namespace millrace::plan
