#include "plan/distribution.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "plan/node_factory.h"

namespace millrace::plan {

namespace {

// The distribution with its columns where `position` says they are in the output; unknown if one is gone.
template <typename F>
Distribution Moved(const Distribution& distribution, const F& position) {
  if (distribution.kind != Distribution::Kind::kHash) return distribution;
  std::vector<int> keys;
  for (const int key : distribution.keys) {
    const int moved = position(key);
    if (moved < 0) return Distribution::Any();
    keys.push_back(moved);
  }
  return Distribution::Hash(std::move(keys));
}

Distribution AfterExchange(const PlanNode& node) {
  return node.distribution.kind == Distribution::Kind::kAny || !NeedsExchange(node, 0)
             ? OutputDistribution(node.input())
             : node.distribution;
}

}  // namespace

Distribution OutputDistribution(const PlanNode& node) {
  switch (node.kind) {
    case NodeKind::kScan:
    case NodeKind::kTableScan:
      return Distribution::Any();
    case NodeKind::kValues:
      return Distribution::Single();
    case NodeKind::kUnion: {
      Distribution all = OutputDistribution(node.input());
      for (const PlanNodePtr& input : node.inputs) {
        const Distribution other = OutputDistribution(*input);
        if (other.kind != all.kind || other.keys != all.keys) return Distribution::Any();
      }
      return all;
    }
    case NodeKind::kCalc: {
      const auto& projections = node.As<CalcNode>().projections;
      return Moved(AfterExchange(node), [&](int key) {
        for (size_t i = 0; i < projections.size(); ++i) {
          if (ColumnOf(*projections[i]) == key) return static_cast<int>(i);
        }
        return -1;
      });
    }
    case NodeKind::kExpand: {
      const auto& projections = node.As<ExpandNode>().projections;
      return Moved(AfterExchange(node), [&](int key) {
        for (size_t i = 0; i < node.schema.size(); ++i) {
          const bool same =
              std::ranges::all_of(projections, [&](const auto& p) { return ColumnOf(*p[i]) == key; });
          if (same) return static_cast<int>(i);
        }
        return -1;
      });
    }
    case NodeKind::kGroupAggregate:
    case NodeKind::kWindowAggregate: {
      const std::vector<int>& keys = node.kind == NodeKind::kGroupAggregate
                                         ? node.As<GroupAggregateNode>().keys
                                         : node.As<WindowAggregateNode>().keys;
      return Moved(AfterExchange(node), [&](int key) {
        const auto it = std::ranges::find(keys, key);
        return it == keys.end() ? -1 : static_cast<int>(it - keys.begin());
      });
    }
    default:
      return AfterExchange(node);
  }
}

bool NeedsExchange(const PlanNode& node, size_t input) {
  const Distribution& wanted = node.distribution;
  if (wanted.kind == Distribution::Kind::kAny) return false;
  const Distribution given = OutputDistribution(*node.inputs[input]);
  if (given.kind == Distribution::Kind::kSingle) return wanted.kind != Distribution::Kind::kSingle;
  if (given.kind != wanted.kind) return true;
  // Rows that agree on all wanted keys agree on those they are spread by, if those are among them.
  return !std::ranges::all_of(
      given.keys, [&](int key) { return std::ranges::find(wanted.keys, key) != wanted.keys.end(); });
}

}  // namespace millrace::plan
