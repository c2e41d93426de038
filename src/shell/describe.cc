#include "shell/describe.h"

#include <fmt/core.h>

namespace millrace::shell {
namespace {

constexpr std::string_view kRelations =
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ";

std::string LikePart(std::string_view pattern) {
  std::string out;
  bool quoted = false;
  for (const char c : pattern) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == '*') {
      out += '%';
    } else if (!quoted && c == '?') {
      out += '_';
    } else {
      if (c == '%' || c == '_' || c == '!') out += '!';
      out += !quoted && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return out;
}

std::string Like(std::string_view column, std::string_view pattern) {
  return fmt::format("{} LIKE {} ESCAPE '!'", column, SqlString(pattern));
}

// Conditions on a schema and a name; without a schema, what users did not make is left out.
std::string Conditions(std::string_view schema_column, std::string_view name_column,
                       const NamePattern& pattern, bool system_too = false) {
  std::string out;
  if (!pattern.schema.empty()) {
    out += " AND " + Like(schema_column, pattern.schema);
  } else if (!system_too) {
    out += fmt::format(
        " AND {0} NOT IN ('pg_catalog', 'information_schema') AND {0} NOT LIKE 'pg!_%' ESCAPE '!'",
        schema_column);
  }
  if (!pattern.name.empty()) out += " AND " + Like(name_column, pattern.name);
  return out;
}

DescribeQuery Relations(std::string_view title, std::string_view kinds, const NamePattern& pattern) {
  return {
      std::string(title),
      fmt::format("SELECT n.nspname AS \"schema\", c.relname AS \"name\", "
                  "CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table' "
                  "WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' END AS \"type\", "
                  "pg_catalog.pg_get_userbyid(c.relowner) AS \"owner\" {}WHERE c.relkind IN ({}){} "
                  "ORDER BY 1, 2",
                  kRelations, kinds, Conditions("n.nspname", "c.relname", pattern))};
}

std::vector<DescribeQuery> Relation(const NamePattern& pattern, bool with_definition) {
  std::vector<DescribeQuery> queries;
  const std::string where = Conditions("n.nspname", "c.relname", pattern, /*system_too=*/true);
  queries.push_back(
      {"Columns",
       fmt::format("SELECT n.nspname AS \"schema\", c.relname AS \"relation\", a.attname AS \"column\", "
                   "pg_catalog.format_type(a.atttypid, a.atttypmod) AS \"type\", "
                   "CASE WHEN a.attnotnull THEN 'not null' ELSE '' END AS \"nullable\" {}"
                   "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
                   "WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped{} "
                   "ORDER BY 1, 2, a.attnum",
                   kRelations, where),
       true});
  if (with_definition) {
    queries.push_back(
        {"Definition", fmt::format("SELECT pg_catalog.pg_get_viewdef(c.oid) AS \"definition\" {}"
                                   "WHERE c.relkind IN ('v', 'm'){} ORDER BY n.nspname, c.relname",
                                   kRelations, where)});
  }
  return queries;
}

}  // namespace

std::string SqlString(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + '\'';
}

NamePattern ParseNamePattern(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '.' && !quoted) return {LikePart(text.substr(0, i)), LikePart(text.substr(i + 1))};
  }
  return {"", LikePart(text)};
}

std::optional<std::vector<DescribeQuery>> DescribeQueries(std::string_view command,
                                                          std::string_view argument) {
  const bool plus = command.ends_with('+');
  if (plus) command.remove_suffix(1);
  const NamePattern pattern = ParseNamePattern(argument);
  using Queries = std::vector<DescribeQuery>;
  if (command == "d" && !argument.empty()) return Relation(pattern, plus);
  if (command == "d") return Queries{Relations("Tables and views", "'r', 'p', 'f', 'v', 'm'", pattern)};
  if (command == "dt") return Queries{Relations("Tables", "'r', 'p', 'f'", pattern)};
  if (command == "dv") return Queries{Relations("Views", "'v'", pattern)};
  if (command == "dm") return Queries{Relations("Materialized views", "'m'", pattern)};
  // These have no schema: all of the argument is the name.
  const NamePattern plain{"", LikePart(argument)};
  if (command == "dn") {
    return Queries{
        {"Schemas",
         fmt::format("SELECT n.nspname AS \"name\", pg_catalog.pg_get_userbyid(n.nspowner) AS \"owner\" "
                     "FROM pg_catalog.pg_namespace n WHERE 1 = 1{} ORDER BY 1",
                     Conditions("n.nspname", "n.nspname", plain, !argument.empty()))}};
  }
  if (command == "df") {
    return Queries{
        {"Functions", fmt::format("SELECT n.nspname AS \"schema\", p.proname AS \"name\", "
                                  "pg_catalog.pg_get_function_result(p.oid) AS \"result\", "
                                  "pg_catalog.pg_get_function_arguments(p.oid) AS \"arguments\" "
                                  "FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n "
                                  "ON n.oid = p.pronamespace WHERE 1 = 1{} ORDER BY 1, 2, 4",
                                  Conditions("n.nspname", "p.proname", pattern, !argument.empty()))}};
  }
  if (command == "du" || command == "dg") {
    return Queries{
        {"Roles", fmt::format("SELECT r.rolname AS \"role\", r.rolsuper AS \"superuser\", "
                              "r.rolcanlogin AS \"login\", r.rolconnlimit AS \"connections\", "
                              "r.rolvaliduntil AS \"valid until\" FROM pg_catalog.pg_roles r WHERE 1 = 1{} "
                              "ORDER BY 1",
                              Conditions("r.rolname", "r.rolname", plain, !argument.empty()))}};
  }
  if (command == "l") {
    return Queries{
        {"Databases",
         fmt::format("SELECT d.datname AS \"name\", pg_catalog.pg_get_userbyid(d.datdba) AS \"owner\", "
                     "pg_catalog.pg_encoding_to_char(d.encoding) AS \"encoding\" "
                     "FROM pg_catalog.pg_database d WHERE 1 = 1{} ORDER BY 1",
                     Conditions("d.datname", "d.datname", plain, true))}};
  }
  return std::nullopt;
}

std::string SchemaNamesQuery() {
  return "SELECT schema_name FROM information_schema.schemata ORDER BY 1";
}

std::string ColumnNamesQuery(size_t limit) {
  return fmt::format(
      "SELECT table_schema, table_name, column_name FROM information_schema.columns "
      "ORDER BY CASE WHEN table_schema IN ('pg_catalog', 'information_schema') THEN 1 ELSE 0 END, "
      "table_schema, table_name, ordinal_position LIMIT {}",
      limit);
}

}  // namespace millrace::shell
