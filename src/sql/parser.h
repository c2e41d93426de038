// Reads Flink SQL: text in, syntax trees (query.h) out.
//
// Errors carry the line and column of the token that was wrong, say what was expected there, and
// hint at the word that was probably meant. Nothing here knows a catalog: a tree is well-formed, not
// yet valid. Nesting and length are bounded (limits::kSqlDepthMax, kSqlBytesMax), so that any text
// gives a tree or an error. The functions are stateless and may be called from any thread.
//
// Codes: 42601 for what is not SQL, 0A000 for SQL that is not supported, 42704 for an unknown type,
// 42P16 for a contradictory table definition.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sql/statement.h"

namespace millrace::sql {

struct ParsedStatement {
  StatementPtr statement;
  std::string_view text;  // its part of the script, without the semicolon: valid as long as the script is
};

// All statements of a script, separated by semicolons. Empty statements are skipped.
Result<std::vector<ParsedStatement>> ParseScript(std::string_view script);

// Exactly one statement, with or without a semicolon at its end.
Result<StatementPtr> ParseStatement(std::string_view text);

// One expression, as in a select list. For tests, watermark strategies and definitions kept as text.
Result<ExprPtr> ParseExpression(std::string_view text);

// One type, e.g. "ROW<a INT, b ARRAY<STRING>> NOT NULL".
Result<TypeSpec> ParseType(std::string_view text);

// Reads a script one statement at a time, so that the first can run before the last is read.
// Used by one thread; the script must outlive it.
class StatementReader {
 public:
  explicit StatementReader(std::string_view script);
  ~StatementReader();
  StatementReader(const StatementReader&) = delete;
  StatementReader& operator=(const StatementReader&) = delete;

  // The next statement, or nothing at the end of the script. After an error every call gives that error.
  Result<std::optional<ParsedStatement>> Next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::sql
