#include "env/thread_executor.h"

#include <fmt/core.h>
#include <pthread.h>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/clock.h"
#include "env/task_queue.h"

namespace millrace::env {

namespace {

// The kernel keeps 15 characters of a thread's name.
constexpr size_t kThreadNameMax = 15;

class RealThread final : public Thread {
 public:
  RealThread(const std::string& name, std::function<void()> function)
      : thread_([short_name = name.substr(0, kThreadNameMax), function = std::move(function)] {
          pthread_setname_np(pthread_self(), short_name.c_str());
          function();
        }) {}
  ~RealThread() override { RealThread::Join(); }

  void Join() override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

class ThreadPool final : public WorkerPool {
 public:
  ThreadPool(const Clock& clock, const std::string& name, int threads) : clock_(clock) {
    MR_CHECK_GE(threads, 1);
    for (int i = 0; i < threads; ++i) {
      threads_.push_back(std::make_unique<RealThread>(fmt::format("{}-{}", name, i), [this] { Work(); }));
    }
  }
  ~ThreadPool() override { ThreadPool::Stop(); }

  void Wake(Task& task) override {
    {
      MutexLock lock(mutex_);
      if (stopped_ || !queue_.Wake(task)) return;
    }
    work_.NotifyOne();
  }

  void WakeAt(Task& task, int64_t monotonic_micros) override {
    {
      MutexLock lock(mutex_);
      if (stopped_ || !queue_.WakeAt(task, monotonic_micros)) return;
    }
    work_.NotifyOne();
  }

  void Retire(Task& task) override {
    MutexLock lock(mutex_);
    if (queue_.Retire(task)) {
      if (queue_.IsIdle()) rest_.NotifyAll();
      return;
    }
    while (!queue_.Retire(task)) rest_.Wait(mutex_);
  }

  void WaitIdle() override {
    MutexLock lock(mutex_);
    while (!stopped_ && !queue_.IsIdle()) rest_.Wait(mutex_);
  }

  void Stop() override {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
    }
    work_.NotifyAll();
    rest_.NotifyAll();
    for (const std::unique_ptr<RealThread>& thread : threads_) thread->Join();
  }

 private:
  void Work() {
    MutexLock lock(mutex_);
    while (!stopped_) {
      FireAlarms();
      Task* task = queue_.Take();
      if (task == nullptr) {
        WaitForWork();
        continue;
      }
      lock.Unlock();
      const bool more = task->Run();
      lock.Lock();
      queue_.Done(*task, more);
      // Wakes WaitIdle, or the Retire of a task that is now out.
      if (queue_.IsIdle() || queue_.IsRetired(*task)) rest_.NotifyAll();
    }
  }

  void FireAlarms() MR_REQUIRES(mutex_) {
    if (queue_.NextAlarm() == TaskQueue::kNoAlarm) return;
    const size_t woken = queue_.FireAlarms(clock_.MonotonicMicros());
    // This thread takes one of them itself.
    for (size_t i = 1; i < woken; ++i) work_.NotifyOne();
  }

  void WaitForWork() MR_REQUIRES(mutex_) {
    const int64_t alarm = queue_.NextAlarm();
    if (alarm == TaskQueue::kNoAlarm) {
      work_.Wait(mutex_);
      return;
    }
    const int64_t left = alarm - clock_.MonotonicMicros();
    if (left > 0) work_.WaitFor(mutex_, left);
  }

  const Clock& clock_;
  Mutex mutex_;
  CondVar work_;  // a task is queued, the next alarm has moved, or the pool has stopped
  CondVar rest_;  // no task is queued or running, or one has been retired
  TaskQueue queue_ MR_GUARDED_BY(mutex_);
  bool stopped_ MR_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<RealThread>> threads_;
};

}  // namespace

std::unique_ptr<Thread> ThreadExecutor::Start(const std::string& name, std::function<void()> function) {
  return std::make_unique<RealThread>(name, std::move(function));
}

std::unique_ptr<WorkerPool> ThreadExecutor::MakePool(const std::string& name, int threads) {
  return std::make_unique<ThreadPool>(clock_, name, threads);
}

void ThreadExecutor::Sleep(int64_t micros) {
  std::this_thread::sleep_for(std::chrono::microseconds(micros));
}

}  // namespace millrace::env
