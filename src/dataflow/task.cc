#include "dataflow/task.h"

#include "dataflow/coordinator.h"

namespace millrace::dataflow {

bool DataflowTask::Run() {
  if (finished_) return false;
  if (job_->cancelled.load(std::memory_order_relaxed)) {
    // Readers keep what there is and do not wait for more.
    for (StoredPart* part : parts_) part->End();
    Finish();
    return false;
  }
  now_micros_ = env_.clock->NowMicros();
  Result<bool> more = Step();
  if (!more.has_value()) {
    coordinator_.Failed(this, more.error());
    for (StoredPart* part : parts_) part->End();
    Finish();
    return false;
  }
  return *more && !finished_;
}

bool DataflowTask::HasRoom() const {
  for (const Sender& output : outputs_) {
    if (!output.HasRoom()) return false;
  }
  for (const StoredPart* part : parts_) {
    if (!part->ReadersHaveRoom()) return false;
  }
  return true;
}

void DataflowTask::Finish() {
  if (finished_) return;
  finished_ = true;
  OnFinish();
  job_->live_tasks.fetch_sub(1);
  coordinator_.Ended(this);
}

}  // namespace millrace::dataflow
