#include "shell/highlighter.h"

#include <algorithm>
#include <array>

#include "shell/sql_scan.h"
#include "sql/keywords.h"

namespace millrace::shell {
namespace {

// Words that may also be names but are hardly ever meant as such. In the order of the alphabet.
constexpr std::array<std::string_view, 40> kFrameWords = {
    "ABORT",     "ANALYZE",   "ASC",     "CASCADE",   "CHANGES",      "COPY",    "CURSOR",    "DATABASE",
    "DATABASES", "DESC",      "EMIT",    "EXTENDED",  "FIRST",        "FORWARD", "FUNCTIONS", "GRANTED",
    "IF",        "JOBS",      "LAST",    "LOGIN",     "MATERIALIZED", "NULLS",   "OPTION",    "OVERWRITE",
    "PASSWORD",  "REPLACE",   "RESTART", "ROLE",      "SCHEMA",       "SCHEMAS", "STDIN",     "STDOUT",
    "SUBSCRIBE", "SUPERUSER", "TABLES",  "TEMPORARY", "TRANSACTION",  "TYPE",    "VIEW",      "VIEWS"};
static_assert(std::is_sorted(kFrameWords.begin(), kFrameWords.end()));

bool IsKeyword(std::string_view word, bool first) {
  const sql::Word known = sql::FindWord(word);
  if (known != sql::Word::kNone && (first || sql::IsReserved(known))) return true;
  std::string upper(word);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return std::binary_search(kFrameWords.begin(), kFrameWords.end(), std::string_view(upper));
}

}  // namespace

std::vector<Style> Highlight(std::string_view text) {
  std::vector<Style> styles(text.size(), Style::kPlain);
  const auto paint = [&](size_t begin, size_t end, Style style) {
    std::fill(styles.begin() + static_cast<std::ptrdiff_t>(begin),
              styles.begin() + static_cast<std::ptrdiff_t>(end), style);
  };
  bool first = true;  // of a statement
  bool after_dot = false;
  for (const Piece& piece : ScanSql(text)) {
    const std::string_view bytes = text.substr(piece.begin, piece.end - piece.begin);
    switch (piece.kind) {
      case PieceKind::kWord:
        if (!after_dot && IsKeyword(bytes, first)) paint(piece.begin, piece.end, Style::kKeyword);
        break;
      case PieceKind::kString:
        paint(piece.begin, piece.end, Style::kString);
        break;
      case PieceKind::kNumber:
        paint(piece.begin, piece.end, Style::kNumber);
        break;
      case PieceKind::kComment:
        paint(piece.begin, piece.end, Style::kComment);
        break;
      case PieceKind::kQuotedName:
        paint(piece.begin, piece.end, Style::kName);
        break;
      case PieceKind::kBackslash:
        paint(piece.begin, piece.end, Style::kCommand);
        break;
      default:
        break;
    }
    if (piece.kind == PieceKind::kBlank || piece.kind == PieceKind::kComment) continue;
    first = piece.kind == PieceKind::kSemicolon || piece.kind == PieceKind::kBackslash;
    after_dot = bytes == ".";
  }
  return styles;
}

std::string_view StyleSequence(Style style) {
  switch (style) {
    case Style::kPlain:
      return "\x1b[0m";
    case Style::kKeyword:
      return "\x1b[0;1;34m";
    case Style::kString:
      return "\x1b[0;32m";
    case Style::kNumber:
      return "\x1b[0;36m";
    case Style::kComment:
      return "\x1b[0;90m";
    case Style::kName:
      return "\x1b[0;33m";
    case Style::kCommand:
      return "\x1b[0;35m";
  }
  return {};
}

}  // namespace millrace::shell
