#include "plan/rules/prune_columns.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "plan/node_factory.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

using functions::ExprPtr;
using Needed = std::vector<bool>;
// For each column before: where it is now, or -1.
using Mapping = std::vector<int>;

void Need(int column, Needed* needed) {
  if (column >= 0) (*needed)[static_cast<size_t>(column)] = true;
}
void Need(const std::vector<int>& columns, Needed* needed) {
  for (const int column : columns) Need(column, needed);
}
void Need(const ExprPtr& expr, Needed* needed) {
  if (expr != nullptr) functions::CollectColumns(expr, needed);
}
void Need(const std::vector<SortKey>& order, Needed* needed) {
  for (const SortKey& key : order) Need(key.column, needed);
}

void Remap(int* column, const Mapping& mapping) {
  if (*column >= 0) *column = mapping[static_cast<size_t>(*column)];
}
void Remap(std::vector<int>* columns, const Mapping& mapping) {
  for (int& column : *columns) Remap(&column, mapping);
}
void Remap(ExprPtr* expr, const Mapping& mapping) {
  if (*expr != nullptr) *expr = functions::RemapColumns(*expr, mapping);
}
void Remap(std::vector<SortKey>* order, const Mapping& mapping) {
  for (SortKey& key : *order) Remap(&key.column, mapping);
}

data::Schema Keep(const data::Schema& schema, const Mapping& mapping) {
  data::Schema kept;
  for (size_t i = 0; i < schema.size(); ++i) {
    if (mapping[i] >= 0) kept.Add(schema[i].name, schema[i].type);
  }
  return kept;
}

Mapping Numbered(const Needed& needed) {
  Mapping mapping(needed.size(), -1);
  int next = 0;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) mapping[i] = next++;
  }
  return mapping;
}

// Prunes node in place (or replaces it) to at least the needed columns.
Mapping Prune(PlanNodePtr& node, Needed needed);

// The leaf's columns; one stays even if none is needed, the narrowest.
template <typename Scan>
Mapping PruneLeaf(Scan& scan, Needed needed) {
  if (std::ranges::find(needed, true) == needed.end() && !needed.empty()) {
    size_t narrowest = 0;
    const auto width = [&](size_t i) {
      const data::DataType& type = scan.schema[i].type;
      return type.IsNested() ? size_t{1000} : data::PhysicalSize(type.physical());
    };
    for (size_t i = 1; i < needed.size(); ++i) {
      if (width(i) < width(narrowest)) narrowest = i;
    }
    needed[narrowest] = true;
  }
  Mapping mapping = Numbered(needed);
  std::vector<int> columns;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) columns.push_back(scan.columns[i]);
  }
  scan.columns = std::move(columns);
  scan.schema = Keep(scan.schema, mapping);
  return mapping;
}

Mapping PruneCalc(PlanNodePtr& node, const Needed& needed) {
  auto& calc = node->As<CalcNode>();
  Needed below(calc.input().schema.size(), false);
  Need(calc.filter, &below);
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    Need(calc.projections[i], &below);
    projections.push_back(calc.projections[i]);
    names.push_back(calc.schema[i].name);
  }
  const Mapping inner = Prune(calc.inputs.front(), std::move(below));
  bool only_columns = calc.filter == nullptr;
  for (size_t i = 0; i < projections.size(); ++i) {
    only_columns = only_columns && ColumnOf(*projections[i]) >= 0;
  }
  if (only_columns) {
    // It only chooses columns: whoever reads them can do that.
    Mapping mapping(needed.size(), -1);
    for (size_t i = 0; i < needed.size(); ++i) {
      if (needed[i]) mapping[i] = inner[static_cast<size_t>(ColumnOf(*calc.projections[i]))];
    }
    PlanNodePtr input = calc.inputs.front();
    node = std::move(input);
    return mapping;
  }
  ExprPtr filter = calc.filter;
  Remap(&filter, inner);
  for (ExprPtr& projection : projections) Remap(&projection, inner);
  PlanNodePtr input = calc.inputs.front();
  node = MakeCalc(std::move(input), std::move(filter), std::move(projections), std::move(names));
  return Numbered(needed);
}

