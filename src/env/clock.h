// Clock: the only way to the time. The real one asks the machine; the simulated one stands still until
// a test or the simulation moves it. Both may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::env {

class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since 1970-01-01 00:00:00 UTC. May jump when the machine's clock is set.
  virtual int64_t NowMicros() const = 0;
  // Microseconds since some fixed point; never goes back. For durations and deadlines.
  virtual int64_t MonotonicMicros() const = 0;
};

class RealClock final : public Clock {
 public:
  int64_t NowMicros() const override;
  int64_t MonotonicMicros() const override;
};

// Monotonic time starts at 0 and grows with Advance; Set moves only the wall clock.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(int64_t now_micros = 0) : wall_offset_(now_micros) {}

  int64_t NowMicros() const override { return monotonic_.load() + wall_offset_.load(); }
  int64_t MonotonicMicros() const override { return monotonic_.load(); }

  void SetNowMicros(int64_t now_micros) { wall_offset_.store(now_micros - monotonic_.load()); }
  // Moves both clocks on; `micros` is not negative.
  void Advance(int64_t micros);

 private:
  std::atomic<int64_t> monotonic_{0};
  std::atomic<int64_t> wall_offset_;
};

}  // namespace millrace::env
