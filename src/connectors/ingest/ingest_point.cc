#include "connectors/ingest/ingest_point.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace millrace::connectors {
namespace {

void CallAll(const std::vector<std::function<void()>>& wakes) {
  for (const auto& wake : wakes) {
    if (wake) wake();
  }
}

}  // namespace

size_t IngestPoint::BytesOf(const data::Batch& batch) {
  size_t bytes = sizeof(data::Batch);
  for (const auto& column : batch.columns) bytes += column->MemoryBytes();
  return bytes;
}

data::Batch IngestPoint::Project(const data::Batch& batch, const std::vector<int>& columns) {
  data::Batch projected;
  projected.rows = batch.rows;
  projected.kinds = batch.kinds;
  for (const int column : columns) projected.columns.push_back(batch.columns[column]);
  return projected;
}

IngestPoint::IngestPoint(data::Schema schema, std::shared_ptr<const PushEpoch> epoch,
                         std::shared_ptr<RowLog> row_log, std::function<void(int64_t)> on_delivered)
    : schema_(std::move(schema)),
      epoch_(std::move(epoch)),
      row_log_(std::move(row_log)),
      on_delivered_(std::move(on_delivered)),
      head_(row_log_ == nullptr ? 0 : row_log_->end_offset()) {}

// ------------------------------------------------------------------------------------------- writers

bool IngestPoint::HasRoom() const {
  if (rows_under_way_ >= limits::kIngestQueueRows || bytes_under_way_ >= limits::kIngestQueueBytes)
    return false;
  return std::all_of(queues_.begin(), queues_.end(), [this](const auto& entry) MR_REQUIRES(mutex_) {
    return entry.second.rows + rows_under_way_ < limits::kIngestQueueRows &&
           entry.second.bytes + bytes_under_way_ < limits::kIngestQueueBytes;
  });
}

IngestPoint::Push IngestPoint::CheckOpen() {
  if (state_ == State::kOpen && (row_log_ != nullptr || !queues_.empty())) return Push::kTaken;
  ++refused_;
  if (state_ == State::kDropped) return Push::kDropped;
  return state_ == State::kEnded ? Push::kEnded : Push::kNobody;
}

IngestPoint::Push IngestPoint::CheckRoom(const std::function<void()>& wake) {
  const Push open = CheckOpen();
  if (open != Push::kTaken || HasRoom()) return open;
  ++refused_;
  if (waiters_.size() >= limits::kIngestWaitersMax) return Push::kCrowded;
  if (wake) waiters_.push_back(wake);
  return Push::kFull;
}

void IngestPoint::Enqueue(data::Batch batch, int64_t epoch, std::vector<uint64_t>* woken) {
  rows_taken_ += static_cast<int64_t>(batch.rows);
  bytes_taken_ += static_cast<int64_t>(BytesOf(batch));
  if (state_ == State::kDropped) return;
  for (auto& [id, queue] : queues_) {
    if (!queue.is_live) continue;
    if (queue.entries.empty()) woken->push_back(id);
    Entry entry{Project(batch, queue.columns), 0, epoch};
    entry.bytes = BytesOf(entry.batch);
    queue.rows += entry.batch.rows;
    queue.bytes += entry.bytes;
    queue.entries.push_back(std::move(entry));
  }
}

IngestPoint::Push IngestPoint::TryPush(std::span<data::Batch> batches, const std::function<void()>& wake,
                                       const PushReceiptPtr& receipt, const std::string& id) {
  MR_CHECK(id.empty() || row_log_ != nullptr);
  size_t rows = 0;
  for (const data::Batch& batch : batches) {
    MR_CHECK_LE(batch.rows, limits::kBatchRows);
    MR_CHECK_EQ(batch.columns.size(), schema_.size());
    rows += batch.rows;
  }
  if (row_log_ != nullptr && rows > 0) return TryPushLogged(batches, wake, receipt, id);
  std::vector<uint64_t> woken;
  {
    MutexLock lock(mutex_);
    const Push room = CheckRoom(wake);
    if (room != Push::kTaken || rows == 0) return room;
    for (data::Batch& batch : batches) Enqueue(std::exchange(batch, {}), epoch_->open(), &woken);
  }
  WakeReaders(woken);
  return Push::kTaken;
}

IngestPoint::Push IngestPoint::AwaitRoom(const std::function<void()>& wake) {
  MutexLock lock(mutex_);
  return CheckRoom(wake);
}

void IngestPoint::LockAll(Points* points) {
  std::sort(points->begin(), points->end(), std::less<>());
  for (IngestPoint* point : *points) point->mutex_.Lock();
}

void IngestPoint::UnlockAll(const Points& points) {
  for (IngestPoint* point : points) point->mutex_.Unlock();
}

std::optional<IngestPoint::Refusal> IngestPoint::CheckAllOpen(std::span<const Part> parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Push open = parts[i].point->CheckOpen();
    if (open != Push::kTaken) return Refusal{i, open};
  }
  return std::nullopt;
}

// All points are locked at once. So the stamp is right: if one of the readers had passed the barrier of an
// epoch before, that epoch had started, and the next one is seen to be open here.
std::optional<IngestPoint::Refusal> IngestPoint::PushAll(std::span<Part> parts,
                                                         const std::function<void()>& wake,
                                                         const PushReceiptPtr& receipt) {
  if (parts.empty()) return std::nullopt;
  if (parts.front().point->row_log_ != nullptr) return PushAllLogged(parts, wake, receipt);
  return PushAllQueued(parts);
}

