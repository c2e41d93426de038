// Checkpointer: brings what tasks save at the barriers of some epochs into commits of the checkpoint store.
//
// One for each durable warehouse, owned by its Coordinator, which calls the upper part under its own lock. A
// checkpoint is a draft while its epoch is in flight; when the epoch has passed everywhere it becomes a
// commit, which the store makes on its own threads while later epochs go on. One commit is under way at a
// time.
//
// Invariants.
// - A draft holds, for each job, what all of its tasks saved at the same barrier, or (of those that had ended
//   in order) at their end; or nothing. A job of which a task ended otherwise before it passed the barrier is
//   broken: nothing of it is committed any more, so it comes back as it was at its last whole checkpoint.
//   Those that read its tables break at the same barrier, since they wait there for what does not come.
// - A commit that failed for want of room is made again with the same bytes until it succeeds; no other draft
//   begins before. What owners have written counts as saved, so nothing may be left out.
// - The position of each source is in the same commit as the state of those that read it.
//
// Cost: a buffer moved for each owner that has written something; nothing for a row.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "dataflow/durability.h"
#include "dataflow/saved_state.h"
#include "dataflow/task.h"
#include "env/env.h"
#include "state/checkpoint_store.h"
#include "state/commit_store.h"
#include "telemetry/metrics.h"

namespace millrace::dataflow {

// What is known of one checkpoint; for sys.checkpoints.
struct CheckpointRecord {
  uint64_t number = 0;
  int64_t epoch = 0;
  int64_t started_micros = 0;   // wall clock
  int64_t barrier_micros = 0;   // from the start of its epoch until all tasks had saved
  int64_t duration_micros = 0;  // from there until it was durable; or until the attempt failed
  uint64_t bytes = 0;           // before compression
  uint64_t attempts = 1;
  bool is_committed = false;
  std::string error;  // of the last attempt that failed
};

class Checkpointer {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // `wake` is called from any thread when DueMicros has changed. `metrics` may be null.
  Checkpointer(env::Env& env, Durability durability, std::function<void()> wake,
               telemetry::MetricsRegistry* metrics);
  ~Checkpointer();

  // Tells nobody anything any more, and hears of no commit; one that is under way may come into force or not.
  // Before what `wake` and the listener use goes.
  void Close();

  // --- The coordinator, under its lock. ---

  // When an epoch should start for the sake of a checkpoint, or a commit be tried again, on the monotonic
  // clock.
  int64_t DueMicros() const MR_EXCLUDES(mutex_);
  // An epoch starts. Begins a draft for it, if one is due; whether it did.
  bool StartIfDue(int64_t epoch) MR_EXCLUDES(mutex_);
  // Tries a commit again, if that is due.
  void RetryIfDue() MR_EXCLUDES(mutex_);
  bool is_drafting() const MR_EXCLUDES(mutex_);
  // A task has passed the barrier of the draft.
  void Passed(const std::shared_ptr<Job>& job, TaskSave save) MR_EXCLUDES(mutex_);
  // A task has ended in order; `in_draft`: before the barrier of the draft had passed it.
  void Ended(const std::shared_ptr<Job>& job, TaskSave save, bool in_draft) MR_EXCLUDES(mutex_);
  // A task of the job ended otherwise; `is_behind_draft`: it had passed the barrier of the draft, to which
  // what it saved still belongs.
  void Break(const std::shared_ptr<Job>& job, bool is_behind_draft) MR_EXCLUDES(mutex_);
  // The epoch of the draft has passed everywhere. `save`: what belongs to no job.
  void Complete(TaskSave save) MR_EXCLUDES(mutex_);
  // Nothing of this owner is kept from the next commit on.
  void DropOwner(const std::string& owner) MR_EXCLUDES(mutex_);

  // `listener` is told of every attempt to commit that has ended, from any thread and without a lock held.
  // Before the first epoch.
  void SetListener(std::function<void(const CheckpointRecord&)> listener) { listener_ = std::move(listener); }

  // --- Any thread. ---

  // A checkpoint of all that was given before this call is due at once; the answer is for Await.
  int64_t Request() MR_EXCLUDES(mutex_);
  // Waits until it is durable; false: `micros` have passed, or a commit is impossible.
  bool Await(int64_t request, int64_t micros) MR_EXCLUDES(mutex_);

  // --- At the start, before the first epoch. ---

  // Whether a checkpoint has the object.
  bool Has(uint64_t object_id) const;
  // Whether the job of the object had come to its end.
  bool HasEnded(uint64_t object_id) const;
  // An error if the last checkpoint has the object with another plan: then its state is of no use.
  Status CheckPlan(const DurableObject& object) const;
  // Why the job of this object had failed when the last checkpoint was made: it must not go on, since rows
  // that it has written since its own last checkpoint are in tables.
  Result<std::optional<std::string>> FailureOf(uint64_t object_id) const;
  // Drops all that does not belong to one of these owners.
  void KeepOnly(const std::set<std::string>& owners) MR_EXCLUDES(mutex_);
  // The epoch of the last checkpoint; 0: there is none.
  Result<int64_t> LastEpoch() const;
  state::CheckpointStore& store() const { return store_; }

