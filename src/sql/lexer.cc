#include "sql/lexer.h"

#include <fmt/format.h>

#include <optional>

#include "base/limits.h"
#include "base/utf8.h"
#include "sql/characters.h"

namespace millrace::sql {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsAsciiLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsHighSurrogate(uint32_t c) {
  return c >= 0xD800 && c <= 0xDBFF;
}

bool IsLowSurrogate(uint32_t c) {
  return c >= 0xDC00 && c <= 0xDFFF;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Lexer::Lexer(std::string_view text) : text_(text) {}

Status Lexer::Check() const {
  if (text_.size() > limits::kSqlBytesMax) {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("the SQL text has {} bytes, more than the {} that are read at once", text_.size(),
                            limits::kSqlBytesMax),
                "split it into several files, or load the data from a file through a table");
  }
  SourceLocation location{1, 1};
  for (size_t at = 0; at < text_.size();) {
    const size_t size = SequenceBytes(text_, at);
    if (size == 0) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("byte 0x{:02X} is not valid UTF-8", static_cast<unsigned char>(text_[at])),
                  "save the SQL text as UTF-8", location);
    }
    if (text_[at] == '\n') {
      ++location.line;
      location.column = 1;
    } else {
      ++location.column;
    }
    at += size;
  }
  return Ok();
}

Lexer::CodePoint Lexer::At(size_t at) const {
  const auto byte = [&](size_t i) -> uint32_t {
    return at + i < text_.size() ? static_cast<unsigned char>(text_[at + i]) : 0u;
  };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {((lead & 0x1F) << 6) | (byte(1) & 0x3F), 2};
  if (lead < 0xF0) return {((lead & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F), 3};
  return {((lead & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F), 4};
}

void Lexer::Advance(size_t bytes) {
  const size_t end = std::min(at_ + bytes, text_.size());
  for (; at_ < end; ++at_) {
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '\n') {
      ++location_.line;
      location_.column = 1;
    } else if ((c & 0xC0) != 0x80) {
      ++location_.column;
    }
  }
}

Status Lexer::SkipBlanks() {
  while (at_ < text_.size()) {
    const char c = Peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      Advance(1);
    } else if (c == '-' && Peek(1) == '-') {
      const size_t newline = text_.find('\n', at_);
      Advance((newline == std::string_view::npos ? text_.size() : newline) - at_);
    } else if (c == '/' && Peek(1) == '/') {
      return Fail(ErrorCode::kSyntaxError, "unexpected '//'", "a comment starts with -- or /*", location_);
    } else if (c == '/' && Peek(1) == '*' && (Peek(2) != '+' || in_hint_)) {
      const SourceLocation start = location_;
      const size_t close = text_.find("*/", at_ + 2);
      if (close == std::string_view::npos) {
        return Fail(ErrorCode::kSyntaxError, "this comment is not closed", "end it with */", start);
      }
      Advance(close + 2 - at_);
    } else if (static_cast<unsigned char>(c) >= 0x80 && IsUnicodeBlank(At(at_).value)) {
      Advance(At(at_).size);
    } else {
      break;
    }
  }
  return Ok();
}

Status Lexer::NextStatement(std::vector<Token>* tokens) {
  tokens->clear();
  in_hint_ = false;
  SourceLocation hint_start;
  while (true) {
    Token token;
    MR_TRY(Next(&token));
    if (token.kind == TokenKind::kHintBegin) {
      in_hint_ = true;
      hint_start = token.location;
    } else if (token.kind == TokenKind::kHintEnd) {
      in_hint_ = false;
    } else if (in_hint_ && (token.kind == TokenKind::kEnd || token.kind == TokenKind::kSemicolon)) {
      return Fail(ErrorCode::kSyntaxError, "this hint is not closed", "end it with */", hint_start);
    }
    tokens->push_back(token);
    if (token.kind == TokenKind::kEnd || token.kind == TokenKind::kSemicolon) return Ok();
  }
}

Status Lexer::Next(Token* token) {
  MR_TRY(SkipBlanks());
  token->begin = static_cast<uint32_t>(at_);
  token->location = location_;
  if (at_ >= text_.size()) {
    token->kind = TokenKind::kEnd;
    token->end = token->begin;
    return Ok();
  }
  const char c = Peek();
  if ((c == 'x' || c == 'X') && Peek(1) == '\'') {
    Advance(1);
    MR_TRY(LexQuoted('\'', "binary string", token));
    token->kind = TokenKind::kBinaryString;
  } else if ((c == 'u' || c == 'U') && Peek(1) == '&' && Peek(2) == '\'') {
    Advance(2);
    MR_TRY(LexQuoted('\'', "string", token));
    token->kind = TokenKind::kUnicodeString;
  } else if (IsAsciiLetter(c) || c == '_' ||
             (static_cast<unsigned char>(c) >= 0x80 && IsUnicodeNamePart(At(at_).value))) {
    MR_TRY(LexName(token));
  } else if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
    MR_TRY(LexNumber(token));
  } else if (c == '\'') {
    MR_TRY(LexQuoted('\'', "string", token));
    token->kind = TokenKind::kString;
  } else if (c == '`' || c == '"') {
    MR_TRY(LexQuoted(c, c == '`' ? "back-quoted name" : "double-quoted name", token));
    token->kind = TokenKind::kQuotedName;
    if (at_ - token->begin == 2) {
      return Fail(ErrorCode::kSyntaxError, "a name must have at least one character", "", token->location);
    }
  } else {
    MR_TRY(LexSymbol(token));
  }
  token->end = static_cast<uint32_t>(at_);
  return Ok();
}

