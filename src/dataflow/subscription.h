// Subscription: the changes of one stored table (a materialized view or a table that users write to) after a
// consistent snapshot.
//
// From Warehouse::Subscribe. Events come in this order: the rows of the snapshot (kSnapshot, any number), its
// epoch (kEpoch), then for every epoch in which the table changed its changes (kChanges) and kEpoch. What was
// received up to the kEpoch of epoch E, applied in order, is the table as published at E: every row that goes
// is given whole (-U or -D), a change that had no effect is left out. An epoch is given only once it is
// published. -U and +U of a row are neighbours.
//
// Bounds: the snapshot shares the table's chunks and is let go as it is read, or, when old snapshots hold too
// much memory (tables/held_memory.h), before; changes that wait for the
// reader take at most `buffer_bytes_max` bytes. A reader that is slower is told so (kLagged) and gets nothing
// more: the writer never waits for it. To go on, it subscribes again.
//
// One thread at a time calls TryNext; the table may be dropped and the warehouse go meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/mutex.h"
#include "data/batch.h"
#include "data/schema.h"
#include "dataflow/change_tap.h"
#include "dataflow/stored_table.h"
#include "tables/held_memory.h"

namespace millrace::dataflow {

struct SubscribeOptions {
  bool snapshot = true;  // false: the changes alone, after the kEpoch that they start from
  size_t buffer_bytes_max = limits::kSubscriptionBytes;
};

// Of all subscriptions of a warehouse; for metrics.
struct SubscriptionFigures {
  std::atomic<int64_t> open{0};
  std::atomic<int64_t> lagged{0};
};

class SubscriptionFeed;

class Subscription final : private tables::HeldMemory::Holder {
 public:
  struct Event {
    enum class Kind : uint8_t {
      kSnapshot,  // rows as of the first epoch, all +I
      kChanges,   // changes of `epoch`
      kEpoch,     // all of `epoch` has been given
      kEnd,       // nothing more will come: the table was dropped, or its writer has ended
      kLagged,    // the reader was too slow: changes were lost, nothing more will come
    };
    Kind kind = Kind::kEnd;
    int64_t epoch = 0;
    data::Batch batch;
    std::string reason;  // of kEnd and kLagged, for people
  };

  // `epoch`: the newest, its snapshot will not be of an older one.
  Subscription(std::shared_ptr<SubscriptionFeed> feed, data::SchemaPtr schema, tables::HeldMemoryPtr memory,
               int64_t epoch);
  ~Subscription() override;

  // nullopt: nothing now; `wake` (may be empty) is called once, from any thread, when there is, and replaces
  // one given before. It is called with locks held: it must only note or post. After kEnd or kLagged every
  // call gives kEnd.
  std::optional<Event> TryNext(const std::function<void()>& wake);
  const data::Schema& schema() const { return *schema_; }

 private:
  bool EndHold(const Error& reason) override;

  std::shared_ptr<SubscriptionFeed> feed_;
  data::SchemaPtr schema_;
  tables::HeldMemoryPtr memory_;
  bool holds_ = true;  // its snapshot has not been read to the end
};

// The side of a subscription that the table fills; the table shares it and forgets it once it is closed.
// Any thread; its lock is the innermost.
class SubscriptionFeed final : public TableWatcher, public std::enable_shared_from_this<SubscriptionFeed> {
 public:
  using Event = Subscription::Event;

  SubscriptionFeed(size_t parts, const SubscribeOptions& options,
                   std::shared_ptr<SubscriptionFigures> figures);
  ~SubscriptionFeed() override;

  // What to put on part `part` of the table; while no epoch is in flight.
  std::shared_ptr<PartTap> MakeTap(size_t part);

  bool closed() const override { return closed_.load(std::memory_order_relaxed); }
  void OnPublished(int64_t epoch, const std::vector<tables::PartSnapshotPtr>& published) override
      MR_EXCLUDES(mutex_);
  void OnDropped() override MR_EXCLUDES(mutex_);

  std::optional<Event> TryNext(const std::function<void()>& wake) MR_EXCLUDES(mutex_);
  // Lets go of what has not been read of the snapshot, and ends as for a slow reader.
  void EndSnapshot(const Error& reason) MR_EXCLUDES(mutex_);
  // Nobody reads any more.
  void Close() MR_EXCLUDES(mutex_);

 private:
  class Tap;
  // Changes between two barriers of a part, as of the epoch of the second.
  struct Group {
    int64_t epoch = 0;
    std::vector<data::Batch> changes;
  };
  struct Part {
    tables::PartSnapshotPtr base;  // set by the first barrier, or the end; taken when it is published
    bool started = false;
    std::vector<data::Batch> open;  // since the last barrier
    std::deque<Group> passed;
    tables::PartSnapshotPtr last;  // of an ended part
  };

  void PartChanged(size_t part, const std::vector<data::Batch>& changes) MR_EXCLUDES(mutex_);
  void PartPassed(size_t part, int64_t epoch, const tables::PartSnapshotPtr& staged) MR_EXCLUDES(mutex_);
  void PartEnded(size_t part, const tables::PartSnapshotPtr& staged) MR_EXCLUDES(mutex_);

  void PublishSnapshot(int64_t epoch) MR_REQUIRES(mutex_);
  // Whether anything was given.
  bool PublishChanges(int64_t epoch, const std::vector<tables::PartSnapshotPtr>& published)
      MR_REQUIRES(mutex_);
  void Give(std::vector<data::Batch>* changes, int64_t epoch) MR_REQUIRES(mutex_);
  void Finish(Event::Kind kind, std::string reason) MR_REQUIRES(mutex_);
  std::function<void()> TakeWake() MR_REQUIRES(mutex_);

  const SubscribeOptions options_;
  const std::shared_ptr<SubscriptionFigures> figures_;
  std::atomic<bool> closed_{false};
  mutable Mutex mutex_;
  std::vector<Part> parts_ MR_GUARDED_BY(mutex_);
  bool snapshot_given_ MR_GUARDED_BY(mutex_) = false;
  std::deque<tables::ChunkPtr> snapshot_ MR_GUARDED_BY(mutex_);  // come before all of `ready_`
  int64_t snapshot_epoch_ MR_GUARDED_BY(mutex_) = 0;
  std::deque<Event> ready_ MR_GUARDED_BY(mutex_);
  size_t bytes_ MR_GUARDED_BY(mutex_) = 0;  // of all changes held
  std::function<void()> wake_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::dataflow
