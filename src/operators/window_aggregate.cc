#include "operators/window_aggregate.h"

#include <algorithm>
#include <limits>
#include <map>

#include "operators/early_firing.h"
#include "operators/element_records.h"
#include "operators/ordered_records.h"
#include "operators/row_signs.h"
#include "operators/saved_state.h"
#include "operators/session_aggregate.h"
#include "operators/shown_rows.h"
#include "operators/window_rows.h"
#include "operators/window_spaces.h"
#include "state/table_records.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::ColumnPtr;
using data::MutableColumnPtr;
using state::EntryId;

// In front of the aggregates' states of a group in a slice, when it is needed.
struct SliceHeader {
  int64_t rows;    // added minus taken away
  int64_t change;  // the first since early firing showed it (EarlyFiring::NextChange); 0: none
};

struct Slice {
  explicit Slice(const state::KeyTableOptions& options) : groups(options) {}
  state::KeyTable groups;  // payload: SliceHeader if any, states; ids in the order of arrival
  int64_t next_window_end = 0;
  std::vector<EntryId> dirty;
  bool is_saved = false;  // there are records of it
};

// Rows that belong to windows yet to fire only, whose slices are needed by others before.
struct WaitingRows {
  Batch batch;
  int64_t sequence;       // of the first
  bool is_saved = false;  // there are records of them
};

// Everything the operator remembers.
struct WindowAggregateState {
  explicit WindowAggregateState(const AggregateSet* aggregates) : aggregates(aggregates) {}
  ~WindowAggregateState() {
    for (auto& [key, slice] : slices) Destroy(slice->groups);
  }
  void Destroy(state::KeyTable& groups) const {
    if (!aggregates->owns_memory()) return;
    groups.ForEach([&](EntryId id) { aggregates->Destroy(groups.payload(id)); });
  }

  std::map<SliceKey, std::unique_ptr<Slice>> slices;
  std::map<SliceKey, ShownRows> shown;          // by window
  std::multimap<int64_t, WaitingRows> waiting;  // by the watermark that they came under
  int64_t watermark = data::kMinWatermark;
  int64_t sequence = 0;
  const AggregateSet* aggregates;
  // Saved, and gone since the last Save.
  std::vector<SliceKey> gone_slices;
  std::vector<SliceKey> gone_shown;
  std::vector<std::pair<uint64_t, std::string>> gone_waiting;  // hash and key
};

class WindowAggregate final : public Operator {
 public:
  WindowAggregate(std::shared_ptr<const WindowAggregateSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        has_header_(spec_->input_retracts || context_.early_fire),
        early_firing_(context_.early_fire, context_.early_fire_delay_micros),
        aggregates_(spec_->aggregates, has_header_ ? sizeof(SliceHeader) : 0),
        state_(&aggregates_),
        assigner_(spec_->window),
        clock_(spec_->is_ltz ? context_.eval.zone : nullptr),
        rows_(spec_.get(), &context_, &clock_),
        results_(spec_.get(), &aggregates_, &context_, &clock_),
        records_(KeyTypes(*spec_), SpreadPlaces(context_.spread_columns, spec_->keys)),
        elements_(&aggregates_) {
    table_options_.key_types = KeyTypes(*spec_);
    table_options_.payload_bytes = aggregates_.payload_bytes();
    // Each slice has a table of its own, and there may be many with few groups.
    table_options_.page_bytes = size_t{8} << 10;
    slice_options_ = table_options_;
    slice_options_.track_changes = context_.is_durable;
  }

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
    for (const SliceKey& slice : std::exchange(state_.gone_slices, {})) {
      writer.DropSpace(SpaceOf(kGroups, slice));
      elements_.DropSpaces(SpaceOf(kGroups, slice), writer);
    }
    for (const SliceKey& window : std::exchange(state_.gone_shown, {}))
      writer.DropSpace(SpaceOf(kShown, window));
    for (const auto& [hash, key] : std::exchange(state_.gone_waiting, {})) writer.Remove(kWaiting, hash, key);
    for (auto& [key, slice] : state_.slices) SaveGroups(key, *slice, writer);
    for (auto& [window, shown] : state_.shown) shown.Save(SpaceOf(kShown, window), records_, writer);
    SaveWaiting(writer);
    SaveShared("watermark", state_.watermark, writer);
    SaveShared("sequence", state_.sequence, writer);
    records_.SaveSpread(writer);
    early_firing_.Save(writer);
  }

