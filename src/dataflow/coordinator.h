// Coordinator: drives epochs over all running tasks and publishes their tables; keeps account of jobs.
//
// One for each warehouse. An epoch: a barrier is injected into every root task; each task reports once the
// barrier has passed it; when all have, the staged snapshots become the published SnapshotSet. One epoch
// is in flight at a time; tasks and tables are added only between epochs. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "dataflow/stored_table.h"
#include "dataflow/task.h"
#include "env/env.h"
#include "tables/snapshot.h"

namespace millrace::dataflow {

class Coordinator {
 public:
  Coordinator(env::Env& env, env::WorkerPool* pool) : env_(env), pool_(*pool) {}

  // Runs `change` while no epoch is in flight and none can start.
  void BetweenEpochs(const std::function<void()>& change) MR_EXCLUDES(mutex_);

  // --- Within BetweenEpochs. ---
  void AddTask(DataflowTask* task) MR_EXCLUDES(mutex_);
  // The task has ended and is about to be destroyed.
  void ForgetTask(DataflowTask* task) MR_EXCLUDES(mutex_);
  void AddTable(StoredTable* table) MR_EXCLUDES(mutex_);
  void RemoveTable(StoredTable* table) MR_EXCLUDES(mutex_);

  // --- From tasks. ---
  void Passed(DataflowTask* task, int64_t epoch) MR_EXCLUDES(mutex_);
  void Ended(DataflowTask* task) MR_EXCLUDES(mutex_);
  void Failed(DataflowTask* task, const Error& error) MR_EXCLUDES(mutex_);

  // Starts an epoch unless one is in flight; false then, or when nothing runs and nothing changed.
  bool StartEpoch() MR_EXCLUDES(mutex_);
  // Starts an epoch and waits until it is published.
  void RunEpoch() MR_EXCLUDES(mutex_);

  tables::SnapshotSetPtr snapshots() const MR_EXCLUDES(mutex_);
  // Waits until `done` holds (asked at every change) or `micros` have passed; whether it holds.
  bool WaitFor(const std::function<bool()>& done, int64_t micros) MR_EXCLUDES(mutex_);

  // Adds tables that are published with the others but written by anyone at any time (sys tables);
  // `flush` is called before each publication and stages their snapshots.
  void AddLooseTables(std::vector<StoredTable*> tables, std::function<void()> flush) MR_EXCLUDES(mutex_);

 private:
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

  env::Env& env_;
  env::WorkerPool& pool_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<DataflowTask*, TaskState> tasks_ MR_GUARDED_BY(mutex_);
  std::vector<StoredTable*> tables_ MR_GUARDED_BY(mutex_);
  std::vector<StoredTable*> loose_tables_ MR_GUARDED_BY(mutex_);
  std::function<void()> flush_loose_tables_ MR_GUARDED_BY(mutex_);
  int64_t epoch_ MR_GUARDED_BY(mutex_) = 0;  // the last started
  bool in_flight_ MR_GUARDED_BY(mutex_) = false;
  bool changing_ MR_GUARDED_BY(mutex_) = false;
  tables::SnapshotSetPtr snapshots_ MR_GUARDED_BY(mutex_) = std::make_shared<const tables::SnapshotSet>();
};

}  // namespace millrace::dataflow
