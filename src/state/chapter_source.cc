#include "state/chapter_source.h"

#include <utility>

#include "state/shared_values.h"

namespace millrace::state {
namespace {

// The lowest place that belongs to the shard: ShardOf(hash, shards) is place * shards >> 64.
uint64_t FirstPlace(uint32_t shard, uint32_t shards) {
  const __uint128_t start = static_cast<__uint128_t>(shard) << 64;
  return static_cast<uint64_t>((start + shards - 1) / shards);
}

ChapterMergeOptions OptionsFor(uint32_t shard, uint32_t shards, size_t block_bytes) {
  return {.is_oldest = true,
          .place_min = FirstPlace(shard, shards),
          .place_max = shard + 1 == shards ? ~uint64_t{0} : FirstPlace(shard + 1, shards) - 1,
          .block_bytes = block_bytes};
}

}  // namespace

ChapterSource::ChapterSource(std::vector<std::shared_ptr<const CheckpointFile>> files, std::string chapter,
                             uint32_t shard, uint32_t shards, size_t block_bytes)
    : files_(std::move(files)),
      chapter_(std::move(chapter)),
      merge_(files_, chapter_, OptionsFor(shard, shards, block_bytes)) {}

Result<bool> ChapterSource::NextBlock(Block* block) {
  block->layer = 1;
  block->is_oldest = true;
  if (!gave_shared_) {
    gave_shared_ = true;
    MR_ASSIGN(std::vector<SharedValue> values, ReadSharedValues(files_, chapter_));
    shared_ = EncodeShared(InForce(std::move(values)));
    if (!shared_.is_empty()) {
      block->bytes = shared_.view();
      return true;
    }
  }
  MR_ASSIGN(const bool has_block, merge_.Next(&block_));
  if (has_block) block->bytes = block_.bytes();
  return has_block;
}

}  // namespace millrace::state
