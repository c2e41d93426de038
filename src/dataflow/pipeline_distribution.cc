// How the rows of a plan are spread over tasks: the questions that PipelineBuilder asks before it builds.
#include <algorithm>

#include "dataflow/pipeline_builder.h"

namespace millrace::dataflow {

int PipelineBuilder::ParallelismOf(const plan::PlanNode& node, int shards) const {
  switch (node.kind) {
    case plan::NodeKind::kScan:
    case plan::NodeKind::kValues:
      return 1;
    case plan::NodeKind::kTableScan: {
      const StoredTable* table =
          environment_.find_table(node.As<plan::TableScanNode>().entry->name.ToString());
      return table == nullptr ? 1 : static_cast<int>(table->parts.size());
    }
    default:
      break;
  }
  switch (node.distribution.kind) {
    case plan::Distribution::Kind::kSingle:
      return 1;
    case plan::Distribution::Kind::kHash:
      return shards;
    case plan::Distribution::Kind::kAny:
      break;
  }
  int parallelism = 1;
  for (const auto& input : node.inputs) parallelism = std::max(parallelism, ParallelismOf(*input, shards));
  return parallelism;
}

std::vector<int> PipelineBuilder::PartitioningOf(const plan::PlanNode& node, int shards) const {
  // Where columns of the input stand in the output; -1: nowhere.
  std::vector<int> moved;
  std::vector<int> input_keys;
  if (node.kind == plan::NodeKind::kTableScan) {
    const auto& scan = node.As<plan::TableScanNode>();
    const StoredTable* table = environment_.find_table(scan.entry->name.ToString());
    if (table == nullptr) return {};
    input_keys = table->spread_by;
    moved.assign(table->schema->size(), -1);
    for (size_t i = 0; i < scan.columns.size(); ++i) moved[scan.columns[i]] = static_cast<int>(i);
  } else {
    if (node.inputs.size() != 1) return {};
    input_keys = node.distribution.kind == plan::Distribution::Kind::kHash && NeedsExchange(node, shards)
                     ? node.distribution.keys
                     : PartitioningOf(node.input(), shards);
    if (input_keys.empty()) return {};
    moved.assign(node.input().schema.size(), -1);
    const auto set_keys = [&](const std::vector<int>& keys) {
      for (size_t i = 0; i < keys.size(); ++i) moved[keys[i]] = static_cast<int>(i);
    };
    switch (node.kind) {
      case plan::NodeKind::kCalc: {
        const auto& projections = node.As<plan::CalcNode>().projections;
        for (size_t i = 0; i < projections.size(); ++i) {
          if (projections[i]->kind() != functions::ExprKind::kColumn) continue;
          moved[static_cast<const functions::ColumnRef&>(*projections[i]).index()] = static_cast<int>(i);
        }
        break;
      }
      case plan::NodeKind::kGroupAggregate:
        set_keys(node.As<plan::GroupAggregateNode>().keys);
        break;
      case plan::NodeKind::kWindowAggregate:
        set_keys(node.As<plan::WindowAggregateNode>().keys);
        break;
      case plan::NodeKind::kExpand:
        return {};
      default:  // the input's columns come first
        for (size_t i = 0; i < moved.size() && i < node.schema.size(); ++i) moved[i] = static_cast<int>(i);
    }
  }
  std::vector<int> keys;
  for (const int key : input_keys) {
    if (moved[key] < 0) return {};
    keys.push_back(moved[key]);
  }
  return keys;
}

bool PipelineBuilder::IsSpreadBy(const plan::PlanNode& node, const std::vector<int>& keys, int shards) const {
  const std::vector<int> partitioning = PartitioningOf(node, shards);
  if (partitioning.empty()) return false;
  return std::all_of(partitioning.begin(), partitioning.end(),
                     [&](int key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); });
}

bool PipelineBuilder::NeedsExchange(const plan::PlanNode& node, int shards) const {
  if (node.inputs.size() != 1) return false;
  const int input_parallelism = ParallelismOf(node.input(), shards);
  switch (node.distribution.kind) {
    case plan::Distribution::Kind::kAny:
      return false;
    case plan::Distribution::Kind::kSingle:
      return input_parallelism > 1;
    case plan::Distribution::Kind::kHash:
      if (shards == 1 && input_parallelism == 1) return false;
      return input_parallelism != shards || !IsSpreadBy(node.input(), node.distribution.keys, shards);
  }
  return false;
}

std::unique_ptr<StoredTable> PipelineBuilder::MakeTable(const std::string& name,
                                                        const plan::PlannedQuery& query, int shards) {
  const plan::PlanNode& root = *query.root;
  tables::TableMode mode = tables::TableMode::kMultiset;
  if (query.append_only()) {
    mode = tables::TableMode::kAppend;
  } else if (!query.key.empty()) {
    mode = tables::TableMode::kKeyed;
  }
  int parts = ParallelismOf(root, shards);
  std::vector<int> spread_by = PartitioningOf(root, shards);
  if (mode == tables::TableMode::kKeyed && parts > 1 && !IsSpreadBy(root, query.key, shards)) {
    parts = shards;
    spread_by = query.key;
  }
  const std::vector<int> key = mode == tables::TableMode::kKeyed ? query.key : std::vector<int>{};
  auto table = std::make_unique<StoredTable>(name, std::make_shared<const data::Schema>(query.schema), mode,
                                             key, parts);
  if (parts > 1) table->spread_by = std::move(spread_by);
  return table;
}

}  // namespace millrace::dataflow
