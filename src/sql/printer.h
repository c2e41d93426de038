// Writes syntax trees (query.h) as canonical Flink SQL.
//
// Parsing what was printed gives a tree that prints the same, so the text can be stored, shown
// (SHOW CREATE, EXPLAIN), compared and sent elsewhere. Keywords are in upper case, parentheses only
// where needed, names in back-quotes only where needed. All is on one line but CREATE TABLE and the
// options of CREATE MATERIALIZED VIEW. Stateless; any thread may call these.
#pragma once

#include <string>
#include <string_view>

#include "sql/statement.h"

namespace millrace::sql {

std::string Print(const Statement& statement);
std::string Print(const Query& query);
std::string Print(const Expr& expr);
std::string Print(const TypeSpec& type);

// In back-quotes unless it is an ASCII identifier that is not reserved.
std::string PrintName(std::string_view name);

// 'text', with the quotes inside doubled.
std::string PrintString(std::string_view text);

// "YEAR", "DAY", …
std::string_view UnitText(TimeUnit unit);

}  // namespace millrace::sql
