#include "sql/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/suggest.h"
#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

// Enough of a token to recognise it by.
constexpr size_t kQuotedBytesMax = 40;

std::string Shortened(std::string_view text) {
  if (text.size() <= kQuotedBytesMax) return std::string(text);
  size_t end = kQuotedBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace

std::string_view SymbolText(TokenKind kind) {
  switch (kind) {
    case TokenKind::kSemicolon:
      return "';'";
    case TokenKind::kComma:
      return "','";
    case TokenKind::kDot:
      return "'.'";
    case TokenKind::kLeftParen:
      return "'('";
    case TokenKind::kRightParen:
      return "')'";
    case TokenKind::kLeftBracket:
      return "'['";
    case TokenKind::kRightBracket:
      return "']'";
    case TokenKind::kLeftBrace:
      return "'{'";
    case TokenKind::kRightBrace:
      return "'}'";
    case TokenKind::kEqual:
      return "'='";
    case TokenKind::kLess:
      return "'<'";
    case TokenKind::kGreater:
      return "'>'";
    case TokenKind::kMinus:
      return "'-'";
    case TokenKind::kHintEnd:
      return "'*/'";
    default:
      return "a symbol";
  }
}

// ---------------------------------------------------------------- tokens

Status Parser::Start() {
  MR_TRY(lexer_.Check());
  return ReadTokens(/*append=*/false);
}

Status Parser::ReadTokens(bool append) {
  std::vector<Token> read;
  MR_TRY(lexer_.NextStatement(&read));
  if (!append) {
    tokens_.clear();
    closing_.clear();
    pos_ = 0;
  }
  const size_t first = tokens_.size();
  tokens_.insert(tokens_.end(), read.begin(), read.end());
  closing_.resize(tokens_.size(), 0);
  std::vector<uint32_t> open;
  for (size_t i = first; i < tokens_.size(); ++i) {
    if (tokens_[i].kind == TokenKind::kLeftParen) open.push_back(static_cast<uint32_t>(i));
    if (tokens_[i].kind == TokenKind::kRightParen && !open.empty()) {
      closing_[open.back()] = static_cast<uint32_t>(i);
      open.pop_back();
    }
  }
  tried_.clear();
  tried_previous_.clear();
  return Ok();
}

Result<bool> Parser::NextStatement() {
  while (true) {
    if (At(TokenKind::kEnd)) return false;
    MR_TRY(ReadTokens(/*append=*/false));
    if (!AtEnd()) return true;
  }
}

void Parser::Advance() {
  if (pos_ + 1 < tokens_.size()) ++pos_;
  std::swap(tried_, tried_previous_);
  tried_.clear();
}

bool Parser::At(Word word) {
  if (Current().kind == TokenKind::kWord && Current().word == word) return true;
  tried_.push_back(word);
  return false;
}

bool Parser::IsNameAhead(size_t n) const {
  const Token& token = Ahead(n);
  return token.kind == TokenKind::kQuotedName || (token.kind == TokenKind::kWord && !IsReserved(token.word));
}

bool Parser::AtName() const {
  return IsNameAhead(0);
}

bool Parser::Accept(Word word) {
  if (!At(word)) return false;
  Advance();
  return true;
}

bool Parser::Accept(Word first, Word second) {
  if (!At(first) || !IsAhead(1, second)) return false;
  Advance();
  Advance();
  return true;
}

bool Parser::Accept(TokenKind kind) {
  if (!At(kind)) return false;
  Advance();
  return true;
}

Status Parser::Expect(Word word, std::string_view where) {
  if (Accept(word)) return Ok();
  return Expected(where.empty() ? std::string(WordText(word)) : fmt::format("{} {}", WordText(word), where));
}

Status Parser::Expect(TokenKind kind, std::string_view where) {
  if (Accept(kind)) return Ok();
  return Expected(where.empty() ? std::string(SymbolText(kind))
                                : fmt::format("{} {}", SymbolText(kind), where));
}

std::string Parser::Describe(const Token& token) const {
  const std::string_view text = lexer_.TextOf(token);
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the text";
    case TokenKind::kSemicolon:
      return "the end of the statement";
    case TokenKind::kQuotedName:
      return Shortened(text);
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kDouble:
      return fmt::format("the number {}", Shortened(text));
    case TokenKind::kString:
    case TokenKind::kUnicodeString:
    case TokenKind::kBinaryString:
      return fmt::format("the string {}", Shortened(text));
    case TokenKind::kHintBegin:
      return "a hint";
    default:
      return fmt::format("'{}'", Shortened(text));
  }
}

