#include "dataflow/link.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "operators/saved_state.h"

namespace millrace::dataflow {
namespace {

// What the operators behind have taken so far, within the call that this thread makes now: theirs, not ours.
thread_local int64_t micros_behind = 0;

// Times a call of an operator, but for those behind it that it calls.
class OwnTime {
 public:
  explicit OwnTime(const OperatorStats& stats) : stats_(stats) {
    if (stats_.seconds == nullptr) return;
    outer_micros_behind_ = std::exchange(micros_behind, 0);
    started_micros_ = stats_.clock->MonotonicMicros();
  }
  ~OwnTime() {
    if (stats_.seconds == nullptr) return;
    const int64_t micros = stats_.clock->MonotonicMicros() - started_micros_;
    stats_.seconds->Record(static_cast<uint64_t>(std::max<int64_t>(micros - micros_behind, 0)));
    micros_behind = outer_micros_behind_ + micros;
  }
  OwnTime(const OwnTime&) = delete;
  OwnTime& operator=(const OwnTime&) = delete;

 private:
  const OperatorStats& stats_;
  int64_t started_micros_ = 0;
  int64_t outer_micros_behind_ = 0;
};

size_t BytesOf(const data::Batch& batch) {
  size_t bytes = 0;
  for (const auto& column : batch.columns) bytes += column->MemoryBytes();
  return bytes;
}

}  // namespace

OperatorLink::OperatorLink(std::unique_ptr<operators::Operator> op, Link* next, const int64_t* now_micros,
                           std::shared_ptr<OperatorStats> stats, std::shared_ptr<std::atomic<bool>> done)
    : op_(std::move(op)),
      next_(next),
      now_micros_(now_micros),
      stats_(std::move(stats)),
      done_(std::move(done)) {}

OperatorLink::~OperatorLink() {
  TellState(0, 0);
}

Status OperatorLink::OnBatch(data::Batch batch) {
  stats_->rows_in.fetch_add(static_cast<int64_t>(batch.rows), std::memory_order_relaxed);
  if (stats_->bytes != nullptr) stats_->bytes->Increment(BytesOf(batch));
  const OwnTime time(*stats_);
  op_->SetNow(*now_micros_);
  MR_TRY(op_->OnBatch(0, std::move(batch)));
  if (done_ != nullptr && op_->IsDone()) done_->store(true, std::memory_order_relaxed);
  return {};
}

Status OperatorLink::OnWatermark(int64_t watermark) {
  stats_->watermark.store(watermark, std::memory_order_relaxed);
  const OwnTime time(*stats_);
  op_->SetNow(*now_micros_);
  return op_->OnWatermark(watermark);
}

Status OperatorLink::OnEpoch(const Epoch& epoch) {
  op_->SetNow(*now_micros_);
  MR_TRY(op_->OnEpoch(epoch.now_micros));
  MeasureState();
  return next_->OnEpoch(epoch);
}

void OperatorLink::MeasureState() {
  const uint32_t asked = stats_->state_asked.load(std::memory_order_relaxed);
  const auto entries = static_cast<int64_t>(op_->StateEntries());
  const bool walks = entries <= OperatorStats::kSmallStateEntries || asked != state_answered_;
  state_answered_ = asked;
  TellState(walks ? static_cast<int64_t>(op_->StateBytes()) : state_bytes_, entries);
}

void OperatorLink::TellState(int64_t bytes, int64_t entries) {
  if (bytes == state_bytes_ && entries == state_entries_) return;
  stats_->state_bytes.fetch_add(bytes - state_bytes_, std::memory_order_relaxed);
  stats_->state_entries.fetch_add(entries - state_entries_, std::memory_order_relaxed);
  state_bytes_ = bytes;
  state_entries_ = entries;
}

class UnionLink::Input final : public Link {
 public:
  Input(UnionLink* owner, int index) : owner_(*owner), index_(index) {}

  Status OnBatch(data::Batch batch) override {
    owner_.op_->SetNow(*owner_.now_micros_);
    return owner_.op_->OnBatch(index_, std::move(batch));
  }
  Status OnWatermark(int64_t watermark) override { return owner_.op_->OnInputWatermark(index_, watermark); }
  Status OnIdle(bool idle) override {
    owner_.idle_[index_] = idle;
    MR_TRY(owner_.op_->OnInputIdle(index_, idle));
    const bool all_idle = std::all_of(owner_.idle_.begin(), owner_.idle_.end(), [](bool i) { return i; });
    if (all_idle == owner_.all_idle_) return {};
    owner_.all_idle_ = all_idle;
    return owner_.next_->OnIdle(all_idle);
  }
  Status OnEpoch(const Epoch& epoch) override {
    if (++owner_.epochs_pending_ < static_cast<int>(owner_.inputs_.size())) return {};
    owner_.epochs_pending_ = 0;
    MR_TRY(owner_.op_->OnEpoch(epoch.now_micros));
    return owner_.next_->OnEpoch(epoch);
  }
  Status OnEnd() override {
    if (--owner_.ends_pending_ > 0) return {};
    return owner_.next_->OnEnd();
  }

