#include "connectors/ingest/ingest_point.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "data/batch_builder.h"

namespace millrace::connectors {
namespace {

size_t BytesOf(const data::Batch& batch) {
  size_t bytes = sizeof(data::Batch);
  for (const auto& column : batch.columns) bytes += column->MemoryBytes();
  return bytes;
}

data::Batch Project(const data::Batch& batch, const std::vector<int>& columns) {
  data::Batch projected;
  projected.rows = batch.rows;
  projected.kinds = batch.kinds;
  for (const int column : columns) projected.columns.push_back(batch.columns[column]);
  return projected;
}

void CallAll(const std::vector<std::function<void()>>& wakes) {
  for (const auto& wake : wakes) {
    if (wake) wake();
  }
}

}  // namespace

bool IngestPoint::HasRoom() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const auto& entry) {
    return entry.second.rows < limits::kIngestQueueRows && entry.second.bytes < limits::kIngestQueueBytes;
  });
}

IngestPoint::Push IngestPoint::CheckOpen() {
  if (state_ == State::kOpen && !queues_.empty()) return Push::kTaken;
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

void IngestPoint::Enqueue(data::Batch batch, int64_t epoch, std::vector<std::function<void()>>* wakes) {
  rows_taken_ += static_cast<int64_t>(batch.rows);
  bytes_taken_ += static_cast<int64_t>(BytesOf(batch));
  for (auto& [id, queue] : queues_) {
    if (queue.entries.empty()) wakes->push_back(queue.wake);
    Entry entry{Project(batch, queue.columns), 0, epoch};
    entry.bytes = BytesOf(entry.batch);
    queue.rows += entry.batch.rows;
    queue.bytes += entry.bytes;
    queue.entries.push_back(std::move(entry));
  }
}

IngestPoint::Push IngestPoint::TryPush(data::Batch* batch, const std::function<void()>& wake) {
  MR_CHECK_LE(batch->rows, limits::kBatchRows);
  MR_CHECK_EQ(batch->columns.size(), schema_.size());
  std::vector<std::function<void()>> readers;
  {
    MutexLock lock(mutex_);
    const Push room = CheckRoom(wake);
    if (room != Push::kTaken || batch->rows == 0) return room;
    Enqueue(std::exchange(*batch, {}), epoch_->open(), &readers);
  }
  CallAll(readers);
  return Push::kTaken;
}

IngestPoint::Push IngestPoint::AwaitRoom(const std::function<void()>& wake) {
  MutexLock lock(mutex_);
  return CheckRoom(wake);
}

// All points are locked at once, in the order of their addresses, which is the same for every writer. So the
// stamp is right: if one of the readers had passed the barrier of an epoch before, that epoch had started,
// and the next one is seen to be open here.
std::optional<IngestPoint::Refusal> IngestPoint::PushAll(std::span<Part> parts) {
  std::vector<IngestPoint*> points;
  points.reserve(parts.size());
  for (const Part& part : parts) points.push_back(part.point);
  std::sort(points.begin(), points.end(), std::less<>());
  for (IngestPoint* point : points) point->mutex_.Lock();
  std::optional<Refusal> refusal;
  for (size_t i = 0; i < parts.size() && !refusal.has_value(); ++i) {
    const Push open = parts[i].point->CheckOpen();
    if (open != Push::kTaken) refusal = Refusal{i, open};
  }
  std::vector<std::function<void()>> readers;
  if (!refusal.has_value() && !parts.empty()) {
    const int64_t epoch = parts.front().point->epoch_->open();
    for (Part& part : parts) {
      for (data::Batch& batch : part.batches) part.point->Enqueue(std::move(batch), epoch, &readers);
    }
  }
  for (IngestPoint* point : points) point->mutex_.Unlock();
  CallAll(readers);
  return refusal;
}

std::unique_ptr<IngestPoint::Reader> IngestPoint::AddReader(std::vector<int> columns,
                                                            std::function<void()> wake) {
  std::vector<data::DataType> types;
  for (const int column : columns) types.push_back(schema_[column].type);
  MutexLock lock(mutex_);
  const uint64_t id = next_reader_++;
  queues_[id] = Queue{std::move(columns), std::move(wake), {}, 0, 0};
  return std::unique_ptr<Reader>(new Reader(shared_from_this(), id, std::move(types), epoch_->open()));
}

void IngestPoint::RemoveReader(uint64_t id) {
  std::vector<std::function<void()>> writers;
  Queue removed;  // freed outside of the lock
  {
    MutexLock lock(mutex_);
    removed = std::move(queues_[id]);
    queues_.erase(id);
    writers = TakeWaiters();
  }
  CallAll(writers);
}

std::vector<std::function<void()>> IngestPoint::TakeWaiters() {
  const bool drained = std::all_of(queues_.begin(), queues_.end(), [](const auto& entry) {
    return entry.second.rows <= limits::kIngestQueueRows / 2 &&
           entry.second.bytes <= limits::kIngestQueueBytes / 2;
  });
  if (!drained && state_ == State::kOpen) return {};
  return std::exchange(waiters_, {});
}

void IngestPoint::Close(State state) {
  std::vector<std::function<void()>> wakes;
  {
    MutexLock lock(mutex_);
    if (state_ == State::kDropped) return;
    state_ = state;
    wakes = TakeWaiters();
    for (auto& [id, queue] : queues_) {
      wakes.push_back(queue.wake);
      if (state != State::kDropped) continue;
      queue.entries.clear();
      queue.rows = queue.bytes = 0;
    }
  }
  CallAll(wakes);
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

IngestPoint::Reader::~Reader() {
  point_->RemoveReader(id_);
}

bool IngestPoint::Reader::Take(data::Batch* batch) {
  std::vector<data::Batch> taken;
  std::vector<std::function<void()>> writers;
  {
    MutexLock lock(point_->mutex_);
    Queue& queue = point_->queues_[id_];
    size_t rows = 0;
    while (!queue.entries.empty()) {
      Entry& next = queue.entries.front();
      if (next.epoch > epoch_max_) break;
      const bool fits = taken.empty() || (taken.back().rows < limits::kIngestMergeRows &&
                                          next.batch.rows < limits::kIngestMergeRows &&
                                          rows + next.batch.rows <= limits::kBatchRows);
      if (!fits) break;
      rows += next.batch.rows;
      queue.rows -= next.batch.rows;
      queue.bytes -= next.bytes;
      taken.push_back(std::move(next.batch));
      queue.entries.pop_front();
    }
    if (taken.empty()) return false;
    writers = point_->TakeWaiters();
  }
  CallAll(writers);
  if (taken.size() == 1) {
    *batch = std::move(taken[0]);
    return true;
  }
  data::BatchBuilder merged(types_);
  for (const data::Batch& part : taken) {
    for (size_t row = 0; row < part.rows; ++row) merged.AppendRow(part, row, part.kind(row));
  }
  *batch = merged.Build();
  return true;
}

size_t IngestPoint::Reader::pending_rows() const {
  MutexLock lock(point_->mutex_);
  return point_->queues_[id_].rows;
}

bool IngestPoint::Reader::ended() const {
  MutexLock lock(point_->mutex_);
  return point_->state_ == State::kEnded && point_->queues_[id_].entries.empty();
}

bool IngestPoint::Reader::dropped() const {
  MutexLock lock(point_->mutex_);
  return point_->state_ == State::kDropped;
}

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
