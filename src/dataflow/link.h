// Link: the way of rows from one step to the next within one task.
//
// A call goes down the whole chain of operators until an exchange, a table or a sink takes the
// rows. All calls come from the task that owns the chain. Order: batches and watermarks of an epoch, then
// OnEpoch; after OnEnd nothing but OnEpoch of no consequence.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "env/clock.h"
#include "operators/operator.h"
#include "telemetry/metrics.h"

namespace millrace::dataflow {

struct Epoch {
  int64_t number = 0;
  int64_t now_micros = 0;      // wall clock at its injection, µs
  bool is_checkpoint = false;  // tasks save their state behind its barrier
};

class Link : public operators::Output {
 public:
  // The stream gives no rows for now and must not hold watermarks back; or does again.
  virtual Status OnIdle(bool idle) = 0;
  virtual Status OnEpoch(const Epoch& epoch) = 0;
  // No more rows. At the end of the input the watermark kMaxWatermark came before; when the job was stopped
  // it did not, and windows that are open stay so.
  virtual Status OnEnd() = 0;
};

// Figures of one operator over all its shards; written by its tasks, read by whoever shows them. Any thread.
struct OperatorStats {
  std::string name;
  std::atomic<int64_t> rows_in{0};
  std::atomic<int64_t> watermark{data::kMinWatermark};
  // Of the last epoch. To count the bytes may take a walk over all entries: those of larger states are
  // counted at the epoch behind a raise of state_asked only.
  static constexpr int64_t kSmallStateEntries = 512;
  std::atomic<int64_t> state_bytes{0};
  std::atomic<int64_t> state_entries{0};
  std::atomic<uint32_t> state_asked{0};

  // With metrics only. Set before the tasks start, and then fixed.
  const env::Clock* clock = nullptr;
  telemetry::Counter* bytes = nullptr;
  telemetry::Histogram* seconds = nullptr;  // what the operator itself takes for a batch or a watermark

  int64_t rows_in_collected = 0;  // what the metrics have of rows_in; guarded by the warehouse
};

// An operator with one input.
class OperatorLink final : public Link {
 public:
  // `now_micros` is the task's clock reading; `done` (may be null) is set when the operator wants no more
  // input.
  OperatorLink(std::unique_ptr<operators::Operator> op, Link* next, const int64_t* now_micros,
               std::shared_ptr<OperatorStats> stats, std::shared_ptr<std::atomic<bool>> done);
  ~OperatorLink() override;

  Status OnBatch(data::Batch batch) override;
  Status OnWatermark(int64_t watermark) override;
  Status OnIdle(bool idle) override { return next_->OnIdle(idle); }
  Status OnEpoch(const Epoch& epoch) override;
  Status OnEnd() override { return next_->OnEnd(); }
  operators::Operator* op() const { return op_.get(); }

 private:
  void MeasureState();
  void TellState(int64_t bytes, int64_t entries);

  std::unique_ptr<operators::Operator> op_;
  Link* next_;
  const int64_t* now_micros_;
  std::shared_ptr<OperatorStats> stats_;
  // This shard's part of what stats_ says of the state, and the last question that it has answered.
  int64_t state_bytes_ = 0;
  int64_t state_entries_ = 0;
  uint32_t state_answered_ = 0;
  std::shared_ptr<std::atomic<bool>> done_;
};

// A union: several inputs, each a Link of its own; epochs and the end go on when all inputs have brought
// them.
class UnionLink {
 public:
  UnionLink(std::unique_ptr<operators::Operator> op, int inputs, Link* next, const int64_t* now_micros);
  ~UnionLink();
  Link* input(int i);
  operators::Operator* op() const { return op_.get(); }

 private:
  class Input;
  std::unique_ptr<operators::Operator> op_;
  Link* next_;
  const int64_t* now_micros_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::vector<bool> idle_;
  bool all_idle_ = false;
  int epochs_pending_ = 0;
  int ends_pending_;
};

// Merges the partitions of a source behind their own chains: lowest watermark of those not idle, rows' own
// watermarks lowered to it.
class PartitionMerge {
 public:
  explicit PartitionMerge(Link* next);
  ~PartitionMerge();
  // The link that a partition's chain ends in; made at its first call.
  Link* input(int partition);
  // A partition that is idle or has ended holds nothing back.
  Status SetIdle(int partition, bool idle);
  bool IsIdle(int partition) const { return partitions_[partition].idle; }
  int partitions() const { return static_cast<int>(partitions_.size()); }

  // For checkpoints: what was handed on, and of each partition, by its number, how far it has come and
  // whether it was idle. Restore comes before the first row. Where several have written of a partition it has
  // come no farther than the one that was farthest behind says: a watermark that is too low holds rows back,
  // one that is too high makes them late. A partition that has not started yet is as it was, so that one that
  // had ended holds nothing back, and one that is slow to show itself does. Announce hands on what had been
  // handed on.
  void Save(state::StateWriter& writer) const;
  Status Restore(state::StateReader& reader);
  Status Announce();
  int64_t watermark() const { return emitted_; }

 private:
  class Input;
  struct State {
    int64_t watermark = data::kMinWatermark;
    bool idle = false;
    std::unique_ptr<Input> link;
  };
  int64_t MinOfOthers(int partition) const;
  Status Advance();
  // Hands on whether all partitions are idle, when that has changed.
  Status TellIdle();

  Link* next_;
  std::vector<State> partitions_;
  int64_t emitted_ = data::kMinWatermark;
  bool all_idle_ = false;
};

}  // namespace millrace::dataflow
