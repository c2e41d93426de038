// The steps of RewriteForDuckDb, each of which changes tokens of one kind of construct.
#pragma once

#include <optional>
#include <string>

#include "query/pgcatalog/statement.h"

namespace millrace::query::pgcatalog {

// Relations and functions that stand where a table does.
Status RewriteTables(Statement* statement);
// Calls, and current_user and its like.
void RewriteCalls(Statement* statement);
// CAST(x AS type), x::type, type 'x'; array literals.
void RewriteCasts(Statement* statement);
// OPERATOR(pg_catalog.x), regular expressions, LIKE, COLLATE, subscripts of int2vector.
void RewriteOperators(Statement* statement);
// Columns of the result that are int2vector or oidvector become the text that PostgreSQL writes for them, "1
// 2", by which clients read them; within the statement they are lists.
void ShowVectors(Statement* statement);
// The name that PostgreSQL gives to a column without one; nullopt: it has one, is a reference to a column, or
// a star.
std::optional<std::string> ColumnName(const Statement& statement, const SelectItem& item);
// Gives columns of SELECT lists the names that PostgreSQL would.
void NameColumns(Statement* statement);

// Whether token i ends a name whose values are int2vector or oidvector, which count from 0.
bool IsVectorColumn(const Token& token);

}  // namespace millrace::query::pgcatalog
