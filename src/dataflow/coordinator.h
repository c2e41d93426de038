// Coordinator: drives epochs over all running tasks and publishes their tables.
//
// Epochs start by themselves: whoever gives rows, watermarks or ends says so (NoteChange), and the next epoch
// starts when the pause behind the last one is over (EpochPace). While nothing changes there is none, but for
// jobs with work by the clock (Job::clock_epoch_micros).
//
// One for each warehouse. An epoch: a barrier is injected into every root task; each task reports once the
// barrier has passed it; when all have, the staged snapshots become the published SnapshotSet. One epoch
// is in flight at a time; tasks and tables are added only between epochs. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "connectors/ingest/push_epoch.h"
#include "dataflow/checkpointer.h"
#include "dataflow/epoch_pace.h"
#include "dataflow/push_clock.h"
#include "dataflow/stored_table.h"
#include "dataflow/task.h"
#include "env/env.h"
#include "tables/held_memory.h"
#include "tables/snapshot.h"
#include "telemetry/metrics.h"

namespace millrace::dataflow {

class Coordinator {
 public:
  // `durability` and `metrics` may be null. With durability it is in recovery until EndRecovery: no task runs
  // and no epoch starts.
  Coordinator(env::Env& env, env::WorkerPool* pool, int64_t epoch_micros_max, const Durability* durability,
              telemetry::MetricsRegistry* metrics);
  ~Coordinator();

  bool is_recovering() const { return is_recovering_.load(std::memory_order_acquire); }
  // Epochs go on behind that of the last checkpoint.
  Status EndRecovery() MR_EXCLUDES(mutex_);
  // Null without durability.
  Checkpointer* checkpointer() const { return checkpointer_.get(); }

  // The longest pause between two epochs while something changes.
  void SetEpochMicrosMax(int64_t micros) MR_EXCLUDES(mutex_);
  // The next epoch will show something new. Cheap; any thread, also with locks held.
  void NoteChange();

  // Runs `change` while no epoch is in flight and none can start.
  void BetweenEpochs(const std::function<void()>& change) MR_EXCLUDES(mutex_);

  // What readers of old snapshots hold; the limit is kept after each epoch.
  const tables::HeldMemoryPtr& held_memory() const { return held_memory_; }
  // Which epoch shows what is pushed now.
  const std::shared_ptr<connectors::PushEpoch>& push_epoch() const { return push_epoch_; }

  // Is told of every epoch from now on, until nobody else holds it.
  void AddPushClock(std::shared_ptr<PushClock> clock) MR_EXCLUDES(mutex_);

  // Tasks are asked in this order.
  uint64_t NextTaskNumber() { return next_task_.fetch_add(1, std::memory_order_relaxed); }

  // --- Within BetweenEpochs. ---
  void AddTask(DataflowTask* task) MR_EXCLUDES(mutex_);
  // Whether the task takes part in epochs; one that has ended does until its last snapshots are published.
  bool Knows(const DataflowTask* task) const MR_EXCLUDES(mutex_);
  // The task has ended and is about to be destroyed.
  void ForgetTask(DataflowTask* task) MR_EXCLUDES(mutex_);
  void AddTable(StoredTable* table) MR_EXCLUDES(mutex_);
  void RemoveTable(StoredTable* table) MR_EXCLUDES(mutex_);

  // Has `watcher` hear of every later publication of the table; watchers that are closed are forgotten.
  void Watch(StoredTable* table, std::shared_ptr<TableWatcher> watcher) MR_EXCLUDES(mutex_);

  // --- From tasks. ---
  // `work_micros`: what the task did on the barrier itself. `save`: of a checkpoint.
  void Passed(DataflowTask* task, int64_t epoch, int64_t work_micros, TaskSave save) MR_EXCLUDES(mutex_);
  // `in_order`: its input has come to an end, or the job was asked to stop; and what it saves of that.
  void Ended(DataflowTask* task, TaskSave save, bool in_order) MR_EXCLUDES(mutex_);
  void Failed(DataflowTask* task, const Error& error) MR_EXCLUDES(mutex_);

  // Starts an epoch unless one is in flight; whether it did.
  bool StartEpoch() MR_EXCLUDES(mutex_);
  // The epoch that shows everything given before this call; it starts when it is due.
  int64_t RequestEpoch() MR_EXCLUDES(mutex_);
  // Waits until that epoch is published or `micros` have passed; whether it is.
  bool WaitForEpoch(int64_t epoch, int64_t micros) MR_EXCLUDES(mutex_);
  // Starts an epoch and waits until it is published.
  void RunEpoch() MR_EXCLUDES(mutex_);

