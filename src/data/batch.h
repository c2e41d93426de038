// Batch: up to limits::kBatchRows rows that travel through the dataflow together.
//
// Invariants: every column has `rows` rows; `kinds`, when present, has `rows` entries (absent: all
// +I); -U and +U of one update are neighbours in one batch or consecutive batches of one stream.
//
// Event time: `watermarks`, when present, says for each row the watermark that was in force when the
// row arrived (rows filtered out since then have moved it too): lateness is judged by it row by row,
// so results do not depend on how rows are cut into batches. The watermark after the batch
// travels behind it on its own. Absent: every row came under the last watermark that travelled.
//
// A Batch is a cheap value (shared columns). Immutable columns may be shared by threads.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "data/column.h"
#include "data/row_kind.h"

namespace millrace::data {

// µs since 1970-01-01; no watermark yet, and the end of time (end of bounded input).
inline constexpr int64_t kMinWatermark = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kMaxWatermark = std::numeric_limits<int64_t>::max();

using RowKinds = std::shared_ptr<const std::vector<RowKind>>;
using RowWatermarks = std::shared_ptr<const std::vector<int64_t>>;

struct Batch {
  std::vector<ColumnPtr> columns;
  size_t rows = 0;
  RowKinds kinds;
  RowWatermarks watermarks;

  RowKind kind(size_t row) const { return kinds ? (*kinds)[row] : RowKind::kInsert; }
  bool IsInsertOnly() const { return kinds == nullptr; }
};

// The rows named, in that order, of every part of the batch.
Batch Gather(const Batch& batch, std::span<const uint32_t> rows);
Batch Slice(const Batch& batch, size_t offset, size_t count);
// One hash a row over the given columns (none: zero for each row).
void HashRows(const Batch& batch, std::span<const int> columns, std::vector<uint64_t>* hashes);

}  // namespace millrace::data
