#include "operators/sort_limit.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>

#include "operators/ranked_rows.h"
#include "operators/row_emitter.h"
#include "operators/saved_state.h"
#include "operators/sort_bytes.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::RowKind;

// A row held back, with its sort bytes, as EncodeKey writes it.
struct HeldRow {
  std::string sort;
  std::string row;
  int64_t sequence = 0;  // of arrival
  bool is_saved = false;

  size_t bytes() const { return sizeof(HeldRow) + sort.capacity() + row.capacity(); }
};

bool operator<(const HeldRow& a, const HeldRow& b) {
  return std::tie(a.sort, a.sequence) < std::tie(b.sort, b.sequence);
}

HeldRow Hold(const Batch& batch, const SortKeys& keys, size_t row, int64_t sequence) {
  HeldRow held;
  held.sequence = sequence;
  AppendSortBytes(batch, keys, row, &held.sort);
  data::EncodeKey(batch.columns, row, &held.row);
  return held;
}

// The value of a held row's record.
void AppendHeld(const HeldRow& held, std::string* value) {
  PutSized(held.sort, value);
  *value += held.row;
}

Status TakeHeld(std::string_view value, std::span<const data::MutableColumnPtr> columns, HeldRow* held) {
  std::string_view sort;
  MR_TRY(TakeSized(&value, &sort));
  if (!data::IsEncodedKey(value, columns)) return state::BadState("a row is not one of the input's types");
  held->sort = sort;
  held->row = value;
  held->is_saved = true;
  return {};
}

Status EmitStored(std::string_view row, RowEmitter& emitter) {
  data::DecodeKey(row, emitter.columns());
  return emitter.Finish(1, RowKind::kInsert);
}

// --- Temporal sort ---

struct TemporalSortState {
  std::map<int64_t, std::vector<HeldRow>> rows;  // by rowtime, then arrival
  size_t count = 0;
  size_t bytes = 0;
  int64_t watermark = data::kMinWatermark;
  int64_t emitted_until = data::kMinWatermark;  // rowtime of the last row that went out
  // Since the last Save: rows that came (they may be gone again), and the saved ones that went.
  std::vector<std::pair<int64_t, int64_t>> added;
  std::vector<std::pair<int64_t, int64_t>> gone;
};

