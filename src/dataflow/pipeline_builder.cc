#include "dataflow/pipeline_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/stream/stream_log.h"
#include "dataflow/exchange.h"
#include "dataflow/link.h"
#include "dataflow/sink_link.h"

namespace millrace::dataflow {
namespace {

// Hands changes to whoever shows them.
class ConsumerLink final : public Link {
 public:
  explicit ConsumerLink(ChangeConsumer consumer) : consumer_(std::move(consumer)) {}
  Status OnBatch(data::Batch batch) override { return consumer_(batch); }
  Status OnWatermark(int64_t) override { return {}; }
  Status OnIdle(bool) override { return {}; }
  Status OnEpoch(const Epoch&) override { return {}; }
  Status OnEnd() override { return {}; }

 private:
  ChangeConsumer consumer_;
};

// Cuts a table's columns to those that a query reads.
class ProjectLink final : public Link {
 public:
  ProjectLink(std::vector<int> columns, Link* next) : columns_(std::move(columns)), next_(next) {}
  Status OnBatch(data::Batch batch) override {
    std::vector<data::ColumnPtr> columns;
    for (const int column : columns_) columns.push_back(batch.columns[column]);
    batch.columns = std::move(columns);
    return next_->OnBatch(std::move(batch));
  }
  Status OnWatermark(int64_t watermark) override { return next_->OnWatermark(watermark); }
  Status OnIdle(bool idle) override { return next_->OnIdle(idle); }
  Status OnEpoch(const Epoch& epoch) override { return next_->OnEpoch(epoch); }
  Status OnEnd() override { return next_->OnEnd(); }

