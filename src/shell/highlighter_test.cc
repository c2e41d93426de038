#include "shell/highlighter.h"

#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

// One letter a byte: . plain, K keyword, S string, N number, C comment, Q quoted name, X command.
std::string Painted(std::string_view text) {
  std::string out;
  for (const Style style : Highlight(text)) out += ".KSNCQX"[static_cast<size_t>(style)];
  return out;
}

TEST(Highlighter, PaintsPieces) {
  EXPECT_EQ(Painted("SELECT a, 'b' FROM t -- c"),  //
            "KKKKKK....SSS.KKKK...CCCC");
  EXPECT_EQ(Painted("select `x` + 12"),  //
            "KKKKKK.QQQ...NN");
}

TEST(Highlighter, TakesFreeWordsForKeywordsOnlyWhereTheyAreMeantSo) {
  EXPECT_EQ(Painted("SHOW x; SHOW"), "KKKK....KKKK") << "the first word of a statement";
  EXPECT_EQ(Painted("SELECT t.select"), "KKKKKK.........") << "a column behind a dot";
  EXPECT_EQ(Painted("SELECT year_x"), "KKKKKK.......");
}

TEST(Highlighter, PaintsOpenQuotesToTheEnd) {
  EXPECT_EQ(Painted("x 'FROM"), "..SSSSS");
}

TEST(Highlighter, PaintsCommandsToTheEndOfTheirLine) {
  EXPECT_EQ(Painted("\\d 'a\nFROM"), "XXXXX.KKKK");
}

}  // namespace
}  // namespace millrace::shell
