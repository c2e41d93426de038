// The jobs of a Warehouse: cancelling, waiting, results, and the freeing of what has ended.
#include <algorithm>

#include "dataflow/table_task.h"
#include "dataflow/warehouse.h"

namespace millrace::dataflow {
namespace {

// How often somebody who waits reports and asks whether to go on.
constexpr int64_t kReportMicros = 100'000;
constexpr int64_t kAskMicros = 20'000;

Status Cancelled() {
  return Fail(ErrorCode::kCancelled, "the statement was cancelled while it waited for its rows");
}

}  // namespace

std::shared_ptr<Job> Warehouse::MakeJob() {
  auto job = std::make_shared<Job>();
  job->number = ++last_job_;
  return job;
}

void Warehouse::Cancel(Job* job) {
  MutexLock lock(mutex_);
  CancelLocked(job);
}

void Warehouse::CancelLocked(Job* job) {
  job->cancelled.store(true);
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) return;
  for (const auto& task : found->second.tasks) pool_->Wake(*task);
}

std::vector<std::shared_ptr<Job>> Warehouse::jobs() const {
  MutexLock lock(mutex_);
  return job_list_;
}

// Those of tables that users write to as well.
std::vector<std::shared_ptr<Job>> Warehouse::AllJobs() const {
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Job>> jobs = job_list_;
  for (const auto& [job, running] : jobs_) {
    if (running.requests.empty()) jobs.push_back(running.job);
  }
  return jobs;
}

Status Warehouse::UntoldError(const Job* only) {
  for (const auto& job : AllJobs()) {
    if (only != nullptr && job.get() != only) continue;
    MutexLock lock(job->mutex);
    if (!job->error.has_value() || job->error_told) continue;
    job->error_told = true;
    return std::unexpected(*job->error);
  }
  return {};
}

void Warehouse::WakeSources() {
  for (auto& [job, running] : jobs_) {
    for (SourceTask* source : running.sources) pool_->Wake(*source);
  }
}

bool Warehouse::HasUnboundedSources() const {
  MutexLock lock(mutex_);
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [](const auto& entry) { return entry.first->live_unbounded_sources.load() > 0; });
}

Status Warehouse::Settle(const std::function<void()>& report) {
  const std::vector<std::shared_ptr<Job>> jobs = AllJobs();
  const auto bounded_ended = [&jobs] {
    return std::all_of(jobs.begin(), jobs.end(),
                       [](const auto& job) { return job->live_bounded_sources.load() <= 0; });
  };
  while (true) {
    MR_TRY(UntoldError(nullptr));
    if (bounded_ended()) break;
    coordinator_.WaitFor(bounded_ended, kReportMicros);
    report();
  }
  {
    MutexLock lock(mutex_);
    WakeSources();
  }
  if (!HasUnboundedSources()) pool_->WaitIdle();
  coordinator_.RunEpoch();
  return UntoldError(nullptr);
}

Status Warehouse::Await(const std::shared_ptr<Job>& job, const std::function<void()>& report,
                        const std::function<bool()>& cancelled) {
  const auto is_cancelled = [&] { return cancelled && cancelled(); };
  const auto ended = [&] { return job->live_tasks.load() <= 0; };
  int64_t reported_micros = options_.env->clock->MonotonicMicros();
  while (!ended()) {
    if (is_cancelled()) {
      Cancel(job.get());
      return Cancelled();
    }
    coordinator_.WaitFor(ended, kAskMicros);
    const int64_t now = options_.env->clock->MonotonicMicros();
    if (now - reported_micros < kReportMicros) continue;
    reported_micros = now;
    report();
  }
  {
    MutexLock lock(job->mutex);
    if (job->error.has_value()) {
      job->error_told = true;
      return std::unexpected(*job->error);
    }
  }
  // What was inserted is visible, and durable.
  const int64_t epoch = coordinator_.RequestEpoch();
  while (!coordinator_.WaitForEpoch(epoch, kAskMicros)) {
    if (is_cancelled()) return Cancelled();
  }
  if (job->objects.empty()) return {};
  Checkpointer& checkpointer = *coordinator_.checkpointer();
  const int64_t request = checkpointer.Request();
  while (!checkpointer.Await(request, kAskMicros)) {
    if (is_cancelled()) return Cancelled();
    MR_TRY(checkpointer.store().status());
  }
  return {};
}

