#include "shell/completer.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>

#include "shell/sql_scan.h"
#include "shell/text_width.h"
#include "sql/keywords.h"

namespace millrace::shell {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
char Upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
std::string Mapped(std::string_view text, char (*change)(char)) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), change);
  return out;
}
bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}
bool BeginsWith(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && SameName(text.substr(0, prefix.size()), prefix);
}

constexpr std::array<std::string_view, 27> kCommands = {
    "\\?",  "\\c",  "\\conninfo", "\\copy",   "\\d", "\\df",        "\\dm",     "\\dn",    "\\dt",
    "\\du", "\\dv", "\\echo",     "\\format", "\\g", "\\gx",        "\\h",      "\\i",     "\\l",
    "\\o",  "\\p",  "\\q",        "\\qecho",  "\\r", "\\subscribe", "\\timing", "\\watch", "\\x"};

// What a statement begins with.
constexpr std::array<std::string_view, 24> kStatements = {
    "ALTER",  "ANALYZE",  "BEGIN",    "CLOSE",   "COMMIT",  "COPY",  "CREATE",    "DECLARE",
    "DELETE", "DESCRIBE", "DROP",     "EXECUTE", "EXPLAIN", "FETCH", "GRANT",     "INSERT",
    "RESET",  "REVOKE",   "ROLLBACK", "SELECT",  "SET",     "SHOW",  "SUBSCRIBE", "WITH"};