std::string Parser::DescribeUnexpected(const Token& token) const {
  std::string text = Describe(token);
  if (text.starts_with("the ")) text.erase(0, 4);
  return text;
}

std::string Parser::WordHint() const {
  const auto nearest = [](std::string_view text, const std::vector<Word>& words) {
    std::vector<std::string_view> candidates;
    candidates.reserve(words.size());
    for (const Word word : words) candidates.push_back(WordText(word));
    return Nearest(text, candidates);
  };
  // A misspelt keyword is often taken as a name (an alias, say), and the error comes one token later.
  if (Current().kind == TokenKind::kWord && ClassOf(Current().word) != WordClass::kStructural) {
    const std::string_view meant = nearest(lexer_.TextOf(Current()), tried_);
    if (!meant.empty()) return fmt::format("did you mean {}?", meant);
  }
  if (pos_ > 0 && Previous().kind == TokenKind::kWord && !IsReserved(Previous().word)) {
    const std::string_view text = lexer_.TextOf(Previous());
    const std::string_view meant = nearest(text, tried_previous_);
    if (!meant.empty() && EditDistance(text, meant) > 0) {
      return fmt::format("did you mean {} instead of '{}'?", meant, text);
    }
  }
  return {};
}

std::unexpected<Error> Parser::Expected(std::string_view what) {
  return Fail(ErrorCode::kSyntaxError, fmt::format("expected {}, found {}", what, Describe(Current())),
              WordHint(), Current().location);
}

std::unexpected<Error> Parser::NotSupported(const Token& token, std::string message, std::string hint) const {
  return Fail(ErrorCode::kNotSupported, std::move(message), std::move(hint), token.location);
}

std::unexpected<Error> Parser::Reserved(const Token& token) const {
  const std::string_view text = lexer_.TextOf(token);
  return Fail(ErrorCode::kSyntaxError,
              fmt::format("'{0}' is a reserved word; write it in back-quotes: `{0}`", text), {},
              token.location);
}

std::unexpected<Error> Parser::TooDeep() const {
  return Fail(ErrorCode::kSyntaxError,
              fmt::format("this is nested deeper than {} levels", limits::kSqlDepthMax),
              "split it into views, or into common table expressions (WITH)", Current().location);
}

Status Parser::ExpectEnd() {
  if (AtEnd()) return Ok();
  if (At(TokenKind::kRightParen)) {
    return Fail(ErrorCode::kSyntaxError, "this ')' closes nothing", WordHint(), Current().location);
  }
  if (At(TokenKind::kHintBegin)) {
    return Fail(ErrorCode::kSyntaxError, "a hint cannot stand here",
                "it follows SELECT or the name of a table", Current().location);
  }
  const std::string after = pos_ > 0 ? fmt::format(" after {}", Describe(Previous())) : std::string();
  return Fail(ErrorCode::kSyntaxError, fmt::format("unexpected {}{}", DescribeUnexpected(Current()), after),
              WordHint(), Current().location);
}

Status Parser::ExpectEndOfText() {
  MR_TRY(ExpectEnd());
  MR_ASSIGN(const bool more, NextStatement());
  if (more) {
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("unexpected {} after the end of the statement", DescribeUnexpected(Current())),
                "one statement is wanted here", Current().location);
  }
  return Ok();
}

bool Parser::IsQueryStart(const Token& token) const {
  return token.kind == TokenKind::kWord && (token.word == Word::kSELECT || token.word == Word::kVALUES ||
                                            token.word == Word::kWITH || token.word == Word::kTABLE);
}

