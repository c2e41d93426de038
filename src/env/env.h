// Env: everything of the outside world that Millrace uses, in one bundle that is handed down from
// main or from a test. Nothing in it is owned here; what it points to outlives all users.
#pragma once

#include "env/clock.h"
#include "env/executor.h"
#include "env/files.h"
#include "env/net.h"
#include "env/random.h"

namespace millrace::env {

// fault_points.h, which only code with fault points includes: a new name builds nothing else anew.
class Faults;
class FaultScript;

// Counts the points and never fails. Any thread.
Faults& IdleFaults();

struct Env {
  Clock* clock = nullptr;
  Files* files = nullptr;
  Net* net = nullptr;
  SeedSource* seeds = nullptr;
  Executor* executor = nullptr;
  Faults* faults = &IdleFaults();
};

// The machine itself. Any thread.
Env& RealEnv();
// What its `faults` points to, for the command to arm.
FaultScript& RealFaults();

}  // namespace millrace::env
