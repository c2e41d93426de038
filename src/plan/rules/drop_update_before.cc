#include "plan/rules/drop_update_before.h"

#include <algorithm>
#include <vector>

#include "plan/node_factory.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

// A filter on anything but the key may keep -U and drop +U of one change: it needs both.
bool FilterIsByKey(const CalcNode& calc, const std::vector<int>& key) {
  if (calc.filter == nullptr) return true;
  return std::ranges::all_of(ColumnsOf(calc.filter),
                             [&](int column) { return std::ranges::find(key, column) != key.end(); });
}

}  // namespace

bool DropUpdateBefore(PlanNode& root, const std::vector<int>& key) {
  if (!root.traits.changelog.update_before) return true;
  bool dropped = false;
  switch (root.kind) {
    case NodeKind::kCalc: {
      auto& calc = root.As<CalcNode>();
      std::vector<int> below;
      for (const int column : key) {
        const int source = ColumnOf(*calc.projections[static_cast<size_t>(column)]);
        if (source < 0) return false;
        below.push_back(source);
      }
      if (!FilterIsByKey(calc, below)) return false;
      dropped = DropUpdateBefore(*root.inputs.front(), below);
      break;
    }
    case NodeKind::kGroupAggregate:
      root.As<GroupAggregateNode>().emit_update_before = false;
      dropped = true;
      break;
    case NodeKind::kWindowAggregate:
      root.As<WindowAggregateNode>().emit_update_before = false;
      dropped = true;
      break;
    case NodeKind::kRank:
      root.As<RankNode>().emit_update_before = false;
      dropped = true;
      break;
    case NodeKind::kDeduplicate:
      root.As<DeduplicateNode>().emit_update_before = false;
      dropped = true;
      break;
    case NodeKind::kChangelogNormalize:
      root.As<ChangelogNormalizeNode>().emit_update_before = false;
      dropped = true;
      break;
    default:
      return false;
  }
  if (dropped) DeriveTraits(root);
  return dropped;
}

}  // namespace millrace::plan
