#include "dataflow/warehouse.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "dataflow/table_task.h"

namespace millrace::dataflow {

Warehouse::Warehouse(Options options)
    : options_(std::move(options)),
      pool_(options_.env->executor->MakePool("dataflow", options_.threads)),
      coordinator_(*options_.env, pool_.get(), options_.epoch_interval_micros),
      side_(options_.env->clock, [this] { coordinator_.NoteChange(); }) {
  coordinator_.AddLooseTables({&side_.dead_letters(), &side_.late_rows()}, [this] { side_.Flush(); });
}

Warehouse::~Warehouse() {
  for (auto& [job, running] : jobs_) job->cancelled.store(true);
  pool_->Stop();
}

BuildEnvironment Warehouse::Environment() {
  BuildEnvironment environment;
  environment.env = options_.env;
  environment.pool = pool_.get();
  environment.coordinator = &coordinator_;
  environment.side = &side_;
  environment.feeds = options_.feeds;
  environment.ingest = &ingest_hub_;
  environment.standard_output = options_.standard_output;
  environment.standard_error = options_.standard_error;
  environment.whole_files = options_.whole_files;
  environment.find_table = [this](const std::string& name) -> StoredTable* {
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : found->second.get();
  };
  environment.find_table_task = [this](const std::string& name) -> TableTask* {
    const auto found = table_tasks_.find(name);
    return found == table_tasks_.end() ? nullptr : found->second;
  };
  environment.spread_of = [this](const catalog::ObjectName& name) { return SpreadOf(name); };
  return environment;
}

plan::Spread Warehouse::SpreadOf(const catalog::ObjectName& name) const {
  const auto found = tables_.find(name.ToString());
  return found == tables_.end() ? plan::Spread{} : found->second->spread;
}

Status Warehouse::CreateTable(const catalog::TableDefinition& table) {
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
  auto ingest = std::make_shared<Ingest>(name, std::make_shared<connectors::IngestPoint>(schema), key);
  {
    MutexLock lock(ingest_mutex_);
    ingests_[name] = ingest;
  }
  if (table.connector() == "http") {
    ingest_hub_.Add(name, ingest->shared_point());
  } else {
    CreateStoredTable(name, schema, key, ingest.get());
  }
  return {};
}

void Warehouse::CreateStoredTable(const std::string& name, const data::Schema& schema,
                                  const std::vector<int>& key, Ingest* ingest) {
  const auto mode = key.empty() ? tables::TableMode::kAppend : tables::TableMode::kKeyed;
  auto stored = std::make_unique<StoredTable>(name, std::make_shared<const data::Schema>(schema), mode, key,
                                              plan::Spread{});

  auto job = std::make_shared<Job>();
  job->name = name;
  job->live_tasks.store(1);
  auto task = std::make_unique<TableTask>(*options_.env, pool_.get(), &coordinator_, job);
  task->AddPart(stored->parts[0].get());
  Link* chain = task->Own(std::make_unique<TableLink>(stored->parts[0].get()));
  if (!key.empty()) {
    operators::OperatorContext context;
    context.name = "ChangelogNormalize(" + name + ")";
    context.output = chain;
    job->side_outputs.push_back(std::make_unique<QuerySideOutput>(&side_, name));
    context.side_output = job->side_outputs.back().get();
    auto stats = std::make_shared<OperatorStats>();
    stats->name = context.name;
    chain = task->Own(std::make_unique<OperatorLink>(MakeTableNormalize(schema, key, std::move(context)),
                                                     chain, task->now_micros(), std::move(stats), nullptr));
  }
  task->SetChain(chain);
  std::vector<int> all_columns(schema.size());
  std::iota(all_columns.begin(), all_columns.end(), 0);
  task->SetIngest(ingest->point().AddReader(std::move(all_columns),
                                            [pool = pool_.get(), task = task.get()] { pool->Wake(*task); }));
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
  coordinator_.StartEpoch();  // the snapshot is taken at its barrier
  return std::make_unique<Subscription>(std::move(feed), stored.schema);
}

void Warehouse::Drop(const std::string& name) {
  {
    MutexLock lock(ingest_mutex_);
    if (const auto ingest = ingests_.find(name); ingest != ingests_.end()) {
      ingest->second->point().Drop();
      ingests_.erase(ingest);
    }
  }
  ingest_hub_.Remove(name);
  const auto table = tables_.find(name);
  if (table == tables_.end()) return;
  coordinator_.BetweenEpochs([&] {
    coordinator_.RemoveTable(table->second.get());
    if (const auto pipeline = pipelines_.find(name); pipeline != pipelines_.end()) {
      pipeline->second->done->store(true);
      for (const auto& [part, reader] : pipeline->second->attached) part->Detach(reader);
      pipelines_.erase(pipeline);
    }
  });
  if (const auto task = table_tasks_.find(name); task != table_tasks_.end()) {
    Cancel(&task->second->job());
    table_tasks_.erase(task);
  }
  dropped_tables_.push_back(std::move(table->second));
  tables_.erase(table);
  WakeSources();
}

Result<std::shared_ptr<Job>> Warehouse::Start(std::vector<Request> requests) {
  RunningJob running;
  running.job = std::make_shared<Job>();
  if (!requests.empty()) running.job->name = requests.front().job_name;
  PipelineBuilder builder(Environment(), running.job);
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  std::vector<std::string> created;
  std::vector<std::pair<std::string, std::shared_ptr<RunningPipeline>>> records;

  const auto build = [&]() -> Status {
    for (Request& request : requests) {
      running.requests.push_back(std::make_unique<Request>(std::move(request)));
      Request& kept = *running.requests.back();
      auto pipeline = std::make_unique<Pipeline>();
      const auto* sink = kept.query.root->AsIf<plan::SinkNode>();
      pipeline->name = sink != nullptr     ? sink->entry->name.ToString()
                       : kept.view.empty() ? "query"
                                           : kept.view;
      pipeline->query = kept.query;
      pipeline->settings = kept.settings;
      pipeline->zone = kept.zone;
      pipeline->consumer = kept.consumer;
      if (sink == nullptr && !kept.consumer) {
        const plan::Spreading spreading(kept.settings.shards(), Environment().spread_of);
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
      if (!kept.view.empty()) records.emplace_back(kept.view, std::move(record));
      pipelines.push_back(std::move(pipeline));
    }
    return builder.Finish();
  };
  if (Status built = build(); !built.has_value()) {
    for (const std::string& name : created) tables_.erase(name);
    return std::unexpected(built.error());
  }

  running.sources = builder.sources();
  running.tasks = builder.TakeTasks();
  coordinator_.BetweenEpochs([&] {
    for (const std::string& name : created) coordinator_.AddTable(tables_[name].get());
    for (const auto& task : running.tasks) coordinator_.AddTask(task.get());
    builder.Attach();
  });
  for (auto& [view, record] : records) pipelines_[view] = std::move(record);
  const std::shared_ptr<Job> job = running.job;
  for (const auto& task : running.tasks) pool_->Wake(*task);
  job_list_.push_back(job);
  jobs_[job.get()] = std::move(running);
  return job;
}

void Warehouse::Cancel(Job* job) {
  job->cancelled.store(true);
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) return;
  for (const auto& task : found->second.tasks) pool_->Wake(*task);
}

Status Warehouse::ErrorOf(RunningJob* running) {
  MutexLock lock(running->job->mutex);
  if (!running->job->error.has_value() || running->error_told) return {};
  running->error_told = true;
  return std::unexpected(*running->job->error);
}

void Warehouse::WakeSources() {
  for (auto& [job, running] : jobs_) {
    for (SourceTask* source : running.sources) pool_->Wake(*source);
  }
}

bool Warehouse::HasUnboundedSources() const {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [](const auto& entry) { return entry.first->live_unbounded_sources.load() > 0; });
}

