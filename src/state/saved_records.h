// SavedRecords: what one owner has written for a checkpoint, some of it perhaps deferred.
//
// Made behind the barrier by the thread that runs the owner; the records are asked for by the store's
// threads, and the first to ask writes what was deferred. Kept until the checkpoint is committed, since an
// attempt that failed is made again with the same bytes. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "state/state_writer.h"

namespace millrace::state {

class SavedRecords {
 public:
  explicit SavedRecords(StateWriter writer) : writer_(std::move(writer)) {}
  explicit SavedRecords(StateBuffer buffer) : buffer_(std::move(buffer)) {}

  // All records; the same each time.
  const StateBuffer& Buffer() MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (!buffer_.has_value()) buffer_ = writer_.Take();
    return *buffer_;
  }

 private:
  Mutex mutex_;
  StateWriter writer_ MR_GUARDED_BY(mutex_);
  std::optional<StateBuffer> buffer_ MR_GUARDED_BY(mutex_);
};

using SavedRecordsPtr = std::shared_ptr<SavedRecords>;

}  // namespace millrace::state
