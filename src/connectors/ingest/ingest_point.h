// IngestPoint: the queue between those who write rows into a table (HTTP posts, INSERT, COPY) and those who
// read them.
//
// One for each table that takes rows from outside. Every batch goes to every reader that is there; a reader
// has a bounded queue, and a push is taken only when all of them have room, so that no reader gets rows that
// another has not. Without a log a push is over when it is taken, and rows that nobody reads are refused,
// since they would be lost.
//
// With a log (RowLog) a push is first appended to it. Once that is durable its rows are delivered to the
// queues, in the order of their offsets, and its receipt settles; until then they count as queued. A reader
// begins at any offset: it reads from the log until it has reached the head, which is the end of what has
// been delivered, and only then gets a queue. While it is behind it holds no writer up.
//
// Rows are stamped, when they are delivered, with the epoch that shows them (PushEpoch). A reader takes those
// of its next epoch and leaves later ones until it has passed the barrier, so the cut between two epochs is
// the same in every queue, and PushAll can put rows into several tables on one side of it. Any thread. Wakes
// must only note or post: they are called under locks of the point.
#pragma once

#include <atomic>
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
#include "connectors/ingest/push_receipt.h"
#include "connectors/ingest/row_log.h"
#include "data/batch.h"
#include "data/schema.h"

namespace millrace::connectors {

class IngestPoint : public std::enable_shared_from_this<IngestPoint> {
 public:
  enum class Push : uint8_t {
    kTaken,
    kFull,     // `wake` will be called once
    kCrowded,  // full, and limits::kIngestWaitersMax writers wait already: `wake` will not be called
    kNobody,   // nobody reads the table, and there is no log to keep the rows
    kEnded,    // the end of input was declared
    kDropped,  // the table is gone
  };

  struct Figures {
    int64_t rows = 0;  // taken since the start; with a log: delivered
    int64_t bytes = 0;
    int64_t refused = 0;      // pushes that were not taken, for whatever reason
    int64_t queued_rows = 0;  // of the reader with the most
    int readers = 0;
  };

  // Where a reader begins in the log.
  struct Start {
    uint64_t offset = 0;
    // The rows between there and the head are a history that nobody waits for: they need not be in the next
    // epoch. Otherwise they are what has not been shown since a restart, and the next barrier waits for them.
    bool is_backfill = false;
  };

  // What is known of a reader beside what it reads.
  struct ReaderTraits {
    std::string name = "rows";  // of its pin
    // It begins at a saved position after a restart: the log keeps what comes behind that (SetKept).
    // Otherwise only what it has not read yet.
    bool is_kept = true;
  };

  // A reader's end; destroying it takes the reader off, after which its wake is not called any more.
  class Reader {
   public:
    ~Reader();
    // The next rows, small batches merged, at most limits::kBatchRows, always whole ones of those that were
    // pushed; false: none now. Errors are those of RowLogReader. One thread at a time, and it is that of all
    // calls but SetKept.
    Result<bool> Take(data::Batch* batch);
    // From now on Take gives the rows of `epoch` and of those before it. At a barrier: its epoch; when all
    // have been taken and the barrier is passed on: the next. At first: that of the moment of AddReader.
    void TakeUpTo(int64_t epoch) { epoch_max_ = epoch; }
    // Rows that wait to be taken.
    size_t pending_rows() const;
    // What Take says once it gives nothing more: never again anything.
    bool ended() const;
    bool dropped() const;

    // The offset of the next row that Take has not given; without a log: how many rows it has given.
    uint64_t position() const { return position_; }
    // It still reads a history from the log: what it gives belongs to whatever epoch is open, and Take does
    // not come to an end soon.
    bool is_backfilling() const { return log_ != nullptr && is_backfill_; }
    // Goes on from there; nothing without a log. Before the first Take.
    void Seek(const Start& start);
    // Rows before `offset` need not be kept for this reader: it will not begin before it again. At first:
    // where it has begun. Any thread.
    void SetKept(uint64_t offset);
    // What has the log keep its rows; null without a log. Who holds it when the reader has gone keeps them
    // on, for another that begins where this one is to.
    const std::shared_ptr<RowPin>& pin() const { return pin_; }

   private:
    friend class IngestPoint;
    Reader(std::shared_ptr<IngestPoint> point, uint64_t id, std::vector<int> columns, int64_t epoch,
           bool is_kept);
    // Up to where the log may be read; nothing once the reader has a queue, or the table is gone.
    Result<std::optional<uint64_t>> Head();
    Status TakeFromLog(std::vector<data::Batch>* taken);
    void TakeFromQueue(std::vector<data::Batch>* taken);

    const std::shared_ptr<IngestPoint> point_;
    const uint64_t id_;
    const std::vector<int> columns_;
    const bool is_kept_;
    std::vector<data::DataType> types_;
    int64_t epoch_max_;
    uint64_t position_ = 0;
    std::unique_ptr<RowLogReader> log_;  // null: it has a queue
    data::Batch ahead_;                  // read from the log, not given yet; may be empty
    bool is_backfill_ = false;
    std::shared_ptr<RowPin> pin_;
  };

