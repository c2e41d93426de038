// Clock: the only way to the time. The real one asks the machine; the simulated one stands still until
// a test or the simulation moves it; the shifted one can be moved ahead of another. Any thread may call them.
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

// Runs with another clock, ahead of it by what a test asks for.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(const Clock& base) : base_(base) {}  // which outlives it

  int64_t NowMicros() const override { return base_.NowMicros() + ahead_.load(); }
  int64_t MonotonicMicros() const override { return base_.MonotonicMicros() + ahead_.load(); }

  // `micros` is not negative.
  void Advance(int64_t micros);

 private:
  const Clock& base_;
  std::atomic<int64_t> ahead_{0};
};

}  // namespace millrace::env
