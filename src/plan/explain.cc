// EXPLAIN: a plan as text, one node a line, inputs indented below.
//
//   GroupAggregate(1): keys=[city], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=(city)
//     Exchange: hash=[city]
//       Scan(1): table=[public.orders], columns=[city] [I]
#include <fmt/core.h>

#include <string>
#include <utility>

#include "data/datetime.h"
#include "data/text.h"
#include "plan/distribution.h"
#include "plan/planner.h"

namespace millrace::plan {

namespace {

std::string ColumnList(const std::vector<int>& columns, const data::Schema& schema) {
  std::string text;
  for (const int column : columns) {
    if (!text.empty()) text += ", ";
    text += schema[static_cast<size_t>(column)].name;
  }
  return text;
}

std::string OrderList(const std::vector<SortKey>& order, const data::Schema& schema) {
  std::string text;
  for (const SortKey& key : order) {
    if (!text.empty()) text += ", ";
    text += schema[static_cast<size_t>(key.column)].name;
    text += key.descending ? " DESC" : " ASC";
    if (key.nulls_first == key.descending) text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  return text;
}

std::string Projections(const std::vector<functions::ExprPtr>& projections, const data::Schema& input,
                        const data::Schema& output) {
  std::string text;
  for (size_t i = 0; i < projections.size(); ++i) {
    if (i > 0) text += ", ";
    const std::string expr = projections[i]->ToString(&input);
    text += expr == output[i].name ? expr : fmt::format("{} AS {}", expr, output[i].name);
  }
  return text;
}

std::string Aggregates(const std::vector<AggregateCall>& calls, const data::Schema& input) {
  std::string text;
  for (const AggregateCall& call : calls) {
    if (!text.empty()) text += ", ";
    const std::string args = call.args.empty() ? "*" : ColumnList(call.args, input);
    text += fmt::format("{}({}{})", call.function, call.distinct ? "DISTINCT " : "", args);
    if (call.filter >= 0) text += fmt::format(" FILTER {}", input[static_cast<size_t>(call.filter)].name);
    text += fmt::format(" AS {}", call.output_name);
  }
  return text;
}

std::string DurationText(int64_t micros) {
  struct Unit {
    int64_t micros;
    std::string_view name;
  };
  static constexpr Unit kUnits[] = {{data::kMicrosPerDay, "d"},
                                    {data::kMicrosPerHour, "h"},
                                    {data::kMicrosPerMinute, "min"},
                                    {data::kMicrosPerSecond, "s"},
                                    {data::kMicrosPerMilli, "ms"}};
  for (const Unit& unit : kUnits) {
    if (micros % unit.micros == 0) return fmt::format("{} {}", micros / unit.micros, unit.name);
  }
  return fmt::format("{} µs", micros);
}

std::string WindowText(const WindowSpec& window, const data::Schema& input) {
  std::string text;
  switch (window.kind) {
    case WindowKind::kTumble:
      text = fmt::format("TUMBLE(size={}", DurationText(window.size_micros));
      break;
    case WindowKind::kHop:
      text = fmt::format("HOP(slide={}, size={}", DurationText(window.slide_micros),
                         DurationText(window.size_micros));
      break;
    case WindowKind::kCumulate:
      text = fmt::format("CUMULATE(step={}, size={}", DurationText(window.slide_micros),
                         DurationText(window.size_micros));
      break;
    case WindowKind::kSession:
      text = fmt::format("SESSION(gap={}", DurationText(window.size_micros));
      break;
  }
  if (window.offset_micros != 0) text += fmt::format(", offset={}", DurationText(window.offset_micros));
  text += fmt::format(", time={}", input[static_cast<size_t>(window.time_column)].name);
  if (!window.partition_keys.empty())
    text += fmt::format(", partition=[{}]", ColumnList(window.partition_keys, input));
  return text + ")";
}

std::string Attached(int start, int end, const data::Schema& input) {
  return fmt::format("window=[{}]", ColumnList({start, end}, input));
}

std::string RankText(const std::vector<int>& partition, const std::vector<SortKey>& order, int64_t start,
                     int64_t end, bool output_rank, const data::Schema& input) {
  return fmt::format("partition=[{}], order=[{}], rank=[{}..{}]{}", ColumnList(partition, input),
                     OrderList(order, input), start, end, output_rank ? ", with number" : "");
}

std::string ValuesText(const ValuesNode& node) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t row = 0; row < node.rows.size() && row < kShown; ++row) {
    text += row == 0 ? "(" : ", (";
    for (size_t i = 0; i < node.schema.size(); ++i) {
      if (i > 0) text += ", ";
      const data::Value& value = node.rows[row][i];
      text += value.is_null() ? std::string("NULL")
                              : functions::Literal(node.schema[i].type, value).ToString(nullptr);
    }
    text += ")";
  }
  if (node.rows.size() > kShown) text += fmt::format(", ... {} rows", node.rows.size());
  return text;
}

std::string SortText(const SortLimitNode& node, const data::Schema& input) {
  static constexpr std::string_view kKinds[] = {"by time", "at end", "first rows", "top rows"};
  std::string text = std::string(kKinds[static_cast<size_t>(node.sort)]);
  if (!node.order.empty()) text += fmt::format(", order=[{}]", OrderList(node.order, input));
  if (node.offset > 0) text += fmt::format(", offset={}", node.offset);
  if (node.limit) text += fmt::format(", limit={}", *node.limit);
  return text;
}

std::string Parameters(const PlanNode& node) {
  const data::Schema none;
  const data::Schema& input = node.inputs.empty() ? none : node.input().schema;
  switch (node.kind) {
    case NodeKind::kScan:
    case NodeKind::kTableScan: {
      const catalog::EntryPtr& entry =
          node.kind == NodeKind::kScan ? node.As<ScanNode>().entry : node.As<TableScanNode>().entry;
      std::string columns;
      for (const data::Field& field : node.schema) columns += (columns.empty() ? "" : ", ") + field.name;
      return fmt::format("table=[{}], columns=[{}]", entry->name.ToString(), columns);
    }
    case NodeKind::kValues:
      return fmt::format("rows=[{}]", ValuesText(node.As<ValuesNode>()));
    case NodeKind::kCalc: {
      const auto& calc = node.As<CalcNode>();
      std::string text = fmt::format("select=[{}]", Projections(calc.projections, input, node.schema));
      if (calc.filter != nullptr) text += fmt::format(", where=[{}]", calc.filter->ToString(&input));
      return text;
    }
    case NodeKind::kWatermarkAssigner: {
      const auto& assigner = node.As<WatermarkAssignerNode>();
      std::string text = fmt::format("rowtime=[{}], watermark=[{}]",
                                     input[static_cast<size_t>(assigner.rowtime_column)].name,
                                     assigner.watermark->ToString(&input));
      if (assigner.idle_timeout_micros > 0) {
        text += fmt::format(", idle-timeout={}", DurationText(assigner.idle_timeout_micros));
      }
      return text;
    }
    case NodeKind::kExpand: {
      std::string sets;
      for (const auto& projection : node.As<ExpandNode>().projections) {
        sets += fmt::format("{}({})", sets.empty() ? "" : ", ", Projections(projection, input, node.schema));
      }
      return fmt::format("projections=[{}]", sets);
    }
    case NodeKind::kUnion:
      return fmt::format("inputs={}", node.inputs.size());
    case NodeKind::kUnnest: {
      const auto& unnest = node.As<UnnestNode>();
      return fmt::format("column=[{}]{}{}", input[static_cast<size_t>(unnest.collection_column)].name,
                         unnest.outer ? ", outer" : "", unnest.with_ordinality ? ", with ordinality" : "");
    }
    case NodeKind::kWindowTvf:
      return fmt::format("window=[{}]", WindowText(node.As<WindowTvfNode>().window, input));
    case NodeKind::kWindowAggregate: {
      const auto& aggregate = node.As<WindowAggregateNode>();
      std::string text = aggregate.attached
                             ? Attached(aggregate.attached_start, aggregate.attached_end, input)
                             : fmt::format("window=[{}]", WindowText(aggregate.window, input));
      text += fmt::format(", keys=[{}], aggregates=[{}]", ColumnList(aggregate.keys, input),
                          Aggregates(aggregate.aggregates, input));
      return aggregate.early_fire ? text + ", early fire" : text;
    }
    case NodeKind::kGroupAggregate: {
      const auto& aggregate = node.As<GroupAggregateNode>();
      return fmt::format("keys=[{}], aggregates=[{}]", ColumnList(aggregate.keys, input),
                         Aggregates(aggregate.aggregates, input));
    }
    case NodeKind::kRank: {
      const auto& rank = node.As<RankNode>();
      return RankText(rank.partition_keys, rank.order, rank.rank_start, rank.rank_end, rank.output_rank,
                      input);
    }
    case NodeKind::kDeduplicate: {
      const auto& dedup = node.As<DeduplicateNode>();
      return fmt::format(
          "keep {}, keys=[{}], time=[{}]", dedup.keep_last ? "last" : "first", ColumnList(dedup.keys, input),
          dedup.processing_time ? "arrival" : input[static_cast<size_t>(dedup.time_column)].name);
    }
    case NodeKind::kWindowRank: {
      const auto& rank = node.As<WindowRankNode>();
      return Attached(rank.window_start, rank.window_end, input) + ", " +
             RankText(rank.partition_keys, rank.order, rank.rank_start, rank.rank_end, rank.output_rank,
                      input);
    }
    case NodeKind::kWindowDeduplicate: {
      const auto& dedup = node.As<WindowDeduplicateNode>();
      return fmt::format("{}, keep {}, keys=[{}], time=[{}]",
                         Attached(dedup.window_start, dedup.window_end, input),
                         dedup.keep_last ? "last" : "first", ColumnList(dedup.partition_keys, input),
                         input[static_cast<size_t>(dedup.time_column)].name);
    }
    case NodeKind::kSortLimit:
      return SortText(node.As<SortLimitNode>(), input);
    case NodeKind::kChangelogNormalize:
      return fmt::format("key=[{}]", ColumnList(node.As<ChangelogNormalizeNode>().key, input));
    case NodeKind::kUpsertMaterialize:
      return fmt::format("key=[{}]", ColumnList(node.As<UpsertMaterializeNode>().primary_key, input));
    case NodeKind::kSink: {
      const auto& sink = node.As<SinkNode>();
      std::string text = fmt::format("table=[{}]", sink.entry->name.ToString());
      if (!sink.key.empty()) text += fmt::format(", key=[{}]", ColumnList(sink.key, input));
      return sink.upsert ? text + ", upsert" : text;
    }
  }
  return {};
}

void ExplainExchange(const Distribution& wanted, const data::Schema& schema, size_t depth, std::string* out) {
  out->append(depth * 2, ' ');
  *out += wanted.kind == Distribution::Kind::kSingle
              ? std::string("Exchange: single\n")
              : fmt::format("Exchange: hash=[{}]\n", ColumnList(wanted.keys, schema));
}

void ExplainNode(const PlanNode& node, const Spreading& spreading, size_t depth, std::string* out) {
  out->append(depth * 2, ' ');
  *out += fmt::format("{}: {}", node.name, Parameters(node));
  if (node.kind != NodeKind::kSink) {
    *out += " " + node.traits.changelog.ToString();
    if (!node.traits.changelog.IsAppend() && !node.traits.unique_keys.empty()) {
      *out += fmt::format(" key=({})", ColumnList(node.traits.unique_keys.front(), node.schema));
    }
  }
  *out += '\n';
  ++depth;
  if (spreading.NeedsExchange(node)) {
    ExplainExchange(node.distribution, node.input().schema, depth, out);
    ++depth;
  }
  for (const PlanNodePtr& input : node.inputs) ExplainNode(*input, spreading, depth, out);
}

}  // namespace

