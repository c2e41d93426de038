// StageTask: one shard of a run of operators without an exchange between them.
//
// Its inputs are fed by channels of its inbox. An epoch passes when its barrier has come on every channel
// that is alive; until then the channels that have brought it wait.
#pragma once

#include <functional>
#include <vector>

#include "dataflow/task.h"

namespace millrace::dataflow {

class StageTask : public DataflowTask {
 public:
  StageTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator, std::shared_ptr<Job> job)
      : DataflowTask(env, pool, coordinator, std::move(job)), inbox_(std::make_shared<Inbox>(waker())) {}

  // --- Building. ---
  int AddInput(Link* link);
  // A channel that `producer` will send to; null for one that feeds itself (an attached table's writer is set
  // through StoredPart::writer).
  Sender AddChannel(int input, std::shared_ptr<TaskWaker> producer);

  size_t queued_messages() const override { return inbox_->messages(); }

 protected:
  Result<bool> Step() override;
  void OnFinish() override { inbox_->Close(); }
  virtual Status OnMessage(Message message, int channel);

  const std::shared_ptr<Inbox> inbox_;

 private:
  struct Channel {
    int64_t watermark = data::kMinWatermark;
    bool idle = false;
    bool ended = false;
    int64_t epoch = 0;  // the last barrier that came
  };
  struct Input {
    Link* link;
    std::vector<int> channels;
    int64_t watermark = data::kMinWatermark;
    bool idle = false;
    bool ended = false;
  };
  Status Advance(Input* input);
  Status PassEpochIfAligned();
  Status End(int channel);

  std::vector<Channel> channels_;
  std::vector<Input> inputs_;
  Epoch pending_epoch_;  // barriers of this epoch are coming in; number 0: none
};

}  // namespace millrace::dataflow
