#include "flink_cases/case_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/batch.h"
#include "flink_cases/flink_types.h"

namespace millrace::flink_cases {
namespace {

std::string Quoted(const std::string& name) {
  return "`" + name + "`";
}

}  // namespace

CaseSession::CaseSession(const RunContext& context, const std::string& zone) {
  session::InstanceOptions options;
  options.env = context.env;
  options.threads = context.mode->threads;
  options.test_feeds = true;
  options.standard_output = &printed_;
  options.standard_error = &printed_;
  options.settings = context.mode->settings;
  options.settings.emplace_back("table.local-time-zone", zone);
  instance_ = std::make_unique<session::Instance>(std::move(options));
  session_ = std::make_unique<session::Session>(instance_.get(), session::SessionOptions{.script = true});
}

Status CaseSession::Start() {
  MR_TRY(instance_->Start());
  return session_->Start();
}

Status CaseSession::Execute(std::string_view sql) {
  const auto result = session_->Execute(sql);
  if (!result.has_value()) return std::unexpected(result.error());
  return {};
}

Status CaseSession::CreateFeed(const std::string& name, const std::string& columns,
                               const std::string& changelog_mode) {
  feeds_.push_back(name);
  return Execute(fmt::format("CREATE TABLE {} (\n{}\n) WITH ('connector' = 'feed', 'changelog-mode' = '{}')",
                             Quoted(name), columns, changelog_mode));
}

Status CaseSession::CreateSink(const std::string& name, const std::string& columns,
                               const std::string& partition_by) {
  const std::string partition = partition_by.empty() ? "" : "PARTITIONED BY (" + partition_by + ")";
  return Execute(
      fmt::format("CREATE TABLE {} (\n{}\n) {} WITH ('connector' = 'print', 'print-identifier' = '{}')",
                  Quoted(name), columns, partition, name));
}

Result<data::Schema> CaseSession::SchemaOf(const std::string& name) const {
  const catalog::EntryPtr entry = session_->catalog().Find({"public", name});
  if (entry == nullptr) return Fail(ErrorCode::kUndefinedTable, fmt::format("no table '{}'", name));
  return entry->schema;
}

Result<data::Schema> CaseSession::PhysicalSchemaOf(const std::string& name) const {
  const catalog::EntryPtr entry = session_->catalog().Find({"public", name});
  if (entry == nullptr || entry->table == nullptr) {
    return Fail(ErrorCode::kUndefinedTable, fmt::format("no table '{}'", name));
  }
  data::Schema schema;
  for (const catalog::Column& column : entry->table->columns) {
    if (column.kind == catalog::ColumnKind::kPhysical) schema.Add(column.name, column.type);
  }
  return schema;
}

Status CaseSession::Push(const std::string& table, const std::vector<Json>& rows) {
  MR_ASSIGN(const data::Schema schema, PhysicalSchemaOf(table));
  std::vector<const Json*> batch;
  for (const Json& row : rows) {
    if (row.Has("watermark")) {
      MR_TRY(PushBatch(table, schema, batch));
      batch.clear();
      instance_->feeds().Advance("public." + table, row["watermark"].integer * 1000);
    } else {
      batch.push_back(&row);
    }
  }
  return PushBatch(table, schema, batch);
}

Status CaseSession::PushBatch(const std::string& table, const data::Schema& schema,
                              const std::vector<const Json*>& rows) {
  if (rows.empty()) return {};
  data::Batch batch;
  batch.rows = rows.size();
  std::vector<std::shared_ptr<data::Column>> columns;
  for (const data::Field& field : schema) {
    columns.push_back(std::make_shared<data::Column>(field.type, rows.size()));
  }
  auto kinds = std::make_shared<std::vector<data::RowKind>>();
  bool insert_only = true;
  for (const Json* row : rows) {
    data::RowKind kind = data::RowKind::kInsert;
    for (const data::RowKind candidate :
         {data::RowKind::kUpdateBefore, data::RowKind::kUpdateAfter, data::RowKind::kDelete}) {
      if ((*row)["kind"].text == data::RowKindName(candidate)) kind = candidate;
    }
    kinds->push_back(kind);
    insert_only &= kind == data::RowKind::kInsert;
    const Json& values = (*row)["row"];
    if (values.items.size() != schema.size()) {
      return Fail(ErrorCode::kInvalidText, fmt::format("a row of {} has {} values for {} columns", table,
                                                       values.items.size(), schema.size()));
    }
    for (size_t i = 0; i < schema.size(); ++i) {
      MR_ASSIGN(const data::Value value, ValueOf(values.items[i], schema[i].type));
      columns[i]->AppendValue(value);
    }
  }
  for (auto& column : columns) batch.columns.push_back(std::move(column));
  if (!insert_only) batch.kinds = std::move(kinds);
  instance_->feeds().Push("public." + table, std::move(batch));
  return {};
}

void CaseSession::FinishFeeds() {
  for (const std::string& feed : feeds_) instance_->feeds().Finish("public." + feed);
}

Result<std::vector<Change>> CaseSession::ChangesOf(const std::string& sink) {
  output_ += printed_.Take();
  std::vector<Change> changes;
  size_t start = 0;
  const std::string prefix = sink + "> ";
  while (start < output_.size()) {
    // A row ends at "]\n"; a text may hold line ends of its own.
    size_t end = output_.find("]\n", start);
    if (end == std::string::npos) end = output_.size();
    const std::string line = output_.substr(start, end - start);
    start = end + 2;
    if (!line.starts_with(prefix)) continue;
    Change change;
    const std::string text = line.substr(prefix.size());
    for (const data::RowKind kind : {data::RowKind::kInsert, data::RowKind::kUpdateBefore,
                                     data::RowKind::kUpdateAfter, data::RowKind::kDelete}) {
      if (text.starts_with(data::RowKindName(kind))) change.kind = kind;
    }
    change.row = text.substr(3);
    changes.push_back(std::move(change));
  }
  return changes;
}

std::string CaseSession::DeadLetters() {
  const auto result = session_->Execute("SELECT reason FROM sys.dead_letters");
  if (!result.has_value()) return result.error().ToString();
  std::string text;
  for (const data::Batch& batch : result->batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      text += (text.empty() ? "" : "; ") + batch.columns[0]->GetValue(row).as_string();
    }
  }
  return text;
}