 private:
  std::vector<int> columns_;
  Link* next_;
};

// The scan at the bottom of a watermark assigner, if only projections lie between them: such a chain runs for
// each source partition by itself.
const plan::ScanNode* ScanBelow(const plan::PlanNode& node) {
  if (node.kind == plan::NodeKind::kScan) return &node.As<plan::ScanNode>();
  if (node.kind != plan::NodeKind::kWatermarkAssigner) return nullptr;
  const plan::PlanNode* below = &node.input();
  while (below->kind == plan::NodeKind::kCalc) below = &below->input();
  return below->AsIf<plan::ScanNode>();
}

}  // namespace

Result<std::shared_ptr<RunningPipeline>> PipelineBuilder::Add(const Pipeline& pipeline) {
  MR_TRY(Build(pipeline));
  return record_;
}

Status PipelineBuilder::Build(const Pipeline& pipeline) {
  pipeline_ = &pipeline;
  spreading_ = plan::Spreading(pipeline.settings.shards(), environment_.spread_of);
  record_ = std::make_shared<RunningPipeline>();
  done_ = record_->done;
  job_->side_outputs.push_back(std::make_unique<QuerySideOutput>(environment_.side, pipeline.name));
  side_ = job_->side_outputs.back().get();
  const plan::PlanNode& root = *pipeline.query.root;
  const catalog::Settings& settings = pipeline.settings;
  if (settings.state_ttl_micros() > 0 || root.AsIf<plan::SinkNode>() != nullptr) {
    WantClockEpochs(limits::kClockEpochMicros);
  }
  if (settings.early_fire() && settings.early_fire_delay_micros() > 0) {
    WantClockEpochs(std::min(limits::kClockEpochMicros, settings.early_fire_delay_micros()));
  }
  if (const auto* sink = root.AsIf<plan::SinkNode>()) return BuildSink(*sink);

  if (pipeline.consumer) {
    const auto make_consumer = [&](DataflowTask* task, int) -> Result<Link*> {
      return task->Own(std::make_unique<ConsumerLink>(pipeline.consumer));
    };
    if (spreading_.Of(root).parts == 1) return BuildRegion(root, make_consumer, true);
    StageTask* stage = NewStage();
    MR_ASSIGN(Link * end, make_consumer(stage, 0));
    const int input = stage->AddInput(end);
    return BuildRegion(
        root,
        [&](DataflowTask* task, int) -> Result<Link*> { return MakeExchange(task, {}, {stage}, {input}); },
        true);
  }

  StoredTable* table = pipeline.table;
  const auto make_table = [this, table](DataflowTask* task, int instance) -> Result<Link*> {
    const std::shared_ptr<StoredPart>& part = table->parts[instance];
    task->AddPart(part);
    KeepPart(task, *table, instance);
    return task->Own(std::make_unique<TableLink>(part.get()));
  };
  if (!spreading_.NeedsExchangeToStore(pipeline.query)) return BuildRegion(root, make_table, true);
  std::vector<StageTask*> stages;
  std::vector<int> inputs;
  for (size_t i = 0; i < table->parts.size(); ++i) {
    stages.push_back(NewStage());
    MR_ASSIGN(Link * end, make_table(stages.back(), static_cast<int>(i)));
    inputs.push_back(stages.back()->AddInput(end));
  }
  return BuildRegion(
      root,
      [&](DataflowTask* task, int) -> Result<Link*> {
        return MakeExchange(task, table->spread.keys, stages, inputs);
      },
      true);
}

void PipelineBuilder::WantClockEpochs(int64_t micros) {
  const int64_t present = job_->clock_epoch_micros;
  job_->clock_epoch_micros = present == 0 ? micros : std::min(present, micros);
}

Status PipelineBuilder::BuildSink(const plan::SinkNode& sink) {
  const int instances = spreading_.Of(sink).parts;
  const auto make_end = [&](DataflowTask* task, int instance) -> Result<Link*> {
    MR_ASSIGN(Link * end, MakeSinkLink(sink, task, instance, instances));
    if (sink.not_null.empty()) return end;
    return task->Own(std::make_unique<NotNullLink>(sink.entry->name.ToString(), sink.input().schema,
                                                   sink.not_null, side_, end));
  };
  if (!spreading_.NeedsExchange(sink)) return BuildRegion(sink.input(), make_end, true);
  std::vector<StageTask*> stages;
  std::vector<int> inputs;
  for (int i = 0; i < instances; ++i) {
    stages.push_back(NewStage());
    MR_ASSIGN(Link * end, make_end(stages.back(), i));
    inputs.push_back(stages.back()->AddInput(end));
  }
  const std::vector<int> keys =
      sink.distribution.kind == plan::Distribution::Kind::kHash ? sink.distribution.keys : std::vector<int>{};
  return BuildRegion(
      sink.input(),
      [&](DataflowTask* task, int) -> Result<Link*> { return MakeExchange(task, keys, stages, inputs); },
      true);
}

Result<Link*> PipelineBuilder::MakeSinkLink(const plan::SinkNode& sink, DataflowTask* task, int instance,
                                            int instances) {
  const catalog::TableDefinition& table = *sink.entry->table;
  if (table.connector().empty()) {
    TableTask* target = environment_.find_table_task(table.name.ToString());
    if (target == nullptr) {
      return Fail(ErrorCode::kInternal, fmt::format("table {} has no task", table.name.ToString()));
    }
    const Sender sender = target->AddProducer(*task);
    task->AddTableOutput(sender);
    job_->writes_tables = true;
    attachments_.push_back([target, channel = sender.channel] { target->ExpectBarriers(channel); });
    return task->Own(std::make_unique<ExchangeLink>(std::vector<int>{}, std::vector<Sender>{sender}));
  }
  const connectors::TableOptions options = ConnectorOptionsOf(table.name, sink.options);
  connectors::SinkContext context;
  context.env = environment_.env;
  context.zone = pipeline_->zone;
  context.shard = instance;
  context.num_shards = instances;
  context.standard_output = environment_.standard_output;
  context.standard_error = environment_.standard_error;
  context.rejected = environment_.side;
  context.whole_files = environment_.whole_files;
  context.is_durable = IsDurable();
  MR_ASSIGN(auto writer, connectors::MakeSink(options, ColumnsOf(table, nullptr), context));
  SinkLink* link = task->Own(std::make_unique<SinkLink>(std::move(writer), sink.upsert));
  if (IsDurable()) {
    task->AddState(
        link->Owner(pipeline_->object_id, static_cast<uint32_t>(instance), static_cast<uint32_t>(instances)));
  }
  return link;
}

connectors::TableColumns ColumnsOf(const catalog::TableDefinition& table, const std::vector<bool>* needed) {
  connectors::TableColumns columns;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const catalog::Column& column = table.columns[i];
    if (column.kind == catalog::ColumnKind::kPhysical) {
      columns.physical.Add(column.name, column.type);
    } else if (column.kind == catalog::ColumnKind::kMetadata &&
               (needed != nullptr ? (*needed)[i] : !column.is_virtual)) {
      columns.metadata.push_back({column.name, column.metadata_key, column.type});
    }
  }
  columns.partition_keys = table.partitioned_by;
  for (const int key : table.primary_key) columns.primary_key.push_back(table.columns[key].name);
  return columns;
}

