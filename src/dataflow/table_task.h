// TableTask: keeps a table that users write to (CREATE TABLE without a connector). It ends only when it is
// asked to; each INSERT adds a channel, and rows from outside come through one lasting reader of the table's
// IngestPoint.
//
// A root task: writers do not hold its epochs up, but those of checkpoints. There it takes of each INSERT
// what came before its barrier, and nothing more until the barriers of all are there, so that rows and the
// positions of the sources that they were made of are saved together.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "connectors/ingest/ingest_point.h"
#include "dataflow/source_task.h"

namespace millrace::dataflow {

class TableTask final : public RootTask {
 public:
  TableTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator, std::shared_ptr<Job> job)
      : RootTask(env, pool, coordinator, std::move(job)), inbox_(std::make_shared<Inbox>(waker())) {}
  // The chain that changes go through: for a keyed table a normalisation, then the table.
  void SetChain(Link* chain) { chain_ = chain; }
  // `row_log` (may be null) keeps what comes through the reader.
  void SetIngest(std::unique_ptr<connectors::IngestPoint::Reader> ingest,
                 std::shared_ptr<connectors::RowLog> row_log) {
    ingest_ = std::move(ingest);
    row_log_ = std::move(row_log);
  }
  // Where it is in the log of the table outlives the process. `is_saved`: that must be there at Restore.
  void KeepPosition(uint64_t object_id, bool is_saved);
  // No INSERT comes any more: the end of input for whoever follows the table, once the inbox is empty. Any
  // thread; the caller wakes the task.
  void RequestEnd() { end_requested_.store(true); }
  Sender AddProducer(const DataflowTask& producer) {
    return Sender{inbox_, inbox_->AddChannel(0, producer.waker())};
  }
  // The producer of the channel takes part in the epochs to come. Between epochs.
  void ExpectBarriers(int channel) MR_EXCLUDES(producers_mutex_);
  size_t queued_messages() const override { return inbox_->messages(); }

 protected:
  Result<bool> Step() override;
  void OnFinish() override;

 private:
  // All that was sent or pushed before the epoch began.
  Status TakeAllOf(const Epoch& epoch);
  // For when what is saved now is durable: nobody needs these rows in the log then.
  std::function<void()> ForgetTaken() const;
  bool HasAllBarriers() const MR_EXCLUDES(producers_mutex_);
  Status PassBarrier();
  Status OnMessage(Message message, int channel);
  Result<bool> TakeMessages(int messages_max);
  // At least `rows_max` rows of those pushed from outside, if there are so many; whether there may be more.
  Result<bool> TakePushed(size_t rows_max);

  const std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<connectors::IngestPoint::Reader> ingest_;
  std::shared_ptr<connectors::RowLog> row_log_;
  Link* chain_ = nullptr;
  std::atomic<bool> end_requested_{false};
  Epoch pending_;  // a checkpoint whose barriers are coming in; number 0: none

  mutable Mutex producers_mutex_;
  // The last barrier of a checkpoint that has come, by channel.
  std::map<int, int64_t> producers_ MR_GUARDED_BY(producers_mutex_);
};

}  // namespace millrace::dataflow
