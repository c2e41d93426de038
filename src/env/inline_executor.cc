#include "env/inline_executor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "env/task_queue.h"

namespace millrace::env {

class InlinePool final : public WorkerPool {
 public:
  explicit InlinePool(InlineExecutor& executor) : executor_(executor), stopped_(executor.is_halted_) {
    executor_.pools_.push_back(this);
  }
  ~InlinePool() override { std::erase(executor_.pools_, this); }

  void Wake(Task& task) override {
    if (!stopped_) queue_.Wake(task);
  }
  void WakeAt(Task& task, int64_t monotonic_micros) override {
    if (!stopped_) queue_.WakeAt(task, monotonic_micros);
  }
  // A task that is running here is one that retires itself, which the contract forbids.
  void Retire(Task& task) override { MR_CHECK(queue_.Retire(task)); }
  void WaitIdle() override {
    while (Queued() > 0) MR_CHECK(executor_.RunOne());
  }
  void Stop() override { stopped_ = true; }

  bool IsStopped() const { return stopped_; }
  size_t Queued() const { return stopped_ ? 0 : queue_.queued(); }
  int64_t NextAlarm() const { return stopped_ ? TaskQueue::kNoAlarm : queue_.NextAlarm(); }
  void FireAlarms(int64_t monotonic_micros) {
    if (!stopped_) queue_.FireAlarms(monotonic_micros);
  }
  void RunSlice(size_t index) {
    Task* task = queue_.Take(index);
    const bool more = task->Run();
    queue_.Done(*task, more);
  }

 private:
  InlineExecutor& executor_;
  TaskQueue queue_;
  bool stopped_;
};

namespace {

class InlineThread final : public Thread, public Task {
 public:
  InlineThread(InlinePool& pool, std::function<void()> function)
      : pool_(pool), function_(std::move(function)) {
    pool_.Wake(*this);
  }
  ~InlineThread() override { InlineThread::Join(); }

  bool Run() override {
    if (function_) std::exchange(function_, nullptr)();
    return false;
  }
  void Join() override {
    pool_.Retire(*this);
    if (!pool_.IsStopped()) Run();
  }

 private:
  InlinePool& pool_;
  std::function<void()> function_;  // empty once it has been called
};

}  // namespace

InlineExecutor::InlineExecutor(SimulatedClock& clock) : clock_(clock) {
  thread_pools_.push_back(std::make_unique<InlinePool>(*this));
}

InlineExecutor::InlineExecutor(SimulatedClock& clock, uint64_t order_seed) : InlineExecutor(clock) {
  order_.emplace(order_seed);
}

InlineExecutor::~InlineExecutor() = default;

std::unique_ptr<Thread> InlineExecutor::Start(const std::string&, std::function<void()> function) {
  return std::make_unique<InlineThread>(*thread_pools_.back(), std::move(function));
}

std::unique_ptr<WorkerPool> InlineExecutor::MakePool(const std::string&, int threads) {
  MR_CHECK_GE(threads, 1);
  return std::make_unique<InlinePool>(*this);
}

void InlineExecutor::Halt() {
  is_halted_ = true;
  for (InlinePool* pool : pools_) pool->Stop();
}

void InlineExecutor::Resume() {
  is_halted_ = false;
  thread_pools_.push_back(std::make_unique<InlinePool>(*this));
}

bool InlineExecutor::RunOne() {
  const int64_t now = clock_.MonotonicMicros();
  size_t queued = 0;
  for (InlinePool* pool : pools_) {
    pool->FireAlarms(now);
    queued += pool->Queued();
  }
  if (queued == 0) return false;
  if (order_) {
    size_t index = order_->Below(queued);
    for (InlinePool* pool : pools_) {
      if (index < pool->Queued()) {
        pool->RunSlice(index);
        return true;
      }
      index -= pool->Queued();
    }
    MR_UNREACHABLE();
  }
  // Pools take turns; within one, the task that was woken first.
  for (;;) {
    next_pool_ = (next_pool_ + 1) % pools_.size();
    if (pools_[next_pool_]->Queued() > 0) {
      pools_[next_pool_]->RunSlice(0);
      return true;
    }
  }
}

size_t InlineExecutor::RunUntilIdle() {
  size_t slices = 0;
  while (RunOne()) ++slices;
  return slices;
}

size_t InlineExecutor::RunFor(int64_t micros) {
  const int64_t end = clock_.MonotonicMicros() + micros;
  size_t slices = RunUntilIdle();
  for (;;) {
    int64_t next = TaskQueue::kNoAlarm;
    for (const InlinePool* pool : pools_) next = std::min(next, pool->NextAlarm());
    const int64_t now = clock_.MonotonicMicros();
    if (next > end) {
      if (now < end) clock_.Advance(end - now);
      return slices;
    }
    if (next > now) clock_.Advance(next - now);
    slices += RunUntilIdle();
  }
}

}  // namespace millrace::env
