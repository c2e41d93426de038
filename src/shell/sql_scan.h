// Cuts SQL text into coarse pieces while it is being typed: nothing in it is an error, and what has not been
// closed yet reaches to its end. For highlighting, completion and the cut into statements; the server has
// the real lexer. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace millrace::shell {

enum class PieceKind : uint8_t {
  kBlank,
  kWord,        // letters, digits, _ and all that is not ASCII
  kQuotedName,  // "…" or `…`
  kString,      // '…'
  kNumber,
  kComment,  // -- … or /* … */
  kSemicolon,
  kBackslash,  // one outside of quotes begins a command of the shell, which ends with its line
  kSymbol,     // one byte of anything else
};

struct Piece {
  PieceKind kind;
  size_t begin;  // bytes [begin, end)
  size_t end;
  bool open = false;  // a quote or comment whose end is missing
};

// The pieces cover the text without gaps.
std::vector<Piece> ScanSql(std::string_view text);

// What a shell is given: SQL statements, and commands that begin with a backslash and end with their line.
struct InputPart {
  enum class Kind : uint8_t { kStatement, kCommand };
  Kind kind;
  // Without blanks around it, without the semicolon; comments before a statement belong to it. Never blank.
  std::string_view text;
  size_t begin;   // byte of the text's first character
  bool complete;  // a statement whose semicolon is there; commands always
};
// Statements of EXECUTE STATEMENT SET BEGIN … END and BEGIN STATEMENT SET; … END stay together. A part of
// comments alone is left out unless one of them is open.
std::vector<InputPart> SplitInput(std::string_view text);

// The first part from byte *at on, which goes behind it; nothing at the end.
std::optional<InputPart> NextPart(std::string_view text, size_t* at);

// Whether nothing more is waited for: Enter runs it.
bool IsComplete(std::string_view text);

}  // namespace millrace::shell