  // What PushAll puts into one point.
  struct Part {
    IngestPoint* point = nullptr;
    std::vector<data::Batch> batches = {};
    std::optional<log::AppendBatch> append = {};  // PushAll's: made once, also when it has to be called again
  };
  struct Refusal {
    size_t part = 0;
    Push why = Push::kTaken;
    friend bool operator==(const Refusal&, const Refusal&) = default;
  };

  // `schema`: the columns that writers give. `epoch`: the warehouse's.
  IngestPoint(data::Schema schema, std::shared_ptr<const PushEpoch> epoch)
      : IngestPoint(std::move(schema), std::move(epoch), nullptr, nullptr) {}
  // With a log (may be null). `on_delivered` (may be empty) is called when rows of a push have been
  // delivered, with the moment of the push on the monotonic clock; it must only note that.
  IngestPoint(data::Schema schema, std::shared_ptr<const PushEpoch> epoch, std::shared_ptr<RowLog> row_log,
              std::function<void(int64_t)> on_delivered);

  const data::Schema& schema() const { return schema_; }
  // Null: nothing is kept, and a push that is taken is over.
  const std::shared_ptr<RowLog>& row_log() const { return row_log_; }

  // Batches of at most limits::kBatchRows rows each, whole or none of them; moved from when they are taken.
  // `wake` may be empty. With a log the push is then under way: `receipt` (null: the writer does not ask)
  // settles when it is durable and delivered, or says why it is not.
  //
  // `id`: with a log, log::AppendBatch::id. A push with one that the log knows, or that is under way, adds
  // nothing, whatever its rows are; its receipt says so, and settles when those of the first are delivered.
  Push TryPush(std::span<data::Batch> batches, const std::function<void()>& wake,
               const PushReceiptPtr& receipt, const std::string& id = {}) MR_EXCLUDES(mutex_);
  Push TryPush(data::Batch* batch, const std::function<void()>& wake, const PushReceiptPtr& receipt = nullptr)
      MR_EXCLUDES(mutex_) {
    return TryPush(std::span(batch, 1), wake, receipt);
  }

  // As TryPush, of no rows: kTaken says that there is room. Who has been told so, or has been woken, may use
  // PushAll.
  Push AwaitRoom(const std::function<void()>& wake) MR_EXCLUDES(mutex_);

  // All batches into all points, in one epoch and without any other rows in between; or, when one of the
  // points takes none (kNobody, kEnded, kDropped), nothing at all. Room is not asked for: the writer has
  // waited for it with AwaitRoom, one point after the other and without holding any, so it is neither
  // overtaken for ever nor holds others up while it waits. A queue may exceed its bound by what the writers
  // kept in memory before. The points of the parts are different ones, of one warehouse.
  //
  // With a log: one append to all of them, under way as with TryPush. The log may have no room: kFull, `wake`
  // will be called once, and kCrowded; the parts are then still the writer's, who calls again with the same.
  static std::optional<Refusal> PushAll(std::span<Part> parts, const std::function<void()>& wake = {},
                                        const PushReceiptPtr& receipt = nullptr);

  // A reader of the columns named by their places. Without a log it gets what is pushed from now on; with
  // one, what is there from `start` on, or (none given) all that the log keeps: as a history, if that is more
  // than a queue holds. `wake` is called when rows come to its empty queue, and at the end.
  std::unique_ptr<Reader> AddReader(std::vector<int> columns, std::function<void()> wake,
                                    std::optional<Start> start, const ReaderTraits& traits)
      MR_EXCLUDES(mutex_);
  std::unique_ptr<Reader> AddReader(std::vector<int> columns, std::function<void()> wake,
                                    std::optional<Start> start = std::nullopt) {
    return AddReader(std::move(columns), std::move(wake), start, ReaderTraits());
  }

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
    bool is_live = true;  // false: the reader reads from the log, nothing comes here yet
    std::deque<Entry> entries;
    size_t rows = 0;
    size_t bytes = 0;
  };
  // A push on its way through the log.
  struct Logged {
    struct Part {
      std::shared_ptr<IngestPoint> point;
      std::vector<data::Batch> batches;
      size_t rows = 0;
      size_t bytes = 0;
      uint64_t base_offset = 0;  // once the log has answered
    };
    std::vector<Part> parts;
    PushReceiptPtr receipt;  // may be null
    int64_t pushed_micros = 0;
    std::atomic<bool> is_over{false};  // delivered, or given up
  };
  using LoggedPtr = std::shared_ptr<Logged>;

  static size_t BytesOf(const data::Batch& batch);
  static data::Batch Project(const data::Batch& batch, const std::vector<int>& columns);

