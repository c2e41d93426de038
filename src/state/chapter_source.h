// ChapterSource: the records of a chapter that are in force, merged over its files, as the one layer of a
// StateSource: what an owner is restored from. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "state/chapter_merge.h"
#include "state/state_reader.h"

namespace millrace::state {

class ChapterSource final : public StateSource {
 public:
  // `files`: those that hold the chapter, oldest first.
  ChapterSource(std::vector<std::shared_ptr<const CheckpointFile>> files, std::string chapter, uint32_t shard,
                uint32_t shards, size_t block_bytes);
  Result<bool> NextBlock(Block* block) override;

 private:
  std::vector<std::shared_ptr<const CheckpointFile>> files_;
  const std::string chapter_;
  ChapterMerge merge_;
  bool gave_shared_ = false;
  StateBuffer shared_;
  RecordBlock block_;
};

}  // namespace millrace::state
