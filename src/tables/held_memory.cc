#include "tables/held_memory.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::tables {

void HeldMemory::Add(Holder* holder, int64_t epoch) {
  MutexLock lock(mutex_);
  holders_.emplace(epoch, holder);
}

void HeldMemory::Remove(Holder* holder) {
  MutexLock lock(mutex_);
  if (ended_.erase(holder) > 0) return;
  const auto found = std::find_if(holders_.begin(), holders_.end(),
                                  [&](const auto& entry) { return entry.second == holder; });
  if (found != holders_.end()) holders_.erase(found);
}

void HeldMemory::Enforce(int64_t newest_epoch) {
  MutexLock lock(mutex_);
  while (IsTooMuch()) {
    if (std::any_of(ended_.begin(), ended_.end(), [](const auto& entry) { return !entry.second; })) return;
    const auto oldest = holders_.begin();
    if (oldest == holders_.end() || oldest->first >= newest_epoch) return;
    Holder* holder = oldest->second;
    const int64_t oldest_epoch = oldest->first;
    holders_.erase(oldest);
    ended_total_.fetch_add(1, std::memory_order_relaxed);
    ended_[holder] = holder->EndHold(Error(
        ErrorCode::kConfigurationLimitExceeded,
        fmt::format("the rows of epoch {}, which are read here, keep too much memory: {} MB of rows that "
                    "have changed since, the limit is {} MB",
                    oldest_epoch, bytes() >> 20, bytes_max_.load() >> 20),
        "read in shorter statements and transactions, or start the server with more --held-memory"));
  }
}

}  // namespace millrace::tables
