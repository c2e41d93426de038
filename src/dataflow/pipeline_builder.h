// PipelineBuilder: from plans to tasks.
//
// Build every query that is to start together, then Finish: sources are read once for all of them. A subtree
// is built from its consumer down: a node is asked to deliver to links that exist already. Nothing runs until
// the warehouse has added the tasks to the coordinator.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/settings.h"
#include "connectors/connector.h"
#include "dataflow/coordinator.h"
#include "dataflow/operator_factory.h"
#include "dataflow/side_tables.h"
#include "dataflow/source_task.h"
#include "dataflow/stage_task.h"
#include "dataflow/table_task.h"
#include "plan/distribution.h"
#include "plan/logical_plan.h"

namespace millrace::dataflow {

// What the builder needs of the warehouse.
struct BuildEnvironment {
  env::Env* env = nullptr;
  env::WorkerPool* pool = nullptr;
  Coordinator* coordinator = nullptr;
  SideTables* side = nullptr;
  connectors::FeedHub* feeds = nullptr;
  connectors::IngestHub* ingest = nullptr;
  log::Log* log = nullptr;                        // of what durable queries receive; null: it is not kept
  telemetry::MetricsRegistry* metrics = nullptr;  // may be null
  connectors::PrintOutput* standard_output = nullptr;
  connectors::PrintOutput* standard_error = nullptr;
  connectors::WholeFiles* whole_files = nullptr;
  // Stored tables and the tasks of those that users insert into, by "schema.name".
  std::function<StoredTable*(const std::string&)> find_table;
  std::function<TableTask*(const std::string&)> find_table_task;
  plan::FindSpread spread_of;  // of stored tables
  // Where state of durable queries is; null: there are none. With it whether an object has some.
  state::CheckpointStore* checkpoints = nullptr;
  std::function<bool(uint64_t)> is_saved;
};

// Receives the changes of a query that is shown as they come; called by one task at a time.
using ChangeConsumer = std::function<Status(const data::Batch&)>;

struct Pipeline {
  std::string name;  // of the view or table that it maintains, for what it puts aside
  plan::PlannedQuery query;
  catalog::Settings settings;
  const data::TimeZone* zone = &data::TimeZone::Utc();
  // Where the rows go: exactly one of these, or a SinkNode as the root of the query.
  StoredTable* table = nullptr;  // as MakeResultTable made it
  ChangeConsumer consumer;
  // In the catalog; 0: nothing of it outlives the process. The group is what shares the sources.
  uint64_t object_id = 0;
  uint64_t group_id = 0;
};

// How to end one query of a job before its sources end: set `done`, and take its readers off the tables.
struct RunningPipeline {
  std::shared_ptr<std::atomic<bool>> done = std::make_shared<std::atomic<bool>>(false);
  std::vector<std::pair<std::shared_ptr<StoredPart>, Sender>> attached;
};

// What a connector must know of a table's columns; of the metadata columns those in `needed` (by position),
// or, when it is null, those that are written.
connectors::TableColumns ColumnsOf(const catalog::TableDefinition& table, const std::vector<bool>* needed);
// A WITH clause for the connectors.
connectors::TableOptions ConnectorOptionsOf(const catalog::ObjectName& table,
                                            const std::vector<catalog::TableOption>& options);

class PipelineBuilder {
 public:
  PipelineBuilder(BuildEnvironment environment, std::shared_ptr<Job> job)
      : environment_(std::move(environment)), job_(std::move(job)) {}

  // `pipeline` must live until Finish.
  Result<std::shared_ptr<RunningPipeline>> Add(const Pipeline& pipeline);
  // Opens the sources, and gives all tasks the state that was saved of them.
  Status Finish();
  // The tasks, which the coordinator does not know yet.
  std::vector<std::unique_ptr<DataflowTask>> TakeTasks() { return std::move(tasks_); }
  // Attaches to the tables that are read; between epochs, before the tasks first run.
  void Attach();
  const std::vector<SourceTask*>& sources() const { return source_tasks_; }

