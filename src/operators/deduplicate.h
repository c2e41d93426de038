// Deduplicate: ROW_NUMBER() OVER (PARTITION BY keys ORDER BY time [DESC]) = 1, one row a key.
//
// By rowtime: keep-first keeps the smallest rowtime (of equal ones the first arrived), keep-last the greatest
// (of equal ones the last arrived), as Flink does. By processing time: the first or last arrived.
// Keep-first by processing time is append-only; the others give +I, then -U/+U. One change a key and
// batch. Needs insert-only input. State TTL: a key not changed for that long is forgotten at the next epoch.
// Output: the input's columns.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"

namespace millrace::operators {

struct DeduplicateSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> keys;
  int rowtime_column = -1;  // -1: by arrival
  bool keep_last = false;
  bool emit_update_before = true;
};

std::unique_ptr<Operator> MakeDeduplicate(std::shared_ptr<const DeduplicateSpec> spec,
                                          OperatorContext context);

}  // namespace millrace::operators
