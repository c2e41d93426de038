// StoredTable: a table that Millrace keeps: its parts, who writes them, and who reads their changes.
//
// A part is written by one task through a TableLink. Readers of changes (views on this table) attach to every
// part: under the part's lock they get the rows so far, then each later message of the writer, so nothing
// is missed and nothing comes twice. Snapshots are staged by the writer at each epoch and published by the
// Coordinator, which owns `published`.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "dataflow/change_tap.h"
#include "dataflow/inbox.h"
#include "dataflow/link.h"
#include "dataflow/saved_state.h"
#include "plan/distribution.h"
#include "tables/table_part.h"

namespace millrace::dataflow {

class StoredPart {
 public:
  // `table`: the full name of its table, for messages.
  StoredPart(std::string table, data::SchemaPtr schema, tables::TableMode mode, std::vector<int> key);

  // Where chunks are counted that only snapshots have; before the first row.
  void SetMemory(tables::HeldMemoryPtr memory) MR_EXCLUDES(mutex_);

  // --- The writing task. ---
  void Apply(const data::Batch& batch) MR_EXCLUDES(mutex_);
  void Watermark(int64_t watermark) MR_EXCLUDES(mutex_);
  void Idle(bool idle) MR_EXCLUDES(mutex_);
  // Stages the snapshot of the epoch; passes the barrier on.
  void PassEpoch(const Epoch& epoch) MR_EXCLUDES(mutex_);
  void End() MR_EXCLUDES(mutex_);
  // Ends it for readers too, now and later: they fail, naming the table and the cause.
  void Fail(const Error& cause) MR_EXCLUDES(mutex_);
  // For checkpoints. Restore comes before anything is applied or attached; the rows are staged then.
  void TrackChanges(std::vector<int> spread_columns) MR_EXCLUDES(mutex_);
  void Save(state::StateWriter& writer) MR_EXCLUDES(mutex_);
  Status Restore(state::StateReader& reader) MR_EXCLUDES(mutex_);
  // Keeps the youngest rows (kAppend only); how many went.
  int64_t KeepYoungest(size_t rows_max, size_t bytes_max) MR_EXCLUDES(mutex_);
  // Whether every attached reader has room for more.
  bool ReadersHaveRoom() const MR_EXCLUDES(mutex_);

  // --- The coordinator. ---
  tables::PartSnapshotPtr staged() const MR_EXCLUDES(mutex_);
  // Bytes copied since the last call because they were shared with a snapshot.
  int64_t TakeCopiedBytes() { return copied_bytes_.exchange(0, std::memory_order_relaxed); }

  // --- Attaching readers; only while no epoch is in flight. ---
  // Sends the rows so far (as +I; `with_rows`: not to a reader that was restored and has seen them), the
  // watermark, whether the writer is idle and, if it has ended, the end; then every change.
  void Attach(const Sender& reader, bool with_rows) MR_EXCLUDES(mutex_);
  // Sends the end to a reader that was attached, and nothing more.
  void Detach(const Sender& reader) MR_EXCLUDES(mutex_);
  // Has a tap hear of everything from now on.
  void AddTap(std::shared_ptr<PartTap> tap) MR_EXCLUDES(mutex_);
  int64_t watermark() const MR_EXCLUDES(mutex_);
  int64_t rows() const MR_EXCLUDES(mutex_);
  size_t MemoryBytes() const MR_EXCLUDES(mutex_);
  env::Task* writer = nullptr;  // set before it first runs; guarded by the coordinator then; null: gone
  std::shared_ptr<TaskWaker> writer_waker;

 private:
  void EndWith(const Message& last) MR_REQUIRES(mutex_);
  void SendAll(const Message& message) MR_REQUIRES(mutex_);
  void ForgetClosedTaps() MR_REQUIRES(mutex_);

  const std::string table_;
  const data::SchemaPtr schema_;
  std::atomic<int64_t> copied_bytes_{0};
  mutable Mutex mutex_;
  tables::TablePart part_ MR_GUARDED_BY(mutex_);
  tables::PartSnapshotPtr staged_ MR_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<PartTap>> taps_ MR_GUARDED_BY(mutex_);
  std::vector<Sender> readers_ MR_GUARDED_BY(mutex_);
  int64_t watermark_ MR_GUARDED_BY(mutex_) = data::kMinWatermark;
  bool idle_ MR_GUARDED_BY(mutex_) = false;
  bool ended_ MR_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const Error> failure_ MR_GUARDED_BY(mutex_);
};

struct StoredTable {
  StoredTable(std::string name, data::SchemaPtr schema, tables::TableMode mode, std::vector<int> key,
              plan::Spread spread);

  std::string name;  // "schema.name"
  data::SchemaPtr schema;
  tables::TableMode mode;
  std::vector<int> key;
  plan::Spread spread;  // of the rows over the parts
  // INSERTs may write to it, or to what it is made of; their rows come in without regard to barriers.
  bool follows_inserts = false;
  std::vector<std::shared_ptr<StoredPart>> parts;       // shared with writers, and readers to detach
  std::vector<tables::PartSnapshotPtr> published;       // guarded by the coordinator
  std::vector<std::shared_ptr<TableWatcher>> watchers;  // guarded by the coordinator
};

// The table that keeps a query's result, with a part for each task that will write it.
std::unique_ptr<StoredTable> MakeResultTable(const std::string& name, const plan::PlannedQuery& query,
                                             const plan::Spreading& spreading);

// Has the part notice its changes, and tells who saves them.
StateOwner OwnerOfPart(uint64_t object_id, const StoredTable& table, size_t part);

// The end of a chain that writes a table.
class TableLink final : public Link {
 public:
  explicit TableLink(StoredPart* part) : part_(*part) {}
  Status OnBatch(data::Batch batch) override;
  Status OnWatermark(int64_t watermark) override;
  Status OnIdle(bool idle) override;
  Status OnEpoch(const Epoch& epoch) override;
  Status OnEnd() override;

 private:
  StoredPart& part_;
};

}  // namespace millrace::dataflow
