// ThreadExecutor: the real Executor. Threads are the operating system's. Alarms follow the machine's clock
// or the one it is given. One that jumps ahead wakes nobody by itself: an alarm that is due by that comes
// with the next thing to do. Any thread may call it; it outlives the threads and pools that it made.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "env/clock.h"
#include "env/executor.h"

namespace millrace::env {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() : clock_(machine_) {}
  explicit ThreadExecutor(const Clock& clock) : clock_(clock) {}  // which outlives it

  std::unique_ptr<Thread> Start(const std::string& name, std::function<void()> function) override;
  std::unique_ptr<WorkerPool> MakePool(const std::string& name, int threads) override;
  void Sleep(int64_t micros) override;

 private:
  RealClock machine_;
  const Clock& clock_;
};

}  // namespace millrace::env
