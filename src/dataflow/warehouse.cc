#include "dataflow/warehouse.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "dataflow/table_task.h"

namespace millrace::dataflow {
namespace {

using StoredTables = std::map<std::string, std::unique_ptr<StoredTable>>;

plan::Spread SpreadIn(const StoredTables& tables, const catalog::ObjectName& name) {
  const auto found = tables.find(name.ToString());
  return found == tables.end() ? plan::Spread{} : found->second->spread;
}

// What a table must be for its rows to be taken up.
std::string DescribeTable(const data::Schema& schema, const std::vector<int>& key) {
  std::string text;
  for (const data::Field& field : schema) text += fmt::format("{} {}\n", field.name, field.type.ToString());
  return text + fmt::format("key ({})", fmt::join(key, ", "));
}

}  // namespace

Warehouse::Warehouse(Options options)
    : options_(std::move(options)),
      pool_(options_.env->executor->MakePool("dataflow", options_.threads)),
      coordinator_(*options_.env, pool_.get(), options_.epoch_interval_micros, options_.durability,
                   options_.metrics),
      side_(options_.env->clock, [this] { coordinator_.NoteChange(); }),
      system_(options_.env->clock) {
  coordinator_.held_memory()->SetLimit(options_.held_bytes_max);
  coordinator_.AddLooseTables({&side_.dead_letters(), &side_.late_rows()}, true, [this] { side_.Flush(); });
  coordinator_.AddLooseTables({&system_.jobs(), &system_.checkpoints()}, false, [this] { system_.Flush(); });
  if (!is_durable()) return;
  coordinator_.checkpointer()->SetListener([this](const CheckpointRecord& record) {
    system_.AddCheckpoint(record);
    coordinator_.Republish();
  });
}

Warehouse::~Warehouse() {
  if (is_durable()) coordinator_.checkpointer()->Close();
  {
    MutexLock lock(mutex_);
    for (auto& [job, running] : jobs_) job->cancelled.store(true);
  }
  pool_->Stop();
}

std::vector<std::pair<StoredTable*, std::string>> Warehouse::system_tables() {
  return {{&side_.dead_letters(), "records and rows that could not be processed"},
          {&side_.late_rows(), "rows that came after their window closed"},
          {&system_.jobs(), "queries that run, and the last that ended"},
          {&system_.checkpoints(), "the last attempts to make all that is kept durable"}};
}

BuildEnvironment Warehouse::LockedEnvironment() {
  BuildEnvironment environment;
  environment.env = options_.env;
  environment.pool = pool_.get();
  environment.coordinator = &coordinator_;
  environment.side = &side_;
  environment.feeds = options_.feeds;
  environment.ingest = &ingest_hub_;
  if (options_.durability != nullptr) environment.log = options_.durability->log;
  environment.standard_output = options_.standard_output;
  environment.standard_error = options_.standard_error;
  environment.whole_files = options_.whole_files;
  environment.metrics = options_.metrics;
  // Called while the pipelines are built, under the lock.
  environment.find_table = [tables = &tables_](const std::string& name) -> StoredTable* {
    const auto found = tables->find(name);
    return found == tables->end() ? nullptr : found->second.get();
  };
  environment.find_table_task = [table_tasks = &table_tasks_](const std::string& name) -> TableTask* {
    const auto found = table_tasks->find(name);
    return found == table_tasks->end() ? nullptr : found->second;
  };
  if (const Checkpointer* checkpointer = coordinator_.checkpointer(); checkpointer != nullptr) {
    environment.checkpoints = &checkpointer->store();
    environment.is_saved = [checkpointer](uint64_t object_id) { return checkpointer->Has(object_id); };
  }
  environment.spread_of = [tables = &tables_](const catalog::ObjectName& name) {
    return SpreadIn(*tables, name);
  };
  return environment;
}

plan::Spread Warehouse::SpreadOf(const catalog::ObjectName& name) const {
  MutexLock lock(mutex_);
  return SpreadIn(tables_, name);
}

Result<std::shared_ptr<connectors::RowLog>> Warehouse::OpenRowLog(const catalog::TableDefinition& table,
                                                                  const data::Schema& schema,
                                                                  uint64_t object_id) const {
  if (object_id == 0 || options_.durability == nullptr || options_.durability->log == nullptr) return nullptr;
  connectors::LogRetention retention;
  if (!table.connector().empty()) {
    MR_ASSIGN(const auto traits, connectors::DescribeTable(ConnectorOptionsOf(table.name, table.options),
                                                           ColumnsOf(table, nullptr)));
    retention = traits.log_retention;
  }
  return connectors::RowLog::Open(options_.durability->log, connectors::RowLog::TopicOfTable(object_id),
                                  table.name.ToString(), schema, retention);
}

Status Warehouse::SetLogRetention(const std::string& table, const connectors::LogRetention& retention) {
  MR_ASSIGN(const std::shared_ptr<Ingest> ingest, OpenIngest(table));
  const auto& row_log = ingest->point().row_log();
  if (row_log != nullptr) return row_log->SetRetention(retention);
  return Fail(ErrorCode::kNotSupported, fmt::format("the rows of table '{}' are not kept in a log", table));
}

std::optional<log::Partition::Figures> Warehouse::LogOf(const std::string& table) const {
  std::shared_ptr<connectors::RowLog> row_log;
  {
    MutexLock lock(ingest_mutex_);
    const auto found = ingests_.find(table);
    if (found != ingests_.end()) row_log = found->second->point().row_log();
  }
  if (row_log == nullptr) return std::nullopt;
  return row_log->partition().figures();
}

Status Warehouse::CreateTable(const catalog::TableDefinition& table, uint64_t object_id) {
  const std::string name = table.name.ToString();
  data::Schema schema;
  std::vector<int> places(table.columns.size(), -1);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].kind != catalog::ColumnKind::kPhysical) continue;
    places[i] = static_cast<int>(schema.size());
    schema.Add(table.columns[i].name, table.columns[i].type);
  }
  std::vector<int> key;
  for (const int column : table.primary_key) key.push_back(places[column]);
  MR_ASSIGN(auto row_log, OpenRowLog(table, schema, object_id));
  telemetry::Histogram* visible = nullptr;
  if (options_.metrics != nullptr) {
    visible = &options_.metrics->GetHistogram(
        "millrace_push_visible_seconds", "Time from a push to its visibility; of each epoch the longest.",
        1e-6, {{"table", name}});
  }
  auto push_clock = std::make_shared<PushClock>(visible);
  auto point = std::make_shared<connectors::IngestPoint>(
      schema, coordinator_.push_epoch(), std::move(row_log),
      [push_clock](int64_t pushed_micros) { push_clock->Pushed(pushed_micros); });
  auto ingest = std::make_shared<Ingest>(name, std::move(point), key, options_.env->clock, push_clock);
  coordinator_.AddPushClock(push_clock);
  {
    MutexLock lock(ingest_mutex_);
    ingests_[name] = ingest;
  }
  MutexLock control(mutex_);
  Reap();
  push_clocks_[name] = std::move(push_clock);
  if (table.connector() == "http") {
    ingest_hub_.Add(name, ingest->shared_point());
  } else {
    MR_TRY(CreateStoredTable(name, schema, key, object_id, ingest.get()));
  }
  return {};
}

