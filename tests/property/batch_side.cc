#include "property/batch_side.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "base/check.h"

namespace millrace::property {
namespace {

struct ResultCloser {
  duckdb_result* result;
  ~ResultCloser() { duckdb_destroy_result(result); }
};

struct OpenSession {
  int64_t start;
  int64_t end;
  std::vector<std::string> rows;  // their seq_
};

}  // namespace

BatchSide::BatchSide() {
  duckdb_config config = nullptr;
  MR_CHECK(duckdb_create_config(&config) == DuckDBSuccess);
  duckdb_set_config(config, "threads", "1");
  char* message = nullptr;
  MR_CHECK(duckdb_open_ext(nullptr, &database_, config, &message) == DuckDBSuccess);
  duckdb_destroy_config(&config);
  MR_CHECK(duckdb_connect(database_, &connection_) == DuckDBSuccess);
}

BatchSide::~BatchSide() {
  duckdb_disconnect(&connection_);
  duckdb_close(&database_);
}

Status BatchSide::Run(const std::string& sql) {
  MR_TRY(Query(sql));
  return {};
}

Result<std::vector<Row>> BatchSide::Query(const std::string& sql) {
  duckdb_result result;
  const ResultCloser closer{&result};
  if (duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess) {
    return Fail(ErrorCode::kInternal, fmt::format("DuckDB: {}\n{}", duckdb_result_error(&result), sql));
  }
  std::vector<Row> rows;
  for (duckdb_data_chunk chunk = duckdb_fetch_chunk(result); chunk != nullptr;
       chunk = duckdb_fetch_chunk(result)) {
    const size_t columns = duckdb_data_chunk_get_column_count(chunk);
    const size_t size = duckdb_data_chunk_get_size(chunk);
    for (size_t row = 0; row < size; ++row) {
      Row& cells = rows.emplace_back(columns);
      for (size_t i = 0; i < columns; ++i) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
        uint64_t* validity = duckdb_vector_get_validity(vector);
        if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) continue;
        auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
        if (duckdb_column_type(&result, i) != DUCKDB_TYPE_VARCHAR) continue;
        cells[i] = std::string(duckdb_string_t_data(&texts[row]), duckdb_string_t_length(texts[row]));
      }
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  return rows;
}

Status BatchSide::Define(const Case& definition) {
  MR_TRY(Run("DROP SCHEMA IF EXISTS oracle CASCADE"));
  MR_TRY(Run("CREATE SCHEMA oracle"));
  MR_TRY(Run("USE oracle"));
  for (const std::string& macro : ZoneMacros(*definition.zone)) MR_TRY(Run(macro));
  MR_TRY(Run("CREATE TABLE clock_ (name VARCHAR, seq BIGINT, wm BIGINT)"));
  MR_TRY(Run("CREATE TABLE steps_ (name VARCHAR, seq BIGINT)"));
  for (const Table& table : definition.tables) {
    for (const std::string& sql : DuckTexts(table)) MR_TRY(Run(sql));
    std::string columns;
    for (const Column& column : table.columns) columns += column.name + ", ";
    const std::string now = fmt::format("(SELECT seq FROM clock_ WHERE name = '{}')", table.name);
    const std::string select = fmt::format(
        "SELECT {0}seq_, wm_, CASE WHEN dseq_ < {1} THEN dwm_ END AS dwm_ FROM {2}_lives WHERE seq_ < {1}",
        columns, now, table.name);
    MR_TRY(Run(fmt::format("CREATE VIEW {}_all AS {}", table.name, select)));
    MR_TRY(
        Run(fmt::format("CREATE VIEW {} AS {} AND (dseq_ IS NULL OR dseq_ >= {})", table.name, select, now)));
  }
  for (const View& view : definition.views) {
    for (const SessionStep& step : view.sessions) {
      MR_TRY(Run(fmt::format("CREATE TABLE {} (seq_ BIGINT, ws_ BIGINT, we_ BIGINT)", step.table)));
      MR_TRY(Run(fmt::format("CREATE TABLE {} (ws TIMESTAMP, we TIMESTAMP, t TIMESTAMP, wm TIMESTAMP)",
                             step.late_table)));
    }
    MR_TRY(Run(fmt::format("CREATE VIEW {} AS {}", view.name, view.duck)));
    if (!view.duck_all.empty())
      MR_TRY(Run(fmt::format("CREATE VIEW {}_all AS {}", view.name, view.duck_all)));
  }
  return {};
}

Status BatchSide::MoveTo(const Case& definition, const std::vector<size_t>& fed, bool ended) {
  MR_TRY(Run("DELETE FROM clock_"));
  for (size_t i = 0; i < fed.size(); ++i) {
    const Table& table = definition.tables[i];
    MR_TRY(Run(fmt::format("INSERT INTO clock_ VALUES ('{}', {}, {})", table.name, fed[i],
                           ended ? kEndOfTime : table.watermarks_ms[fed[i]])));
    MR_TRY(Run(fmt::format("INSERT INTO steps_ VALUES ('{}', {})", table.name, fed[i])));
  }
  for (const View& view : definition.views) {
    for (const SessionStep& step : view.sessions) MR_TRY(FindSessions(step));
  }
  return {};
}

// Row by row, as Flink merges: a row makes a session of its own that joins those of its key that it touches
// and that have not closed; if what comes of it is closed already, the row is late.
Status BatchSide::FindSessions(const SessionStep& step) {
  std::string keys;
  if (!step.keys.empty()) {
    size_t begin = 0;
    while (begin < step.keys.size()) {
      const size_t end = std::min(step.keys.find(", ", begin), step.keys.size());
      keys += fmt::format(", CAST({} AS VARCHAR)", step.keys.substr(begin, end - begin));
      begin = end + 2;
    }
  }
  MR_ASSIGN(const std::vector<Row> rows,
            Query(fmt::format(
                "SELECT CAST(seq_ AS VARCHAR), CAST(wm_ AS VARCHAR), CAST({} AS "
                "VARCHAR){} FROM {} ORDER BY seq_",
                fmt::format(fmt::runtime(step.zone != nullptr ? "local_ms_(epoch_ms({}))" : "epoch_ms({})"),
                            step.rowtime),
                keys, step.source)));
  const auto firing = [&](int64_t end) {
    return step.zone != nullptr ? step.zone->FiringOf(end - 1) : end - 1;
  };
  const char* local_watermark = step.zone != nullptr ? "local_ms_(CAST({} AS BIGINT))" : "{}";
  std::string late;
  std::map<Row, std::vector<OpenSession>> open;
  std::vector<OpenSession> closed;
  for (const Row& row : rows) {
    const int64_t watermark = std::atoll(row[1]->c_str());
    const int64_t time = std::atoll(row[2]->c_str());
    auto& sessions = open[Row(row.begin() + 3, row.end())];
    std::erase_if(sessions, [&](const OpenSession& session) {
      if (firing(session.end) > watermark) return false;
      closed.push_back(session);
      return true;
    });
    OpenSession merged{time, time + step.gap_ms, {*row[0]}};
    std::vector<OpenSession> rest;
    for (OpenSession& session : sessions) {
      if (session.start <= merged.end && merged.start <= session.end) {
        merged.start = std::min(merged.start, session.start);
        merged.end = std::max(merged.end, session.end);
        merged.rows.insert(merged.rows.end(), session.rows.begin(), session.rows.end());
      } else {
        rest.push_back(std::move(session));
      }
    }
    if (firing(merged.end) > watermark) {
      rest.push_back(std::move(merged));
    } else {
      late += fmt::format(
          "{}(make_timestamp({}), make_timestamp({}), make_timestamp({}), make_timestamp({} * 1000))",
          late.empty() ? "" : ", ", time * 1000, (time + step.gap_ms) * 1000, time * 1000,
          fmt::format(fmt::runtime(local_watermark), watermark));
    }
    sessions = std::move(rest);
  }
  for (const auto& [key, sessions] : open) closed.insert(closed.end(), sessions.begin(), sessions.end());
  MR_TRY(Run("DELETE FROM " + step.late_table));
  if (!late.empty()) MR_TRY(Run(fmt::format("INSERT INTO {} VALUES {}", step.late_table, late)));
  MR_TRY(Run("DELETE FROM " + step.table));
  std::string values;
  for (const OpenSession& session : closed) {
    for (const std::string& row : session.rows) {
      values += fmt::format("{}({}, {}, {})", values.empty() ? "" : ", ", row, session.start, session.end);
    }
  }
  if (values.empty()) return {};
  return Run(fmt::format("INSERT INTO {} VALUES {}", step.table, values));
}

Result<std::vector<Row>> BatchSide::Read(const View& view) {
  std::string sql = "SELECT ";
  for (const Column& column : view.columns) {
    if (&column != &view.columns.front()) sql += ", ";
    const bool is_time = column.type.IsTimestamp();
    sql += fmt::format(fmt::runtime(is_time ? "CAST(epoch_us({}) AS VARCHAR)" : "CAST({} AS VARCHAR)"),
                       column.name);
  }
  MR_ASSIGN(std::vector<Row> rows, Query(fmt::format("{} FROM {}", sql, view.name)));
  for (Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] && view.columns[i].type.IsNumeric() && !view.columns[i].type.IsApproximate()) {
        row[i] = PlainNumber(*row[i]);
      }
    }
  }
  return rows;
}

Result<std::vector<Row>> BatchSide::ReadLateRows(const View& view) {
  return Query(fmt::format(
      "SELECT CAST(epoch_us(a) AS VARCHAR), CAST(epoch_us(b) AS VARCHAR), CAST(epoch_us(c) AS VARCHAR), "
      "CAST(epoch_us(d) AS VARCHAR) FROM ({}) late_ (a, b, c, d)",
      view.duck_late));
}

}  // namespace millrace::property