 private:
  // A connected part of a plan without an exchange: `tasks` run one instance each.
  struct Region {
    std::vector<DataflowTask*> tasks;
  };
  using EndFactory = std::function<Result<Link*>(DataflowTask* task, int instance)>;
  // A scan of a source by one query.
  struct ScanUse {
    const plan::ScanNode* scan;
    SourceTask::ChainFactory make_chain;
    Link* next;
    std::shared_ptr<std::atomic<bool>> done;
    int64_t idle_timeout_micros;
    SourceTask::Chapter chapter;
  };
  struct SourceUse {
    SourceTask* task;
    const plan::ScanNode* scan;  // the first; the others read the same table with the same options
    const data::TimeZone* zone;
    SourceTask::Chapter chapter;  // of the position
    bool is_saved = false;        // there must be one
    std::string log_topic;        // for a source that cannot read again
    std::vector<ScanUse> uses;
  };

  Status Build(const Pipeline& pipeline);
  void WantClockEpochs(int64_t micros);
  Region MakeRegion(const plan::PlanNode& top);
  Status BuildRegion(const plan::PlanNode& top, const EndFactory& make_end, bool on_root_path);
  Status BuildDown(const plan::PlanNode& node, const Region& region, const std::vector<Link*>& links,
                   bool on_root_path);
  Status BuildScan(const plan::PlanNode& top, SourceTask* task, Link* next);
  Status BuildTableScan(const plan::TableScanNode& scan, const Region& region,
                        const std::vector<Link*>& links);
  Status BuildUnion(const plan::PlanNode& node, const Region& region, const std::vector<Link*>& links);
  Status BuildBelowExchange(const plan::PlanNode& node, const Region& region, const std::vector<Link*>& links,
                            bool on_root_path);
  Status BuildSink(const plan::SinkNode& sink);
  Result<Link*> MakeSinkLink(const plan::SinkNode& sink, DataflowTask* task, int instance, int instances);
  Status OpenSource(SourceUse* use);
  bool IsDurable() const { return pipeline_->object_id != 0; }
  // Where the query that is being added keeps what has this name; empty if it is not durable.
  SourceTask::Chapter ChapterOf(const std::string& name) const;
  // Has what the operator remembers saved with the state of the task.
  void KeepState(DataflowTask* task, operators::Operator* op, const std::string& name, size_t shard,
                 size_t shards) const;
  void KeepPart(DataflowTask* task, const StoredTable& table, int part) const;

  StageTask* NewStage();
  SourceTask* TaskForScan(const plan::ScanNode& scan);
  // An exchange link of `producer` into one input of each of `consumers`.
  Link* MakeExchange(DataflowTask* producer, std::vector<int> keys, const std::vector<StageTask*>& consumers,
                     const std::vector<int>& inputs);
  operators::OperatorContext ContextFor(const plan::PlanNode& node, int shard, Link* next) const;
  Link* MakeOperatorLink(const plan::PlanNode& node, const OperatorFactory& factory, DataflowTask* task,
                         int shard, int shards, Link* next, bool on_root_path);

  BuildEnvironment environment_;
  std::shared_ptr<Job> job_;
  std::vector<std::unique_ptr<DataflowTask>> tasks_;
  std::vector<SourceTask*> source_tasks_;
  std::map<std::string, SourceUse> sources_;
  std::vector<std::function<void()>> attachments_;
  std::map<const plan::PlanNode*, std::shared_ptr<OperatorStats>> stats_;

  // Of the pipeline that is being added.
  const Pipeline* pipeline_ = nullptr;
  std::shared_ptr<RunningPipeline> record_;
  std::shared_ptr<std::atomic<bool>> done_;
  operators::SideOutput* side_ = nullptr;
  plan::Spreading spreading_{1};  // says where the exchanges go
};

}  // namespace millrace::dataflow
