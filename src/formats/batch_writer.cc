#include "formats/batch_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace::formats {
namespace {

void AddOwnerDeep(data::Column& column, const std::shared_ptr<const void>& owner) {
  if (column.physical() == data::PhysicalType::kString) column.AddOwner(owner);
  for (const data::MutableColumnPtr& child : column.children()) AddOwnerDeep(*child, owner);
}

void ReserveDeep(data::Column& column, size_t rows) {
  column.Reserve(rows);
  if (column.physical() != data::PhysicalType::kRow) return;
  for (const data::MutableColumnPtr& child : column.children()) ReserveDeep(*child, rows);
}

}  // namespace

void GrowColumn(data::Column& column, size_t rows) {
  ReserveDeep(column, std::bit_ceil(std::max<size_t>(rows, 64)));
  column.Resize(rows);
}

void TruncateColumn(data::Column& column, size_t rows) {
  if (column.physical() == data::PhysicalType::kList) {
    size_t end = 0;
    if (rows > 0) {
      const data::ListEntry last = column.values<data::ListEntry>()[rows - 1];
      end = last.offset + last.length;
    }
    for (const data::MutableColumnPtr& child : column.children()) {
      if (child->size() > end) TruncateColumn(*child, end);
    }
  } else {
    for (const data::MutableColumnPtr& child : column.children()) TruncateColumn(*child, rows);
  }
  column.Resize(rows);
}

size_t BeginList(data::Column& column, size_t row) {
  size_t start = 0;
  if (row > 0) {
    const data::ListEntry before = column.values<data::ListEntry>()[row - 1];
    start = before.offset + before.length;
  }
  for (const data::MutableColumnPtr& child : column.children()) {
    if (child->size() > start) TruncateColumn(*child, start);
  }
  return start;
}

void StoreNull(data::Column& column, size_t row) {
  column.SetNull(row);
  switch (column.physical()) {
    case data::PhysicalType::kRow:
      for (const data::MutableColumnPtr& child : column.children()) StoreNull(*child, row);
      return;
    case data::PhysicalType::kList:
      column.mutable_values<data::ListEntry>()[row] = {BeginList(column, row), 0};
      return;
    default: {
      const size_t bytes = data::PhysicalSize(column.physical());
      std::memset(column.mutable_raw_values() + row * bytes, 0, bytes);
    }
  }
}

BatchWriter::BatchWriter(std::vector<data::DataType> types)
    : types_(std::move(types)), offsets_(limits::kBatchRows) {}

void BatchWriter::Reset() {
  columns_.clear();
  raw_values_.clear();
  for (const data::DataType& type : types_) {
    data::MutableColumnPtr column = data::Column::Make(type, capacity_);
    column->Resize(capacity_);
    raw_values_.push_back(column->mutable_raw_values());
    columns_.push_back(std::move(column));
  }
  row_ = 0;
}

void BatchWriter::BeginBlock(std::shared_ptr<const void> owner, size_t rows_max) {
  owner_ = std::move(owner);
  capacity_ = std::clamp<size_t>(rows_max, 1, limits::kBatchRows);
  Reset();
}

void BatchWriter::ClearRow() {
  for (const data::MutableColumnPtr& column : columns_) column->SetValid(row_);
}

Status BatchWriter::Flush(DecodeSink& sink) {
  if (row_ == 0) return Ok();
  data::Batch batch;
  batch.rows = row_;
  for (data::MutableColumnPtr& column : columns_) {
    TruncateColumn(*column, row_);
    if (owner_ != nullptr) AddOwnerDeep(*column, owner_);
    batch.columns.push_back(std::move(column));
  }
  Reset();
  return sink.OnBatch(std::move(batch), std::span<const int64_t>(offsets_.data(), batch.rows));
}

Status BatchWriter::EndBlock(DecodeSink& sink) {
  Status status = Flush(sink);
  row_ = 0;
  owner_ = nullptr;
  columns_.clear();
  return status;
}

}  // namespace millrace::formats
