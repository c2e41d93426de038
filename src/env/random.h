// Random: a deterministic generator, the same numbers for the same seed on every machine; and
// SeedSource, the only place where a run gets seeds from. Not for secrets.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace millrace::env {

// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018), its
// state filled by splitmix64. One thread at a time.
class Random {
 public:
  explicit Random(uint64_t seed);

  uint64_t Next();
  // Uniform in [0, bound); `bound` is not 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [low, high], both included; low <= high.
  int64_t Between(int64_t low, int64_t high);
  // Uniform in [0, 1), 53 bits.
  double Unit();
  bool Chance(double probability) { return Unit() < probability; }

 private:
  std::array<uint64_t, 4> state_;
};

// Any thread.
class SeedSource {
 public:
  virtual ~SeedSource() = default;
  virtual uint64_t NextSeed() = 0;
};

// The operating system's entropy.
class RealSeedSource final : public SeedSource {
 public:
  uint64_t NextSeed() override;
};

// The sequence that follows from one seed.
class FixedSeedSource final : public SeedSource {
 public:
  explicit FixedSeedSource(uint64_t seed) : state_(seed) {}
  uint64_t NextSeed() override;

 private:
  std::atomic<uint64_t> state_;
};

}  // namespace millrace::env
