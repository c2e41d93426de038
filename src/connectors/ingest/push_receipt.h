// PushReceipt: how a writer learns that the rows it has pushed are safe. It counts the pushes that are on
// their way through the durable log; without a log a push is over when it is taken, and a receipt has nothing
// to say.
//
// Shared by a writer and its pushes; a writer may use one for several. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"

namespace millrace::connectors {

class PushReceipt {
 public:
  // `wake` (may be empty) is called, by any thread, each time that the last push under way is over; it must
  // only note that or post.
  explicit PushReceipt(std::function<void()> wake = {}) : wake_(std::move(wake)) {}
  PushReceipt(const PushReceipt&) = delete;
  PushReceipt& operator=(const PushReceipt&) = delete;

  // Nothing is under way: what was taken is safe, or status() says why it is not.
  bool is_settled() const MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return under_way_ == 0;
  }
  // The first error: nothing of that push is in its tables.
  Status status() const MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return failure_.has_value() ? Status(std::unexpected(*failure_)) : Status();
  }

  // The push had an id that the log knew: so many rows are in the table since then, and nothing was added.
  std::optional<uint64_t> repeated_rows() const MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return repeated_rows_;
  }

  // For those who take the rows: a push is on its way; it has been found to be a repetition; it is over.
  void Begin() MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++under_way_;
  }
  void Repeat(uint64_t rows) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    repeated_rows_ = rows;
  }
  void End(const Status& status) MR_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (!status.has_value() && !failure_.has_value()) failure_ = status.error();
      if (--under_way_ > 0) return;
    }
    if (wake_) wake_();
  }

 private:
  const std::function<void()> wake_;
  mutable Mutex mutex_;
  int under_way_ MR_GUARDED_BY(mutex_) = 0;
  std::optional<Error> failure_ MR_GUARDED_BY(mutex_);
  std::optional<uint64_t> repeated_rows_ MR_GUARDED_BY(mutex_);
};

using PushReceiptPtr = std::shared_ptr<PushReceipt>;

}  // namespace millrace::connectors
