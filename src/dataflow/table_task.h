// TableTask: keeps a table that users write to (CREATE TABLE without a connector). It ends only when it is
// asked to; each INSERT adds a channel, and rows from outside come through one lasting reader of the table's
// IngestPoint. A root task: writers do not hold its epochs up.
#pragma once

#include <atomic>
#include <memory>

#include "connectors/ingest/ingest_point.h"
#include "dataflow/source_task.h"

namespace millrace::dataflow {

class TableTask final : public RootTask {
 public:
  TableTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator, std::shared_ptr<Job> job)
      : RootTask(env, pool, coordinator, std::move(job)), inbox_(std::make_shared<Inbox>(waker())) {}
  // The chain that changes go through: for a keyed table a normalisation, then the table.
  void SetChain(Link* chain) { chain_ = chain; }
  void SetIngest(std::unique_ptr<connectors::IngestPoint::Reader> ingest) { ingest_ = std::move(ingest); }
  // No INSERT comes any more: the end of input for whoever follows the table, once the inbox is empty. Any
  // thread; the caller wakes the task.
  void RequestEnd() { end_requested_.store(true); }
  Sender AddProducer(const DataflowTask& producer) {
    return Sender{inbox_, inbox_->AddChannel(0, producer.waker())};
  }
  size_t queued_messages() const override { return inbox_->messages(); }

 protected:
  Result<bool> Step() override;
  void OnFinish() override;

 private:
  Result<bool> TakeMessages(int messages_max);
  // At least `rows_max` rows of those pushed from outside, if there are so many; whether there may be more.
  Result<bool> TakePushed(size_t rows_max);

  const std::shared_ptr<Inbox> inbox_;
  std::unique_ptr<connectors::IngestPoint::Reader> ingest_;
  Link* chain_ = nullptr;
  std::atomic<bool> end_requested_{false};
};

}  // namespace millrace::dataflow
