#include "log/batch_ids.h"

#include <utility>

namespace millrace::log {

bool BatchIds::Find(const std::string& id, int64_t now_micros, AppendResult* result) {
  while (!by_time_.empty() && by_time_.begin()->first < now_micros - age_micros_) ForgetOldest();
  const auto found = known_.find(id);
  if (found == known_.end()) return false;
  *result = found->second.result;
  result->is_repetition = true;
  return true;
}

void BatchIds::Add(std::string_view id, const AppendResult& result) {
  const auto [entry, is_new] = known_.try_emplace(std::string(id));
  if (!is_new) {
    // Once its window is over an id may name another batch: the later one counts.
    if (entry->second.result.append_micros > result.append_micros) return;
    by_time_.erase(entry->second.place);
  }
  entry->second = {result, by_time_.emplace(result.append_micros, entry->first)};
  if (known_.size() > capacity_) ForgetOldest();
}

void BatchIds::ForgetOldest() {
  const auto oldest = by_time_.begin();
  const auto entry = known_.find(std::string(oldest->second));
  by_time_.erase(oldest);
  known_.erase(entry);
}

std::vector<AppendDone> BatchIds::Finish(const std::string& id, const Result<AppendResult>& result) {
  MutexLock lock(mutex_);
  if (result) Add(id, *result);
  const auto waiting = in_flight_.find(id);
  if (waiting == in_flight_.end()) return {};
  std::vector<AppendDone> dones = std::move(waiting->second);
  in_flight_.erase(waiting);
  return dones;
}

void BatchIds::Remember(std::string_view id, const AppendResult& result) {
  MutexLock lock(mutex_);
  Add(id, result);
}

size_t BatchIds::size() const {
  MutexLock lock(mutex_);
  return known_.size();
}

}  // namespace millrace::log
