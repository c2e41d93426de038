// SimulatedEnv: a whole world in one thread that replays exactly: time that stands still, files and
// connections in memory, randomness and the order of tasks from one seed, and fault points that fail when a
// test says so. What tests hand to code that asks for an Env. One thread.
#pragma once

#include <cstdint>

#include "env/clock.h"
#include "env/env.h"
#include "env/fault_points.h"
#include "env/inline_executor.h"
#include "env/memory_files.h"
#include "env/memory_net.h"
#include "env/random.h"

namespace millrace::env {

struct SimulatedEnv {
  // 2024-01-01 00:00:00 UTC.
  static constexpr int64_t kStartMicros = int64_t{1'704'067'200} * 1'000'000;

  // Tasks run in the order of their wakes.
  SimulatedEnv() : SimulatedEnv(0, false) {}
  // Everything that may vary, the order of tasks included, follows from the seed.
  explicit SimulatedEnv(uint64_t seed) : SimulatedEnv(seed, true) {}

  SimulatedClock clock;
  MemoryFiles files;
  MemoryNet net;
  FixedSeedSource seeds;
  InlineExecutor executor;
  FaultScript faults;
  Env env;

 private:
  SimulatedEnv(uint64_t seed, bool shuffled)
      : clock(kStartMicros),
        files(clock),
        seeds(seed),
        executor(shuffled ? InlineExecutor(clock, seed) : InlineExecutor(clock)),
        env{&clock, &files, &net, &seeds, &executor, &faults} {}
};

}  // namespace millrace::env
