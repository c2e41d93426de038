#include "base/utf8.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

std::string Encoded(char32_t c) {
  std::string text;
  AppendUtf8(c, &text);
  return text;
}

// The first and the last code point of each length (RFC 3629, section 3).
TEST(Utf8, EncodesTheEdgesOfEachLength) {
  EXPECT_EQ(Encoded(0x00), std::string(1, '\0'));
  EXPECT_EQ(Encoded(0x7F), "\x7F");
  EXPECT_EQ(Encoded(0x80), "\xC2\x80");
  EXPECT_EQ(Encoded(0x7FF), "\xDF\xBF");
  EXPECT_EQ(Encoded(0x800), "\xE0\xA0\x80");
  EXPECT_EQ(Encoded(0xFFFF), "\xEF\xBF\xBF");
  EXPECT_EQ(Encoded(0x10000), "\xF0\x90\x80\x80");
  EXPECT_EQ(Encoded(0x10FFFF), "\xF4\x8F\xBF\xBF");
}

}  // namespace
}  // namespace millrace