Status Warehouse::CreateStoredTable(const std::string& name, const data::Schema& schema,
                                    const std::vector<int>& key, uint64_t object_id, Ingest* ingest) {
  const auto mode = key.empty() ? tables::TableMode::kAppend : tables::TableMode::kKeyed;
  auto stored = std::make_unique<StoredTable>(name, std::make_shared<const data::Schema>(schema), mode, key,
                                              plan::Spread{});

  auto job = MakeJob();
  job->name = name;
  job->live_tasks.store(1);
  auto task = std::make_unique<TableTask>(*options_.env, pool_.get(), &coordinator_, job);
  task->AddPart(stored->parts[0]);
  stored->follows_inserts = true;
  if (!is_durable()) object_id = 0;
  if (object_id != 0) {
    MR_TRY(AddDurable(name, object_id, {object_id, DescribeTable(schema, key)}, job.get()));
    task->AddState(OwnerOfPart(object_id, *stored, 0));
  }
  Link* chain = task->Own(std::make_unique<TableLink>(stored->parts[0].get()));
  if (!key.empty()) {
    operators::OperatorContext context;
    context.name = "ChangelogNormalize(" + name + ")";
    context.output = chain;
    job->side_outputs.push_back(std::make_unique<QuerySideOutput>(&side_, name));
    context.side_output = job->side_outputs.back().get();
    context.is_durable = object_id != 0;
    auto stats = std::make_shared<OperatorStats>();
    stats->name = context.name;
    job->operators.push_back(stats);
    auto* link = task->Own(std::make_unique<OperatorLink>(MakeTableNormalize(schema, key, std::move(context)),
                                                          chain, task->now_micros(), stats, nullptr));
    if (object_id != 0) task->AddState(OwnerOfOperator(object_id, stats->name, link->op(), 0, 1));
    chain = link;
  }
  task->SetChain(chain);
  MeasureOperators(*job);
  std::vector<int> all_columns(schema.size());
  std::iota(all_columns.begin(), all_columns.end(), 0);
  task->SetIngest(ingest->point().AddReader(
                      std::move(all_columns), [pool = pool_.get(), task = task.get()] { pool->Wake(*task); },
                      connectors::IngestPoint::Start{0, /*is_backfill=*/false}, {.name = name}),
                  ingest->point().row_log());
  if (object_id != 0) task->KeepPosition(object_id, coordinator_.checkpointer()->Has(object_id));
  if (object_id != 0) MR_TRY(task->Restore(coordinator_.checkpointer()->store()));
  coordinator_.BetweenEpochs([&] {
    coordinator_.AddTable(stored.get());
    coordinator_.AddTask(task.get());
  });
  table_tasks_[name] = task.get();
  tables_[name] = std::move(stored);
  RunningJob running;
  running.job = job;
  running.tasks.push_back(std::move(task));
  jobs_[job.get()] = std::move(running);
  return {};
}