Status Warehouse::RunToEnd(const std::function<void()>& report) {
  // INSERTs first: what they bring is part of the tables.
  MR_TRY(Settle(report));
  {
    MutexLock lock(ingest_mutex_);
    for (auto& [name, ingest] : ingests_) ingest->point().End();
  }
  {
    MutexLock lock(mutex_);
    for (auto& [name, task] : table_tasks_) {
      task->RequestEnd();
      pool_->Wake(*task);
    }
  }
  for (const auto& job : jobs()) {
    bool is_told = false;
    {
      MutexLock lock(job->mutex);
      is_told = job->error_told;
    }
    if (!is_told) MR_TRY(Await(job, report));
  }
  return {};
}

void Warehouse::Stop() {
  MutexLock lock(mutex_);
  for (auto& [job, running] : jobs_) {
    job->stopping.store(true);
    for (const auto& task : running.tasks) pool_->Wake(*task);
  }
}

std::vector<data::Batch> Warehouse::TakeResult(Job* job) {
  MutexLock lock(mutex_);
  const auto found = jobs_.find(job);
  std::vector<data::Batch> batches;
  if (found == jobs_.end() || found->second.result == nullptr) return batches;
  for (const auto& part : found->second.result->parts) {
    for (const tables::ChunkPtr& chunk : part->staged()->chunks) {
      data::Batch batch;
      batch.columns.assign(chunk->columns.begin(), chunk->columns.end());
      batch.rows = chunk->rows;
      batches.push_back(std::move(batch));
    }
  }
  found->second.result.reset();
  std::erase_if(job_list_, [job](const auto& other) { return other.get() == job; });
  Reap();
  return batches;
}

size_t Warehouse::tasks() const {
  MutexLock lock(mutex_);
  size_t tasks = 0;
  for (const auto& [job, running] : jobs_) tasks += running.tasks.size();
  return tasks;
}

void Warehouse::FreeEnded() {
  MutexLock lock(mutex_);
  Reap();
}

void Warehouse::Reap() {
  ReleasePins();
  const bool any_ended = std::any_of(jobs_.begin(), jobs_.end(), [](const auto& entry) {
    const RunningJob& running = entry.second;
    return running.tasks.empty() || std::any_of(running.tasks.begin(), running.tasks.end(),
                                                [](const auto& task) { return task->finished(); });
  });
  if (!any_ended) return;
  std::vector<std::unique_ptr<DataflowTask>> ended;
  for (auto& [job, running] : jobs_) {
    for (auto& task : running.tasks) {
      // Its last snapshots must have been published.
      if (!task->finished() || coordinator_.Knows(task.get())) continue;
      std::erase_if(running.sources, [&](const SourceTask* source) {
        if (source != task.get()) return false;
        running.ended_sources.emplace_back(source->table(), source->Progress());
        return true;
      });
      ended.push_back(std::move(task));
    }
    std::erase(running.tasks, nullptr);
  }
  if (!ended.empty()) FreeTasks(std::move(ended));
  DropStreamTopics();
  ForgetEndedJobs();
}

void Warehouse::FreeTasks(std::vector<std::unique_ptr<DataflowTask>> tasks) {
  for (const auto& task : tasks) {
    pool_->Retire(*task);
    std::erase_if(table_tasks_, [&](const auto& entry) { return entry.second == task.get(); });
  }
  coordinator_.BetweenEpochs([&] {
    for (const auto& task : tasks) coordinator_.ForgetTask(task.get());
  });
}

void Warehouse::ForgetEndedJobs() {
  std::erase_if(jobs_, [&](const auto& entry) MR_REQUIRES(mutex_) {
    const RunningJob& running = entry.second;
    if (!running.tasks.empty()) return false;
    bool has_failed = false;
    {
      MutexLock lock(running.job->mutex);
      has_failed = running.job->error.has_value();
    }
    if (running.result != nullptr && !has_failed && !running.job->cancelled.load()) return false;
    rows_read_by_forgotten_ += running.job->rows_read.load(std::memory_order_relaxed);
    return true;
  });
  size_t ended = 0;
  for (const auto& job : job_list_) ended += job->live_tasks.load() <= 0 ? 1 : 0;
  std::erase_if(job_list_, [&](const auto& job) {
    if (ended <= limits::kEndedJobsMax || job->live_tasks.load() > 0) return false;
    --ended;
    return true;
  });
}

Progress Warehouse::GetProgress() const {
  MutexLock lock(mutex_);
  Progress progress;
  progress.rows_read = rows_read_by_forgotten_;
  int64_t watermark = data::kMaxWatermark;
  for (const auto& [job, running] : jobs_) {
    progress.rows_read += job->rows_read.load(std::memory_order_relaxed);
    progress.sources.insert(progress.sources.end(), running.ended_sources.begin(),
                            running.ended_sources.end());
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
