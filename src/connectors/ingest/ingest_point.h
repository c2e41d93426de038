// IngestPoint: the queue between those who write rows into a table (HTTP posts, COPY) and those who read
// them.
//
// One for each table that takes rows from outside. Every batch goes to every reader that is there when it is
// pushed; a reader has a bounded queue, and a push is taken only when all of them have room, so that no
// reader gets rows that another has not. This is the seam at which a durable log will stand: writers append
// to it, readers read from it; until then rows that nobody reads are refused, since they would be lost.
// Any thread. Wakes are called without a lock held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "data/batch.h"
#include "data/schema.h"

namespace millrace::connectors {

class IngestPoint : public std::enable_shared_from_this<IngestPoint> {
 public:
  enum class Push : uint8_t {
    kTaken,
    kFull,     // `wake` will be called once
    kCrowded,  // full, and limits::kIngestWaitersMax writers wait already: `wake` will not be called
    kNobody,   // nobody reads the table
    kEnded,    // the end of input was declared
    kDropped,  // the table is gone
  };

  struct Figures {
    int64_t rows = 0;  // taken since the start
    int64_t bytes = 0;
    int64_t refused = 0;      // pushes that were not taken, for whatever reason
    int64_t queued_rows = 0;  // of the reader with the most
    int readers = 0;
  };

  // A reader's end; destroying it takes the reader off.
  class Reader {
   public:
    ~Reader();
    // The next rows, small batches merged, at most limits::kBatchRows; false: none now. One thread at a time.
    bool Take(data::Batch* batch);
    // Rows that wait to be taken.
    size_t pending_rows() const;
    // What Take says once it gives nothing more: never again anything.
    bool ended() const;
    bool dropped() const;

   private:
    friend class IngestPoint;
    Reader(std::shared_ptr<IngestPoint> point, uint64_t id, std::vector<data::DataType> types)
        : point_(std::move(point)), id_(id), types_(std::move(types)) {}
    std::shared_ptr<IngestPoint> point_;
    uint64_t id_;
    std::vector<data::DataType> types_;
  };

  // `schema`: the columns that writers give.
  explicit IngestPoint(data::Schema schema) : schema_(std::move(schema)) {}

  const data::Schema& schema() const { return schema_; }

  // A batch of at most limits::kBatchRows rows; moved from when it is taken. `wake` may be empty.
  Push TryPush(data::Batch* batch, const std::function<void()>& wake) MR_EXCLUDES(mutex_);

  // A reader of the columns named by their places; it gets what is pushed from now on. `wake` is called when
  // rows come to its empty queue, and at the end.
  std::unique_ptr<Reader> AddReader(std::vector<int> columns, std::function<void()> wake) MR_EXCLUDES(mutex_);

  // No more rows come: readers end when they have taken what there is.
  void End() MR_EXCLUDES(mutex_);
  // The table is gone; what was not taken yet goes with it.
  void Drop() MR_EXCLUDES(mutex_);

  Figures figures() const MR_EXCLUDES(mutex_);

 private:
  enum class State : uint8_t { kOpen, kEnded, kDropped };
  struct Entry {
    data::Batch batch;
    size_t bytes = 0;
  };
  struct Queue {
    std::vector<int> columns;
    std::function<void()> wake;
    std::deque<Entry> entries;
    size_t rows = 0;
    size_t bytes = 0;
  };

  bool HasRoom() const MR_REQUIRES(mutex_);
  // The writers to wake, if every queue has drained far enough.
  std::vector<std::function<void()>> TakeWaiters() MR_REQUIRES(mutex_);
  void Close(State state) MR_EXCLUDES(mutex_);
  void RemoveReader(uint64_t id) MR_EXCLUDES(mutex_);

  const data::Schema schema_;
  mutable Mutex mutex_;
  State state_ MR_GUARDED_BY(mutex_) = State::kOpen;
  std::map<uint64_t, Queue> queues_ MR_GUARDED_BY(mutex_);
  uint64_t next_reader_ MR_GUARDED_BY(mutex_) = 0;
  std::vector<std::function<void()>> waiters_ MR_GUARDED_BY(mutex_);
  int64_t rows_taken_ MR_GUARDED_BY(mutex_) = 0;
  int64_t bytes_taken_ MR_GUARDED_BY(mutex_) = 0;
  int64_t refused_ MR_GUARDED_BY(mutex_) = 0;
};

// The points of the tables with 'connector' = 'http', by full name: where their sources find them. Any
// thread.
class IngestHub {
 public:
  void Add(const std::string& table, std::shared_ptr<IngestPoint> point) MR_EXCLUDES(mutex_);
  void Remove(const std::string& table) MR_EXCLUDES(mutex_);
  std::shared_ptr<IngestPoint> Find(const std::string& table) const MR_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<IngestPoint>> points_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::connectors
