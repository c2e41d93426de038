#include "operators/rank.h"

#include <algorithm>
#include <unordered_map>

#include "operators/ranked_rows.h"
#include "operators/row_emitter.h"
#include "operators/saved_state.h"
#include "operators/sort_bytes.h"
#include "operators/state_ttl.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::RowKind;
using state::EntryId;

struct RankOperatorState {
  RankedRows rows;
  int64_t sequence = 0;
};

std::vector<data::DataType> PartitionTypes(const RankSpec& spec) {
  std::vector<data::DataType> types;
  for (const int key : spec.partition_keys) types.push_back(spec.input_types[key]);
  return types;
}

std::vector<data::DataType> OutputTypes(const RankSpec& spec) {
  std::vector<data::DataType> types = spec.input_types;
  if (spec.output_rank) types.push_back(data::DataType::BigInt().NotNull());
  return types;
}

class Rank final : public Operator {
 public:
  Rank(std::shared_ptr<const RankSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        state_{.rows = RankedRows({.partition_types = PartitionTypes(*spec_),
                                   .retracts = spec_->input_retracts,
                                   .limit = spec_->end,
                                   .track_access = context_.state_ttl_micros > 0,
                                   .is_durable = context_.is_durable,
                                   .saves_partitions = context_.state_ttl_micros > 0})},
        ttl_(context_.state_ttl_micros),
        records_(PartitionTypes(*spec_), SpreadPlaces(context_.spread_columns, spec_->partition_keys)),
        emitter_(OutputTypes(*spec_), context_.output) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0 || spec_->end < spec_->start) return {};
    state_.rows.FindPartitions(batch, spec_->partition_keys, state_.sequence, &ids_);
    if (ttl_.is_on()) {
      state_.rows.partitions().Touch(ids_);
      state_.rows.partitions().SetLastAccess(ids_, context_.eval.now_micros);
    }
    sort_bytes_.Fill(batch, spec_->order);
    touched_count_ = 0;
    touched_of_.clear();
    for (size_t row = 0; row < batch.rows; ++row) {
      if (IsAddition(batch.kind(row))) {
        Add(batch, row);
      } else if (spec_->input_retracts) {
        Remove(batch, row);
      }
      ++state_.sequence;
    }
    for (size_t i = 0; i < touched_count_; ++i) MR_TRY(EmitChanges(touched_[i]));
    state_.rows.FreeRemoved();
    EraseEmptied(batch);
    return emitter_.Flush();
  }

  Status OnEpoch(int64_t now_micros) override {
    ttl_.Sweep(now_micros, state_.rows.partitions(), [&](EntryId id) { state_.rows.Erase(id); });
    return {};
  }

  void Save(state::StateWriter& writer) override {
    state_.rows.Save("partitions", "rows", records_, writer);
    SaveShared("sequence", state_.sequence, writer);
    ttl_.Save(writer);
    records_.SaveSpread(writer);
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      if (chunk.space == "rows") {
        return state_.rows.RestoreRows(chunk, records_, emitter_.columns().first(spec_->input_types.size()));
      }
      if (chunk.space == "partitions" && ttl_.is_on()) return state_.rows.RestorePartitions(chunk, records_);
      return UnknownSpace();
    }));
    MR_TRY(state_.rows.FinishRestore());
    MR_TRY(records_.CheckSpread(reader));
    MR_TRY(ttl_.Restore(reader));
    return RestoreSequence(reader, &state_.sequence);
  }

  size_t StateBytes() const override { return state_.rows.MemoryBytes(); }
  size_t StateEntries() const override { return state_.rows.rows(); }

 private:
  // A partition whose first rows the batch changes.
  struct Touched {
    EntryId id;
    std::vector<RankedRow*> before;  // shown until now
  };

  void Add(const Batch& batch, size_t row) {
    const EntryId id = ids_[row];
    if (!state_.rows.IsWanted(id, sort_bytes_[row], state_.sequence)) return;
    encoded_.clear();
    data::EncodeKey(batch.columns, row, &encoded_);
    if (!spec_->input_retracts) Touch(id);
    const bool changes_top = state_.rows.Insert(id, sort_bytes_[row], encoded_, state_.sequence);
    if (spec_->input_retracts && changes_top) Touch(id);
  }

  void Remove(const Batch& batch, size_t row) {
    encoded_.clear();
    data::EncodeKey(batch.columns, row, &encoded_);
    if (state_.rows.Remove(ids_[row], encoded_)) Touch(ids_[row]);
  }

  // The shown part of a partition's first rows.
  std::span<RankedRow* const> Shown(std::span<RankedRow* const> top) const {
    return top.subspan(std::min(top.size(), static_cast<size_t>(spec_->start - 1)));
  }

  // Notes what a partition shows before the batch's first change of it.
  void Touch(EntryId id) {
    if (!touched_of_.emplace(id, touched_count_).second) return;
    if (touched_count_ == touched_.size()) touched_.emplace_back();
    Touched& touched = touched_[touched_count_++];
    touched.id = id;
    const auto shown = Shown(state_.rows.LastTop(id));
    touched.before.assign(shown.begin(), shown.end());
  }

  Status EmitChanges(const Touched& touched) {
    const auto after = Shown(state_.rows.Top(touched.id));
    return spec_->output_rank ? EmitByRank(touched.before, after) : EmitByRow(touched.before, after);
  }

  Status EmitByRank(std::span<RankedRow* const> before, std::span<RankedRow* const> after) {
    for (size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      const int64_t rank = spec_->start + static_cast<int64_t>(i);
      if (i >= after.size()) {
        MR_TRY(Emit(*before[i], rank, RowKind::kDelete));
      } else if (i >= before.size()) {
        MR_TRY(Emit(*after[i], rank, RowKind::kInsert));
      } else if (before[i] != after[i] && before[i]->row() != after[i]->row()) {
        if (spec_->emit_update_before) MR_TRY(Emit(*before[i], rank, RowKind::kUpdateBefore));
        MR_TRY(Emit(*after[i], rank, RowKind::kUpdateAfter));
      }
    }
    return {};
  }

  // Rows that left, then rows that came; those of equal content cancel out.
  Status EmitByRow(std::span<RankedRow* const> before, std::span<RankedRow* const> after) {
    left_.clear();
    came_.clear();
    for (RankedRow* row : before) row->mark = 1;
    for (RankedRow* row : after) {
      if (row->mark == 0) came_.push_back(row);
      row->mark = 0;
    }
    for (RankedRow* row : before) {
      if (row->mark == 1) left_.push_back(row);
      row->mark = 0;
    }
    if (spec_->input_retracts && !left_.empty() && !came_.empty()) CancelEqual();
    for (const RankedRow* row : left_) MR_TRY(Emit(*row, 0, RowKind::kDelete));
    for (const RankedRow* row : came_) MR_TRY(Emit(*row, 0, RowKind::kInsert));
    return {};
  }

  void CancelEqual() {
    std::unordered_map<std::string_view, int64_t> contents;
    for (const RankedRow* row : left_) ++contents[row->row()];
    std::unordered_map<std::string_view, int64_t> cancelled;
    std::erase_if(came_, [&](const RankedRow* row) {
      const auto found = contents.find(row->row());
      if (found == contents.end() || found->second == 0) return false;
      --found->second;
      ++cancelled[row->row()];
      return true;
    });
    std::erase_if(left_, [&](const RankedRow* row) {
      const auto found = cancelled.find(row->row());
      if (found == cancelled.end() || found->second == 0) return false;
      --found->second;
      return true;
    });
  }

  Status Emit(const RankedRow& row, int64_t rank, RowKind kind) {
    const auto columns = emitter_.columns();
    data::DecodeKey(row.row(), columns.first(spec_->input_types.size()));
    if (spec_->output_rank) columns.back()->Append<int64_t>(rank);
    return emitter_.Finish(1, kind);
  }

  void EraseEmptied(const Batch& batch) {
    if (batch.IsInsertOnly()) return;
    for (size_t row = 0; row < batch.rows; ++row) {
      if (IsAddition(batch.kind(row)) || !state_.rows.partitions().IsLive(ids_[row])) continue;
      if (state_.rows.IsEmpty(ids_[row])) state_.rows.Erase(ids_[row]);
    }
  }

  std::shared_ptr<const RankSpec> spec_;
  RankOperatorState state_;
  StateTtl ttl_;
  state::TableRecords records_;
  RowEmitter emitter_;

  // Of the batch at hand.
  std::vector<EntryId> ids_;
  SortBytes sort_bytes_;
  std::string encoded_;
  std::vector<Touched> touched_;
  size_t touched_count_ = 0;
  boost::unordered_flat_map<EntryId, size_t> touched_of_;
  std::vector<RankedRow*> left_;
  std::vector<RankedRow*> came_;
};

}  // namespace

std::unique_ptr<Operator> MakeRank(std::shared_ptr<const RankSpec> spec, OperatorContext context) {
  return std::make_unique<Rank>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
