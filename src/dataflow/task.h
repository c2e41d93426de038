// DataflowTask: what source and stage tasks have in common. Job: the tasks of queries started together.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "dataflow/inbox.h"
#include "dataflow/link.h"
#include "dataflow/saved_state.h"
#include "dataflow/side_tables.h"
#include "dataflow/stored_table.h"
#include "env/env.h"
#include "state/checkpoint_store.h"

namespace millrace::dataflow {

class Coordinator;

// Queries that were started together and share their sources. Fields are atomics or guarded; any thread.
struct Job {
  std::string name;
  // In the order of their making, as the warehouse counts them: what is done for several jobs is done in that
  // order, so that the same calls give the same run.
  uint64_t number = 0;
  // How often it needs an epoch although nothing has changed: state that expires, early figures that are held
  // back, sinks that finish files; in µs, 0: never. Fixed before the start.
  int64_t clock_epoch_micros = 0;
  // What it is in the catalog, if it is kept beyond the process: views and INSERTs, or a table. Fixed before
  // the start.
  std::vector<DurableObject> objects;
  std::set<uint64_t> groups;     // of its objects
  std::set<std::string> views;   // of its objects, those that keep a result
  std::set<std::string> inputs;  // stored tables and views that it reads
  bool writes_tables = false;    // an INSERT into a table that users write to
  bool follows_inserts = false;  // it reads a table that does (stored_table.h); fixed before the start
  int tasks = 0;                 // that it began with; fixed before the start
  // Guarded by the Checkpointer. Broken: a task ended otherwise than in order. Marked: a checkpoint has it.
  bool is_broken = false;
  bool is_marked = false;
  int ended_in_order = 0;  // tasks
  std::atomic<bool> cancelled{false};
  std::atomic<bool> stopping{false};  // sources end without the end of time; sinks close in order
  std::atomic<int> live_tasks{0};
  std::atomic<int> live_bounded_sources{0};
  std::atomic<int> live_unbounded_sources{0};  // that give rows by themselves (not feeds, not tables)
  std::atomic<int64_t> rows_read{0};
  std::vector<std::shared_ptr<OperatorStats>> operators;       // fixed before the start
  std::vector<std::unique_ptr<QuerySideOutput>> side_outputs;  // one a query; fixed before the start

  std::function<void()>
      on_end;  // called once, by the last task; fixed before the start; must only note or post

  Mutex mutex;
  std::optional<Error> error MR_GUARDED_BY(mutex);  // why it was cancelled, if by a failure
  bool error_told MR_GUARDED_BY(mutex) = false;     // somebody who waited for it has got the error
};

// Orders jobs, and tasks, by their numbers.
struct ByNumber {
  bool operator()(const auto& a, const auto& b) const { return NumberOf(*a) < NumberOf(*b); }

 private:
  static uint64_t NumberOf(const Job& job) { return job.number; }
  static uint64_t NumberOf(const auto& task) { return task.number(); }
};

class DataflowTask : public env::Task {
 public:
  DataflowTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator, std::shared_ptr<Job> job);
  ~DataflowTask() override;

  bool Run() final;

  // Asks a root task to pass a barrier; the coordinator's.
  virtual void InjectEpoch(const Epoch& epoch) { (void)epoch; }
  virtual bool IsRoot() const { return false; }

  const int64_t* now_micros() const { return &now_micros_; }
  // In the order of their making.
  uint64_t number() const { return number_; }
  Job& job() { return *job_; }
  const std::shared_ptr<Job>& shared_job() const { return job_; }
  const std::shared_ptr<TaskWaker>& waker() const { return waker_; }
  // It will do nothing more, but may still be running its last lines. Any thread.
  bool finished() const { return finished_.load(std::memory_order_acquire); }

  // --- Building; before the first Run. ---
  template <typename T>
  T* Own(std::unique_ptr<T> link) {
    T* raw = link.get();
    owned_.push_back(std::shared_ptr<void>(std::move(link)));
    return raw;
  }
  void AddOutput(const Sender& sender) { outputs_.push_back(sender); }
  // An output into the task of a table that users write to: the channel goes with this task.
  void AddTableOutput(const Sender& sender) {
    outputs_.push_back(sender);
    table_outputs_.push_back(sender);
  }
  // State that outlives the process. Only in durable jobs.
  void AddState(StateOwner owner) { owners_.push_back(std::move(owner)); }
  // Gives every owner what was saved of it, those that others add meanwhile too.
  Status Restore(state::CheckpointStore& store);
  void AddPart(std::shared_ptr<StoredPart> part) {
    part->writer = this;
    part->writer_waker = waker_;
    parts_.push_back(std::move(part));
  }
  // Messages that wait for this task; for metrics.
  virtual size_t queued_messages() const { return 0; }

 protected:
  // A bounded slice of work; whether there is more to do now.
  virtual Result<bool> Step() = 0;
  // Whether all that this task feeds can take more. Behind a table that INSERTs write to also where the
  // receiver waits for barriers of others: an INSERT may hold what such a barrier is queued behind, and be
  // waiting for the table, which waits for the receiver. What comes in that time waits in memory.
  bool HasRoom() const;
  // Has passed the barrier; what its owners have to save goes with it.
  void Pass(const Epoch& epoch, int64_t work_micros);
  // Tells the coordinator that this task has come to its end, and will do nothing more.
  void Finish();
  // Ends the table parts that it writes, before their input has ended.
  void EndParts();
  virtual void OnFinish() {}

  env::Env& env_;
  env::WorkerPool& pool_;
  Coordinator& coordinator_;
  std::shared_ptr<Job> job_;
  const std::shared_ptr<TaskWaker> waker_;
  int64_t now_micros_ = 0;

 private:
  TaskSave SaveOwners();
  void FinishWith(TaskSave save, bool in_order);

  const uint64_t number_;
  std::vector<StateOwner> owners_;
  std::vector<std::shared_ptr<void>> owned_;  // links, in any order: they do nothing when destroyed
  std::vector<Sender> outputs_;
  std::vector<Sender> table_outputs_;
  std::vector<std::shared_ptr<StoredPart>> parts_;
  std::atomic<bool> finished_{false};
};

}  // namespace millrace::dataflow
