// The queries behind \d and its kin: PostgreSQL's catalogs, in plain SQL. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::shell {

// Of "[schema.]name" with * and ?: names fold to lower case unless in double quotes.
struct NamePattern {
  std::string schema;  // as patterns of LIKE with ! as the escape character; empty: any
  std::string name;
};
NamePattern ParseNamePattern(std::string_view text);

struct DescribeQuery {
  std::string title;  // printed above the rows; may be empty
  std::string sql;
  bool must_find = false;  // no rows is an error: nothing of that name
};

// `command` is the word behind the backslash: d (with a name: its columns), dt, dv, dm, dn, df, du, l, each
// with an optional + that is taken and adds the definition to \d NAME. Nothing for any other word.
std::optional<std::vector<DescribeQuery>> DescribeQueries(std::string_view command,
                                                          std::string_view argument);

// All schemas, and all tables and views with their columns: rows of schema, table, column, at most `limit`.
std::string SchemaNamesQuery();
std::string ColumnNamesQuery(size_t limit);

// A text as an SQL string.
std::string SqlString(std::string_view text);

}  // namespace millrace::shell