std::optional<IngestPoint::Refusal> IngestPoint::PushAllQueued(std::span<Part> parts) {
  Points points;
  for (const Part& part : parts) points.push_back(part.point);
  std::vector<std::vector<uint64_t>> woken(parts.size());
  LockAll(&points);
  const std::optional<Refusal> refusal = CheckAllOpen(parts);
  if (!refusal.has_value()) {
    const int64_t epoch = parts.front().point->epoch_->open();
    for (size_t i = 0; i < parts.size(); ++i) {
      for (data::Batch& batch : parts[i].batches) parts[i].point->Enqueue(std::move(batch), epoch, &woken[i]);
    }
  }
  UnlockAll(points);
  for (size_t i = 0; i < parts.size(); ++i) parts[i].point->WakeReaders(woken[i]);
  return refusal;
}

std::vector<std::function<void()>> IngestPoint::TakeWaiters() {
  const auto has_drained = [](size_t rows, size_t bytes) {
    return rows <= limits::kIngestQueueRows / 2 && bytes <= limits::kIngestQueueBytes / 2;
  };
  bool drained = has_drained(rows_under_way_, bytes_under_way_);
  for (const auto& [id, queue] : queues_) {
    drained = drained && has_drained(queue.rows + rows_under_way_, queue.bytes + bytes_under_way_);
  }
  if (!drained && state_ == State::kOpen) return {};
  return std::exchange(waiters_, {});
}

// ------------------------------------------------------------------------------------------- readers

std::unique_ptr<IngestPoint::Reader> IngestPoint::AddReader(std::vector<int> columns,
                                                            std::function<void()> wake,
                                                            std::optional<Start> start,
                                                            const ReaderTraits& traits) {
  uint64_t id = 0;
  int64_t epoch = 0;
  {
    MutexLock wakes(wakes_mutex_);
    MutexLock lock(mutex_);
    id = next_reader_++;
    wakes_[id] = std::move(wake);
    queues_[id] = Queue{.columns = columns, .is_live = row_log_ == nullptr, .entries = {}};
    epoch = epoch_->open();
  }
  std::unique_ptr<Reader> reader(
      new Reader(shared_from_this(), id, std::move(columns), epoch, traits.is_kept));
  if (row_log_ == nullptr) return reader;
  reader->pin_ = row_log_->Pin(traits.name, start.has_value() ? start->offset : 0);
  if (!start.has_value()) {
    // With the pin in place what is there now stays. What a queue could hold an epoch can wait for.
    start = Start{.offset = row_log_->start_offset()};
    start->is_backfill = row_log_->end_offset() - start->offset > limits::kIngestQueueRows;
  }
  reader->Seek(*start);
  return reader;
}

void IngestPoint::RemoveReader(uint64_t id) {
  std::vector<std::function<void()>> writers;
  Queue removed;  // freed outside of the lock
  {
    MutexLock wakes(wakes_mutex_);
    wakes_.erase(id);
    MutexLock lock(mutex_);
    removed = std::move(queues_[id]);
    queues_.erase(id);
    writers = TakeWaiters();
  }
  CallAll(writers);
}

void IngestPoint::WakeReaders(const std::vector<uint64_t>& ids) {
  if (ids.empty()) return;
  MutexLock lock(wakes_mutex_);
  for (const uint64_t id : ids) {
    const auto found = wakes_.find(id);
    if (found != wakes_.end() && found->second) found->second();
  }
}

void IngestPoint::Close(State state) {
  std::vector<std::function<void()>> writers;
  std::vector<uint64_t> readers;
  {
    MutexLock lock(mutex_);
    if (state_ == State::kDropped) return;
    state_ = state;
    writers = TakeWaiters();
    for (auto& [id, queue] : queues_) {
      readers.push_back(id);
      if (state != State::kDropped) continue;
      queue.entries.clear();
      queue.rows = queue.bytes = 0;
    }
  }
  CallAll(writers);
  WakeReaders(readers);
}

void IngestPoint::End() {
  Close(State::kEnded);
}

void IngestPoint::Drop() {
  Close(State::kDropped);
}

IngestPoint::Figures IngestPoint::figures() const {
  MutexLock lock(mutex_);
  Figures figures{rows_taken_, bytes_taken_, refused_, 0, static_cast<int>(queues_.size())};
  for (const auto& [id, queue] : queues_) {
    figures.queued_rows = std::max(figures.queued_rows, static_cast<int64_t>(queue.rows));
  }
  return figures;
}

// ----------------------------------------------------------------------------------------------- hub

void IngestHub::Add(const std::string& table, std::shared_ptr<IngestPoint> point) {
  MutexLock lock(mutex_);
  points_[table] = std::move(point);
}

void IngestHub::Remove(const std::string& table) {
  MutexLock lock(mutex_);
  points_.erase(table);
}

std::shared_ptr<IngestPoint> IngestHub::Find(const std::string& table) const {
  MutexLock lock(mutex_);
  const auto found = points_.find(table);
  return found == points_.end() ? nullptr : found->second;
}

}  // namespace millrace::connectors
