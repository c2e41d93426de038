// duckdb_query: runs SQL files in DuckDB and prints the rows of every SELECT, for tests that compare with it.
//
//   duckdb_query [NAME=VALUE...] FILE.sql...
//
// NAME=VALUE sets a DuckDB variable: getvariable('NAME'). Rows are printed as `millrace run --format csv`
// prints them: a line of column names, NULL as nothing, the empty text as "", timestamps without trailing
// zeros. Knows nothing of Millrace.
#include <duckdb.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace {

void AppendField(std::string_view text, std::string* out) {
  if (!text.empty() && text.find_first_of(",\"\n\r") == std::string_view::npos) {
    *out += text;
    return;
  }
  *out += '"';
  for (const char c : text) {
    if (c == '"') *out += '"';
    *out += c;
  }
  *out += '"';
}

void PrintRows(duckdb_result* result) {
  std::string out;
  const idx_t columns = duckdb_column_count(result);
  for (idx_t column = 0; column < columns; ++column) {
    if (column > 0) out += ',';
    AppendField(duckdb_column_name(result, column), &out);
  }
  out += '\n';
  const idx_t rows = duckdb_row_count(result);
  for (idx_t row = 0; row < rows; ++row) {
    for (idx_t column = 0; column < columns; ++column) {
      if (column > 0) out += ',';
      if (duckdb_value_is_null(result, column, row)) continue;
      char* const text = duckdb_value_varchar(result, column, row);
      AppendField(text, &out);
      duckdb_free(text);
    }
    out += '\n';
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

bool Run(duckdb_connection connection, const std::string& sql, const std::string& name) {
  duckdb_extracted_statements statements = nullptr;
  const idx_t count = duckdb_extract_statements(connection, sql.c_str(), &statements);
  bool ok = count > 0;
  if (!ok) {
    const char* const error = duckdb_extract_statements_error(statements);
    std::fprintf(stderr, "%s: %s\n", name.c_str(), error == nullptr ? "no statement" : error);
  }
  for (idx_t i = 0; ok && i < count; ++i) {
    duckdb_prepared_statement statement = nullptr;
    ok = duckdb_prepare_extracted_statement(connection, statements, i, &statement) == DuckDBSuccess;
    if (!ok) {
      std::fprintf(stderr, "%s: statement %d: %s\n", name.c_str(), static_cast<int>(i + 1),
                   duckdb_prepare_error(statement));
    } else {
      duckdb_result result;
      ok = duckdb_execute_prepared(statement, &result) == DuckDBSuccess;
      if (!ok) {
        std::fprintf(stderr, "%s: statement %d: %s\n", name.c_str(), static_cast<int>(i + 1),
                     duckdb_result_error(&result));
      } else if (duckdb_result_return_type(result) == DUCKDB_RESULT_TYPE_QUERY_RESULT) {
        PrintRows(&result);
      }
      duckdb_destroy_result(&result);
    }
    duckdb_destroy_prepare(&statement);
  }
  duckdb_destroy_extracted(&statements);
  return ok;
}

bool SetVariable(duckdb_connection connection, std::string_view name, std::string_view value) {
  std::string sql = "SET VARIABLE " + std::string(name) + " = '";
  for (const char c : value) sql += c == '\'' ? "''" : std::string(1, c);
  return Run(connection, sql + "'", std::string(name));
}

}  // namespace

int main(int argc, char** argv) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  if (duckdb_open(nullptr, &database) != DuckDBSuccess ||
      duckdb_connect(database, &connection) != DuckDBSuccess) {
    std::fprintf(stderr, "duckdb_query: cannot open DuckDB\n");
    return 2;
  }
  bool ok = argc > 1;
  if (!ok) std::fprintf(stderr, "usage: duckdb_query [NAME=VALUE...] FILE.sql...\n");
  for (int i = 1; ok && i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (const size_t equals = argument.find('='); equals != std::string_view::npos) {
      ok = SetVariable(connection, argument.substr(0, equals), argument.substr(equals + 1));
      continue;
    }
    const std::ifstream file{std::string(argument)};
    if (!file.is_open()) {
      std::fprintf(stderr, "duckdb_query: cannot read %s\n", argv[i]);
      ok = false;
      break;
    }
    std::stringstream text;
    text << file.rdbuf();
    ok = Run(connection, text.str(), std::string(argument));
  }
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return ok ? 0 : 1;
}
