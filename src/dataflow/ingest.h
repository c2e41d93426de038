// Ingest: where rows enter a table from outside: one that users write to (CREATE TABLE without a connector),
// or a source with 'connector' = 'http'.
//
// One for each such table, shared by all its writers; from Warehouse::OpenIngest. Any thread. It outlives the
// table (then every push fails), and the warehouse outlives the last push.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "connectors/ingest/ingest_point.h"
#include "data/batch.h"
#include "data/schema.h"
#include "dataflow/push_clock.h"
#include "env/clock.h"

namespace millrace::dataflow {

class Ingest {
 public:
  // `key`: columns of the primary key, by their places in the point's schema; none: rows are only added.
  Ingest(std::string table, std::shared_ptr<connectors::IngestPoint> point, std::vector<int> key,
         const env::Clock* clock, std::shared_ptr<PushClock> push_clock);

  // The physical columns of the table, in the order of their declaration: what a writer gives.
  const data::Schema& schema() const { return point_->schema(); }
  const std::string& table() const { return table_; }

  // Whether the batch can go into this table. In a table with a primary key +I and +U set the row of their
  // key, -D removes it, -U is ignored; into any other only +I can go. kNullNotAllowed, kNotSupported (a kind
  // of row), kDatatypeMismatch (columns that are not those of schema()), kResourceExhausted (too many rows).
  Status Check(const data::Batch& batch) const;

  // Takes the batches, each of at most limits::kBatchRows rows, as one push: whole or not at all, but for
  // those from the first on that Check refuses. Answers how many were taken, which are moved from. For more
  // than a table at once there is PushGroup.
  //
  // In a durable warehouse they are then on their way to the log: `receipt` (null: the writer does not ask)
  // settles once they are durable and will be in the next epoch, or says why they are not. Otherwise they are
  // taken, and the receipt has nothing to wait for.
  //
  // 0: there is no room now. `wake` (may be empty) is called once, from any thread, when there may be; it
  // must only note that or post, and what it refers to must live until then. At most
  // limits::kIngestWaitersMax writers wait.
  //
  // Errors, after which trying again is of no use: those of Check of the first batch; nobody reads an http
  // table that keeps nothing (kUndefinedObject), the table was dropped (kUndefinedTable), its input has ended
  // (kNotSupported), too many writers wait (kResourceExhausted).
  Result<size_t> TryPush(std::span<data::Batch> batches, const std::function<void()>& wake,
                         const connectors::PushReceiptPtr& receipt);
  // One batch; true: it was taken.
  Result<bool> TryPush(data::Batch* batch, const std::function<void()>& wake,
                       const connectors::PushReceiptPtr& receipt = nullptr);

  // Whether rows go through the log, so that a push can have a key.
  bool is_durable() const { return point_->row_log() != nullptr; }
  // All of the batches as one push, which has a name: with the same key again, of at most
  // limits::kLogBatchIdBytesMax bytes, it is taken once, as long as the log remembers the key (src/log/
  // batch_ids.h). `receipt` then tells of a repetition; the rows that count are those of the first. Otherwise
  // as TryPush. kNotSupported: the table has no log.
  Result<bool> TryPushOnce(std::span<data::Batch> batches, const std::string& key,
                           const std::function<void()>& wake, const connectors::PushReceiptPtr& receipt);

  // For PushGroup; for the warehouse, which knows the other end; and for metrics.
  connectors::IngestPoint& point() const { return *point_; }
  std::shared_ptr<connectors::IngestPoint> shared_point() const { return point_; }
  // What a push that was not taken, and never will be, fails with.
  Error Refusal(connectors::IngestPoint::Push why) const;
  // Rows have been taken just now. Of those that go through the log the point tells when they are delivered.
  void NotePushed() const {
    if (point_->row_log() == nullptr) push_clock_->Pushed(clock_.MonotonicMicros());
  }

 private:
  const std::string table_;
  const std::shared_ptr<connectors::IngestPoint> point_;
  const std::vector<int> key_;
  const env::Clock& clock_;
  const std::shared_ptr<PushClock> push_clock_;
  std::vector<int> not_null_;  // columns outside of the key
};

}  // namespace millrace::dataflow