Status Lexer::LexName(Token* token) {
  const size_t begin = at_;
  size_t end = at_;
  while (end < text_.size()) {
    const char c = text_[end];
    if (IsAsciiLetter(c) || IsDigit(c) || c == '_' || c == '$') {
      ++end;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      const CodePoint point = At(end);
      if (!IsUnicodeNamePart(point.value)) break;
      end += point.size;
    } else {
      break;
    }
  }
  Advance(end - begin);
  token->kind = TokenKind::kWord;
  token->word = FindWord(text_.substr(begin, end - begin));
  return Ok();
}

Status Lexer::LexNumber(Token* token) {
  size_t size = 0;
  token->kind = TokenKind::kInteger;
  while (IsDigit(Peek(size))) ++size;
  if (Peek(size) == '.' && Peek(size + 1) != '.') {
    token->kind = TokenKind::kDecimal;
    ++size;
    while (IsDigit(Peek(size))) ++size;
  }
  if (Peek(size) == 'e' || Peek(size) == 'E') {
    const size_t sign = Peek(size + 1) == '+' || Peek(size + 1) == '-' ? 1 : 0;
    if (IsDigit(Peek(size + 1 + sign))) {
      token->kind = TokenKind::kDouble;
      size += 1 + sign;
      while (IsDigit(Peek(size))) ++size;
    }
  }
  const char after = Peek(size);
  if (IsAsciiLetter(after) || after == '_' || IsDigit(after) ||
      (static_cast<unsigned char>(after) >= 0x80 && IsUnicodeNamePart(At(at_ + size).value))) {
    size_t end = at_ + size;
    while (end < text_.size() && (IsAsciiLetter(text_[end]) || IsDigit(text_[end]) || text_[end] == '_' ||
                                  static_cast<unsigned char>(text_[end]) >= 0x80)) {
      end += At(end).size;
    }
    const std::string_view run = text_.substr(at_, end - at_);
    return Fail(ErrorCode::kSyntaxError, fmt::format("'{}' is neither a number nor a name", run),
                "put a blank after the number; a name that starts with a digit is written in back-quotes",
                location_);
  }
  Advance(size);
  return Ok();
}

Status Lexer::LexQuoted(char quote, std::string_view what, Token* token) {
  size_t end = at_ + 1;
  while (true) {
    end = text_.find(quote, end);
    if (end == std::string_view::npos) {
      return Fail(ErrorCode::kSyntaxError, fmt::format("this {} is not closed", what),
                  quote == '\'' ? "end it with '; a quote inside is written twice: ''"
                                : fmt::format("end it with {}", quote),
                  token->location);
    }
    if (end + 1 < text_.size() && text_[end + 1] == quote) {
      end += 2;
      continue;
    }
    break;
  }
  Advance(end + 1 - at_);
  return Ok();
}

std::unexpected<Error> Lexer::Unexpected() const {
  const CodePoint point = At(at_);
  const std::string_view text = text_.substr(at_, point.size);
  if (point.value < 0x20 || point.value == 0x7F) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("unexpected control character 0x{:02X}", point.value),
                "", location_);
  }
  std::string hint;
  if (const auto ascii = AsciiOf(point.value)) {
    hint = fmt::format("that is a full-width or typographic character; SQL wants the ASCII character {}",
                       *ascii);
  } else if (point.value == '\\') {
    hint = "strings have no backslash escapes; a quote inside is written twice: ''";
  } else if (point.value == '@' || point.value == '#') {
    hint = "a name with such a character is written in back-quotes";
  }
  return Fail(ErrorCode::kSyntaxError, fmt::format("unexpected character '{}'", text), std::move(hint),
              location_);
}

