// ThreadExecutor: the real Executor. Threads are the operating system's, the time is the machine's.
// Any thread may call it; it outlives the threads and pools that it made.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "env/executor.h"

namespace millrace::env {

class ThreadExecutor final : public Executor {
 public:
  std::unique_ptr<Thread> Start(const std::string& name, std::function<void()> function) override;
  std::unique_ptr<WorkerPool> MakePool(const std::string& name, int threads) override;
  void Sleep(int64_t micros) override;
};

}  // namespace millrace::env
