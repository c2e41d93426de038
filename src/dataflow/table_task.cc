#include "dataflow/table_task.h"

#include <limits>
#include <utility>

#include "dataflow/coordinator.h"
#include "dataflow/saved_numbers.h"

namespace millrace::dataflow {
namespace {

constexpr int kMessagesPerSlice = 8;
// The shared value of the chapter of a table's position.
constexpr std::string_view kOffset = "offset";
constexpr size_t kPushedRowsPerSlice = kMessagesPerSlice * limits::kBatchRows;

}  // namespace

Result<bool> TableTask::TakeMessages(int messages_max) {
  Message message;
  int channel = 0;
  for (int i = 0; i < messages_max; ++i) {
    if (!inbox_->Receive(&message, &channel)) return false;
    MR_TRY(OnMessage(std::move(message), channel));
  }
  return true;
}

// Watermarks of single INSERTs, and epochs that are no checkpoints, mean nothing to the table.
Status TableTask::OnMessage(Message message, int channel) {
  switch (message.kind) {
    case Message::Kind::kBatch:
      coordinator_.NoteChange();
      return chain_->OnBatch(std::move(message.batch));
    case Message::Kind::kEpoch: {
      if (!message.epoch.is_checkpoint) return {};
      inbox_->Block(channel);
      MutexLock lock(producers_mutex_);
      producers_[channel] = message.epoch.number;
      return {};
    }
    case Message::Kind::kEnd:
    case Message::Kind::kFailure: {
      MutexLock lock(producers_mutex_);
      producers_.erase(channel);
      return {};
    }
    case Message::Kind::kWatermark:
    case Message::Kind::kIdle:
      return {};
  }
  return {};
}

void TableTask::ExpectBarriers(int channel) {
  MutexLock lock(producers_mutex_);
  producers_[channel] = 0;
}

bool TableTask::HasAllBarriers() const {
  MutexLock lock(producers_mutex_);
  for (const auto& [channel, epoch] : producers_) {
    if (epoch < pending_.number) return false;
  }
  return true;
}

Status TableTask::TakeAllOf(const Epoch& epoch) {
  // Channels are bounded, so this ends.
  const auto pending_max = static_cast<int>(inbox_->channels() * 2 * limits::kQueueMessages);
  MR_TRY(TakeMessages(pending_max));
  ingest_->TakeUpTo(epoch.number);
  MR_TRY(TakePushed(std::numeric_limits<size_t>::max()));
  return {};
}

Status TableTask::PassBarrier() {
  const Epoch epoch = std::exchange(pending_, {});
  ingest_->TakeUpTo(epoch.number + 1);
  const int64_t started_micros = env_.clock->MonotonicMicros();
  MR_TRY(chain_->OnEpoch(epoch));
  Pass(epoch, env_.clock->MonotonicMicros() - started_micros);
  inbox_->UnblockAll();
  return {};
}

Result<bool> TableTask::TakePushed(size_t rows_max) {
  data::Batch batch;
  for (size_t rows = 0; rows < rows_max; rows += batch.rows) {
    MR_ASSIGN(const bool has_rows, ingest_->Take(&batch));
    if (!has_rows) return false;
    MR_TRY(chain_->OnBatch(batch));
    coordinator_.NoteChange();
  }
  return true;
}

void TableTask::KeepPosition(uint64_t object_id, bool is_saved) {
  const std::string object = ObjectOwner(object_id);
  const auto save = [this](state::StateWriter& writer) {
    PutSavedNumber(kOffset, static_cast<int64_t>(ingest_->position()), writer);
  };
  const auto restore = [this, is_saved](state::StateReader& reader) -> Status {
    MR_TRY(state::ExpectNothing(reader));
    MR_ASSIGN(const int64_t offset, OnlySavedNumber(reader, kOffset));
    if (offset < 0) return is_saved ? Status(state::BadState("no position is there")) : Status();
    ingest_->Seek({static_cast<uint64_t>(offset), /*is_backfill=*/false});
    return {};
  };
  AddState({object, object + "/ingest", 0, 1, save, restore, [this] { return ForgetTaken(); }});
}

std::function<void()> TableTask::ForgetTaken() const {
  if (row_log_ == nullptr) return {};
  return [offset = ingest_->position(), weak = std::weak_ptr(ingest_), row_log = row_log_] {
    if (const auto ingest = weak.lock(); ingest != nullptr) ingest->SetKept(offset);
    row_log->Forget(offset);
  };
}

void TableTask::OnFinish() {
  inbox_->Close();
  ingest_.reset();
}

Result<bool> TableTask::Step() {
  Epoch epoch;
  if (TakeInjected(&epoch)) {
    MR_TRY(TakeAllOf(epoch));
    pending_ = epoch;
  }
  if (pending_.number != 0 && (!pending_.is_checkpoint || HasAllBarriers())) MR_TRY(PassBarrier());
  if (!HasRoom()) return false;
  if (pending_.number != 0) {
    MR_ASSIGN(const bool more, TakeMessages(kMessagesPerSlice));
    return more || HasAllBarriers();
  }
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
