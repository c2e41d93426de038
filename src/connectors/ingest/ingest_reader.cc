// IngestPoint::Reader: from the log first, then from its queue.
#include <fmt/format.h>

#include <utility>

#include "base/limits.h"
#include "connectors/ingest/ingest_point.h"
#include "data/batch_builder.h"

namespace millrace::connectors {
namespace {

// Whether a batch goes into one with those that have been taken, `rows` in all.
bool Fits(const std::vector<data::Batch>& taken, size_t rows, size_t next_rows) {
  return taken.empty() || (taken.back().rows < limits::kIngestMergeRows &&
                           next_rows < limits::kIngestMergeRows && rows + next_rows <= limits::kBatchRows);
}

}  // namespace

IngestPoint::Reader::Reader(std::shared_ptr<IngestPoint> point, uint64_t id, std::vector<int> columns,
                            int64_t epoch, bool is_kept)
    : point_(std::move(point)), id_(id), columns_(std::move(columns)), is_kept_(is_kept), epoch_max_(epoch) {
  for (const int column : columns_) types_.push_back(point_->schema_[column].type);
}

IngestPoint::Reader::~Reader() {
  point_->RemoveReader(id_);
}

void IngestPoint::Reader::Seek(const Start& start) {
  if (point_->row_log_ == nullptr) return;
  log_ = point_->row_log_->NewReader(start.offset);
  ahead_ = {};
  position_ = start.offset;
  is_backfill_ = start.is_backfill;
  pin_->MoveTo(start.offset);
  std::vector<std::function<void()>> writers;
  bool is_live = false;
  {
    MutexLock lock(point_->mutex_);
    Queue& queue = point_->queues_[id_];
    is_live = queue.is_live = start.offset == point_->head_;
    queue.entries.clear();
    queue.rows = queue.bytes = 0;
    writers = point_->TakeWaiters();
  }
  if (is_live) log_ = nullptr;
  if (is_live && !is_kept_) pin_->Release();
  for (const auto& writer : writers) writer();
}

void IngestPoint::Reader::SetKept(uint64_t offset) {
  if (pin_ != nullptr) pin_->MoveTo(offset);
}

Result<bool> IngestPoint::Reader::Take(data::Batch* batch) {
  std::vector<data::Batch> taken;
  if (log_ != nullptr) {
    MR_TRY(TakeFromLog(&taken));
    if (!is_kept_ && log_ == nullptr) pin_->Release();
    // What has been read ahead is in memory.
    if (!is_kept_ && log_ != nullptr) pin_->MoveTo(position_);
  }
  if (log_ == nullptr && taken.empty()) TakeFromQueue(&taken);
  if (taken.empty()) return false;
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

Result<std::optional<uint64_t>> IngestPoint::Reader::Head() {
  uint64_t head = 0;
  {
    MutexLock lock(point_->mutex_);
    if (point_->state_ == State::kDropped) return std::nullopt;
    head = point_->head_;
    if (position_ == head) point_->queues_[id_].is_live = true;
  }
  if (position_ < head) return head;
  if (position_ > head) {
    return Fail(ErrorCode::kDataCorrupted,
                fmt::format("{} rows of table '{}' have been read, and its log has only {}", position_,
                            point_->row_log_->table(), head),
                "the log and the checkpoints are not of one data folder: restore both from one copy");
  }
  log_ = nullptr;
  return std::nullopt;
}

// What lies before the head are whole batches as they were pushed, so what begins before it ends there too.
Status IngestPoint::Reader::TakeFromLog(std::vector<data::Batch>* taken) {
  MR_ASSIGN(const std::optional<uint64_t> head, Head());
  if (!head.has_value()) return {};
  size_t rows = 0;
  while (position_ < *head) {
    if (ahead_.rows == 0) {
      data::Batch whole;
      const Result<bool> has_more = log_->Next(&whole);
      if (!has_more.has_value()) {
        // What was read before it is given first; the error comes again.
        if (!taken->empty()) break;
        return std::unexpected(has_more.error());
      }
      if (!*has_more) {
        return Fail(ErrorCode::kInternal, fmt::format("the log of table '{}' ends before row {}",
                                                      point_->row_log_->table(), *head));
      }
      ahead_ = Project(whole, columns_);
    }
    if (!Fits(*taken, rows, ahead_.rows)) break;
    rows += ahead_.rows;
    position_ += ahead_.rows;
    taken->push_back(std::exchange(ahead_, {}));
  }
  return {};
}

void IngestPoint::Reader::TakeFromQueue(std::vector<data::Batch>* taken) {
  std::vector<std::function<void()>> writers;
  {
    MutexLock lock(point_->mutex_);
    Queue& queue = point_->queues_[id_];
    size_t rows = 0;
    while (!queue.entries.empty()) {
      Entry& next = queue.entries.front();
      if (next.epoch > epoch_max_ || !Fits(*taken, rows, next.batch.rows)) break;
      rows += next.batch.rows;
      queue.rows -= next.batch.rows;
      queue.bytes -= next.bytes;
      taken->push_back(std::move(next.batch));
      queue.entries.pop_front();
    }
    if (taken->empty()) return;
    position_ += rows;
    writers = point_->TakeWaiters();
  }
  for (const auto& writer : writers) writer();
}

size_t IngestPoint::Reader::pending_rows() const {
  MutexLock lock(point_->mutex_);
  if (log_ == nullptr) return point_->queues_[id_].rows;
  return position_ < point_->head_ ? point_->head_ - position_ : 0;
}

bool IngestPoint::Reader::ended() const {
  MutexLock lock(point_->mutex_);
  return log_ == nullptr && point_->state_ == State::kEnded && point_->pushes_under_way_ == 0 &&
         point_->queues_[id_].entries.empty();
}

bool IngestPoint::Reader::dropped() const {
  MutexLock lock(point_->mutex_);
  return point_->state_ == State::kDropped;
}

}  // namespace millrace::connectors
