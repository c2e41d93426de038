// BatchBuilder: assembles batches row by row or column by column, with row kinds.
//
// Owned by one operator or decoder; not thread-safe. Row kinds are materialised only once a row is
// not +I. Build() hands out the rows so far and starts anew.
#pragma once

#include <vector>

#include "data/batch.h"
#include "data/schema.h"

namespace millrace::data {

class BatchBuilder {
 public:
  explicit BatchBuilder(std::vector<DataType> types);
  explicit BatchBuilder(const Schema& schema);

  size_t rows() const { return rows_; }
  bool IsFull() const { return rows_ >= limits::kBatchRows; }
  size_t num_columns() const { return types_.size(); }
  // Columns are filled by the caller, each by one value a row, before FinishRow.
  Column& column(size_t i) { return *columns_[i]; }
  void FinishRow(RowKind kind = RowKind::kInsert);
  // A copy of a row of another batch with the same types.
  void AppendRow(const Batch& batch, size_t row, RowKind kind);

  Batch Build();

 private:
  void Reset();

  std::vector<DataType> types_;
  std::vector<MutableColumnPtr> columns_;
  size_t rows_ = 0;
  std::shared_ptr<std::vector<RowKind>> kinds_;
};

}  // namespace millrace::data
