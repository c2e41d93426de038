// SliceAssigner: which slice a time lies in, and which windows a slice is part of; LocalClock: wall-clock
// times.
//
// A slice is the largest run of time that lies in the same windows everywhere: a TUMBLE window itself, the
// greatest common divisor of HOP's size and slide, CUMULATE's step. A row updates one slice, however
// many windows it counts in. All times are µs, wall-clock for LTZ. Not for SESSION.
#pragma once

#include <cstdint>

#include "data/datetime.h"
#include "operators/window_spec.h"

namespace millrace::operators {

class SliceAssigner {
 public:
  explicit SliceAssigner(const WindowSpec& window);

  int64_t slice_micros() const { return slice_micros_; }
  int64_t SliceStart(int64_t time) const { return Floor(time, slice_micros_); }
  // The first and last end of windows that contain the slice that ends here; first > last: no window does
  // (HOP with gaps between its windows).
  int64_t FirstWindowEnd(int64_t slice_end) const;
  int64_t LastWindowEnd(int64_t slice_end) const;
  // Between the ends of windows that contain one slice.
  int64_t interval_micros() const { return interval_micros_; }
  int64_t WindowStart(int64_t window_end) const;

 private:
  // The latest multiple of `unit` (shifted by the offset) not after `time`.
  int64_t Floor(int64_t time, int64_t unit) const {
    return time - data::FloorMod(time - window_.offset_micros, unit);
  }

  WindowSpec window_;
  int64_t slice_micros_;
  int64_t interval_micros_;
};

// Turns rowtimes into the time that windows are aligned in. Remembers the zone's offset for the quarter of
// an hour at hand (offsets change at no finer times), so that a run of rows costs no calls.
class LocalClock {
 public:
  // `zone` null: rowtimes are wall-clock times already.
  explicit LocalClock(const data::TimeZone* zone) : zone_(zone) {}

  int64_t ToLocal(int64_t rowtime) {
    if (static_cast<uint64_t>(rowtime) - static_cast<uint64_t>(block_start_) >= block_micros_) [[unlikely]] {
      MoveTo(rowtime);
    }
    return rowtime + shift_;
  }
  // The instant of a wall-clock time.
  int64_t ToInstant(int64_t local) const { return zone_ == nullptr ? local : zone_->ToInstant(local); }
  const data::TimeZone* zone() const { return zone_; }

 private:
  void MoveTo(int64_t rowtime);

  const data::TimeZone* zone_;
  int64_t block_start_ = 0;
  uint64_t block_micros_ = 0;
  int64_t shift_ = 0;
};

}  // namespace millrace::operators
