#include "base/json_text.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

// RFC 8259, section 7: quotes, backslashes and what is below U+0020 must be escaped.
TEST(JsonText, EscapesWhatItMust) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quoted("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(Quoted(std::string_view("\0\x1F", 2)), R"("\u0000\u001F")");
}

TEST(JsonText, LeavesTheRestAsItIs) {
  EXPECT_EQ(Quoted("a/b \x7F 中 \xF0\x9F\x98\x80"), "\"a/b \x7F 中 \xF0\x9F\x98\x80\"");
}

}  // namespace
}  // namespace millrace
