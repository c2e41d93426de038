#include "plan/rules/push_filters.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "functions/logic.h"
#include "plan/node_factory.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;

void Allow(const std::vector<int>& columns, std::vector<int>* mapping) {
  for (const int column : columns) (*mapping)[static_cast<size_t>(column)] = column;
}

// For each output column the input column that a filter on it may use instead; -1: none. Empty: no filter may
// pass.
std::vector<int> Passage(const PlanNode& node) {
  std::vector<int> mapping(node.schema.size(), -1);
  const auto allow_input = [&] {
    for (size_t i = 0; i < node.input().schema.size(); ++i) mapping[i] = static_cast<int>(i);
  };
  switch (node.kind) {
    case NodeKind::kWindowTvf: {
      const WindowSpec& window = node.As<WindowTvfNode>().window;
      if (window.kind == WindowKind::kSession) {
        Allow(window.partition_keys, &mapping);
      } else {
        allow_input();
      }
      return mapping;
    }
    case NodeKind::kUnnest:
      allow_input();
      return mapping;
    case NodeKind::kRank:
      Allow(node.As<RankNode>().partition_keys, &mapping);
      return mapping;
    case NodeKind::kDeduplicate:
      Allow(node.As<DeduplicateNode>().keys, &mapping);
      return mapping;
    case NodeKind::kWindowRank:
      Allow(node.As<WindowRankNode>().partition_keys, &mapping);
      return mapping;
    case NodeKind::kWindowDeduplicate:
      Allow(node.As<WindowDeduplicateNode>().partition_keys, &mapping);
      return mapping;
    case NodeKind::kGroupAggregate: {
      const std::vector<int>& keys = node.As<GroupAggregateNode>().keys;
      for (size_t i = 0; i < keys.size(); ++i) mapping[i] = keys[i];
      return mapping;
    }
    case NodeKind::kWindowAggregate: {
      const std::vector<int>& keys = node.As<WindowAggregateNode>().keys;
      for (size_t i = 0; i < keys.size(); ++i) mapping[i] = keys[i];
      return mapping;
    }
    default:
      return {};
  }
}

// Comparisons of columns and literals give no row an error: they may be tried before conditions written ahead
// of them.
bool NeverFails(const functions::Expression& expr) {
  static constexpr std::string_view kSafe[] = {
      "=",  "<>",     "<",       "<=",          ">",   ">=",      "IS NULL", "IS NOT NULL",
      "IN", "NOT IN", "BETWEEN", "NOT BETWEEN", "NOT", "IS TRUE", "IS FALSE"};
  if (expr.kind() == functions::ExprKind::kCall && !functions::IsAnd(expr) && !functions::IsOr(expr) &&
      std::ranges::find(kSafe, CallName(expr)) == std::end(kSafe)) {
    return false;
  }
  return std::ranges::all_of(expr.args(), [](const ExprPtr& arg) { return NeverFails(*arg); });
}

std::optional<ExprPtr> Pass(const ExprPtr& condition, const std::vector<int>& mapping) {
  const std::vector<int> columns = ColumnsOf(condition);
  if (columns.empty() || !condition->IsDeterministic()) return std::nullopt;
  for (const int column : columns) {
    if (mapping[static_cast<size_t>(column)] < 0) return std::nullopt;
  }
  return functions::RemapColumns(condition, mapping);
}

}  // namespace

PlanNodePtr PushFilters(PlanNodePtr root) {
  if (root->kind == NodeKind::kCalc && root->As<CalcNode>().filter != nullptr) {
    auto& calc = root->As<CalcNode>();
    PlanNode& below = *root->inputs.front();
    if (const std::vector<int> mapping = Passage(below); !mapping.empty()) {
      ExprPtr pushed;
      ExprPtr kept;
      for (const ExprPtr& part : SplitConjunction(calc.filter)) {
        // What may fail must stay behind the conditions that keep it from failing.
        std::optional<ExprPtr> passed;
        if (kept == nullptr || NeverFails(*part)) passed = Pass(part, mapping);
        if (passed) {
          pushed = Conjunction(std::move(pushed), *std::move(passed));
        } else {
          kept = Conjunction(std::move(kept), part);
        }
      }
      if (pushed != nullptr) {
        below.inputs.front() = MakeFilter(std::move(below.inputs.front()), std::move(pushed));
        std::vector<std::string> names;
        for (const data::Field& field : root->schema) names.push_back(field.name);
        PlanNodePtr input = root->inputs.front();
        root = MakeCalc(std::move(input), std::move(kept), calc.projections, std::move(names));
      }
    }
  }
  for (PlanNodePtr& input : root->inputs) input = PushFilters(std::move(input));
  return root;
}

}  // namespace millrace::plan
