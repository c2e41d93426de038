#include "env/env.h"

#include "env/posix_files.h"
#include "env/posix_net.h"
#include "env/thread_executor.h"

namespace millrace::env {

Env& RealEnv() {
  static RealClock clock;
  static PosixFiles files;
  static PosixNet net;
  static RealSeedSource seeds;
  static ThreadExecutor executor;
  static Env env{&clock, &files, &net, &seeds, &executor};
  return env;
}

}  // namespace millrace::env
