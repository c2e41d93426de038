// Cuts SQL text into tokens, one statement at a time.
//
// A token refers to the text by byte offsets and knows its line and column (1-based, columns in
// Unicode code points). Names and strings are decoded when asked for. The lexer keeps a view of the
// text, which must outlive it; it is used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sql/keywords.h"

namespace millrace::sql {

enum class TokenKind : uint8_t {
  kEnd,         // of the text, or the ';' that ends a statement's tokens is kSemicolon
  kWord,        // unquoted: a keyword or a name
  kQuotedName,  // `name`, or "name" as PostgreSQL's clients write it
  kInteger,
  kDecimal,
  kDouble,
  kString,         // '…'
  kUnicodeString,  // U&'…'
  kBinaryString,   // X'…'
  kHintBegin,      // /*+
  kHintEnd,        // the */ of a hint
  kSemicolon,
  kComma,
  kDot,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kArrow,  // =>
  kPlus,
  kMinus,
  kStar,
  kSlash,
  kPercent,
  kConcat,  // ||
  kPipe,
  kColon,
  kDoubleColon,
  kQuestion,
  kCaret,
  kDollar,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Word word = Word::kNone;  // of kWord
  uint32_t begin = 0;       // bytes [begin, end) of the text
  uint32_t end = 0;
  SourceLocation location;
};

class Lexer {
 public:
  // The text must be at most limits::kSqlBytesMax long (checked by Check()).
  explicit Lexer(std::string_view text);

  // The text's length and encoding. To be called once, before anything else.
  Status Check() const;

  // Replaces *tokens by those up to and with the next semicolon, or the end of the text. The last one
  // is always kSemicolon or kEnd.
  // Errors: 42601 for a character that means nothing in SQL, and for anything unterminated, at its start.
  Status NextStatement(std::vector<Token>* tokens);

  std::string_view text() const { return text_; }
  std::string_view TextOf(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }

  // The name a kWord or kQuotedName stands for.
  std::string NameOf(const Token& token) const;

  // The value of a kString (quotes undone), kUnicodeString (escapes undone, with `escape` as the escape
  // character) or kBinaryString (bytes).
  Result<std::string> ValueOf(const Token& token, char escape = '\\') const;

 private:
  Status SkipBlanks();
  Status Next(Token* token);
  Status LexName(Token* token);
  Status LexNumber(Token* token);
  Status LexQuoted(char quote, std::string_view what, Token* token);
  Status LexSymbol(Token* token);
  std::unexpected<Error> Unexpected() const;

  // The code point at byte `at`, and how many bytes it has. The text is valid UTF-8.
  struct CodePoint {
    uint32_t value;
    uint32_t size;
  };
  CodePoint At(size_t at) const;
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  // Goes `bytes` on, counting lines and columns.
  void Advance(size_t bytes);

  std::string_view text_;
  size_t at_ = 0;
  SourceLocation location_{1, 1};
  bool in_hint_ = false;
};

}  // namespace millrace::sql
