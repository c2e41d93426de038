#include "operators/window_records.h"

#include <algorithm>
#include <memory>

#include "operators/saved_state.h"
#include "operators/window_spaces.h"

namespace millrace::operators {

namespace {

using data::Batch;
using data::MutableColumnPtr;
using state::EntryId;

// Spaces: the groups of a slice, what early firing has shown of a window, and waiting rows.
constexpr char kGroups = 'g';
constexpr char kShown = 's';
constexpr std::string_view kWaiting = "waiting";

void AppendGroups(const AggregateSet& aggregates, bool has_header, std::span<const EntryId> ids,
                  std::span<const std::byte* const> payloads, state::SavedValues& values) {
  for (size_t i = 0; i < ids.size(); ++i) {
    PutNumber(ids[i], &values.bytes());
    if (has_header) {
      const auto& header = *reinterpret_cast<const SliceHeader*>(payloads[i]);
      PutNumber(header.rows, &values.bytes());
      PutNumber(header.change, &values.bytes());
    }
    aggregates.Save(payloads[i], &values.bytes());
    values.End();
  }
}

}  // namespace

WindowRecords::WindowRecords(const WindowAggregateSpec* spec, const OperatorContext* context,
                             const SliceWindows* windows, WindowAggregateState* state)
    : spec_(*spec),
      context_(*context),
      windows_(*windows),
      state_(*state),
      has_header_(spec->input_retracts || context->early_fire),
      records_(state->table_options.key_types, SpreadPlaces(context->spread_columns, spec->keys)),
      elements_(state->aggregates),
      shared_aggregates_(std::make_shared<const AggregateSet>(*state->aggregates)) {}

void WindowRecords::Save(state::StateWriter& writer) {
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
}

Status WindowRecords::Restore(state::StateReader& reader, const Columns& results, EarlyFiring* early_firing) {
  std::map<SliceKey, RestoredSlice> slices;
  std::vector<RestoredWaiting> waiting;
  MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
    if (chunk.space == kWaiting) return RestoreWaiting(chunk, &waiting);
    char what = 0;
    SliceKey slice{};
    std::string_view space;
    const int call = ElementRecords::CallOf(chunk.space, &space);
    MR_TRY(ParseSpace(space, &what, &slice));
    if (what == kGroups) return slices[slice].Add(call, chunk);
    if (call >= 0 || what != kShown || !early_firing->is_on()) return UnknownSpace();
    return state_.ShownOf(slice).Restore(chunk, records_, results);
  }));
  MR_TRY(records_.CheckSpread(reader));
  MR_TRY(RestoreShared(reader, "watermark", SharedRule::kLeast, &state_.watermark));
  MR_TRY(RestoreSequence(reader, &state_.sequence));
  MR_TRY(early_firing->Restore(reader));
  for (auto& [key, slice] : slices) MR_TRY(RestoreSlice(key, slice, *early_firing));
  TakeWaiting(std::move(waiting));
  return {};
}

// A value is the group's place among those of its slice, the header if there is one, and the states.
void WindowRecords::SaveGroups(const SliceKey& key, Slice& slice, state::StateWriter& writer) {
  slice.is_saved = true;
  const std::string space = SpaceOf(kGroups, key);
  using Payloads = std::span<const std::byte* const>;
  if (!state_.aggregates->owns_memory()) {
    records_.SaveLater(slice.groups, space, writer,
                       [aggregates = shared_aggregates_, has_header = has_header_](
                           std::span<const EntryId> ids, Payloads payloads, state::SavedValues& values) {
                         AppendGroups(*aggregates, has_header, ids, payloads, values);
                       });
    return;
  }
  records_.Save(slice.groups, space, writer,
                [&](std::span<const EntryId> ids, Payloads payloads, state::SavedValues& values) {
                  AppendGroups(*state_.aggregates, has_header_, ids, payloads, values);
                  for (size_t call = 0; call < (elements_.is_on() ? state_.aggregates->size() : 0); ++call) {
                    for (size_t i = 0; i < ids.size(); ++i) {
                      elements_.Write(call, space, records_.keys()[i], records_.hashes()[i],
                                      slice.groups.payload(ids[i]), writer);
                    }
                  }
                });
}

