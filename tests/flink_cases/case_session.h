// A session of one case: tables that are fed by hand, sinks whose changes are caught. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/print/print_output.h"
#include "data/row_kind.h"
#include "data/schema.h"
#include "env/env.h"
#include "flink_cases/json.h"
#include "session/session.h"
#include "session/slt_runner.h"

namespace millrace::flink_cases {

struct Change {
  data::RowKind kind = data::RowKind::kInsert;
  std::string row;  // "a, 1, null"
};

// How cases are run.
struct RunContext {
  env::Env* env = nullptr;
  const session::SltMode* mode = nullptr;
  bool strict = false;  // compare the changes of programs one by one, not only what they come to
};

class CaseSession {
 public:
  explicit CaseSession(const RunContext& context, const std::string& zone = "UTC");

  Status Start();
  Status Execute(std::string_view sql);
  // CREATE TABLE name (columns) WITH ('connector' = 'feed').
  Status CreateFeed(const std::string& name, const std::string& columns, const std::string& changelog_mode);
  // CREATE TABLE name (columns) WITH ('connector' = 'print').
  Status CreateSink(const std::string& name, const std::string& columns,
                    const std::string& partition_by = "");

  // The types and names of an object's columns.
  Result<data::Schema> SchemaOf(const std::string& name) const;
  // Columns of a table that rows give: neither computed ones nor metadata.
  Result<data::Schema> PhysicalSchemaOf(const std::string& name) const;

  // Rows [{"kind": "+I", "row": [...]}], as one batch; {"watermark": ms} between them advances.
  Status Push(const std::string& table, const std::vector<Json>& rows);
  void FinishFeeds();
  Status Settle() { return session_->Settle(); }

  // What came to each sink since the start.
  Result<std::vector<Change>> ChangesOf(const std::string& sink);
  // Reasons of the rows that could not be processed, joined; empty for none.
  std::string DeadLetters();

 private:
  Status PushBatch(const std::string& table, const data::Schema& schema,
                   const std::vector<const Json*>& rows);

  connectors::MemoryPrintOutput printed_;
  std::unique_ptr<session::Instance> instance_;
  std::unique_ptr<session::Session> session_;
  std::vector<std::string> feeds_;
  std::string output_;
};

// The rows that are there after all changes, sorted. An update or delete of a row that is not there is an
// error.
Result<std::vector<std::string>> FinalState(const std::vector<Change>& changes);
// The same where each change replaces the row of its key; `key`: positions of its columns.
std::vector<std::string> FinalStateByKey(const std::vector<Change>& changes, const std::vector<int>& key);

}  // namespace millrace::flink_cases
