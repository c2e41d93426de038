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

TEST(Utf8, TellsCodePointsFromOtherBytes) {
  for (std::string_view good : {"", "abc", "a string of more than sixteen bytes", "\u00E9", "\u20AC",
                                "\U0001F600", "\uD7FF\uE000", "\U0010FFFF", "0123456\u00E9 7"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
    for (size_t cut = 1; cut < good.size(); ++cut) {
      const bool at_a_start = (static_cast<unsigned char>(good[cut]) & 0xC0) != 0x80;
      EXPECT_EQ(IsUtf8(good.substr(0, cut)), at_a_start) << good << " " << cut;
    }
  }
  // Stray and missing continuations, too long forms, surrogates, past U+10FFFF.
  for (std::string_view bad :
       {"\x80", "a\xBF", "\xC3", "\xC3(", "\xE2\x82", "\xE2(\xAC", "\xF0\x9F\x98", "\xC0\x80", "\xC1\xBF",
        "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "ninety nine \xFE"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace millrace
