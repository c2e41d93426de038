// Makes plan nodes with their schemas and traits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "functions/registry.h"
#include "plan/logical_plan.h"

namespace millrace::plan {

// a AND b; either may be null, meaning true.
functions::ExprPtr Conjunction(functions::ExprPtr a, functions::ExprPtr b);
// The operands of nested ANDs.
std::vector<functions::ExprPtr> SplitConjunction(const functions::ExprPtr& expr);
// Column refs to each column of the schema.
std::vector<functions::ExprPtr> IdentityProjections(const data::Schema& schema);
// The column that the expression is, or -1.
int ColumnOf(const functions::Expression& expr);
// The name under which a Call was made, or "".
std::string_view CallName(const functions::Expression& expr);
// Column indexes that the expression reads, ascending.
std::vector<int> ColumnsOf(const functions::ExprPtr& expr);

// Finishes a node made by hand: takes its inputs and schema, derives its traits.
PlanNodePtr FinishNode(PlanNodePtr node, std::vector<PlanNodePtr> inputs, data::Schema schema);

// A Calc, merged with one right below it where that computes nothing twice; the input itself if the Calc
// would do nothing. Names: one a projection.
PlanNodePtr MakeCalc(PlanNodePtr input, functions::ExprPtr filter,
                     std::vector<functions::ExprPtr> projections, std::vector<std::string> names);
// The rows for which `filter` is true.
PlanNodePtr MakeFilter(PlanNodePtr input, functions::ExprPtr filter);

// Where a column comes from when only renamed on its way: the node below all Calcs, and the column of its
// output; -1 when it is computed on the way.
struct ColumnOrigin {
  PlanNode* node = nullptr;
  int column = -1;
};
ColumnOrigin TraceColumn(const PlanNodePtr& node, int column);

}  // namespace millrace::plan
