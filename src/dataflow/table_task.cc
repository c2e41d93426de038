#include "dataflow/table_task.h"

#include <limits>

#include "dataflow/coordinator.h"

namespace millrace::dataflow {
namespace {

constexpr int kMessagesPerSlice = 8;
constexpr size_t kPushedRowsPerSlice = kMessagesPerSlice * limits::kBatchRows;

}  // namespace

Result<bool> TableTask::TakeMessages(int messages_max) {
  Message message;
  int channel = 0;
  for (int i = 0; i < messages_max; ++i) {
    if (!inbox_->Receive(&message, &channel)) return false;
    // Watermarks, epochs and ends of single INSERTs mean nothing to the table.
    if (message.kind != Message::Kind::kBatch) continue;
    MR_TRY(chain_->OnBatch(std::move(message.batch)));
    coordinator_.NoteChange();
  }
  return true;
}

Result<bool> TableTask::TakePushed(size_t rows_max) {
  data::Batch batch;
  for (size_t rows = 0; rows < rows_max; rows += batch.rows) {
    if (!ingest_->Take(&batch)) return false;
    MR_TRY(chain_->OnBatch(batch));
    coordinator_.NoteChange();
  }
  return true;
}

void TableTask::OnFinish() {
  inbox_->Close();
  ingest_.reset();
}

Result<bool> TableTask::Step() {
  Epoch epoch;
  if (TakeInjected(&epoch)) {
    // What was sent or pushed before the epoch began is in it: channels are bounded, so this ends.
    const auto pending_max = static_cast<int>(inbox_->channels() * 2 * limits::kQueueMessages);
    MR_TRY(TakeMessages(pending_max));
    ingest_->TakeUpTo(epoch.number);
    MR_TRY(TakePushed(std::numeric_limits<size_t>::max()));
    ingest_->TakeUpTo(epoch.number + 1);
    const int64_t started_micros = env_.clock->MonotonicMicros();
    MR_TRY(chain_->OnEpoch(epoch));
    coordinator_.Passed(this, epoch.number, env_.clock->MonotonicMicros() - started_micros);
  }
  if (!HasRoom()) return false;
  MR_ASSIGN(const bool more_sent, TakeMessages(kMessagesPerSlice));
  MR_ASSIGN(const bool more_pushed, TakePushed(kPushedRowsPerSlice));
  const bool more = more_sent || more_pushed;
  const bool stopping = job_->stopping.load(std::memory_order_relaxed);
  if (more || !(end_requested_.load() || stopping)) return more;
  // Rows of an epoch whose barrier is on its way.
  if (!stopping && ingest_->pending_rows() > 0) return true;
  if (!stopping) MR_TRY(chain_->OnWatermark(data::kMaxWatermark));
  MR_TRY(chain_->OnEnd());
  Finish();
  return false;
}

}  // namespace millrace::dataflow
