// BatchIds: the ids of a topic's batches, so that a repeated append is answered as the first one was: the
// last limits::kLogBatchIdsMax of the last limits::kLogBatchIdMicros, and those that are on their way. Any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "base/mutex.h"
#include "log/append.h"

namespace millrace::log {

class BatchIds {
 public:
  explicit BatchIds(size_t capacity = limits::kLogBatchIdsMax, int64_t age_micros = limits::kLogBatchIdMicros)
      : capacity_(capacity), age_micros_(age_micros) {}

  enum class Claim : uint8_t {
    kNew,       // on its way
    kRefused,   // `push` has not put it on its way
    kKnown,     // `result` is what was answered
    kInFlight,  // `done` was taken, and will be called with the answer of the first
  };

  // `push` puts the append on its way and answers whether it has; it is called under the lock.
  template <typename Push>
  Claim Admit(const std::string& id, int64_t now_micros, AppendDone* done, AppendResult* result, Push push)
      MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (Find(id, now_micros, result)) return Claim::kKnown;
    const auto [entry, is_new] = in_flight_.try_emplace(id);
    if (!is_new) {
      entry->second.push_back(std::move(*done));
      return Claim::kInFlight;
    }
    if (push()) return Claim::kNew;
    in_flight_.erase(entry);
    return Claim::kRefused;
  }

  // The append with this id is over: it is remembered, if it went well. Gives those who wait for the same
  // answer.
  std::vector<AppendDone> Finish(const std::string& id, const Result<AppendResult>& result)
      MR_EXCLUDES(mutex_);

  // An append of earlier times, found in the files. In any order.
  void Remember(std::string_view id, const AppendResult& result) MR_EXCLUDES(mutex_);

  size_t size() const MR_EXCLUDES(mutex_);

 private:
  using ByTime = std::multimap<int64_t, std::string_view>;
  struct Known {
    AppendResult result;
    ByTime::iterator place;
  };

  bool Find(const std::string& id, int64_t now_micros, AppendResult* result) MR_REQUIRES(mutex_);
  void Add(std::string_view id, const AppendResult& result) MR_REQUIRES(mutex_);
  void ForgetOldest() MR_REQUIRES(mutex_);

  const size_t capacity_;
  const int64_t age_micros_;
  mutable Mutex mutex_;
  // Its nodes hold the ids that by_time_ points to.
  std::unordered_map<std::string, Known> known_ MR_GUARDED_BY(mutex_);
  ByTime by_time_ MR_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::vector<AppendDone>> in_flight_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::log
