// Inbox: the bounded channels through which other tasks send to one stage.
//
// One channel has one producer task and keeps its order. The bound is soft by what one message of the
// producer makes: a producer asks HasRoom of all its channels before it takes its next message, and is woken
// when a full channel has drained to half, or is blocked. Send, HasRoom, AddChannel and RemoveChannel from
// any thread; the rest from the owner. Shared with the producers, who may outlive the owner: it is closed by
// then.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "data/batch.h"
#include "dataflow/link.h"
#include "dataflow/task_waker.h"

namespace millrace::dataflow {

struct Message {
  enum class Kind : uint8_t {
    kBatch,
    kWatermark,
    kIdle,
    kEpoch,
    kEnd,
    kFailure,  // instead of kEnd: what is read has failed
  };
  Kind kind = Kind::kBatch;
  data::Batch batch;
  int64_t watermark = 0;
  bool idle = false;
  Epoch epoch;
  std::shared_ptr<const Error> failure;
};

class Inbox {
 public:
  // `owner` is woken by what arrives.
  explicit Inbox(std::shared_ptr<TaskWaker> owner) : owner_(std::move(owner)) {}

  // A new channel to input `input` of the stage; `producer` (may be null) is woken when it has room again.
  int AddChannel(int input, std::shared_ptr<TaskWaker> producer) MR_EXCLUDES(mutex_);
  // Nothing more will be sent on it: once it is empty, its number may be given to another.
  void RemoveChannel(int channel) MR_EXCLUDES(mutex_);
  void Send(int channel, Message message) MR_EXCLUDES(mutex_);
  // `if_blocked`: a blocked channel has, however much waits in it.
  bool HasRoom(int channel, bool if_blocked = false) const MR_EXCLUDES(mutex_);

  // The next message of a channel that is not blocked, channels in turn; false: none.
  bool Receive(Message* message, int* channel) MR_EXCLUDES(mutex_);
  // Messages of a blocked channel wait (its barrier has come, those of others have not).
  void Block(int channel) MR_EXCLUDES(mutex_);
  void UnblockAll() MR_EXCLUDES(mutex_);
  // The owner takes nothing any more: what is there and what comes is dropped, and every channel has room, so
  // that no producer waits for a task that has ended.
  void Close() MR_EXCLUDES(mutex_);
  int input_of(int channel) const MR_EXCLUDES(mutex_);
  // Those that have not been removed.
  size_t channels() const MR_EXCLUDES(mutex_);
  // Messages that wait, over all channels.
  size_t messages() const MR_EXCLUDES(mutex_);

 private:
  struct Channel {
    int input = 0;
    std::shared_ptr<TaskWaker> producer;
    std::deque<Message> messages;
    bool blocked = false;
    bool was_full = false;
    bool removed = false;
  };

  const std::shared_ptr<TaskWaker> owner_;
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Channel>> channels_ MR_GUARDED_BY(mutex_);
  size_t next_ MR_GUARDED_BY(mutex_) = 0;
  bool closed_ MR_GUARDED_BY(mutex_) = false;
};

// The producer's end of a channel.
struct Sender {
  std::shared_ptr<Inbox> inbox;
  int channel = 0;
  void Send(Message message) const { inbox->Send(channel, std::move(message)); }
  bool HasRoom(bool if_blocked = false) const { return inbox->HasRoom(channel, if_blocked); }
};

}  // namespace millrace::dataflow
