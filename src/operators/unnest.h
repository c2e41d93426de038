// Unnest: CROSS JOIN UNNEST(collection), or LEFT JOIN UNNEST(collection) ON TRUE.
//
// Output: the input's columns, then the element: for ARRAY and MULTISET one column, or the fields of a ROW
// element as columns; for MAP key and value; then the ordinality (INT, from 1) when asked for. An element of
// a multiset comes as often as its count. A null or empty collection gives no row, or with `left_outer` one
// row with nulls. Row kinds and watermarks are those of the input row. Stateless.
#pragma once

#include <memory>

#include "operators/operator.h"

namespace millrace::operators {

struct UnnestSpec {
  int collection_column = 0;  // ARRAY, MAP or MULTISET
  bool left_outer = false;
  bool with_ordinality = false;
  std::vector<data::DataType> element_types;  // of the columns made of the element (nullable with left_outer)
};

std::unique_ptr<Operator> MakeUnnest(std::shared_ptr<const UnnestSpec> spec, OperatorContext context);

}  // namespace millrace::operators