std::string ChangelogMode::ToString() const {
  std::string text = "[I";
  if (update_before) text += ",UB";
  if (update_after) text += ",UA";
  if (deletes) text += ",D";
  return text + "]";
}

std::string_view NodeKindName(NodeKind kind) {
  static constexpr std::string_view kNames[] = {"Scan",
                                                "TableScan",
                                                "Values",
                                                "Calc",
                                                "WatermarkAssigner",
                                                "Expand",
                                                "Union",
                                                "Unnest",
                                                "WindowTvf",
                                                "WindowAggregate",
                                                "GroupAggregate",
                                                "Rank",
                                                "Deduplicate",
                                                "WindowRank",
                                                "WindowDeduplicate",
                                                "SortLimit",
                                                "ChangelogNormalize",
                                                "UpsertMaterialize",
                                                "Sink"};
  return kNames[static_cast<size_t>(kind)];
}

std::string Explain(const PlannedQuery& query, const Spreading& spreading) {
  std::string text;
  size_t depth = 0;
  if (spreading.NeedsExchangeToStore(query)) {
    ExplainExchange(Distribution::Hash(spreading.OfStored(query).keys), query.root->schema, depth, &text);
    ++depth;
  }
  ExplainNode(*query.root, spreading, depth, &text);
  return text;
}

}  // namespace millrace::plan
