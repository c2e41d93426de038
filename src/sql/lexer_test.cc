#include "sql/lexer.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace millrace::sql {
namespace {

std::vector<Token> Lex(std::string_view text) {
  Lexer lexer(text);
  EXPECT_TRUE(lexer.Check().has_value());
  std::vector<Token> tokens;
  const Status status = lexer.NextStatement(&tokens);
  EXPECT_TRUE(status.has_value()) << (status ? "" : status.error().ToString());
  return tokens;
}

std::string LexError(std::string_view text) {
  Lexer lexer(text);
  if (const Status status = lexer.Check(); !status) return status.error().ToString();
  std::vector<Token> tokens;
  const Status status = lexer.NextStatement(&tokens);
  return status ? "no error" : status.error().ToString();
}

std::vector<TokenKind> Kinds(std::string_view text) {
  std::vector<TokenKind> kinds;
  for (const Token& token : Lex(text)) kinds.push_back(token.kind);
  return kinds;
}

TEST(Keywords, AreFoundInAnyCase) {
  EXPECT_EQ(FindWord("select"), Word::kSELECT);
  EXPECT_EQ(FindWord("SeLeCt"), Word::kSELECT);
  EXPECT_EQ(FindWord("selects"), Word::kNone);
  EXPECT_EQ(FindWord(""), Word::kNone);
  EXPECT_EQ(FindWord("zone"), Word::kZONE) << "the last one";
  EXPECT_EQ(FindWord("abs"), Word::kABS) << "one of the first";
  EXPECT_EQ(WordText(Word::kMATCH_RECOGNIZE), "MATCH_RECOGNIZE");
  EXPECT_EQ(WordText(Word::kNone), "");
  EXPECT_EQ(FindWord(std::string(1000, 'a')), Word::kNone);
}

TEST(Keywords, KnowWhatIsReserved) {
  for (const char* word :
       {"timestamp", "value", "count", "user", "date", "order", "comment", "result", "current_date"}) {
    EXPECT_TRUE(IsReserved(FindWord(word))) << word;
  }
  for (const char* word :
       {"data", "key", "name", "type", "tumble", "version", "source", "level", "week", "id"}) {
    EXPECT_FALSE(IsReserved(FindWord(word))) << word;
  }
}

TEST(Lexer, CutsTokens) {
  EXPECT_EQ(
      Kinds("SELECT a.`b c`, 1, 1.5, .5, 1e3, 'x' FROM t;"),
      (std::vector<TokenKind>{TokenKind::kWord, TokenKind::kWord, TokenKind::kDot, TokenKind::kQuotedName,
                              TokenKind::kComma, TokenKind::kInteger, TokenKind::kComma, TokenKind::kDecimal,
                              TokenKind::kComma, TokenKind::kDecimal, TokenKind::kComma, TokenKind::kDouble,
                              TokenKind::kComma, TokenKind::kString, TokenKind::kWord, TokenKind::kWord,
                              TokenKind::kSemicolon}));
  EXPECT_EQ(
      Kinds("<> != <= >= < > = => || | % ? ^ $ { } [ ] : + - * /"),
      (std::vector<TokenKind>{
          TokenKind::kNotEqual,    TokenKind::kNotEqual,     TokenKind::kLessEqual, TokenKind::kGreaterEqual,
          TokenKind::kLess,        TokenKind::kGreater,      TokenKind::kEqual,     TokenKind::kArrow,
          TokenKind::kConcat,      TokenKind::kPipe,         TokenKind::kPercent,   TokenKind::kQuestion,
          TokenKind::kCaret,       TokenKind::kDollar,       TokenKind::kLeftBrace, TokenKind::kRightBrace,
          TokenKind::kLeftBracket, TokenKind::kRightBracket, TokenKind::kColon,     TokenKind::kPlus,
          TokenKind::kMinus,       TokenKind::kStar,         TokenKind::kSlash,     TokenKind::kEnd}));
}

TEST(Lexer, SkipsComments) {
  EXPECT_EQ(Kinds("-- one\n/* two\n * three */ a -- four"),
            (std::vector<TokenKind>{TokenKind::kWord, TokenKind::kEnd}));
  EXPECT_EQ(Kinds("a--b;\n;"), (std::vector<TokenKind>{TokenKind::kWord, TokenKind::kSemicolon}));
}

TEST(Lexer, KeepsHints) {
  EXPECT_EQ(Kinds("t /*+ A('*/') */ /* no hint */"),
            (std::vector<TokenKind>{TokenKind::kWord, TokenKind::kHintBegin, TokenKind::kWord,
                                    TokenKind::kLeftParen, TokenKind::kString, TokenKind::kRightParen,
                                    TokenKind::kHintEnd, TokenKind::kEnd}));
}

TEST(Lexer, CountsColumnsInCodePoints) {
  const std::vector<Token> tokens = Lex("城市 '北京'\n  数量");
  ASSERT_EQ(tokens.size(), 4u);
  EXPECT_EQ(tokens[0].location, (SourceLocation{1, 1}));
  EXPECT_EQ(tokens[1].location, (SourceLocation{1, 4}));
  EXPECT_EQ(tokens[2].location, (SourceLocation{2, 3}));
  EXPECT_EQ(tokens[1].begin, 7u) << "offsets are bytes";
}

TEST(Lexer, UndoesQuotes) {
  const std::string_view text = "`a``b` '' 'it''s' X'1f2E' U&'\\4e2d\\+01F600\\\\' U&'!4e2d'";
  Lexer lexer(text);
  std::vector<Token> tokens;
  ASSERT_TRUE(lexer.NextStatement(&tokens).has_value());
  EXPECT_EQ(lexer.NameOf(tokens[0]), "a`b");
  EXPECT_EQ(lexer.ValueOf(tokens[1]).value(), "");
  EXPECT_EQ(lexer.ValueOf(tokens[2]).value(), "it's");
  EXPECT_EQ(lexer.ValueOf(tokens[3]).value(), "\x1f\x2e");
  EXPECT_EQ(lexer.ValueOf(tokens[4]).value(), "中😀\\");
  EXPECT_EQ(lexer.ValueOf(tokens[5], '!').value(), "中");
}

TEST(Lexer, JoinsSurrogates) {
  Lexer lexer("U&'\\D83D\\DE00' U&'\\D83D' U&'\\DE00'");
  std::vector<Token> tokens;
  ASSERT_TRUE(lexer.NextStatement(&tokens).has_value());
  EXPECT_EQ(lexer.ValueOf(tokens[0]).value(), "😀");
  EXPECT_FALSE(lexer.ValueOf(tokens[1]).has_value());
  EXPECT_FALSE(lexer.ValueOf(tokens[2]).has_value());
}

TEST(Lexer, ReadsOneStatementAtATime) {
  Lexer lexer("a; b c; d");
  std::vector<Token> tokens;
  std::vector<size_t> counts;
  do {
    ASSERT_TRUE(lexer.NextStatement(&tokens).has_value());
    counts.push_back(tokens.size());
  } while (tokens.back().kind != TokenKind::kEnd);
  EXPECT_EQ(counts, (std::vector<size_t>{2, 3, 2}));
}

TEST(Lexer, SaysWhereTheUnclosedBegan) {
  EXPECT_EQ(LexError("a\n 'b"),
            "42601 at line 2, column 2: this string is not closed\nHINT: end it with '; a quote inside is "
            "written twice: ''");
  EXPECT_EQ(LexError("a `b"),
            "42601 at line 1, column 3: this back-quoted name is not closed\nHINT: end it with `");
  EXPECT_EQ(LexError("a /* b\n"),
            "42601 at line 1, column 3: this comment is not closed\nHINT: end it with */");
  EXPECT_EQ(LexError("t /*+ A('b')"),
            "42601 at line 1, column 3: this hint is not closed\nHINT: end it with */");
  EXPECT_EQ(LexError("X'12"),
            "42601 at line 1, column 1: this binary string is not closed\n"
            "HINT: end it with '; a quote inside is written twice: ''");
}

TEST(Lexer, RefusesWhatIsNotSql) {
  EXPECT_EQ(LexError("a，b"),
            "42601 at line 1, column 2: unexpected character '，'\n"
            "HINT: that is a full-width or typographic character; SQL wants the ASCII character ,");
  EXPECT_EQ(LexError("@a"),
            "42601 at line 1, column 1: unexpected character '@'\n"
            "HINT: a name with such a character is written in back-quotes");
  EXPECT_EQ(LexError("a \x01"), "42601 at line 1, column 3: unexpected control character 0x01");
  EXPECT_EQ(LexError("``"), "42601 at line 1, column 1: a name must have at least one character");
  EXPECT_EQ(LexError("1x"),
            "42601 at line 1, column 1: '1x' is neither a number nor a name\n"
            "HINT: put a blank after the number; a name that starts with a digit is written in back-quotes");
}

TEST(Lexer, RefusesWhatIsNotUtf8) {
  for (const char* bad :
       {"\xff", "a\x80", "\xc0\xaf", "\xe4\xb8", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_NE(LexError(bad).find("is not valid UTF-8"), std::string::npos) << LexError(bad);
  }
  EXPECT_EQ(LexError("中\xff"),
            "42601 at line 1, column 2: byte 0xFF is not valid UTF-8\nHINT: save the SQL text as UTF-8");
}

TEST(Lexer, BoundsTheText) {
  const std::string text(limits::kSqlBytesMax + 1, ' ');
  EXPECT_NE(LexError(text).find("has 16777217 bytes, more than the 16777216"), std::string::npos);
}

}  // namespace
}  // namespace millrace::sql
