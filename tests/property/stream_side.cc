#include "property/stream_side.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/text.h"
#include "env/env.h"

namespace millrace::property {

std::vector<std::string> Statements(const Case& definition) {
  std::vector<std::string> statements;
  statements.push_back(fmt::format("SET 'table.local-time-zone' = '{}'", definition.zone->name));
  if (definition.early_fire) statements.push_back("SET 'table.exec.emit.early-fire.enabled' = 'true'");
  if (definition.state_ttl) statements.push_back("SET 'table.exec.state.ttl' = '1 d'");
  if (definition.forgets) statements.push_back("SET 'table.exec.state.ttl' = '1 h'");
  for (const Table& table : definition.tables) statements.push_back(CreateText(table));
  for (const View& view : definition.views) {
    statements.push_back(fmt::format("CREATE {}VIEW {} AS {}", view.materialized ? "MATERIALIZED " : "",
                                     view.name, view.flink));
  }
  if (definition.changelog != Case::Changelog::kNone) {
    const View& view = definition.views.back();
    std::string columns;
    std::string texts;
    for (const Column& column : view.columns) {
      const char* separator = columns.empty() ? "" : ", ";
      columns += fmt::format("{}{} STRING", separator, column.name);
      texts += fmt::format("{}CAST({} AS STRING)", separator, column.name);
    }
    statements.push_back(fmt::format("CREATE TABLE p ({}) WITH ('connector' = 'print')", columns));
    const bool of_view = definition.changelog == Case::Changelog::kOfView;
    statements.push_back(fmt::format("INSERT INTO p SELECT {} FROM {}", texts,
                                     of_view ? view.name : fmt::format("({})", view.flink)));
  }
  return statements;
}

StreamSide::StreamSide(const Case& definition)
    : case_(definition), clock_(*env::RealEnv().clock), executor_(clock_), env_(env::RealEnv()) {
  env_.clock = &clock_;
  env_.executor = &executor_;
  session::InstanceOptions options;
  options.env = &env_;
  options.threads = definition.threads;
  options.test_feeds = true;
  options.standard_output = &printed_;
  options.standard_error = &printed_;
  options.settings = {{"parallelism.default", std::to_string(definition.shards)},
                      {"millrace.batch.rows", std::to_string(definition.batch_rows)}};
  instance_ = std::make_unique<session::Instance>(std::move(options));
  session_ = std::make_unique<session::Session>(instance_.get(), session::SessionOptions{.script = true});
}

Status StreamSide::Define() {
  MR_TRY(instance_->Start());
  MR_TRY(session_->Start());
  for (const std::string& statement : Statements(case_)) {
    const auto result = session_->Execute(statement);
    if (!result.has_value()) return std::unexpected(result.error().Within(statement));
  }
  return {};
}

void StreamSide::Feed(size_t table, size_t from, size_t to, Random& random) {
  const Table& fed = case_.tables[table];
  while (from < to) {
    size_t rows = std::min(to - from,
                           static_cast<size_t>(random.Between(1, static_cast<int64_t>(case_.feed_rows_max))));
    const int partition = fed.events[from].partition;
    for (size_t i = 1; i < rows; ++i) {
      if (fed.events[from + i].partition != partition) rows = i;
    }
    instance_->feeds().Push("public." + fed.name, BatchOf(fed, from, from + rows), partition);
    from += rows;
  }
}

void StreamSide::Finish() {
  for (const Table& table : case_.tables) instance_->feeds().Finish("public." + table.name);
}

Result<std::vector<Row>> StreamSide::Read(const View& view) {
  return Select(fmt::format("SELECT * FROM {}", view.name));
}

Result<std::vector<Row>> StreamSide::ReadLateRows(const View& view) {
  return Select(fmt::format(
      "SELECT window_start, window_end, row_time, watermark FROM sys.late_rows WHERE table_name = "
      "'public.{}'",
      view.name));
}

Result<std::vector<Row>> StreamSide::ReadChangelog() {
  const std::string text = printed_.Take();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    const std::string row(line.substr(line.find('[')));
    if (line.starts_with("+I") || line.starts_with("+U")) {
      changelog_.insert(row);
    } else if (const auto found = changelog_.find(row); found != changelog_.end()) {
      changelog_.erase(found);
    } else {
      return Fail(ErrorCode::kInternal, fmt::format("a change takes away what is not there: {}", line));
    }
  }
  std::vector<Row> rows;
  for (const std::string& row : changelog_) {
    Row& cells = rows.emplace_back();
    for (size_t begin = 1; begin < row.size();) {
      const size_t end = std::min(row.find(", ", begin), row.size() - 1);
      const std::string cell = row.substr(begin, end - begin);
      cells.push_back(cell == "null" ? std::nullopt : std::optional(cell));
      begin = end + 2;
      if (end == row.size() - 1) break;
    }
  }
  return rows;
}

Result<std::vector<Row>> StreamSide::Select(const std::string& sql) {
  MR_ASSIGN(const session::StatementResult result, session_->Execute(sql));
  std::vector<Row> rows;
  for (const data::Batch& batch : result.batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      Row& cells = rows.emplace_back();
      for (const data::ColumnPtr& column : batch.columns) {
        if (column->IsNull(row)) {
          cells.emplace_back();
          continue;
        }
        const data::DataType& type = column->type();
        if (type.IsTimestamp()) {
          cells.emplace_back(std::to_string(column->GetValue(row).as_int()));
        } else if (type.kind() == data::TypeKind::kBoolean) {
          cells.emplace_back(column->GetValue(row).as_bool() ? "true" : "false");
        } else {
          std::string text = data::ToText(*column, row);
          if (type.IsNumeric() && !type.IsApproximate()) text = PlainNumber(std::move(text));
          cells.emplace_back(std::move(text));
        }
      }
    }
  }
  return rows;
}

Result<std::string> StreamSide::Explain(const View& view) {
  MR_ASSIGN(const session::StatementResult result, session_->Execute("EXPLAIN " + view.flink));
  return result.text;
}

Result<std::string> StreamSide::DeadLetters() {
  MR_ASSIGN(const session::StatementResult result, session_->Execute("SELECT * FROM sys.dead_letters"));
  std::string text;
  for (const data::Batch& batch : result.batches) {
    for (size_t row = 0; row < batch.rows && text.size() < 2000; ++row) {
      data::AppendRowText(batch, row, {}, &text);
      text += '\n';
    }
  }
  return text;
}

}  // namespace millrace::property