class TemporalSort final : public Operator {
 public:
  TemporalSort(std::shared_ptr<const TemporalSortSpec> spec, OperatorContext context)
      : Operator(std::move(context)), spec_(std::move(spec)), emitter_(spec_->input_types, context_.output) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    const data::Column& times = *batch.columns[spec_->rowtime_column];
    for (size_t row = 0; row < batch.rows; ++row) {
      if (batch.watermarks != nullptr) MR_TRY(EmitUntil((*batch.watermarks)[row]));
      if (times.IsNull(row)) {
        context_.side_output->Failed(
            context_.name, batch, row,
            Error(ErrorCode::kNullNotAllowed, "the row has no place in time: its rowtime is NULL"));
        continue;
      }
      const int64_t rowtime = data::ColumnView<int64_t>(times)[row];
      if (rowtime <= state_.emitted_until) {
        context_.side_output->Late(context_.name, batch, row,
                                   {.window_start = rowtime,
                                    .window_end = rowtime,
                                    .watermark = state_.watermark,
                                    .rowtime = rowtime});
        continue;
      }
      auto& rows = state_.rows[rowtime];
      rows.push_back(Hold(batch, spec_->then_by, row, std::ssize(rows)));
      if (context_.is_durable) state_.added.emplace_back(rowtime, rows.back().sequence);
      ++state_.count;
      state_.bytes += rows.back().bytes();
    }
    return emitter_.Flush();
  }

  Status OnWatermark(int64_t watermark) override {
    MR_TRY(EmitUntil(watermark));
    MR_TRY(emitter_.Flush());
    return output().OnWatermark(watermark);
  }

  // A record's key is the rowtime and the number of the row among those of that time. One shard takes all
  // rows.
  void Save(state::StateWriter& writer) override {
    for (const auto& [rowtime, sequence] : std::exchange(state_.gone, {})) {
      writer.Remove("rows", 0, KeyOf(rowtime, sequence));
    }
    std::string value;
    for (const auto& [rowtime, sequence] : std::exchange(state_.added, {})) {
      const auto found = state_.rows.find(rowtime);
      if (found == state_.rows.end()) continue;
      HeldRow& held = found->second[static_cast<size_t>(sequence)];
      value.clear();
      AppendHeld(held, &value);
      writer.Put("rows", 0, KeyOf(rowtime, sequence), value);
      held.is_saved = true;
    }
    SaveShared("watermark", state_.watermark, writer);
    SaveShared("emitted until", state_.emitted_until, writer);
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      if (chunk.space != "rows") return UnknownSpace();
      for (size_t i = 0; i < chunk.size(); ++i) {
        std::string_view key = chunk.keys[i];
        int64_t rowtime = 0;
        HeldRow held;
        MR_TRY(TakeNumber(&key, &rowtime));
        MR_TRY(TakeCount(&key, &held.sequence));
        MR_TRY(ExpectEnd(key));
        MR_TRY(TakeHeld(chunk.values[i], emitter_.columns(), &held));
        ++state_.count;
        state_.bytes += held.bytes();
        state_.rows[rowtime].push_back(std::move(held));
      }
      return {};
    }));
    for (auto& [rowtime, rows] : state_.rows) {
      std::ranges::sort(rows, {}, &HeldRow::sequence);
      for (size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].sequence != static_cast<int64_t>(i))
          return state::BadState("rows of one time are missing");
      }
    }
    MR_TRY(RestoreShared(reader, "watermark", SharedRule::kLeast, &state_.watermark));
    return RestoreShared(reader, "emitted until", SharedRule::kLeast, &state_.emitted_until);
  }

  size_t StateBytes() const override { return state_.bytes; }
  size_t StateEntries() const override { return state_.count; }

 private:
  static std::string KeyOf(int64_t rowtime, int64_t sequence) {
    std::string key;
    PutNumber(rowtime, &key);
    PutNumber(sequence, &key);
    return key;
  }

  Status EmitUntil(int64_t watermark) {
    state_.watermark = std::max(state_.watermark, watermark);
    while (!state_.rows.empty() && state_.rows.begin()->first <= state_.watermark) {
      const auto first = state_.rows.begin();
      state_.emitted_until = std::max(state_.emitted_until, first->first);
      std::sort(first->second.begin(), first->second.end());
      for (const HeldRow& held : first->second) {
        MR_TRY(EmitStored(held.row, emitter_));
        if (held.is_saved) state_.gone.emplace_back(first->first, held.sequence);
        --state_.count;
        state_.bytes -= held.bytes();
      }
      state_.rows.erase(first);
    }
    return {};
  }

  std::shared_ptr<const TemporalSortSpec> spec_;
  TemporalSortState state_;
  RowEmitter emitter_;
};

// --- Bounded sort ---

struct BoundedSortState {
  explicit BoundedSortState(std::unique_ptr<RankedRows> ranked) : ranked(std::move(ranked)) {}
  std::unique_ptr<RankedRows> ranked;  // with a limit or retractions; otherwise `rows`
  std::vector<HeldRow> rows;
  size_t bytes = 0;
  int64_t sequence = 0;
  size_t saved = 0;  // of `rows`, from the first on
};

