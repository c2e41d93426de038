#include "operators/window_aggregate.h"

#include <algorithm>
#include <limits>
#include <map>

#include "operators/early_firing.h"
#include "operators/row_signs.h"
#include "operators/session_aggregate.h"
#include "operators/slice_windows.h"
#include "operators/window_records.h"
#include "operators/window_rows.h"
#include "operators/window_state.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::ColumnPtr;
using data::MutableColumnPtr;
using state::EntryId;

class WindowAggregate final : public Operator {
 public:
  WindowAggregate(std::shared_ptr<const WindowAggregateSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        has_header_(spec_->input_retracts || context_.early_fire),
        early_firing_(context_.early_fire, context_.early_fire_delay_micros),
        aggregates_(spec_->aggregates, has_header_ ? sizeof(SliceHeader) : 0),
        state_(&aggregates_, KeyTypes(*spec_), context_.is_durable),
        clock_(spec_->is_ltz ? context_.eval.zone : nullptr),
        windows_(spec_.get(), &clock_),
        rows_(spec_.get(), &context_, &clock_),
        results_(spec_.get(), &aggregates_, &context_, &clock_),
        records_(spec_.get(), &context_, &windows_, &state_) {}

  Status OnBatch(int, Batch batch) override {
    rows_.Assign(&batch, state_.watermark);
    if (batch.rows == 0) return {};
    early_firing_.NoteRows(context_.eval.now_micros);
    const int64_t sequence = state_.sequence;
    state_.sequence += static_cast<int64_t>(batch.rows);
    // A row that comes when some windows of its slice are closed must not get into those. Where they are not
    // fired yet, because other channels are behind, the row waits until they are.
    size_t begin = 0;
    const std::vector<WindowRows::PartlyLate>& late = rows_.partly_late();
    for (size_t i = 0; i < late.size();) {
      const int64_t watermark = late[i].watermark;
      const size_t row = late[i].row;
      size_t end = row;
      for (; i < late.size() && late[i].row == end && late[i].watermark == watermark; ++i) ++end;
      if (watermark <= state_.watermark) continue;
      AccumulateRows(batch, begin, row, sequence);
      state_.waiting.emplace(
          watermark, WaitingRows{data::Slice(batch, row, end - row), sequence + static_cast<int64_t>(row)});
      begin = end;
    }
    AccumulateRows(batch, begin, batch.rows, sequence);
    return {};
  }

  Status OnWatermark(int64_t watermark) override {
    if (!spec_->processing_time || watermark == data::kMaxWatermark) MR_TRY(Fire(watermark));
    MR_TRY(results_.Flush());
    return output().OnWatermark(watermark);
  }

  Status OnEpoch(int64_t now_micros) override {
    if (spec_->processing_time) MR_TRY(Fire(now_micros));
    if (early_firing_.TakeDue(now_micros)) MR_TRY(ShowOpenWindows());
    return results_.Flush();
  }

  void Save(state::StateWriter& writer) override {
    records_.Save(writer);
    early_firing_.Save(writer);
  }
  Status Restore(state::StateReader& reader) override {
    return records_.Restore(reader, results_.MakeAggregateColumns(), &early_firing_);
  }

  size_t StateBytes() const override {
    size_t bytes = 0;
    for (const auto& [key, slice] : state_.slices) {
      bytes += slice->groups.MemoryBytes() + slice->dirty.capacity() * sizeof(EntryId);
      if (!aggregates_.owns_memory()) continue;
      slice->groups.ForEach([&](EntryId id) { bytes += aggregates_.MemoryBytes(slice->groups.payload(id)); });
    }
    for (const auto& [key, shown] : state_.shown) bytes += shown.MemoryBytes();
    for (const auto& [watermark, rows] : state_.waiting) {
      for (const ColumnPtr& column : rows.batch.columns) {
        bytes += rows.batch.rows * data::PhysicalSize(column->type().physical());
      }
    }
    return bytes;
  }
  size_t StateEntries() const override {
    size_t entries = 0;
    for (const auto& [key, slice] : state_.slices) entries += slice->groups.size();
    return entries;
  }

 private:
  static std::vector<data::DataType> KeyTypes(const WindowAggregateSpec& spec) {
    std::vector<data::DataType> types;
    for (const int key : spec.keys) types.push_back(spec.input_types[key]);
    return types;
  }

  // --- Rows into slices ---

  // The slice that rows of `key` go to; the first one that its window has when CUMULATE has merged it away.
  Slice& SliceFor(const SliceKey& key) {
    auto place = state_.slices.lower_bound(key);
    if (place != state_.slices.end() && place->first == key) return *place->second;
    int64_t next_window_end = windows_.FirstEnd(key);
    if (!spec_->processing_time) {
      while (FiringTime(next_window_end, clock_.zone()) <= state_.watermark) {
        next_window_end += windows_.interval_micros();
      }
    }
    if (windows_.IsCumulate() && next_window_end > key.end) {
      const int64_t window_start = windows_.WindowOf(key, next_window_end).start;
      const auto first = state_.slices.lower_bound({window_start + 1, std::numeric_limits<int64_t>::min()});
      if (first != state_.slices.end() && first->first.end < next_window_end) return *first->second;
    }
    auto slice = std::make_unique<Slice>(state_.slice_options);
    slice->next_window_end = next_window_end;
    return *state_.slices.emplace_hint(place, key, std::move(slice))->second;
  }

  // Rows [begin, end) of the batch that rows_ assigned, whose first row has that sequence.
  void AccumulateRows(const Batch& batch, size_t begin, size_t end, int64_t sequence) {
    if (begin == end) return;
    context_.eval.sequence = sequence + static_cast<int64_t>(begin);
    const bool is_whole = begin == 0 && end == batch.rows;
    Accumulate(is_whole ? batch : data::Slice(batch, begin, end - begin), begin);
  }

  // The rows are those from `offset` on of what rows_ assigned.
  void Accumulate(const Batch& batch, size_t offset) {
    data::HashRows(batch, spec_->keys, &hashes_);
    keys_.clear();
    for (const int key : spec_->keys) keys_.push_back(batch.columns[key]);
    payloads_.resize(batch.rows);
    const std::span<const uint32_t> slice_of_row =
        std::span(rows_.slice_of_row()).subspan(offset, batch.rows);
    const bool one_slice =
        rows_.slices().size() == 1 ||
        std::ranges::adjacent_find(slice_of_row, std::not_equal_to()) == slice_of_row.end();
    if (one_slice) {
      ids_.resize(batch.rows);
      FindGroups(SliceFor(rows_.slices()[slice_of_row[0]]), keys_, hashes_, payloads_);
    } else {
      AccumulateSlices(slice_of_row);
    }
    if (spec_->input_retracts) {
      FillSigns(batch, &signs_);
      for (size_t row = 0; row < batch.rows; ++row) HeaderOf(payloads_[row]).rows += signs_[row];
    }
    aggregates_.Update(batch, payloads_, batch.IsInsertOnly() ? std::span<const int8_t>() : signs_,
                       context_.eval);
  }

  // Sorts the rows by slice (counting), and finds the groups slice by slice.
  void AccumulateSlices(std::span<const uint32_t> slice_of_row) {
    const size_t slices = rows_.slices().size();
    ends_.assign(slices + 1, 0);
    for (const uint32_t slice : slice_of_row) ++ends_[slice + 1];
    for (size_t i = 0; i < slices; ++i) ends_[i + 1] += ends_[i];
    sorted_rows_.resize(slice_of_row.size());
    next_.assign(ends_.begin(), ends_.end() - 1);
    for (size_t row = 0; row < slice_of_row.size(); ++row) {
      sorted_rows_[next_[slice_of_row[row]]++] = static_cast<uint32_t>(row);
    }
    for (size_t i = 0; i < slices; ++i) {
      const std::span<const uint32_t> rows =
          std::span(sorted_rows_).subspan(ends_[i], ends_[i + 1] - ends_[i]);
      if (rows.empty()) continue;
      slice_keys_.clear();
      for (const ColumnPtr& key : keys_) slice_keys_.push_back(data::Gather(key, rows));
      slice_hashes_.resize(rows.size());
      for (size_t j = 0; j < rows.size(); ++j) slice_hashes_[j] = hashes_[rows[j]];
      slice_payloads_.resize(rows.size());
      FindGroups(SliceFor(rows_.slices()[i]), slice_keys_, slice_hashes_, slice_payloads_);
      for (size_t j = 0; j < rows.size(); ++j) payloads_[rows[j]] = slice_payloads_[j];
    }
  }

  // The payload of each row's group, made where there is none.
  void FindGroups(Slice& slice, std::span<const ColumnPtr> keys, std::span<const uint64_t> hashes,
                  std::span<std::byte*> payloads) {
    ids_.resize(payloads.size());
    inserted_.clear();
    slice.groups.FindOrInsert(keys, hashes, payloads.size(), ids_.data(), &inserted_);
    slice.groups.Touch(ids_);
    slice.groups.Payloads(ids_, 0, payloads.data());
    for (const uint32_t row : inserted_) state_.InitGroup(payloads[row]);
    if (!context_.early_fire) return;
    for (size_t i = 0; i < payloads.size(); ++i) MarkDirty(slice, ids_[i], payloads[i]);
  }

  void MarkDirty(Slice& slice, EntryId id, std::byte* payload) {
    SliceHeader& header = HeaderOf(payload);
    if (header.change != 0) return;
    header.change = early_firing_.NextChange();
    slice.dirty.push_back(id);
  }

  // --- Slices into windows ---

  // Fires up to a watermark, letting in the rows that wait for one on the way.
  Status Fire(int64_t watermark) {
    while (!state_.waiting.empty() && state_.waiting.begin()->first <= watermark) {
      const auto first = state_.waiting.begin();
      MR_TRY(FireWindows(first->first));
      WaitingRows rows = std::move(first->second);
      if (rows.is_saved) records_.NoteLetIn(rows);
      state_.waiting.erase(first);
      rows_.Assign(&rows.batch, state_.watermark);
      AccumulateRows(rows.batch, 0, rows.batch.rows, rows.sequence);
    }
    return FireWindows(watermark);
  }

  // Emits the windows that this watermark closes, in the order of their ends, and forgets what no open
  // window needs.
  Status FireWindows(int64_t watermark) {
    if (watermark <= state_.watermark) return {};
    state_.watermark = watermark;
    while (!state_.slices.empty()) {
      const auto first = state_.slices.begin();
      const SliceKey window = windows_.WindowOf(first->first, first->second->next_window_end);
      if (FiringTime(window.end, clock_.zone()) > watermark) break;
      if (windows_.IsSingle()) {
        MR_TRY(EmitWindow(first->second->groups, window));
        state_.Forget(first);
      } else if (windows_.IsCumulate()) {
        MR_TRY(FireCumulate(window));
      } else {
        MR_TRY(FireHop(window));
      }
    }
    return {};
  }

  Status FireHop(const SliceKey& window) {
    auto end = state_.slices.begin();
    while (end != state_.slices.end() && end->first.end <= window.end) ++end;
    if (std::next(state_.slices.begin()) == end) {
      MR_TRY(EmitWindow(state_.slices.begin()->second->groups, window));
    } else {
      state::KeyTable merged(state_.table_options);
      for (auto it = state_.slices.begin(); it != end; ++it) MergeGroups(it->second->groups, &merged);
      const Status status = EmitWindow(merged, window);
      state_.Destroy(merged);
      MR_TRY(status);
    }
    for (auto it = state_.slices.begin(); it != end;) {
      Slice& slice = *it->second;
      slice.next_window_end = window.end + windows_.interval_micros();
      const auto here = it++;
      if (slice.next_window_end > windows_.LastEnd(here->first)) state_.Forget(here);
    }
    return {};
  }

  // Merges the slices up to the window's end into the first, which then stands for them all.
  Status FireCumulate(const SliceKey& window) {
    const auto first = state_.slices.begin();
    Slice& base = *first->second;
    for (auto it = std::next(first); it != state_.slices.end() && it->first.end <= window.end;) {
      MergeGroups(it->second->groups, &base.groups);
      if (context_.early_fire) MoveDirty(*it->second, base);
      const auto here = it++;
      state_.Forget(here);
    }
    MR_TRY(EmitWindow(base.groups, window));
    base.next_window_end = window.end + windows_.interval_micros();
    if (base.next_window_end > windows_.LastEnd(first->first)) state_.Forget(first);
    return {};
  }

  // Calls f(ids) for pieces of the ids of a table, in order.
  template <typename F>
  static void ForEachPiece(const state::KeyTable& groups, F&& f) {
    std::vector<EntryId> ids;
    ids.reserve(groups.size());
    groups.ForEach([&](EntryId id) { ids.push_back(id); });
    const std::span<const EntryId> all(ids);
    for (size_t offset = 0; offset < ids.size(); offset += limits::kBatchRows) {
      f(all.subspan(offset, std::min(limits::kBatchRows, ids.size() - offset)));
    }
  }

  struct Keys {
    std::vector<ColumnPtr> columns;
    std::vector<uint64_t> hashes;
  };
  Keys KeysOf(const state::KeyTable& groups, std::span<const EntryId> ids) const {
    Keys keys;
    const std::vector<MutableColumnPtr> columns = results_.MakeKeyColumns();
    groups.AppendKeys(ids, columns);
    keys.columns.assign(columns.begin(), columns.end());
    keys.hashes.assign(ids.size(), 0);
    for (size_t i = 0; i < columns.size(); ++i) data::HashColumn(*columns[i], keys.hashes, i > 0);
    return keys;
  }

  // Adds all groups of `from` to `into`.
  void MergeGroups(const state::KeyTable& from, state::KeyTable* into) {
    ForEachPiece(from, [&](std::span<const EntryId> from_ids) {
      const Keys keys = KeysOf(from, from_ids);
      std::vector<EntryId> ids(from_ids.size());
      std::vector<uint32_t> inserted;
      into->FindOrInsert(keys.columns, keys.hashes, from_ids.size(), ids.data(), &inserted);
      into->Touch(ids);
      std::vector<std::byte*> targets(ids.size());
      into->Payloads(ids, 0, targets.data());
      // Only groups of slices are saved; tables for a moment are not tracked.
      for (const uint32_t row : inserted) {
        aggregates_.Init(targets[row]);
        if (into->options().track_changes) aggregates_.TrackElements(targets[row]);
      }
      MergePayloads(from, from_ids, targets);
    });
  }

  void MergePayloads(const state::KeyTable& from, std::span<const EntryId> from_ids,
                     std::span<std::byte* const> targets) {
    std::vector<std::byte*> sources(from_ids.size());
    from.Payloads(from_ids, 0, sources.data());
    if (has_header_) {
      for (size_t i = 0; i < sources.size(); ++i) HeaderOf(targets[i]).rows += HeaderOf(sources[i]).rows;
    }
    aggregates_.Merge(targets, sources);
  }

  // The final rows of a window; corrections only, when early firing has shown some.
  Status EmitWindow(state::KeyTable& groups, const SliceKey& window) {
    const auto shown = state_.shown.find(window);
    Status status;
    ForEachPiece(groups, [&](std::span<const EntryId> ids) {
      if (!status.has_value()) return;
      if (shown != state_.shown.end()) {
        status = Show(groups, ids, window, &shown->second);
      } else {
        status = results_.AddEntries(groups, spec_->input_retracts ? NotEmpty(groups, ids) : ids,
                                     window.start, window.end);
      }
    });
    if (shown == state_.shown.end()) return status;
    if (shown->second.is_saved()) state_.gone_shown.push_back(window);
    state_.shown.erase(shown);
    return status;
  }

  std::span<const EntryId> NotEmpty(state::KeyTable& groups, std::span<const EntryId> ids) {
    alive_ids_.clear();
    for (const EntryId id : ids) {
      if (HeaderOf(groups.payload(id)).rows > 0) alive_ids_.push_back(id);
    }
    return alive_ids_;
  }

  // --- Early firing ---

  void MoveDirty(Slice& from, Slice& into) {
    if (from.dirty.empty()) return;
    const Keys keys = KeysOf(from.groups, from.dirty);
    std::vector<EntryId> ids(from.dirty.size());
    into.groups.Find(keys.columns, keys.hashes, ids.size(), ids.data());
    for (const EntryId id : ids) MarkDirty(into, id, into.groups.payload(id));
  }

  Status ShowOpenWindows() {
    std::map<SliceKey, std::vector<Slice*>> changed;
    for (auto& [key, slice] : state_.slices) {
      if (slice->dirty.empty()) continue;
      const int64_t last = windows_.LastEnd(key);
      for (int64_t end = slice->next_window_end; end <= last; end += windows_.interval_micros()) {
        changed[windows_.WindowOf(key, end)].push_back(slice.get());
        if (spec_->attached) break;
      }
    }
    for (auto& [window, slices] : changed) MR_TRY(ShowWindow(window, slices));
    // Their records need not be written again: the number of the change says that it has been shown.
    for (auto& [key, slice] : state_.slices) {
      for (const EntryId id : slice->dirty) HeaderOf(slice->groups.payload(id)).change = 0;
      slice->dirty.clear();
    }
    return {};
  }

  // Shows how the dirty groups of these slices have changed the window.
  Status ShowWindow(const SliceKey& window, const std::vector<Slice*>& slices) {
    ShownRows& shown = state_.ShownOf(window);
    if (windows_.IsSingle()) return Show(slices[0]->groups, slices[0]->dirty, window, &shown);
    state::KeyTable merged(state_.table_options);
    for (Slice* slice : slices) {
      const Keys keys = KeysOf(slice->groups, slice->dirty);
      std::vector<EntryId> ids(slice->dirty.size());
      std::vector<uint32_t> inserted;
      merged.FindOrInsert(keys.columns, keys.hashes, ids.size(), ids.data(), &inserted);
      for (const uint32_t row : inserted) aggregates_.Init(merged.payload(ids[row]));
    }
    std::vector<EntryId> ids;
    merged.ForEach([&](EntryId id) { ids.push_back(id); });
    const Keys keys = KeysOf(merged, ids);
    for (auto& [key, slice] : state_.slices) {
      if (key.end > window.end || key.start < window.start) continue;
      std::vector<EntryId> found(ids.size());
      slice->groups.Find(keys.columns, keys.hashes, ids.size(), found.data());
      std::vector<EntryId> sources;
      std::vector<std::byte*> targets;
      for (size_t i = 0; i < found.size(); ++i) {
        if (found[i] == state::kNoEntry) continue;
        sources.push_back(found[i]);
        targets.push_back(merged.payload(ids[i]));
      }
      MergePayloads(slice->groups, sources, targets);
    }
    const Status status = Show(merged, ids, window, &shown);
    state_.Destroy(merged);
    return status;
  }

  Status Show(state::KeyTable& groups, std::span<const EntryId> ids, const SliceKey& window,
              ShownRows* shown) {
    const std::vector<MutableColumnPtr> keys = results_.MakeKeyColumns();
    const std::vector<MutableColumnPtr> results = results_.MakeAggregateColumns();
    groups.AppendKeys(ids, keys);
    std::vector<std::byte*> payloads(ids.size());
    groups.Payloads(ids, 0, payloads.data());
    aggregates_.Finalize(payloads, results, context_.eval);
    std::vector<uint8_t> alive(ids.size(), 1);
    if (spec_->input_retracts) {
      for (size_t i = 0; i < ids.size(); ++i) alive[i] = HeaderOf(payloads[i]).rows > 0;
    }
    // A result that cannot be told is reported when the window closes; until then it has no row.
    for (const auto& error : context_.eval.row_errors) alive[error.row] = 0;
    context_.eval.row_errors.clear();
    return shown->Show(keys, results, alive, window.start, window.end, spec_->emit_update_before, results_);
  }

  std::shared_ptr<const WindowAggregateSpec> spec_;
  bool has_header_;
  EarlyFiring early_firing_;
  AggregateSet aggregates_;
  WindowAggregateState state_;
  LocalClock clock_;
  SliceWindows windows_;
  WindowRows rows_;
  WindowOutput results_;
  WindowRecords records_;

  // Of the batch at hand.
  std::vector<uint64_t> hashes_;
  std::vector<ColumnPtr> keys_;
  std::vector<EntryId> ids_;
  std::vector<uint32_t> inserted_;
  std::vector<std::byte*> payloads_;
  std::vector<int8_t> signs_;
  // Of one slice of it.
  std::vector<size_t> ends_;
  std::vector<size_t> next_;
  std::vector<uint32_t> sorted_rows_;
  std::vector<ColumnPtr> slice_keys_;
  std::vector<uint64_t> slice_hashes_;
  std::vector<std::byte*> slice_payloads_;
  std::vector<EntryId> alive_ids_;
};

}  // namespace

std::unique_ptr<Operator> MakeWindowAggregate(std::shared_ptr<const WindowAggregateSpec> spec,
                                              OperatorContext context) {
  if (!spec->attached && spec->window.kind == WindowKind::kSession) {
    return MakeSessionAggregate(std::move(spec), std::move(context));
  }
  return std::make_unique<WindowAggregate>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
