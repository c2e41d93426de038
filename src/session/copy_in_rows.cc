#include "session/copy_in_rows.h"

namespace millrace::session {

CopyInRows::CopyInRows(PendingWrites* writes, std::shared_ptr<dataflow::Ingest> ingest,
                       std::vector<int> columns, bool in_transaction)
    : writes_(*writes),
      ingest_(std::move(ingest)),
      columns_(std::move(columns)),
      in_transaction_(in_transaction) {
  for (const int column : columns_) {
    const data::Field& field = ingest_->schema()[column];
    schema_.Add(field.name, field.type);
  }
}

CopyInRows::~CopyInRows() {
  if (!in_transaction_) writes_.Rollback();
}

Result<bool> CopyInRows::TryPush(data::Batch* batch, const std::function<void()>& wake) {
  data::Batch row_batch;
  row_batch.rows = batch->rows;
  row_batch.columns.resize(ingest_->schema().size());
  for (size_t i = 0; i < columns_.size(); ++i) row_batch.columns[columns_[i]] = batch->columns[i];
  for (size_t i = 0; i < row_batch.columns.size(); ++i) {
    if (row_batch.columns[i] != nullptr) continue;
    auto nulls = data::Column::Make(ingest_->schema()[i].type, batch->rows);
    for (size_t row = 0; row < batch->rows; ++row) nulls->AppendNull();
    row_batch.columns[i] = std::move(nulls);
  }
  const auto rows = static_cast<int64_t>(batch->rows);
  if (!in_transaction_ && !writes_.HasRoomFor(row_batch)) {
    MR_ASSIGN(const bool is_taken, writes_.TryPush(wake));
    if (!is_taken) return false;
    rows_taken_ = rows_;
  }
  MR_TRY(writes_.Keep(ingest_, std::move(row_batch)));
  rows_ += rows;
  return true;
}

Result<int64_t> CopyInRows::Finish() {
  if (in_transaction_) return rows_;
  MR_TRY(writes_.Commit());
  rows_taken_ = rows_;
  return rows_;
}

}  // namespace millrace::session
