// LoggedSource: what makes a source outlive the process that cannot read again what it has read (standard
// input, sockets). What the source gives goes into a topic of the durable log, and on only when it is on the
// device; a restart gives from the log what lies behind the last checkpoint, then what comes anew.
//
//   stream -> source -> gathered -> append, one at a time -> durable -> sink
//
// One append is under way at a time; what comes meanwhile is the next one, so a sync is shared by all that
// came during the one before, and order in the log is the order of arrival. While the disk is full nothing is
// read: senders wait in their connections.
//
// A checkpoint's position is an offset of the topic; what lies before it is removed once that is durable.
// One thread; the log answers on its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "connectors/connector.h"
#include "connectors/stream/stream_log.h"
#include "log/log.h"

namespace millrace::connectors {

// The source itself, if the context has no log. Finds the topic, or makes it: then this waits for files.
Result<std::unique_ptr<Source>> KeepInLog(std::unique_ptr<Source> source, const SourceContext& context);

class LoggedSource final : public Source {
 public:
  LoggedSource(std::unique_ptr<Source> source, std::shared_ptr<log::Topic> topic, env::Env& env,
               std::function<void()> wake);
  ~LoggedSource() override;

  const data::Schema& schema() const override { return source_->schema(); }
  bool bounded() const override { return source_->bounded(); }
  int initial_partitions() const override { return source_->initial_partitions(); }
  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override;
  std::string Position() const override;
  Status Seek(std::string_view position) override;
  std::function<void()> ForgetBefore() const override;
  std::string LogTopic() const override { return topic_->name(); }
  SourceProgress Progress() const override { return source_->Progress(); }

 private:
  class Recorder;
  // Outlives the source while the log has an append of it.
  struct Answer {
    explicit Answer(std::function<void()> wake) : wake(std::move(wake)) {}
    const std::function<void()> wake;
    Mutex mutex;
    std::optional<Result<log::AppendResult>> result MR_GUARDED_BY(mutex);
    bool is_abandoned MR_GUARDED_BY(mutex) = false;
  };

  // From the log, up to its end. False: that has been reached.
  Result<bool> Replay(SourceSink& sink, const PollLimits& limits);
  // The streams that went with the process have no more.
  void EndStreams();
  Status Give(const StreamEvent& event, SourceSink& sink);
  // What the append under way has come to, if it has.
  Status TakeAnswer(SourceSink& sink);
  // Reads what has come; what the source says of what is to follow.
  Result<ReadStatus> Gather(const PollLimits& limits);
  Status StartAppend();
  bool HasRoom() const;
  int64_t Now() const { return env_.clock->MonotonicMicros(); }

  const std::unique_ptr<Source> source_;
  const std::shared_ptr<log::Topic> topic_;
  env::Env& env_;
  std::vector<data::DataType> types_;
  const std::shared_ptr<Answer> answer_;

  uint64_t position_;                    // of the next event that has not been given
  std::unique_ptr<log::Reader> reader_;  // null: the end of the log has been reached
  std::set<int> streams_;                // partitions that have started, of those that come and go
  std::vector<StreamEvent> gathered_;
  size_t gathered_bytes_ = 0;
  size_t gathered_rows_ = 0;
  std::vector<StreamEvent> under_way_;
  bool is_waiting_ = false;  // for the answer to what is under way
  int64_t retry_micros_ = 0;
  bool source_ended_ = false;
  bool ended_ = false;
};

}  // namespace millrace::connectors
