// EarlyFiring: when open windows show how they have changed (table.exec.emit.early-fire.enabled, .delay).
//
// At the first epoch that is the delay later than the first row since they were last shown; without a delay
// at each epoch. Owned by one operator instance.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "operators/saved_state.h"

namespace millrace::operators {

class EarlyFiring {
 public:
  EarlyFiring(bool is_on, int64_t delay_micros) : is_on_(is_on), delay_micros_(delay_micros) {}

  bool is_on() const { return is_on_; }

  // Rows have come, at this time of the wall clock.
  void NoteRows(int64_t now_micros) {
    if (!changed_micros_.has_value()) changed_micros_ = now_micros;
  }

  // Whether the epoch of this time shows windows; true starts the next delay.
  bool TakeDue(int64_t now_micros) {
    if (!is_on_ || !changed_micros_.has_value() || now_micros - *changed_micros_ < delay_micros_)
      return false;
    changed_micros_.reset();
    shown_changes_ = changes_;
    return true;
  }

  // The number, from 1 on, of a change that is to be shown: in their order. Those up to the last time that
  // windows were shown need no showing any more.
  int64_t NextChange() { return ++changes_; }
  bool IsShown(int64_t change) const { return change <= shown_changes_; }

  // When the rows came that wait to be shown, and which changes do, so that a restored instance shows them
  // when and in the order in which they would have been. Of several shards it takes what is shown at last by
  // any: what is shown again shows nothing new.
  void Save(state::StateWriter& writer) const {
    if (!is_on_) return;
    SaveShared("first change", changed_micros_.value_or(kNothing), writer);
    SaveShared("changes", changes_, writer);
    SaveShared("shown changes", shown_changes_, writer);
  }
  Status Restore(const state::StateReader& reader) {
    int64_t changed = kNothing;
    MR_TRY(RestoreShared(reader, "first change", SharedRule::kLeast, &changed));
    if (changed != kNothing) changed_micros_ = changed;
    MR_TRY(RestoreShared(reader, "changes", SharedRule::kGreatest, &changes_));
    MR_TRY(RestoreShared(reader, "shown changes", SharedRule::kLeast, &shown_changes_));
    if (shown_changes_ < 0 || changes_ < shown_changes_ || !functions::IsRowCount(changes_)) {
      return state::BadState("more changes are shown than there were");
    }
    return {};
  }

 private:
  static constexpr int64_t kNothing = std::numeric_limits<int64_t>::max();

  bool is_on_;
  int64_t delay_micros_;
  std::optional<int64_t> changed_micros_;
  int64_t changes_ = 0;
  int64_t shown_changes_ = 0;  // the last of them that windows have shown
};

}  // namespace millrace::operators
