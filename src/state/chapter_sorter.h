// ChapterSorter: brings the records that an owner wrote for one checkpoint, in any order, into that of
// checkpoint files (record_block.h), each key once. Keeps the buffers and sorts references into them: no
// record is copied before it is written.
//
// Used by the task that writes checkpoints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "state/record_block.h"
#include "state/state_buffer.h"

namespace millrace::state {

class ChapterSorter {
 public:
  // Takes a buffer's records. kDataCorrupted if it breaks the grammar; nothing may follow then.
  Status Add(StateBufferPtr buffer);

  // The spaces that were dropped, and among how many shards, once for each shard that dropped.
  std::vector<std::pair<std::string, uint32_t>> Drops() const;
  // Gives all records of spaces in order, in blocks of about `block_bytes`, then forgets them. Blocks are not
  // empty. Stops at an error of `take` and answers it.
  Status Drain(size_t block_bytes, const std::function<Status(RecordBlock&)>& take);
  // The shared values, the last of each name and shard, as a state buffer; empty if there are none. Forgets
  // them.
  StateBuffer TakeShared();

  // What the buffers and the references into them take.
  size_t memory_bytes() const { return memory_bytes_; }

 private:
  struct Reference {
    uint64_t place;
    const char* key;  // and behind it the value
    uint32_t key_bytes;
    uint32_t value_bytes;  // kRemoved: a remove
    uint32_t sequence;     // the later put of a key counts
  };
  static constexpr uint32_t kRemoved = 0xFFFFFFFFu;
  struct Space {
    std::vector<Reference> records;
    std::vector<std::pair<uint32_t, uint32_t>> drops;  // shard, shards
  };

  static bool IsBefore(const Reference& a, const Reference& b);
  static void Sort(std::vector<Reference>* records);
  static bool IsSameKey(const Reference& a, const Reference& b);

  std::vector<StateBufferPtr> buffers_;
  std::map<std::string, Space, std::less<>> spaces_;
  std::map<std::pair<std::string, uint32_t>, std::pair<uint32_t, std::string>>
      shared_;  // name, shard: shards, value
  uint32_t sequence_ = 0;
  size_t memory_bytes_ = 0;
};

}  // namespace millrace::state
