#include "dataflow/coordinator.h"

#include <algorithm>

namespace millrace::dataflow {
namespace {

std::string LooseChapter(const StoredTable& table) {
  return std::string(kSystemOwner) + "/" + table.name;
}

}  // namespace

// Starts epochs when they are due.
class Coordinator::Driver final : public env::Task {
 public:
  explicit Driver(Coordinator* coordinator) : coordinator_(*coordinator) {}
  bool Run() override {
    if (coordinator_.checkpointer_ != nullptr) coordinator_.checkpointer_->RetryIfDue();
    const int64_t due = coordinator_.NextEpochMicros();
    if (due == kNever) return false;
    if (coordinator_.env_.clock->MonotonicMicros() < due) {
      coordinator_.pool_.WakeAt(*this, due);
    } else {
      coordinator_.StartEpoch();
    }
    return false;
  }

 private:
  Coordinator& coordinator_;
};

// Ends holders of old snapshots; a task, since what they let go is freed there.
class Coordinator::Enforcer final : public env::Task {
 public:
  explicit Enforcer(Coordinator* coordinator) : coordinator_(*coordinator) {}
  bool Run() override {
    coordinator_.held_memory_->Enforce(coordinator_.snapshots()->epoch);
    return false;
  }

 private:
  Coordinator& coordinator_;
};

Coordinator::Coordinator(env::Env& env, env::WorkerPool* pool, int64_t epoch_micros_max,
                         const Durability* durability, telemetry::MetricsRegistry* metrics)
    : env_(env),
      pool_(*pool),
      driver_(std::make_unique<Driver>(this)),
      enforcer_(std::make_unique<Enforcer>(this)),
      pace_(epoch_micros_max) {
  if (durability != nullptr) {
    is_recovering_.store(true);
    checkpointer_ =
        std::make_unique<Checkpointer>(env_, *durability, [this] { pool_.Wake(*driver_); }, metrics);
  }
  if (metrics == nullptr) return;
  epochs_total_ = &metrics->GetCounter("millrace_epochs_total", "Epochs that were published.");
  epoch_seconds_ = &metrics->GetHistogram("millrace_epoch_duration_seconds",
                                          "Time from the start of an epoch to its publication.", 1e-6);
  epoch_pause_ = &metrics->GetGauge("millrace_epoch_pause_microseconds", "Pause before the next epoch.");
}

void Coordinator::AddPushClock(std::shared_ptr<PushClock> clock) {
  MutexLock lock(mutex_);
  std::erase_if(push_clocks_, [](const auto& other) { return other.use_count() == 1; });
  push_clocks_.push_back(std::move(clock));
}

Coordinator::~Coordinator() = default;

Status Coordinator::EndRecovery() {
  MR_ASSIGN(const int64_t epoch, checkpointer_->LastEpoch());
  MR_TRY(RestoreLooseTables());
  {
    MutexLock lock(mutex_);
    epoch_ = std::max(epoch_, epoch);
    published_epoch_ = epoch_;
    push_epoch_->Started(epoch_);
    for (auto& [task, state] : tasks_) state.passed = epoch_;
    Publish();
  }
  is_recovering_.store(false, std::memory_order_release);
  NoteChange();
  pool_.Wake(*driver_);
  return {};
}

void Coordinator::SetEpochMicrosMax(int64_t micros) {
  {
    MutexLock lock(mutex_);
    pace_.SetMax(micros);
  }
  pool_.Wake(*driver_);
}

void Coordinator::NoteChange() {
  if (!has_news_.exchange(true)) pool_.Wake(*driver_);
}

int64_t Coordinator::NextEpochMicros() const {
  MutexLock lock(mutex_);
  if (in_flight_ || changing_ || is_recovering()) return kNever;  // whoever ends that wakes the driver
  if (has_news_.load() || !after_epoch_.empty()) return ended_micros_ + pace_.pause_micros();
  const int64_t checkpoint = checkpointer_ == nullptr ? kNever : checkpointer_->DueMicros();
  int64_t clock_micros = 0;
  for (const auto& [task, state] : tasks_) {
    const int64_t wanted = task->job().clock_epoch_micros;
    if (state.ended || wanted == 0) continue;
    clock_micros = clock_micros == 0 ? wanted : std::min(clock_micros, wanted);
  }
  return std::min(checkpoint, clock_micros == 0 ? kNever : ended_micros_ + clock_micros);
}

EpochCost Coordinator::CostOfEpoch() {
  EpochCost cost{ended_micros_ - started_micros_, work_micros_, 0};
  for (StoredTable* table : tables_) {
    for (const auto& part : table->parts) cost.copied_bytes += part->TakeCopiedBytes();
  }
  return cost;
}

void Coordinator::BetweenEpochs(const std::function<void()>& change) {
  {
    MutexLock lock(mutex_);
    while (in_flight_ || changing_) changed_.Wait(mutex_);
    changing_ = true;
  }
  change();
  {
    MutexLock lock(mutex_);
    changing_ = false;
  }
  changed_.NotifyAll();
  pool_.Wake(*driver_);
}

void Coordinator::AddTask(DataflowTask* task) {
  NoteChange();
  MutexLock lock(mutex_);
  tasks_[task] = TaskState{task, epoch_, false, false};
}

void Coordinator::ForgetTask(DataflowTask* task) {
  MutexLock lock(mutex_);
  if (const auto found = tasks_.find(task); found != tasks_.end()) {
    if (!found->second.promoted) Promote(&found->second);
    tasks_.erase(found);
  }
  for (StoredTable* table : tables_) {
    for (const auto& part : table->parts) {
      if (part->writer != task) continue;
      part->writer = nullptr;
      part->writer_waker.reset();
    }
  }
}

bool Coordinator::Knows(const DataflowTask* task) const {
  MutexLock lock(mutex_);
  return tasks_.contains(const_cast<DataflowTask*>(task));
}

int64_t Coordinator::RequestEpoch() {
  int64_t epoch = 0;
  {
    MutexLock lock(mutex_);
    epoch = epoch_ + 1;
  }
  NoteChange();  // behind: it must not be taken for news of an epoch that has just started
  return epoch;
}

bool Coordinator::WaitForEpoch(int64_t epoch, int64_t micros) {
  MutexLock lock(mutex_);
  if (published_epoch_ < epoch) changed_.WaitFor(mutex_, micros);
  return published_epoch_ >= epoch;
}

void Coordinator::AddTable(StoredTable* table) {
  for (const auto& part : table->parts) part->SetMemory(held_memory_);
  MutexLock lock(mutex_);
  // What was restored can be read at once.
  for (size_t i = 0; i < table->parts.size(); ++i) table->published[i] = table->parts[i]->staged();
  tables_.push_back(table);
  Publish();
}

void Coordinator::AddLooseTables(std::vector<StoredTable*> tables, bool are_kept,
                                 std::function<void()> flush) {
  MutexLock lock(mutex_);
  for (StoredTable* table : tables) {
    if (checkpointer_ != nullptr && are_kept) table->parts[0]->TrackChanges({});
  }
  loose_tables_.push_back({std::move(tables), are_kept, std::move(flush)});
  Publish();
}

void Coordinator::Republish() {
  MutexLock lock(mutex_);
  if (!in_flight_) Publish();
}

void Coordinator::RemoveTable(StoredTable* table) {
  MutexLock lock(mutex_);
  std::erase(tables_, table);
  Publish();
  for (const auto& watcher : table->watchers) watcher->OnDropped();
  table->watchers.clear();
}

void Coordinator::Watch(StoredTable* table, std::shared_ptr<TableWatcher> watcher) {
  MutexLock lock(mutex_);
  table->watchers.push_back(std::move(watcher));
}

void Coordinator::TellWatchers() {
  for (StoredTable* table : tables_) {
    if (table->watchers.empty()) continue;
    std::erase_if(table->watchers, [](const auto& watcher) { return watcher->closed(); });
    for (const auto& watcher : table->watchers) watcher->OnPublished(epoch_, table->published);
  }
}

bool Coordinator::StartEpoch() {
  {
    MutexLock lock(mutex_);
    if (!StartEpochLocked()) return false;
  }
  Tell();
  return true;
}

void Coordinator::AfterNextEpoch(std::function<void()> done) {
  {
    MutexLock lock(mutex_);
    after_epoch_.emplace_back(epoch_ + 1, std::move(done));
  }
  pool_.Wake(*driver_);
}

void Coordinator::Tell() {
  std::vector<std::function<void()>> due;
  {
    MutexLock lock(mutex_);
    auto rest = after_epoch_.begin();
    for (; rest != after_epoch_.end() && rest->first <= published_epoch_; ++rest) {
      due.push_back(std::move(rest->second));
    }
    after_epoch_.erase(after_epoch_.begin(), rest);
  }
  changed_.NotifyAll();
  for (const auto& done : due) done();
}

bool Coordinator::StartEpochLocked() {
  if (in_flight_ || changing_ || is_recovering()) return false;
  ++epoch_;
  in_flight_ = true;
  started_micros_ = env_.clock->MonotonicMicros();
  work_micros_ = 0;
  for (const auto& clock : push_clocks_) clock->EpochStarted();
  push_epoch_->Started(epoch_);
  has_news_.store(false);  // what is given from here on may miss this epoch
  for (auto& [task, state] : tasks_) {
    if (state.ended && !state.promoted) Promote(&state);
  }
  std::erase_if(tasks_, [](const auto& entry) { return entry.second.ended; });
  const bool is_checkpoint = checkpointer_ != nullptr && checkpointer_->StartIfDue(epoch_);
  const Epoch epoch{epoch_, env_.clock->NowMicros(), is_checkpoint};
  for (auto& [task, state] : tasks_) {
    if (!task->IsRoot()) continue;
    task->InjectEpoch(epoch);
    pool_.Wake(*task);
  }
  FinishIfComplete();
  return true;
}

void Coordinator::RunEpoch() {
  {
    MutexLock lock(mutex_);
    while (in_flight_ || changing_) changed_.Wait(mutex_);
    StartEpochLocked();
    const int64_t mine = epoch_;
    while (in_flight_ && epoch_ == mine) changed_.Wait(mutex_);
  }
  Tell();
}

// The table parts of an ended task get their final snapshot.
void Coordinator::Promote(TaskState* state) {
  state->promoted = true;
  for (StoredTable* table : tables_) {
    for (size_t i = 0; i < table->parts.size(); ++i) {
      if (table->parts[i]->writer == state->task) table->published[i] = table->parts[i]->staged();
    }
  }
}

void Coordinator::Passed(DataflowTask* task, int64_t epoch, int64_t work_micros, TaskSave save) {
  {
    MutexLock lock(mutex_);
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return;
    found->second.passed = epoch;
    work_micros_ += work_micros;
    // Also if there is nothing to save: the job is part of the checkpoint, and what its readers of tables
    // have taken by now must not be given to them again.
    if (checkpointer_ != nullptr && checkpointer_->is_drafting()) {
      checkpointer_->Passed(task->shared_job(), std::move(save));
    }
    for (StoredTable* table : tables_) {
      for (size_t i = 0; i < table->parts.size(); ++i) {
        if (table->parts[i]->writer == task) table->published[i] = table->parts[i]->staged();
      }
    }
    FinishIfComplete();
  }
  Tell();
}

void Coordinator::Ended(DataflowTask* task, TaskSave save, bool in_order) {
  {
    MutexLock lock(mutex_);
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return;
    found->second.ended = true;
    const bool is_in_epoch = in_flight_ && found->second.passed < epoch_;
    if (checkpointer_ != nullptr) {
      // Behind the barrier of a draft that is in flight it has saved all that belongs to it.
      const bool has_passed_draft = in_flight_ && !is_in_epoch && checkpointer_->is_drafting();
      if (in_order) {
        checkpointer_->Ended(task->shared_job(), std::move(save), is_in_epoch);
      } else {
        checkpointer_->Break(task->shared_job(), has_passed_draft);
      }
    }
    if (is_in_epoch) {
      Promote(&found->second);
    } else {
      NoteChange();  // its last rows are shown with the next epoch
    }
    FinishIfComplete();
  }
  Tell();
}

void Coordinator::Failed(DataflowTask* task, const Error& error) {
  Job& job = task->job();
  {
    MutexLock lock(job.mutex);
    if (!job.error.has_value()) job.error = error;
  }
  job.cancelled.store(true);
  {
    MutexLock lock(mutex_);
    for (auto& [other, state] : tasks_) {
      if (&other->job() == &job && other != task) pool_.Wake(*other);
    }
  }
  changed_.NotifyAll();
}

void Coordinator::FinishIfComplete() {
  if (!in_flight_) return;
  for (const auto& [task, state] : tasks_) {
    if (!state.ended && state.passed < epoch_) return;
  }
  in_flight_ = false;
  published_epoch_ = epoch_;
  CompleteCheckpoint();
  Publish();
  TellWatchers();
  if (held_memory_->IsTooMuch()) pool_.Wake(*enforcer_);
  ended_micros_ = env_.clock->MonotonicMicros();
  pace_.Note(CostOfEpoch());
  for (const auto& clock : push_clocks_) clock->EpochPublished(ended_micros_);
  if (epochs_total_ != nullptr) {
    epochs_total_->Increment();
    epoch_seconds_->Record(static_cast<uint64_t>(ended_micros_ - started_micros_));
    epoch_pause_->Set(pace_.pause_micros());
  }
  pool_.Wake(*driver_);
}

void Coordinator::CompleteCheckpoint() {
  if (checkpointer_ == nullptr || !checkpointer_->is_drafting()) return;
  TaskSave save;
  for (const LooseTables& loose : loose_tables_) {
    if (!loose.are_kept) continue;
    loose.flush();
    for (const StoredTable* table : loose.tables) {
      state::StateWriter writer;
      table->parts[0]->Save(writer);
      save.states.push_back({std::string(kSystemOwner), LooseChapter(*table),
                             std::make_shared<state::SavedRecords>(std::move(writer))});
    }
  }
  checkpointer_->Complete(std::move(save));
}

Status Coordinator::RestoreLooseTables() {
  MutexLock lock(mutex_);
  for (const LooseTables& loose : loose_tables_) {
    for (StoredTable* table : loose.tables) {
      if (!loose.are_kept) continue;
      const auto source = checkpointer_->store().ReadChapter(LooseChapter(*table));
      state::StateReader reader(source.get());
      MR_TRY(table->parts[0]->Restore(reader));
    }
  }
  return {};
}

void Coordinator::Publish() {
  auto set = std::make_shared<tables::SnapshotSet>();
  set->epoch = epoch_;
  set->version = snapshots_->version + 1;
  for (const LooseTables& loose : loose_tables_) {
    loose.flush();
    for (const StoredTable* table : loose.tables) {
      auto snapshot = std::make_shared<tables::Snapshot>();
      snapshot->schema = table->schema;
      snapshot->key = table->key;
      for (const auto& part : table->parts) snapshot->parts.push_back(part->staged());
      set->tables[table->name] = std::move(snapshot);
    }
  }
  for (const StoredTable* table : tables_) {
    // Unchanged tables keep their snapshot object.
    const auto before = snapshots_->tables.find(table->name);
    if (before != snapshots_->tables.end() && before->second->parts == table->published &&
        before->second->schema == table->schema) {
      set->tables[table->name] = before->second;
      continue;
    }
    auto snapshot = std::make_shared<tables::Snapshot>();
    snapshot->schema = table->schema;
    snapshot->key = table->key;
    snapshot->parts = table->published;
    set->tables[table->name] = std::move(snapshot);
  }
  snapshots_ = std::move(set);
}

tables::SnapshotSetPtr Coordinator::snapshots() const {
  MutexLock lock(mutex_);
  return snapshots_;
}

bool Coordinator::WaitFor(const std::function<bool()>& done, int64_t micros) {
  MutexLock lock(mutex_);
  if (!done()) changed_.WaitFor(mutex_, micros);
  return done();
}

}  // namespace millrace::dataflow
