// The columns of a result that have no name in the statement, as PostgreSQL names them: "count", "?column?".
// A pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::query {

// For each of `columns` columns of the SELECT's result the name that it should have; nullopt: DuckDB's.
// Columns between two stars, and all of what is not plainly a SELECT, keep theirs.
std::vector<std::optional<std::string>> ColumnNames(std::string_view sql, size_t columns);

}  // namespace millrace::query
