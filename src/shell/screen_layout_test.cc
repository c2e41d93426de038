#include "shell/screen_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

using testing::ElementsAre;

ScreenLayout Plain(std::string_view text, size_t cursor, size_t width, size_t height = 100) {
  return LayOut("> ", ". ", text, cursor, {}, width, height);
}

TEST(ScreenLayout, PutsPromptsBeforeLines) {
  const ScreenLayout layout = Plain("ab\ncd", 4, 80);
  EXPECT_THAT(layout.rows, ElementsAre("> ab", ". cd"));
  EXPECT_EQ(layout.cursor_row, 1U);
  EXPECT_EQ(layout.cursor_column, 3U);
}

TEST(ScreenLayout, WrapsAtTheWidth) {
  const ScreenLayout layout = Plain("abcdef", 6, 5);
  EXPECT_THAT(layout.rows, ElementsAre("> abc", "def"));
  EXPECT_EQ(layout.cursor_row, 1U);
  EXPECT_EQ(layout.cursor_column, 3U);
}

TEST(ScreenLayout, GivesTheCursorARowOfItsOwnBehindAFullOne) {
  const ScreenLayout layout = Plain("abc", 3, 5);
  EXPECT_THAT(layout.rows, ElementsAre("> abc", ""));
  EXPECT_EQ(layout.cursor_row, 1U);
  EXPECT_EQ(layout.cursor_column, 0U);
}

TEST(ScreenLayout, NeverHalvesAWideCharacter) {
  const ScreenLayout layout = Plain("a订单", 1, 4);
  EXPECT_THAT(layout.rows, ElementsAre("> a", "订单"));
  EXPECT_EQ(layout.cursor_row, 1U) << "the cursor stands on the character, which is in the next row";
  EXPECT_EQ(layout.cursor_column, 0U);
}

TEST(ScreenLayout, StylesWhatIsTyped) {
  const std::vector<Style> styles = {Style::kKeyword, Style::kKeyword, Style::kPlain, Style::kNumber};
  EXPECT_THAT(LayOut("> ", ". ", "AS 1", 4, styles, 80, 9).rows,
              ElementsAre("> \x1b[0;1;34mAS\x1b[0m \x1b[0;36m1\x1b[0m"));
  EXPECT_THAT(LayOut("> ", ". ", "AS 1", 0, styles, 3, 9).rows,
              ElementsAre("> \x1b[0;1;34mA\x1b[0m", "\x1b[0;1;34mS\x1b[0m \x1b[0;36m1\x1b[0m"));
}

TEST(ScreenLayout, ShowsTheRowsAroundTheCursor) {
  const ScreenLayout layout = Plain("a\nb\nc\nd\ne\nf", 6, 80, 3);  // the cursor on d
  EXPECT_THAT(layout.rows, ElementsAre(". c", ". d", ". e"));
  EXPECT_EQ(layout.cursor_row, 1U);
  const ScreenLayout end = Plain("a\nb\nc\nd", 7, 80, 3);
  EXPECT_THAT(end.rows, ElementsAre(". b", ". c", ". d"));
  EXPECT_EQ(end.cursor_row, 2U);
}

TEST(ScreenLayout, LetsNothingTypedSteerTheTerminal) {
  EXPECT_THAT(Plain("\x1b[2J", 0, 80).rows, ElementsAre("> \\x1B[2J"));
}

}  // namespace
}  // namespace millrace::shell
