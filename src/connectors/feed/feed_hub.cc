#include "connectors/feed/feed_hub.h"

#include <utility>

#include "base/check.h"

namespace millrace::connectors {

void FeedHub::Push(const std::string& table, data::Batch batch, int partition) {
  if (batch.rows == 0) return;
  Append(table, {Event::Kind::kBatch, partition, std::move(batch), 0});
}

void FeedHub::Advance(const std::string& table, int64_t watermark, int partition) {
  Append(table, {Event::Kind::kWatermark, partition, {}, watermark});
}

void FeedHub::Finish(const std::string& table) {
  Append(table, {Event::Kind::kEnd, 0, {}, 0});
}

void FeedHub::Append(const std::string& table, Event event) {
  std::vector<std::function<void()>> wakes;
  {
    MutexLock lock(mutex_);
    Log& log = logs_[table];
    log.events.push_back(std::move(event));
    for (const auto& [id, reader] : log.readers) {
      if (reader.wake) wakes.push_back(reader.wake);
    }
  }
  // Outside of the lock: what is woken may read at once.
  for (const auto& wake : wakes) wake();
}

bool FeedHub::IsDrained(const Log& log) {
  for (const auto& [id, reader] : log.readers) {
    if (reader.position < log.events.size()) return false;
  }
  return true;
}

void FeedHub::Clear(const std::string& table) {
  MutexLock lock(mutex_);
  Log& log = logs_[table];
  MR_CHECK(log.readers.empty());
  log.events.clear();
}

bool FeedHub::IsDrained(const std::string& table) const {
  MutexLock lock(mutex_);
  const auto found = logs_.find(table);
  return found == logs_.end() || IsDrained(found->second);
}

bool FeedHub::IsDrained() const {
  MutexLock lock(mutex_);
  for (const auto& [table, log] : logs_) {
    if (!IsDrained(log)) return false;
  }
  return true;
}

uint64_t FeedHub::AddReader(const std::string& table, std::function<void()> wake) {
  MutexLock lock(mutex_);
  const uint64_t id = next_reader_++;
  logs_[table].readers[id].wake = std::move(wake);
  return id;
}

void FeedHub::RemoveReader(const std::string& table, uint64_t reader) {
  MutexLock lock(mutex_);
  logs_[table].readers.erase(reader);
}

bool FeedHub::Read(const std::string& table, uint64_t reader, size_t position, Event* event) {
  MutexLock lock(mutex_);
  Log& log = logs_[table];
  log.readers[reader].position = position;
  if (position >= log.events.size()) return false;
  *event = log.events[position];
  return true;
}

}  // namespace millrace::connectors
