// SessionRecords: what a session window aggregate remembers as records of saved state.
//
// A session is a record under its key and number, with the elements of its large states beside it; a row to
// be taken back is one under its key and bounds. Owned by one operator instance; not thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "operators/element_records.h"
#include "operators/ordered_records.h"
#include "operators/session_state.h"
#include "state/state_reader.h"
#include "state/state_writer.h"
#include "state/table_records.h"

namespace millrace::operators {

class SessionRecords {
 public:
  using Columns = std::vector<data::MutableColumnPtr>;

  // `spread`: the places in the key of the columns by which rows find their shard.
  SessionRecords(const AggregateSet* aggregates, SessionAggregateState* state, std::vector<int> spread);

  // As Operator's; all but the clock of early firing. `results` are of the types of the aggregates' results.
  void Save(state::StateWriter& writer);
  Status Restore(state::StateReader& reader, const Columns& results);
  // To be called when an open session ends or becomes part of another, while it has its payload.
  void NoteGone(Session* session);

 private:
  void SaveGone(std::string_view space, SessionAggregateState::Gone* gone, state::StateWriter& writer);
  void SaveChanged(state::StateWriter& writer);
  void SaveRetired(state::StateWriter& writer);
  void AppendSession(const Session& session, std::string* value) const;
  Status RestoreSession(state::EntryId key, std::string_view rest, std::string_view value,
                        const Columns& results);
  Status RestoreRetired(state::EntryId key, std::string_view rest, std::string_view value,
                        const Columns& results);
  Status RestoreElements(std::map<int, OrderedRecords>& elements);

  const AggregateSet& aggregates_;
  SessionAggregateState& state_;
  state::TableRecords records_;
  ElementRecords elements_;
};

}  // namespace millrace::operators