 private:
  UnionLink& owner_;
  int index_;
};

UnionLink::UnionLink(std::unique_ptr<operators::Operator> op, int inputs, Link* next,
                     const int64_t* now_micros)
    : op_(std::move(op)), next_(next), now_micros_(now_micros), idle_(inputs, false), ends_pending_(inputs) {
  for (int i = 0; i < inputs; ++i) inputs_.push_back(std::make_unique<Input>(this, i));
}

UnionLink::~UnionLink() = default;

Link* UnionLink::input(int i) {
  return inputs_[i].get();
}

class PartitionMerge::Input final : public Link {
 public:
  Input(PartitionMerge* owner, int partition) : owner_(*owner), partition_(partition) {}

  Status OnBatch(data::Batch batch) override {
    if (owner_.partitions_.size() > 1) LowerWatermarks(&batch);
    return owner_.next_->OnBatch(std::move(batch));
  }
  Status OnWatermark(int64_t watermark) override {
    owner_.partitions_[partition_].watermark = watermark;
    return owner_.Advance();
  }
  // Idleness, epochs and the end come to the merge as a whole, from the source task.
  Status OnIdle(bool) override { return {}; }
  Status OnEpoch(const Epoch&) override { return {}; }
  Status OnEnd() override { return {}; }

 private:
  void LowerWatermarks(data::Batch* batch) const {
    if (!batch->watermarks) return;
    const int64_t others = std::max(owner_.MinOfOthers(partition_), owner_.emitted_);
    auto lowered = std::make_shared<std::vector<int64_t>>(*batch->watermarks);
    for (int64_t& watermark : *lowered) watermark = std::min(watermark, others);
    batch->watermarks = std::move(lowered);
  }

  PartitionMerge& owner_;
  int partition_;
};

PartitionMerge::PartitionMerge(Link* next) : next_(next) {}
PartitionMerge::~PartitionMerge() = default;

Link* PartitionMerge::input(int partition) {
  while (static_cast<int>(partitions_.size()) <= partition) {
    partitions_.emplace_back();
    partitions_.back().link = std::make_unique<Input>(this, static_cast<int>(partitions_.size()) - 1);
  }
  return partitions_[partition].link.get();
}

Status PartitionMerge::SetIdle(int partition, bool idle) {
  input(partition);
  if (partitions_[partition].idle == idle) return {};
  partitions_[partition].idle = idle;
  MR_TRY(Advance());
  return TellIdle();
}

Status PartitionMerge::TellIdle() {
  const bool all_idle =
      std::all_of(partitions_.begin(), partitions_.end(), [](const State& state) { return state.idle; });
  if (all_idle == all_idle_) return {};
  all_idle_ = all_idle;
  return next_->OnIdle(all_idle);
}

void PartitionMerge::Save(state::StateWriter& writer) const {
  std::string value;
  operators::PutNumber(emitted_, &value);
  for (const State& partition : partitions_) {
    operators::PutNumber(partition.watermark, &value);
    operators::PutNumber(static_cast<uint8_t>(partition.idle), &value);
  }
  writer.PutShared("watermarks", value);
}

Status PartitionMerge::Restore(state::StateReader& reader) {
  struct Saved {
    int64_t watermark = data::kMaxWatermark;
    bool idle = true;
  };
  MR_TRY(state::ExpectNothing(reader));
  const std::vector<std::string_view> values = reader.shared("watermarks");
  if (values.empty()) return {};
  int64_t emitted = data::kMaxWatermark;
  std::vector<Saved> saved;
  for (std::string_view value : values) {
    int64_t writers_emitted = 0;
    MR_TRY(operators::TakeNumber(&value, &writers_emitted));
    emitted = std::min(emitted, writers_emitted);
    for (size_t partition = 0; !value.empty(); ++partition) {
      int64_t watermark = 0;
      uint8_t idle = 0;
      MR_TRY(operators::TakeNumber(&value, &watermark));
      MR_TRY(operators::TakeNumber(&value, &idle));
      if (partition == saved.size()) saved.emplace_back();
      saved[partition].watermark = std::min(saved[partition].watermark, watermark);
      saved[partition].idle = saved[partition].idle && idle != 0;
    }
  }
  emitted_ = emitted;
  const size_t started = partitions_.size();  // these give rows, whatever they did before
  for (size_t i = 0; i < saved.size(); ++i) {
    input(static_cast<int>(i));
    partitions_[i].watermark = saved[i].watermark;
    if (i >= started) partitions_[i].idle = saved[i].idle;
  }
  return {};
}

Status PartitionMerge::Announce() {
  if (emitted_ != data::kMinWatermark) MR_TRY(next_->OnWatermark(emitted_));
  return partitions_.empty() ? Status() : TellIdle();
}

int64_t PartitionMerge::MinOfOthers(int partition) const {
  int64_t lowest = data::kMaxWatermark;
  for (size_t i = 0; i < partitions_.size(); ++i) {
    if (static_cast<int>(i) == partition || partitions_[i].idle) continue;
    lowest = std::min(lowest, partitions_[i].watermark);
  }
  return lowest;
}

Status PartitionMerge::Advance() {
  bool any_active = false;
  int64_t lowest = data::kMaxWatermark;
  for (const State& state : partitions_) {
    if (state.idle) continue;
    any_active = true;
    lowest = std::min(lowest, state.watermark);
  }
  if (!any_active || lowest <= emitted_) return {};
  emitted_ = lowest;
  return next_->OnWatermark(lowest);
}

}  // namespace millrace::dataflow