// Nodes that pass their input's columns on, and append `appended` of their own. `own`: input columns they
// use.
Mapping PrunePassing(PlanNode& node, const Needed& needed, Needed own, const std::vector<bool>& appended,
                     Mapping* inner) {
  const size_t width = node.input().schema.size();
  for (size_t i = 0; i < width; ++i) own[i] = own[i] || needed[i];
  *inner = Prune(node.inputs.front(), std::move(own));
  data::Schema schema = node.input().schema;
  Mapping mapping = *inner;
  for (size_t i = 0; i < appended.size(); ++i) {
    mapping.push_back(appended[i] ? static_cast<int>(schema.size()) : -1);
    if (appended[i]) schema.Add(node.schema[width + i].name, node.schema[width + i].type);
  }
  node.schema = std::move(schema);
  return mapping;
}

// Aggregates that nobody asks for go, but one without keys is kept: a global aggregate has a row.
Mapping PruneAggregate(PlanNode& node, Needed needed, std::vector<int>& keys,
                       std::vector<AggregateCall>& calls, std::vector<WindowProperty>* properties,
                       Needed own) {
  const size_t first = keys.size();
  for (size_t i = 0; i < first; ++i) needed[i] = true;
  if (keys.empty() && properties == nullptr && !calls.empty() &&
      std::ranges::find(needed, true) == needed.end()) {
    needed[first] = true;
  }
  std::vector<AggregateCall> kept;
  for (size_t i = 0; i < calls.size(); ++i) {
    if (!needed[first + i]) continue;
    Need(calls[i].args, &own);
    Need(calls[i].filter, &own);
    kept.push_back(std::move(calls[i]));
  }
  if (properties != nullptr) {
    std::vector<WindowProperty> used;
    for (size_t i = 0; i < properties->size(); ++i) {
      if (needed[first + calls.size() + i]) used.push_back((*properties)[i]);
    }
    *properties = std::move(used);
  }
  Need(keys, &own);
  const Mapping inner = Prune(node.inputs.front(), std::move(own));
  Remap(&keys, inner);
  for (AggregateCall& call : kept) {
    Remap(&call.args, inner);
    Remap(&call.filter, inner);
  }
  calls = std::move(kept);
  const Mapping mapping = Numbered(needed);
  node.schema = Keep(node.schema, mapping);
  if (auto* window = node.kind == NodeKind::kWindowAggregate ? &node.As<WindowAggregateNode>() : nullptr) {
    Remap(&window->window.time_column, inner);
    Remap(&window->attached_start, inner);
    Remap(&window->attached_end, inner);
  }
  return mapping;
}

Mapping PruneUnion(PlanNode& node, const Needed& needed) {
  const Mapping mapping = Numbered(needed);
  for (PlanNodePtr& input : node.inputs) {
    const data::Schema before = input->schema;
    const Mapping inner = Prune(input, needed);
    // All inputs must have the same columns, in the same order.
    std::vector<ExprPtr> projections;
    std::vector<std::string> names;
    for (size_t i = 0; i < needed.size(); ++i) {
      if (!needed[i]) continue;
      projections.push_back(
          functions::MakeColumn(inner[i], input->schema[static_cast<size_t>(inner[i])].type));
      names.push_back(before[i].name);
    }
    input = MakeCalc(std::move(input), nullptr, std::move(projections), std::move(names));
  }
  node.schema = Keep(node.schema, mapping);
  return mapping;
}

