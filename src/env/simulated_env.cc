#include "env/simulated_env.h"

#include <cerrno>

namespace millrace::env {

namespace {

// So that the disk and its losses do not draw the numbers that the program draws.
constexpr uint64_t kDiskSalt = 0x6469736b;
constexpr uint64_t kLossSalt = 0x6c6f7373;

}  // namespace

SimulatedEnv::SimulatedEnv(uint64_t seed, bool shuffled)
    : clock(kStartMicros),
      files(clock, seed ^ kDiskSalt),
      seeds(seed),
      executor(shuffled ? InlineExecutor(clock, seed) : InlineExecutor(clock)),
      env{&clock, &files, &net, &seeds, &executor, &faults},
      losses_(seed ^ kLossSalt) {}

void SimulatedEnv::Crash() {
  files.CutPower();
  executor.Halt();
  net.CutConnections();
}

void SimulatedEnv::Restart(const PowerLoss& loss) {
  Crash();
  faults.Disarm();
  files.Disarm();
  files.Restore(losses_, loss);
  executor.Resume();
}

void SimulatedEnv::CrashAt(FaultPoint point, uint64_t nth) {
  faults.At(point, nth, [this]() -> Status {
    Crash();
    return Fail(ErrorCode::kIoError, "the machine has lost its power");
  });
}

void SimulatedEnv::CrashAtOperation(uint64_t nth) {
  files.At(std::nullopt, nth, [this] {
    Crash();
    return EIO;
  });
}

}  // namespace millrace::env
