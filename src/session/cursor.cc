#include "session/cursor.h"

#include <algorithm>
#include <limits>

namespace millrace::session {

Result<std::vector<data::Batch>> Cursor::Fetch(int64_t count, int64_t timeout_micros,
                                               const Interruptible& interruptible) {
  auto wanted = count < 0 ? std::numeric_limits<size_t>::max() : static_cast<size_t>(count);
  std::vector<data::Batch> batches;
  while (wanted > 0 && !ended_) {
    if (rest_.rows == 0) {
      MR_TRY(interruptible.Check());
      MR_ASSIGN(ResultStream::Step step, rows_->Next(interruptible.Waker()));
      if (step.kind == ResultStream::Step::Kind::kEnd) {
        ended_ = true;
        break;
      }
      if (step.kind == ResultStream::Step::Kind::kLater) {
        if (!batches.empty()) break;
        MR_ASSIGN(const bool woken, interruptible.Wait(timeout_micros));
        if (!woken) break;
        continue;
      }
      rest_ = std::move(step.batch);
    }
    const size_t rows = std::min(wanted, rest_.rows);
    if (rows == rest_.rows) {
      batches.push_back(std::move(rest_));
      rest_ = {};
    } else {
      batches.push_back(data::Slice(rest_, 0, rows));
      rest_ = data::Slice(rest_, rows, rest_.rows - rows);
    }
    wanted -= rows;
  }
  return batches;
}

}  // namespace millrace::session