  // Calls `done` once an epoch has been published that starts after this call; from any thread.
  void AfterNextEpoch(std::function<void()> done) MR_EXCLUDES(mutex_);

  tables::SnapshotSetPtr snapshots() const MR_EXCLUDES(mutex_);
  // Waits until `done` holds (asked at every change) or `micros` have passed; whether it holds.
  bool WaitFor(const std::function<bool()>& done, int64_t micros) MR_EXCLUDES(mutex_);

  // Adds tables that are published with the others but written by anyone at any time (sys tables);
  // `flush` is called before each publication and stages their snapshots.
  // `are_kept`: they are part of checkpoints too, with rows that may come once more after a restart.
  void AddLooseTables(std::vector<StoredTable*> tables, bool are_kept, std::function<void()> flush)
      MR_EXCLUDES(mutex_);
  // Publishes loose tables once more, unless an epoch is in flight and will.
  void Republish() MR_EXCLUDES(mutex_);

 private:
  class Driver;
  class Enforcer;
  struct TaskState {
    DataflowTask* task;
    int64_t passed = 0;
    bool ended = false;
    bool promoted = false;  // its final snapshots are published, or will be with the epoch in flight
  };
  bool StartEpochLocked() MR_REQUIRES(mutex_);
  void Promote(TaskState* state) MR_REQUIRES(mutex_);
  void FinishIfComplete() MR_REQUIRES(mutex_);
  void Publish() MR_REQUIRES(mutex_);
  void CompleteCheckpoint() MR_REQUIRES(mutex_);
  Status RestoreLooseTables() MR_EXCLUDES(mutex_);
  void TellWatchers() MR_REQUIRES(mutex_);
  // Tells everybody who waits that something has changed.
  void Tell() MR_EXCLUDES(mutex_);

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // When the next epoch is due, on the monotonic clock.
  int64_t NextEpochMicros() const MR_EXCLUDES(mutex_);
  EpochCost CostOfEpoch() MR_REQUIRES(mutex_);

  env::Env& env_;
  env::WorkerPool& pool_;
  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Enforcer> enforcer_;
  const tables::HeldMemoryPtr held_memory_ = std::make_shared<tables::HeldMemory>();
  const std::shared_ptr<connectors::PushEpoch> push_epoch_ = std::make_shared<connectors::PushEpoch>();
  std::atomic<bool> is_recovering_{false};
  std::atomic<uint64_t> next_task_{1};
  std::unique_ptr<Checkpointer> checkpointer_;  // null without durability
  std::atomic<bool> has_news_{false};           // something has changed since the last epoch started
  mutable Mutex mutex_;
  EpochPace pace_ MR_GUARDED_BY(mutex_);
  int64_t started_micros_ MR_GUARDED_BY(mutex_) = 0;  // the last epoch, on the monotonic clock
  int64_t ended_micros_ MR_GUARDED_BY(mutex_) = 0;
  int64_t work_micros_ MR_GUARDED_BY(mutex_) = 0;
  // Null without metrics.
  telemetry::Counter* epochs_total_ = nullptr;
  telemetry::Histogram* epoch_seconds_ = nullptr;
  telemetry::Gauge* epoch_pause_ = nullptr;
  std::vector<std::shared_ptr<PushClock>> push_clocks_ MR_GUARDED_BY(mutex_);
  CondVar changed_;
  std::map<DataflowTask*, TaskState, ByNumber> tasks_ MR_GUARDED_BY(mutex_);
  std::vector<StoredTable*> tables_ MR_GUARDED_BY(mutex_);
  struct LooseTables {
    std::vector<StoredTable*> tables;
    bool are_kept = false;
    std::function<void()> flush;
  };
  std::vector<LooseTables> loose_tables_ MR_GUARDED_BY(mutex_);
  int64_t epoch_ MR_GUARDED_BY(mutex_) = 0;  // the last started
  int64_t published_epoch_ MR_GUARDED_BY(mutex_) = 0;
  std::vector<std::pair<int64_t, std::function<void()>>> after_epoch_ MR_GUARDED_BY(mutex_);  // in order
  bool in_flight_ MR_GUARDED_BY(mutex_) = false;
  bool changing_ MR_GUARDED_BY(mutex_) = false;
  tables::SnapshotSetPtr snapshots_ MR_GUARDED_BY(mutex_) = std::make_shared<const tables::SnapshotSet>();
};

}  // namespace millrace::dataflow
