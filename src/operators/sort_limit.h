// TemporalSort, BoundedSort and Limit: ORDER BY and LIMIT at the end of a query. ORDER BY … LIMIT n over an
// unbounded input, and LIMIT over a retracting one, are Rank's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "operators/operator.h"
#include "operators/sort_key.h"

namespace millrace::operators {

// ORDER BY rowtime ASC [, …]: rows go out once the watermark has reached their rowtime, sorted; ties by
// arrival. A row whose rowtime is not above that of the last row that went out is late (as in Flink: one
// behind the watermark still finds its place if no later row has gone out). Needs insert-only input.
struct TemporalSortSpec {
  std::vector<data::DataType> input_types;
  int rowtime_column = 0;
  SortKeys then_by;
};
std::unique_ptr<Operator> MakeTemporalSort(std::shared_ptr<const TemporalSortSpec> spec,
                                           OperatorContext context);

// ORDER BY … [OFFSET m] [LIMIT n] of a bounded result: everything goes out as +I, sorted, at the end of the
// input; ties by arrival. Retractions are applied before. With no order keys, OFFSET and LIMIT by arrival.
struct BoundedSortSpec {
  std::vector<data::DataType> input_types;
  SortKeys order;
  int64_t offset = 0;
  std::optional<int64_t> limit;
  bool input_retracts = false;
};
std::unique_ptr<Operator> MakeBoundedSort(std::shared_ptr<const BoundedSortSpec> spec,
                                          OperatorContext context);

// LIMIT n [OFFSET m] without order over an insert-only input: the first arrivals. IsDone() once reached.
struct LimitSpec {
  int64_t offset = 0;
  int64_t limit = 0;
};
std::unique_ptr<Operator> MakeLimit(std::shared_ptr<const LimitSpec> spec, OperatorContext context);

}  // namespace millrace::operators
