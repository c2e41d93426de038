#include "shell/sql_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace millrace::shell {
namespace {

using testing::ElementsAre;

std::vector<std::string> Pieces(std::string_view text) {
  std::vector<std::string> out;
  for (const Piece& piece : ScanSql(text)) {
    if (piece.kind == PieceKind::kBlank) continue;
    constexpr const char* kNames[] = {"blank",   "word", "name", "string", "number",
                                      "comment", "semi", "back", "sym"};
    out.push_back(std::string(kNames[static_cast<size_t>(piece.kind)]) + (piece.open ? "?:" : ":") +
                  std::string(text.substr(piece.begin, piece.end - piece.begin)));
  }
  return out;
}

std::vector<std::string> Parts(std::string_view text) {
  std::vector<std::string> out;
  for (const InputPart& part : SplitInput(text)) {
    EXPECT_EQ(text.substr(part.begin, part.text.size()), part.text);
    out.push_back(std::string(part.kind == InputPart::Kind::kCommand ? "command "
                              : part.complete                        ? ""
                                                                     : "open ") +
                  std::string(part.text));
  }
  return out;
}

TEST(SqlScan, TellsPiecesApart) {
  EXPECT_THAT(Pieces("SELECT a1, 'it''s' FROM \"t\"\"x\" WHERE x>=1.5e-3;"),
              ElementsAre("word:SELECT", "word:a1", "sym:,", "string:'it''s'", "word:FROM", "name:\"t\"\"x\"",
                          "word:WHERE", "word:x", "sym:>", "sym:=", "number:1.5e-3", "semi:;"));
  EXPECT_THAT(Pieces("a -- b;c\nd /* e; */ 单价"),
              ElementsAre("word:a", "comment:-- b;c", "word:d", "comment:/* e; */", "word:单价"));
  EXPECT_THAT(Pieces("1e x"), ElementsAre("number:1", "word:e", "word:x"));
}

TEST(SqlScan, LeavesWhatIsNotClosedOpen) {
  EXPECT_THAT(Pieces("a 'b"), ElementsAre("word:a", "string?:'b"));
  EXPECT_THAT(Pieces("/* a"), ElementsAre("comment?:/* a"));
  EXPECT_THAT(Pieces("`a"), ElementsAre("name?:`a"));
}

TEST(SqlScan, CutsStatements) {
  EXPECT_THAT(Parts(" select 1 ; select ';' -- ; \n; x"),
              ElementsAre("select 1", "select ';' -- ;", "open x"));
  EXPECT_THAT(Parts(";;  "), ElementsAre());
  EXPECT_THAT(Parts("-- only this\n"), ElementsAre());
  EXPECT_THAT(Parts("-- note\nselect 1;"), ElementsAre("-- note\nselect 1"));
}

TEST(SqlScan, CutsCommands) {
  EXPECT_THAT(Parts("\\d t \nselect 1 \\watch 2\nselect 2;"),
              ElementsAre("command \\d t", "open select 1", "command \\watch 2", "select 2"));
  EXPECT_THAT(Parts("select '\\d';"), ElementsAre("select '\\d'"));
}

TEST(SqlScan, KeepsStatementSetsTogether) {
  EXPECT_THAT(Parts("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END FROM b; "
                    "INSERT INTO c SELECT 1; END; select 2;"),
              ElementsAre("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END FROM b; "
                          "INSERT INTO c SELECT 1; END",
                          "select 2"));
  EXPECT_THAT(Parts("BEGIN; select 1;"), ElementsAre("BEGIN", "select 1"));
}

TEST(SqlScan, KnowsWhenEnterRuns) {
  EXPECT_TRUE(IsComplete(""));
  EXPECT_TRUE(IsComplete("select 1;"));
  EXPECT_TRUE(IsComplete("select 1; -- done"));
  EXPECT_TRUE(IsComplete("\\dt"));
  EXPECT_TRUE(IsComplete("select 1\n\\g"));
  EXPECT_FALSE(IsComplete("select 1"));
  EXPECT_FALSE(IsComplete("select ';"));
  EXPECT_FALSE(IsComplete("select 1; select"));
  EXPECT_FALSE(IsComplete("/* ;"));
}

}  // namespace
}  // namespace millrace::shell