 private:
  struct Commit {
    TaskSave save = {};
    std::set<std::string> dropped_owners = {};
    std::vector<std::string> dropped_chapters = {};
    state::CommitBatch metadata = {};
    CheckpointRecord record = {};
    int64_t request = 0;         // the last that it answers
    int64_t started_micros = 0;  // monotonic
    int64_t barrier_passed_micros = 0;
  };
  // What the store's threads hold, who may come when the checkpointer has gone.
  struct Callback {
    Mutex mutex;
    Checkpointer* target MR_GUARDED_BY(mutex) = nullptr;
  };

  bool IsDropped(const SavedState& saved) const MR_REQUIRES(mutex_);
  bool HasChapter(const std::string& chapter) const;
  void BreakNow(const std::shared_ptr<Job>& job) MR_REQUIRES(mutex_);
  void AddMarks(Job& job, TaskSave* save) MR_REQUIRES(mutex_);
  // Breaks those that read what broken jobs keep.
  void BreakReaders() MR_REQUIRES(mutex_);
  // Whether what a broken job reads goes on.
  bool FallsBehind(const Job& job) const MR_REQUIRES(mutex_);
  // Settles what becomes of those that have broken since the last commit.
  void NoteBroken() MR_REQUIRES(mutex_);
  void GatherSaves() MR_REQUIRES(mutex_);
  void GatherDrops() MR_REQUIRES(mutex_);
  // The error that is final, if there is one, here and below.
  std::optional<Error> StartCommit() MR_REQUIRES(mutex_);
  void Done(Status status) MR_EXCLUDES(mutex_);
  void NoteCommitted(Commit& commit) MR_REQUIRES(mutex_);
  void TellFailure(const std::optional<Error>& error) MR_EXCLUDES(mutex_);
  // An attempt to make the commit has failed.
  std::optional<Error> NoteFailure(const Error& error) MR_REQUIRES(mutex_);
  int64_t Now() const { return env_.clock->MonotonicMicros(); }

  env::Env& env_;
  const Durability durability_;
  state::CheckpointStore& store_;
  const std::function<void()> wake_;
  std::function<void(const CheckpointRecord&)> listener_;
  const std::shared_ptr<Callback> callback_ = std::make_shared<Callback>();

  mutable Mutex mutex_;
  CondVar changed_;
  bool has_changes_ MR_GUARDED_BY(mutex_) = false;  // since the last draft began
  int64_t asked_ MR_GUARDED_BY(mutex_) = 0;         // the last request
  int64_t answered_ MR_GUARDED_BY(mutex_) = 0;      // the last that is durable
  int64_t last_start_micros_ MR_GUARDED_BY(mutex_);
  bool is_drafting_ MR_GUARDED_BY(mutex_) = false;
  std::unique_ptr<Commit> draft_ MR_GUARDED_BY(mutex_);
  using Saves = std::map<std::shared_ptr<Job>, TaskSave, ByNumber>;
  Saves saves_ MR_GUARDED_BY(mutex_);    // of the draft
  Saves carried_ MR_GUARDED_BY(mutex_);  // for the next
  // Behind the barrier of the draft, of which they still are part.
  std::vector<std::shared_ptr<Job>> breaking_ MR_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Job>> broken_ MR_GUARDED_BY(mutex_);  // since the last commit began
  // Of all jobs that have broken; and of those that a restart makes anew.
  std::set<std::string> broken_views_ MR_GUARDED_BY(mutex_);
  std::set<std::string> anew_views_ MR_GUARDED_BY(mutex_);
  std::set<std::string> dropped_owners_ MR_GUARDED_BY(mutex_);
  std::unique_ptr<Commit> commit_ MR_GUARDED_BY(mutex_);  // under way, or waiting to be tried again
  std::unique_ptr<state::CheckpointBuilder> builder_ MR_GUARDED_BY(mutex_);
  bool is_committing_ MR_GUARDED_BY(mutex_) = false;
  int64_t retry_micros_ MR_GUARDED_BY(mutex_) = kNever;
  bool is_dead_ MR_GUARDED_BY(mutex_) = false;

  // Null without metrics.
  telemetry::Counter* commits_total_ = nullptr;
  telemetry::Counter* failures_total_ = nullptr;
  telemetry::Counter* bytes_total_ = nullptr;
  telemetry::Histogram* seconds_ = nullptr;
};

}  // namespace millrace::dataflow