Status WindowRecords::RestoreElements(Slice& slice, RestoredSlice& read) {
  for (auto& [call, records] : read.elements) {
    MR_TRY(records.ForEachChunk([&, call = call](const state::StateChunk& chunk) -> Status {
      MR_ASSIGN(const auto* restored, records_.RestoreParts(chunk, slice.groups));
      for (const uint32_t row : restored->inserted)
        state_.InitGroup(slice.groups.payload(restored->ids[row]));
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

Status WindowRecords::RestoreSlice(const SliceKey& key, RestoredSlice& read,
                                   const EarlyFiring& early_firing) {
  Slice& slice = *state_.slices.emplace(key, std::make_unique<Slice>(state_.slice_options)).first->second;
  slice.is_saved = true;
  slice.next_window_end = windows_.NextEnd(key, state_.watermark);
  if (slice.next_window_end > windows_.LastEnd(key)) {  // all its windows have fired
    state_.Forget(state_.slices.find(key));
    return {};
  }
  MR_TRY(read.groups.ForEachChunk([&](const state::StateChunk& chunk) -> Status {
    MR_ASSIGN(const auto* restored, records_.Restore(chunk, slice.groups));
    for (const uint32_t row : restored->inserted) state_.InitGroup(slice.groups.payload(restored->ids[row]));
    for (size_t i = 0; i < chunk.size(); ++i) {
      std::byte* payload = slice.groups.payload(restored->ids[i]);
      std::string_view value = restored->values[i];
      if (has_header_) {
        MR_TRY(TakeCount(&value, &HeaderOf(payload).rows));
        int64_t change = 0;
        MR_TRY(TakeCount(&value, &change));
        if (!early_firing.IsShown(change)) {
          HeaderOf(payload).change = change;
          slice.dirty.push_back(restored->ids[i]);
        }
      }
      MR_TRY(state_.aggregates->Load(&value, payload));
      MR_TRY(ExpectEnd(value));
    }
    return {};
  }));
  std::ranges::sort(slice.dirty, {}, [&](EntryId id) { return HeaderOf(slice.groups.payload(id)).change; });
  return RestoreElements(slice, read);
}

// Hash and key of a waiting row's record: its number, which rows of other shards may have too, and all of
// it.
void WindowRecords::AppendWaiting(const WaitingRows& rows,
                                  std::vector<std::pair<uint64_t, std::string>>* out) const {
  std::vector<uint64_t> hashes;
  data::HashRows(rows.batch, context_.spread_columns, &hashes);
  for (size_t row = 0; row < rows.batch.rows; ++row) {
    std::string key;
    PutNumber(rows.sequence + static_cast<int64_t>(row), &key);
    data::EncodeKey(rows.batch.columns, row, &key);
    out->emplace_back(hashes[row], std::move(key));
  }
}

void WindowRecords::SaveWaiting(state::StateWriter& writer) {
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

Status WindowRecords::RestoreWaiting(const state::StateChunk& chunk,
                                     std::vector<RestoredWaiting>* waiting) const {
  std::vector<MutableColumnPtr> columns;
  for (const data::DataType& type : spec_.input_types) columns.push_back(data::Column::Make(type, 0));
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

void WindowRecords::TakeWaiting(std::vector<RestoredWaiting> waiting) {
  std::ranges::sort(waiting, {},
                    [](const RestoredWaiting& row) { return std::pair(row.watermark, row.sequence); });
  for (const RestoredWaiting& row : waiting) {
    std::vector<MutableColumnPtr> columns;
    for (const data::DataType& type : spec_.input_types) columns.push_back(data::Column::Make(type, 1));
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

void WindowRecords::NoteLetIn(const WaitingRows& rows) {
  AppendWaiting(rows, &state_.gone_waiting);
}

}  // namespace millrace::operators
