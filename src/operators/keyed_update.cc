#include "operators/keyed_update.h"

#include <algorithm>
#include <string>

#include "base/byte_arena.h"
#include "operators/row_emitter.h"
#include "operators/saved_state.h"
#include "operators/state_ttl.h"
#include "state/key_table.h"
#include "state/table_records.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::RowKind;
using state::EntryId;

// What is kept for a key.
struct KeyedRow {
  const char* bytes;  // null: no row
  uint32_t size;
  uint32_t batch;     // the batch that changed it last,
  uint32_t position;  // and its place among the keys that this batch changes
  uint32_t unused;
  int64_t rowtime;

  std::string_view row() const { return {bytes, size}; }
};

struct KeyedUpdateState {
  explicit KeyedUpdateState(state::KeyTableOptions options) : keys(std::move(options)) {}
  state::KeyTable keys;  // payload: KeyedRow
  ByteArena bytes;
};

std::vector<data::DataType> KeyTypes(const KeyedUpdateSpec& spec) {
  std::vector<data::DataType> types;
  for (const int key : spec.keys) types.push_back(spec.input_types[key]);
  return types;
}

class KeyedUpdate final : public Operator {
 public:
  KeyedUpdate(std::shared_ptr<const KeyedUpdateSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        state_({.key_types = KeyTypes(*spec_),
                .payload_bytes = sizeof(KeyedRow),
                .track_access = context_.state_ttl_micros > 0,
                .track_changes = context_.is_durable}),
        ttl_(context_.state_ttl_micros),
        records_(KeyTypes(*spec_), SpreadPlaces(context_.spread_columns, spec_->keys)),
        emitter_(spec_->input_types, context_.output) {}

  Status OnBatch(int, Batch batch) override {
    DropNullTimes(&batch);
    if (batch.rows == 0) return {};
    FindKeys(batch);
    if (++batch_number_ == 0) batch_number_ = 1;
    changes_.clear();
    emitter_.KeepWatermarks(batch.watermarks != nullptr);
    for (size_t row = 0; row < batch.rows; ++row) {
      const RowKind kind = batch.kind(row);
      if (spec_->policy == UpdatePolicy::kUpsert && kind == RowKind::kUpdateBefore) continue;
      KeyedRow& keyed = RowOf(ids_[row]);
      if (!IsAccepted(batch, row, ids_[row])) continue;
      const Change change{.id = ids_[row], .row = static_cast<uint32_t>(row), .is_delete = !IsAddition(kind)};
      if (batch.watermarks != nullptr) {
        MR_TRY(Apply(batch, change));
      } else if (keyed.batch == batch_number_) {
        changes_[keyed.position] = change;
      } else {
        keyed.batch = batch_number_;
        keyed.position = static_cast<uint32_t>(changes_.size());
        changes_.push_back(change);
      }
    }
    for (const Change& change : changes_) MR_TRY(Apply(batch, change));
    EraseEmpty();
    return emitter_.Flush();
  }

  Status OnEpoch(int64_t now_micros) override {
    ttl_.Sweep(now_micros, state_.keys, [&](EntryId id) {
      Forget(&RowOf(id));
      state_.keys.Erase(id);
    });
    return {};
  }

  void Save(state::StateWriter& writer) override {
    records_.Save(state_.keys, Space(), writer,
                  [](std::span<const EntryId> /*ids*/, std::span<const std::byte* const> payloads,
                     state::SavedValues& values) {
                    for (const std::byte* payload : payloads) {
                      const auto& keyed = *reinterpret_cast<const KeyedRow*>(payload);
                      PutNumber(keyed.rowtime, &values.bytes());
                      if (keyed.bytes != nullptr) values.bytes() += keyed.row();
                      values.End();
                    }
                  });
    ttl_.Save(writer);
    records_.SaveSpread(writer);
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      if (chunk.space != Space()) return UnknownSpace();
      MR_ASSIGN(const auto* restored, records_.Restore(chunk, state_.keys));
      for (size_t i = 0; i < chunk.size(); ++i) {
        KeyedRow& keyed = RowOf(restored->ids[i]);
        std::string_view value = restored->values[i];
        MR_TRY(TakeNumber(&value, &keyed.rowtime));
        if (value.empty()) continue;
        if (!data::IsEncodedKey(value.substr(1), emitter_.columns())) {
          return state::BadState("a row is not one of the input's types");
        }
        Forget(&keyed);
        keyed.bytes = state_.bytes.Copy(value);
        keyed.size = static_cast<uint32_t>(value.size());
      }
      return {};
    }));
    MR_TRY(records_.CheckSpread(reader));
    return ttl_.Restore(reader);
  }

  size_t StateBytes() const override { return state_.keys.MemoryBytes() + state_.bytes.allocated_bytes(); }
  size_t StateEntries() const override { return state_.keys.size(); }

 private:
  // A row becomes the row of its key, or (a deletion) leaves it without one.
  struct Change {
    EntryId id;
    uint32_t row;
    bool is_delete;
  };

  // Of the keys' records; another where they begin with a time of access.
  std::string_view Space() const { return ttl_.is_on() ? "rows by access" : "rows"; }

  KeyedRow& RowOf(EntryId id) { return *reinterpret_cast<KeyedRow*>(state_.keys.payload(id)); }
  bool IsByTime() const {
    return spec_->policy == UpdatePolicy::kSmallestTime || spec_->policy == UpdatePolicy::kGreatestTime;
  }

  void DropNullTimes(Batch* batch) {
    if (!IsByTime() || !batch->columns[spec_->rowtime_column]->has_nulls()) return;
    for (size_t row = 0; row < batch->rows; ++row) {
      if (!batch->columns[spec_->rowtime_column]->IsNull(row)) continue;
      context_.eval.Fail(row, Error(ErrorCode::kNullNotAllowed, "the time that decides is NULL"));
    }
    std::vector<uint32_t> kept;
    ReportRowErrors(*batch, context_, &kept);
    *batch = data::Gather(*batch, kept);
  }

  void FindKeys(const Batch& batch) {
    data::HashRows(batch, spec_->keys, &hashes_);
    keys_.clear();
    for (const int key : spec_->keys) keys_.push_back(batch.columns[key]);
    ids_.resize(batch.rows);
    inserted_.clear();
    state_.keys.FindOrInsert(keys_, hashes_, batch.rows, ids_.data(), &inserted_);
    keys_.clear();
  }

  // Whether the row takes the place of what is kept (and of what the batch has changed so far).
  bool IsAccepted(const Batch& batch, size_t row, EntryId id) {
    if (!IsByTime()) {
      state_.keys.Touch(id);
      return true;
    }
    KeyedRow* keyed = &RowOf(id);
    const int64_t rowtime = data::ColumnView<int64_t>(*batch.columns[spec_->rowtime_column])[row];
    const bool has_row = keyed->bytes != nullptr || keyed->batch == batch_number_;
    if (has_row) {
      const bool is_better =
          spec_->policy == UpdatePolicy::kSmallestTime ? rowtime < keyed->rowtime : rowtime >= keyed->rowtime;
      if (!is_better) return false;
    }
    state_.keys.Touch(id);
    keyed->rowtime = rowtime;
    return true;
  }

  Status Apply(const Batch& batch, const Change& change) {
    KeyedRow& keyed = RowOf(change.id);
    if (ttl_.is_on()) state_.keys.SetLastAccess(change.id, context_.eval.now_micros);
    const int64_t watermark = batch.watermarks ? (*batch.watermarks)[change.row] : data::kMinWatermark;
    if (change.is_delete) {
      if (keyed.bytes == nullptr) return {};
      MR_TRY(EmitStored(keyed, RowKind::kDelete, watermark));
      Forget(&keyed);
      return {};
    }
    encoded_.assign(1, '\0');  // never empty
    data::EncodeKey(batch.columns, change.row, &encoded_);
    const bool was_shown = keyed.bytes != nullptr;
    if (was_shown && !IsByTime() && !ttl_.is_on() && encoded_ == keyed.row()) return {};
    if (was_shown && spec_->emit_update_before) {
      MR_TRY(EmitStored(keyed, RowKind::kUpdateBefore, watermark));
    }
    Forget(&keyed);
    keyed.bytes = state_.bytes.Copy(encoded_);
    keyed.size = static_cast<uint32_t>(encoded_.size());
    const auto columns = emitter_.columns();
    for (size_t i = 0; i < columns.size(); ++i) columns[i]->AppendRow(*batch.columns[i], change.row);
    return emitter_.Finish(1, was_shown ? RowKind::kUpdateAfter : RowKind::kInsert, watermark);
  }

  Status EmitStored(const KeyedRow& keyed, RowKind kind, int64_t watermark) {
    data::DecodeKey(keyed.row().substr(1), emitter_.columns());
    return emitter_.Finish(1, kind, watermark);
  }

  void Forget(KeyedRow* keyed) {
    if (keyed->bytes != nullptr) state_.bytes.Free(const_cast<char*>(keyed->bytes), keyed->size);
    keyed->bytes = nullptr;
  }

  // Keys that the batch has left without a row.
  void EraseEmpty() {
    if (spec_->policy != UpdatePolicy::kUpsert) return;
    for (const EntryId id : ids_) {
      if (state_.keys.IsLive(id) && RowOf(id).bytes == nullptr) state_.keys.Erase(id);
    }
  }

  std::shared_ptr<const KeyedUpdateSpec> spec_;
  KeyedUpdateState state_;
  StateTtl ttl_;
  state::TableRecords records_;
  RowEmitter emitter_;
  uint32_t batch_number_ = 0;

  // Of the batch at hand.
  std::vector<uint64_t> hashes_;
  std::vector<data::ColumnPtr> keys_;
  std::vector<EntryId> ids_;
  std::vector<uint32_t> inserted_;
  std::vector<Change> changes_;
  std::string encoded_;
};

}  // namespace

std::unique_ptr<Operator> MakeKeyedUpdate(std::shared_ptr<const KeyedUpdateSpec> spec,
                                          OperatorContext context) {
  return std::make_unique<KeyedUpdate>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
