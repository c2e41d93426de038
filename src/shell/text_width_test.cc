#include "shell/text_width.h"

#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

TEST(TextWidth, CountsColumnsOfATerminal) {
  EXPECT_EQ(DisplayWidth(""), 0U);
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("é"), 1U);
  EXPECT_EQ(DisplayWidth("订单"), 4U);
  EXPECT_EQ(DisplayWidth("ｱ"), 1U) << "half-width katakana";
  EXPECT_EQ(DisplayWidth("Ａ"), 2U) << "full-width letter";
  EXPECT_EQ(DisplayWidth("😀"), 2U);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1U) << "a mark that combines";
  EXPECT_EQ(DisplayWidth("\u200B"), 0U);
}

TEST(TextWidth, KnowsWhatIsNotUtf8) {
  for (const std::string_view bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80"}) {
    EXPECT_EQ(CodePointAt(bad, 0).value, U'\uFFFD');
    EXPECT_EQ(CodePointAt(bad, 0).bytes, 1U);
  }
  EXPECT_EQ(CodePointAt("\xe8\xae", 0).value, U'\uFFFD') << "cut short";
  EXPECT_EQ(CodePointAt("😀", 0).value, U'😀');
}

TEST(TextWidth, GoesFromCharacterToCharacter) {
  const std::string text = "a订e\u0301b";  // bytes 0, 1, 4 with its mark 5-6, 7
  EXPECT_EQ(NextCharacter(text, 0), 1U);
  EXPECT_EQ(NextCharacter(text, 1), 4U);
  EXPECT_EQ(NextCharacter(text, 4), 7U);
  EXPECT_EQ(NextCharacter(text, 7), 8U);
  EXPECT_EQ(NextCharacter(text, 8), 8U);
  EXPECT_EQ(PreviousCharacter(text, 8), 7U);
  EXPECT_EQ(PreviousCharacter(text, 7), 4U);
  EXPECT_EQ(PreviousCharacter(text, 4), 1U);
  EXPECT_EQ(PreviousCharacter(text, 0), 0U);
  EXPECT_EQ(PreviousCharacter("\xff\xff", 2), 1U);
}

TEST(TextWidth, LetsNoValueSteerTheTerminal) {
  EXPECT_EQ(Visible("a\x1b[2Jb\nc\td\x7f"), "a\\x1B[2Jb\\nc\\td\\x7F");
  EXPECT_EQ(Visible("\u009b"), "\\x9B") << "the one-character escape sequence introducer";
  EXPECT_EQ(Visible("\xff"), "\uFFFD");
  EXPECT_EQ(Visible("订单"), "订单");
}

TEST(TextWidth, CutsToColumns) {
  EXPECT_EQ(Cut("abc", 3), "abc");
  EXPECT_EQ(Cut("abcd", 3), "ab…");
  EXPECT_EQ(Cut("订单号", 4), "订…") << "half of a wide character is not shown";
  EXPECT_EQ(Cut("abc", 0), "");
}

}  // namespace
}  // namespace millrace::shell
