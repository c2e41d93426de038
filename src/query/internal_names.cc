#include "query/internal_names.h"

#include <algorithm>
#include <cctype>

#include "query/query_parameters.h"

namespace millrace::query {
namespace {

bool IsNamePart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

// `is_called`: an opening parenthesis follows.
bool IsInternal(std::string_view name, bool is_called) {
  for (const std::string_view prefix : {"duckdb_", "pragma_", "sqlite_"}) {
    if (name.starts_with(prefix)) return true;
  }
  // What views are made of (snapshot_database.h).
  if (name == "millrace_inner") return true;
  if (!is_called) return false;
  for (const std::string_view function : {"query", "query_table", "json_execute_serialized_sql", "getenv",
                                          "millrace_scan", "millrace_inner_scan", "millrace_may_read"}) {
    if (name == function) return true;
  }
  return false;
}

}  // namespace

std::string InternalNameIn(std::string_view sql) {
  for (size_t i = 0; i < sql.size();) {
    size_t end = i;
    std::string name;
    if (sql[i] == '"') {
      for (end = i + 1; end < sql.size(); ++end) {
        if (sql[end] == '"') {
          if (end + 1 == sql.size() || sql[end + 1] != '"') break;
          ++end;
        }
        name += sql[end];
      }
      end = std::min(end + 1, sql.size());
    } else if (const size_t skipped = SkipQuoted(sql, i); skipped != i) {
      i = skipped;
      continue;
    } else if (IsNamePart(sql[i])) {
      while (end < sql.size() && IsNamePart(sql[end])) name += sql[end++];
    } else {
      ++i;
      continue;
    }
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    size_t next = end;
    while (next < sql.size()) {
      const size_t skipped = sql[next] == '"' ? next : SkipQuoted(sql, next);
      if (skipped != next && sql[next] != '\'') {
        next = skipped;  // a comment
      } else if (std::isspace(static_cast<unsigned char>(sql[next])) != 0) {
        ++next;
      } else {
        break;
      }
    }
    if (IsInternal(name, next < sql.size() && sql[next] == '(')) return name;
    i = end;
  }
  return "";
}

}  // namespace millrace::query
