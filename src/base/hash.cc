#include "base/hash.h"

namespace millrace {
namespace {

uint64_t Load64(const uint8_t* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}

uint64_t Load32(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}

constexpr uint64_t kSecret[3] = {0xA0761D6478BD642Full, 0xE7037ED1A0B428DBull, 0x8EBC6AF09C88C6E3ull};

}  // namespace

uint64_t HashBytes(const void* data, size_t size) {
  const auto* p = static_cast<const uint8_t*>(data);
  uint64_t seed = kSecret[0];
  uint64_t a = 0;
  uint64_t b = 0;
  if (size <= 16) {
    if (size >= 8) {
      a = Load64(p);
      b = Load64(p + size - 8);
    } else if (size >= 4) {
      a = Load32(p);
      b = Load32(p + size - 4);
    } else if (size > 0) {
      a = (uint64_t{p[0]} << 16) | (uint64_t{p[size >> 1]} << 8) | p[size - 1];
    }
  } else {
    size_t left = size;
    while (left > 16) {
      seed = HashMix(Load64(p) ^ kSecret[1], Load64(p + 8) ^ seed);
      p += 16;
      left -= 16;
    }
    a = Load64(p + left - 16);
    b = Load64(p + left - 8);
  }
  return HashMix(kSecret[1] ^ size, HashMix(a ^ kSecret[1], b ^ seed));
}

}  // namespace millrace
