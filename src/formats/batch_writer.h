// BatchWriter: the columns of the batch that a decoder is filling, written by row index.
//
// Columns stand at full size from the start of a batch, so values are stored without growth or checks
// and a record that fails half way is undone by writing the same row again. Owned by one decoder.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "data/batch.h"
#include "formats/format.h"

namespace millrace::formats {

class BatchWriter {
 public:
  explicit BatchWriter(std::vector<data::DataType> types);

  size_t num_columns() const { return types_.size(); }
  // The row that is being written.
  size_t row() const { return row_; }
  data::Column& column(size_t i) { return *columns_[i]; }
  // The value array of a column that is neither ROW nor shared.
  std::byte* raw_values(size_t i) { return raw_values_[i]; }

  // Strings written until EndBlock point into what `owner` keeps alive. At most `rows_max` rows can come
  // of the block: short blocks get short columns.
  void BeginBlock(std::shared_ptr<const void> owner, size_t rows_max);
  // Ends the row; hands the batch over when it is full.
  Status Commit(int64_t offset, DecodeSink& sink) {
    offsets_[row_] = offset;
    if (++row_ < capacity_) [[likely]]
      return Ok();
    return Flush(sink);
  }
  // How many rows, with the current one, the batch has room for; at least one.
  size_t room() const { return capacity_ - row_; }
  // Where the offsets of the rows go that CommitRows is to end.
  int64_t* offsets() { return offsets_.data() + row_; }
  // Ends `count` rows, up to room().
  Status CommitRows(size_t count, DecodeSink& sink) {
    row_ += count;
    return row_ < capacity_ ? Ok() : Flush(sink);
  }
  // Makes every value of the current row valid again, after a record that was given up.
  void ClearRow();
  // Hands over the rows so far, if any.
  Status Flush(DecodeSink& sink);
  // Flushes and lets go of the owner.
  Status EndBlock(DecodeSink& sink);

 private:
  void Reset();

  std::vector<data::DataType> types_;
  std::vector<data::MutableColumnPtr> columns_;
  std::vector<std::byte*> raw_values_;
  std::vector<int64_t> offsets_;
  std::shared_ptr<const void> owner_;
  size_t row_ = 0;
  size_t capacity_ = 0;
};

// Makes a column `rows` long with room to spare, so that growing by one row at a time is linear.
void GrowColumn(data::Column& column, size_t rows);
// Cuts a column, and what its lists refer to, down to `rows`.
void TruncateColumn(data::Column& column, size_t rows);
// Where the children of the list in `row` begin; cuts off what an earlier attempt at this row left.
size_t BeginList(data::Column& column, size_t row);
// NULL with nothing left beneath: zeroed, an empty list, a ROW of NULLs.
void StoreNull(data::Column& column, size_t row);

}  // namespace millrace::formats
