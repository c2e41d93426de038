// Zones of time of 2024 by rules of their own: what TIMESTAMP_LTZ is on the batch side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::property {

struct Zone {
  struct Change {
    int64_t at_ms;  // instant
    int64_t offset_ms;
  };
  std::string name;
  int64_t offset_ms;  // before the first change
  std::vector<Change> changes;

  // The instant from which windows with this last millisecond (of the wall clock) are complete: of two
  // instants the later, in a gap the change itself.
  int64_t FiringOf(int64_t local_ms) const;
};

const std::vector<Zone>& Zones();

// CREATE MACRO local_ms_(t), instant_ms_(l) (of two instants the earlier, in a gap moved on by it),
// fire_ms_(l).
std::vector<std::string> ZoneMacros(const Zone& zone);

}  // namespace millrace::property