class BoundedSort final : public Operator {
 public:
  BoundedSort(std::shared_ptr<const BoundedSortSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        state_(MakeRanked(*spec_, context_.is_durable)),
        emitter_(spec_->input_types, context_.output),
        records_({}, {}) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0 || spec_->limit == 0) return {};
    if (state_.ranked == nullptr) {
      for (size_t row = 0; row < batch.rows; ++row) {
        state_.rows.push_back(Hold(batch, spec_->order, row, std::ssize(state_.rows)));
        state_.bytes += state_.rows.back().bytes();
      }
      return {};
    }
    RankedRows& ranked = *state_.ranked;
    ranked.FindPartitions(batch, {}, state_.sequence, &ids_);
    sort_bytes_.Fill(batch, spec_->order);
    for (size_t row = 0; row < batch.rows; ++row, ++state_.sequence) {
      const bool is_addition = IsAddition(batch.kind(row));
      if (is_addition && !ranked.IsWanted(ids_[row], sort_bytes_[row], state_.sequence)) continue;
      encoded_.clear();
      data::EncodeKey(batch.columns, row, &encoded_);
      if (is_addition) {
        ranked.Insert(ids_[row], sort_bytes_[row], encoded_, state_.sequence);
      } else {
        ranked.Remove(ids_[row], encoded_);
      }
    }
    ranked.FreeRemoved();
    return {};
  }

  Status OnWatermark(int64_t watermark) override {
    if (watermark == data::kMaxWatermark) {
      MR_TRY(EmitAll());
      MR_TRY(emitter_.Flush());
    }
    return output().OnWatermark(watermark);
  }

  // One shard takes all rows. Those of a plain sort have their number as the key.
  void Save(state::StateWriter& writer) override {
    if (state_.ranked != nullptr) {
      state_.ranked->Save("partitions", "ranked", records_, writer);
      SaveShared("sequence", state_.sequence, writer);
      return;
    }
    if (state_.rows.size() < state_.saved) writer.DropSpace("rows");  // they have gone out
    state_.saved = std::min(state_.saved, state_.rows.size());
    std::string key;
    std::string value;
    for (; state_.saved < state_.rows.size(); ++state_.saved) {
      key.clear();
      value.clear();
      PutNumber(static_cast<uint64_t>(state_.saved), &key);
      AppendHeld(state_.rows[state_.saved], &value);
      writer.Put("rows", 0, key, value);
    }
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      if (state_.ranked != nullptr) {
        if (chunk.space != "ranked") return UnknownSpace();
        return state_.ranked->RestoreRows(chunk, records_, emitter_.columns());
      }
      if (chunk.space != "rows") return UnknownSpace();
      for (size_t i = 0; i < chunk.size(); ++i) {
        std::string_view key = chunk.keys[i];
        HeldRow held;
        MR_TRY(TakeCount(&key, &held.sequence));
        MR_TRY(ExpectEnd(key));
        MR_TRY(TakeHeld(chunk.values[i], emitter_.columns(), &held));
        state_.bytes += held.bytes();
        state_.rows.push_back(std::move(held));
      }
      return {};
    }));
    if (state_.ranked != nullptr) {
      MR_TRY(state_.ranked->FinishRestore());
      return RestoreSequence(reader, &state_.sequence);
    }
    std::ranges::sort(state_.rows, {}, &HeldRow::sequence);
    for (size_t i = 0; i < state_.rows.size(); ++i) {
      if (state_.rows[i].sequence != static_cast<int64_t>(i)) return state::BadState("rows are missing");
    }
    state_.saved = state_.rows.size();
    return {};
  }

  size_t StateBytes() const override {
    return state_.ranked != nullptr ? state_.ranked->MemoryBytes() : state_.bytes;
  }
  size_t StateEntries() const override {
    return state_.ranked != nullptr ? state_.ranked->rows() : state_.rows.size();
  }

 private:
  static int64_t LastRank(const BoundedSortSpec& spec) {
    int64_t last = 0;
    if (!spec.limit || __builtin_add_overflow(spec.offset, *spec.limit, &last)) {
      return std::numeric_limits<int64_t>::max();
    }
    return last;
  }

  static std::unique_ptr<RankedRows> MakeRanked(const BoundedSortSpec& spec, bool is_durable) {
    if (!spec.limit && !spec.input_retracts) return nullptr;
    return std::make_unique<RankedRows>(RankedRowsOptions{.partition_types = {},
                                                          .retracts = spec.input_retracts,
                                                          .limit = LastRank(spec),
                                                          .is_durable = is_durable});
  }

  Status EmitAll() {
    const auto offset = static_cast<size_t>(spec_->offset);
    if (state_.ranked == nullptr) {
      std::sort(state_.rows.begin(), state_.rows.end());
      for (size_t i = offset; i < state_.rows.size(); ++i) MR_TRY(EmitStored(state_.rows[i].row, emitter_));
      state_.rows = std::vector<HeldRow>();
      state_.bytes = 0;
      return {};
    }
    Status status;
    state_.ranked->partitions().ForEach([&](state::EntryId id) {
      const auto top = state_.ranked->Top(id);
      for (size_t i = offset; i < top.size() && status.has_value(); ++i) {
        status = EmitStored(top[i]->row(), emitter_);
      }
      state_.ranked->Erase(id);
    });
    return status;
  }

  std::shared_ptr<const BoundedSortSpec> spec_;
  BoundedSortState state_;
  RowEmitter emitter_;
  state::TableRecords records_;
  std::vector<state::EntryId> ids_;
  SortBytes sort_bytes_;
  std::string encoded_;
};

