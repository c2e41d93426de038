// PartitionWriter: the only one who touches the files of a partition. A task on the log's pool, which may
// block in a sync; while it does, appends gather for the next group.
//
// A run writes what waits as one group and makes it durable by one sync; closes a segment that is full; notes
// that all is durable when nothing has come for a while; removes segments that have expired. It waits at the
// end of a part of a transaction until all parts are written. Owned by the log, which retires it before it
// goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/env.h"
#include "env/executor.h"
#include "log/health.h"
#include "log/log_metrics.h"
#include "log/partition.h"
#include "log/segment_writer.h"

namespace millrace::log {

// Where a partition goes on, as recovery has found it.
struct WriterStart {
  std::unique_ptr<SegmentWriter> file;
  uint64_t next_offset = 0;
  int64_t last_append_micros = INT64_MIN;
  uint64_t last_transaction = 0;
  std::optional<int64_t> first_micros;  // of the segment's first batch
  bool needs_mark = false;              // something in it has nothing behind it that says that it is durable
};

class PartitionWriter final : public env::Task {
 public:
  // All outlive it. `folder` is the partition's.
  PartitionWriter(const env::Env& env, Health& health, env::WorkerPool& pool, LogMetrics& metrics,
                  Partition& partition, std::string folder, WriterStart start);

  bool Run() override;

  // ------------------------------------------------- for the log, once the writer is retired or its pool
  // stopped

  // Everything that was acknowledged is synced and noted as durable.
  Status Finish();
  // The appends that still wait are answered with `reason`; a transaction that the writer has a part in is
  // left.
  void Abandon(const Error& reason);

  // Any thread.
  void EnableRetention();

 private:
  using Group = std::vector<PendingAppend>;

  // False: there is a transaction to wait for.
  bool AdvanceTransaction();
  void KeepPart();
  bool UndoPart();

  void WriteGroup(Group& group);
  Status WriteAppends(Group& group, const TopicSettings& settings, std::vector<AppendResult>* results);
  Result<Partition::Written> WriteOne(EncodedAppend& encoded, const std::string& id);
  // The small appends of one layout that begin at `first`, as one batch; `end` is behind them.
  static AppendBatch Merge(Group& group, size_t first, size_t* end);
  void AnswerGroup(Group& group, const std::vector<AppendResult>& results);
  void FailGroup(Group& group, const Error& error);
  void Answer(PendingAppend& pending, const Result<AppendResult>& result);
  void Count(const AppendResult& result, size_t bytes);

  Status RollIfDue(const TopicSettings& settings);
  Status Roll();
  void WriteIndex();
  Status Sync();
  void Publish();
  void SyncIfDue(int64_t now_micros);

  void MarkIfDue(int64_t now_micros);
  Status WriteMark();
  void Retain(int64_t now_micros);
  Status RemoveSegment(const Segment& segment);
  void FailAll();
  void SetAlarm();

  const env::Env& env_;
  Health& health_;
  env::WorkerPool& pool_;
  LogMetrics& metrics_;
  Partition& partition_;
  const std::string folder_;

  std::unique_ptr<SegmentWriter> file_;
  uint64_t good_position_;  // what is before it in the file is acknowledged, or will be
  uint64_t next_offset_;
  int64_t last_append_micros_;
  uint64_t last_transaction_;
  std::optional<int64_t> first_micros_;  // of the segment's first batch
  bool must_roll_ = false;  // a new segment may have been begun: nothing goes into the old one any more
  std::vector<Partition::Written> unpublished_;  // acknowledged or not, not synced yet

  // The transaction that waits at the end of the file, and what it has written there.
  std::shared_ptr<Transaction> transaction_;
  std::optional<Partition::Written> part_;
  bool has_undone_ = false;

  // On the monotonic clock; 0: not.
  int64_t sync_due_micros_ = 0;
  int64_t mark_due_micros_ = 0;
  int64_t retention_due_micros_ = 0;
  std::atomic<bool> retention_enabled_{false};
};

}  // namespace millrace::log
