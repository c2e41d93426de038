// SystemTables: sys.jobs and sys.checkpoints, what a warehouse tells of itself.
//
// Jobs are told once, when they start; what has become of them is looked up at each Flush, which costs a few
// atomics a job. Attempts to commit a checkpoint are told as they end. Both are of this process: nothing of
// them is kept beyond it. Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "data/batch_builder.h"
#include "dataflow/checkpointer.h"
#include "dataflow/stored_table.h"
#include "dataflow/task.h"

namespace millrace::dataflow {

class SystemTables {
 public:
  explicit SystemTables(const env::Clock* clock);

  // For the catalog and the coordinator; live as long as this.
  StoredTable& jobs() { return jobs_; }
  StoredTable& checkpoints() { return checkpoints_; }

  // A job has started; the last limits::kEndedJobsMax that have ended stay in the table.
  void AddJob(std::shared_ptr<Job> job) MR_EXCLUDES(mutex_);
  // An attempt to commit a checkpoint has ended.
  void AddCheckpoint(const CheckpointRecord& record) MR_EXCLUDES(mutex_);
  // Brings the tables up to date; before they are published.
  void Flush() MR_EXCLUDES(mutex_);

 private:
  struct KnownJob {
    std::shared_ptr<Job> job;
    int64_t number = 0;
    int64_t started_micros = 0;
    std::string status;  // as in the table; empty: not in it yet
    std::string error;
  };
  void FlushJobs() MR_REQUIRES(mutex_);
  void AppendJob(const KnownJob& job, data::RowKind kind, data::BatchBuilder* builder) const;

  const env::Clock& clock_;
  StoredTable jobs_;
  StoredTable checkpoints_;
  Mutex mutex_;
  std::deque<KnownJob> known_jobs_ MR_GUARDED_BY(mutex_);  // oldest first
  int64_t last_job_ MR_GUARDED_BY(mutex_) = 0;
  data::BatchBuilder checkpoint_builder_ MR_GUARDED_BY(mutex_);
};

// RUNNING, FINISHED, FAILED or CANCELED, as Flink says it.
const char* StatusOf(Job& job);

}  // namespace millrace::dataflow
