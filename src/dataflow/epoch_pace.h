// EpochPace: how long to pause between two epochs.
//
// The rule: after an epoch the pause is limits::kEpochPauseFactor times what the epoch cost, so that epochs
// take at most a tenth of the time, but at least limits::kEpochPauseMicrosMin and at most a maximum that is
// set
// ('millrace.epoch.interval'). A quiet warehouse publishes a millisecond after a change; one whose epochs are
// dear, because much must be copied or many rows are on their way, goes up to the maximum. The pause grows at
// once and shrinks by a quarter of the difference an epoch, so that one cheap epoch changes little.
//
// Without a change there is no epoch at all (Coordinator). Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/limits.h"

namespace millrace::dataflow {

// What an epoch cost.
struct EpochCost {
  int64_t duration_micros =
      0;                     // from its start to its publication: mostly waiting for rows before the barrier
  int64_t work_micros = 0;   // of all tasks, on the barrier itself
  int64_t copied_bytes = 0;  // of chunks that were shared with the snapshot before and then changed

  int64_t Micros() const {
    return std::max(duration_micros / kDurationDivisor, work_micros + copied_bytes / kCopiedBytesAMicro);
  }

  // While an epoch is under way tasks work on rows as well; only a part of that time is lost to alignment.
  static constexpr int64_t kDurationDivisor = 4;
  // What a core copies of chunks of a table of some megabytes (bench/serving: with a third of it events
  // waited three times as long, and the server's CPU was the same).
  static constexpr int64_t kCopiedBytesAMicro = 6'000;
};

class EpochPace {
 public:
  explicit EpochPace(int64_t pause_micros_max) { SetMax(pause_micros_max); }

  void SetMax(int64_t micros) {
    max_ = std::max<int64_t>(micros, 1);
    pause_ = std::clamp(pause_, Min(), max_);
  }
  void Note(const EpochCost& cost) {
    const int64_t wanted = std::clamp(cost.Micros() * limits::kEpochPauseFactor, Min(), max_);
    pause_ = wanted >= pause_ ? wanted : pause_ - (pause_ - wanted + 3) / 4;
  }
  int64_t pause_micros() const { return pause_; }

 private:
  int64_t Min() const { return std::min(limits::kEpochPauseMicrosMin, max_); }

  int64_t max_ = 1;
  int64_t pause_ = 0;
};

}  // namespace millrace::dataflow
