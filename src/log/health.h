// Health: whether the log may still be written to. A failed sync ends that for good: the system may have
// dropped the bytes and call the next sync a success, so the process has to stop and start from what is on
// the device. One for each log; any thread.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"

namespace millrace::log {

class Health {
 public:
  // `on_failure` is called once, with the first failure, by the thread that met it, with no lock of the log
  // held.
  explicit Health(std::function<void(const Error&)> on_failure) : on_failure_(std::move(on_failure)) {}

  void Fail(const Error& error) MR_EXCLUDES(mutex_);
  bool HasFailed() const { return has_failed_.load(std::memory_order_acquire); }
  // What every append is answered from then on.
  Status Check() const MR_EXCLUDES(mutex_);

 private:
  const std::function<void(const Error&)> on_failure_;
  std::atomic<bool> has_failed_{false};
  mutable Mutex mutex_;
  std::optional<Error> error_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::log
