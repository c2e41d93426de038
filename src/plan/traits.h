// Traits of plan nodes, derived from the node and the traits of its inputs.
#pragma once

#include "plan/logical_plan.h"

namespace millrace::plan {

// Sets node.traits (and node.distribution). The traits of its inputs, and those of leaves that are the
// catalog's or the connector's to say (changelog, bounded), must be set already.
void DeriveTraits(PlanNode& node);

// The same for a whole tree, inputs first.
void DeriveAllTraits(PlanNode& root);

// The time attribute that an expression over columns with these attributes is: a bare column keeps its own,
// PROCTIME() is one, everything else is none.
TimeAttribute TimeAttributeOf(const functions::Expression& expr, const std::vector<TimeAttribute>& input);

}  // namespace millrace::plan
