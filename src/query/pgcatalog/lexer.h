// Cuts PostgreSQL's SQL into tokens that can be replaced, wrapped and put together again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::query::pgcatalog {

enum class TokenKind : uint8_t {
  kWord,
  kQuotedName,
  kString,  // '…', E'…' and the like, $tag$…$tag$
  kNumber,
  kParameter,  // $1
  kOperator,
  kPunctuation,  // one of ( ) [ ] , ; . :
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t begin = 0;  // bytes [begin, end) of the text
  size_t end = 0;
  int partner = -1;    // of a parenthesis or bracket: the other one
  std::string name;    // what a word (in lower case) or quoted name (as it is) means; an operator as written
  char symbol = '\0';  // of punctuation

  // What it becomes.
  std::string before;
  std::string text;
  std::string after;

  bool Is(char punctuation) const { return kind == TokenKind::kPunctuation && symbol == punctuation; }
  bool IsWord(std::string_view word) const { return kind == TokenKind::kWord && name == word; }
  bool IsName() const { return kind == TokenKind::kWord || kind == TokenKind::kQuotedName; }
  void Delete() { text.clear(); }
};

// The last token is kEnd. Errors: 42601 for what is unterminated or unbalanced.
Result<std::vector<Token>> Tokenize(std::string_view sql);

// All tokens with what they became, and what stood between them (comments apart).
std::string Assemble(std::string_view sql, const std::vector<Token>& tokens);

// The value of a '…' token without escapes; nothing for others.
std::string StringValue(std::string_view sql, const Token& token);

// Line and column, both from 1, columns in characters.
SourceLocation LocationOf(std::string_view sql, size_t offset);

}  // namespace millrace::query::pgcatalog
