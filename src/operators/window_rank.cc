#include "operators/window_rank.h"

#include <algorithm>
#include <map>

#include "operators/ranked_rows.h"
#include "operators/row_emitter.h"
#include "operators/saved_state.h"
#include "operators/sort_bytes.h"
#include "operators/window_rows.h"
#include "operators/window_spaces.h"

namespace millrace::operators {
namespace {

using data::Batch;
using state::EntryId;

struct WindowRankState {
  std::map<SliceKey, RankedRows> windows;
  std::vector<SliceKey> gone;  // saved and closed since the last Save
  int64_t watermark = data::kMinWatermark;
  int64_t sequence = 0;
};

// The part of a window aggregate's configuration that assigns rows to attached windows.
WindowAggregateSpec AttachedWindows(const WindowRankSpec& spec) {
  WindowAggregateSpec windows;
  windows.attached = true;
  windows.window_start_column = spec.window_start_column;
  windows.window_end_column = spec.window_end_column;
  windows.is_ltz = spec.is_ltz;
  return windows;
}

std::vector<data::DataType> OutputTypes(const WindowRankSpec& spec) {
  std::vector<data::DataType> types = spec.input_types;
  if (spec.output_rank) types.push_back(data::DataType::BigInt().NotNull());
  return types;
}

class WindowRank final : public Operator {
 public:
  WindowRank(std::shared_ptr<const WindowRankSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        windows_(AttachedWindows(*spec_)),
        clock_(spec_->is_ltz ? context_.eval.zone : nullptr),
        rows_(&windows_, &context_, &clock_),
        emitter_(OutputTypes(*spec_), context_.output),
        records_(PartitionTypes(*spec_), SpreadPlaces(context_.spread_columns, spec_->partition_keys)) {}

  Status OnBatch(int, Batch batch) override {
    if (spec_->end < spec_->start) return {};
    rows_.Assign(&batch, state_.watermark);
    if (batch.rows == 0) return {};
    const size_t windows = rows_.slices().size();
    if (windows == 1) {
      AddRows(batch, rows_.slices()[0], {});
    } else {
      std::vector<std::vector<uint32_t>> rows_of(windows);
      for (size_t row = 0; row < batch.rows; ++row) {
        rows_of[rows_.slice_of_row()[row]].push_back(static_cast<uint32_t>(row));
      }
      for (size_t i = 0; i < windows; ++i) {
        if (!rows_of[i].empty()) AddRows(data::Gather(batch, rows_of[i]), rows_.slices()[i], rows_of[i]);
      }
    }
    state_.sequence += static_cast<int64_t>(batch.rows);
    return {};
  }

  Status OnWatermark(int64_t watermark) override {
    state_.watermark = std::max(state_.watermark, watermark);
    while (!state_.windows.empty()) {
      const auto first = state_.windows.begin();
      if (FiringTime(first->first.end, clock_.zone()) > watermark) break;
      MR_TRY(EmitWindow(first->second));
      if (first->second.is_saved()) state_.gone.push_back(first->first);
      state_.windows.erase(first);
    }
    MR_TRY(emitter_.Flush());
    return output().OnWatermark(watermark);
  }

  void Save(state::StateWriter& writer) override {
    for (const SliceKey& window : state_.gone) {
      writer.DropSpace(SpaceOf(kPartitions, window));
      writer.DropSpace(SpaceOf(kRows, window));
    }
    state_.gone.clear();
    for (auto& [window, rows] : state_.windows) {
      rows.Save(SpaceOf(kPartitions, window), SpaceOf(kRows, window), records_, writer);
    }
    SaveShared("watermark", state_.watermark, writer);
    SaveShared("sequence", state_.sequence, writer);
    records_.SaveSpread(writer);
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      char what = 0;
      SliceKey window{};
      MR_TRY(ParseSpace(chunk.space, &what, &window));
      RankedRows& ranked = RowsOf(window);
      if (what == kPartitions) return ranked.RestorePartitions(chunk, records_);
      if (what != kRows) return UnknownSpace();
      return ranked.RestoreRows(chunk, records_, emitter_.columns().first(spec_->input_types.size()));
    }));
    for (auto& [window, rows] : state_.windows) MR_TRY(rows.FinishRestore());
    MR_TRY(records_.CheckSpread(reader));
    MR_TRY(RestoreShared(reader, "watermark", SharedRule::kLeast, &state_.watermark));
    return RestoreSequence(reader, &state_.sequence);
  }

