#include "shell/sql_scan.h"

#include <algorithm>
#include <string>

namespace millrace::shell {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool IsWordByte(char c) {
  return IsWordStart(c) || IsDigit(c) || c == '$';
}

template <typename Predicate>
size_t SkipWhile(std::string_view text, size_t at, Predicate predicate) {
  while (at < text.size() && predicate(text[at])) ++at;
  return at;
}

// A quote doubled inside stands for itself.
Piece Quoted(std::string_view text, size_t begin, PieceKind kind) {
  const char quote = text[begin];
  for (size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] != quote) continue;
    if (at + 1 < text.size() && text[at + 1] == quote) {
      ++at;
    } else {
      return {kind, begin, at + 1};
    }
  }
  return {kind, begin, text.size(), true};
}

Piece Number(std::string_view text, size_t begin) {
  size_t at = SkipWhile(text, begin, IsDigit);
  if (at < text.size() && text[at] == '.') at = SkipWhile(text, at + 1, IsDigit);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    if (exponent < text.size() && IsDigit(text[exponent])) at = SkipWhile(text, exponent, IsDigit);
  }
  return {PieceKind::kNumber, begin, at};
}

Piece PieceAt(std::string_view text, size_t at) {
  const char c = text[at];
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  if (IsBlank(c)) return {PieceKind::kBlank, at, SkipWhile(text, at, IsBlank)};
  if (c == '-' && next == '-') {
    const size_t end = std::min(text.find('\n', at), text.size());
    return {PieceKind::kComment, at, end};
  }
  if (c == '/' && next == '*') {
    const size_t end = text.find("*/", at + 2);
    if (end == std::string_view::npos) return {PieceKind::kComment, at, text.size(), true};
    return {PieceKind::kComment, at, end + 2};
  }
  if (c == '\'') return Quoted(text, at, PieceKind::kString);
  if (c == '"' || c == '`') return Quoted(text, at, PieceKind::kQuotedName);
  if (IsDigit(c) || (c == '.' && IsDigit(next))) return Number(text, at);
  if (IsWordStart(c)) return {PieceKind::kWord, at, SkipWhile(text, at, IsWordByte)};
  if (c == ';') return {PieceKind::kSemicolon, at, at + 1};
  if (c == '\\') return {PieceKind::kBackslash, at, std::min(text.find('\n', at), text.size())};
  return {PieceKind::kSymbol, at, at + 1};
}

std::string UpperOf(std::string_view word) {
  std::string upper(word);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// Follows the words of a statement to know whether a semicolon ends it.
class StatementSet {
 public:
  void Take(const std::string& word) {
    if (words_ < 4) {
      head_ += head_.empty() ? word : " " + word;
      ++words_;
      if (head_ == "BEGIN STATEMENT SET" || head_ == "EXECUTE STATEMENT SET BEGIN") inside_ = true;
    } else if (inside_ && word == "CASE") {
      ++cases_;
    } else if (inside_ && word == "END") {
      inside_ = cases_-- > 0;
    }
  }
  bool inside() const { return inside_; }

 private:
  std::string head_;
  int words_ = 0;
  int cases_ = 0;
  bool inside_ = false;
};

std::string_view TrimmedEnd(std::string_view text) {
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<Piece> ScanSql(std::string_view text) {
  std::vector<Piece> pieces;
  for (size_t at = 0; at < text.size(); at = pieces.back().end) pieces.push_back(PieceAt(text, at));
  return pieces;
}

std::optional<InputPart> NextPart(std::string_view text, size_t* at) {
  size_t begin = 0;
  bool any = false;   // something but blanks
  bool real = false;  // something but comments
  StatementSet set;
  const auto statement = [&](size_t end, bool complete) {
    return InputPart{InputPart::Kind::kStatement, TrimmedEnd(text.substr(begin, end - begin)), begin,
                     complete};
  };
  while (*at < text.size()) {
    const Piece piece = PieceAt(text, *at);
    if (piece.kind == PieceKind::kBackslash) {
      if (real) return statement(piece.begin, false);
      *at = piece.end;
      return InputPart{InputPart::Kind::kCommand, TrimmedEnd(text.substr(piece.begin, *at - piece.begin)),
                       piece.begin, true};
    }
    *at = piece.end;
    if (piece.kind == PieceKind::kBlank) continue;
    if (piece.kind == PieceKind::kSemicolon && !set.inside()) {
      if (real) return statement(piece.begin, true);
      any = false;
      continue;
    }
    if (!any) begin = piece.begin;
    any = true;
    real |= piece.kind != PieceKind::kComment || piece.open;
    if (piece.kind == PieceKind::kWord) set.Take(UpperOf(text.substr(piece.begin, piece.end - piece.begin)));
  }
  if (real) return statement(text.size(), false);
  return std::nullopt;
}

std::vector<InputPart> SplitInput(std::string_view text) {
  std::vector<InputPart> parts;
  size_t at = 0;
  while (const std::optional<InputPart> part = NextPart(text, &at)) parts.push_back(*part);
  return parts;
}

bool IsComplete(std::string_view text) {
  const std::vector<InputPart> parts = SplitInput(text);
  return parts.empty() || parts.back().complete;
}

}  // namespace millrace::shell
