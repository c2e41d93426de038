// ChapterMerge: the records of one chapter over several files, merged in their order into blocks: each key
// once, the newest layer counting, drops applied. What recovery reads and what merges write.
//
// Memory: a block of every run of every file, however large they are. One thread; the files may be shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/checkpoint_file.h"
#include "state/record_block.h"
#include "state/state_record.h"

namespace millrace::state {

struct ChapterMergeOptions {
  // No older layer holds anything of the chapter: removes and drops have done their work and are left out.
  bool is_oldest = true;
  // Blocks without a place from min to max are not read, but for those with drops.
  uint64_t place_min = 0;
  uint64_t place_max = ~uint64_t{0};
  size_t block_bytes = size_t{256} << 10;
};

class ChapterMerge {
 public:
  // `files` are layers, oldest first.
  ChapterMerge(std::span<const std::shared_ptr<const CheckpointFile>> files, std::string chapter,
               const ChapterMergeOptions& options);
  ~ChapterMerge();
  ChapterMerge(const ChapterMerge&) = delete;
  ChapterMerge& operator=(const ChapterMerge&) = delete;

  // The next records, about block_bytes of them, in place of what the block held; false, and an empty block,
  // behind the last. After an error nothing more can be read.
  Result<bool> Next(RecordBlock* block);

 private:
  class Run;
  struct Drop {
    size_t layer;
    uint32_t shard;
    uint32_t shards;
  };

  Status Start();
  Result<bool> NextSpace(RecordBlock* block);
  Status TakeDrops(Run& run);
  Status MergeKey(RecordBlock* block);
  bool IsDropped(const Run& run) const;
  void Write(const Run& run, RecordBlock* block);
  Status AdvanceTop();
  bool IsAfter(size_t a, size_t b) const;

  const std::string chapter_;
  const ChapterMergeOptions options_;
  bool started_ = false;
  std::vector<std::unique_ptr<Run>> runs_;
  std::string space_;
  bool in_space_ = false;
  std::vector<size_t> heap_;  // of runs that are at a record of the space
  std::vector<Drop> drops_;   // of the space
};

}  // namespace millrace::state
