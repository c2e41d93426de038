#include "dataflow/coordinator.h"

#include <algorithm>

namespace millrace::dataflow {

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
}

void Coordinator::AddTask(DataflowTask* task) {
  MutexLock lock(mutex_);
  tasks_[task] = TaskState{task, epoch_, false, false};
}

void Coordinator::ForgetTask(DataflowTask* task) {
  MutexLock lock(mutex_);
  const auto found = tasks_.find(task);
  if (found == tasks_.end()) return;
  if (!found->second.promoted) Promote(&found->second);
  tasks_.erase(found);
}

void Coordinator::AddTable(StoredTable* table) {
  MutexLock lock(mutex_);
  tables_.push_back(table);
  Publish();
}

void Coordinator::AddLooseTables(std::vector<StoredTable*> tables, std::function<void()> flush) {
  MutexLock lock(mutex_);
  loose_tables_ = std::move(tables);
  flush_loose_tables_ = std::move(flush);
  Publish();
}

void Coordinator::RemoveTable(StoredTable* table) {
  MutexLock lock(mutex_);
  std::erase(tables_, table);
  Publish();
}

bool Coordinator::StartEpoch() {
  MutexLock lock(mutex_);
  return StartEpochLocked();
}

bool Coordinator::StartEpochLocked() {
  if (in_flight_ || changing_) return false;
  ++epoch_;
  in_flight_ = true;
  for (auto& [task, state] : tasks_) {
    if (state.ended && !state.promoted) Promote(&state);
  }
  std::erase_if(tasks_, [](const auto& entry) { return entry.second.ended; });
  const Epoch epoch{epoch_, env_.clock->NowMicros()};
  for (auto& [task, state] : tasks_) {
    if (!task->IsRoot()) continue;
    task->InjectEpoch(epoch);
    pool_.Wake(*task);
  }
  FinishIfComplete();
  return true;
}

void Coordinator::RunEpoch() {
  MutexLock lock(mutex_);
  while (in_flight_ || changing_) changed_.Wait(mutex_);
  StartEpochLocked();
  const int64_t mine = epoch_;
  while (in_flight_ && epoch_ == mine) changed_.Wait(mutex_);
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

void Coordinator::Passed(DataflowTask* task, int64_t epoch) {
  {
    MutexLock lock(mutex_);
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return;
    found->second.passed = epoch;
    for (StoredTable* table : tables_) {
      for (size_t i = 0; i < table->parts.size(); ++i) {
        if (table->parts[i]->writer == task) table->published[i] = table->parts[i]->staged();
      }
    }
    FinishIfComplete();
  }
  changed_.NotifyAll();
}

void Coordinator::Ended(DataflowTask* task) {
  {
    MutexLock lock(mutex_);
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return;
    found->second.ended = true;
    if (in_flight_ && found->second.passed < epoch_) Promote(&found->second);
    FinishIfComplete();
  }
  changed_.NotifyAll();
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
  Publish();
  changed_.NotifyAll();
}

void Coordinator::Publish() {
  auto set = std::make_shared<tables::SnapshotSet>();
  set->epoch = epoch_;
  set->version = snapshots_->version + 1;
  if (flush_loose_tables_) flush_loose_tables_();
  for (const StoredTable* table : loose_tables_) {
    auto snapshot = std::make_shared<tables::Snapshot>();
    snapshot->schema = table->schema;
    for (const auto& part : table->parts) snapshot->parts.push_back(part->staged());
    set->tables[table->name] = std::move(snapshot);
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