connectors::TableOptions ConnectorOptionsOf(const catalog::ObjectName& table,
                                            const std::vector<catalog::TableOption>& options) {
  connectors::TableOptions result;
  result.table = table.ToString();
  for (const auto& option : options) result.with.emplace_back(option.key, option.value);
  return result;
}

StageTask* PipelineBuilder::NewStage() {
  auto stage =
      std::make_unique<StageTask>(*environment_.env, environment_.pool, environment_.coordinator, job_);
  StageTask* raw = stage.get();
  tasks_.push_back(std::move(stage));
  return raw;
}

SourceTask* PipelineBuilder::TaskForScan(const plan::ScanNode& scan) {
  std::string key = scan.entry->name.ToString();
  for (const auto& option : scan.options) key += fmt::format("\n{}={}", option.key, option.value);
  const auto found = sources_.find(key);
  if (found != sources_.end()) return found->second.task;
  SourceTask::Options options;
  options.table = scan.entry->name.ToString();
  options.batch_rows = pipeline_->settings.batch_rows();
  options.metrics = environment_.metrics;
  options.gives_by_itself = scan.entry->table->connector() != "feed";
  auto task = std::make_unique<SourceTask>(*environment_.env, environment_.pool, environment_.coordinator,
                                           job_, environment_.side, options);
  SourceTask* raw = task.get();
  tasks_.push_back(std::move(task));
  source_tasks_.push_back(raw);
  SourceUse use{raw, &scan, pipeline_->zone, {}, false, {}, {}};
  if (IsDurable()) {
    // Readings of one table with other options are told apart by their order.
    const auto earlier = std::count_if(sources_.begin(), sources_.end(), [&](const auto& other) {
      return other.second.task->table() == options.table;
    });
    const std::string group = GroupOwner(pipeline_->group_id);
    use.chapter = {group, fmt::format("{}/{}/{}", group, options.table, earlier)};
    use.is_saved = environment_.is_saved(pipeline_->object_id);
    use.log_topic = connectors::StreamTopicOf(pipeline_->group_id, sources_.size());
  }
  sources_.emplace(key, std::move(use));
  return raw;
}

PipelineBuilder::Region PipelineBuilder::MakeRegion(const plan::PlanNode& top) {
  const plan::PlanNode* node = &top;
  while (true) {
    if (const plan::ScanNode* scan = ScanBelow(*node)) return Region{{TaskForScan(*scan)}};
    if (const auto* values = node->AsIf<plan::ValuesNode>()) {
      auto task = std::make_unique<ValuesTask>(*environment_.env, environment_.pool, environment_.coordinator,
                                               job_, BatchesOf(*values));
      if (IsDurable()) {
        task->KeepPosition(ChapterOf(values->name), environment_.is_saved(pipeline_->object_id));
      }
      tasks_.push_back(std::move(task));
      return Region{{tasks_.back().get()}};
    }
    if (node->kind == plan::NodeKind::kTableScan || node->inputs.size() > 1 ||
        spreading_.NeedsExchange(*node)) {
      break;
    }
    node = &node->input();
  }
  Region region;
  const int parallelism = spreading_.Of(*node).parts;
  for (int i = 0; i < parallelism; ++i) region.tasks.push_back(NewStage());
  return region;
}

Status PipelineBuilder::BuildRegion(const plan::PlanNode& top, const EndFactory& make_end,
                                    bool on_root_path) {
  const Region region = MakeRegion(top);
  std::vector<Link*> links;
  for (size_t i = 0; i < region.tasks.size(); ++i) {
    MR_ASSIGN(Link * link, make_end(region.tasks[i], static_cast<int>(i)));
    links.push_back(link);
  }
  return BuildDown(top, region, links, on_root_path);
}