  Status Restore(state::StateReader& reader) override {
    std::map<SliceKey, RestoredSlice> slices;
    std::vector<RestoredWaiting> waiting;
    const std::vector<MutableColumnPtr> results = results_.MakeAggregateColumns();
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      if (chunk.space == kWaiting) return RestoreWaiting(chunk, &waiting);
      char what = 0;
      SliceKey slice{};
      std::string_view space;
      const int call = ElementRecords::CallOf(chunk.space, &space);
      MR_TRY(ParseSpace(space, &what, &slice));
      if (what == kGroups) return slices[slice].Add(call, chunk);
      if (call >= 0 || what != kShown || !context_.early_fire) return UnknownSpace();
      return ShownOf(slice).Restore(chunk, records_, results);
    }));
    MR_TRY(records_.CheckSpread(reader));
    MR_TRY(RestoreShared(reader, "watermark", SharedRule::kLeast, &state_.watermark));
    MR_TRY(RestoreSequence(reader, &state_.sequence));
    MR_TRY(early_firing_.Restore(reader));
    for (auto& [key, slice] : slices) MR_TRY(RestoreSlice(key, slice));
    TakeWaiting(std::move(waiting));
    return {};
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
  static SliceHeader& HeaderOf(std::byte* payload) { return *reinterpret_cast<SliceHeader*>(payload); }
  static std::vector<data::DataType> KeyTypes(const WindowAggregateSpec& spec) {
    std::vector<data::DataType> types;
    for (const int key : spec.keys) types.push_back(spec.input_types[key]);
    return types;
  }

  // --- Checkpoints ---

  // Spaces: the groups of a slice, what early firing has shown of a window, and waiting rows.
  static constexpr char kGroups = 'g';
  static constexpr char kShown = 's';
  static constexpr std::string_view kWaiting = "waiting";

  // A value is the group's place among those of its slice, the header if there is one, and the states.
  void SaveGroups(const SliceKey& key, Slice& slice, state::StateWriter& writer) {
    slice.is_saved = true;
    const std::string space = SpaceOf(kGroups, key);
    records_.Save(slice.groups, space, writer, [&](std::span<const EntryId> ids, state::SavedValues& values) {
      for (const EntryId id : ids) {
        std::byte* payload = slice.groups.payload(id);
        PutNumber(id, &values.bytes());
        if (has_header_) {
          PutNumber(HeaderOf(payload).rows, &values.bytes());
          PutNumber(HeaderOf(payload).change, &values.bytes());
        }
        aggregates_.Save(payload, &values.bytes());
        values.End();
      }
      for (size_t call = 0; call < (elements_.is_on() ? aggregates_.size() : 0); ++call) {
        for (size_t i = 0; i < ids.size(); ++i) {
          elements_.Write(call, space, records_.keys()[i], records_.hashes()[i], slice.groups.payload(ids[i]),
                          writer);
        }
      }
    });
  }

  // What has been read of a slice: groups, which go into it in order, then the elements of their states.
  struct RestoredSlice {
    Status Add(int call, const state::StateChunk& chunk) {
      if (call < 0) return groups.Add(chunk);
      return elements[call].AddUnordered(chunk);
    }
    OrderedRecords groups;
    std::map<int, OrderedRecords> elements;  // by call
  };

  Status RestoreElements(Slice& slice, RestoredSlice& read) {
    for (auto& [call, records] : read.elements) {
      MR_TRY(records.ForEachChunk([&, call = call](const state::StateChunk& chunk) -> Status {
        MR_ASSIGN(const auto* restored, records_.RestoreParts(chunk, slice.groups));
        for (const uint32_t row : restored->inserted) InitGroup(slice.groups.payload(restored->ids[row]));
        if (!restored->inserted.empty()) return state::BadState("elements of a state have lost their group");
        for (size_t i = 0; i < chunk.size(); ++i) {
          MR_TRY(elements_.Load(call, restored->rest[i], restored->values[i],
                                slice.groups.payload(restored->ids[i])));
        }
        return {};
      }));
    }
    return {};
  }

  Status RestoreSlice(const SliceKey& key, RestoredSlice& read) {
    Slice& slice = *state_.slices.emplace(key, std::make_unique<Slice>(slice_options_)).first->second;
    slice.is_saved = true;
    slice.next_window_end = NextWindowEnd(key);
    if (slice.next_window_end > LastWindowEnd(key)) {  // all its windows have fired
      Forget(state_.slices.find(key));
      return {};
    }
    MR_TRY(read.groups.ForEachChunk([&](const state::StateChunk& chunk) -> Status {
      MR_ASSIGN(const auto* restored, records_.Restore(chunk, slice.groups));
      for (const uint32_t row : restored->inserted) InitGroup(slice.groups.payload(restored->ids[row]));
      for (size_t i = 0; i < chunk.size(); ++i) {
        std::byte* payload = slice.groups.payload(restored->ids[i]);
        std::string_view value = restored->values[i];
        if (has_header_) {
          MR_TRY(TakeCount(&value, &HeaderOf(payload).rows));
          int64_t change = 0;
          MR_TRY(TakeCount(&value, &change));
          if (!early_firing_.IsShown(change)) {
            HeaderOf(payload).change = change;
            slice.dirty.push_back(restored->ids[i]);
          }
        }
        MR_TRY(aggregates_.Load(&value, payload));
        MR_TRY(ExpectEnd(value));
      }
      return {};
    }));
    std::ranges::sort(slice.dirty, {}, [&](EntryId id) { return HeaderOf(slice.groups.payload(id)).change; });
    return RestoreElements(slice, read);
  }

  void InitGroup(std::byte* payload) const {
    aggregates_.Init(payload);
    if (context_.is_durable) aggregates_.TrackElements(payload);
  }

  // The first window of a slice that has not fired.
  int64_t NextWindowEnd(const SliceKey& slice) const {
    if (spec_->attached) return slice.end;
    int64_t end = assigner_.FirstWindowEnd(slice.end);
    const int64_t last = assigner_.LastWindowEnd(slice.end);
    while (end <= last && FiringTime(end, clock_.zone()) <= state_.watermark)
      end += assigner_.interval_micros();
    return end;
  }

  struct RestoredWaiting {
    int64_t watermark;
    int64_t sequence;
    data::RowKind kind;
    std::string row;
  };

  // Hash and key of a waiting row's record: its number, which rows of other shards may have too, and all of
  // it.
  void AppendWaiting(const WaitingRows& rows, std::vector<std::pair<uint64_t, std::string>>* out) const {
    std::vector<uint64_t> hashes;
    data::HashRows(rows.batch, context_.spread_columns, &hashes);
    for (size_t row = 0; row < rows.batch.rows; ++row) {
      std::string key;
      PutNumber(rows.sequence + static_cast<int64_t>(row), &key);
      data::EncodeKey(rows.batch.columns, row, &key);
      out->emplace_back(hashes[row], std::move(key));
    }
  }

  void SaveWaiting(state::StateWriter& writer) {
    std::vector<std::pair<uint64_t, std::string>> keys;
    for (auto& [watermark, rows] : state_.waiting) {
      if (std::exchange(rows.is_saved, true)) continue;
      keys.clear();
      AppendWaiting(rows, &keys);
      for (size_t row = 0; row < keys.size(); ++row) {
        std::string value;
        PutNumber(watermark, &value);
        PutNumber(static_cast<uint8_t>(rows.batch.kind(row)), &value);
        writer.Put(kWaiting, keys[row].first, keys[row].second, value);
      }
    }
  }

  Status RestoreWaiting(const state::StateChunk& chunk, std::vector<RestoredWaiting>* waiting) const {
    std::vector<MutableColumnPtr> columns;
    for (const data::DataType& type : spec_->input_types) columns.push_back(data::Column::Make(type, 0));
    for (size_t i = 0; i < chunk.size(); ++i) {
      std::string_view key = chunk.keys[i];
      std::string_view value = chunk.values[i];
      RestoredWaiting row{};
      uint8_t kind = 0;
      MR_TRY(TakeCount(&key, &row.sequence));
      MR_TRY(TakeNumber(&value, &row.watermark));
      MR_TRY(TakeNumber(&value, &kind));
      MR_TRY(ExpectEnd(value));
      if (kind > static_cast<uint8_t>(data::RowKind::kDelete) || !data::IsEncodedKey(key, columns)) {
        return state::BadState("a waiting row is not one of the input's types");
      }
      row.kind = static_cast<data::RowKind>(kind);
      row.row = key;
      waiting->push_back(std::move(row));
    }
    return {};
  }

  void TakeWaiting(std::vector<RestoredWaiting> waiting) {
    std::ranges::sort(waiting, {},
                      [](const RestoredWaiting& row) { return std::pair(row.watermark, row.sequence); });
    for (const RestoredWaiting& row : waiting) {
      std::vector<MutableColumnPtr> columns;
      for (const data::DataType& type : spec_->input_types) columns.push_back(data::Column::Make(type, 1));
      data::DecodeKey(row.row, columns);
      Batch batch;
      batch.rows = 1;
      batch.columns.assign(columns.begin(), columns.end());
      batch.watermarks = std::make_shared<const std::vector<int64_t>>(1, row.watermark);
      if (row.kind != data::RowKind::kInsert) {
        batch.kinds = std::make_shared<const std::vector<data::RowKind>>(1, row.kind);
      }
      state_.waiting.emplace(row.watermark, WaitingRows{std::move(batch), row.sequence, true});
    }
  }

  // --- Windows of slices ---

  bool IsSingleWindow() const { return spec_->attached || spec_->window.kind == WindowKind::kTumble; }
  bool IsCumulate() const { return !spec_->attached && spec_->window.kind == WindowKind::kCumulate; }
  int64_t LastWindowEnd(const SliceKey& slice) const {
    return spec_->attached ? slice.end : assigner_.LastWindowEnd(slice.end);
  }
  SliceKey WindowOf(const SliceKey& slice, int64_t window_end) const {
    return {window_end, spec_->attached ? slice.start : assigner_.WindowStart(window_end)};
  }

  // --- Rows into slices ---

  // The slice that rows of `key` go to; the first one that its window has when CUMULATE has merged it away.
  Slice& SliceFor(const SliceKey& key) {
    auto place = state_.slices.lower_bound(key);
    if (place != state_.slices.end() && place->first == key) return *place->second;
    int64_t next_window_end = spec_->attached ? key.end : assigner_.FirstWindowEnd(key.end);
    if (!spec_->processing_time) {
      while (FiringTime(next_window_end, clock_.zone()) <= state_.watermark) {
        next_window_end += assigner_.interval_micros();
      }
    }
    if (IsCumulate() && next_window_end > key.end) {
      const int64_t window_start = assigner_.WindowStart(next_window_end);
      const auto first = state_.slices.lower_bound({window_start + 1, std::numeric_limits<int64_t>::min()});
      if (first != state_.slices.end() && first->first.end < next_window_end) return *first->second;
    }
    auto slice = std::make_unique<Slice>(slice_options_);
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
    for (const uint32_t row : inserted_) InitGroup(payloads[row]);
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
      if (rows.is_saved) AppendWaiting(rows, &state_.gone_waiting);
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
      const SliceKey window = WindowOf(first->first, first->second->next_window_end);
      if (FiringTime(window.end, clock_.zone()) > watermark) break;
      if (IsSingleWindow()) {
        MR_TRY(EmitWindow(first->second->groups, window));
        Forget(first);
      } else if (IsCumulate()) {
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
      state::KeyTable merged(table_options_);
      for (auto it = state_.slices.begin(); it != end; ++it) MergeGroups(it->second->groups, &merged);
      const Status status = EmitWindow(merged, window);
      state_.Destroy(merged);
      MR_TRY(status);
    }
    for (auto it = state_.slices.begin(); it != end;) {
      Slice& slice = *it->second;
      slice.next_window_end = window.end + assigner_.interval_micros();
      const auto here = it++;
      if (slice.next_window_end > LastWindowEnd(here->first)) Forget(here);
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
      Forget(here);
    }
    MR_TRY(EmitWindow(base.groups, window));
    base.next_window_end = window.end + assigner_.interval_micros();
    if (base.next_window_end > LastWindowEnd(first->first)) Forget(first);
    return {};
  }

  void Forget(std::map<SliceKey, std::unique_ptr<Slice>>::iterator slice) {
    if (slice->second->is_saved) state_.gone_slices.push_back(slice->first);
    state_.Destroy(slice->second->groups);
    state_.slices.erase(slice);
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
      const int64_t last = LastWindowEnd(key);
      for (int64_t end = slice->next_window_end; end <= last; end += assigner_.interval_micros()) {
        changed[WindowOf(key, end)].push_back(slice.get());
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

  ShownRows& ShownOf(const SliceKey& window) {
    return state_.shown.try_emplace(window, table_options_.key_types, context_.is_durable).first->second;
  }

  // Shows how the dirty groups of these slices have changed the window.
  Status ShowWindow(const SliceKey& window, const std::vector<Slice*>& slices) {
    ShownRows& shown = ShownOf(window);
    if (IsSingleWindow()) return Show(slices[0]->groups, slices[0]->dirty, window, &shown);
    state::KeyTable merged(table_options_);
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
  SliceAssigner assigner_;
  LocalClock clock_;
  WindowRows rows_;
  WindowOutput results_;
  state::TableRecords records_;
  ElementRecords elements_;
  state::KeyTableOptions table_options_;  // of tables for a moment
  state::KeyTableOptions slice_options_;

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
