// WindowRank: Top-N within each window, over rows that bear their window in columns; also window
// deduplication (end = 1, ordered by the rowtime).
//
// Append-only: when the watermark passes a window's end, its rows go out as +I, by window end, then by the
// partition's first arrival, then by rank. Ties as in Rank: the first arrived comes first. Rows of a closed
// window are late. Output: the input's columns, then, with `output_rank`, the row number (BIGINT).
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "operators/sort_key.h"

namespace millrace::operators {

struct WindowRankSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> partition_keys;  // without the window columns
  SortKeys order;
  int window_start_column = 0;  // TIMESTAMP
  int window_end_column = 0;
  bool is_ltz = false;  // as in WindowAggregateSpec
  int64_t start = 1;
  int64_t end = 1;
  bool output_rank = false;
  bool input_retracts = false;
  bool ties_keep_last =
      false;  // of rows equal in the order the last arrived first (deduplication, keep last)
};

std::unique_ptr<Operator> MakeWindowRank(std::shared_ptr<const WindowRankSpec> spec, OperatorContext context);

}  // namespace millrace::operators
