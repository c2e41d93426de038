#include "tables/shard_places.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/limits.h"

namespace millrace::tables {
namespace {

// The inverse of an odd number modulo 2^64: each step doubles the bits that are right, of which an odd number
// itself has three.
constexpr uint64_t InverseOf(uint64_t factor) {
  uint64_t inverse = factor;
  for (int right_bits = 3; right_bits < 64; right_bits *= 2) inverse *= 2 - factor * inverse;
  return inverse;
}
constexpr uint64_t kPlaceInverse = InverseOf(state::kPlaceFactor);
static_assert(kPlaceInverse * state::kPlaceFactor == 1);

std::vector<uint64_t> MakeStretches() {
  std::vector<uint64_t> places;
  for (uint32_t shards = 1; shards <= limits::kShardsMax; ++shards) {
    for (uint32_t shard = 0; shard < shards; ++shard) places.push_back(FirstPlace(shard, shards));
  }
  std::ranges::sort(places);
  places.erase(std::ranges::unique(places).begin(), places.end());
  return places;
}

const std::vector<uint64_t>& Stretches() {
  static const std::vector<uint64_t> stretches = MakeStretches();
  return stretches;
}

}  // namespace

uint64_t HashAtPlace(uint64_t place) {
  return place * kPlaceInverse;
}

uint64_t FirstPlace(uint32_t shard, uint32_t shards) {
  MR_CHECK_LT(shard, shards);
  return static_cast<uint64_t>(((static_cast<__uint128_t>(shard) << 64) + shards - 1) / shards);
}

size_t StretchCount() {
  return Stretches().size();
}

size_t StretchOf(uint64_t place) {
  const std::vector<uint64_t>& stretches = Stretches();
  return static_cast<size_t>(std::ranges::upper_bound(stretches, place) - stretches.begin()) - 1;
}

uint64_t FirstPlaceOfStretch(size_t stretch) {
  return Stretches()[stretch];
}

}  // namespace millrace::tables