Mapping PruneExpand(ExpandNode& node, const Needed& needed) {
  Needed below(node.input().schema.size(), false);
  std::vector<std::vector<ExprPtr>> projections;
  for (const std::vector<ExprPtr>& projection : node.projections) {
    std::vector<ExprPtr> kept;
    for (size_t i = 0; i < needed.size(); ++i) {
      if (!needed[i]) continue;
      Need(projection[i], &below);
      kept.push_back(projection[i]);
    }
    projections.push_back(std::move(kept));
  }
  const Mapping inner = Prune(node.inputs.front(), std::move(below));
  for (std::vector<ExprPtr>& projection : projections) {
    for (ExprPtr& expr : projection) Remap(&expr, inner);
  }
  node.projections = std::move(projections);
  const Mapping mapping = Numbered(needed);
  node.schema = Keep(node.schema, mapping);
  return mapping;
}

Mapping PruneInPlace(PlanNodePtr& node, const Needed& needed) {
  Needed own(node->inputs.empty() ? 0 : node->input().schema.size(), false);
  Mapping inner;
  switch (node->kind) {
    case NodeKind::kWatermarkAssigner: {
      auto& assigner = node->As<WatermarkAssignerNode>();
      Need(assigner.rowtime_column, &own);
      Need(assigner.watermark, &own);
      Mapping mapping = PrunePassing(*node, needed, std::move(own), {}, &inner);
      Remap(&assigner.rowtime_column, inner);
      Remap(&assigner.watermark, inner);
      return mapping;
    }
    case NodeKind::kUnnest: {
      auto& unnest = node->As<UnnestNode>();
      Need(unnest.collection_column, &own);
      const std::vector<bool> appended(node->schema.size() - own.size(), true);
      Mapping mapping = PrunePassing(*node, needed, std::move(own), appended, &inner);
      Remap(&unnest.collection_column, inner);
      return mapping;
    }
    case NodeKind::kWindowTvf: {
      WindowSpec& window = node->As<WindowTvfNode>().window;
      Need(window.time_column, &own);
      Need(window.partition_keys, &own);
      Mapping mapping = PrunePassing(*node, needed, std::move(own), {true, true, true}, &inner);
      Remap(&window.time_column, inner);
      Remap(&window.partition_keys, inner);
      return mapping;
    }
    case NodeKind::kRank: {
      auto& rank = node->As<RankNode>();
      Need(rank.partition_keys, &own);
      Need(rank.order, &own);
      std::vector<bool> appended;
      if (rank.output_rank) appended.push_back(needed.back());
      rank.output_rank = rank.output_rank && needed.back();
      Mapping mapping = PrunePassing(*node, needed, std::move(own), appended, &inner);
      Remap(&rank.partition_keys, inner);
      Remap(&rank.order, inner);
      return mapping;
    }
    case NodeKind::kWindowRank: {
      auto& rank = node->As<WindowRankNode>();
      Need(rank.window_start, &own);
      Need(rank.window_end, &own);
      Need(rank.partition_keys, &own);
      Need(rank.order, &own);
      std::vector<bool> appended;
      if (rank.output_rank) appended.push_back(needed.back());
      rank.output_rank = rank.output_rank && needed.back();
      Mapping mapping = PrunePassing(*node, needed, std::move(own), appended, &inner);
      Remap(&rank.window_start, inner);
      Remap(&rank.window_end, inner);
      Remap(&rank.partition_keys, inner);
      Remap(&rank.order, inner);
      return mapping;
    }
    case NodeKind::kDeduplicate: {
      auto& dedup = node->As<DeduplicateNode>();
      Need(dedup.keys, &own);
      if (!dedup.processing_time) Need(dedup.time_column, &own);
      Mapping mapping = PrunePassing(*node, needed, std::move(own), {}, &inner);
      Remap(&dedup.keys, inner);
      if (dedup.processing_time) {
        dedup.time_column = -1;
      } else {
        Remap(&dedup.time_column, inner);
      }
      return mapping;
    }
    case NodeKind::kWindowDeduplicate: {
      auto& dedup = node->As<WindowDeduplicateNode>();
      Need(dedup.window_start, &own);
      Need(dedup.window_end, &own);
      Need(dedup.partition_keys, &own);
      Need(dedup.time_column, &own);
      Mapping mapping = PrunePassing(*node, needed, std::move(own), {}, &inner);
      Remap(&dedup.window_start, inner);
      Remap(&dedup.window_end, inner);
      Remap(&dedup.partition_keys, inner);
      Remap(&dedup.time_column, inner);
      return mapping;
    }
    case NodeKind::kSortLimit: {
      auto& sort = node->As<SortLimitNode>();
      Need(sort.order, &own);
      Mapping mapping = PrunePassing(*node, needed, std::move(own), {}, &inner);
      Remap(&sort.order, inner);
      return mapping;
    }
    case NodeKind::kChangelogNormalize: {
      auto& normalize = node->As<ChangelogNormalizeNode>();
      Need(normalize.key, &own);
      Mapping mapping = PrunePassing(*node, needed, std::move(own), {}, &inner);
      Remap(&normalize.key, inner);
      return mapping;
    }
    default: {
      // UpsertMaterialize and Sink take all their columns as they are.
      const Needed all(own.size(), true);
      Mapping mapping = PrunePassing(*node, all, all, {}, &inner);
      return mapping;
    }
  }
}

