#include "dataflow/operator_factory.h"

#include <fmt/format.h>

#include <algorithm>

#include "operators/specs.h"

namespace millrace::dataflow {
namespace {

std::vector<data::DataType> TypesOf(const data::Schema& schema) {
  std::vector<data::DataType> types;
  for (const data::Field& field : schema) types.push_back(field.type);
  return types;
}

operators::SortKeys SortKeysOf(const std::vector<plan::SortKey>& order) {
  operators::SortKeys keys;
  for (const plan::SortKey& key : order) keys.push_back({key.column, !key.descending, key.nulls_first});
  return keys;
}

std::vector<operators::AggregateCall> CallsOf(const std::vector<plan::AggregateCall>& calls) {
  std::vector<operators::AggregateCall> result;
  for (const plan::AggregateCall& call : calls) {
    result.push_back({call.output_name, call.aggregate, call.args, call.filter});
  }
  return result;
}

operators::WindowSpec WindowOf(const plan::WindowSpec& window) {
  operators::WindowSpec spec;
  switch (window.kind) {
    case plan::WindowKind::kTumble:
      spec.kind = operators::WindowKind::kTumble;
      break;
    case plan::WindowKind::kHop:
      spec.kind = operators::WindowKind::kHop;
      break;
    case plan::WindowKind::kCumulate:
      spec.kind = operators::WindowKind::kCumulate;
      break;
    case plan::WindowKind::kSession:
      spec.kind = operators::WindowKind::kSession;
      break;
  }
  spec.size_micros = window.size_micros;
  spec.slide_micros = window.slide_micros;
  spec.offset_micros = window.offset_micros;
  return spec;
}

std::shared_ptr<operators::CalcSpec> SpecOf(const plan::CalcNode& node) {
  auto spec = std::make_shared<operators::CalcSpec>();
  spec->filter = node.filter;
  spec->projections = node.projections;
  return spec;
}

std::shared_ptr<operators::WatermarkAssignerSpec> SpecOf(const plan::WatermarkAssignerNode& node) {
  auto spec = std::make_shared<operators::WatermarkAssignerSpec>();
  spec->rowtime_column = node.rowtime_column;
  spec->watermark = node.watermark;
  return spec;
}

std::shared_ptr<operators::UnnestSpec> SpecOf(const plan::UnnestNode& node) {
  auto spec = std::make_shared<operators::UnnestSpec>();
  spec->collection_column = node.collection_column;
  spec->left_outer = node.outer;
  spec->with_ordinality = node.with_ordinality;
  const size_t last = node.schema.size() - (node.with_ordinality ? 1 : 0);
  for (size_t i = node.input().schema.size(); i < last; ++i)
    spec->element_types.push_back(node.schema[i].type);
  return spec;
}

std::shared_ptr<operators::WindowAssignSpec> SpecOf(const plan::WindowTvfNode& node) {
  auto spec = std::make_shared<operators::WindowAssignSpec>();
  spec->window = WindowOf(node.window);
  spec->rowtime_column = node.window.time_column;
  spec->partition_keys = node.window.partition_keys;
  spec->input_types = TypesOf(node.input().schema);
  return spec;
}

std::shared_ptr<operators::WindowAggregateSpec> SpecOf(const plan::WindowAggregateNode& node) {
  using Source = operators::WindowOutputColumn::Source;
  auto spec = std::make_shared<operators::WindowAggregateSpec>();
  spec->input_types = TypesOf(node.input().schema);
  spec->keys = node.keys;
  spec->aggregates = CallsOf(node.aggregates);
  spec->attached = node.attached;
  if (node.attached) {
    spec->window_start_column = node.attached_start;
    spec->window_end_column = node.attached_end;
  } else {
    spec->window = WindowOf(node.window);
    spec->rowtime_column = node.window.time_column;
  }
  spec->is_ltz = node.is_ltz;
  spec->input_retracts = node.input_retracts;
  spec->emit_update_before = node.emit_update_before;
  int column = 0;
  const auto add = [&](Source source, int index) {
    spec->output.push_back({source, index, node.schema[column++].type});
  };
  for (size_t i = 0; i < node.keys.size(); ++i) add(Source::kKey, static_cast<int>(i));
  for (size_t i = 0; i < node.aggregates.size(); ++i) add(Source::kAggregate, static_cast<int>(i));
  for (const plan::WindowProperty property : node.properties) {
    switch (property) {
      case plan::WindowProperty::kStart:
        add(Source::kWindowStart, 0);
        break;
      case plan::WindowProperty::kEnd:
        add(Source::kWindowEnd, 0);
        break;
      case plan::WindowProperty::kTime:
        add(Source::kWindowTime, 0);
        break;
    }
  }
  return spec;
}

std::shared_ptr<operators::GroupAggregateSpec> SpecOf(const plan::GroupAggregateNode& node) {
  auto spec = std::make_shared<operators::GroupAggregateSpec>();
  spec->input_types = TypesOf(node.input().schema);
  spec->keys = node.keys;
  spec->aggregates = CallsOf(node.aggregates);
  spec->input_retracts = node.input_retracts;
  spec->emit_update_before = node.emit_update_before;
  return spec;
}

std::shared_ptr<operators::RankSpec> SpecOf(const plan::RankNode& node) {
  auto spec = std::make_shared<operators::RankSpec>();
  spec->input_types = TypesOf(node.input().schema);
  spec->partition_keys = node.partition_keys;
  spec->order = SortKeysOf(node.order);
  spec->start = node.rank_start;
  spec->end = node.rank_end;
  spec->output_rank = node.output_rank;
  spec->input_retracts = node.input_retracts;
  spec->emit_update_before = node.emit_update_before;
  return spec;
}

std::shared_ptr<operators::DeduplicateSpec> SpecOf(const plan::DeduplicateNode& node) {
  auto spec = std::make_shared<operators::DeduplicateSpec>();
  spec->input_types = TypesOf(node.input().schema);
  spec->keys = node.keys;
  spec->rowtime_column = node.processing_time ? -1 : node.time_column;
  spec->keep_last = node.keep_last;
  spec->emit_update_before = node.emit_update_before;
  return spec;
}

std::shared_ptr<operators::WindowRankSpec> SpecOf(const plan::WindowRankNode& node) {
  auto spec = std::make_shared<operators::WindowRankSpec>();
  spec->input_types = TypesOf(node.input().schema);
  spec->partition_keys = node.partition_keys;
  spec->order = SortKeysOf(node.order);
  spec->window_start_column = node.window_start;
  spec->window_end_column = node.window_end;
  spec->is_ltz = node.is_ltz;
  spec->start = node.rank_start;
  spec->end = node.rank_end;
  spec->output_rank = node.output_rank;
  spec->input_retracts = node.input_retracts;
  return spec;
}

std::shared_ptr<operators::WindowRankSpec> SpecOf(const plan::WindowDeduplicateNode& node) {
  auto spec = std::make_shared<operators::WindowRankSpec>();
  spec->input_types = TypesOf(node.input().schema);
  spec->partition_keys = node.partition_keys;
  spec->order = {{node.time_column, !node.keep_last, true}};
  spec->window_start_column = node.window_start;
  spec->window_end_column = node.window_end;
  spec->is_ltz = node.is_ltz;
  spec->ties_keep_last = node.keep_last;
  return spec;
}

std::shared_ptr<operators::ChangelogNormalizeSpec> SpecOf(const plan::ChangelogNormalizeNode& node) {
  auto spec = std::make_shared<operators::ChangelogNormalizeSpec>();
  spec->input_types = TypesOf(node.input().schema);
  spec->keys = node.key;
  spec->emit_update_before = node.emit_update_before;
  return spec;
}

}  // namespace

Result<OperatorFactory> OperatorFactory::For(const plan::PlanNode& node) {
  using operators::OperatorContext;
  switch (node.kind) {
    case plan::NodeKind::kCalc: {
      auto spec = SpecOf(node.As<plan::CalcNode>());
      return OperatorFactory([spec](OperatorContext c) { return operators::MakeCalc(spec, std::move(c)); });
    }
    case plan::NodeKind::kWatermarkAssigner: {
      auto spec = SpecOf(node.As<plan::WatermarkAssignerNode>());
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeWatermarkAssigner(spec, std::move(c)); });
    }
    case plan::NodeKind::kExpand: {
      auto spec = std::make_shared<operators::ExpandSpec>();
      spec->projections = node.As<plan::ExpandNode>().projections;
      return OperatorFactory([spec](OperatorContext c) { return operators::MakeExpand(spec, std::move(c)); });
    }
    case plan::NodeKind::kUnion: {
      auto spec = std::make_shared<operators::UnionSpec>();
      spec->inputs = static_cast<int>(node.inputs.size());
      return OperatorFactory([spec](OperatorContext c) { return operators::MakeUnion(spec, std::move(c)); });
    }
    case plan::NodeKind::kUnnest: {
      auto spec = SpecOf(node.As<plan::UnnestNode>());
      return OperatorFactory([spec](OperatorContext c) { return operators::MakeUnnest(spec, std::move(c)); });
    }
    case plan::NodeKind::kWindowTvf: {
      auto spec = SpecOf(node.As<plan::WindowTvfNode>());
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeWindowAssign(spec, std::move(c)); });
    }
    case plan::NodeKind::kWindowAggregate: {
      auto spec = SpecOf(node.As<plan::WindowAggregateNode>());
      const bool early_fire = node.As<plan::WindowAggregateNode>().early_fire;
      return OperatorFactory([spec, early_fire](OperatorContext c) {
        c.early_fire = early_fire;
        return operators::MakeWindowAggregate(spec, std::move(c));
      });
    }
    case plan::NodeKind::kGroupAggregate: {
      auto spec = SpecOf(node.As<plan::GroupAggregateNode>());
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeGroupAggregate(spec, std::move(c)); });
    }
    case plan::NodeKind::kRank: {
      auto spec = SpecOf(node.As<plan::RankNode>());
      return OperatorFactory([spec](OperatorContext c) { return operators::MakeRank(spec, std::move(c)); });
    }
    case plan::NodeKind::kDeduplicate: {
      auto spec = SpecOf(node.As<plan::DeduplicateNode>());
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeDeduplicate(spec, std::move(c)); });
    }
    case plan::NodeKind::kWindowRank: {
      auto spec = SpecOf(node.As<plan::WindowRankNode>());
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeWindowRank(spec, std::move(c)); });
    }
    case plan::NodeKind::kWindowDeduplicate: {
      auto spec = SpecOf(node.As<plan::WindowDeduplicateNode>());
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeWindowRank(spec, std::move(c)); });
    }
    case plan::NodeKind::kSortLimit: {
      const auto& sort = node.As<plan::SortLimitNode>();
      const auto types = TypesOf(node.input().schema);
      switch (sort.sort) {
        case plan::SortLimitKind::kTemporalSort: {
          auto spec = std::make_shared<operators::TemporalSortSpec>();
          spec->input_types = types;
          spec->rowtime_column = sort.order[0].column;
          const auto keys = SortKeysOf(sort.order);
          spec->then_by.assign(keys.begin() + 1, keys.end());
          return OperatorFactory(
              [spec](OperatorContext c) { return operators::MakeTemporalSort(spec, std::move(c)); });
        }
        case plan::SortLimitKind::kBoundedSort: {
          auto spec = std::make_shared<operators::BoundedSortSpec>();
          spec->input_types = types;
          spec->order = SortKeysOf(sort.order);
          spec->offset = sort.offset;
          spec->limit = sort.limit;
          return OperatorFactory(
              [spec](OperatorContext c) { return operators::MakeBoundedSort(spec, std::move(c)); });
        }
        case plan::SortLimitKind::kLimit: {
          auto spec = std::make_shared<operators::LimitSpec>();
          spec->offset = sort.offset;
          spec->limit = sort.limit.value_or(std::numeric_limits<int64_t>::max());
          return OperatorFactory(
              [spec](OperatorContext c) { return operators::MakeLimit(spec, std::move(c)); });
        }
        case plan::SortLimitKind::kTopN: {
          auto spec = std::make_shared<operators::RankSpec>();
          spec->input_types = types;
          spec->order = SortKeysOf(sort.order);
          spec->start = sort.offset + 1;
          const int64_t limit = sort.limit.value_or(std::numeric_limits<int64_t>::max() - sort.offset);
          spec->end = sort.offset + limit;
          spec->input_retracts = sort.input_retracts;
          spec->emit_update_before = sort.emit_update_before;
          return OperatorFactory(
              [spec](OperatorContext c) { return operators::MakeRank(spec, std::move(c)); });
        }
      }
      break;
    }
    case plan::NodeKind::kChangelogNormalize: {
      auto spec = SpecOf(node.As<plan::ChangelogNormalizeNode>());
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeChangelogNormalize(spec, std::move(c)); });
    }
    case plan::NodeKind::kUpsertMaterialize: {
      auto spec = std::make_shared<operators::UpsertMaterializeSpec>();
      spec->input_types = TypesOf(node.input().schema);
      spec->primary_key = node.As<plan::UpsertMaterializeNode>().primary_key;
      return OperatorFactory(
          [spec](OperatorContext c) { return operators::MakeUpsertMaterialize(spec, std::move(c)); });
    }
    case plan::NodeKind::kScan:
    case plan::NodeKind::kTableScan:
    case plan::NodeKind::kValues:
    case plan::NodeKind::kSink:
      break;
  }
  return Fail(ErrorCode::kInternal, fmt::format("{} is not an operator", node.name));
}

std::unique_ptr<operators::Operator> MakeTableNormalize(const data::Schema& schema,
                                                        const std::vector<int>& key,
                                                        operators::OperatorContext context) {
  auto spec = std::make_shared<operators::ChangelogNormalizeSpec>();
  spec->input_types = TypesOf(schema);
  spec->keys = key;
  return operators::MakeChangelogNormalize(spec, std::move(context));
}

std::vector<data::Batch> BatchesOf(const plan::ValuesNode& values) {
  std::vector<data::Batch> batches;
  for (size_t offset = 0; offset < values.rows.size(); offset += limits::kBatchRows) {
    data::Batch batch;
    batch.rows = std::min(limits::kBatchRows, values.rows.size() - offset);
    for (size_t i = 0; i < values.schema.size(); ++i) {
      auto column = data::Column::Make(values.schema[i].type, batch.rows);
      for (size_t row = 0; row < batch.rows; ++row) column->AppendValue(values.rows[offset + row][i]);
      batch.columns.push_back(std::move(column));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace millrace::dataflow
