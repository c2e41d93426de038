#include "session/statement_timer.h"

namespace millrace::session {

void StatementTimer::Arm(int64_t micros) {
  if (micros <= 0) {
    Disarm();
    return;
  }
  const int64_t deadline = clock_.MonotonicMicros() + micros;
  {
    MutexLock lock(mutex_);
    deadline_ = deadline;
  }
  timers_.WakeAt(*this, deadline);
}

void StatementTimer::Disarm() {
  MutexLock lock(mutex_);
  deadline_ = 0;
}

// An alarm of an earlier statement may come while a later one runs.
bool StatementTimer::Run() {
  MutexLock lock(mutex_);
  if (deadline_ == 0) return false;
  if (clock_.MonotonicMicros() < deadline_) {
    timers_.WakeAt(*this, deadline_);
    return false;
  }
  deadline_ = 0;
  expired_();  // under the lock, so that none comes after Disarm
  return false;
}

}  // namespace millrace::session
