// PinnedSnapshot: what a transaction reads from its first query to its end, unless that keeps too much
// memory.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/mutex.h"
#include "tables/held_memory.h"
#include "tables/snapshot.h"

namespace millrace::session {

// Owned by a session, whose thread calls it.
class PinnedSnapshot final : private tables::HeldMemory::Holder {
 public:
  explicit PinnedSnapshot(tables::HeldMemoryPtr memory) : memory_(std::move(memory)) {}
  ~PinnedSnapshot() override { Release(); }

  // What is pinned, `newest` if nothing was; the error when it had to be let go.
  Result<tables::SnapshotSetPtr> Pin(const tables::SnapshotSetPtr& newest) MR_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (ended_.has_value()) return std::unexpected(*ended_);
      if (snapshot_ != nullptr) return snapshot_;
      snapshot_ = newest;
    }
    memory_->Add(this, newest->epoch);
    return newest;
  }
  void Release() MR_EXCLUDES(mutex_) {
    memory_->Remove(this);
    MutexLock lock(mutex_);
    snapshot_ = nullptr;
    ended_.reset();
  }

 private:
  bool EndHold(const Error& reason) override MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ended_ = reason;
    snapshot_ = nullptr;
    return true;
  }

  const tables::HeldMemoryPtr memory_;
  Mutex mutex_;
  tables::SnapshotSetPtr snapshot_ MR_GUARDED_BY(mutex_);
  std::optional<Error> ended_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::session
