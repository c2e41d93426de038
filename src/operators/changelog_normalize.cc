#include "operators/changelog_normalize.h"

#include <algorithm>
#include <string>

#include "operators/keyed_update.h"
#include "operators/row_emitter.h"
#include "operators/saved_state.h"
#include "state/key_table.h"
#include "state/table_records.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::RowKind;
using state::EntryId;

class DropUpdateBefore final : public Operator {
 public:
  explicit DropUpdateBefore(OperatorContext context) : Operator(std::move(context)) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    if (batch.IsInsertOnly()) return output().OnBatch(std::move(batch));
    kept_.clear();
    for (size_t row = 0; row < batch.rows; ++row) {
      if (batch.kind(row) != RowKind::kUpdateBefore) kept_.push_back(static_cast<uint32_t>(row));
    }
    if (kept_.empty()) return {};
    if (kept_.size() == batch.rows) return output().OnBatch(std::move(batch));
    return output().OnBatch(data::Gather(batch, kept_));
  }

 private:
  std::vector<uint32_t> kept_;
};

// Rows alive under one primary key, by arrival, as EncodeKey writes them.
using AliveRows = std::vector<std::string>;

struct UpsertMaterializeState {
  explicit UpsertMaterializeState(state::KeyTableOptions options) : keys(std::move(options)) {}
  ~UpsertMaterializeState() {
    keys.ForEach([&](EntryId id) { delete *reinterpret_cast<AliveRows**>(keys.payload(id)); });
  }
  state::KeyTable keys;  // payload: AliveRows*
};

class UpsertMaterialize final : public Operator {
 public:
  UpsertMaterialize(std::shared_ptr<const UpsertMaterializeSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        state_({.key_types = KeyTypes(*spec_),
                .payload_bytes = sizeof(AliveRows*),
                .track_changes = context_.is_durable}),
        records_(KeyTypes(*spec_), SpreadPlaces(context_.spread_columns, spec_->primary_key)),
        emitter_(spec_->input_types, context_.output) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    data::HashRows(batch, spec_->primary_key, &hashes_);
    keys_.clear();
    for (const int key : spec_->primary_key) keys_.push_back(batch.columns[key]);
    ids_.resize(batch.rows);
    inserted_.clear();
    state_.keys.FindOrInsert(keys_, hashes_, batch.rows, ids_.data(), &inserted_);
    state_.keys.Touch(ids_);
    for (const uint32_t row : inserted_) RowsOf(ids_[row]) = new AliveRows;
    for (size_t row = 0; row < batch.rows; ++row) {
      encoded_.clear();
      data::EncodeKey(batch.columns, row, &encoded_);
      MR_TRY(IsAddition(batch.kind(row)) ? Add(*RowsOf(ids_[row])) : Remove(*RowsOf(ids_[row])));
    }
    for (const EntryId id : ids_) {
      if (!state_.keys.IsLive(id) || !RowsOf(id)->empty()) continue;
      delete RowsOf(id);
      state_.keys.Erase(id);
    }
    return emitter_.Flush();
  }

  // All rows under a key are one value: more than one is the exception.
  void Save(state::StateWriter& writer) override {
    records_.Save(state_.keys, "rows", writer,
                  [&](std::span<const EntryId> ids, std::span<const std::byte* const> /*payloads*/,
                      state::SavedValues& values) {
                    for (const EntryId id : ids) {
                      for (const std::string& row : *RowsOf(id)) PutSized(row, &values.bytes());
                      values.End();
                    }
                  });
    records_.SaveSpread(writer);
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      if (chunk.space != "rows") return UnknownSpace();
      MR_ASSIGN(const auto* restored, records_.Restore(chunk, state_.keys));
      for (const uint32_t row : restored->inserted) RowsOf(restored->ids[row]) = new AliveRows;
      for (size_t i = 0; i < chunk.size(); ++i) {
        std::string_view value = restored->values[i];
        while (!value.empty()) {
          std::string_view row;
          MR_TRY(TakeSized(&value, &row));
          if (!data::IsEncodedKey(row, emitter_.columns())) {
            return state::BadState("a row is not one of the input's types");
          }
          RowsOf(restored->ids[i])->emplace_back(row);
        }
      }
      return {};
    }));
    return records_.CheckSpread(reader);
  }

  size_t StateBytes() const override {
    size_t bytes = state_.keys.MemoryBytes();
    state_.keys.ForEach([&](EntryId id) {
      const auto& rows = **reinterpret_cast<AliveRows* const*>(state_.keys.payload(id));
      bytes += sizeof(AliveRows) + rows.capacity() * sizeof(std::string);
      for (const std::string& row : rows) bytes += row.capacity();
    });
    return bytes;
  }
  size_t StateEntries() const override { return state_.keys.size(); }

 private:
  static std::vector<data::DataType> KeyTypes(const UpsertMaterializeSpec& spec) {
    std::vector<data::DataType> types;
    for (const int key : spec.primary_key) types.push_back(spec.input_types[key]);
    return types;
  }

  AliveRows*& RowsOf(EntryId id) { return *reinterpret_cast<AliveRows**>(state_.keys.payload(id)); }

  Status Add(AliveRows& rows) {
    rows.push_back(encoded_);
    return Emit(encoded_, rows.size() == 1 ? RowKind::kInsert : RowKind::kUpdateAfter);
  }

  Status Remove(AliveRows& rows) {
    const auto found = std::ranges::find(rows, encoded_);
    if (found == rows.end()) return {};
    const bool was_shown = found + 1 == rows.end();
    rows.erase(found);
    if (!was_shown) return {};
    return rows.empty() ? Emit(encoded_, RowKind::kDelete) : Emit(rows.back(), RowKind::kUpdateAfter);
  }

  Status Emit(std::string_view row, RowKind kind) {
    data::DecodeKey(row, emitter_.columns());
    return emitter_.Finish(1, kind);
  }

  std::shared_ptr<const UpsertMaterializeSpec> spec_;
  UpsertMaterializeState state_;
  state::TableRecords records_;
  RowEmitter emitter_;
  std::vector<uint64_t> hashes_;
  std::vector<data::ColumnPtr> keys_;
  std::vector<EntryId> ids_;
  std::vector<uint32_t> inserted_;
  std::string encoded_;
};

}  // namespace

std::unique_ptr<Operator> MakeChangelogNormalize(std::shared_ptr<const ChangelogNormalizeSpec> spec,
                                                 OperatorContext context) {
  auto update = std::make_shared<KeyedUpdateSpec>();
  update->input_types = spec->input_types;
  update->keys = spec->keys;
  update->policy = UpdatePolicy::kUpsert;
  update->emit_update_before = spec->emit_update_before;
  return MakeKeyedUpdate(std::move(update), std::move(context));
}

std::unique_ptr<Operator> MakeDropUpdateBefore(std::shared_ptr<const DropUpdateBeforeSpec>,
                                               OperatorContext context) {
  return std::make_unique<DropUpdateBefore>(std::move(context));
}

std::unique_ptr<Operator> MakeUpsertMaterialize(std::shared_ptr<const UpsertMaterializeSpec> spec,
                                                OperatorContext context) {
  return std::make_unique<UpsertMaterialize>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
