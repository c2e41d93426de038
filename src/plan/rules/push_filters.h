// Rewrite: filters go below nodes that they commute with, so that less is kept in state.
//
// A condition on the input's columns goes below a WindowTvf (of a SESSION only on its partition keys) and an
// Unnest; one on partition or grouping keys below Rank, Deduplicate and the aggregates. Never below a
// WatermarkAssigner: rows that are filtered out move the watermark too.
#pragma once

#include "plan/logical_plan.h"

namespace millrace::plan {

PlanNodePtr PushFilters(PlanNodePtr root);

}  // namespace millrace::plan
