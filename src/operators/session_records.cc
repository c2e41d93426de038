#include "operators/session_records.h"

#include <algorithm>
#include <utility>

#include "operators/saved_state.h"

namespace millrace::operators {

namespace {

using data::ColumnPtr;
using state::EntryId;

constexpr std::string_view kSessions = "sessions";
constexpr std::string_view kRetired = "retired";

}  // namespace

SessionRecords::SessionRecords(const AggregateSet* aggregates, SessionAggregateState* state,
                               std::vector<int> spread)
    : aggregates_(*aggregates),
      state_(*state),
      records_(state->keys.options().key_types, std::move(spread)),
      elements_(aggregates) {
  elements_.SetSpace(kSessions);
}

void SessionRecords::Save(state::StateWriter& writer) {
  elements_.WriteDropped(writer);
  SaveGone(kSessions, &state_.gone_sessions, writer);
  SaveGone(kRetired, &state_.gone_retired, writer);
  SaveChanged(writer);
  SaveRetired(writer);
  SaveShared("watermark", state_.watermark, writer);
  SaveShared("sequence", state_.sequence, writer);
  records_.SaveSpread(writer);
}

Status SessionRecords::Restore(state::StateReader& reader, const Columns& results) {
  std::map<int, OrderedRecords> elements;
  MR_TRY(ForEachChunk(reader, [&](const state::StateChunk& chunk) -> Status {
    std::string_view space;
    const int call = ElementRecords::CallOf(chunk.space, &space);
    if (call >= 0 && space == kSessions) return elements[call].AddUnordered(chunk);
    if (chunk.space != kSessions && chunk.space != kRetired) return UnknownSpace();
    MR_ASSIGN(const auto* restored, records_.RestoreParts(chunk, state_.keys));
    for (size_t i = 0; i < chunk.size(); ++i) {
      std::string_view rest = restored->rest[i];
      MR_TRY(chunk.space == kSessions ? RestoreSession(restored->ids[i], rest, restored->values[i], results)
                                      : RestoreRetired(restored->ids[i], rest, restored->values[i], results));
    }
    return {};
  }));
  std::ranges::sort(state_.dirty, {}, &Session::change);
  std::ranges::sort(state_.retired, {}, &RetiredRow::change);
  MR_TRY(RestoreElements(elements));
  MR_TRY(records_.CheckSpread(reader));
  MR_TRY(RestoreShared(reader, "watermark", SharedRule::kLeast, &state_.watermark));
  return RestoreSequence(reader, &state_.sequence);
}

void SessionRecords::SaveGone(std::string_view space, SessionAggregateState::Gone* gone,
                              state::StateWriter& writer) {
  if (gone->numbers.empty()) return;
  const std::vector<ColumnPtr> columns(gone->columns.begin(), gone->columns.end());
  records_.Describe(columns, gone->numbers.size());
  for (size_t i = 0; i < gone->numbers.size(); ++i) {
    std::string key(records_.keys()[i]);
    PutNumber(gone->numbers[i].first, &key);
    if (space == kRetired) PutNumber(gone->numbers[i].second, &key);
    writer.Remove(space, records_.hashes()[i], key);
  }
  gone->numbers.clear();
}

void SessionRecords::SaveChanged(state::StateWriter& writer) {
  std::erase(state_.changed, nullptr);
  std::string key;
  std::string value;
  std::vector<EntryId> ids;
  for (size_t offset = 0; offset < state_.changed.size(); offset += limits::kBatchRows) {
    const std::span sessions =
        std::span(state_.changed)
            .subspan(offset, std::min(limits::kBatchRows, state_.changed.size() - offset));
    ids.clear();
    for (const Session* session : sessions) ids.push_back(session->key);
    records_.Describe(state_.keys, ids);
    for (size_t i = 0; i < sessions.size(); ++i) {
      Session& session = *sessions[i];
      key.assign(records_.keys()[i]);
      PutNumber(session.id, &key);
      value.clear();
      AppendSession(session, &value);
      writer.Put(kSessions, records_.hashes()[i], key, value);
      if (elements_.is_on()) {
        elements_.WriteAll(kSessions, key, records_.hashes()[i], session.payload, writer);
      }
      session.is_saved = true;
      session.changed_at = Session::kUnchanged;
    }
  }
  state_.changed.clear();
}

Status SessionRecords::RestoreElements(std::map<int, OrderedRecords>& elements) {
  for (auto& [call, records] : elements) {
    MR_TRY(records.ForEachChunk([&, call = call](const state::StateChunk& chunk) -> Status {
      MR_ASSIGN(const auto* restored, records_.RestoreParts(chunk, state_.keys));
      for (size_t i = 0; i < chunk.size(); ++i) {
        std::string_view element = restored->rest[i];
        int64_t id = 0;
        MR_TRY(TakeNumber(&element, &id));
        Session* session = state_.SessionsOf(restored->ids[i]).first;
        while (session != nullptr && session->id != id) session = session->next;
        if (session == nullptr) return state::BadState("elements of a state have lost their session");
        MR_TRY(elements_.Load(call, element, restored->values[i], session->payload));
      }
      return {};
    }));
  }
  return {};
}

void SessionRecords::NoteGone(Session* session) {
  if (state_.is_durable && elements_.is_on()) {
    records_.Describe(state_.keys, {&session->key, 1});
    std::string key(records_.keys()[0]);
    PutNumber(session->id, &key);
    elements_.Drop(key, records_.hashes()[0], session->payload);
  }
  state_.NoteGone(session);
}

void SessionRecords::AppendSession(const Session& session, std::string* value) const {
  PutNumber(session.start, value);
  PutNumber(session.end, value);
  PutNumber(session.sequence, value);
  PutNumber(session.rows, value);
  PutNumber(session.change, value);
  PutNumber(static_cast<uint8_t>(session.shown != nullptr), value);
  if (session.shown != nullptr) {
    PutNumber(session.shown->start, value);
    PutNumber(session.shown->end, value);
    PutSized(session.shown->results, value);
  }
  aggregates_.Save(session.payload, value);
}

Status SessionRecords::RestoreSession(EntryId key, std::string_view rest, std::string_view value,
                                      const Columns& results) {
  int64_t id = 0;
  Session read{};
  uint8_t is_shown = 0;
  MR_TRY(TakeNumber(&rest, &id));
  MR_TRY(ExpectEnd(rest));
  MR_TRY(TakeNumber(&value, &read.start));
  MR_TRY(TakeNumber(&value, &read.end));
  MR_TRY(TakeCount(&value, &read.sequence));
  MR_TRY(TakeCount(&value, &read.rows));
  MR_TRY(TakeCount(&value, &read.change));
  MR_TRY(TakeNumber(&value, &is_shown));
  if (is_shown != 0) {
    read.shown = std::make_unique<ShownSession>();
    std::string_view shown;
    MR_TRY(TakeNumber(&value, &read.shown->start));
    MR_TRY(TakeNumber(&value, &read.shown->end));
    MR_TRY(TakeSized(&value, &shown));
    if (!data::IsEncodedKey(shown, results)) return state::BadState("a row is not one of results");
    read.shown->results = shown;
  }
  if (read.start >= read.end) return state::BadState("a session ends before it starts");
  Session* session = state_.New(key, read.start, read.end, read.sequence);
  state_.timers.Set(session);
  session->id = id;
  session->rows = read.rows;
  session->shown = std::move(read.shown);
  session->is_saved = true;
  Session** link = &state_.SessionsOf(key).first;
  while (*link != nullptr && (*link)->start < session->start) link = &(*link)->next;
  session->next = *link;
  *link = session;
  session->change = read.change;
  if (session->change != 0) state_.dirty.push_back(session);
  MR_TRY(aggregates_.Load(&value, session->payload));
  return ExpectEnd(value);
}

void SessionRecords::SaveRetired(state::StateWriter& writer) {
  for (RetiredRow& retired : state_.retired) {
    if (std::exchange(retired.is_saved, true)) continue;
    records_.Describe(state_.keys, {&retired.key, 1});
    std::string key(records_.keys()[0]);
    PutNumber(retired.shown.start, &key);
    PutNumber(retired.shown.end, &key);
    std::string value;
    PutNumber(retired.change, &value);
    value += retired.shown.results;
    writer.Put(kRetired, records_.hashes()[0], key, value);
  }
}

Status SessionRecords::RestoreRetired(EntryId key, std::string_view rest, std::string_view value,
                                      const Columns& results) {
  RetiredRow retired{.key = key, .change = 0, .shown = {}, .is_saved = true};
  MR_TRY(TakeNumber(&rest, &retired.shown.start));
  MR_TRY(TakeNumber(&rest, &retired.shown.end));
  MR_TRY(ExpectEnd(rest));
  MR_TRY(TakeCount(&value, &retired.change));
  if (!data::IsEncodedKey(value, results)) return state::BadState("a row is not one of results");
  retired.shown.results = value;
  state_.retired.push_back(std::move(retired));
  return {};
}

}  // namespace millrace::operators
