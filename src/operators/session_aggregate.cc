#include "operators/session_aggregate.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "operators/early_firing.h"
#include "operators/row_signs.h"
#include "operators/saved_state.h"
#include "operators/session_records.h"
#include "operators/session_state.h"
#include "operators/window_output.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::ColumnPtr;
using data::MutableColumnPtr;
using data::RowKind;
using state::EntryId;

std::vector<data::DataType> KeyTypes(const WindowAggregateSpec& spec) {
  std::vector<data::DataType> types;
  for (const int key : spec.keys) types.push_back(spec.input_types[key]);
  return types;
}

class SessionAggregate final : public Operator {
 public:
  SessionAggregate(std::shared_ptr<const WindowAggregateSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        gap_(spec_->window.size_micros),
        early_firing_(context_.early_fire, context_.early_fire_delay_micros),
        aggregates_(spec_->aggregates, 0),
        state_(KeyTypes(*spec_), gap_, &aggregates_, context_.is_durable),
        clock_(spec_->is_ltz ? context_.eval.zone : nullptr),
        results_(spec_.get(), &aggregates_, &context_, &clock_),
        records_(&aggregates_, &state_, SpreadPlaces(context_.spread_columns, spec_->keys)) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    early_firing_.NoteRows(context_.eval.now_micros);
    FindKeys(batch);
    sessions_.assign(batch.rows, nullptr);
    FillSigns(batch, &signs_);
    constexpr size_t kAhead = 12;
    for (size_t row = 0; row < batch.rows; ++row) {
      if (row + kAhead < batch.rows) __builtin_prefetch(SessionsOf(ids_[row + kAhead]).first);
      AssignRow(batch, row);
    }
    payloads_.resize(batch.rows);
    for (size_t row = 0; row < batch.rows; ++row) {
      Session* session = sessions_[row];
      while (session != nullptr && session->merged_into != nullptr) session = session->merged_into;
      payloads_[row] = session == nullptr ? nullptr : session->payload;
    }
    context_.eval.sequence = state_.sequence;
    aggregates_.Update(batch, payloads_, batch.IsInsertOnly() ? std::span<const int8_t>() : signs_,
                       context_.eval);
    state_.sequence += static_cast<int64_t>(batch.rows);
    for (const uint32_t row : inserted_) EraseIfUnused(ids_[row]);
    return {};
  }

  Status OnWatermark(int64_t watermark) override {
    if (!spec_->processing_time || watermark == data::kMaxWatermark) MR_TRY(Fire(watermark));
    MR_TRY(results_.Flush());
    return output().OnWatermark(watermark);
  }

  Status OnEpoch(int64_t now_micros) override {
    if (spec_->processing_time) MR_TRY(Fire(now_micros));
    if (early_firing_.TakeDue(now_micros)) MR_TRY(ShowOpenSessions());
    return results_.Flush();
  }

  void Save(state::StateWriter& writer) override {
    records_.Save(writer);
    early_firing_.Save(writer);
  }
  Status Restore(state::StateReader& reader) override {
    MR_TRY(records_.Restore(reader, results_.MakeAggregateColumns()));
    return early_firing_.Restore(reader);
  }

  size_t StateBytes() const override {
    size_t bytes = state_.keys.MemoryBytes() + state_.payloads.allocated_bytes() +
                   state_.timers.size() * (sizeof(Session*) + sizeof(Session));
    if (aggregates_.owns_memory()) {
      state_.keys.ForEach([&](EntryId id) {
        const auto& key = *reinterpret_cast<const KeySessions*>(state_.keys.payload(id));
        for (const Session* session = key.first; session != nullptr; session = session->next) {
          bytes += aggregates_.MemoryBytes(session->payload);
        }
      });
    }
    return bytes;
  }
  size_t StateEntries() const override { return state_.sessions; }

 private:
  KeySessions& SessionsOf(EntryId id) { return state_.SessionsOf(id); }

  void FindKeys(const Batch& batch) {
    data::HashRows(batch, spec_->keys, &hashes_);
    keys_.clear();
    for (const int key : spec_->keys) keys_.push_back(batch.columns[key]);
    ids_.resize(batch.rows);
    inserted_.clear();
    state_.keys.FindOrInsert(keys_, hashes_, batch.rows, ids_.data(), &inserted_);
  }

  void EraseIfUnused(EntryId id) {
    if (SessionsOf(id).first == nullptr) state_.keys.Erase(id);
  }

  bool IsClosed(const Session& session, int64_t watermark) const {
    return FiringTime(session.end, clock_.zone()) <= watermark;
  }

