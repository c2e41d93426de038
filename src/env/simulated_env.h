// SimulatedEnv: a whole world in one thread that replays exactly: time that stands still, a disk and
// connections in memory, randomness and the order of tasks from one seed, and a power that goes when a
// test says so. What tests hand to code that asks for an Env. One thread.
//
// A crash test runs like this:
//
//   SimulatedEnv world(seed);
//   auto warehouse = Start(world.env);
//   world.CrashAtOperation(n);          // or CrashAt("log.sync.before", n), or Crash() between two slices
//   ... world.executor.RunFor(micros) until world.has_crashed() ...
//   warehouse.reset();                  // it can do nothing any more; what it still tries fails
//   world.Restart();                    // on the disk as the power loss left it
//   warehouse = Start(world.env);       // and now see that nothing is lost
#pragma once

#include <cstdint>

#include "env/clock.h"
#include "env/env.h"
#include "env/fault_points.h"
#include "env/inline_executor.h"
#include "env/memory_net.h"
#include "env/power_loss.h"
#include "env/random.h"
#include "env/simulated_disk.h"

namespace millrace::env {

struct SimulatedEnv {
  // 2024-01-01 00:00:00 UTC.
  static constexpr int64_t kStartMicros = int64_t{1'704'067'200} * 1'000'000;

  // Tasks run in the order of their wakes.
  SimulatedEnv() : SimulatedEnv(0, false) {}
  // Everything that may vary, the order of tasks and the losses of a crash included, follows from the seed.
  explicit SimulatedEnv(uint64_t seed) : SimulatedEnv(seed, true) {}

  // The machine stops at once: every call of files and connections fails, and no task, alarm or thread
  // of before runs again. The clock goes on. In the middle of a task its rest still runs, unable to do harm.
  void Crash();
  bool has_crashed() const { return !files.has_power(); }
  // The machine starts again, with the disk as the power loss left it; what was told to fail or crash and has
  // not yet is forgotten. Everything that was running must be gone. Crashes first if nobody has.
  void Restart(const PowerLoss& loss = {});

  // Crashes when the fault point is reached, or the disk is used, for the `nth` time from now.
  void CrashAt(FaultPoint point, uint64_t nth);
  void CrashAtOperation(uint64_t nth);

  SimulatedClock clock;
  SimulatedDisk files;
  MemoryNet net;
  FixedSeedSource seeds;
  InlineExecutor executor;
  FaultScript faults;
  Env env;

 private:
  SimulatedEnv(uint64_t seed, bool shuffled);

  Random losses_;
};

}  // namespace millrace::env
