// WindowSpec: the shape of time windows, and the arithmetic on them.
//
// All times are µs. A window is [start, end). Windows over TIMESTAMP_LTZ are aligned in the session's time
// zone: their rowtimes are turned into wall-clock time first and the bounds are wall-clock times; those over
// TIMESTAMP are taken as they are. A window fires when the watermark reaches FiringTime(end): one
// millisecond before its end, as in Flink, whose time has that resolution.
//
// Pure functions and immutable values; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "data/datetime.h"

namespace millrace::operators {

enum class WindowKind : uint8_t { kTumble, kHop, kCumulate, kSession };

struct WindowSpec {
  WindowKind kind = WindowKind::kTumble;
  int64_t size_micros = 0;    // TUMBLE, HOP: length; CUMULATE: the longest length; SESSION: the gap
  int64_t slide_micros = 0;   // HOP: distance of starts; CUMULATE: the step; otherwise unused
  int64_t offset_micros = 0;  // shifts the alignment; not for SESSION

  // Whether the window makes sense: positive whole milliseconds, CUMULATE's size a multiple of its step,
  // HOP's slide not above its size, ... The message is fit for the user.
  Status Validate() const;
  // "TUMBLE(size=[10 min])", as EXPLAIN shows it.
  std::string ToString() const;
};

// A window's last millisecond: window_time, and the watermark that fires it (both for TIMESTAMP).
inline constexpr int64_t WindowTime(int64_t window_end) {
  return window_end - data::kMicrosPerMilli;
}

// The watermark that fires a window with this end. For LTZ windows (`zone` given) `window_end` is
// wall-clock time and the answer an instant: where the clock was set back, the later of the two instants that
// bear that wall-clock time, so that no window fires before all its rows can have come; where it was set
// forward, times that do not exist fire with the change. Never falls as the end rises.
int64_t FiringTime(int64_t window_end, const data::TimeZone* zone);

}  // namespace millrace::operators