Status PipelineBuilder::BuildDown(const plan::PlanNode& node, const Region& region,
                                  const std::vector<Link*>& links, bool on_root_path) {
  if (ScanBelow(node) != nullptr) {
    return BuildScan(node, static_cast<SourceTask*>(region.tasks[0]), links[0]);
  }
  switch (node.kind) {
    case plan::NodeKind::kValues:
      static_cast<ValuesTask*>(region.tasks[0])->SetNext(links[0]);
      return {};
    case plan::NodeKind::kTableScan:
      return BuildTableScan(node.As<plan::TableScanNode>(), region, links);
    case plan::NodeKind::kUnion:
      return BuildUnion(node, region, links);
    default:
      break;
  }
  MR_ASSIGN(const OperatorFactory factory, OperatorFactory::For(node));
  std::vector<Link*> inner;
  for (size_t i = 0; i < links.size(); ++i) {
    inner.push_back(MakeOperatorLink(node, factory, region.tasks[i], static_cast<int>(i),
                                     static_cast<int>(links.size()), links[i], on_root_path));
  }
  if (spreading_.NeedsExchange(node)) return BuildBelowExchange(node, region, inner, on_root_path);
  return BuildDown(node.input(), region, inner, on_root_path);
}

Status PipelineBuilder::BuildBelowExchange(const plan::PlanNode& node, const Region& region,
                                           const std::vector<Link*>& links, bool on_root_path) {
  std::vector<StageTask*> stages;
  std::vector<int> inputs;
  for (size_t i = 0; i < links.size(); ++i) {
    stages.push_back(static_cast<StageTask*>(region.tasks[i]));
    inputs.push_back(stages.back()->AddInput(links[i]));
  }
  const std::vector<int> keys =
      node.distribution.kind == plan::Distribution::Kind::kHash ? node.distribution.keys : std::vector<int>{};
  return BuildRegion(
      node.input(),
      [&](DataflowTask* task, int) -> Result<Link*> { return MakeExchange(task, keys, stages, inputs); },
      on_root_path);
}

Status PipelineBuilder::BuildUnion(const plan::PlanNode& node, const Region& region,
                                   const std::vector<Link*>& links) {
  MR_ASSIGN(const OperatorFactory factory, OperatorFactory::For(node));
  const int num_inputs = static_cast<int>(node.inputs.size());
  std::vector<UnionLink*> unions;
  for (size_t i = 0; i < links.size(); ++i) {
    DataflowTask* task = region.tasks[i];
    unions.push_back(
        task->Own(std::make_unique<UnionLink>(factory.Make(ContextFor(node, static_cast<int>(i), links[i])),
                                              num_inputs, links[i], task->now_micros())));
    KeepState(task, unions.back()->op(), node.name, i, links.size());
  }
  for (int k = 0; k < num_inputs; ++k) {
    // Instance j of the input sends to instance j of the union; further ones in turn.
    std::vector<StageTask*> stages;
    std::vector<int> inputs;
    for (size_t i = 0; i < links.size(); ++i) {
      stages.push_back(static_cast<StageTask*>(region.tasks[i]));
      inputs.push_back(stages.back()->AddInput(unions[i]->input(k)));
    }
    const auto make_end = [&](DataflowTask* task, int instance) -> Result<Link*> {
      const size_t to = static_cast<size_t>(instance) % stages.size();
      return MakeExchange(task, {}, {stages[to]}, {inputs[to]});
    };
    MR_TRY(BuildRegion(*node.inputs[k], make_end, false));
    // An instance that no instance of this input sends to must not wait for it.
    const int input_parallelism = spreading_.Of(*node.inputs[k]).parts;
    for (size_t i = static_cast<size_t>(input_parallelism); i < stages.size(); ++i) {
      // The channel is made now: once the first attachment has sent something, tasks run.
      attachments_.push_back([sender = stages[i]->AddChannel(inputs[i], nullptr)] {
        Message watermark;
        watermark.kind = Message::Kind::kWatermark;
        watermark.watermark = data::kMaxWatermark;
        sender.Send(std::move(watermark));
        Message end;
        end.kind = Message::Kind::kEnd;
        sender.Send(std::move(end));
      });
    }
  }
  return {};
}

