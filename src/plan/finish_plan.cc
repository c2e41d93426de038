#include "plan/finish_plan.h"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "plan/node_factory.h"
#include "plan/rules/fold_constants.h"
#include "plan/rules/prune_columns.h"
#include "plan/rules/push_filters.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

std::string_view WindowFunctionName(WindowKind kind) {
  static constexpr std::string_view kNames[] = {"TUMBLE", "HOP", "CUMULATE", "SESSION"};
  return kNames[static_cast<size_t>(kind)];
}

void CountNames(PlanNode& node, std::map<NodeKind, int>* counts) {
  for (const PlanNodePtr& input : node.inputs) CountNames(*input, counts);
  node.name = fmt::format("{}({})", NodeKindName(node.kind), ++(*counts)[node.kind]);
}

}  // namespace

PlanNodePtr Optimize(PlanNodePtr root, const PlanContext& context) {
  root = PushFilters(std::move(root));
  DeriveAllTraits(*root);
  root = PruneColumns(std::move(root));
  FoldPlanConstants(*root, *context.zone);
  DeriveAllTraits(*root);
  return root;
}

Status CheckPlan(const PlanNode& root) {
  for (const PlanNodePtr& input : root.inputs) MR_TRY(CheckPlan(*input));
  if (root.kind == NodeKind::kRank && root.As<RankNode>().rank_end == kUnboundedRank) {
    return Fail(ErrorCode::kNotSupported, "ROW_NUMBER without an upper bound on its number is not supported",
                "filter by it in an outer query, e.g. WHERE rn <= 10, or in QUALIFY", root.location);
  }
  if (root.kind == NodeKind::kWindowTvf && !root.input().traits.changelog.IsAppend()) {
    return Fail(
        ErrorCode::kNotSupported,
        fmt::format("{} without an aggregation by its window takes inserted rows only, but its input has "
                    "changes {}",
                    WindowFunctionName(root.As<WindowTvfNode>().window.kind),
                    root.input().traits.changelog.ToString()),
        "GROUP BY window_start, window_end right above it", root.location);
  }
  return Ok();
}

void NameNodes(PlanNode& root) {
  std::map<NodeKind, int> counts;
  CountNames(root, &counts);
}

Result<PlannedQuery> FinishPlan(QueryBinder& binder, Relation relation) {
  MR_TRY(CheckPlan(*relation.node));
  PlannedQuery planned;
  for (size_t i = 0; i < relation.names.size(); ++i)
    planned.schema.Add(relation.names[i], relation.node->schema[i].type);
  planned.root = Optimize(std::move(relation.node), binder.context());
  NameNodes(*planned.root);
  if (!planned.root->traits.unique_keys.empty()) planned.key = planned.root->traits.unique_keys.front();
  planned.dependencies = binder.dependencies();
  planned.warnings = std::move(binder.warnings());
  return planned;
}

}  // namespace millrace::plan
