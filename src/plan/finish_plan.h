// From what the binder made to a plan that can run: rewrites, checks, names.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "plan/binder.h"
#include "plan/logical_plan.h"

namespace millrace::plan {

// Rewrites the plan. Its root gives the same columns as before.
PlanNodePtr Optimize(PlanNodePtr root, const PlanContext& context);

// Refuses what no operator can do; the reason and what would work.
Status CheckPlan(const PlanNode& root);

// "Calc(1)", "Calc(2)", ...: inputs before what reads them.
void NameNodes(PlanNode& root);

// All of it, for a query without a sink.
Result<PlannedQuery> FinishPlan(QueryBinder& binder, Relation relation);

}  // namespace millrace::plan