bool Parser::IsQueryParen(size_t at) const {
  while (at + 1 < tokens_.size()) {
    const Token& next = tokens_[at + 1];
    if (IsQueryStart(next)) return true;
    if (next.kind != TokenKind::kLeftParen) return false;
    const uint32_t close = closing_[at + 1];
    if (close == 0) return IsQueryStart(tokens_[std::min(at + 2, tokens_.size() - 1)]);
    const Token& after = tokens_[std::min<size_t>(close + 1, tokens_.size() - 1)];
    if (after.kind == TokenKind::kWord &&
        (after.word == Word::kUNION || after.word == Word::kINTERSECT || after.word == Word::kEXCEPT ||
         after.word == Word::kORDER || after.word == Word::kLIMIT || after.word == Word::kOFFSET ||
         after.word == Word::kFETCH)) {
      ++at;
      continue;  // a query, if what is inside is one
    }
    if (after.kind != TokenKind::kRightParen) return false;
    ++at;
  }
  return false;
}

Result<ExprPtr> Parser::Grow(ExprPtr node, int children_height) {
  const int height = children_height + 1;
  if (height > limits::kSqlDepthMax) return TooDeep();
  node->height = static_cast<uint16_t>(height);
  height_ = std::max(height_, height);
  return node;
}

// ---------------------------------------------------------------- names and literals

Name Parser::NameFrom(const Token& token) const {
  return Name{lexer_.NameOf(token), token.location, token.kind == TokenKind::kQuotedName};
}

Result<Name> Parser::ParseName(std::string_view what) {
  if (!AtName()) {
    if (Current().kind == TokenKind::kWord && ClassOf(Current().word) != WordClass::kStructural) {
      return Reserved(Current());
    }
    auto error = Expected(what);
    if (Current().kind == TokenKind::kWord && error.error().hint().empty()) {
      return std::unexpected(error.error().WithHint(
          fmt::format("as a name, write it in back-quotes: `{}`", lexer_.TextOf(Current()))));
    }
    if (Current().kind == TokenKind::kString) {
      return std::unexpected(error.error().WithHint("names are written bare or in `back-quotes`"));
    }
    return error;
  }
  Name name = NameFrom(Current());
  Advance();
  return name;
}

Result<QualifiedName> Parser::ParseQualifiedName(std::string_view what) {
  constexpr size_t kPartsMax = 3;
  QualifiedName name;
  name.range.begin = Current().begin;
  MR_ASSIGN(Name first, ParseName(what));
  name.parts.push_back(std::move(first));
  while (Accept(TokenKind::kDot)) {
    if (name.parts.size() == kPartsMax) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("a name has at most {} parts: catalog.schema.name", kPartsMax), {},
                  Current().location);
    }
    MR_ASSIGN(Name part, ParseName("a name after '.'"));
    name.parts.push_back(std::move(part));
  }
  name.range.end = Previous().end;
  return name;
}

Result<std::vector<Name>> Parser::ParseNameList(std::string_view what) {
  std::vector<Name> names;
  MR_TRY(Expect(TokenKind::kLeftParen));
  do {
    MR_ASSIGN(Name name, ParseName(what));
    names.push_back(std::move(name));
  } while (Accept(TokenKind::kComma));
  if (!Accept(TokenKind::kRightParen)) return Expected(fmt::format("',' or ')' after {}", what));
  return names;
}

Result<std::string> Parser::ParseString(std::string_view what) {
  const Token token = Current();
  if (token.kind != TokenKind::kString && token.kind != TokenKind::kUnicodeString) {
    auto error = Expected(what);
    if (error.error().hint().empty() &&
        (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName ||
         token.kind == TokenKind::kInteger || token.kind == TokenKind::kDecimal)) {
      return std::unexpected(error.error().WithHint(
          fmt::format("a string is written in single quotes: '{}'", Shortened(lexer_.NameOf(token)))));
    }
    return error;
  }
  Advance();
  return lexer_.ValueOf(token);
}

