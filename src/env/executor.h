// Executor: the only way to threads. There are two kinds of work.
//
// - A Thread runs a function that may wait (a socket reader, an accept loop).
// - A Task is an actor: it never waits, does a bounded slice of work when run, and is run again when
//   somebody wakes it. A WorkerPool runs any number of tasks on few threads and never runs the same
//   task on two of them at once, so a task's own state needs no lock.
//
// Two implementations: ThreadExecutor (thread_executor.h) and the deterministic, single-threaded
// InlineExecutor (inline_executor.h), under which tests and the simulation run the same code.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace millrace::env {

// Owned by whoever made it; must be retired from its pool (or the pool stopped) before it goes.
class Task {
 public:
  virtual ~Task() = default;
  // Does a bounded slice of work, without waiting. True: there is more to do now, run me again (after
  // the others that are due). False: run me when I am woken; a wake that came during Run counts.
  virtual bool Run() = 0;

 private:
  friend class TaskQueue;
  enum class State : uint8_t { kIdle, kQueued, kRunning, kRunningAndWoken, kRunningAndRetired, kRetired };
  // The moment of an alarm and its number, which orders alarms of one moment by age.
  using AlarmKey = std::pair<int64_t, uint64_t>;

  // Guarded by the lock of the pool that the task is used with.
  State state_ = State::kIdle;
  AlarmKey alarm_{0, 0};  // {0, 0}: none
};

class WorkerPool {
 public:
  virtual ~WorkerPool() = default;  // stops

  // Has the task run soon. Idempotent while it waits for its turn; during its Run, makes it run once
  // more. Everything that the caller did before is visible to that run. Any thread, tasks included.
  // After Stop, or for a retired task, nothing happens.
  virtual void Wake(Task& task) = 0;

  // As Wake, once Clock::MonotonicMicros() has reached `monotonic_micros`. A task has one alarm: of
  // two pending moments the earlier stays. It is cleared when it fires, not by other wakes.
  virtual void WakeAt(Task& task, int64_t monotonic_micros) = 0;

  // Takes the task out for good: waits until it is not running, and it never runs again. Then it may
  // be destroyed. Not from the task's own Run.
  virtual void Retire(Task& task) = 0;

  // Waits until no task is queued or running. Pending alarms do not count. Not from a task.
  virtual void WaitIdle() = 0;

  // Lets the slices that run now end, runs no other, and waits for that. May be called twice. Not from
  // a task.
  virtual void Stop() = 0;
};

// Dropping it joins.
class Thread {
 public:
  virtual ~Thread() = default;
  // Waits until the function has returned. May be called twice.
  virtual void Join() = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  // `name` is for debuggers and profilers, which show its first 15 characters.
  virtual std::unique_ptr<Thread> Start(const std::string& name, std::function<void()> function) = 0;
  // `threads` is at least 1.
  virtual std::unique_ptr<WorkerPool> MakePool(const std::string& name, int threads) = 0;
  // Waits for `micros` microseconds of the executor's clock. Never in a Task.
  virtual void Sleep(int64_t micros) = 0;
};

}  // namespace millrace::env
