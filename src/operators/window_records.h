// WindowRecords: what a window aggregate remembers as records of saved state.
//
// A group of a slice is a record in the slice's space, with the elements of its large states beside it; what
// early firing has shown of a window lies in a space of the window's. Such a space is dropped at once when
// the slice or window goes. A waiting row is a record under its number and all of it. Owned by one operator
// instance; not thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "operators/early_firing.h"
#include "operators/element_records.h"
#include "operators/operator.h"
#include "operators/ordered_records.h"
#include "operators/slice_windows.h"
#include "operators/window_state.h"
#include "state/table_records.h"

namespace millrace::operators {

class WindowRecords {
 public:
  using Columns = std::vector<data::MutableColumnPtr>;

  // All of them outlive it.
  WindowRecords(const WindowAggregateSpec* spec, const OperatorContext* context, const SliceWindows* windows,
                WindowAggregateState* state);

  // As Operator's, but that the owner saves the clock of early firing. `results` are of the types of the
  // aggregates' results.
  void Save(state::StateWriter& writer);
  Status Restore(state::StateReader& reader, const Columns& results, EarlyFiring* early_firing);
  // To be called when saved rows wait no longer.
  void NoteLetIn(const WaitingRows& rows);

 private:
  // What has been read of a slice: groups, which go into it in order, then the elements of their states.
  struct RestoredSlice {
    Status Add(int call, const state::StateChunk& chunk) {
      if (call < 0) return groups.Add(chunk);
      return elements[call].AddUnordered(chunk);
    }
    OrderedRecords groups;
    std::map<int, OrderedRecords> elements;  // by call
  };

  struct RestoredWaiting {
    int64_t watermark;
    int64_t sequence;
    data::RowKind kind;
    std::string row;
  };

  void SaveGroups(const SliceKey& key, Slice& slice, state::StateWriter& writer);
  Status RestoreSlice(const SliceKey& key, RestoredSlice& read, const EarlyFiring& early_firing);
  Status RestoreElements(Slice& slice, RestoredSlice& read);
  void AppendWaiting(const WaitingRows& rows, std::vector<std::pair<uint64_t, std::string>>* out) const;
  void SaveWaiting(state::StateWriter& writer);
  Status RestoreWaiting(const state::StateChunk& chunk, std::vector<RestoredWaiting>* waiting) const;
  void TakeWaiting(std::vector<RestoredWaiting> waiting);

  const WindowAggregateSpec& spec_;
  const OperatorContext& context_;
  const SliceWindows& windows_;
  WindowAggregateState& state_;
  bool has_header_;
  state::TableRecords records_;
  ElementRecords elements_;
  std::shared_ptr<const AggregateSet> shared_aggregates_;  // for what is saved when the operator may be gone
};

}  // namespace millrace::operators
