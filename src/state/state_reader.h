// StateReader: the records of a chapter that are in force, for one shard: what a restored owner is given.
//
// The layers come newest first, so that one pass suffices: of each key the first record met counts. What is
// remembered of newer layers is their keys; of the oldest, which is nearly all of the state, nothing. The
// rules are those of docs/formats/state.md.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/state_buffer.h"
#include "state/state_record.h"

namespace millrace::state {

// Where a reader gets the buffers of a chapter from: files, or memory.
class StateSource {
 public:
  struct Block {
    std::string_view bytes;  // a buffer; valid until the next call
    uint64_t layer = 0;
    bool is_oldest = false;  // of the oldest layer
  };
  virtual ~StateSource() = default;
  // The next buffer: of the newest layer first, those of a layer in any order. False behind the last.
  virtual Result<bool> NextBlock(Block* block) = 0;
};

// Records of one space, by column. Valid until the reader's next call.
struct StateChunk {
  std::string_view space;
  std::vector<uint64_t> hashes;
  std::vector<std::string_view> keys;
  std::vector<std::string_view> values;

  size_t size() const { return keys.size(); }
};

class StateReader {
 public:
  struct Shared {
    std::string name;
    uint32_t shard;   // that wrote it,
    uint32_t shards;  // of so many
    std::string value;
  };

  // Gives the records that belong to this shard of so many, and all shared values.
  explicit StateReader(StateSource* source, uint32_t shard = 0, uint32_t shards = 1);
  ~StateReader();
  StateReader(const StateReader&) = delete;
  StateReader& operator=(const StateReader&) = delete;

  // The next 1 to limits::kBatchRows records in force, each key once, in no order that means anything (a
  // space may come in several chunks, with others between them). False when there are no more.
  Result<bool> Next(StateChunk* chunk);

  // The values of a name, one for each shard that wrote one. Only once Next has given false.
  std::vector<std::string_view> shared(std::string_view name) const;
  // All of them, by name and shard.
  std::span<const Shared> shared() const;

  uint32_t shard() const { return shard_; }
  uint32_t shards() const { return shards_; }

 private:
  struct Seen;

  Status NextBlock();
  bool IsInForce(const StateRecord& record);

  StateSource* source_;
  uint32_t shard_;
  uint32_t shards_;
  StateSource::Block block_;
  StateCursor cursor_;
  StateRecord held_{};  // read, but of another space than the chunk before
  bool has_held_ = false;
  bool is_done_ = false;
  std::unique_ptr<Seen> seen_;
};

// The error of state that its owner cannot have written: kDataCorrupted.
std::unexpected<Error> BadState(std::string_view what);
// Reads to the end; an error if there are records.
Status ExpectNothing(StateReader& reader);

// Layers in memory, oldest first.
class StateLayers final : public StateSource {
 public:
  // The buffers of one checkpoint.
  void Add(std::vector<StateBuffer> buffers) {
    layers_.push_back(std::move(buffers));
    Rewind();
  }
  // Lets the next reader begin.
  void Rewind() {
    layer_ = layers_.size();
    buffer_ = 0;
  }
  Result<bool> NextBlock(Block* block) override;
  size_t size() const { return layers_.size(); }

 private:
  std::vector<std::vector<StateBuffer>> layers_;
  size_t layer_ = 0;
  size_t buffer_ = 0;
};

}  // namespace millrace::state
