#include "env/clock.h"

#include <chrono>

#include "base/check.h"

namespace millrace::env {

namespace {

template <typename TimePoint>
int64_t Micros(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

}  // namespace

int64_t RealClock::NowMicros() const {
  return Micros(std::chrono::system_clock::now());
}
int64_t RealClock::MonotonicMicros() const {
  return Micros(std::chrono::steady_clock::now());
}

void SimulatedClock::Advance(int64_t micros) {
  MR_CHECK_GE(micros, 0);
  monotonic_.fetch_add(micros);
}

void ShiftedClock::Advance(int64_t micros) {
  MR_CHECK_GE(micros, 0);
  ahead_.fetch_add(micros);
}

}  // namespace millrace::env