Result<int> Parser::ParseInt(std::string_view what) {
  const Token& token = Current();
  int value = 0;
  const std::string_view text = lexer_.TextOf(token);
  if (token.kind != TokenKind::kInteger) return Expected(what);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("{} is too large for {}", Shortened(text), what), {},
                token.location);
  }
  Advance();
  return value;
}

Result<std::vector<Option>> Parser::ParseOptions(std::string_view clause) {
  std::vector<Option> options;
  MR_TRY(Expect(TokenKind::kLeftParen, fmt::format("after {}", clause)));
  if (Accept(TokenKind::kRightParen)) return options;
  do {
    Option option;
    option.key_location = Current().location;
    MR_ASSIGN(option.key, ParseString("an option as 'key' = 'value'"));
    MR_TRY(Expect(TokenKind::kEqual, fmt::format("after the option '{}'", Shortened(option.key))));
    option.value_location = Current().location;
    MR_ASSIGN(option.value, ParseString(fmt::format("a string as the value of '{}'", Shortened(option.key))));
    options.push_back(std::move(option));
  } while (Accept(TokenKind::kComma));
  if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after an option");
  return options;
}

Result<std::optional<Name>> Parser::ParseAlias(std::initializer_list<Word> followers) {
  if (Accept(Word::kAS)) {
    MR_ASSIGN(Name name, ParseName("a name after AS"));
    return std::optional<Name>(std::move(name));
  }
  if (!AtName()) return std::optional<Name>();
  Try(followers);
  Name name = NameFrom(Current());
  Advance();
  return std::optional<Name>(std::move(name));
}

// ---------------------------------------------------------------- the public functions

struct StatementReader::State {
  explicit State(std::string_view script) : parser(script) {}
  Parser parser;
  bool started = false;
  std::optional<Error> error;

  Result<std::optional<ParsedStatement>> Next() {
    bool more = true;
    if (!started) {
      started = true;
      MR_TRY(parser.Start());
      MR_ASSIGN(more, parser.SkipEmpty());
    } else {
      MR_ASSIGN(more, parser.NextStatement());
    }
    if (!more) return std::nullopt;
    MR_ASSIGN(StatementPtr statement, parser.ParseTopStatement());
    MR_TRY(parser.ExpectEnd());
    const TextRange range = statement->range;
    return ParsedStatement{std::move(statement), parser.text().substr(range.begin, range.end - range.begin)};
  }
};

StatementReader::StatementReader(std::string_view script) : state_(std::make_unique<State>(script)) {}
StatementReader::~StatementReader() = default;

Result<std::optional<ParsedStatement>> StatementReader::Next() {
  if (state_->error) return std::unexpected(*state_->error);
  auto next = state_->Next();
  if (!next) state_->error = next.error();
  return next;
}

Result<std::vector<ParsedStatement>> ParseScript(std::string_view script) {
  StatementReader reader(script);
  std::vector<ParsedStatement> statements;
  while (true) {
    MR_ASSIGN(std::optional<ParsedStatement> next, reader.Next());
    if (!next) return statements;
    statements.push_back(std::move(*next));
  }
}

Result<StatementPtr> ParseStatement(std::string_view text) {
  Parser parser(text);
  MR_TRY(parser.Start());
  MR_ASSIGN(const bool found, parser.SkipEmpty());
  if (!found) return Fail(ErrorCode::kSyntaxError, "there is no statement in this text");
  MR_ASSIGN(StatementPtr statement, parser.ParseTopStatement());
  MR_TRY(parser.ExpectEndOfText());
  return statement;
}

Result<ExprPtr> ParseExpression(std::string_view text) {
  Parser parser(text);
  MR_TRY(parser.Start());
  MR_ASSIGN(ExprPtr expr, parser.ParseExpr());
  MR_TRY(parser.ExpectEndOfText());
  return expr;
}

Result<TypeSpec> ParseType(std::string_view text) {
  Parser parser(text);
  MR_TRY(parser.Start());
  MR_ASSIGN(TypeSpec type, parser.ParseTypeSpec());
  MR_TRY(parser.ExpectEndOfText());
  return type;
}

}  // namespace millrace::sql
