#include "operators/slice_assigner.h"

#include <limits>
#include <numeric>

namespace millrace::operators {

SliceAssigner::SliceAssigner(const WindowSpec& window) : window_(window) {
  switch (window.kind) {
    case WindowKind::kHop:
      slice_micros_ = std::gcd(window.size_micros, window.slide_micros);
      interval_micros_ = window.slide_micros;
      break;
    case WindowKind::kCumulate:
      slice_micros_ = interval_micros_ = window.slide_micros;
      break;
    default:
      slice_micros_ = interval_micros_ = window.size_micros;
      break;
  }
}

int64_t SliceAssigner::FirstWindowEnd(int64_t slice_end) const {
  if (window_.kind != WindowKind::kHop) return slice_end;
  const int64_t earliest_start = slice_end - window_.size_micros;
  return Floor(earliest_start + window_.slide_micros - 1, window_.slide_micros) + window_.size_micros;
}

int64_t SliceAssigner::LastWindowEnd(int64_t slice_end) const {
  switch (window_.kind) {
    case WindowKind::kHop:
      return Floor(slice_end - slice_micros_, window_.slide_micros) + window_.size_micros;
    case WindowKind::kCumulate:
      return Floor(slice_end - 1, window_.size_micros) + window_.size_micros;
    default:
      return slice_end;
  }
}

int64_t SliceAssigner::WindowStart(int64_t window_end) const {
  if (window_.kind == WindowKind::kCumulate) return Floor(window_end - 1, window_.size_micros);
  return window_end - window_.size_micros;
}

void LocalClock::MoveTo(int64_t rowtime) {
  constexpr int64_t kBlockMicros = 15 * data::kMicrosPerMinute;
  if (zone_ == nullptr) {
    block_start_ = std::numeric_limits<int64_t>::min();
    block_micros_ = std::numeric_limits<uint64_t>::max();
    // The last value of int64 falls outside the block and comes here again, harmlessly.
    shift_ = 0;
    return;
  }
  shift_ = zone_->ToLocal(rowtime) - rowtime;
  const int64_t start = rowtime - data::FloorMod(rowtime, kBlockMicros);
  const int64_t last = start + kBlockMicros - 1;
  if (zone_->ToLocal(start) - start == shift_ && zone_->ToLocal(last) - last == shift_) {
    block_start_ = start;
    block_micros_ = kBlockMicros;
  } else {
    block_start_ = rowtime;
    block_micros_ = 1;
  }
}

}  // namespace millrace::operators
