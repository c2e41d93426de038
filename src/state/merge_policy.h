// When files of checkpoints are merged, and which.
//
// 1. Everything, once what came after the oldest file, and what is known to be void in it, is as much as is
// left
//    of it. So the files take at most twice what is alive (three times while they are merged), but for keys
//    that are overwritten, which are found only by merging; and space comes back soon after windows close or
//    chapters are dropped.
// 2. By size: level 0 is files below `unit_bytes`, each level above it is `fan_in` times larger. When
// `fan_in` files of a
//    level lie side by side, or with smaller ones in between, they become one.
// 3. Past `files_max` files the cheapest neighbours are merged, so their number is bounded whatever their
// sizes.
//
// The cost: by rule 2 a byte is written again about once a level, log4(state / 1 MiB) times in all, by rule 1
// at most twice more. A checkpoint that changes nothing causes no merge. Plain functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace millrace::state {

struct MergePolicy {
  uint64_t unit_bytes = uint64_t{1} << 20;
  size_t fan_in = 4;
  size_t files_max = 64;
};

struct MergeCandidate {
  uint64_t bytes = 0;
  uint64_t garbage = 0;
};

struct MergeRange {
  size_t begin = 0;
  size_t end = 0;
  friend bool operator==(const MergeRange&, const MergeRange&) = default;
};

// `files`: oldest first. Absent: nothing is to be done.
std::optional<MergeRange> PlanMerge(std::span<const MergeCandidate> files, const MergePolicy& policy = {});

}  // namespace millrace::state