// Behind these a table is named.
bool WantsTable(std::string_view word) {
  constexpr std::array<std::string_view, 10> kWords = {"FROM", "JOIN",     "INTO",     "TABLE",  "VIEW",
                                                       "DESC", "DESCRIBE", "TRUNCATE", "UPDATE", "COPY"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

// A word or quoted name that counts, with its dots: schema.table.
struct Mark {
  PieceKind kind;
  std::string text;  // a quoted name without its quotes
  size_t begin;
};

std::string Unquoted(std::string_view name) {
  const char quote = name.front();
  name.remove_prefix(1);
  if (!name.empty() && name.back() == quote) name.remove_suffix(1);
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    out += name[i];
    if (name[i] == quote) ++i;
  }
  return out;
}

std::vector<Mark> MarksOf(std::string_view text) {
  std::vector<Mark> marks;
  for (const Piece& piece : ScanSql(text)) {
    if (piece.kind == PieceKind::kBlank || piece.kind == PieceKind::kComment) continue;
    const std::string_view bytes = text.substr(piece.begin, piece.end - piece.begin);
    marks.push_back({piece.kind, piece.kind == PieceKind::kQuotedName ? Unquoted(bytes) : std::string(bytes),
                     piece.begin});
  }
  return marks;
}

bool IsName(const Mark& mark) {
  return mark.kind == PieceKind::kQuotedName ||
         (mark.kind == PieceKind::kWord && !sql::IsReserved(sql::FindWord(mark.text))) ||
         (mark.kind == PieceKind::kWord && sql::FindWord(mark.text) == sql::Word::kNone);
}

struct TableUse {
  const ServerNames::Table* table;
  std::string alias;
};

// The tables that a statement names behind FROM, JOIN, INTO or UPDATE, or behind a comma in a FROM clause.
std::vector<TableUse> UsesOf(const std::vector<Mark>& marks, const ServerNames& names) {
  std::vector<TableUse> uses;
  bool wanted = false;
  bool in_from = false;
  for (size_t i = 0; i < marks.size(); ++i) {
    const Mark& mark = marks[i];
    const std::string upper = mark.kind == PieceKind::kWord ? Mapped(mark.text, Upper) : "";
    if (upper == "FROM" || upper == "JOIN" || upper == "INTO" || upper == "UPDATE") {
      wanted = in_from = true;
    } else if (wanted && IsName(mark)) {
      std::string schema;
      std::string name = mark.text;
      while (i + 2 < marks.size() && marks[i + 1].text == "." && IsName(marks[i + 2])) {
        schema = name;
        name = marks[i + 2].text;
        i += 2;
      }
      std::string alias = name;
      if (i + 1 < marks.size() && SameName(marks[i + 1].text, "AS")) ++i;
      if (i + 1 < marks.size() && IsName(marks[i + 1])) alias = marks[i + 1].text;
      for (const ServerNames::Table& table : names.tables) {
        if (SameName(table.name, name) && (schema.empty() || SameName(table.schema, schema))) {
          uses.push_back({&table, alias});
          break;
        }
      }
      wanted = false;
    } else if (mark.text == ",") {
      wanted = in_from;
    } else {
      wanted = false;
      if (upper == "WHERE" || upper == "SELECT" || upper == "GROUP" || upper == "ORDER" || upper == "ON") {
        in_from = false;
      }
    }
  }
  return uses;
}

// Candidates for a word that has been begun.
class Offers {
 public:
  explicit Offers(std::string_view prefix) : prefix_(prefix) {
    lower_ = !prefix.empty() &&
             std::any_of(prefix.begin(), prefix.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  }
  // A name as the server spells it.
  void Name(std::string_view name, std::string_view behind = {}) {
    if (BeginsWith(name, prefix_)) found_.insert(QuotedName(name) + std::string(behind));
  }
  // A keyword or function, in the case in which the word was begun.
  void Word(std::string_view word, std::string_view behind = {}) {
    if (BeginsWith(word, prefix_)) found_.insert(Mapped(word, lower_ ? Lower : Upper) + std::string(behind));
  }
  void Exact(std::string_view text) {
    if (text.starts_with(prefix_)) found_.insert(std::string(text));
  }
  std::vector<std::string> Take() { return {found_.begin(), found_.end()}; }

 private:
  std::string_view prefix_;
  bool lower_ = false;
  std::set<std::string> found_;
};

void OfferTables(const ServerNames& names, const std::optional<std::string>& schema, Offers* offers) {
  for (const ServerNames::Table& table : names.tables) {
    if (!schema.has_value() || SameName(table.schema, *schema)) offers->Name(table.name);
  }
  if (schema.has_value()) return;
  for (const std::string& name : names.schemas) offers->Name(name, ".");
}

void OfferKeywords(Offers* offers) {
#define MILLRACE_OFFER(word, group) offers->Word(#word);
  MILLRACE_SQL_WORDS(MILLRACE_OFFER)
#undef MILLRACE_OFFER
}

}  // namespace

std::string CommonPrefix(const std::vector<std::string>& candidates) {
  if (candidates.empty()) return {};
  std::string prefix = candidates[0];
  for (const std::string& candidate : candidates) {
    size_t same = 0;
    while (same < prefix.size() && same < candidate.size() && prefix[same] == candidate[same]) ++same;
    // Not within a character.
    while (same > 0 && same < prefix.size() && (prefix[same] & 0xC0) == 0x80) --same;
    prefix.resize(same);
  }
  return prefix;
}

std::string QuotedName(std::string_view name) {
  const bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  if (plain && (sql::FindWord(name) == sql::Word::kNone || !sql::IsReserved(sql::FindWord(name)))) {
    return std::string(name);
  }
  std::string out = "\"";
  for (const char c : name) {
    out += c;
    if (c == '"') out += c;
  }
  return out + '"';
}

Completer::Completer(std::vector<std::string> functions) : functions_(std::move(functions)) {
  // Operators are functions too, under their symbols.
  std::erase_if(functions_, [](const std::string& name) {
    return !std::all_of(name.begin(), name.end(),
                        [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
  });
}

Completion Completer::Complete(std::string_view before, std::string_view after) const {
  // The statement, or command, that the cursor is in.
  size_t start = 0;
  std::vector<InputPart> parts = SplitInput(before);
  const bool in_command = !parts.empty() && parts.back().kind == InputPart::Kind::kCommand &&
                          before.find('\n', parts.back().begin) == std::string_view::npos;
  if (in_command || (!parts.empty() && !parts.back().complete)) {
    start = parts.back().begin;
  } else if (!parts.empty()) {
    start = std::min(parts.back().begin + parts.back().text.size() + 1, before.size());
  }
  const std::string_view text = before.substr(start);

  if (in_command) {
    const size_t blank = text.find_last_of(" \t");
    if (blank == std::string_view::npos) {
      Offers offers(text);
      for (const std::string_view command : kCommands) offers.Exact(command);
      return {start, offers.Take()};
    }
    if (!text.starts_with("\\d") && !text.starts_with("\\subscribe") && !text.starts_with("\\copy"))
      return {};
    const size_t dot = text.find_last_of('.');
    const bool in_schema = dot != std::string_view::npos && dot > blank;
    const size_t begin = (in_schema ? dot : blank) + 1;
    Offers offers(text.substr(begin));
    std::optional<std::string> schema;
    if (in_schema) schema = std::string(text.substr(blank + 1, dot - blank - 1));
    OfferTables(names_, schema, &offers);
    return {start + begin, offers.Take()};
  }

  std::vector<Mark> marks = MarksOf(text);
  const std::vector<Piece> pieces = ScanSql(text);
  if (!pieces.empty() &&
      (pieces.back().open || pieces.back().kind == PieceKind::kComment ||
       pieces.back().kind == PieceKind::kString || pieces.back().kind == PieceKind::kNumber)) {
    return {};
  }
  std::string_view prefix;
  size_t begin = text.size();
  if (!pieces.empty() && pieces.back().kind == PieceKind::kWord) {
    begin = pieces.back().begin;
    prefix = text.substr(begin);
    marks.pop_back();
  }
  const Completion none{start + begin, {}};
  Offers offers(prefix);

  std::string whole(text);
  whole += ' ';
  whole += after.substr(0, std::min(after.find(';'), after.size()));
  const std::vector<TableUse> uses = UsesOf(MarksOf(whole), names_);

  if (marks.size() >= 2 && marks.back().text == "." && IsName(marks[marks.size() - 2])) {
    const std::string& qualifier = marks[marks.size() - 2].text;
    for (const TableUse& use : uses) {
      if (!SameName(use.alias, qualifier) && !SameName(use.table->name, qualifier)) continue;
      for (const std::string& column : use.table->columns) offers.Name(column);
    }
    OfferTables(names_, qualifier, &offers);
    return {start + begin, offers.Take()};
  }
  if (prefix.empty() && marks.empty()) return none;
  if (marks.empty()) {
    for (const std::string_view word : kStatements) offers.Word(word);
    return {start + begin, offers.Take()};
  }
  const std::string last =
      marks.back().kind == PieceKind::kWord ? Mapped(marks.back().text, Upper) : marks.back().text;
  const bool subscribe = last == "SUBSCRIBE" || (last == "TO" && marks.size() >= 2 &&
                                                 SameName(marks[marks.size() - 2].text, "SUBSCRIBE"));
  if (WantsTable(last) || subscribe) {
    OfferTables(names_, std::nullopt, &offers);
    if (last == "FROM" || last == "JOIN") offers.Word("TABLE");
    if (last == "SUBSCRIBE") offers.Word("TO");
    return {start + begin, offers.Take()};
  }
  for (const TableUse& use : uses) {
    for (const std::string& column : use.table->columns) offers.Name(column);
    if (!SameName(use.alias, use.table->name)) offers.Name(use.alias);
  }
  // Without a beginning, only what the statement itself tells: everything else would be hundreds.
  if (!prefix.empty()) {
    for (const std::string& function : functions_) offers.Word(function, "(");
    OfferKeywords(&offers);
    OfferTables(names_, std::nullopt, &offers);
  }
  return {start + begin, offers.Take()};
}

}  // namespace millrace::shell
