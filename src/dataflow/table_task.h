// TableTask: keeps a table that users INSERT into (CREATE TABLE without a connector). It ends only when it
// is asked to; each INSERT adds a channel. A root task: INSERTs do not hold its epochs up.
#pragma once

#include <atomic>
#include <memory>

#include "dataflow/source_task.h"

namespace millrace::dataflow {

class TableTask final : public RootTask {
 public:
  TableTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator, std::shared_ptr<Job> job)
      : RootTask(env, pool, coordinator, std::move(job)), inbox_(pool, this) {}
  // The chain that changes go through: for a keyed table a normalisation, then the table.
  void SetChain(Link* chain) { chain_ = chain; }
  // No INSERT comes any more: the end of input for whoever follows the table, once the inbox is empty. Any
  // thread; the caller wakes the task.
  void RequestEnd() { end_requested_.store(true); }
  Sender AddProducer(env::Task* producer) { return Sender{&inbox_, inbox_.AddChannel(0, producer)}; }

 protected:
  Result<bool> Step() override;
  void OnFinish() override { inbox_.Close(); }

 private:
  Result<bool> TakeMessages(int messages_max);

  Inbox inbox_;
  Link* chain_ = nullptr;
  std::atomic<bool> end_requested_{false};
};

}  // namespace millrace::dataflow
