// The built-in functions as pg_proc and psql's \df show them: names, types of arguments and of results.
#pragma once

#include <vector>

#include "query/pgcatalog/catalog_view.h"

namespace millrace::session {

// In the schema `sys`. Types are found out from the functions' signatures and by binding calls of them: where
// several fit, a type is PostgreSQL's "any". Operators are left out. Made at the first call; any thread.
const std::vector<query::pgcatalog::FunctionInfo>& BuiltinFunctions();

}  // namespace millrace::session