Status PipelineBuilder::BuildTableScan(const plan::TableScanNode& scan, const Region& region,
                                       const std::vector<Link*>& links) {
  StoredTable* table = environment_.find_table(scan.entry->name.ToString());
  if (table == nullptr) {
    return Fail(ErrorCode::kUndefinedTable,
                fmt::format("{} holds no rows that a query could follow", scan.entry->name.ToString()));
  }
  job_->follows_inserts = job_->follows_inserts || table->follows_inserts;
  for (size_t i = 0; i < region.tasks.size(); ++i) {
    auto* stage = static_cast<StageTask*>(region.tasks[i]);
    const int input = stage->AddInput(stage->Own(std::make_unique<ProjectLink>(scan.columns, links[i])));
    const std::shared_ptr<StoredPart>& part = table->parts[i];
    // A query that was restored has seen the rows that were restored with it.
    const bool with_rows = !IsDurable() || !environment_.is_saved(pipeline_->object_id);
    attachments_.push_back([stage, input, part, with_rows, record = record_] {
      // Nothing sends to this stage yet, so it does not run: its only channel may be made here.
      const Sender reader = stage->AddChannel(input, part->writer_waker);
      part->Attach(reader, with_rows);
      record->attached.emplace_back(part, reader);
    });
  }
  return {};
}

Status PipelineBuilder::BuildScan(const plan::PlanNode& top, SourceTask* task, Link* next) {
  // The nodes above the scan, lowest first; each partition gets instances of its own.
  std::vector<std::pair<const plan::PlanNode*, OperatorFactory>> nodes;
  const plan::PlanNode* node = &top;
  int64_t idle_timeout_micros = 0;
  while (node->kind != plan::NodeKind::kScan) {
    MR_ASSIGN(OperatorFactory factory, OperatorFactory::For(*node));
    nodes.insert(nodes.begin(), {node, std::move(factory)});
    if (const auto* assigner = node->AsIf<plan::WatermarkAssignerNode>()) {
      idle_timeout_micros = assigner->idle_timeout_micros;
    }
    node = &node->input();
  }
  // Partitions may come while the task runs: what the chain needs is kept by value.
  std::vector<std::tuple<OperatorFactory, operators::OperatorContext, std::shared_ptr<OperatorStats>>> parts;
  for (const auto& [above, factory] : nodes) {
    auto stats = std::make_shared<OperatorStats>();
    stats->name = above->name;
    job_->operators.push_back(stats);
    parts.emplace_back(factory, ContextFor(*above, 0, nullptr), stats);
  }
  const auto make_chain = [parts, task, object_id = pipeline_->object_id](
                              Link* tail, int partition) -> Result<SourceTask::Chain> {
    SourceTask::Chain chain{tail, {}};
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      const auto& [factory, context, stats] = *part;
      operators::OperatorContext own = context;
      own.output = chain.head;
      OperatorLink* link = task->Own(std::make_unique<OperatorLink>(factory.Make(std::move(own)), chain.head,
                                                                    task->now_micros(), stats, nullptr));
      chain.head = link;
      chain.operators.insert(chain.operators.begin(), link->op());
      if (object_id == 0) continue;
      task->AddState(
          OwnerOfOperator(object_id, fmt::format("{}#{}", context.name, partition), link->op(), 0, 1));
    }
    return chain;
  };
  for (auto& [key, use] : sources_) {
    if (use.task != task) continue;
    use.uses.push_back(
        {&node->As<plan::ScanNode>(), make_chain, next, done_, idle_timeout_micros, ChapterOf(node->name)});
  }
  return {};
}

Status PipelineBuilder::OpenSource(SourceUse* use) {
  const catalog::TableDefinition& table = *use->scan->entry->table;
  std::vector<bool> needed(table.columns.size(), false);
  for (const ScanUse& scan : use->uses) {
    for (const int column : scan.scan->columns) needed[column] = true;
  }
  // Where each column of the table stands in the source's batches: physical ones first, then metadata.
  std::vector<int> places(table.columns.size(), -1);
  std::vector<bool> needed_physical;
  int place = 0;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].kind != catalog::ColumnKind::kPhysical) continue;
    needed_physical.push_back(needed[i]);
    if (needed[i]) places[i] = place++;
  }
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].kind == catalog::ColumnKind::kMetadata && needed[i]) places[i] = place++;
  }
  const connectors::TableOptions options = ConnectorOptionsOf(table.name, use->scan->options);
  connectors::SourceContext context;
  context.env = environment_.env;
  context.zone = use->zone;
  context.feeds = environment_.feeds;
  context.ingest = environment_.ingest;
  context.is_kept = !use->chapter.object.empty();
  if (!job_->name.empty()) context.reader = job_->name;
  if (context.is_kept) {
    context.log = environment_.log;
    context.log_topic = use->log_topic;
  }
  context.wake = [pool = environment_.pool, task = use->task] { pool->Wake(*task); };
  MR_ASSIGN(auto source,
            connectors::MakeSource(options, ColumnsOf(table, &needed), needed_physical, context));
  for (ScanUse& scan : use->uses) {
    std::vector<int> columns;
    for (const int column : scan.scan->columns) columns.push_back(places[column]);
    use->task->AddConsumer(std::move(columns), std::move(scan.make_chain), scan.next, scan.done,
                           scan.idle_timeout_micros, scan.chapter);
  }
  if (!use->chapter.object.empty()) use->task->KeepPosition(use->chapter, use->is_saved);
  return use->task->SetSource(std::move(source));
}