  // Finds, makes or merges the session of a row, or drops the row.
  void AssignRow(const Batch& batch, size_t row) {
    int64_t rowtime = context_.eval.now_micros;
    int64_t watermark = data::kMinWatermark;
    if (!spec_->processing_time) {
      const data::Column& column = *batch.columns[spec_->rowtime_column];
      if (column.IsNull(row)) {
        context_.side_output->Failed(
            context_.name, batch, row,
            Error(ErrorCode::kNullNotAllowed, "the row has no window: its time attribute is NULL"));
        return;
      }
      rowtime = data::ColumnView<int64_t>(column)[row];
      watermark = state_.watermark;
      if (batch.watermarks != nullptr) watermark = std::max(watermark, (*batch.watermarks)[row]);
    }
    const int64_t start = clock_.ToLocal(rowtime);
    const int64_t end = start + gap_;
    Session* session = signs_[row] > 0 ? Extend(ids_[row], start, end, watermark, row)
                                       : FindCovering(ids_[row], start, watermark);
    if (session == nullptr) {
      // A retraction of what is unknown is not late, and changes nothing.
      if (FiringTime(end, clock_.zone()) > watermark) return;
      const int64_t shown = watermark == data::kMaxWatermark ? watermark : clock_.ToLocal(watermark);
      context_.side_output->Late(
          context_.name, batch, row,
          {.window_start = start, .window_end = end, .watermark = shown, .rowtime = start});
      return;
    }
    state_.NoteChange(session);
    session->rows += signs_[row];
    MarkDirty(session);
    sessions_[row] = session;
  }

  Session* FindCovering(EntryId id, int64_t time, int64_t watermark) {
    for (Session* session = SessionsOf(id).first; session != nullptr; session = session->next) {
      if (session->start <= time && time < session->end && !IsClosed(*session, watermark)) return session;
    }
    return nullptr;
  }

  // The session that [start, end) is part of: all open ones that it touches become one with it. Null when it
  // touches none and is closed by the watermark itself.
  Session* Extend(EntryId id, int64_t start, int64_t end, int64_t watermark, size_t row) {
    Session* extended = nullptr;
    Session** link = &SessionsOf(id).first;
    while (*link != nullptr && (*link)->start <= end) {
      Session* session = *link;
      if (session->end < start || IsClosed(*session, watermark)) {
        link = &session->next;
      } else if (extended == nullptr) {
        extended = session;
        state_.NoteChange(session);
        if (start < session->start || end > session->end) RetireShown(session, session->key);
        session->start = std::min(session->start, start);
        session->end = std::max(session->end, end);
        link = &session->next;
      } else {
        *link = session->next;
        MergeInto(extended, session);
      }
    }
    if (extended != nullptr) return extended;
    if (!spec_->processing_time && FiringTime(end, clock_.zone()) <= watermark) return nullptr;
    Session* session = state_.New(id, start, end, state_.sequence + static_cast<int64_t>(row));
    session->next = *link;
    *link = session;
    state_.timers.Set(session);
    return session;
  }

  // Has what is shown of the session taken back: its bounds are others now.
  void RetireShown(Session* session, EntryId key) {
    if (session->shown == nullptr) return;
    state_.retired.push_back({key, early_firing_.NextChange(), std::move(*session->shown)});
    session->shown.reset();
  }

  void MergeInto(Session* into, Session* from) {
    records_.NoteGone(from);
    if (from->end > into->end) RetireShown(into, into->key);
    RetireShown(from, into->key);
    into->end = std::max(into->end, from->end);
    into->sequence = std::min(into->sequence, from->sequence);
    into->rows += from->rows;
    std::byte* const targets[] = {into->payload};
    std::byte* const sources[] = {from->payload};
    aggregates_.Merge(targets, sources);
    state_.FreePayload(from);
    from->merged_into = into;
    MarkDirty(into);
  }

  void MarkDirty(Session* session) {
    if (!context_.early_fire || session->change != 0) return;
    session->change = early_firing_.NextChange();
    state_.dirty.push_back(session);
  }

  // Emits the sessions that this watermark closes, by end and first row.
  Status Fire(int64_t watermark) {
    if (watermark <= state_.watermark) return {};
    state_.watermark = watermark;
    MR_TRY(TakeBackRetired(watermark));
    due_.clear();
    const auto is_due = [&](int64_t end) { return FiringTime(end, clock_.zone()) <= watermark; };
    while (Session* session = state_.timers.Take(is_due)) {
      if (session->merged_into != nullptr) {
        Release(session);
      } else if (is_due(session->end)) {
        due_.push_back(session);
      } else {
        state_.timers.Set(session);
      }
    }
    std::ranges::sort(due_, [](const Session* a, const Session* b) {
      return std::tie(a->end, a->sequence) < std::tie(b->end, b->sequence);
    });
    MR_TRY(context_.early_fire ? EmitCorrections() : EmitDue());
    for (Session* session : due_) Close(session);
    return {};
  }

