#include "state/state_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/byte_arena.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

namespace millrace::state {

// What newer layers say about the records of older ones.
struct StateReader::Seen {
  struct Key {
    uint32_t space;
    std::string_view bytes;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    using is_avalanching = void;
    size_t operator()(const Key& key) const { return HashCombine(key.space, HashBytes(key.bytes)); }
  };
  struct Drop {
    uint32_t shard;
    uint32_t shards;
  };
  struct SharedName {
    uint64_t layer;   // of the newest value
    uint32_t shards;  // among so many values count
    bool is_closed;   // an older layer counts by other shards: it and those before it are void
  };
  struct StringHash {
    using is_transparent = void;
    size_t operator()(std::string_view bytes) const { return HashBytes(bytes); }
  };
  template <typename T>
  using ByName = boost::unordered_flat_map<std::string, T, StringHash, std::equal_to<>>;

  uint32_t SpaceOf(std::string_view name) {
    if (has_last && name == last_name) return last_space;
    const auto found = spaces.find(name);
    const uint32_t space = found != spaces.end()
                               ? found->second
                               : spaces.emplace(name, static_cast<uint32_t>(drops.size())).first->second;
    if (space == drops.size()) drops.emplace_back();
    has_last = true;
    last_name.assign(name);
    last_space = space;
    return space;
  }
  Key Copy(const Key& key) {
    return {key.space,
            key.bytes.empty() ? key.bytes : std::string_view(arena.Copy(key.bytes), key.bytes.size())};
  }
  // The removals of the layer that has ended count for those that follow.
  void EndLayer() {
    for (const Key& key : removed) keys.insert(key);
    for (const auto& [space, drop] : dropped) drops[space].push_back(drop);
    removed.clear();
    dropped.clear();
  }
  void AddShared(const StateRecord& record, uint64_t layer) {
    const auto [found, is_new] =
        names.try_emplace(std::string(record.key), SharedName{layer, record.shards, false});
    SharedName& name = found->second;
    if (!is_new && record.shards != name.shards) name.is_closed = true;
    if (name.is_closed) return;
    const auto same = [&](const Shared& other) {
      return other.name == record.key && other.shard == record.shard;
    };
    if (std::ranges::any_of(shared, same)) return;
    shared.push_back({std::string(record.key), record.shard, record.shards, std::string(record.value)});
  }

  ByName<uint32_t> spaces;
  std::vector<std::vector<Drop>> drops;  // of each space
  bool has_last = false;
  std::string last_name;
  uint32_t last_space = 0;

  boost::unordered_flat_set<Key, KeyHash> keys;
  ByteArena arena;
  // Of the layer at hand.
  std::vector<Key> removed;
  std::vector<std::pair<uint32_t, Drop>> dropped;

  ByName<SharedName> names;
  std::vector<Shared> shared;
};

StateReader::StateReader(StateSource* source, uint32_t shard, uint32_t shards)
    : source_(source), shard_(shard), shards_(shards), cursor_({}), seen_(new Seen) {
  MR_CHECK_LT(shard, shards);
}

StateReader::~StateReader() = default;

Status StateReader::NextBlock() {
  StateSource::Block next;
  MR_ASSIGN(const bool has_block, source_->NextBlock(&next));
  is_done_ = !has_block;
  if (is_done_) return {};
  if (next.layer != block_.layer) seen_->EndLayer();
  block_ = next;
  cursor_ = StateCursor(block_.bytes);
  return {};
}

bool StateReader::IsInForce(const StateRecord& record) {
  if (record.tag == StateTag::kShared) {
    seen_->AddShared(record, block_.layer);
    return false;
  }
  if (record.tag == StateTag::kDrop) {
    if (!block_.is_oldest)
      seen_->dropped.push_back({seen_->SpaceOf(record.space), {record.shard, record.shards}});
    return false;
  }
  if (shards_ > 1 && ShardOf(record.hash, shards_) != shard_) return false;
  const Seen::Key key{seen_->SpaceOf(record.space), record.key};
  if (record.tag == StateTag::kRemove) {
    if (!block_.is_oldest) seen_->removed.push_back(seen_->Copy(key));
    return false;
  }
  for (const Seen::Drop& drop : seen_->drops[key.space]) {
    if (ShardOf(record.hash, drop.shards) == drop.shard) return false;
  }
  if (block_.is_oldest) return seen_->keys.empty() || !seen_->keys.contains(key);
  if (seen_->keys.contains(key)) return false;
  seen_->keys.insert(seen_->Copy(key));
  return true;
}

Result<bool> StateReader::Next(StateChunk* chunk) {
  chunk->space = {};
  chunk->hashes.clear();
  chunk->keys.clear();
  chunk->values.clear();
  while (!is_done_ && chunk->size() < limits::kBatchRows) {
    if (!has_held_) {
      MR_ASSIGN(const bool has_record, cursor_.Next(&held_));
      if (!has_record) {
        if (chunk->size() > 0) return true;  // its bytes go with the block
        MR_TRY(NextBlock());
        continue;
      }
      if (!IsInForce(held_)) continue;
    }
    has_held_ = chunk->size() > 0 && held_.space != chunk->space;
    if (has_held_) return true;
    chunk->space = held_.space;
    chunk->hashes.push_back(held_.hash);
    chunk->keys.push_back(held_.key);
    chunk->values.push_back(held_.value);
  }
  return chunk->size() > 0;
}

std::vector<std::string_view> StateReader::shared(std::string_view name) const {
  MR_CHECK(is_done_);
  std::vector<std::string_view> values;
  for (const Shared& value : seen_->shared) {
    if (value.name == name) values.push_back(value.value);
  }
  return values;
}

std::span<const StateReader::Shared> StateReader::shared() const {
  MR_CHECK(is_done_);
  std::ranges::sort(seen_->shared, {}, [](const Shared& value) { return std::tie(value.name, value.shard); });
  return seen_->shared;
}

std::unexpected<Error> BadState(std::string_view what) {
  return Fail(ErrorCode::kDataCorrupted, fmt::format("the saved state is not its owner's: {}", what));
}

Status ExpectNothing(StateReader& reader) {
  StateChunk chunk;
  MR_ASSIGN(const bool has_chunk, reader.Next(&chunk));
  if (has_chunk) return BadState("it has records, the owner has no state");
  return {};
}

Result<bool> StateLayers::NextBlock(Block* block) {
  while (layer_ > 0) {
    const auto& buffers = layers_[layer_ - 1];
    if (buffer_ < buffers.size()) {
      *block = {buffers[buffer_++].view(), layer_, layer_ == 1};
      return true;
    }
    --layer_;
    buffer_ = 0;
  }
  return false;
}

}  // namespace millrace::state
