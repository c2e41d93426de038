// Expand: each row becomes one row for each of several projections (GROUPING SETS, ROLLUP, CUBE).
//
// All output rows of one input row keep its kind and watermark, and follow each other in the order of
// the projections. Stateless.
#pragma once

#include <memory>
#include <vector>

#include "functions/expression.h"
#include "operators/operator.h"

namespace millrace::operators {

struct ExpandSpec {
  // Each has one expression an output column, of the same types across projections: columns, typed NULL
  // literals for grouping columns that are not in the set, and the expand id as a BIGINT literal.
  std::vector<std::vector<functions::ExprPtr>> projections;
};

std::unique_ptr<Operator> MakeExpand(std::shared_ptr<const ExpandSpec> spec, OperatorContext context);

}  // namespace millrace::operators
