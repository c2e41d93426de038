#include "env/env.h"

#include "env/fault_points.h"
#include "env/posix_files.h"
#include "env/posix_net.h"
#include "env/thread_executor.h"

namespace millrace::env {

Faults& IdleFaults() {
  static FaultScript faults;
  return faults;
}

FaultScript& RealFaults() {
  static FaultScript faults;
  return faults;
}

Env& RealEnv() {
  static RealClock clock;
  static PosixFiles files;
  static PosixNet net;
  static RealSeedSource seeds;
  static ThreadExecutor executor;
  static Env env{&clock, &files, &net, &seeds, &executor, &RealFaults()};
  return env;
}

}  // namespace millrace::env
