// IngestPoint: the queue between those who write rows into a table (HTTP posts, INSERT, COPY) and those who
// read them.
//
// One for each table that takes rows from outside. Every batch goes to every reader that is there when it is
// pushed; a reader has a bounded queue, and a push is taken only when all of them have room, so that no
// reader gets rows that another has not. This is the seam at which a durable log will stand: writers append
// to it, readers read from it; until then rows that nobody reads are refused, since they would be lost.
//
// Rows are stamped with the epoch that shows them (PushEpoch). A reader takes those of its next epoch and
// leaves later ones until it has passed the barrier, so the cut between two epochs is the same in every
// queue, and PushAll can put rows into several tables on one side of it.
// Any thread. Wakes are called without a lock held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "connectors/ingest/push_epoch.h"
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
    // The next rows, small batches merged, at most limits::kBatchRows; false: none now. One thread at a time,
    // and it is that of TakeUpTo.
    bool Take(data::Batch* batch);
    // From now on Take gives the rows of `epoch` and of those before it. At a barrier: its epoch; when all
    // have been taken and the barrier is passed on: the next. At first: that of the moment of AddReader.
    void TakeUpTo(int64_t epoch) { epoch_max_ = epoch; }
    // Rows that wait to be taken.
    size_t pending_rows() const;
    // What Take says once it gives nothing more: never again anything.
    bool ended() const;
    bool dropped() const;

   private:
    friend class IngestPoint;
    Reader(std::shared_ptr<IngestPoint> point, uint64_t id, std::vector<data::DataType> types, int64_t epoch)
        : point_(std::move(point)), id_(id), types_(std::move(types)), epoch_max_(epoch) {}
    std::shared_ptr<IngestPoint> point_;
    uint64_t id_;
    std::vector<data::DataType> types_;
    int64_t epoch_max_;
  };

  // What PushAll puts into one point.
  struct Part {
    IngestPoint* point = nullptr;
    std::vector<data::Batch> batches = {};
  };
  struct Refusal {
    size_t part = 0;
    Push why = Push::kTaken;
    friend bool operator==(const Refusal&, const Refusal&) = default;
  };

  // `schema`: the columns that writers give. `epoch`: the warehouse's.
  IngestPoint(data::Schema schema, std::shared_ptr<const PushEpoch> epoch)
      : schema_(std::move(schema)), epoch_(std::move(epoch)) {}

  const data::Schema& schema() const { return schema_; }

  // A batch of at most limits::kBatchRows rows; moved from when it is taken. `wake` may be empty.
  Push TryPush(data::Batch* batch, const std::function<void()>& wake) MR_EXCLUDES(mutex_);

  // As TryPush, of no rows: kTaken says that there is room. Who has been told so, or has been woken, may use
  // PushAll.
  Push AwaitRoom(const std::function<void()>& wake) MR_EXCLUDES(mutex_);

  // All batches into all points, in one epoch and without any other rows in between; or, when one of the
  // points takes none (kNobody, kEnded, kDropped), nothing at all. Room is not asked for: the writer has
  // waited for it with AwaitRoom, one point after the other and without holding any, so it is neither
  // overtaken for ever nor holds others up while it waits. A queue may exceed its bound by what the writers
  // kept in memory before. The points of the parts are different ones.
  static std::optional<Refusal> PushAll(std::span<Part> parts) MR_NO_THREAD_SAFETY_ANALYSIS;

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
    int64_t epoch = 0;
  };
  struct Queue {
    std::vector<int> columns;
    std::function<void()> wake;
    std::deque<Entry> entries;
    size_t rows = 0;
    size_t bytes = 0;
  };

  // kTaken: it could take rows, if there is room.
  Push CheckOpen() MR_REQUIRES(mutex_);
  bool HasRoom() const MR_REQUIRES(mutex_);
  Push CheckRoom(const std::function<void()>& wake) MR_REQUIRES(mutex_);
  // `wakes`: of the readers whose queue was empty.
  void Enqueue(data::Batch batch, int64_t epoch, std::vector<std::function<void()>>* wakes)
      MR_REQUIRES(mutex_);
  // The writers to wake, if every queue has drained far enough.
  std::vector<std::function<void()>> TakeWaiters() MR_REQUIRES(mutex_);
  void Close(State state) MR_EXCLUDES(mutex_);
  void RemoveReader(uint64_t id) MR_EXCLUDES(mutex_);

  const data::Schema schema_;
  const std::shared_ptr<const PushEpoch> epoch_;
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
