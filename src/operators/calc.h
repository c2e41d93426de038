// Calc: WHERE and SELECT over single rows.
//
// Row kinds pass as they are, also when only one row of a -U/+U pair satisfies the filter (as in Flink;
// consumers treat -U without +U as -D and the reverse). A row whose filter or projection fails goes to the
// side output and no further. Row watermarks follow their rows. Stateless.
#pragma once

#include <memory>
#include <vector>

#include "functions/expression.h"
#include "operators/operator.h"

namespace millrace::operators {

struct CalcSpec {
  functions::ExprPtr filter;  // BOOLEAN; null: every row. Rows for which it is false or NULL are dropped
  std::vector<functions::ExprPtr> projections;  // one an output column
};

std::unique_ptr<Operator> MakeCalc(std::shared_ptr<const CalcSpec> spec, OperatorContext context);

}  // namespace millrace::operators
