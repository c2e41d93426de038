#include <algorithm>

#include "query/pgcatalog/native.h"
#include "query/pgcatalog/rewrite_steps.h"

namespace millrace::query::pgcatalog {
namespace {

// The last token of a call's first argument.
const Token& EndOfFirstArgument(const Statement& statement, size_t open) {
  size_t i = open + 1;
  while (!statement.at(i).Is(',') && !statement.at(i).Is(')')) {
    i = statement.at(i).partner > static_cast<int>(i) ? static_cast<size_t>(statement.at(i).partner) : i;
    ++i;
  }
  return statement.at(i - 1);
}

std::string TargetOfCall(const Statement& statement, const Token& name, size_t open) {
  const Token& argument = EndOfFirstArgument(statement, open);
  if (name.name == "age") {
    return argument.IsName() && argument.name.ends_with("xid") ? TargetOf("xid_age") : "";
  }
  if (argument.IsName() && IsVectorColumn(argument)) {
    if (name.name == "array_upper") return TargetOf("vector_upper");
    if (name.name == "array_lower") return TargetOf("vector_lower");
    if (name.name == "generate_subscripts") return TargetOf("vector_subscripts");
  }
  return TargetOf(name.name);
}

void RewriteCall(Statement* statement, size_t i) {
  Token& name = statement->at(i);
  size_t first = i;
  if (i >= 2 && statement->at(i - 1).Is('.')) {
    const std::string& schema = statement->at(i - 2).name;
    if (schema != "pg_catalog" && schema != "information_schema") return;
    // Relations of FROM that were a function's place begin with their schema.
    name.before = statement->at(i - 2).before + name.before;
    statement->at(i - 2).before.clear();
    statement->at(i - 2).Delete();
    statement->at(i - 1).Delete();
    first = i - 2;
  }
  const std::string target = TargetOfCall(*statement, name, i + 1);
  if (!target.empty()) name.text = target;
  if (name.name == "generate_series" && statement->place(first).clause != Clause::kFrom &&
      !statement->place(first).table) {
    name.before += "unnest(";
    statement->at(static_cast<size_t>(statement->at(i + 1).partner)).after += ")";
  }
}

// Functions that are called without parentheses.
bool IsValueWord(const Statement& statement, size_t i) {
  const Token& token = statement.at(i);
  constexpr std::string_view kWords[] = {"current_user",    "session_user",   "current_role",
                                         "current_catalog", "current_schema", "user"};
  if (token.kind != TokenKind::kWord || std::ranges::find(kWords, token.name) == std::end(kWords))
    return false;
  const Token& next = statement.at(i + 1);
  if (next.Is('(') || next.Is('.') || statement.place(i).table) return false;
  if (i == 0) return false;
  const Token& before = statement.at(i - 1);
  if (before.Is('.') || before.IsWord("as")) return false;
  // As an alias it would follow an operand.
  return before.kind == TokenKind::kOperator || before.Is('(') || before.Is(',') || IsConnective(before);
}

}  // namespace

bool IsVectorColumn(const Token& token) {
  constexpr std::string_view kColumns[] = {"indkey",      "indoption",    "indclass", "indcollation",
                                           "proargtypes", "tgattr",       "stxkeys",  "partattrs",
                                           "partclass",   "partcollation"};
  return token.IsName() && std::ranges::find(kColumns, token.name) != std::end(kColumns);
}

void RewriteCalls(Statement* statement) {
  for (size_t i = 0; i + 1 < statement->size(); ++i) {
    if (IsValueWord(*statement, i)) {
      statement->at(i).text = TargetOf(statement->at(i).name) + "()";
    } else if (statement->at(i).IsName() && statement->at(i + 1).Is('(') && !IsConnective(statement->at(i)) &&
               !(i > 0 && statement->at(i - 1).IsWord("as"))) {
      RewriteCall(statement, i);
    }
  }
}

}  // namespace millrace::query::pgcatalog