Status Lexer::LexSymbol(Token* token) {
  const auto take = [&](TokenKind kind, size_t bytes) {
    token->kind = kind;
    Advance(bytes);
    return Ok();
  };
  const auto refuse = [&](std::string_view what, std::string hint) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("unexpected '{}'", what), std::move(hint), location_);
  };
  const char next = Peek(1);
  switch (Peek()) {
    case ';':
      return take(TokenKind::kSemicolon, 1);
    case ',':
      return take(TokenKind::kComma, 1);
    case '.':
      return take(TokenKind::kDot, 1);
    case '(':
      return take(TokenKind::kLeftParen, 1);
    case ')':
      return take(TokenKind::kRightParen, 1);
    case '[':
      return take(TokenKind::kLeftBracket, 1);
    case ']':
      return take(TokenKind::kRightBracket, 1);
    case '{':
      return take(TokenKind::kLeftBrace, 1);
    case '}':
      return take(TokenKind::kRightBrace, 1);
    case '+':
      return take(TokenKind::kPlus, 1);
    case '-':
      return take(TokenKind::kMinus, 1);
    case '*':
      return in_hint_ && next == '/' ? take(TokenKind::kHintEnd, 2) : take(TokenKind::kStar, 1);
    case '/':
      return next == '*' ? take(TokenKind::kHintBegin, 3) : take(TokenKind::kSlash, 1);
    case '%':
      return take(TokenKind::kPercent, 1);
    case '?':
      return take(TokenKind::kQuestion, 1);
    case '^':
      return take(TokenKind::kCaret, 1);
    case '$':
      return take(TokenKind::kDollar, 1);
    case '|':
      return next == '|' ? take(TokenKind::kConcat, 2) : take(TokenKind::kPipe, 1);
    case '=':
      if (next == '>') return take(TokenKind::kArrow, 2);
      if (next == '=') return refuse("==", "values are compared with a single =");
      return take(TokenKind::kEqual, 1);
    case '<':
      if (next == '=' && Peek(2) == '>') return refuse("<=>", "write a IS NOT DISTINCT FROM b");
      if (next == '=') return take(TokenKind::kLessEqual, 2);
      if (next == '>') return take(TokenKind::kNotEqual, 2);
      return take(TokenKind::kLess, 1);
    case '>':
      return next == '=' ? take(TokenKind::kGreaterEqual, 2) : take(TokenKind::kGreater, 1);
    case '!':
      if (next == '=') return take(TokenKind::kNotEqual, 2);
      return refuse("!", "write NOT");
    case '&':
      if (next == '&') return refuse("&&", "write AND");
      return Unexpected();
    case ':':
      return next == ':' ? take(TokenKind::kDoubleColon, 2) : take(TokenKind::kColon, 1);
    default:
      return Unexpected();
  }
}

std::string Lexer::NameOf(const Token& token) const {
  const std::string_view text = TextOf(token);
  if (token.kind != TokenKind::kQuotedName) return std::string(text);
  std::string name;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    name.push_back(text[i]);
    if (text[i] == text[0]) ++i;
  }
  return name;
}

Result<std::string> Lexer::ValueOf(const Token& token, char escape) const {
  std::string_view text = TextOf(token);
  text.remove_prefix(text.find('\'') + 1);
  text.remove_suffix(1);
  std::string value;
  if (token.kind == TokenKind::kBinaryString) {
    if (text.size() % 2 != 0) {
      return Fail(ErrorCode::kSyntaxError, "a binary string needs an even number of hexadecimal digits", "",
                  token.location);
    }
    for (size_t i = 0; i < text.size(); i += 2) {
      const int high = HexDigit(text[i]);
      const int low = HexDigit(text[i + 1]);
      if (high < 0 || low < 0) {
        return Fail(ErrorCode::kSyntaxError,
                    "a binary string may hold hexadecimal digits only, as in X'1F2E'", "", token.location);
      }
      value.push_back(static_cast<char>(high * 16 + low));
    }
    return value;
  }
  const bool is_unicode = token.kind == TokenKind::kUnicodeString;
  uint32_t high_surrogate = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_unicode || c != escape || (i + 1 < text.size() && text[i + 1] == escape)) {
      if (high_surrogate != 0) break;
      value.push_back(c);
      if (c == '\'' || (is_unicode && c == escape)) ++i;
      continue;
    }
    uint32_t point = 0;
    const size_t digits = i + 1 < text.size() && text[i + 1] == '+' ? 6 : 4;
    const size_t first = i + 1 + (digits == 6 ? 1 : 0);
    bool valid = first + digits <= text.size();
    for (size_t k = first; valid && k < first + digits; ++k) {
      const int digit = HexDigit(text[k]);
      valid = digit >= 0;
      point = point * 16 + static_cast<uint32_t>(digit);
    }
    if (valid && high_surrogate != 0 && IsLowSurrogate(point)) {
      point = 0x10000 + ((high_surrogate - 0xD800) << 10) + (point - 0xDC00);
      high_surrogate = 0;
    } else if (valid && high_surrogate == 0 && IsHighSurrogate(point)) {
      high_surrogate = point;
      i = first + digits - 1;
      continue;
    }
    if (!valid || high_surrogate != 0 || point > 0x10FFFF || IsHighSurrogate(point) ||
        IsLowSurrogate(point)) {
      return Fail(
          ErrorCode::kSyntaxError,
          fmt::format("{}{} is not the code of a character", escape, text.substr(i + 1, digits)),
          fmt::format(
              "write {0}hhhh or {0}+hhhhhh with hexadecimal digits; {0}{0} is the character {0} itself",
              escape),
          token.location);
    }
    AppendUtf8(point, &value);
    i = first + digits - 1;
  }
  if (high_surrogate != 0) {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("{}{:04X} is half of a character", escape, high_surrogate),
                "both halves of a surrogate pair are needed", token.location);
  }
  return value;
}

}  // namespace millrace::sql
