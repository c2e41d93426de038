// Rewrite: calls over literals become literals; a filter that is TRUE goes.
#pragma once

#include "data/datetime.h"
#include "plan/logical_plan.h"

namespace millrace::plan {

void FoldPlanConstants(PlanNode& root, const data::TimeZone& zone);

}  // namespace millrace::plan