Result<std::vector<std::string>> FinalState(const std::vector<Change>& changes) {
  std::vector<std::string> rows;
  for (const Change& change : changes) {
    if (change.kind == data::RowKind::kInsert || change.kind == data::RowKind::kUpdateAfter) {
      rows.push_back(change.row);
      continue;
    }
    const auto found = std::find(rows.begin(), rows.end(), change.row);
    if (found == rows.end()) {
      return Fail(ErrorCode::kInternal, fmt::format("{}[{}] takes back a row that is not there",
                                                    data::RowKindName(change.kind), change.row));
    }
    rows.erase(found);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> FinalStateByKey(const std::vector<Change>& changes, const std::vector<int>& key) {
  std::map<std::string, std::string> rows;
  for (const Change& change : changes) {
    std::vector<std::string> values;
    size_t start = 0;
    for (size_t end = change.row.find(", "); end != std::string::npos; end = change.row.find(", ", start)) {
      values.push_back(change.row.substr(start, end - start));
      start = end + 2;
    }
    values.push_back(change.row.substr(start));
    std::string key_text;
    for (const int column : key) key_text += values[static_cast<size_t>(column) % values.size()] + "\n";
    if (change.kind == data::RowKind::kDelete) {
      rows.erase(key_text);
    } else if (change.kind != data::RowKind::kUpdateBefore) {
      rows[key_text] = change.row;
    }
  }
  std::vector<std::string> result;
  for (const auto& [key_text, row] : rows) result.push_back(row);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace millrace::flink_cases
