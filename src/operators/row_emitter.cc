#include "operators/row_emitter.h"

#include <algorithm>
#include <map>

namespace millrace::operators {

using data::Batch;
using data::RowKind;

Status EmitBatch(const Batch& batch, Output& output) {
  if (batch.rows == 0) return {};
  if (batch.rows <= limits::kBatchRows) return output.OnBatch(batch);
  for (size_t offset = 0; offset < batch.rows; offset += limits::kBatchRows) {
    MR_TRY(output.OnBatch(data::Slice(batch, offset, std::min(limits::kBatchRows, batch.rows - offset))));
  }
  return {};
}

Status EmitGathered(std::span<const data::ColumnPtr> columns, std::span<const uint32_t> rows,
                    std::span<const RowKind> kinds, std::span<const int64_t> watermarks, Output& output) {
  for (size_t offset = 0; offset < rows.size(); offset += limits::kBatchRows) {
    const size_t count = std::min(limits::kBatchRows, rows.size() - offset);
    Batch batch;
    batch.rows = count;
    batch.columns.reserve(columns.size());
    for (const auto& column : columns) {
      batch.columns.push_back(data::Gather(column, rows.subspan(offset, count)));
    }
    if (!kinds.empty()) {
      const auto part = kinds.subspan(offset, count);
      if (std::ranges::any_of(part, [](RowKind kind) { return kind != RowKind::kInsert; })) {
        batch.kinds = std::make_shared<const std::vector<RowKind>>(part.begin(), part.end());
      }
    }
    if (!watermarks.empty()) {
      const auto part = watermarks.subspan(offset, count);
      batch.watermarks = std::make_shared<const std::vector<int64_t>>(part.begin(), part.end());
    }
    MR_TRY(output.OnBatch(std::move(batch)));
  }
  return {};
}

void ReportRowErrors(const Batch& batch, OperatorContext& context, std::vector<uint32_t>* kept) {
  auto& errors = context.eval.row_errors;
  std::vector<bool> failed(batch.rows, false);
  // By row; of the errors of one row the first stands.
  std::map<size_t, const Error*> first_errors;
  for (const auto& error : errors) first_errors.try_emplace(error.row, &error.error);
  for (const auto& [row, error] : first_errors) {
    failed[row] = true;
    context.side_output->Failed(context.name, batch, row, *error);
  }
  errors.clear();
  kept->clear();
  for (size_t row = 0; row < batch.rows; ++row) {
    if (!failed[row]) kept->push_back(static_cast<uint32_t>(row));
  }
}

RowEmitter::RowEmitter(std::vector<data::DataType> types, Output* output)
    : types_(std::move(types)), output_(output) {
  Reset();
}

void RowEmitter::Reset() {
  columns_.clear();
  for (const auto& type : types_) columns_.push_back(data::Column::Make(type, 0));
  rows_ = 0;
  kinds_ = nullptr;
  watermarks_ = nullptr;
}

Status RowEmitter::Finish(size_t rows, RowKind kind, int64_t watermark) {
  if (kinds_ == nullptr && kind != RowKind::kInsert) {
    kinds_ = std::make_shared<std::vector<RowKind>>(rows_, RowKind::kInsert);
  }
  rows_ += rows;
  MR_DCHECK(rows_ <= limits::kBatchRows);
  if (kinds_ != nullptr) kinds_->resize(rows_, kind);
  if (keep_watermarks_) {
    if (watermarks_ == nullptr) watermarks_ = std::make_shared<std::vector<int64_t>>();
    watermarks_->resize(rows_, watermark);
  }
  return rows_ == limits::kBatchRows ? Flush() : Status();
}

Batch RowEmitter::Take() {
  Batch batch;
  batch.rows = rows_;
  for (const auto& column : columns_) {
    MR_DCHECK(column->size() == rows_);
    batch.columns.push_back(column);
  }
  batch.kinds = std::move(kinds_);
  batch.watermarks = std::move(watermarks_);
  Reset();
  return batch;
}

Status RowEmitter::Flush() {
  if (rows_ == 0) return {};
  return output_->OnBatch(Take());
}

}  // namespace millrace::operators
