#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace millrace {

namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;

// tables[k][b]: the register after byte b and k zero bytes, begun at 0.
constexpr auto kTables = [] {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = value;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}();

uint64_t Load64(const unsigned char* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

uint32_t PortableByte(uint32_t state, unsigned char byte) {
  return (state >> 8) ^ kTables[0][(state ^ byte) & 0xFF];
}

uint32_t PortableWord(uint32_t state, uint64_t word) {
  word ^= state;
  uint32_t next = 0;
  for (size_t k = 0; k < 8; ++k) next ^= kTables[7 - k][(word >> (8 * k)) & 0xFF];
  return next;
}

#if defined(__SSE4_2__)
uint32_t FastByte(uint32_t state, unsigned char byte) {
  return _mm_crc32_u8(state, byte);
}
uint32_t FastWord(uint32_t state, uint64_t word) {
  return static_cast<uint32_t>(_mm_crc32_u64(state, word));
}
#elif defined(__ARM_FEATURE_CRC32)
uint32_t FastByte(uint32_t state, unsigned char byte) {
  return __crc32cb(state, byte);
}
uint32_t FastWord(uint32_t state, uint64_t word) {
  return __crc32cd(state, word);
}
#else
constexpr auto FastByte = PortableByte;
constexpr auto FastWord = PortableWord;
#endif

// The instruction gives a result only every third cycle but can be begun in each, so three stretches are
// worked on at once. The register is linear over GF(2): that of A followed by B is that of A moved on over
// as many zero bytes as B has, added (xor) to that of B begun at 0.
constexpr size_t kStretchBytes = 1024;

using Matrix = std::array<uint32_t, 32>;  // column i: what bit i becomes

constexpr uint32_t Apply(const Matrix& matrix, uint32_t vector) {
  uint32_t sum = 0;
  for (size_t bit = 0; bit < 32; ++bit) {
    if ((vector >> bit & 1) != 0) sum ^= matrix[bit];
  }
  return sum;
}

// kMoveOn[k][b]: byte k of a register, being b, moved on over kStretchBytes zero bytes.
constexpr auto kMoveOn = [] {
  Matrix move{};  // over one zero bit
  move[0] = kPolynomial;
  for (size_t bit = 1; bit < 32; ++bit) move[bit] = uint32_t{1} << (bit - 1);
  for (size_t bits = 1; bits < kStretchBytes * 8; bits *= 2) {
    Matrix twice{};
    for (size_t bit = 0; bit < 32; ++bit) twice[bit] = Apply(move, move[bit]);
    move = twice;
  }
  std::array<std::array<uint32_t, 256>, 4> tables{};
  for (size_t k = 0; k < 4; ++k) {
    for (uint32_t byte = 0; byte < 256; ++byte) tables[k][byte] = Apply(move, byte << (8 * k));
  }
  return tables;
}();
static_assert((kStretchBytes & (kStretchBytes - 1)) == 0 && kStretchBytes % 8 == 0);

uint32_t MoveOn(uint32_t state) {
  return kMoveOn[0][state & 0xFF] ^ kMoveOn[1][state >> 8 & 0xFF] ^ kMoveOn[2][state >> 16 & 0xFF] ^
         kMoveOn[3][state >> 24];
}

uint32_t ThreeStretches(uint32_t state, const unsigned char* from) {
  uint32_t second = 0;
  uint32_t third = 0;
  for (size_t at = 0; at < kStretchBytes; at += 8) {
    state = FastWord(state, Load64(from + at));
    second = FastWord(second, Load64(from + kStretchBytes + at));
    third = FastWord(third, Load64(from + 2 * kStretchBytes + at));
  }
  return MoveOn(MoveOn(state) ^ second) ^ third;
}

template <auto Word, auto Byte>
uint32_t Straight(uint32_t state, const unsigned char* from, size_t size) {
  for (; size >= 8; size -= 8, from += 8) state = Word(state, Load64(from));
  for (; size > 0; --size, ++from) state = Byte(state, *from);
  return state;
}

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size) {
  const auto* from = static_cast<const unsigned char*>(data);
  uint32_t state = ~crc;
  for (; size >= 3 * kStretchBytes; size -= 3 * kStretchBytes, from += 3 * kStretchBytes) {
    state = ThreeStretches(state, from);
  }
  return ~Straight<FastWord, FastByte>(state, from, size);
}

uint32_t ExtendCrc32cPortable(uint32_t crc, const void* data, size_t size) {
  return ~Straight<PortableWord, PortableByte>(~crc, static_cast<const unsigned char*>(data), size);
}

}  // namespace millrace
