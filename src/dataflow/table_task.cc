#include "dataflow/table_task.h"

#include <limits>

#include "dataflow/coordinator.h"

namespace millrace::dataflow {
namespace {

constexpr int kMessagesPerSlice = 8;

}  // namespace

Result<bool> TableTask::TakeMessages(int messages_max) {
  Message message;
  int channel = 0;
  for (int i = 0; i < messages_max; ++i) {
    if (!inbox_.Receive(&message, &channel)) return false;
    // Watermarks, epochs and ends of single INSERTs mean nothing to the table.
    if (message.kind == Message::Kind::kBatch) MR_TRY(chain_->OnBatch(std::move(message.batch)));
  }
  return true;
}

Result<bool> TableTask::Step() {
  Epoch epoch;
  if (TakeInjected(&epoch)) {
    // What an INSERT sent before the epoch began is in it: channels are bounded, so this ends.
    const auto pending_max = static_cast<int>(inbox_.channels() * 2 * limits::kQueueMessages);
    MR_TRY(TakeMessages(pending_max));
    MR_TRY(chain_->OnEpoch(epoch));
    coordinator_.Passed(this, epoch.number);
  }
  if (!HasRoom()) return false;
  MR_ASSIGN(const bool more, TakeMessages(kMessagesPerSlice));
  const bool stopping = job_->stopping.load(std::memory_order_relaxed);
  if (more || !(end_requested_.load() || stopping)) return more;
  if (!stopping) MR_TRY(chain_->OnWatermark(data::kMaxWatermark));
  MR_TRY(chain_->OnEnd());
  Finish();
  return false;
}

}  // namespace millrace::dataflow
