#include "query/pgcatalog/lexer.h"

#include <cctype>

namespace millrace::query::pgcatalog {
namespace {

bool IsWordStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsWordPart(char c) {
  return IsWordStart(c) || IsDigit(c) || c == '$';
}

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    std::vector<int> open;
    for (;;) {
      MR_TRY(SkipBlanks());
      Token token;
      token.begin = at_;
      if (at_ == sql_.size()) {
        token.end = at_;
        tokens.push_back(std::move(token));
        if (!open.empty()) {
          return Fail(ErrorCode::kSyntaxError, "a parenthesis is not closed", "",
                      LocationOf(sql_, tokens[static_cast<size_t>(open.back())].begin));
        }
        return tokens;
      }
      MR_TRY(Next(&token));
      token.end = at_;
      token.text = std::string(sql_.substr(token.begin, token.end - token.begin));
      // Millrace's own quotes are Flink's.
      if (token.text.starts_with('`')) token.text = "\"" + token.name + "\"";
      const int index = static_cast<int>(tokens.size());
      if (token.Is('(') || token.Is('[')) open.push_back(index);
      if (token.Is(')') || token.Is(']')) {
        const char wanted = token.Is(')') ? '(' : '[';
        if (open.empty() || !tokens[static_cast<size_t>(open.back())].Is(wanted)) {
          return Fail(ErrorCode::kSyntaxError, "syntax error at or near \"" + token.text + "\"", "",
                      LocationOf(sql_, token.begin));
        }
        token.partner = open.back();
        tokens[static_cast<size_t>(open.back())].partner = index;
        open.pop_back();
      }
      tokens.push_back(std::move(token));
    }
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  std::unexpected<Error> Unterminated(std::string_view what, size_t begin) const {
    return Fail(ErrorCode::kSyntaxError, std::string("unterminated ") + std::string(what), "",
                LocationOf(sql_, begin));
  }

