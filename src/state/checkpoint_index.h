// CheckpointIndex: what the end of a checkpoint file says of its blocks, by chapter: where they are, what
// part of the order they hold, and how much each space takes. docs/formats/checkpoint.md has its bytes.
//
// Plain values; a published index never changes and any thread may read it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/record_block.h"

namespace millrace::state {

// Where a block is and what is in it.
struct BlockEntry {
  uint64_t offset = 0;
  uint32_t stored_bytes = 0;  // without its head
  uint32_t raw_bytes = 0;
  uint64_t place_min = 0;  // of its puts and removes; min above max if it has none
  uint64_t place_max = 0;
  bool has_drops = false;
  bool starts_run = false;
};

// Shared values that one layer wrote.
struct SharedEntry {
  uint64_t offset = 0;
  uint32_t stored_bytes = 0;
  uint32_t raw_bytes = 0;
  uint64_t layer = 0;  // the number of the checkpoint
};

struct ChapterIndex {
  std::vector<BlockEntry> blocks;   // run by run, each in order
  std::vector<SharedEntry> shared;  // oldest layer first
  uint64_t puts = 0;
  uint64_t removes = 0;
  uint64_t bytes = 0;  // of the file, heads of blocks included
  // Raw bytes of puts and removes: of each large space, and of the small ones together.
  std::map<std::string, uint64_t, std::less<>> large_spaces;
  uint64_t small_spaces = 0;
  uint64_t small_space_bytes = 0;
};

struct CheckpointIndex {
  std::map<std::string, ChapterIndex, std::less<>> chapters;

  const ChapterIndex* Find(std::string_view chapter) const {
    const auto found = chapters.find(chapter);
    return found == chapters.end() ? nullptr : &found->second;
  }
};

std::string EncodeIndex(const CheckpointIndex& index);
// Absent if the bytes break the grammar.
std::optional<CheckpointIndex> DecodeIndex(std::string_view bytes);

}  // namespace millrace::state
