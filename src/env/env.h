// Env: everything of the outside world that Millrace uses, in one bundle that is handed down from
// main or from a test. Nothing in it is owned here; what it points to outlives all users.
#pragma once

#include "env/clock.h"
#include "env/executor.h"
#include "env/files.h"
#include "env/net.h"
#include "env/random.h"

namespace millrace::env {

struct Env {
  Clock* clock = nullptr;
  Files* files = nullptr;
  Net* net = nullptr;
  SeedSource* seeds = nullptr;
  Executor* executor = nullptr;
};

// The machine itself. Any thread.
Env& RealEnv();

}  // namespace millrace::env
