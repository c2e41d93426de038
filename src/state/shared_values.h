// Shared values of a chapter over its layers: which are in force, and which a merge may forget
// (docs/formats/state.md). There are few of them: a name or two for each shard.
//
// Plain functions; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/checkpoint_file.h"
#include "state/state_buffer.h"

namespace millrace::state {

struct SharedValue {
  uint64_t layer = 0;  // the checkpoint that wrote it
  std::string name;
  uint32_t shard = 0;
  uint32_t shards = 1;
  std::string value;
};

// All that the files hold of a chapter, newest layer first.
Result<std::vector<SharedValue>> ReadSharedValues(
    std::span<const std::shared_ptr<const CheckpointFile>> files, std::string_view chapter);

// Both take values with the newest layer first. Without those that a newer layer of the same name, shard and
// number of shards makes void, whatever older layers hold.
std::vector<SharedValue> WithoutReplaced(std::vector<SharedValue> values);
// Those in force if there are no older layers.
std::vector<SharedValue> InForce(std::vector<SharedValue> values);

// As a state buffer.
StateBuffer EncodeShared(std::span<const SharedValue> values);

}  // namespace millrace::state