Mapping PruneNode(PlanNodePtr& node, Needed needed) {
  switch (node->kind) {
    case NodeKind::kScan:
      return PruneLeaf(node->As<ScanNode>(), std::move(needed));
    case NodeKind::kTableScan:
      return PruneLeaf(node->As<TableScanNode>(), std::move(needed));
    case NodeKind::kValues: {
      auto& values = node->As<ValuesNode>();
      for (std::vector<data::Value>& row : values.rows) {
        std::vector<data::Value> kept;
        for (size_t i = 0; i < needed.size(); ++i) {
          if (needed[i]) kept.push_back(std::move(row[i]));
        }
        row = std::move(kept);
      }
      Mapping mapping = Numbered(needed);
      node->schema = Keep(node->schema, mapping);
      return mapping;
    }
    case NodeKind::kCalc:
      return PruneCalc(node, needed);
    case NodeKind::kExpand:
      return PruneExpand(node->As<ExpandNode>(), needed);
    case NodeKind::kUnion:
      return PruneUnion(*node, needed);
    case NodeKind::kGroupAggregate: {
      auto& aggregate = node->As<GroupAggregateNode>();
      Needed own(node->input().schema.size(), false);
      return PruneAggregate(*node, std::move(needed), aggregate.keys, aggregate.aggregates, nullptr,
                            std::move(own));
    }
    case NodeKind::kWindowAggregate: {
      auto& aggregate = node->As<WindowAggregateNode>();
      Needed own(node->input().schema.size(), false);
      Need(aggregate.window.time_column, &own);
      Need(aggregate.attached_start, &own);
      Need(aggregate.attached_end, &own);
      return PruneAggregate(*node, std::move(needed), aggregate.keys, aggregate.aggregates,
                            &aggregate.properties, std::move(own));
    }
    default:
      return PruneInPlace(node, needed);
  }
}

Mapping Prune(PlanNodePtr& node, Needed needed) {
  needed.resize(node->schema.size(), false);
  Mapping mapping = PruneNode(node, std::move(needed));
  DeriveTraits(*node);
  return mapping;
}

}  // namespace

PlanNodePtr PruneColumns(PlanNodePtr root) {
  const data::Schema before = root->schema;
  const Mapping mapping = Prune(root, Needed(before.size(), true));
  // A scan keeps a column even when none is asked for; the root must give exactly its own.
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < before.size(); ++i) {
    projections.push_back(
        functions::MakeColumn(mapping[i], root->schema[static_cast<size_t>(mapping[i])].type));
    names.push_back(before[i].name);
  }
  if (root->kind == NodeKind::kSink) return root;
  return MakeCalc(std::move(root), nullptr, std::move(projections), std::move(names));
}

}  // namespace millrace::plan
