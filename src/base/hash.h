// Hashing of keys: fast, well mixed, the same on every machine and in every run (shards and state
// layouts depend on it). Not for adversarial input by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace {

inline uint64_t HashMix(uint64_t a, uint64_t b) {
  const __uint128_t product = static_cast<__uint128_t>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashInt(uint64_t value) {
  return HashMix(value ^ 0x9E3779B97F4A7C15ull, 0xD6E8FEB86659FD93ull);
}

inline uint64_t HashCombine(uint64_t seed, uint64_t hash) {
  return HashMix(seed ^ 0x2D358DCCAA6C78A5ull, hash ^ 0x8BB84B93962EACC9ull);
}

// Multiply-fold hash over 16 bytes a step, of the wyhash family (public description).
uint64_t HashBytes(const void* data, size_t size);
inline uint64_t HashBytes(std::string_view bytes) {
  return HashBytes(bytes.data(), bytes.size());
}

inline constexpr uint64_t kNullHash = 0x5A17C0DE0BADF00Dull;

// The shard, of so many, that a row whose keys have this hash belongs to.
inline size_t ShardOf(uint64_t hash, size_t shards) {
  return static_cast<size_t>((static_cast<__uint128_t>(hash * 0x9E3779B97F4A7C15ull) * shards) >> 64);
}

}  // namespace millrace
