#include "dataflow/task.h"

#include "dataflow/coordinator.h"

namespace millrace::dataflow {

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
  if (job_->cancelled.load(std::memory_order_relaxed)) {
    EndParts();
    Finish();
    return false;
  }
  now_micros_ = env_.clock->NowMicros();
  Result<bool> more = Step();
  if (!more.has_value()) {
    coordinator_.Failed(this, more.error());
    EndParts();
    Finish();
    return false;
  }
  return *more && !finished();
}

bool DataflowTask::HasRoom() const {
  for (const Sender& output : outputs_) {
    if (!output.HasRoom()) return false;
  }
  for (const auto& part : parts_) {
    if (!part->ReadersHaveRoom()) return false;
  }
  return true;
}

void DataflowTask::Finish() {
  if (finished_.exchange(true)) return;
  OnFinish();
  const bool is_last = job_->live_tasks.fetch_sub(1) == 1;
  const std::function<void()> on_end = is_last ? job_->on_end : nullptr;
  coordinator_.Ended(this);
  if (on_end) on_end();
}

}  // namespace millrace::dataflow
