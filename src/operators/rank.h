// Rank: continuous Top-N, WHERE ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) BETWEEN start AND end; also
// ORDER BY … LIMIT n [OFFSET m] (no partition keys, start = m + 1, end = m + n) and LIMIT over a retracting
// input (no order either).
//
// Ties are broken by arrival: of rows equal in the order keys the first comes first; a retraction takes away
// the first of the equal rows. Output: the input's columns, then, with `output_rank`, the row number
// (BIGINT). After each batch the ranks of the touched partitions are compared with those before it: with row
// numbers, each changed rank gives -U/+U, +I or -D; without, rows that left give -D and rows that came +I.
//
// An insert-only input needs state for `end` rows a partition, a retracting one for all. State TTL: a
// partition not touched for that long is forgotten at the next epoch.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "operators/sort_key.h"

namespace millrace::operators {

struct RankSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> partition_keys;
  SortKeys order;
  int64_t start = 1;  // ranks from 1, both inclusive
  int64_t end = 1;
  bool output_rank = false;
  bool input_retracts = false;
  bool emit_update_before = true;
};

std::unique_ptr<Operator> MakeRank(std::shared_ptr<const RankSpec> spec, OperatorContext context);

}  // namespace millrace::operators
