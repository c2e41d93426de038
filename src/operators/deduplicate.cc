#include "operators/deduplicate.h"

#include "operators/keyed_update.h"
#include "operators/saved_state.h"
#include "operators/state_ttl.h"
#include "state/key_table.h"
#include "state/table_records.h"

namespace millrace::operators {
namespace {

using data::Batch;
using state::EntryId;

std::vector<data::DataType> KeyTypes(const DeduplicateSpec& spec) {
  std::vector<data::DataType> types;
  for (const int key : spec.keys) types.push_back(spec.input_types[key]);
  return types;
}

struct FirstArrivalState {
  explicit FirstArrivalState(state::KeyTableOptions options) : seen(std::move(options)) {}
  state::KeyTable seen;  // no payload
};

// Passes on the first row of each key: append-only.
class FirstArrival final : public Operator {
 public:
  FirstArrival(std::shared_ptr<const DeduplicateSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        state_({.key_types = KeyTypes(*spec_),
                .payload_bytes = 0,
                .track_access = context_.state_ttl_micros > 0,
                .track_changes = context_.is_durable}),
        ttl_(context_.state_ttl_micros),
        records_(KeyTypes(*spec_), SpreadPlaces(context_.spread_columns, spec_->keys)) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    data::HashRows(batch, spec_->keys, &hashes_);
    keys_.clear();
    for (const int key : spec_->keys) keys_.push_back(batch.columns[key]);
    ids_.resize(batch.rows);
    first_rows_.clear();
    state_.seen.FindOrInsert(keys_, hashes_, batch.rows, ids_.data(), &first_rows_);
    // As in Flink, seeing a key again does not prolong its life.
    for (const uint32_t row : first_rows_) {
      if (ttl_.is_on()) state_.seen.SetLastAccess(ids_[row], context_.eval.now_micros);
    }
    if (first_rows_.empty()) return {};
    if (first_rows_.size() == batch.rows) return output().OnBatch(std::move(batch));
    return output().OnBatch(data::Gather(batch, first_rows_));
  }

  Status OnEpoch(int64_t now_micros) override {
    ttl_.Sweep(now_micros, state_.seen, [&](EntryId id) { state_.seen.Erase(id); });
    return {};
  }

  void Save(state::StateWriter& writer) override {
    records_.SaveLater(state_.seen, Space(), writer,
                       [](std::span<const EntryId> ids, std::span<const std::byte* const> /*payloads*/,
                          state::SavedValues& values) {
                         for (size_t i = 0; i < ids.size(); ++i) values.End();
                       });
    ttl_.Save(writer);
    records_.SaveSpread(writer);
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      if (chunk.space != Space()) return UnknownSpace();
      MR_ASSIGN(const auto* restored, records_.Restore(chunk, state_.seen));
      for (const std::string_view value : restored->values) MR_TRY(ExpectEnd(value));
      return {};
    }));
    MR_TRY(records_.CheckSpread(reader));
    return ttl_.Restore(reader);
  }

  size_t StateBytes() const override { return state_.seen.MemoryBytes(); }
  size_t StateEntries() const override { return state_.seen.size(); }

 private:
  std::string_view Space() const { return ttl_.is_on() ? "keys by access" : "keys"; }

  std::shared_ptr<const DeduplicateSpec> spec_;
  FirstArrivalState state_;
  StateTtl ttl_;
  state::TableRecords records_;
  std::vector<uint64_t> hashes_;
  std::vector<data::ColumnPtr> keys_;
  std::vector<EntryId> ids_;
  std::vector<uint32_t> first_rows_;
};

}  // namespace

std::unique_ptr<Operator> MakeDeduplicate(std::shared_ptr<const DeduplicateSpec> spec,
                                          OperatorContext context) {
  const bool by_time = spec->rowtime_column >= 0;
  if (!by_time && !spec->keep_last) {
    return std::make_unique<FirstArrival>(std::move(spec), std::move(context));
  }
  auto update = std::make_shared<KeyedUpdateSpec>();
  update->input_types = spec->input_types;
  update->keys = spec->keys;
  update->rowtime_column = spec->rowtime_column;
  update->emit_update_before = spec->emit_update_before;
  update->policy = !by_time          ? UpdatePolicy::kLatest
                   : spec->keep_last ? UpdatePolicy::kGreatestTime
                                     : UpdatePolicy::kSmallestTime;
  return MakeKeyedUpdate(std::move(update), std::move(context));
}

}  // namespace millrace::operators
