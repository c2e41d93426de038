#include "operators/group_aggregate.h"

#include <algorithm>

#include "operators/aggregate_set.h"
#include "operators/element_records.h"
#include "operators/row_emitter.h"
#include "operators/row_signs.h"
#include "operators/saved_state.h"
#include "operators/state_ttl.h"
#include "state/key_table.h"
#include "state/table_records.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::ColumnPtr;
using data::MutableColumnPtr;
using data::RowKind;
using state::EntryId;

// In front of the aggregates' states of a group.
struct GroupHeader {
  int64_t rows = 0;       // with a retracting input: those added minus those taken away
  uint32_t batch = 0;     // the batch that touched it last,
  uint32_t position = 0;  // and its place among the groups that this batch touches
};

struct GroupAggregateState {
  GroupAggregateState(state::KeyTableOptions options, const AggregateSet* aggregates)
      : groups(std::move(options)), aggregates(aggregates) {}
  ~GroupAggregateState() {
    if (!aggregates->owns_memory()) return;
    groups.ForEach([&](EntryId id) { aggregates->Destroy(groups.payload(id)); });
  }

  state::KeyTable groups;  // payload: GroupHeader, states
  const AggregateSet* aggregates;
  int64_t sequence = 0;  // rows so far, for order-sensitive aggregates
};

std::vector<data::DataType> KeyTypes(const GroupAggregateSpec& spec) {
  std::vector<data::DataType> types;
  for (const int key : spec.keys) types.push_back(spec.input_types[key]);
  return types;
}

// Marks the pairs (i, i + count) of rows of the column that differ.
void MarkChanges(const data::Column& column, size_t count, std::vector<uint8_t>* changed) {
  if (!column.has_nulls() && column.physical() == data::PhysicalType::kInt64) {
    const int64_t* values = column.values<int64_t>();
    for (size_t i = 0; i < count; ++i) (*changed)[i] |= values[i] != values[count + i];
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    if (!(*changed)[i]) (*changed)[i] = !data::RowsIdentical(column, i, column, count + i);
  }
}

class GroupAggregate final : public Operator {
 public:
  GroupAggregate(std::shared_ptr<const GroupAggregateSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        aggregates_(spec_->aggregates, sizeof(GroupHeader)),
        state_({.key_types = KeyTypes(*spec_),
                .payload_bytes = aggregates_.payload_bytes(),
                .track_access = context_.state_ttl_micros > 0,
                .track_changes = context_.is_durable},
               &aggregates_),
        ttl_(context_.state_ttl_micros),
        records_(KeyTypes(*spec_), SpreadPlaces(context_.spread_columns, spec_->keys)),
        elements_(&aggregates_),
        shared_aggregates_(std::make_shared<const AggregateSet>(aggregates_)) {
    elements_.SetSpace(Space());
  }

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    FindGroups(batch);
    CollectTouched(batch);
    if (aggregates_.size() > 0) {
      FinalizeTouched();
      context_.eval.sequence = state_.sequence;
      aggregates_.Update(batch, payloads_, batch.IsInsertOnly() ? std::span<const int8_t>() : signs_,
                         context_.eval);
      FinalizeTouched();
    }
    state_.sequence += static_cast<int64_t>(batch.rows);
    const Status status = EmitChanges(batch);
    EraseEmptied();
    return status;
  }

  Status OnEpoch(int64_t now_micros) override {
    ttl_.Sweep(now_micros, state_.groups, [&](EntryId id) { Forget(id); });
    return {};
  }

  void Save(state::StateWriter& writer) override {
    elements_.WriteDropped(writer);
    if (aggregates_.owns_memory()) {
      records_.Save(state_.groups, Space(), writer,
                    [&](std::span<const EntryId> ids, Payloads payloads, state::SavedValues& values) {
                      AppendGroups(aggregates_, payloads, values);
                      if (elements_.is_on()) SaveElements(ids, writer);
                    });
    } else {
      records_.SaveLater(state_.groups, Space(), writer,
                         [aggregates = shared_aggregates_](std::span<const EntryId> /*ids*/,
                                                           Payloads payloads, state::SavedValues& values) {
                           AppendGroups(*aggregates, payloads, values);
                         });
    }
    SaveShared("sequence", state_.sequence, writer);
    records_.SaveSpread(writer);
    ttl_.Save(writer);
  }

