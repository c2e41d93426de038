#include "shell/line_buffer.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace millrace::shell {
namespace {

// The text with the cursor as a bar.
std::string Shown(const LineBuffer& buffer) {
  std::string text = buffer.text();
  return text.insert(buffer.cursor(), "|");
}

LineBuffer With(std::string_view marked) {
  LineBuffer buffer;
  const size_t bar = marked.find('|');
  buffer.Insert(marked.substr(bar + 1));
  buffer.TextStart();
  buffer.Insert(marked.substr(0, bar));
  EXPECT_EQ(Shown(buffer), marked);
  return buffer;
}

TEST(LineBuffer, MovesByCharacters) {
  LineBuffer buffer = With("a订e\u0301|");
  buffer.Left();
  EXPECT_EQ(Shown(buffer), "a订|e\u0301");
  buffer.Left();
  EXPECT_EQ(Shown(buffer), "a|订e\u0301");
  buffer.Right();
  buffer.Right();
  buffer.Right();
  EXPECT_EQ(Shown(buffer), "a订e\u0301|");
}

TEST(LineBuffer, MovesByWords) {
  LineBuffer buffer = With("select  a.b_c|");
  buffer.WordLeft();
  EXPECT_EQ(Shown(buffer), "select  a.|b_c");
  buffer.WordLeft();
  buffer.WordLeft();
  EXPECT_EQ(Shown(buffer), "|select  a.b_c");
  buffer.WordRight();
  EXPECT_EQ(Shown(buffer), "select|  a.b_c");
  buffer.WordRight();
  EXPECT_EQ(Shown(buffer), "select  a|.b_c");
}

TEST(LineBuffer, KeepsTheColumnBetweenLines) {
  LineBuffer buffer = With("订单x\nab\nabcd|ef");
  EXPECT_TRUE(buffer.Up());
  EXPECT_EQ(Shown(buffer), "订单x\nab|\nabcdef");
  EXPECT_TRUE(buffer.Up());
  EXPECT_EQ(Shown(buffer), "订|单x\nab\nabcdef") << "two columns, one wide character";
  EXPECT_FALSE(buffer.Up());
  EXPECT_TRUE(buffer.Down());
  EXPECT_TRUE(buffer.Down());
  EXPECT_FALSE(buffer.Down());
  EXPECT_EQ(Shown(buffer), "订单x\nab\nab|cdef");
  buffer.LineStart();
  EXPECT_EQ(Shown(buffer), "订单x\nab\n|abcdef");
  buffer.Up();
  buffer.LineEnd();
  EXPECT_EQ(Shown(buffer), "订单x\nab|\nabcdef");
}

TEST(LineBuffer, TakesCharactersAway) {
  LineBuffer buffer = With("a订|e\u0301b");
  buffer.Backspace();
  EXPECT_EQ(Shown(buffer), "a|e\u0301b");
  buffer.Delete();
  EXPECT_EQ(Shown(buffer), "a|b");
  buffer.SwapCharacters();
  EXPECT_EQ(Shown(buffer), "ba|");
  buffer.SwapCharacters();
  EXPECT_EQ(Shown(buffer), "ab|") << "at the end: the two before the cursor";
  buffer.Clear();
  buffer.Backspace();
  buffer.Delete();
  buffer.SwapCharacters();
  EXPECT_EQ(Shown(buffer), "|");
}

TEST(LineBuffer, KillsAndYanks) {
  LineBuffer buffer = With("select a, b|");
  buffer.KillWordLeft();
  buffer.KillWordLeft();
  EXPECT_EQ(Shown(buffer), "select |");
  buffer.Yank();
  EXPECT_EQ(Shown(buffer), "select a, b|") << "what was taken one after the other comes back together";
  buffer.TextStart();
  buffer.KillWordRight();
  buffer.Yank();
  buffer.Yank();
  EXPECT_EQ(Shown(buffer), "selectselect| a, b");
}

TEST(LineBuffer, KillsWithinItsLine) {
  LineBuffer buffer = With("ab\ncd|ef\ngh");
  buffer.KillToLineEnd();
  EXPECT_EQ(Shown(buffer), "ab\ncd|\ngh");
  buffer.KillToLineEnd();
  EXPECT_EQ(Shown(buffer), "ab\ncd|gh");
  buffer.KillToLineStart();
  EXPECT_EQ(Shown(buffer), "ab\n|gh");
  buffer.KillToLineStart();
  EXPECT_EQ(Shown(buffer), "ab\n|gh");
}

TEST(LineBuffer, Undoes) {
  LineBuffer buffer;
  for (const char c : std::string("select x")) buffer.Insert(std::string_view(&c, 1));
  buffer.KillWordLeft();
  EXPECT_TRUE(buffer.Undo());
  EXPECT_EQ(Shown(buffer), "select x|");
  EXPECT_TRUE(buffer.Undo());
  EXPECT_EQ(Shown(buffer), "select |") << "a word typed is one change";
  while (buffer.Undo()) {
  }
  EXPECT_EQ(buffer.text(), "");
}

TEST(LineBuffer, CompletesBeforeTheCursor) {
  LineBuffer buffer = With("select na| from t");
  EXPECT_TRUE(buffer.ReplaceBeforeCursor(7, "name"));
  EXPECT_EQ(Shown(buffer), "select name| from t");
}

TEST(LineBuffer, HasABound) {
  LineBuffer buffer;
  EXPECT_TRUE(buffer.Insert(std::string(limits::kSqlBytesMax, 'x')));
  EXPECT_FALSE(buffer.Insert("y"));
  EXPECT_EQ(buffer.text().size(), limits::kSqlBytesMax);
}

}  // namespace
}  // namespace millrace::shell
