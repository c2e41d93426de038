#include "dataflow/ingest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"

namespace millrace::dataflow {

using connectors::IngestPoint;

Ingest::Ingest(std::string table, std::shared_ptr<IngestPoint> point, std::vector<int> key,
               const env::Clock* clock, std::shared_ptr<PushClock> push_clock)
    : table_(std::move(table)),
      point_(std::move(point)),
      key_(std::move(key)),
      clock_(*clock),
      push_clock_(std::move(push_clock)) {
  for (size_t i = 0; i < schema().size(); ++i) {
    const auto column = static_cast<int>(i);
    const bool in_key = std::find(key_.begin(), key_.end(), column) != key_.end();
    if (!in_key && !schema()[i].type.nullable()) not_null_.push_back(column);
  }
}

Status Ingest::Check(const data::Batch& batch) const {
  if (batch.columns.size() != schema().size()) {
    return Fail(ErrorCode::kDatatypeMismatch, fmt::format("rows with {} columns for table '{}', which has {}",
                                                          batch.columns.size(), table_, schema().size()));
  }
  if (batch.rows > limits::kBatchRows) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("a batch of {} rows for table '{}'", batch.rows, table_),
                fmt::format("give at most {} rows at once", limits::kBatchRows));
  }
  for (size_t i = 0; i < schema().size(); ++i) {
    if (batch.columns[i]->type().SameAs(schema()[i].type)) continue;
    return Fail(ErrorCode::kDatatypeMismatch,
                fmt::format("column '{}' of table '{}' is {}, not {}", schema()[i].name, table_,
                            schema()[i].type.ToString(), batch.columns[i]->type().ToString()));
  }
  if (!batch.IsInsertOnly() && key_.empty()) {
    for (size_t row = 0; row < batch.rows; ++row) {
      if (batch.kind(row) == data::RowKind::kInsert) continue;
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("a {} row for table '{}', which has no primary key",
                              data::RowKindName(batch.kind(row)), table_),
                  "rows can only be added to it; declare PRIMARY KEY (...) NOT ENFORCED to change them");
    }
  }
  const auto fail_at = [this](int column, size_t row) {
    return Fail(ErrorCode::kNullNotAllowed,
                fmt::format("NULL in column '{}' of table '{}' (row {} of the batch)", schema()[column].name,
                            table_, row + 1));
  };
  for (const int column : key_) {
    if (!batch.columns[column]->has_nulls()) continue;
    for (size_t row = 0; row < batch.rows; ++row) {
      if (batch.columns[column]->IsNull(row)) return fail_at(column, row);
    }
  }
  for (const int column : not_null_) {
    if (!batch.columns[column]->has_nulls()) continue;
    for (size_t row = 0; row < batch.rows; ++row) {
      // A deletion may bear the key alone.
      if (batch.columns[column]->IsNull(row) && data::IsAddition(batch.kind(row)))
        return fail_at(column, row);
    }
  }
  return {};
}

Result<size_t> Ingest::TryPush(std::span<data::Batch> batches, const std::function<void()>& wake,
                               const connectors::PushReceiptPtr& receipt) {
  size_t good = 0;
  for (; good < batches.size(); ++good) {
    const Status checked = Check(batches[good]);
    if (checked.has_value()) continue;
    if (good == 0) return std::unexpected(checked.error());
    break;
  }
  const IngestPoint::Push push = point_->TryPush(batches.first(good), wake, receipt);
  if (push == IngestPoint::Push::kFull) return 0;
  if (push != IngestPoint::Push::kTaken) return std::unexpected(Refusal(push));
  NotePushed();
  return good;
}

Result<bool> Ingest::TryPush(data::Batch* batch, const std::function<void()>& wake,
                             const connectors::PushReceiptPtr& receipt) {
  MR_ASSIGN(const size_t taken, TryPush(std::span(batch, 1), wake, receipt));
  return taken == 1;
}

Result<bool> Ingest::TryPushOnce(std::span<data::Batch> batches, const std::string& key,
                                 const std::function<void()>& wake,
                                 const connectors::PushReceiptPtr& receipt) {
  if (!is_durable()) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("a push with a key into table '{}', which keeps no log of what it takes", table_),
                "start the server with --data, or push without a key");
  }
  for (const data::Batch& batch : batches) MR_TRY(Check(batch));
  const IngestPoint::Push push = point_->TryPush(batches, wake, receipt, key);
  if (push == IngestPoint::Push::kFull) return false;
  if (push != IngestPoint::Push::kTaken) return std::unexpected(Refusal(push));
  NotePushed();
  return true;
}

Error Ingest::Refusal(IngestPoint::Push why) const {
  switch (why) {
    case IngestPoint::Push::kTaken:
    case IngestPoint::Push::kFull:
      break;
    case IngestPoint::Push::kCrowded:
      return Error(ErrorCode::kResourceExhausted,
                   fmt::format("{} writers wait for table '{}' already", limits::kIngestWaitersMax, table_),
                   "its readers are slower than its writers; try again later");
    case IngestPoint::Push::kNobody:
      return Error(ErrorCode::kUndefinedObject,
                   fmt::format("nothing reads table '{}': the rows would be lost", table_),
                   "create a materialized view over it, or start an INSERT INTO that reads it, first");
    case IngestPoint::Push::kEnded:
      return Error(ErrorCode::kNotSupported,
                   fmt::format("table '{}' takes no more rows: the end of its input was declared", table_));
    case IngestPoint::Push::kDropped:
      return Error(ErrorCode::kUndefinedTable, fmt::format("table '{}' was dropped", table_));
  }
  MR_UNREACHABLE();
}

}  // namespace millrace::dataflow
