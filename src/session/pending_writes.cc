#include "session/pending_writes.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace millrace::session {

Status PendingWrites::Keep(std::shared_ptr<dataflow::Ingest> ingest, data::Batch batch) {
  for (const data::ColumnPtr& column : batch.columns) bytes_ += column->MemoryBytes();
  if (bytes_ > limits::kTransactionBytesMax) {
    return Fail(ErrorCode::kProgramLimitExceeded,
                fmt::format("a transaction keeps at most {} MB of rows until COMMIT",
                            limits::kTransactionBytesMax >> 20),
                "write so many rows outside of a transaction");
  }
  kept_.push_back({std::move(ingest), std::move(batch)});
  return {};
}

Status PendingWrites::Push(dataflow::Ingest& ingest, data::Batch batch) {
  while (true) {
    MR_TRY(interruptible_.Check());
    MR_ASSIGN(const bool taken, ingest.TryPush(&batch, interruptible_.Waker()));
    if (taken) return {};
    MR_TRY(interruptible_.Wait());
  }
}

Status PendingWrites::AwaitVisible() {
  auto visible = std::make_shared<std::atomic<bool>>(false);
  warehouse_.WhenVisible([visible, wake = interruptible_.Waker()] {
    visible->store(true);
    wake();
  });
  while (!visible->load()) MR_TRY(interruptible_.Wait());
  return {};
}

Status PendingWrites::Commit() {
  if (kept_.empty()) return {};
  std::vector<Kept> kept = std::move(kept_);
  Rollback();
  for (Kept& rows : kept) MR_TRY(Push(*rows.ingest, std::move(rows.batch)));
  return AwaitVisible();
}

void PendingWrites::Rollback() {
  kept_.clear();
  bytes_ = 0;
}

}  // namespace millrace::session