Status Warehouse::Settle(const std::function<void()>& report) {
  const auto bounded_ended = [this] {
    return std::all_of(jobs_.begin(), jobs_.end(),
                       [](const auto& entry) { return entry.first->live_bounded_sources.load() <= 0; });
  };
  while (true) {
    for (auto& [job, running] : jobs_) MR_TRY(ErrorOf(&running));
    if (bounded_ended()) break;
    coordinator_.WaitFor(bounded_ended, 100'000);
    report();
  }
  WakeSources();
  if (!HasUnboundedSources()) pool_->WaitIdle();
  coordinator_.RunEpoch();
  for (auto& [job, running] : jobs_) MR_TRY(ErrorOf(&running));
  return {};
}

Status Warehouse::Await(const std::shared_ptr<Job>& job, const std::function<void()>& report) {
  const auto ended = [&] { return job->live_tasks.load() <= 0; };
  while (!ended()) {
    if (!coordinator_.WaitFor(ended, 100'000)) report();
  }
  MR_TRY(ErrorOf(&jobs_[job.get()]));
  coordinator_.RunEpoch();  // what was inserted is visible
  return {};
}

Status Warehouse::RunToEnd(const std::function<void()>& report) {
  // INSERTs first: what they bring is part of the tables.
  MR_TRY(Settle(report));
  {
    MutexLock lock(ingest_mutex_);
    for (auto& [name, ingest] : ingests_) ingest->point().End();
  }
  for (auto& [name, task] : table_tasks_) {
    task->RequestEnd();
    pool_->Wake(*task);
  }
  for (const auto& job : std::vector(job_list_)) MR_TRY(Await(job, report));
  return {};
}

void Warehouse::Stop() {
  for (auto& [job, running] : jobs_) {
    job->stopping.store(true);
    for (const auto& task : running.tasks) pool_->Wake(*task);
  }
}

std::vector<data::Batch> Warehouse::TakeResult(Job* job) {
  const auto found = jobs_.find(job);
  std::vector<data::Batch> batches;
  for (const auto& part : found->second.result->parts) {
    for (const tables::ChunkPtr& chunk : part->staged()->chunks) {
      data::Batch batch;
      batch.columns.assign(chunk->columns.begin(), chunk->columns.end());
      batch.rows = chunk->rows;
      batches.push_back(std::move(batch));
    }
  }
  Retire(&found->second);
  std::erase_if(job_list_, [job](const auto& other) { return other.get() == job; });
  jobs_.erase(found);
  return batches;
}

void Warehouse::Retire(RunningJob* running) {
  for (const auto& task : running->tasks) pool_->Retire(*task);
  coordinator_.BetweenEpochs([&] {
    for (const auto& task : running->tasks) coordinator_.ForgetTask(task.get());
  });
}

Progress Warehouse::GetProgress() const {
  Progress progress;
  int64_t watermark = data::kMaxWatermark;
  for (const auto& [job, running] : jobs_) {
    progress.rows_read += job->rows_read.load(std::memory_order_relaxed);
    for (const SourceTask* source : running.sources) {
      progress.sources.emplace_back(source->table(), source->Progress());
    }
    for (const auto& stats : job->operators) {
      const int64_t own = stats->watermark.load(std::memory_order_relaxed);
      if (own != data::kMinWatermark) watermark = std::min(watermark, own);
    }
  }
  if (watermark != data::kMaxWatermark) progress.watermark = watermark;
  progress.dead_letters = side_.dead_letter_count();
  progress.late_rows = side_.late_row_count();
  return progress;
}

}  // namespace millrace::dataflow
