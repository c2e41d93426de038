// SideTables: sys.dead_letters and sys.late_rows, where everything goes that could not go on.
//
// Written by any task; each insertion takes a lock (bad rows are rare). Rows are visible with the next epoch.
// Each table keeps its youngest rows, within limits::kSideTableRowsMax and kSideTableBytesMax; what went is
// counted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "connectors/connector.h"
#include "data/batch_builder.h"
#include "dataflow/stored_table.h"
#include "env/env.h"
#include "operators/operator.h"

namespace millrace::dataflow {

class SideTables final : public connectors::RejectedRows {
 public:
  // `on_change` is called when a row has come, with a lock held.
  SideTables(env::Clock* clock, std::function<void()> on_change);

  // The two tables, for the catalog and the coordinator; live as long as this.
  StoredTable& dead_letters() { return dead_letters_; }
  StoredTable& late_rows() { return late_rows_; }

  // A record of `table` that could not be decoded.
  void Malformed(const std::string& table, const connectors::MalformedRecord& record, const Error& error)
      MR_EXCLUDES(mutex_);
  // `query`: the view or table that the operator works for.
  void AddLate(const std::string& query, const std::string& operator_name, const data::Batch& batch,
               size_t row, const operators::LateRow& late) MR_EXCLUDES(mutex_);
  void AddFailed(const std::string& query, const std::string& operator_name, const data::Batch& batch,
                 size_t row, const Error& error) MR_EXCLUDES(mutex_);
  // A row that a sink could not express.
  Status Reject(const std::string& table, const data::Batch& batch, size_t row, const Error& reason) override
      MR_EXCLUDES(mutex_);

  int64_t dead_letter_count() const MR_EXCLUDES(mutex_);
  int64_t late_row_count() const MR_EXCLUDES(mutex_);
  // Of these, rows that are no longer kept.
  int64_t dead_letters_gone() const MR_EXCLUDES(mutex_);
  int64_t late_rows_gone() const MR_EXCLUDES(mutex_);
  // How many there were of each table, view or query.
  std::map<std::string, int64_t> dead_letters_by_table() const MR_EXCLUDES(mutex_);
  std::map<std::string, int64_t> late_rows_by_table() const MR_EXCLUDES(mutex_);
  // Moves what came since the last call into the tables; before each epoch is published.
  void Flush() MR_EXCLUDES(mutex_);

 private:
  void AddDeadLetter(std::string_view table, std::string_view origin, int64_t offset, std::string_view bytes,
                     int64_t size, const Error& error) MR_REQUIRES(mutex_);
  void FlushDeadLetters() MR_REQUIRES(mutex_);
  void FlushLateRows() MR_REQUIRES(mutex_);

  env::Clock& clock_;
  const std::function<void()> on_change_;
  StoredTable dead_letters_;
  StoredTable late_rows_;
  mutable Mutex mutex_;
  data::BatchBuilder dead_letter_builder_ MR_GUARDED_BY(mutex_);
  data::BatchBuilder late_row_builder_ MR_GUARDED_BY(mutex_);
  int64_t dead_letter_count_ MR_GUARDED_BY(mutex_) = 0;
  int64_t late_row_count_ MR_GUARDED_BY(mutex_) = 0;
  int64_t dead_letters_gone_ MR_GUARDED_BY(mutex_) = 0;
  int64_t late_rows_gone_ MR_GUARDED_BY(mutex_) = 0;
  size_t dead_letter_bytes_ MR_GUARDED_BY(mutex_) = 0;  // in the builder
  size_t late_row_bytes_ MR_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int64_t> dead_letters_by_table_ MR_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> late_rows_by_table_ MR_GUARDED_BY(mutex_);
};

// The side output of one query: names it in what its operators put aside. Any thread.
class QuerySideOutput final : public operators::SideOutput {
 public:
  // `query`: the view or table that it maintains.
  QuerySideOutput(SideTables* tables, std::string query) : tables_(*tables), query_(std::move(query)) {}
  void Late(const std::string& operator_name, const data::Batch& batch, size_t row,
            const operators::LateRow& late) override {
    tables_.AddLate(query_, operator_name, batch, row, late);
  }
  void Failed(const std::string& operator_name, const data::Batch& batch, size_t row,
              const Error& error) override MR_EXCLUDES(mutex_);
  // Why the first row of this query failed, if one did.
  std::optional<Error> first_failure() const MR_EXCLUDES(mutex_);

 private:
  SideTables& tables_;
  std::string query_;
  mutable Mutex mutex_;
  std::optional<Error> first_failure_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::dataflow
