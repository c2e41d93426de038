// Walks over the expressions of a syntax tree. Pure; any thread.
#pragma once

#include <functional>

#include "sql/query.h"

namespace millrace::plan {

// Calls `visit` with each direct child expression of `expr`; not those inside subqueries.
void ForEachChild(const sql::Expr& expr, const std::function<void(const sql::Expr&)>& visit);

// Whether `test` holds for this expression or one below it.
bool AnyOf(const sql::Expr& expr, const std::function<bool(const sql::Expr&)>& test);

}  // namespace millrace::plan
