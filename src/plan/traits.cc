#include "plan/traits.h"

#include <algorithm>
#include <utility>

namespace millrace::plan {

namespace {

using Keys = std::vector<std::vector<int>>;

void AddKey(std::vector<int> key, Keys* keys) {
  std::ranges::sort(key);
  key.erase(std::ranges::unique(key).begin(), key.end());
  if (std::ranges::find(*keys, key) == keys->end()) keys->push_back(std::move(key));
}

void SortKeys(Keys* keys) {
  std::ranges::sort(
      *keys, [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
}

// `mapping[i]` is where input column i is in the output, or -1.
Keys MapKeys(const Keys& input, const std::vector<int>& mapping) {
  Keys keys;
  for (const std::vector<int>& key : input) {
    std::vector<int> mapped;
    for (const int column : key) mapped.push_back(mapping[static_cast<size_t>(column)]);
    if (std::ranges::find(mapped, -1) == mapped.end()) AddKey(std::move(mapped), &keys);
  }
  return keys;
}

int MapColumn(int column, const std::vector<int>& mapping) {
  return column < 0 ? -1 : mapping[static_cast<size_t>(column)];
}

// A primary key that is NOT ENFORCED is the word of the user, which Flink does not act on either: only keys
// that Millrace itself keeps unique count.
void DeriveScan(const ScanNode& node, Traits& traits) {
  traits.time_attributes.assign(node.columns.size(), TimeAttribute::kNone);
}

void DeriveTableScan(const TableScanNode& node, Traits& traits) {
  std::vector<int> mapping(node.entry->schema.size(), -1);
  for (size_t i = 0; i < node.columns.size(); ++i)
    mapping[static_cast<size_t>(node.columns[i])] = static_cast<int>(i);
  traits.time_attributes.assign(node.columns.size(), TimeAttribute::kNone);
  if (node.entry->kind == catalog::EntryKind::kTable) {
    const catalog::TableDefinition& table = *node.entry->table;
    if (!table.primary_key.empty()) traits.unique_keys = MapKeys({table.primary_key}, mapping);
    traits.changelog = table.primary_key.empty() ? ChangelogMode::Append() : ChangelogMode::Retract();
    return;
  }
  const catalog::MaterializedViewDefinition& view = *node.entry->materialized_view;
  if (!view.key.empty()) traits.unique_keys = MapKeys({view.key}, mapping);
  traits.changelog = view.append_only ? ChangelogMode::Append() : ChangelogMode::Retract();
  traits.bounded = view.bounded;
  for (const int column : view.rowtime_columns) {
    const int position = MapColumn(column, mapping);
    if (position >= 0) traits.time_attributes[static_cast<size_t>(position)] = TimeAttribute::kRowtime;
  }
  traits.window = {MapColumn(view.window.start, mapping), MapColumn(view.window.end, mapping),
                   MapColumn(view.window.time, mapping), view.window.is_ltz};
}

void DeriveCalc(const CalcNode& node, const Traits& input, Traits& traits) {
  std::vector<int> mapping(node.input().schema.size(), -1);
  traits.time_attributes.clear();
  for (size_t i = 0; i < node.projections.size(); ++i) {
    const functions::Expression& expr = *node.projections[i];
    if (expr.kind() == functions::ExprKind::kColumn) {
      int& target = mapping[static_cast<size_t>(static_cast<const functions::ColumnRef&>(expr).index())];
      if (target < 0) target = static_cast<int>(i);
    }
    traits.time_attributes.push_back(TimeAttributeOf(expr, input.time_attributes));
  }
  traits.unique_keys = MapKeys(input.unique_keys, mapping);
  traits.window = {MapColumn(input.window.start, mapping), MapColumn(input.window.end, mapping),
                   MapColumn(input.window.time, mapping), input.window.is_ltz};
}

void DeriveUnion(const UnionNode& node, Traits& traits) {
  traits.unique_keys.clear();
  traits.bounded = true;
  for (const PlanNodePtr& input : node.inputs) {
    const Traits& other = input->traits;
    traits.changelog.update_before |= other.changelog.update_before;
    traits.changelog.update_after |= other.changelog.update_after;
    traits.changelog.deletes |= other.changelog.deletes;
    traits.bounded = traits.bounded && other.bounded;
    if (other.window != traits.window) traits.window = {};
    for (size_t i = 0; i < traits.time_attributes.size(); ++i) {
      if (other.time_attributes[i] != traits.time_attributes[i])
        traits.time_attributes[i] = TimeAttribute::kNone;
    }
  }
}

void DeriveExpand(const ExpandNode& node, const Traits& input, Traits& traits) {
  // A column that is the same input column in every projection keeps what it is.
  std::vector<int> mapping(node.input().schema.size(), -1);
  traits.time_attributes.assign(node.schema.size(), TimeAttribute::kNone);
  for (size_t column = 0; column < node.schema.size(); ++column) {
    int source = -1;
    for (const auto& projection : node.projections) {
      const functions::Expression& expr = *projection[column];
      const int index = expr.kind() == functions::ExprKind::kColumn
                            ? static_cast<const functions::ColumnRef&>(expr).index()
                            : -1;
      if (&projection == &node.projections.front()) {
        source = index;
      } else if (source != index) {
        source = -1;
      }
    }
    if (source < 0) continue;
    int& target = mapping[static_cast<size_t>(source)];
    if (target < 0) target = static_cast<int>(column);
    traits.time_attributes[column] = input.time_attributes[static_cast<size_t>(source)];
  }
  traits.unique_keys.clear();
  traits.window = {MapColumn(input.window.start, mapping), MapColumn(input.window.end, mapping),
                   MapColumn(input.window.time, mapping), input.window.is_ltz};
}

void DeriveWindowTvf(const WindowTvfNode& node, const Traits& input, Traits& traits) {
  const int start = static_cast<int>(node.input().schema.size());
  traits.window = {start, start + 1, start + 2, node.window.is_ltz};
  // Only window_time goes on as the time attribute, and the original one as well, as in Flink.
  traits.time_attributes.push_back(TimeAttribute::kNone);
  traits.time_attributes.push_back(TimeAttribute::kNone);
  traits.time_attributes.push_back(TimeAttribute::kRowtime);
  traits.unique_keys.clear();
  for (const std::vector<int>& key : input.unique_keys) {
    std::vector<int> windowed = key;
    if (node.window.kind == WindowKind::kHop || node.window.kind == WindowKind::kCumulate) {
      windowed.push_back(start);
      windowed.push_back(start + 1);
    }
    AddKey(std::move(windowed), &traits.unique_keys);
  }
}

void DeriveWindowAggregate(const WindowAggregateNode& node, Traits& traits) {
  const size_t width = node.schema.size();
  traits.time_attributes.assign(width, TimeAttribute::kNone);
  traits.window = {-1, -1, -1, node.is_ltz};
  const size_t first = node.keys.size() + node.aggregates.size();
  for (size_t i = 0; i < node.properties.size(); ++i) {
    const int column = static_cast<int>(first + i);
    switch (node.properties[i]) {
      case WindowProperty::kStart:
        if (traits.window.start < 0) traits.window.start = column;
        break;
      case WindowProperty::kEnd:
        if (traits.window.end < 0) traits.window.end = column;
        break;
      case WindowProperty::kTime:
        if (traits.window.time < 0) traits.window.time = column;
        traits.time_attributes[first + i] = TimeAttribute::kRowtime;
        break;
    }
  }
  traits.unique_keys.clear();
  const catalog::WindowColumns& window = traits.window;
  std::vector<int> key;
  for (size_t i = 0; i < node.keys.size(); ++i) key.push_back(static_cast<int>(i));
  if (window.start >= 0 && window.end >= 0) {
    key.push_back(window.start);
    key.push_back(window.end);
    AddKey(std::move(key), &traits.unique_keys);
  } else if (!node.attached) {
    // One bound alone tells windows apart, but for the start of those that grow.
    int bound = window.end >= 0 ? window.end : window.time;
    if (bound < 0 && node.window.kind != WindowKind::kCumulate) bound = window.start;
    if (bound >= 0) {
      key.push_back(bound);
      AddKey(std::move(key), &traits.unique_keys);
    }
  }
  traits.changelog = ChangelogMode::Append();
  if (node.early_fire) traits.changelog = {node.emit_update_before, true, node.input_retracts};
}

void DeriveGroupAggregate(const GroupAggregateNode& node, Traits& traits) {
  traits.time_attributes.assign(node.schema.size(), TimeAttribute::kNone);
  traits.window = {};
  std::vector<int> key;
  for (size_t i = 0; i < node.keys.size(); ++i) key.push_back(static_cast<int>(i));
  traits.unique_keys = {std::move(key)};
  const bool updates = !node.aggregates.empty();
  traits.changelog = {updates && node.emit_update_before, updates, node.input_retracts};
}

// Rank and WindowRank: `partition` says which columns hold a whole ranking apart. A key must also tell whom a
// change replaces: an update by number replaces what had that number, whatever key it had in the input; and a
// row that moves from one partition to another comes there before or after it leaves the first.
void DeriveRankKeys(const PlanNode& node, const std::vector<int>& partition, bool output_rank, bool one_row,
                    bool changes, Traits& traits) {
  Keys keys;
  if (one_row) {
    AddKey(partition, &keys);
  } else if (output_rank) {
    std::vector<int> key = partition;
    key.push_back(static_cast<int>(node.schema.size()) - 1);
    AddKey(std::move(key), &keys);
  }
  if (!changes || !output_rank) {
    for (std::vector<int>& key : traits.unique_keys) {
      if (changes) key.insert(key.end(), partition.begin(), partition.end());
      AddKey(std::move(key), &keys);
    }
  }
  traits.unique_keys = std::move(keys);
  if (output_rank) traits.time_attributes.push_back(TimeAttribute::kNone);
}

std::vector<int> WindowPartition(int start, int end, const std::vector<int>& partition) {
  std::vector<int> columns = partition;
  columns.push_back(start);
  columns.push_back(end);
  return columns;
}

// A ranking over several windows at once changes when later windows come, so its rows are no longer those of
// windows that close; as in Flink.
void KeepWindowIfPartitioned(const std::vector<int>& partition, Traits& traits) {
  for (const int bound : {traits.window.start, traits.window.end}) {
    if (std::ranges::find(partition, bound) != partition.end()) continue;
    traits.window = {};
    return;
  }
}

void DeriveSortLimit(const SortLimitNode& node, Traits& traits) {
  traits.window = {};
  switch (node.sort) {
    case SortLimitKind::kTemporalSort:
    case SortLimitKind::kLimit:
      break;
    case SortLimitKind::kBoundedSort:
      traits.changelog = ChangelogMode::Append();
      break;
    case SortLimitKind::kTopN:
      traits.changelog = {false, false, true};
      break;
  }
}

void DeriveUnnest(const UnnestNode& node, const Traits& input, Traits& traits) {
  traits.time_attributes.resize(node.schema.size(), TimeAttribute::kNone);
  traits.unique_keys.clear();
  if (!node.with_ordinality) return;
  for (const std::vector<int>& key : input.unique_keys) {
    std::vector<int> numbered = key;
    numbered.push_back(static_cast<int>(node.schema.size()) - 1);
    AddKey(std::move(numbered), &traits.unique_keys);
  }
}

Distribution DistributionOf(const PlanNode& node) {
  switch (node.kind) {
    case NodeKind::kWindowTvf: {
      const WindowSpec& window = node.As<WindowTvfNode>().window;
      return window.kind == WindowKind::kSession ? Distribution::Hash(window.partition_keys)
                                                 : Distribution::Any();
    }
    case NodeKind::kWindowAggregate:
      return Distribution::Hash(node.As<WindowAggregateNode>().keys);
    case NodeKind::kGroupAggregate:
      return Distribution::Hash(node.As<GroupAggregateNode>().keys);
    case NodeKind::kRank:
      return Distribution::Hash(node.As<RankNode>().partition_keys);
    case NodeKind::kDeduplicate:
      return Distribution::Hash(node.As<DeduplicateNode>().keys);
    case NodeKind::kWindowRank:
      return Distribution::Hash(node.As<WindowRankNode>().partition_keys);
    case NodeKind::kWindowDeduplicate:
      return Distribution::Hash(node.As<WindowDeduplicateNode>().partition_keys);
    case NodeKind::kSortLimit:
      return Distribution::Single();
    case NodeKind::kChangelogNormalize:
      return Distribution::Hash(node.As<ChangelogNormalizeNode>().key);
    case NodeKind::kUpsertMaterialize:
      return Distribution::Hash(node.As<UpsertMaterializeNode>().primary_key);
    case NodeKind::kSink: {
      const std::vector<int>& key = node.As<SinkNode>().key;
      return key.empty() ? Distribution::Any() : Distribution::Hash(key);
    }
    default:
      return Distribution::Any();
  }
}

}  // namespace

TimeAttribute TimeAttributeOf(const functions::Expression& expr, const std::vector<TimeAttribute>& input) {
  if (expr.kind() == functions::ExprKind::kColumn) {
    return input[static_cast<size_t>(static_cast<const functions::ColumnRef&>(expr).index())];
  }
  const auto* call = dynamic_cast<const functions::Call*>(&expr);
  return call != nullptr && call->name() == "PROCTIME" ? TimeAttribute::kProctime : TimeAttribute::kNone;
}

void DeriveTraits(PlanNode& node) {
  Traits& traits = node.traits;
  node.distribution = DistributionOf(node);
  switch (node.kind) {
    case NodeKind::kScan:
      return DeriveScan(node.As<ScanNode>(), traits);
    case NodeKind::kTableScan:
      return DeriveTableScan(node.As<TableScanNode>(), traits);
    case NodeKind::kValues:
      traits.time_attributes.assign(node.schema.size(), TimeAttribute::kNone);
      traits.bounded = true;
      return;
    default:
      break;
  }
  const Traits& input = node.input().traits;
  traits = input;
  switch (node.kind) {
    case NodeKind::kCalc:
      return DeriveCalc(node.As<CalcNode>(), input, traits);
    case NodeKind::kWatermarkAssigner: {
      const int column = node.As<WatermarkAssignerNode>().rowtime_column;
      traits.time_attributes[static_cast<size_t>(column)] = TimeAttribute::kRowtime;
      return;
    }
    case NodeKind::kExpand:
      return DeriveExpand(node.As<ExpandNode>(), input, traits);
    case NodeKind::kUnion:
      return DeriveUnion(node.As<UnionNode>(), traits);
    case NodeKind::kUnnest:
      return DeriveUnnest(node.As<UnnestNode>(), input, traits);
    case NodeKind::kWindowTvf:
      return DeriveWindowTvf(node.As<WindowTvfNode>(), input, traits);
    case NodeKind::kWindowAggregate:
      return DeriveWindowAggregate(node.As<WindowAggregateNode>(), traits);
    case NodeKind::kGroupAggregate:
      return DeriveGroupAggregate(node.As<GroupAggregateNode>(), traits);
    case NodeKind::kRank: {
      const auto& rank = node.As<RankNode>();
      DeriveRankKeys(node, rank.partition_keys, rank.output_rank, rank.rank_start == rank.rank_end,
                     /*changes=*/true, traits);
      KeepWindowIfPartitioned(rank.partition_keys, traits);
      traits.changelog = {rank.output_rank && rank.emit_update_before, rank.output_rank, true};
      return;
    }
    case NodeKind::kDeduplicate: {
      const auto& dedup = node.As<DeduplicateNode>();
      traits.unique_keys.clear();
      AddKey(dedup.keys, &traits.unique_keys);
      KeepWindowIfPartitioned(dedup.keys, traits);
      const bool updates = dedup.keep_last || !dedup.processing_time;
      traits.changelog = {updates && dedup.emit_update_before, updates, false};
      return;
    }
    case NodeKind::kWindowRank: {
      const auto& rank = node.As<WindowRankNode>();
      DeriveRankKeys(node, WindowPartition(rank.window_start, rank.window_end, rank.partition_keys),
                     rank.output_rank, rank.rank_start == rank.rank_end, /*changes=*/false, traits);
      traits.changelog = ChangelogMode::Append();
      return;
    }
    case NodeKind::kWindowDeduplicate: {
      const auto& dedup = node.As<WindowDeduplicateNode>();
      traits.unique_keys.clear();
      AddKey(WindowPartition(dedup.window_start, dedup.window_end, dedup.partition_keys),
             &traits.unique_keys);
      traits.changelog = ChangelogMode::Append();
      return;
    }
    case NodeKind::kSortLimit:
      return DeriveSortLimit(node.As<SortLimitNode>(), traits);
    case NodeKind::kChangelogNormalize: {
      const auto& normalize = node.As<ChangelogNormalizeNode>();
      traits.changelog = {normalize.emit_update_before, true, true};
      traits.unique_keys.clear();
      AddKey(normalize.key, &traits.unique_keys);
      return;
    }
    case NodeKind::kUpsertMaterialize:
      traits.changelog = ChangelogMode::Upsert();
      traits.unique_keys.clear();
      AddKey(node.As<UpsertMaterializeNode>().primary_key, &traits.unique_keys);
      return;
    default:
      return;
  }
}

void DeriveAllTraits(PlanNode& root) {
  for (const PlanNodePtr& input : root.inputs) DeriveAllTraits(*input);
  DeriveTraits(root);
  SortKeys(&root.traits.unique_keys);
}

}  // namespace millrace::plan
