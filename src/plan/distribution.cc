#include "plan/distribution.h"

#include <algorithm>
#include <numeric>

#include "plan/node_factory.h"

namespace millrace::plan {

namespace {

// The spread with its keys where `places` says that columns of the input stand in the output (-1: nowhere);
// by something unknown if one is gone.
Spread Moved(const Spread& input, const std::vector<int>& places) {
  Spread output{input.parts, {}};
  for (const int key : input.keys) {
    const int place = places[static_cast<size_t>(key)];
    if (place < 0) return {input.parts, {}};
    output.keys.push_back(place);
  }
  return output;
}

// Where the columns of a node's only input stand in its output.
std::vector<int> PlacesInOutput(const PlanNode& node) {
  std::vector<int> places(node.input().schema.size(), -1);
  const auto first = [&](const std::vector<int>& columns) {
    for (size_t i = 0; i < columns.size(); ++i) places[static_cast<size_t>(columns[i])] = static_cast<int>(i);
  };
  switch (node.kind) {
    case NodeKind::kCalc: {
      const auto& projections = node.As<CalcNode>().projections;
      for (size_t i = 0; i < projections.size(); ++i) {
        const int column = ColumnOf(*projections[i]);
        if (column >= 0) places[static_cast<size_t>(column)] = static_cast<int>(i);
      }
      break;
    }
    case NodeKind::kGroupAggregate:
      first(node.As<GroupAggregateNode>().keys);
      break;
    case NodeKind::kWindowAggregate:
      first(node.As<WindowAggregateNode>().keys);
      break;
    case NodeKind::kExpand:
      break;
    default:  // the input's columns come first
      for (size_t i = 0; i < places.size() && i < node.schema.size(); ++i) places[i] = static_cast<int>(i);
  }
  return places;
}

}  // namespace

bool Spread::KeepsTogether(const std::vector<int>& columns) const {
  if (parts == 1) return true;
  return !keys.empty() &&
         std::ranges::all_of(keys, [&](int key) { return std::ranges::find(columns, key) != columns.end(); });
}

Spreading::Spreading(int shards, FindSpread stored) : shards_(shards), stored_(std::move(stored)) {}

bool Spreading::Satisfies(const Spread& given, const Distribution& wanted) const {
  switch (wanted.kind) {
    case Distribution::Kind::kAny:
      return true;
    case Distribution::Kind::kSingle:
      return given.parts == 1;
    case Distribution::Kind::kHash:
      return given.parts == shards_ && given.KeepsTogether(wanted.keys);
  }
  return false;
}

Spread Spreading::Of(const PlanNode& node) const {
  switch (node.kind) {
    case NodeKind::kScan:
    case NodeKind::kValues:
      return {};
    case NodeKind::kTableScan:
      return OfTableScan(node.As<TableScanNode>());
    case NodeKind::kUnion: {
      Spread all;
      for (const PlanNodePtr& input : node.inputs) all.parts = std::max(all.parts, Of(*input).parts);
      return all;
    }
    default:
      break;
  }
  Spread input = Of(node.input());
  if (!Satisfies(input, node.distribution)) {
    input = node.distribution.kind == Distribution::Kind::kHash && shards_ > 1
                ? Spread{shards_, node.distribution.keys}
                : Spread{};
  }
  return Moved(input, PlacesInOutput(node));
}

Spread Spreading::OfTableScan(const TableScanNode& scan) const {
  if (!stored_) return {};
  std::vector<int> places(scan.entry->schema.size(), -1);
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    places[static_cast<size_t>(scan.columns[i])] = static_cast<int>(i);
  }
  return Moved(stored_(scan.entry->name), places);
}

bool Spreading::NeedsExchange(const PlanNode& node) const {
  return node.inputs.size() == 1 && !Satisfies(Of(node.input()), node.distribution);
}

Spreading Spreading::OfSeveral() const {
  if (shards_ > 1) return *this;
  constexpr int kSeveral = 2;
  return Spreading(kSeveral, [stored = stored_](const catalog::ObjectName& name) {
    Spread spread = stored ? stored(name) : Spread{};
    if (!spread.keys.empty()) spread.parts = kSeveral;
    return spread;
  });
}

std::vector<int> Spreading::InputKeys(const PlanNode& node) const {
  if (node.inputs.size() != 1 || node.distribution.kind != Distribution::Kind::kHash) return {};
  const Spreading several = OfSeveral();
  return several.NeedsExchange(node) ? node.distribution.keys : several.Of(node.input()).keys;
}

bool Spreading::NeedsExchangeToStore(const PlannedQuery& query) const {
  if (query.root->kind == NodeKind::kSink || query.append_only()) return false;
  const Spread spread = Of(*query.root);
  if (!query.key.empty()) return !spread.KeepsTogether(query.key);
  return spread.parts > 1 && spread.keys.empty();
}

Spread Spreading::OfStored(const PlannedQuery& query) const {
  if (NeedsExchangeToStore(query)) {
    std::vector<int> keys = query.key;
    if (keys.empty()) {
      keys.resize(query.schema.size());
      std::iota(keys.begin(), keys.end(), 0);
    }
    return {shards_, std::move(keys)};
  }
  Spread spread = Of(*query.root);
  if (shards_ == 1) spread.keys = OfSeveral().OfStored(query).keys;
  return spread;
}

}  // namespace millrace::plan