Result<std::shared_ptr<Ingest>> Warehouse::OpenIngest(const std::string& table) {
  MutexLock lock(ingest_mutex_);
  const auto found = ingests_.find(table);
  if (found != ingests_.end()) return found->second;
  return Fail(ErrorCode::kUndefinedTable, fmt::format("no rows can be written to '{}' from outside", table),
              "tables without a connector and those with 'connector' = 'http' take rows");
}

void Warehouse::WhenVisible(std::function<void()> done) {
  coordinator_.AfterNextEpoch(std::move(done));
}

Result<std::unique_ptr<Subscription>> Warehouse::Subscribe(const std::string& table,
                                                           const SubscribeOptions& options) {
  MutexLock lock(mutex_);
  const auto found = tables_.find(table);
  if (found == tables_.end()) {
    return Fail(ErrorCode::kUndefinedTable,
                fmt::format("'{}' keeps no rows whose changes could be followed", table),
                "materialized views and tables without a connector can be subscribed to");
  }
  StoredTable& stored = *found->second;
  auto feed = std::make_shared<SubscriptionFeed>(stored.parts.size(), options, subscriptions_);
  coordinator_.BetweenEpochs([&] {
    coordinator_.Watch(&stored, feed);
    for (size_t i = 0; i < stored.parts.size(); ++i) stored.parts[i]->AddTap(feed->MakeTap(i));
  });
  coordinator_.NoteChange();  // the snapshot is taken at the barrier of the next epoch
  return std::make_unique<Subscription>(std::move(feed), stored.schema, coordinator_.held_memory(),
                                        coordinator_.snapshots()->epoch);
}

void Warehouse::Drop(const std::string& name) {
  std::shared_ptr<connectors::RowLog> row_log;
  {
    MutexLock lock(ingest_mutex_);
    if (const auto ingest = ingests_.find(name); ingest != ingests_.end()) {
      row_log = ingest->second->point().row_log();
      ingest->second->point().Drop();
      ingests_.erase(ingest);
    }
  }
  ingest_hub_.Remove(name);
  // A topic that cannot be removed now takes nothing any more, and object ids are not used again.
  if (row_log != nullptr) static_cast<void>(row_log->Drop());
  MutexLock lock(mutex_);
  Reap();
  ForgetView(name);
  if (const auto id = object_ids_.find(name); id != object_ids_.end()) {
    ForgetDurable(id->second);
    object_ids_.erase(id);
  }
  const auto table = tables_.find(name);
  if (table == tables_.end()) return;
  std::shared_ptr<RunningPipeline> pipeline;
  if (const auto found = pipelines_.find(name); found != pipelines_.end()) {
    pipeline = std::move(found->second);
    pipelines_.erase(found);
  }
  coordinator_.BetweenEpochs([&, stored = table->second.get()] {
    coordinator_.RemoveTable(stored);
    if (pipeline == nullptr) return;
    pipeline->done->store(true);
    for (const auto& [part, reader] : pipeline->attached) part->Detach(reader);
    pipeline->attached.clear();
  });
  if (const auto task = table_tasks_.find(name); task != table_tasks_.end()) {
    CancelLocked(&task->second->job());
    table_tasks_.erase(task);
  }
  tables_.erase(table);  // its parts live until their writer and readers have gone
  WakeSources();
}

