#include "dataflow/system_tables.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace millrace::dataflow {
namespace {

using data::DataType;

data::SchemaPtr JobSchema() {
  return std::make_shared<const data::Schema>(std::vector<data::Field>{
      {"job", DataType::BigInt().NotNull()},
      {"name", DataType::String()},
      {"status", DataType::String()},
      {"error", DataType::String()},
      {"started_at", DataType::TimestampLtz(3)},
  });
}

data::SchemaPtr CheckpointSchema() {
  return std::make_shared<const data::Schema>(std::vector<data::Field>{
      {"checkpoint", DataType::BigInt()},
      {"status", DataType::String()},
      {"epoch", DataType::BigInt()},
      {"attempt", DataType::BigInt()},
      {"started_at", DataType::TimestampLtz(3)},
      {"barrier_ms", DataType::Double()},
      {"commit_ms", DataType::Double()},
      {"state_bytes", DataType::BigInt()},
      {"error", DataType::String()},
  });
}

void AppendText(const std::string& text, data::Column* column) {
  if (text.empty()) {
    column->AppendNull();
  } else {
    column->AppendString(text);
  }
}

// Milliseconds are what times in these tables have.
int64_t WholeMillis(int64_t micros) {
  return micros / 1000 * 1000;
}

}  // namespace

const char* StatusOf(Job& job) {
  MutexLock lock(job.mutex);
  if (job.error.has_value()) return "FAILED";
  if (job.cancelled.load()) return "CANCELED";
  return job.live_tasks.load() <= 0 ? "FINISHED" : "RUNNING";
}

SystemTables::SystemTables(const env::Clock* clock)
    : clock_(*clock),
      jobs_("sys.jobs", JobSchema(), tables::TableMode::kKeyed, {0}, plan::Spread{}),
      checkpoints_("sys.checkpoints", CheckpointSchema(), tables::TableMode::kAppend, {}, plan::Spread{}),
      checkpoint_builder_(*checkpoints_.schema) {}

void SystemTables::AddJob(std::shared_ptr<Job> job) {
  MutexLock lock(mutex_);
  known_jobs_.push_back({std::move(job), ++last_job_, clock_.NowMicros(), {}, {}});
}

void SystemTables::AddCheckpoint(const CheckpointRecord& record) {
  MutexLock lock(mutex_);
  data::BatchBuilder& builder = checkpoint_builder_;
  builder.column(0).Append(static_cast<int64_t>(record.number));
  builder.column(1).AppendString(record.is_committed ? "COMMITTED" : "FAILED");
  builder.column(2).Append(record.epoch);
  builder.column(3).Append(static_cast<int64_t>(record.attempts));
  builder.column(4).Append(WholeMillis(record.started_micros));
  builder.column(5).Append(static_cast<double>(record.barrier_micros) / 1000);
  builder.column(6).Append(static_cast<double>(record.duration_micros) / 1000);
  builder.column(7).Append(static_cast<int64_t>(record.bytes));
  AppendText(record.is_committed ? std::string() : record.error, &builder.column(8));
  builder.FinishRow();
  if (builder.IsFull()) checkpoints_.parts[0]->Apply(builder.Build());
}

void SystemTables::AppendJob(const KnownJob& job, data::RowKind kind, data::BatchBuilder* builder) const {
  builder->column(0).Append(job.number);
  builder->column(1).AppendString(job.job->name);
  builder->column(2).AppendString(job.status);
  AppendText(job.error, &builder->column(3));
  builder->column(4).Append(WholeMillis(job.started_micros));
  builder->FinishRow(kind);
}

void SystemTables::FlushJobs() {
  data::BatchBuilder builder(*jobs_.schema);
  const auto flush = [&] {
    if (builder.rows() > 0) jobs_.parts[0]->Apply(builder.Build());
  };
  size_t ended = 0;
  for (KnownJob& known : known_jobs_) {
    const std::string status = StatusOf(*known.job);
    ended += status == "RUNNING" ? 0 : 1;
    if (status == known.status) continue;
    const auto kind = known.status.empty() ? data::RowKind::kInsert : data::RowKind::kUpdateAfter;
    known.status = status;
    {
      MutexLock lock(known.job->mutex);
      if (known.job->error.has_value()) known.error = known.job->error->ToString();
    }
    AppendJob(known, kind, &builder);
    if (builder.IsFull()) flush();
  }
  flush();
  for (auto job = known_jobs_.begin(); ended > limits::kEndedJobsMax;) {
    if (job->status == "RUNNING") {
      ++job;
      continue;
    }
    AppendJob(*job, data::RowKind::kDelete, &builder);
    if (builder.IsFull()) flush();
    job = known_jobs_.erase(job);
    --ended;
  }
  flush();
}

void SystemTables::Flush() {
  MutexLock lock(mutex_);
  FlushJobs();
  if (checkpoint_builder_.rows() > 0) checkpoints_.parts[0]->Apply(checkpoint_builder_.Build());
  checkpoints_.parts[0]->KeepYoungest(limits::kCheckpointRecordsMax, limits::kSideTableBytesMax);
  // Nothing passes epochs to these parts: the rows of now are what is published.
  for (StoredTable* table : {&jobs_, &checkpoints_}) table->parts[0]->PassEpoch({});
}

}  // namespace millrace::dataflow
