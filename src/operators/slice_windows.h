// SliceWindows: which windows the slices of a window aggregate are part of. An attached window, which comes
// with its rows, is a slice of its own.
//
// Owned by one operator instance; immutable.
#pragma once

#include "operators/slice_assigner.h"
#include "operators/window_aggregate.h"
#include "operators/window_rows.h"

namespace millrace::operators {

class SliceWindows {
 public:
  // Both outlive it.
  SliceWindows(const WindowAggregateSpec* spec, const LocalClock* clock)
      : spec_(*spec), clock_(*clock), assigner_(spec->window) {}

  // A slice is a window.
  bool IsSingle() const { return spec_.attached || spec_.window.kind == WindowKind::kTumble; }
  bool IsCumulate() const { return !spec_.attached && spec_.window.kind == WindowKind::kCumulate; }
  int64_t interval_micros() const { return assigner_.interval_micros(); }

  // The ends of the first and the last window of a slice.
  int64_t FirstEnd(const SliceKey& slice) const {
    return spec_.attached ? slice.end : assigner_.FirstWindowEnd(slice.end);
  }
  int64_t LastEnd(const SliceKey& slice) const {
    return spec_.attached ? slice.end : assigner_.LastWindowEnd(slice.end);
  }
  // Of the first one that this watermark has not closed; greater than LastEnd if it has closed all.
  int64_t NextEnd(const SliceKey& slice, int64_t watermark) const {
    if (spec_.attached) return slice.end;
    int64_t end = FirstEnd(slice);
    const int64_t last = LastEnd(slice);
    while (end <= last && FiringTime(end, clock_.zone()) <= watermark) end += interval_micros();
    return end;
  }
  SliceKey WindowOf(const SliceKey& slice, int64_t window_end) const {
    return {window_end, spec_.attached ? slice.start : assigner_.WindowStart(window_end)};
  }

 private:
  const WindowAggregateSpec& spec_;
  const LocalClock& clock_;
  SliceAssigner assigner_;
};

}  // namespace millrace::operators
