#include "env/random.h"

#include <unistd.h>

#include <bit>

#include "base/check.h"

namespace millrace::env {

namespace {

constexpr uint64_t kGoldenGamma = 0x9E3779B97F4A7C15ull;

// The output function of splitmix64 for a state that has been moved on by kGoldenGamma.
uint64_t SplitMix(uint64_t state) {
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ull;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EBull;
  return state ^ (state >> 31);
}

}  // namespace

Random::Random(uint64_t seed) {
  for (uint64_t& word : state_) word = SplitMix(seed += kGoldenGamma);
}

uint64_t Random::Next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Random::Below(uint64_t bound) {
  MR_CHECK_NE(bound, 0u);
  // The high half of a product is uniform once the few low halves that fall unevenly are drawn again
  // (Lemire, "Fast random integer generation in an interval", 2019).
  __uint128_t product = static_cast<__uint128_t>(Next()) * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t threshold = (0 - bound) % bound;
    while (static_cast<uint64_t>(product) < threshold) product = static_cast<__uint128_t>(Next()) * bound;
  }
  return static_cast<uint64_t>(product >> 64);
}

int64_t Random::Between(int64_t low, int64_t high) {
  MR_CHECK_LE(low, high);
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  const uint64_t step = span == UINT64_MAX ? Next() : Below(span + 1);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + step);
}

double Random::Unit() {
  return static_cast<double>(Next() >> 11) * 0x1p-53;
}

uint64_t RealSeedSource::NextSeed() {
  uint64_t seed = 0;
  MR_CHECK_EQ(getentropy(&seed, sizeof seed), 0);
  return seed;
}

uint64_t FixedSeedSource::NextSeed() {
  return SplitMix(state_.fetch_add(kGoldenGamma, std::memory_order_relaxed) + kGoldenGamma);
}

}  // namespace millrace::env
