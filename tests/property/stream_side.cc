#include "property/stream_side.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/text.h"
#include "env/env.h"

namespace millrace::property {

std::vector<std::string> Statements(const Case& definition) {
  std::vector<std::string> statements;
  for (const Table& table : definition.tables) statements.push_back(CreateText(table));
  for (const View& view : definition.views) {
    statements.push_back(fmt::format("CREATE {}VIEW {} AS {}", view.materialized ? "MATERIALIZED " : "",
                                     view.name, view.flink));
  }
  return statements;
}

StreamSide::StreamSide(const Case& definition) : case_(definition) {
  session::InstanceOptions options;
  options.env = &env::RealEnv();
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
    const size_t rows = std::min(
        to - from, static_cast<size_t>(random.Between(1, static_cast<int64_t>(case_.feed_rows_max))));
    instance_->feeds().Push("public." + fed.name, BatchOf(fed, from, from + rows));
    from += rows;
  }
}

void StreamSide::Finish() {
  for (const Table& table : case_.tables) instance_->feeds().Finish("public." + table.name);
}

Result<std::vector<Row>> StreamSide::Read(const View& view) {
  MR_ASSIGN(const session::StatementResult result,
            session_->Execute(fmt::format("SELECT * FROM {}", view.name)));
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
        if (type.kind() == data::TypeKind::kTimestamp) {
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
