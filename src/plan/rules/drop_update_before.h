// Rewrite: changes need no -U where whoever takes them works by key.
#pragma once

#include "plan/logical_plan.h"

namespace millrace::plan {

// Tells the node that makes the changes of `root` to leave -U out, if everything between only passes them on.
// `key`: what the taker works by, as columns of the root. False: the -U stay, because a node on the way needs
// them.
bool DropUpdateBefore(PlanNode& root, const std::vector<int>& key);

}  // namespace millrace::plan
