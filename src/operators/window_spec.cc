#include "operators/window_spec.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace millrace::operators {
namespace {

using data::kMicrosPerMilli;

// "10 min", "1 h", "1500 ms": the largest unit that divides it, as Flink's EXPLAIN does.
std::string DurationText(int64_t micros) {
  static constexpr std::array<std::pair<int64_t, const char*>, 5> kUnits = {{
      {data::kMicrosPerDay, "d"},
      {data::kMicrosPerHour, "h"},
      {data::kMicrosPerMinute, "min"},
      {data::kMicrosPerSecond, "s"},
      {data::kMicrosPerMilli, "ms"},
  }};
  for (const auto& [unit, name] : kUnits) {
    if (micros != 0 && micros % unit == 0) return fmt::format("{} {}", micros / unit, name);
  }
  return fmt::format("{} ms", micros / kMicrosPerMilli);
}

Status CheckDuration(const char* window, const char* what, int64_t micros) {
  if (micros <= 0) {
    return Fail(ErrorCode::kWindowingError, fmt::format("{}: the {} must be positive", window, what));
  }
  if (micros % kMicrosPerMilli != 0) {
    return Fail(ErrorCode::kWindowingError,
                fmt::format("{}: the {} must be whole milliseconds", window, what));
  }
  return {};
}

}  // namespace

Status WindowSpec::Validate() const {
  if (offset_micros % kMicrosPerMilli != 0) {
    return Fail(ErrorCode::kWindowingError, "the offset of a window must be whole milliseconds");
  }
  switch (kind) {
    case WindowKind::kTumble:
      return CheckDuration("TUMBLE", "size", size_micros);
    case WindowKind::kHop:
      MR_TRY(CheckDuration("HOP", "size", size_micros));
      return CheckDuration("HOP", "slide", slide_micros);
    case WindowKind::kCumulate:
      MR_TRY(CheckDuration("CUMULATE", "size", size_micros));
      MR_TRY(CheckDuration("CUMULATE", "step", slide_micros));
      if (size_micros % slide_micros != 0) {
        return Fail(ErrorCode::kWindowingError,
                    fmt::format("CUMULATE: the size ({}) must be a multiple of the step ({})",
                                DurationText(size_micros), DurationText(slide_micros)));
      }
      return {};
    case WindowKind::kSession:
      if (offset_micros != 0) return Fail(ErrorCode::kWindowingError, "SESSION: takes no offset");
      return CheckDuration("SESSION", "gap", size_micros);
  }
  return {};
}

std::string WindowSpec::ToString() const {
  std::string text;
  switch (kind) {
    case WindowKind::kTumble:
      text = fmt::format("TUMBLE(size=[{}]", DurationText(size_micros));
      break;
    case WindowKind::kHop:
      text = fmt::format("HOP(size=[{}], slide=[{}]", DurationText(size_micros), DurationText(slide_micros));
      break;
    case WindowKind::kCumulate:
      text = fmt::format("CUMULATE(max_size=[{}], step=[{}]", DurationText(size_micros),
                         DurationText(slide_micros));
      break;
    case WindowKind::kSession:
      text = fmt::format("SESSION(gap=[{}]", DurationText(size_micros));
      break;
  }
  if (offset_micros != 0) text += fmt::format(", offset=[{}]", DurationText(offset_micros));
  return text + ")";
}

int64_t FiringTime(int64_t window_end, const data::TimeZone* zone) {
  const int64_t last = WindowTime(window_end);
  if (zone == nullptr) return last;
  const int64_t instant = zone->ToInstant(last);
  // Where the clock goes back by d, the wall-clock times of d come twice: ToInstant gives the first.
  for (const int64_t set_back : {data::kMicrosPerHour, data::kMicrosPerHour / 2}) {
    if (zone->ToLocal(instant + set_back) == last) return instant + set_back;
  }
  // Where it goes forward, ToInstant moves the times that do not exist on by as much: no row can come between
  // the change, which is at a full hour, and that.
  const int64_t change = instant - data::FloorMod(instant, data::kMicrosPerHour);
  if (zone->ToLocal(instant) != last && zone->ToLocal(change) > last) return change;
  return instant;
}

}  // namespace millrace::operators
