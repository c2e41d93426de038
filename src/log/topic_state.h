// TopicState: what the partitions of a topic share. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "log/batch_ids.h"
#include "log/log_metrics.h"
#include "log/settings.h"

namespace millrace::log {

class TopicState {
 public:
  TopicState(uint32_t number, std::string name, int64_t created_micros, const TopicSettings& settings,
             LogMetrics& log_metrics)
      : number_(number),
        name_(std::move(name)),
        created_micros_(created_micros),
        metrics_(log_metrics, name_),
        settings_(settings) {}

  uint32_t number() const { return number_; }
  const std::string& name() const { return name_; }
  int64_t created_micros() const { return created_micros_; }
  BatchIds& ids() { return ids_; }
  TopicMetrics& metrics() { return metrics_; }

  TopicSettings settings() const MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return settings_;
  }
  void SetSettings(const TopicSettings& settings) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    settings_ = settings;
  }

 private:
  const uint32_t number_;
  const std::string name_;
  const int64_t created_micros_;
  BatchIds ids_;
  TopicMetrics metrics_;
  mutable Mutex mutex_;
  TopicSettings settings_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::log