  Status EmitDue() {
    std::vector<EntryId> ids;
    std::vector<std::byte*> payloads;
    std::vector<int64_t> starts;
    std::vector<int64_t> ends;
    for (const Session* session : due_) {
      if (session->rows <= 0) continue;
      ids.push_back(session->key);
      payloads.push_back(session->payload);
      starts.push_back(session->start);
      ends.push_back(session->end);
    }
    return results_.AddGroups(state_.keys, ids, payloads, starts, ends);
  }

  Status EmitCorrections() {
    for (Session* session : due_) MR_TRY(Show(session));
    return {};
  }

  void Close(Session* session) {
    records_.NoteGone(session);
    Session** link = &SessionsOf(session->key).first;
    while (*link != session) link = &(*link)->next;
    *link = session->next;
    EraseIfUnused(session->key);
    Release(session);
  }

  // Deletes the session, or leaves that to the epoch when the dirty list still names it.
  void Release(Session* session) {
    session->is_closed = true;
    state_.FreePayload(session);
    if (session->change == 0) state_.Delete(session);
  }

  // --- Early firing ---

  // Takes back the rows of sessions that have changed, before a watermark goes on that would make that late;
  // the others when the sessions are shown again.
  Status TakeBackRetired(int64_t watermark) {
    size_t kept = 0;
    for (RetiredRow& retired : state_.retired) {
      if (FiringTime(retired.shown.end, clock_.zone()) > watermark) {
        if (&retired != &state_.retired[kept]) state_.retired[kept] = std::move(retired);
        ++kept;
      } else {
        state_.NoteTakenBack(retired);
        MR_TRY(Add(retired.key, retired.shown, RowKind::kDelete));
      }
    }
    state_.retired.resize(kept);
    return {};
  }

  Status ShowOpenSessions() {
    MR_TRY(TakeBackRetired(data::kMaxWatermark));
    for (Session* session : state_.dirty) {
      session->change = 0;
      if (session->is_closed) {
        state_.Delete(session);
      } else if (session->merged_into == nullptr) {
        MR_TRY(Show(session));
      }
    }
    state_.dirty.clear();
    return {};
  }

  Status Add(EntryId key, const ShownSession& row, RowKind kind) {
    const std::vector<MutableColumnPtr> keys = results_.MakeKeyColumns();
    state_.keys.AppendKey(key, keys);
    const std::vector<MutableColumnPtr> results = results_.MakeAggregateColumns();
    data::DecodeKey(row.results, results);
    return results_.AddRow(keys, 0, results, 0, row.start, row.end, kind);
  }

  // Hands on how the session's row differs from what is shown.
  Status Show(Session* session) {
    const std::vector<MutableColumnPtr> results = results_.MakeAggregateColumns();
    std::byte* const payloads[] = {session->payload};
    state_.NoteChange(session);
    aggregates_.Finalize(payloads, results, context_.eval);
    const bool is_alive = session->rows > 0 && context_.eval.row_errors.empty();
    context_.eval.row_errors.clear();
    std::unique_ptr<ShownSession> former = std::move(session->shown);
    if (!is_alive) return former == nullptr ? Status() : Add(session->key, *former, RowKind::kDelete);

    session->shown = std::make_unique<ShownSession>();
    ShownSession& shown = *session->shown;
    shown = {session->start, session->end, {}};
    const std::vector<ColumnPtr> columns(results.begin(), results.end());
    data::EncodeKey(columns, 0, &shown.results);
    if (former == nullptr) return Add(session->key, shown, RowKind::kInsert);
    if (former->start != shown.start || former->end != shown.end) {
      MR_TRY(Add(session->key, *former, RowKind::kDelete));
      return Add(session->key, shown, RowKind::kInsert);
    }
    if (former->results == shown.results) return {};
    if (spec_->emit_update_before) MR_TRY(Add(session->key, *former, RowKind::kUpdateBefore));
    return Add(session->key, shown, RowKind::kUpdateAfter);
  }

  std::shared_ptr<const WindowAggregateSpec> spec_;
  int64_t gap_;
  EarlyFiring early_firing_;
  AggregateSet aggregates_;
  SessionAggregateState state_;
  LocalClock clock_;
  WindowOutput results_;
  SessionRecords records_;

  // Of the batch or watermark at hand.
  std::vector<uint64_t> hashes_;
  std::vector<ColumnPtr> keys_;
  std::vector<EntryId> ids_;
  std::vector<uint32_t> inserted_;
  std::vector<int8_t> signs_;
  std::vector<Session*> sessions_;
  std::vector<std::byte*> payloads_;
  std::vector<Session*> due_;
};

}  // namespace

std::unique_ptr<Operator> MakeSessionAggregate(std::shared_ptr<const WindowAggregateSpec> spec,
                                               OperatorContext context) {
  return std::make_unique<SessionAggregate>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
