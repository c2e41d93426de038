// How operators hand on rows: in batches of at most limits::kBatchRows.
//
// Free functions without state, and RowEmitter, which belongs to one operator instance.
#pragma once

#include <span>
#include <vector>

#include "data/batch.h"
#include "operators/operator.h"

namespace millrace::operators {

// Hands on a batch of any number of rows.
Status EmitBatch(const data::Batch& batch, Output& output);

// Hands on the rows of `columns` named by `rows`, in that order; kinds (empty: all +I) and row watermarks
// (empty: none) are one for each of `rows`.
Status EmitGathered(std::span<const data::ColumnPtr> columns, std::span<const uint32_t> rows,
                    std::span<const data::RowKind> kinds, std::span<const int64_t> watermarks,
                    Output& output);

// Sends the rows of `batch` named by the context's row errors to the side output, each once, and clears the
// errors. `kept`: the rows without error, ascending.
void ReportRowErrors(const data::Batch& batch, OperatorContext& context, std::vector<uint32_t>* kept);

// Gathers rows one by one, or several at once, into output columns and hands them on in full batches.
class RowEmitter {
 public:
  RowEmitter(std::vector<data::DataType> types, Output* output);

  // The columns to append to; all must have gained the same number of rows when Finish is called.
  std::span<const data::MutableColumnPtr> columns() const { return columns_; }
  data::Column& column(size_t i) { return *columns_[i]; }
  // Rows appended and not handed on yet; free room of the batch at hand.
  size_t rows() const { return rows_; }
  size_t room() const { return limits::kBatchRows - rows_; }
  // Says that `rows` rows of this kind were appended (at most `room()`), and hands the batch on when full.
  Status Finish(size_t rows, data::RowKind kind, int64_t watermark = data::kMinWatermark);
  // The batch at hand so far, emptied: for those who must look at it before it goes on.
  data::Batch Take();
  Status Flush();
  // Row watermarks are handed on only when asked for.
  void KeepWatermarks(bool keep) { keep_watermarks_ = keep; }

 private:
  void Reset();

  std::vector<data::DataType> types_;
  Output* output_;
  std::vector<data::MutableColumnPtr> columns_;
  size_t rows_ = 0;
  std::shared_ptr<std::vector<data::RowKind>> kinds_;
  bool keep_watermarks_ = false;
  std::shared_ptr<std::vector<int64_t>> watermarks_;
};

}  // namespace millrace::operators