  Status SkipBlanks() {
    for (;;) {
      if (at_ < sql_.size() && std::isspace(static_cast<unsigned char>(sql_[at_])) != 0) {
        ++at_;
      } else if (Peek() == '-' && Peek(1) == '-') {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (Peek() == '/' && Peek(1) == '*') {
        const size_t begin = at_;
        int depth = 0;
        do {
          if (at_ >= sql_.size()) return Unterminated("comment", begin);
          if (Peek() == '/' && Peek(1) == '*') {
            ++depth;
            at_ += 2;
          } else if (Peek() == '*' && Peek(1) == '/') {
            --depth;
            at_ += 2;
          } else {
            ++at_;
          }
        } while (depth > 0);
      } else {
        return {};
      }
    }
  }

  Status Quoted(char quote, bool backslashes, std::string* value) {
    const size_t begin = at_;
    for (++at_;; ++at_) {
      if (at_ >= sql_.size()) return Unterminated(quote == '"' ? "quoted name" : "string", begin);
      if (backslashes && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == quote) {
        if (Peek(1) != quote) break;
        ++at_;
      }
      if (at_ < sql_.size()) *value += sql_[at_];
    }
    ++at_;
    return {};
  }

  // $1, or $tag$…$tag$.
  Status Dollar(Token* token) {
    const size_t begin = at_;
    if (IsDigit(Peek(1))) {
      token->kind = TokenKind::kParameter;
      for (++at_; IsDigit(Peek()); ++at_) {
      }
      return {};
    }
    size_t end = at_ + 1;
    while (end < sql_.size() && IsWordPart(sql_[end]) && sql_[end] != '$') ++end;
    if (end >= sql_.size() || sql_[end] != '$') return Unterminated("string", begin);
    const std::string_view tag = sql_.substr(begin, end + 1 - begin);
    const size_t close = sql_.find(tag, end + 1);
    if (close == std::string_view::npos) return Unterminated("string", begin);
    token->kind = TokenKind::kString;
    at_ = close + tag.size();
    return {};
  }

  Status Next(Token* token) {
    const char c = Peek();
    if (c == '\'') {
      token->kind = TokenKind::kString;
      return Quoted('\'', false, &token->name);
    }
    if (c == '"' || c == '`') {
      token->kind = TokenKind::kQuotedName;
      return Quoted(c, false, &token->name);
    }
    if (Peek(1) == '\'' &&
        (c == 'e' || c == 'E' || c == 'b' || c == 'B' || c == 'x' || c == 'X' || c == 'n' || c == 'N')) {
      token->kind = TokenKind::kString;
      ++at_;
      return Quoted('\'', c == 'e' || c == 'E', &token->name);
    }
    if (c == '$') return Dollar(token);
    if (IsWordStart(c)) {
      token->kind = TokenKind::kWord;
      for (; IsWordPart(Peek()) && at_ < sql_.size(); ++at_) {
        token->name += static_cast<char>(std::tolower(static_cast<unsigned char>(sql_[at_])));
      }
      return {};
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
      token->kind = TokenKind::kNumber;
      while (IsWordPart(Peek()) || (Peek() == '.' && Peek(1) != '.') ||
             ((Peek() == '+' || Peek() == '-') && (sql_[at_ - 1] == 'e' || sql_[at_ - 1] == 'E'))) {
        ++at_;
      }
      return {};
    }
    constexpr std::string_view kPunctuation = "()[],;.";
    if (kPunctuation.find(c) != std::string_view::npos) {
      token->kind = TokenKind::kPunctuation;
      token->symbol = c;
      ++at_;
      return {};
    }
    if (c == ':') {
      const bool cast = Peek(1) == ':';
      token->kind = cast ? TokenKind::kOperator : TokenKind::kPunctuation;
      token->symbol = ':';
      token->name = cast ? "::" : ":";
      at_ += cast ? 2 : 1;
      return {};
    }
    constexpr std::string_view kOperator = "+-*/<>=~!@#%^&|?";
    if (kOperator.find(c) == std::string_view::npos) {
      return Fail(ErrorCode::kSyntaxError, std::string("syntax error at or near \"") + c + "\"", "",
                  LocationOf(sql_, at_));
    }
    token->kind = TokenKind::kOperator;
    const size_t begin = at_;
    while (at_ < sql_.size() && kOperator.find(sql_[at_]) != std::string_view::npos) {
      if ((Peek() == '-' && Peek(1) == '-') || (Peek() == '/' && Peek(1) == '*')) break;
      ++at_;
    }
    // "=-1" is two operators: one that ends in + or - has one of the special characters in it.
    while (at_ - begin > 1 && (sql_[at_ - 1] == '-' || sql_[at_ - 1] == '+') &&
           sql_.substr(begin, at_ - begin).find_first_of("~!@#%^&|?") == std::string_view::npos) {
      --at_;
    }
    token->name = std::string(sql_.substr(begin, at_ - begin));
    return {};
  }

  std::string_view sql_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view sql) {
  return Scanner(sql).Run();
}

std::string Assemble(std::string_view sql, const std::vector<Token>& tokens) {
  std::string out;
  size_t end = 0;
  for (const Token& token : tokens) {
    // Whatever separated two tokens separates them still; a comment is a blank.
    if (token.begin > end) {
      const std::string_view between = sql.substr(end, token.begin - end);
      out += between.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string(between) : " ";
    }
    out += token.before + token.text + token.after;
    end = token.end;
  }
  return out;
}

std::string StringValue(std::string_view sql, const Token& token) {
  return token.kind == TokenKind::kString && sql[token.begin] == '\'' ? token.name : "";
}

SourceLocation LocationOf(std::string_view sql, size_t offset) {
  SourceLocation location{1, 1};
  for (size_t i = 0; i < offset && i < sql.size(); ++i) {
    if (sql[i] == '\n') {
      ++location.line;
      location.column = 1;
    } else if ((static_cast<unsigned char>(sql[i]) & 0xC0) != 0x80) {
      ++location.column;
    }
  }
  return location;
}

}  // namespace millrace::query::pgcatalog
