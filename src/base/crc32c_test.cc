#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

// The definition, bit by bit.
uint32_t ByBits(const std::string& bytes) {
  uint32_t state = ~uint32_t{0};
  for (const char byte : bytes) {
    state ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~state;
}

std::string Noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// The values of RFC 3720, appendix B.4, and the check value of the polynomial.
TEST(Crc32cTest, KnownValues) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  EXPECT_EQ(Crc32c(ascending), 0x46DD794Eu);
}

TEST(Crc32cTest, EqualsTheDefinitionAtEveryLength) {
  const std::string bytes = Noise(20'000);
  for (size_t size = 0; size < bytes.size(); size += size < 600 ? 1 : 487) {
    const std::string part = bytes.substr(0, size);
    const uint32_t expected = ByBits(part);
    ASSERT_EQ(Crc32c(part), expected) << size;
    ASSERT_EQ(ExtendCrc32cPortable(0, part.data(), part.size()), expected) << size;
  }
}

TEST(Crc32cTest, ExtendsFromWhatWasBefore) {
  const std::string bytes = Noise(10'000);
  for (const size_t cut : {0, 1, 7, 8, 9, 3071, 3072, 3073, 9999, 10'000}) {
    const uint32_t first = Crc32c(std::string_view(bytes).substr(0, cut));
    EXPECT_EQ(ExtendCrc32c(first, std::string_view(bytes).substr(cut)), Crc32c(bytes)) << cut;
  }
}

}  // namespace
}  // namespace millrace
