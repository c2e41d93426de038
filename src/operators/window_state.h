// What the window aggregate remembers: the groups of slices, what early firing has shown, rows that wait.
//
// Owned by one operator instance; not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "operators/aggregate_set.h"
#include "operators/shown_rows.h"
#include "operators/window_rows.h"
#include "state/key_table.h"

namespace millrace::operators {

// In front of the aggregates' states of a group in a slice, when it is needed.
struct SliceHeader {
  int64_t rows;    // added minus taken away
  int64_t change;  // the first since early firing showed it (EarlyFiring::NextChange); 0: none
};

struct Slice {
  explicit Slice(const state::KeyTableOptions& options) : groups(options) {}
  state::KeyTable groups;  // payload: SliceHeader if any, states; ids in the order of arrival
  int64_t next_window_end = 0;
  std::vector<state::EntryId> dirty;
  bool is_saved = false;  // there are records of it
};

// Rows that belong to windows yet to fire only, whose slices are needed by others before.
struct WaitingRows {
  data::Batch batch;
  int64_t sequence;       // of the first
  bool is_saved = false;  // there are records of them
};

inline SliceHeader& HeaderOf(std::byte* payload) {
  return *reinterpret_cast<SliceHeader*>(payload);
}

struct WindowAggregateState {
  using Slices = std::map<SliceKey, std::unique_ptr<Slice>>;

  WindowAggregateState(const AggregateSet* aggregates, std::vector<data::DataType> key_types, bool is_durable)
      // Each slice has a table of its own, and there may be many with few groups.
      : table_options{.key_types = std::move(key_types),
                      .payload_bytes = aggregates->payload_bytes(),
                      .page_bytes = size_t{8} << 10},
        slice_options(table_options),
        aggregates(aggregates) {
    slice_options.track_changes = is_durable;
  }
  ~WindowAggregateState() {
    for (auto& [key, slice] : slices) Destroy(slice->groups);
  }

  // The states of a new group of a slice.
  void InitGroup(std::byte* payload) const {
    aggregates->Init(payload);
    if (slice_options.track_changes) aggregates->TrackElements(payload);
  }
  // The states of all groups of a table.
  void Destroy(state::KeyTable& groups) const {
    if (!aggregates->owns_memory()) return;
    groups.ForEach([&](state::EntryId id) { aggregates->Destroy(groups.payload(id)); });
  }
  void Forget(Slices::iterator slice) {
    if (slice->second->is_saved) gone_slices.push_back(slice->first);
    Destroy(slice->second->groups);
    slices.erase(slice);
  }
  ShownRows& ShownOf(const SliceKey& window) {
    return shown.try_emplace(window, table_options.key_types, slice_options.track_changes).first->second;
  }

  state::KeyTableOptions table_options;  // of tables for a moment
  state::KeyTableOptions slice_options;
  const AggregateSet* aggregates;

  Slices slices;
  std::map<SliceKey, ShownRows> shown;          // by window
  std::multimap<int64_t, WaitingRows> waiting;  // by the watermark that they came under
  int64_t watermark = data::kMinWatermark;
  int64_t sequence = 0;
  // Saved, and gone since the last Save.
  std::vector<SliceKey> gone_slices;
  std::vector<SliceKey> gone_shown;
  std::vector<std::pair<uint64_t, std::string>> gone_waiting;  // hash and key
};

}  // namespace millrace::operators
