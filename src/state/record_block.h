// RecordBlock: records of one chapter in the order in which checkpoint files hold them, as one state buffer
// (docs/formats/state.md), with what the index of a file says of it.
//
// The order: by the bytes of the space; in a space first its drops, then puts and removes by *place*, then by
// the bytes of the key. The place is a mixing of the hash that ShardOf (base/hash.h) never reverses, so the
// records of one shard, of however many, lie side by side.
//
// One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "state/state_writer.h"

namespace millrace::state {

// Both are bijections, each the other's inverse.
inline constexpr uint64_t kPlaceFactor = 0x9E3779B97F4A7C15ull;  // that of ShardOf
constexpr uint64_t InverseOf(uint64_t odd) {
  uint64_t inverse = odd;
  for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}
inline uint64_t PlaceOf(uint64_t hash) {
  return hash * kPlaceFactor;
}
inline uint64_t HashOfPlace(uint64_t place) {
  return place * InverseOf(kPlaceFactor);
}
static_assert(kPlaceFactor * InverseOf(kPlaceFactor) == 1);

struct SpaceBytes {
  std::string space;
  uint64_t bytes = 0;
};

class RecordBlock {
 public:
  void Put(std::string_view space, uint64_t place, std::string_view key, std::string_view value) {
    Note(space, place);
    writer_.Put(space, HashOfPlace(place), key, value);
    ++puts_;
  }
  void Remove(std::string_view space, uint64_t place, std::string_view key) {
    Note(space, place);
    writer_.Remove(space, HashOfPlace(place), key);
    ++removes_;
  }
  void Drop(std::string_view space, uint32_t shard, uint32_t shards) {
    EndSpace();
    writer_.DropSpace(space, shard, shards);
    space_start_ = writer_.size();
    ++drops_;
  }
  // Keeps the room.
  void Clear() {
    writer_.Clear();
    spaces_.clear();
    place_min_ = ~uint64_t{0};
    place_max_ = puts_ = removes_ = drops_ = 0;
    space_start_ = 0;
  }

  bool is_empty() const { return writer_.size() == 0; }
  size_t size() const { return writer_.size(); }
  std::string_view bytes() const { return writer_.view(); }

  // Of the puts and removes; min above max if there are none.
  uint64_t place_min() const { return place_min_; }
  uint64_t place_max() const { return place_max_; }
  uint64_t puts() const { return puts_; }
  uint64_t removes() const { return removes_; }
  uint64_t drops() const { return drops_; }
  // What puts and removes of each space take, in their order.
  const std::vector<SpaceBytes>& spaces() {
    EndSpace();
    return spaces_;
  }

 private:
  void Note(std::string_view space, uint64_t place) {
    place_min_ = std::min(place_min_, place);
    place_max_ = std::max(place_max_, place);
    if (spaces_.empty() || spaces_.back().space != space) {
      EndSpace();
      spaces_.push_back({std::string(space), 0});
      space_start_ = writer_.size();
    }
  }
  void EndSpace() {
    if (spaces_.empty()) return;
    spaces_.back().bytes += writer_.size() - space_start_;
    space_start_ = writer_.size();
  }

  StateWriter writer_;
  uint64_t place_min_ = ~uint64_t{0};
  uint64_t place_max_ = 0;
  uint64_t puts_ = 0;
  uint64_t removes_ = 0;
  uint64_t drops_ = 0;
  std::vector<SpaceBytes> spaces_;
  size_t space_start_ = 0;
};

}  // namespace millrace::state
