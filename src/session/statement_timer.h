// StatementTimer: ends the statement of a session that takes too long.
//
// The session arms it for each statement and disarms it at its end; it fires on the thread of the instance's
// timers. Owned by the session.
#pragma once

#include <functional>

#include "base/mutex.h"
#include "env/clock.h"
#include "env/executor.h"

namespace millrace::session {

class StatementTimer final : private env::Task {
 public:
  // `expired` is called from the timers' thread, at most once for each Arm; it may not arm or disarm.
  StatementTimer(env::Clock* clock, env::WorkerPool* timers, std::function<void()> expired)
      : clock_(*clock), timers_(*timers), expired_(std::move(expired)) {}
  // Waits until `expired` does not run.
  ~StatementTimer() override { timers_.Retire(*this); }
  StatementTimer(const StatementTimer&) = delete;
  StatementTimer& operator=(const StatementTimer&) = delete;

  // From now on `micros` are left; 0 or less: as many as it takes.
  void Arm(int64_t micros) MR_EXCLUDES(mutex_);
  void Disarm() MR_EXCLUDES(mutex_);

 private:
  bool Run() override MR_EXCLUDES(mutex_);

  env::Clock& clock_;
  env::WorkerPool& timers_;
  const std::function<void()> expired_;
  Mutex mutex_;
  int64_t deadline_ MR_GUARDED_BY(mutex_) = 0;  // 0: disarmed
};

}  // namespace millrace::session
