// Random numbers by number: draw n of a stream, without the draws before it.
#pragma once

#include <cstdint>

#include "data/type.h"

namespace millrace::connectors {

// A stream of uniform 64-bit values: splitmix64 (Steele, Lea, Flood 2014) with the counter as its state.
class DrawStream {
 public:
  explicit DrawStream(uint64_t seed) : seed_(Mix(seed + kStep)) {}

  uint64_t At(uint64_t number) const { return Mix(seed_ + (number + 1) * kStep); }
  // Uniform in [0, 1).
  double UnitAt(uint64_t number) const { return static_cast<double>(At(number) >> 11) * 0x1.0p-53; }
  // A stream of its own for each `number`, independent of At.
  DrawStream Substream(uint64_t number) const { return DrawStream(seed_ ^ Mix(number ^ kSubstream)); }

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15ull;
  static constexpr uint64_t kSubstream = 0x6A09E667F3BCC909ull;
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
  }
  uint64_t seed_;
};

// A uniform value of [0, span) from a uniform 64-bit one; span 0 stands for 2^64.
inline uint64_t ScaleDraw(uint64_t draw, uint64_t span) {
  if (span == 0) return draw;
  return static_cast<uint64_t>((static_cast<unsigned __int128>(draw) * span) >> 64);
}

// A uniform value of [0, span) from a uniform 128-bit one: the upper half of their product.
inline unsigned __int128 ScaleDraw128(uint64_t high, uint64_t low, unsigned __int128 span) {
  using Wide = unsigned __int128;
  const auto span_high = static_cast<uint64_t>(span >> 64);
  const auto span_low = static_cast<uint64_t>(span);
  const Wide middle_a = static_cast<Wide>(high) * span_low;
  const Wide middle_b = static_cast<Wide>(low) * span_high;
  const Wide carry = static_cast<uint64_t>(middle_a) + static_cast<Wide>(static_cast<uint64_t>(middle_b)) +
                     ((static_cast<Wide>(low) * span_low) >> 64);
  return static_cast<Wide>(high) * span_high + (middle_a >> 64) + (middle_b >> 64) + (carry >> 64);
}

}  // namespace millrace::connectors
