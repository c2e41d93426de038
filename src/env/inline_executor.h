// InlineExecutor: the deterministic Executor. Everything runs on the thread that calls it, one slice
// at a time, in the order of the wakes or, with a seed, in an order that follows from the seed; time
// is a SimulatedClock that moves only when asked to. The same calls give the same run.
//
// Halt plays a machine that stops in the middle of anything, Resume its next start.
//
// One thread only, for it and for the pools and threads that it made; it outlives them. A started
// "thread" is one slice that runs its function from beginning to end: the function must not wait for
// other work of the executor, except by joining a thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "env/executor.h"
#include "env/random.h"

namespace millrace::env {

class InlinePool;

class InlineExecutor final : public Executor {
 public:
  // First woken, first run.
  explicit InlineExecutor(SimulatedClock& clock);
  // Each turn goes to any of the queued tasks, drawn under the seed.
  InlineExecutor(SimulatedClock& clock, uint64_t order_seed);
  ~InlineExecutor() override;

  std::unique_ptr<Thread> Start(const std::string& name, std::function<void()> function) override;
  std::unique_ptr<WorkerPool> MakePool(const std::string& name, int threads) override;
  // Moves the clock; runs nothing.
  void Sleep(int64_t micros) override { clock_.Advance(micros); }

  // Runs one slice of what is queued, alarms that are due included; false if there was none.
  bool RunOne();
  // Runs slices until none is queued; answers how many. The clock stands still.
  size_t RunUntilIdle();
  // Runs until idle, then moves the clock from alarm to alarm, up to `micros` microseconds on, and runs
  // what each wakes. Answers how many slices ran.
  size_t RunFor(int64_t micros);

  // What is queued, alarms included, never runs, nor does anything that is started before Resume; the slice
  // that calls this is the last. Pools and threads of before stay dead then: they take everything and run
  // nothing, also where somebody waits for them. May be called in a slice, and twice.
  void Halt();
  // Pools and threads that are made from now on run.
  void Resume();

 private:
  friend class InlinePool;

  SimulatedClock& clock_;
  std::optional<Random> order_;
  std::vector<InlinePool*> pools_;  // in the order they were made
  size_t next_pool_ = 0;            // whose turn it is, in first-come order
  bool is_halted_ = false;
  // Run the functions of started threads; the last one those of threads that are started now.
  std::vector<std::unique_ptr<InlinePool>> thread_pools_;
};

}  // namespace millrace::env