Result<std::shared_ptr<Job>> Warehouse::Start(std::vector<Request> requests) {
  MutexLock lock(mutex_);
  Reap();
  MR_ASSIGN(const std::optional<Error> failure, SavedFailure(requests));
  if (failure.has_value()) return AddFailedJob(requests, *failure);
  if (HadEnded(requests)) return AddEndedJob(std::move(requests));
  RunningJob running;
  running.job = MakeJob();
  if (!requests.empty()) {
    running.job->name = requests.front().job_name;
    running.job->on_end = requests.front().on_end;
  }
  PipelineBuilder builder(LockedEnvironment(), running.job);
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  std::vector<std::string> created;
  std::vector<std::pair<std::string, std::shared_ptr<RunningPipeline>>> records;

  const auto build = [&]() MR_REQUIRES(mutex_) -> Status {
    for (Request& request : requests) {
      running.requests.push_back(std::make_unique<Request>(std::move(request)));
      Request& kept = *running.requests.back();
      if (!is_durable()) kept.object_id = 0;
      if (kept.object_id != 0) MR_TRY(MakeDurable(kept, running.job.get()));
      auto pipeline = std::make_unique<Pipeline>();
      const auto* sink = kept.query.root->AsIf<plan::SinkNode>();
      pipeline->name = sink != nullptr     ? sink->entry->name.ToString()
                       : kept.view.empty() ? "query"
                                           : kept.view;
      pipeline->query = kept.query;
      pipeline->settings = kept.settings;
      pipeline->zone = kept.zone;
      pipeline->consumer = kept.consumer;
      pipeline->object_id = kept.object_id;
      pipeline->group_id = kept.group_id;
      if (sink == nullptr && !kept.consumer) {
        const plan::Spreading spreading(kept.settings.shards(), LockedEnvironment().spread_of);
        auto table = MakeResultTable(kept.view, kept.query, spreading);
        pipeline->table = table.get();
        if (kept.view.empty()) {
          running.result = std::move(table);
        } else {
          tables_[kept.view] = std::move(table);
          created.push_back(kept.view);
        }
      }
      MR_ASSIGN(auto record, builder.Add(*pipeline));
      if (pipeline->table != nullptr) pipeline->table->follows_inserts = running.job->follows_inserts;
      running.pipelines.push_back(record);
      if (!kept.view.empty()) records.emplace_back(kept.view, std::move(record));
      pipelines.push_back(std::move(pipeline));
    }
    return builder.Finish();
  };
  if (Status built = build(); !built.has_value()) {
    for (const std::string& name : created) tables_.erase(name);
    for (const DurableObject& object : running.job->objects) object_groups_.erase(object.id);
    return std::unexpected(built.error());
  }

  running.sources = builder.sources();
  running.tasks = builder.TakeTasks();
  MeasureOperators(*running.job);
  for (const auto& request : running.requests) {
    if (!request->view.empty()) MeasureView(request->view, request->query);
  }
  std::vector<StoredTable*> new_tables;
  for (const std::string& name : created) new_tables.push_back(tables_[name].get());
  coordinator_.BetweenEpochs([&] {
    for (StoredTable* table : new_tables) coordinator_.AddTable(table);
    for (const auto& task : running.tasks) coordinator_.AddTask(task.get());
    builder.Attach();
  });
  for (auto& [view, record] : records) pipelines_[view] = std::move(record);
  const std::shared_ptr<Job> job = running.job;
  KeepPins(running);
  if (!coordinator_.is_recovering()) {
    for (const auto& task : running.tasks) pool_->Wake(*task);
  }
  // A query that is read once is no job that anybody would look for.
  if (running.result == nullptr) system_.AddJob(job);
  job_list_.push_back(job);
  jobs_[job.get()] = std::move(running);
  return job;
}

}  // namespace millrace::dataflow
