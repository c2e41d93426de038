// Which rows lie on which shard, and where the dataflow must exchange them. Pure; any thread.
#pragma once

#include "plan/logical_plan.h"

namespace millrace::plan {

// How the rows that a node emits are spread: by hash of these output columns, all on one shard, or unknown.
Distribution OutputDistribution(const PlanNode& node);

// Whether rows must be exchanged between a node and its input (of this index), on more than one shard.
bool NeedsExchange(const PlanNode& node, size_t input);

}  // namespace millrace::plan
