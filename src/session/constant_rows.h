// Rows of a plan that reads nothing: VALUES, and a SELECT without FROM. Computed at once, without a job.
#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "functions/expression.h"
#include "plan/logical_plan.h"

namespace millrace::session {

// Whether the plan is a chain of projections and filters over VALUES.
bool IsConstant(const plan::PlanNode& node);

// Its rows. A value that cannot be computed is the error of the statement: nobody would look for it among
// the dead letters.
Result<std::vector<data::Batch>> ConstantRows(const plan::PlanNode& node, const functions::EvalContext& eval);

}  // namespace millrace::session
