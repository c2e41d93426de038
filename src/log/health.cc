#include "log/health.h"

namespace millrace::log {

void Health::Fail(const Error& error) {
  {
    MutexLock lock(mutex_);
    if (error_) return;
    error_ = error;
    has_failed_.store(true, std::memory_order_release);
  }
  if (on_failure_) on_failure_(error);
}

Status Health::Check() const {
  if (!HasFailed()) [[likely]]
    return Ok();
  MutexLock lock(mutex_);
  return std::unexpected(Error(error_->code(), "the log takes nothing any more: " + error_->message(),
                               "the process must be started anew; what was acknowledged is safe"));
}

}  // namespace millrace::log
