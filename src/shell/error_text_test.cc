#include "shell/error_text.h"

#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

ServerError At(size_t position) {
  ServerError error;
  error.sqlstate = "42703";
  error.message = "no column 'x'";
  error.position = position;
  return error;
}

TEST(ErrorText, MarksThePlace) {
  EXPECT_EQ(ErrorText(At(8), "SELECT x FROM t"),
            "ERROR 42703: no column 'x'\n"
            "LINE 1: SELECT x FROM t\n"
            "               ^\n");
  EXPECT_EQ(ErrorText(At(12), "SELECT a,\n x FROM t", 5),
            "ERROR 42703: no column 'x'\n"
            "LINE 6:  x FROM t\n"
            "         ^\n");
}

TEST(ErrorText, MarksBehindWideCharacters) {
  EXPECT_EQ(ErrorText(At(14), "SELECT '订单', x"),
            "ERROR 42703: no column 'x'\n"
            "LINE 1: SELECT '订单', x\n"
            "                       ^\n");
}

TEST(ErrorText, MarksTheEnd) {
  EXPECT_EQ(ErrorText(At(9), "SELECT 1"),
            "ERROR 42703: no column 'x'\n"
            "LINE 1: SELECT 1\n"
            "                ^\n");
  EXPECT_EQ(ErrorText(At(900), "x").find("LINE 1: x\n"), 27U) << "a place behind the text is its end";
}

TEST(ErrorText, CutsLongLines) {
  const std::string text = ErrorText(At(501), std::string(500, 'a') + "x" + std::string(500, 'b'));
  EXPECT_NE(text.find("LINE 1: …aaa"), std::string::npos);
  EXPECT_NE(text.find("bbb…\n"), std::string::npos);
  const size_t line = text.find("LINE");
  const size_t newline = text.find('\n', line);
  // "…" has three bytes and one column.
  EXPECT_EQ(text.find('x', line) - line - 2, text.find('^') - newline - 1);
}

TEST(ErrorText, TellsDetailAndHint) {
  ServerError error;
  error.message = "bad\x1b[2J";
  error.detail = "two\nlines";
  error.hint = "did you mean 'y'?";
  EXPECT_EQ(ErrorText(error, "SELECT 1"),
            "ERROR: bad\\x1B[2J\nDETAIL: two\nlines\nHINT: did you mean 'y'?\n");
}

}  // namespace
}  // namespace millrace::shell