  size_t StateBytes() const override {
    size_t bytes = 0;
    for (const auto& [window, rows] : state_.windows) bytes += rows.MemoryBytes();
    return bytes;
  }
  size_t StateEntries() const override {
    size_t entries = 0;
    for (const auto& [window, rows] : state_.windows) entries += rows.rows();
    return entries;
  }

 private:
  static constexpr char kPartitions = 'p';
  static constexpr char kRows = 'r';

  static std::vector<data::DataType> PartitionTypes(const WindowRankSpec& spec) {
    std::vector<data::DataType> types;
    for (const int key : spec.partition_keys) types.push_back(spec.input_types[key]);
    return types;
  }

  RankedRows& RowsOf(const SliceKey& window) {
    const auto found = state_.windows.find(window);
    if (found != state_.windows.end()) return found->second;
    return state_.windows
        .try_emplace(window, RankedRowsOptions{.partition_types = PartitionTypes(*spec_),
                                               .retracts = spec_->input_retracts,
                                               .limit = spec_->end,
                                               .is_durable = context_.is_durable,
                                               .saves_partitions = true})
        .first->second;
  }

  // `positions`: of the rows in the whole batch; empty: the same.
  void AddRows(const Batch& batch, const SliceKey& window, std::span<const uint32_t> positions) {
    RankedRows& ranked = RowsOf(window);
    ranked.FindPartitions(batch, spec_->partition_keys, state_.sequence, &ids_);
    sort_bytes_.Fill(batch, spec_->order);
    for (size_t row = 0; row < batch.rows; ++row) {
      const bool is_addition = IsAddition(batch.kind(row));
      int64_t sequence = state_.sequence + static_cast<int64_t>(positions.empty() ? row : positions[row]);
      if (spec_->ties_keep_last) sequence = -sequence;
      if (is_addition && !ranked.IsWanted(ids_[row], sort_bytes_[row], sequence)) continue;
      encoded_.clear();
      data::EncodeKey(batch.columns, row, &encoded_);
      if (is_addition) {
        ranked.Insert(ids_[row], sort_bytes_[row], encoded_, sequence);
      } else if (spec_->input_retracts) {
        ranked.Remove(ids_[row], encoded_);
      }
    }
    ranked.FreeRemoved();
  }

  Status EmitWindow(RankedRows& ranked) {
    for (const EntryId id : ranked.InOrder()) {
      const auto top = ranked.Top(id);
      for (auto i = static_cast<size_t>(spec_->start - 1); i < top.size(); ++i) {
        const auto columns = emitter_.columns();
        data::DecodeKey(top[i]->row(), columns.first(spec_->input_types.size()));
        if (spec_->output_rank) columns.back()->Append<int64_t>(static_cast<int64_t>(i) + 1);
        MR_TRY(emitter_.Finish(1, data::RowKind::kInsert));
      }
    }
    return {};
  }

  std::shared_ptr<const WindowRankSpec> spec_;
  WindowAggregateSpec windows_;
  WindowRankState state_;
  LocalClock clock_;
  WindowRows rows_;
  RowEmitter emitter_;
  state::TableRecords records_;

  // Of the batch at hand.
  std::vector<EntryId> ids_;
  SortBytes sort_bytes_;
  std::string encoded_;
};

}  // namespace

std::unique_ptr<Operator> MakeWindowRank(std::shared_ptr<const WindowRankSpec> spec,
                                         OperatorContext context) {
  return std::make_unique<WindowRank>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