Status PipelineBuilder::Finish() {
  for (auto& [key, use] : sources_) {
    MR_TRY(OpenSource(&use));
  }
  for (const auto& task : tasks_) {
    if (environment_.checkpoints != nullptr) MR_TRY(task->Restore(*environment_.checkpoints));
  }
  job_->tasks = static_cast<int>(tasks_.size());
  job_->live_tasks.store(job_->tasks);
  return {};
}

void PipelineBuilder::Attach() {
  for (const auto& attach : attachments_) attach();
}

Link* PipelineBuilder::MakeExchange(DataflowTask* producer, std::vector<int> keys,
                                    const std::vector<StageTask*>& consumers,
                                    const std::vector<int>& inputs) {
  std::vector<Sender> senders;
  for (size_t i = 0; i < consumers.size(); ++i) {
    senders.push_back(consumers[i]->AddChannel(inputs[i], producer->waker()));
    producer->AddOutput(senders.back());
  }
  return producer->Own(std::make_unique<ExchangeLink>(std::move(keys), std::move(senders)));
}

operators::OperatorContext PipelineBuilder::ContextFor(const plan::PlanNode& node, int shard,
                                                       Link* next) const {
  operators::OperatorContext context;
  context.name = node.name;
  context.shard = shard;
  context.output = next;
  context.side_output = side_;
  context.eval.zone = pipeline_->zone;
  context.eval.random_state = environment_.env->seeds->NextSeed();
  context.state_ttl_micros = pipeline_->settings.state_ttl_micros();
  context.early_fire_delay_micros = pipeline_->settings.early_fire_delay_micros();
  context.is_durable = IsDurable();
  context.spread_columns = spreading_.InputKeys(node);
  return context;
}

Link* PipelineBuilder::MakeOperatorLink(const plan::PlanNode& node, const OperatorFactory& factory,
                                        DataflowTask* task, int shard, int shards, Link* next,
                                        bool on_root_path) {
  auto& stats = stats_[&node];
  if (stats == nullptr) {
    stats = std::make_shared<OperatorStats>();
    stats->name = node.name;
    job_->operators.push_back(stats);
  }
  auto link = std::make_unique<OperatorLink>(factory.Make(ContextFor(node, shard, next)), next,
                                             task->now_micros(), stats, on_root_path ? done_ : nullptr);
  KeepState(task, link->op(), node.name, static_cast<size_t>(shard), static_cast<size_t>(shards));
  return task->Own(std::move(link));
}

SourceTask::Chapter PipelineBuilder::ChapterOf(const std::string& name) const {
  if (!IsDurable()) return {};
  const std::string object = ObjectOwner(pipeline_->object_id);
  return {object, object + "/" + name};
}

void PipelineBuilder::KeepState(DataflowTask* task, operators::Operator* op, const std::string& name,
                                size_t shard, size_t shards) const {
  if (!IsDurable()) return;
  task->AddState(OwnerOfOperator(pipeline_->object_id, name, op, static_cast<uint32_t>(shard),
                                 static_cast<uint32_t>(shards)));
}

void PipelineBuilder::KeepPart(DataflowTask* task, const StoredTable& table, int part) const {
  if (!IsDurable()) return;
  task->AddState(OwnerOfPart(pipeline_->object_id, table, static_cast<size_t>(part)));
}

}  // namespace millrace::dataflow
