// Cuts scripts into statements without understanding them, and rewrites their quoting for DuckDB.
//
// Statements that only DuckDB understands stand in scripts beside those of our own grammar, so the cut knows
// quotes, comments and STATEMENT SET ... END only. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::session {

struct ScriptPart {
  std::string_view text;    // without the semicolon; never blank
  SourceLocation location;  // of its first character that is neither space nor comment
};

// The statements of a script, in order; blank ones are left out. Something unterminated ends with the script.
std::vector<ScriptPart> SplitScript(std::string_view script);

// `name` in back-quotes becomes "name"; everything else stays. Fails when one is not closed: to DuckDB the
// mark is an operator.
Result<std::string> ToDuckQuoting(std::string_view sql);

// The error with a place within a part turned into one within its script.
Error PlaceInScript(const Error& error, SourceLocation part);

}  // namespace millrace::session