  // kTaken: it could take rows, if there is room.
  Push CheckOpen() MR_REQUIRES(mutex_);
  bool HasRoom() const MR_REQUIRES(mutex_);
  Push CheckRoom(const std::function<void()>& wake) MR_REQUIRES(mutex_);
  // The readers whose queue was empty are added to `woken`.
  void Enqueue(data::Batch batch, int64_t epoch, std::vector<uint64_t>* woken) MR_REQUIRES(mutex_);
  // The writers to wake, if every queue has drained far enough.
  std::vector<std::function<void()>> TakeWaiters() MR_REQUIRES(mutex_);
  void Close(State state) MR_EXCLUDES(mutex_, wakes_mutex_);
  void RemoveReader(uint64_t id) MR_EXCLUDES(mutex_, wakes_mutex_);
  void WakeReaders(const std::vector<uint64_t>& ids) MR_EXCLUDES(wakes_mutex_);

  using Points = std::vector<IngestPoint*>;
  // Locks different points in one order, the same for everybody.
  static void LockAll(Points* points) MR_NO_THREAD_SAFETY_ANALYSIS;
  static void UnlockAll(const Points& points) MR_NO_THREAD_SAFETY_ANALYSIS;
  static std::optional<Refusal> PushAllQueued(std::span<Part> parts) MR_NO_THREAD_SAFETY_ANALYSIS;
  static std::optional<Refusal> CheckAllOpen(std::span<const Part> parts) MR_NO_THREAD_SAFETY_ANALYSIS;

  // logged_push.cc: the way through the log.
  Push TryPushLogged(std::span<data::Batch> batches, const std::function<void()>& wake,
                     const PushReceiptPtr& receipt, const std::string& id) MR_EXCLUDES(mutex_);
  static std::optional<Refusal> PushAllLogged(std::span<Part> parts, const std::function<void()>& wake,
                                              const PushReceiptPtr& receipt) MR_NO_THREAD_SAFETY_ANALYSIS;
  Logged::Part PartOf(std::span<const data::Batch> batches);
  void KeepRoom(const Logged::Part& part) MR_REQUIRES(mutex_);
  // `woken`: readers, to which nothing more comes.
  std::vector<std::function<void()>> FreeRoom(const Logged::Part& part, std::vector<uint64_t>* woken)
      MR_REQUIRES(mutex_);
  // The push is over without having been taken; an error goes to its receipt.
  static void GiveUp(const LoggedPtr& logged, const Status& why);
  // The log answers no more in order: nothing that waits for a place before it will be delivered.
  static void GiveUpAll(const LoggedPtr& logged, const Error& why);
  // The log has answered.
  static void Arrive(const LoggedPtr& logged, const Result<std::vector<log::AppendResult>>& results);
  // The log knew the id of a push: it is over once the rows of the first have been delivered.
  static void ArriveRepeated(const LoggedPtr& logged, const log::AppendResult& first);
  // Those that are over with the head where it is.
  void TakeRepetitions(std::vector<LoggedPtr>* over) MR_REQUIRES(mutex_);
  // Delivers it, if it is the next one in all its points. `next`: what may be delivered now.
  static void TryDeliver(const LoggedPtr& logged, std::vector<LoggedPtr>* next) MR_NO_THREAD_SAFETY_ANALYSIS;

  const data::Schema schema_;
  const std::shared_ptr<const PushEpoch> epoch_;
  const std::shared_ptr<RowLog> row_log_;
  const std::function<void(int64_t)> on_delivered_;

  // Held while readers are woken, so that one that has been taken off is not; before mutex_.
  Mutex wakes_mutex_;
  std::map<uint64_t, std::function<void()>> wakes_ MR_GUARDED_BY(wakes_mutex_);

  mutable Mutex mutex_;
  State state_ MR_GUARDED_BY(mutex_) = State::kOpen;
  std::map<uint64_t, Queue> queues_ MR_GUARDED_BY(mutex_);
  uint64_t next_reader_ MR_GUARDED_BY(mutex_) = 0;
  std::vector<std::function<void()>> waiters_ MR_GUARDED_BY(mutex_);
  int64_t rows_taken_ MR_GUARDED_BY(mutex_) = 0;
  int64_t bytes_taken_ MR_GUARDED_BY(mutex_) = 0;
  int64_t refused_ MR_GUARDED_BY(mutex_) = 0;
  // With a log: the offset behind what has been delivered, what is under way, and of that what is durable but
  // has something before it that is not, by offset.
  uint64_t head_ MR_GUARDED_BY(mutex_) = 0;
  size_t pushes_under_way_ MR_GUARDED_BY(mutex_) = 0;
  size_t rows_under_way_ MR_GUARDED_BY(mutex_) = 0;
  size_t bytes_under_way_ MR_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, LoggedPtr> early_ MR_GUARDED_BY(mutex_);
  // Pushes that add nothing, by the offset behind the rows that they repeat.
  std::multimap<uint64_t, LoggedPtr> repetitions_ MR_GUARDED_BY(mutex_);
  std::optional<Error> log_ended_ MR_GUARDED_BY(mutex_);
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
