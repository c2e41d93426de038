#include "data/batch_builder.h"

namespace millrace::data {

BatchBuilder::BatchBuilder(std::vector<DataType> types) : types_(std::move(types)) {
  Reset();
}

BatchBuilder::BatchBuilder(const Schema& schema) {
  for (const Field& field : schema) types_.push_back(field.type);
  Reset();
}

void BatchBuilder::Reset() {
  columns_.clear();
  for (const DataType& type : types_) columns_.push_back(Column::Make(type, 0));
  rows_ = 0;
  kinds_ = nullptr;
}

void BatchBuilder::FinishRow(RowKind kind) {
  ++rows_;
  for (const auto& column : columns_) MR_DCHECK(column->size() == rows_);
  if (kinds_ == nullptr && kind != RowKind::kInsert) {
    kinds_ = std::make_shared<std::vector<RowKind>>(rows_ - 1, RowKind::kInsert);
  }
  if (kinds_ != nullptr) kinds_->push_back(kind);
}

void BatchBuilder::AppendRow(const Batch& batch, size_t row, RowKind kind) {
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i]->AppendRow(*batch.columns[i], row);
  FinishRow(kind);
}

Batch BatchBuilder::Build() {
  Batch batch;
  batch.rows = rows_;
  batch.columns.assign(columns_.begin(), columns_.end());
  batch.kinds = std::move(kinds_);
  Reset();
  return batch;
}

}  // namespace millrace::data
