// Rewrite: columns, aggregates and row numbers that nothing reads are not computed, kept or scanned.
#pragma once

#include "plan/logical_plan.h"

namespace millrace::plan {

// The columns of the root itself all stay.
PlanNodePtr PruneColumns(PlanNodePtr root);

}  // namespace millrace::plan
