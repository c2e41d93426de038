// PushClock: how long rows that are pushed into a table wait until they can be read, in the table and in the
// views that read it.
//
// Of all pushes between two epochs the oldest is timed: the figure is the worst of each epoch. Written by the
// table's writers, taken by the coordinator. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "base/mutex.h"
#include "telemetry/metrics.h"

namespace millrace::dataflow {

class PushClock {
 public:
  // `seconds` takes microseconds; null: nothing is kept.
  explicit PushClock(telemetry::Histogram* seconds) : seconds_(seconds) {}

  // Rows have been taken at this moment of the monotonic clock.
  void Pushed(int64_t micros) {
    int64_t none = 0;
    oldest_micros_.compare_exchange_strong(none, micros, std::memory_order_relaxed);
  }
  // An epoch starts, which shows all pushes so far.
  void EpochStarted() { in_epoch_micros_ = oldest_micros_.exchange(0, std::memory_order_relaxed); }
  void EpochPublished(int64_t micros) MR_EXCLUDES(mutex_) {
    if (in_epoch_micros_ == 0) return;
    const auto waited = static_cast<uint64_t>(micros - in_epoch_micros_);
    in_epoch_micros_ = 0;
    if (seconds_ == nullptr) return;
    seconds_->Record(waited);
    MutexLock lock(mutex_);
    for (const auto& [view, seconds] : views_) seconds->Record(waited);
  }

  // A view reads the table from now on, until RemoveView: what is pushed is visible in it at the same epochs.
  void AddView(const std::string& view, telemetry::Histogram* seconds) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    views_[view] = seconds;
  }
  void RemoveView(const std::string& view) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    views_.erase(view);
  }

 private:
  telemetry::Histogram* const seconds_;
  std::atomic<int64_t> oldest_micros_{0};
  int64_t in_epoch_micros_ = 0;  // the coordinator's
  Mutex mutex_;
  std::map<std::string, telemetry::Histogram*> views_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::dataflow
