#include "session/script.h"

#include <gtest/gtest.h>

namespace millrace::session {
namespace {

std::vector<std::string> Texts(std::string_view script) {
  std::vector<std::string> texts;
  for (const ScriptPart& part : SplitScript(script)) texts.emplace_back(part.text);
  return texts;
}

TEST(ScriptTest, CutsAtSemicolonsOutsideQuotesAndComments) {
  EXPECT_EQ(Texts("SELECT 'a;b'; -- c;d\nSELECT `x;y` /* ; */ ;; \n SELECT 'it''s;'"),
            (std::vector<std::string>{"SELECT 'a;b'", "SELECT `x;y` /* ; */", "SELECT 'it''s;'"}));
  EXPECT_TRUE(Texts(" -- nothing\n ; /* nothing */ ").empty());
  EXPECT_EQ(Texts("SELECT 'open; SELECT 1"), (std::vector<std::string>{"SELECT 'open; SELECT 1"}));
}

TEST(ScriptTest, AStatementSetIsOneStatement) {
  EXPECT_EQ(
      Texts("EXECUTE STATEMENT SET\nBEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END; SELECT 3"),
      (std::vector<std::string>{
          "EXECUTE STATEMENT SET\nBEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END", "SELECT 3"}));
  EXPECT_EQ(Texts("begin statement set; insert into a select 1; end; select 3").size(), 2u);
  EXPECT_EQ(Texts("SELECT CASE WHEN a THEN b END; SELECT 2").size(), 2u);
}

TEST(ScriptTest, KnowsWhereStatementsBegin) {
  const auto parts = SplitScript("-- 注释\nSELECT 1;\n  /* 二 */ SELECT 2");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].location, (SourceLocation{2, 1}));
  EXPECT_EQ(parts[1].location, (SourceLocation{3, 11}));
  const Error placed = PlaceInScript(Error(ErrorCode::kSyntaxError, "x", "", {1, 3}), parts[1].location);
  EXPECT_EQ(placed.location(), (SourceLocation{3, 13}));
}

TEST(ScriptTest, BackQuotesBecomeDoubleQuotes) {
  EXPECT_EQ(ToDuckQuoting("SELECT `a``b`, '`', \"c\", `say \"x\"` -- `d`"),
            "SELECT \"a`b\", '`', \"c\", \"say \"\"x\"\"\" -- `d`");
  EXPECT_EQ(ToDuckQuoting("SELECT `a`, `b FROM t").error().ToString(),
            "42601 at line 1, column 13: a back-quoted name is not closed\nHINT: end it with `");
  EXPECT_FALSE(ToDuckQuoting("SELECT `a``").has_value());
}

}  // namespace
}  // namespace millrace::session