// --- Limit ---

struct LimitState {
  int64_t skipped = 0;
  int64_t passed = 0;
};

class Limit final : public Operator {
 public:
  Limit(std::shared_ptr<const LimitSpec> spec, OperatorContext context)
      : Operator(std::move(context)), spec_(std::move(spec)) {}

  Status OnBatch(int, Batch batch) override {
    const auto rows = static_cast<int64_t>(batch.rows);
    const int64_t skip = std::min(rows, spec_->offset - state_.skipped);
    state_.skipped += skip;
    const int64_t pass = std::min(rows - skip, spec_->limit - state_.passed);
    state_.passed += pass;
    if (pass == 0) return {};
    return output().OnBatch(data::Slice(batch, static_cast<size_t>(skip), static_cast<size_t>(pass)));
  }

  // One shard takes all rows.
  void Save(state::StateWriter& writer) override {
    SaveShared("skipped", state_.skipped, writer);
    SaveShared("passed", state_.passed, writer);
  }
  Status Restore(state::StateReader& reader) override {
    MR_TRY(state::ExpectNothing(reader));
    MR_TRY(RestoreShared(reader, "skipped", SharedRule::kGreatest, &state_.skipped));
    MR_TRY(RestoreShared(reader, "passed", SharedRule::kGreatest, &state_.passed));
    if (state_.skipped < 0 || state_.skipped > spec_->offset || state_.passed < 0 ||
        state_.passed > spec_->limit) {
      return state::BadState("more rows have passed than a limit lets pass");
    }
    return {};
  }

  bool IsDone() const override { return state_.passed >= spec_->limit; }
  size_t StateBytes() const override { return sizeof(state_); }

 private:
  std::shared_ptr<const LimitSpec> spec_;
  LimitState state_;
};

}  // namespace

std::unique_ptr<Operator> MakeTemporalSort(std::shared_ptr<const TemporalSortSpec> spec,
                                           OperatorContext context) {
  return std::make_unique<TemporalSort>(std::move(spec), std::move(context));
}

std::unique_ptr<Operator> MakeBoundedSort(std::shared_ptr<const BoundedSortSpec> spec,
                                          OperatorContext context) {
  return std::make_unique<BoundedSort>(std::move(spec), std::move(context));
}

std::unique_ptr<Operator> MakeLimit(std::shared_ptr<const LimitSpec> spec, OperatorContext context) {
  return std::make_unique<Limit>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
