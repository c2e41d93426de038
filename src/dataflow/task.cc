#include "dataflow/task.h"

#include "dataflow/coordinator.h"

namespace millrace::dataflow {

DataflowTask::DataflowTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator,
                           std::shared_ptr<Job> job)
    : env_(env),
      pool_(*pool),
      coordinator_(*coordinator),
      job_(std::move(job)),
      waker_(std::make_shared<TaskWaker>(pool, this)),
      number_(coordinator->NextTaskNumber()) {}

DataflowTask::~DataflowTask() {
  waker_->Forget();
  for (const Sender& output : table_outputs_) output.inbox->RemoveChannel(output.channel);
}

// Readers of a job that was cancelled keep what there is and do not wait for more; those of one that failed
// fail.
void DataflowTask::EndParts() {
  std::optional<Error> failure;
  {
    MutexLock lock(job_->mutex);
    failure = job_->error;
  }
  for (const auto& part : parts_) {
    if (failure.has_value()) {
      part->Fail(*failure);
    } else {
      part->End();
    }
  }
}

bool DataflowTask::Run() {
  if (finished()) return false;
  if (coordinator_.is_recovering()) return false;
  if (job_->cancelled.load(std::memory_order_relaxed)) {
    EndParts();
    FinishWith({}, false);
    return false;
  }
  now_micros_ = env_.clock->NowMicros();
  Result<bool> more = Step();
  if (!more.has_value()) {
    coordinator_.Failed(this, more.error());
    EndParts();
    FinishWith({}, false);
    return false;
  }
  return *more && !finished();
}

bool DataflowTask::HasRoom() const {
  const bool ignores_barriers = job_->follows_inserts && !IsRoot();
  for (const Sender& output : outputs_) {
    if (!output.HasRoom(ignores_barriers)) return false;
  }
  for (const auto& part : parts_) {
    if (!part->ReadersHaveRoom()) return false;
  }
  return true;
}

Status DataflowTask::Restore(state::CheckpointStore& store) {
  // By place: owners may come while others are restored.
  for (size_t i = 0; i < owners_.size(); ++i) {
    const StateOwner owner = owners_[i];
    MR_TRY(RestoreOwner(owner, store));
  }
  return {};
}

TaskSave DataflowTask::SaveOwners() {
  TaskSave save;
  for (const StateOwner& owner : owners_) {
    state::StateWriter writer(owner.shard, owner.shards);
    owner.save(writer);
    if (!writer.is_empty()) {
      save.states.push_back(
          {owner.object, owner.chapter, std::make_shared<state::SavedRecords>(std::move(writer))});
    }
    auto on_saved = owner.on_saved ? owner.on_saved() : nullptr;
    if (on_saved) save.committed.push_back(std::move(on_saved));
  }
  return save;
}

void DataflowTask::Pass(const Epoch& epoch, int64_t work_micros) {
  if (!epoch.is_checkpoint) return coordinator_.Passed(this, epoch.number, work_micros, {});
  const int64_t started_micros = env_.clock->MonotonicMicros();
  TaskSave save = SaveOwners();
  coordinator_.Passed(this, epoch.number, work_micros + env_.clock->MonotonicMicros() - started_micros,
                      std::move(save));
}

void DataflowTask::Finish() {
  if (finished()) return;
  FinishWith(job_->objects.empty() ? TaskSave{} : SaveOwners(), true);
}

void DataflowTask::FinishWith(TaskSave save, bool in_order) {
  if (finished_.exchange(true)) return;
  OnFinish();
  // Tables wait for the barriers of those that write to them.
  for (const Sender& output : table_outputs_) {
    Message end;
    end.kind = Message::Kind::kEnd;
    output.Send(std::move(end));
  }
  const bool is_last = job_->live_tasks.fetch_sub(1) == 1;
  const std::function<void()> on_end = is_last ? job_->on_end : nullptr;
  coordinator_.Ended(this, std::move(save), in_order);
  if (on_end) on_end();
}

}  // namespace millrace::dataflow