  Status Restore(state::StateReader& reader) override {
    MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
      std::string_view space;
      const int call = ElementRecords::CallOf(chunk.space, &space);
      if (space != Space()) return UnknownSpace();
      if (call >= 0) return RestoreElements(call, chunk);
      MR_ASSIGN(const auto* restored, records_.Restore(chunk, state_.groups));
      InitGroups(*restored);
      for (size_t i = 0; i < chunk.size(); ++i) {
        std::byte* payload = state_.groups.payload(restored->ids[i]);
        std::string_view value = restored->values[i];
        MR_TRY(TakeCount(&value, &HeaderOf(payload).rows));
        MR_TRY(aggregates_.Load(&value, payload));
        MR_TRY(ExpectEnd(value));
      }
      return {};
    }));
    MR_TRY(CheckAllRestored(state_.groups));
    MR_TRY(records_.CheckSpread(reader));
    MR_TRY(ttl_.Restore(reader));
    return RestoreSequence(reader, &state_.sequence);
  }

  size_t StateBytes() const override {
    size_t bytes = state_.groups.MemoryBytes();
    if (aggregates_.owns_memory()) {
      state_.groups.ForEach([&](EntryId id) { bytes += aggregates_.MemoryBytes(state_.groups.payload(id)); });
    }
    return bytes;
  }
  size_t StateEntries() const override { return state_.groups.size(); }

 private:
  // A group that the batch at hand touches.
  struct Touched {
    EntryId id;
    uint32_t first_row;
    bool existed;  // it was shown before this batch
    bool had_error = false;
    bool has_error = false;
  };

  using Payloads = std::span<const std::byte* const>;

  static GroupHeader& HeaderOf(std::byte* payload) { return *reinterpret_cast<GroupHeader*>(payload); }

  // --- Checkpoints ---

  static void AppendGroups(const AggregateSet& aggregates, Payloads payloads, state::SavedValues& values) {
    for (const std::byte* payload : payloads) {
      PutNumber(reinterpret_cast<const GroupHeader*>(payload)->rows, &values.bytes());
      aggregates.Save(payload, &values.bytes());
      values.End();
    }
  }

  void SaveElements(std::span<const EntryId> ids, state::StateWriter& writer) {
    for (size_t call = 0; call < aggregates_.size(); ++call) {
      for (size_t i = 0; i < ids.size(); ++i) {
        elements_.Write(call, Space(), records_.keys()[i], records_.hashes()[i],
                        state_.groups.payload(ids[i]), writer);
      }
    }
  }
  Status RestoreElements(int call, const state::StateChunk& chunk) {
    MR_ASSIGN(const auto* restored, records_.RestoreParts(chunk, state_.groups));
    InitGroups(*restored);
    for (size_t i = 0; i < chunk.size(); ++i) {
      MR_TRY(elements_.Load(call, restored->rest[i], restored->values[i],
                            state_.groups.payload(restored->ids[i])));
    }
    return {};
  }
  void InitGroups(const state::TableRecords::Restored& restored) {
    for (const uint32_t row : restored.inserted) InitGroup(state_.groups.payload(restored.ids[row]));
  }
  void InitGroup(std::byte* payload) {
    aggregates_.Init(payload);
    if (context_.is_durable) aggregates_.TrackElements(payload);
  }
  void Forget(EntryId id) {
    std::byte* payload = state_.groups.payload(id);
    if (context_.is_durable && elements_.is_on()) {
      records_.Describe(state_.groups, {&id, 1});
      elements_.Drop(records_.keys()[0], records_.hashes()[0], payload);
    }
    aggregates_.Destroy(payload);
    state_.groups.Erase(id);
  }
  // Of the groups' records; another where they begin with a time of access.
  std::string_view Space() const { return ttl_.is_on() ? "groups by access" : "groups"; }

  void FindGroups(const Batch& batch) {
    data::HashRows(batch, spec_->keys, &hashes_);
    keys_.clear();
    for (const int key : spec_->keys) keys_.push_back(batch.columns[key]);
    ids_.resize(batch.rows);
    inserted_.clear();
    state_.groups.FindOrInsert(keys_, hashes_, batch.rows, ids_.data(), &inserted_);
    state_.groups.Touch(ids_);
    payloads_.resize(batch.rows);
    state_.groups.Payloads(ids_, 0, payloads_.data());
    for (const uint32_t row : inserted_) InitGroup(payloads_[row]);
    if (context_.state_ttl_micros > 0) state_.groups.SetLastAccess(ids_, context_.eval.now_micros);
  }

  // Notes each group once, in the order of first rows, and counts rows. A retraction for a group without
  // rows is left out (its payload becomes null).
  void CollectTouched(const Batch& batch) {
    if (++batch_number_ == 0) batch_number_ = 1;
    touched_.clear();
    const bool counts = spec_->input_retracts;
    if (!batch.IsInsertOnly()) FillSigns(batch, &signs_);
    size_t next_inserted = 0;
    for (size_t row = 0; row < batch.rows; ++row) {
      GroupHeader& header = HeaderOf(payloads_[row]);
      const bool is_new = next_inserted < inserted_.size() && inserted_[next_inserted] == row;
      next_inserted += is_new ? 1 : 0;
      if (header.batch != batch_number_) {
        header.batch = batch_number_;
        header.position = static_cast<uint32_t>(touched_.size());
        touched_.push_back({ids_[row], static_cast<uint32_t>(row), !is_new});
      }
      if (!counts) continue;
      const int sign = batch.IsInsertOnly() ? 1 : signs_[row];
      if (header.rows + sign < 0) {
        payloads_[row] = nullptr;
      } else {
        header.rows += sign;
      }
    }
    touched_payloads_.resize(touched_.size());
    for (size_t i = 0; i < touched_.size(); ++i) touched_payloads_[i] = state_.groups.payload(touched_[i].id);
    results_.clear();
    for (const auto& type : aggregates_.result_types()) {
      results_.push_back(data::Column::Make(type, touched_.size() * 2));
    }
  }

  // Called before and after the update: results_ then hold the former rows, then the present ones. A group
  // whose result cannot be told (overflow) has no row as long as that lasts.
  void FinalizeTouched() {
    const bool after = results_[0]->size() > 0;
    aggregates_.Finalize(touched_payloads_, results_, context_.eval);
    for (auto& error : context_.eval.row_errors) {
      Touched& group = touched_[error.row];
      if (after) {
        if (!group.has_error && !group.had_error)
          failures_.emplace_back(group.first_row, std::move(error.error));
        group.has_error = true;
      } else {
        group.had_error = true;
      }
    }
    context_.eval.row_errors.clear();
  }

  Status EmitChanges(const Batch& batch) {
    for (auto& [row, error] : failures_) context_.side_output->Failed(context_.name, batch, row, error);
    failures_.clear();
    const size_t count = touched_.size();
    // An unchanged result goes out as well, lest it be forgotten downstream; without results there is nothing
    // to repeat, and nobody expects an update.
    changed_.assign(count, context_.state_ttl_micros > 0 && aggregates_.size() > 0);
    for (const auto& column : results_) MarkChanges(*column, count, &changed_);
    key_rows_.clear();
    result_rows_.clear();
    kinds_.clear();
    for (size_t i = 0; i < count; ++i) {
      const Touched& group = touched_[i];
      const bool was_shown = group.existed && !group.had_error;
      const bool is_shown = !group.has_error && (!spec_->input_retracts || RowsOf(i) > 0);
      if (was_shown && is_shown) {
        if (!changed_[i]) continue;
        if (spec_->emit_update_before) Add(group, i, RowKind::kUpdateBefore);
        Add(group, count + i, RowKind::kUpdateAfter);
      } else if (is_shown) {
        Add(group, count + i, RowKind::kInsert);
      } else if (was_shown) {
        Add(group, i, RowKind::kDelete);
      }
    }
    return Emit();
  }

  int64_t RowsOf(size_t i) const { return HeaderOf(touched_payloads_[i]).rows; }

  void Add(const Touched& group, size_t result_row, RowKind kind) {
    key_rows_.push_back(group.first_row);
    result_rows_.push_back(static_cast<uint32_t>(result_row));
    kinds_.push_back(kind);
  }

  Status Emit() {
    for (size_t offset = 0; offset < kinds_.size(); offset += limits::kBatchRows) {
      const size_t rows = std::min(limits::kBatchRows, kinds_.size() - offset);
      Batch result;
      result.rows = rows;
      const std::span key_rows = std::span<const uint32_t>(key_rows_).subspan(offset, rows);
      const std::span result_rows = std::span<const uint32_t>(result_rows_).subspan(offset, rows);
      for (const auto& key : keys_) result.columns.push_back(data::Gather(key, key_rows));
      for (const auto& column : results_) result.columns.push_back(data::Gather(column, result_rows));
      const std::span kinds = std::span<const RowKind>(kinds_).subspan(offset, rows);
      if (std::ranges::any_of(kinds, [](RowKind kind) { return kind != RowKind::kInsert; })) {
        result.kinds = std::make_shared<const std::vector<RowKind>>(kinds.begin(), kinds.end());
      }
      MR_TRY(output().OnBatch(std::move(result)));
    }
    return {};
  }

  void EraseEmptied() {
    if (!spec_->input_retracts) return;
    for (size_t i = 0; i < touched_.size(); ++i) {
      if (RowsOf(i) > 0) continue;
      Forget(touched_[i].id);
    }
  }

  std::shared_ptr<const GroupAggregateSpec> spec_;
  AggregateSet aggregates_;
  GroupAggregateState state_;
  StateTtl ttl_;
  state::TableRecords records_;
  ElementRecords elements_;
  std::shared_ptr<const AggregateSet> shared_aggregates_;  // for what is saved when the operator may be gone
  uint32_t batch_number_ = 0;

  // Of the batch at hand.
  std::vector<uint64_t> hashes_;
  std::vector<ColumnPtr> keys_;
  std::vector<EntryId> ids_;
  std::vector<uint32_t> inserted_;
  std::vector<std::byte*> payloads_;
  std::vector<int8_t> signs_;
  std::vector<Touched> touched_;
  std::vector<std::byte*> touched_payloads_;
  std::vector<MutableColumnPtr> results_;  // former rows, then present ones
  std::vector<uint8_t> changed_;
  std::vector<std::pair<uint32_t, Error>> failures_;
  std::vector<uint32_t> key_rows_;
  std::vector<uint32_t> result_rows_;
  std::vector<RowKind> kinds_;
};

}  // namespace

std::unique_ptr<Operator> MakeGroupAggregate(std::shared_ptr<const GroupAggregateSpec> spec,
                                             OperatorContext context) {
  return std::make_unique<GroupAggregate>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
