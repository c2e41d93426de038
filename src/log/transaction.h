// Transaction: an append to several partitions on its way. It happens if every part gets written
// (docs/formats/log.md, "Transactions"); this is where the writers of the partitions meet to find that out.
//
// Each writer reports its part, then writes nothing more until the phase is another, does what that asks for,
// and says so; the last to do so ends the transaction. Shared by the writers. Any thread; calls `wake` and
// `done` without a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "log/append.h"

namespace millrace::log {

class Transaction {
 public:
  enum class Phase : uint8_t {
    kWriting,
    kKeep,  // all parts are durable: show them to readers
    kUndo,  // some part is not: cut off what was written, and wait until all have
    kOver,
  };

  // `wake` has the writers of all parts run.
  Transaction(uint64_t number, size_t parts, std::function<void()> wake, AppendAllDone done)
      : number_(number), wake_(std::move(wake)), done_(std::move(done)), results_(parts), waiting_(parts) {}

  uint64_t number() const { return number_; }
  Phase phase() const MR_EXCLUDES(mutex_);

  // The part is durable, or nothing of it will be.
  void PartWritten(size_t part, Result<AppendResult> result) MR_EXCLUDES(mutex_);
  // What the phase asks for is done and durable.
  void StepDone() MR_EXCLUDES(mutex_);
  // A writer that has reported its part leaves, since its topic has been dropped: it is not waited for.
  void Leave() MR_EXCLUDES(mutex_);
  // The log has failed or is closed: nothing more will be done.
  void Abandon(const Error& error) MR_EXCLUDES(mutex_);

 private:
  // The next phase, if nobody is waited for.
  void Advance() MR_EXCLUDES(mutex_);

  const uint64_t number_;
  const std::function<void()> wake_;
  mutable Mutex mutex_;
  AppendAllDone done_ MR_GUARDED_BY(mutex_);  // empty once it has been called
  std::vector<AppendResult> results_ MR_GUARDED_BY(mutex_);
  std::optional<Error> failure_ MR_GUARDED_BY(mutex_);
  Phase phase_ MR_GUARDED_BY(mutex_) = Phase::kWriting;
  size_t waiting_ MR_GUARDED_BY(mutex_);
  size_t left_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::log
