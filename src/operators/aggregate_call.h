// AggregateCall: one aggregate of an aggregating operator, as bound by the planner.
//
// Immutable, shared by all shards. Arguments are columns of the input: a projection below the operator
// computes them, already coerced to the types that the function was bound to.
#pragma once

#include <string>
#include <vector>

#include "functions/aggregate.h"

namespace millrace::operators {

struct AggregateCall {
  std::string name;  // "COUNT(DISTINCT user_id)": for EXPLAIN and messages
  functions::AggregatePtr function;
  std::vector<int> args;  // input columns; none for COUNT(*)
  int filter = -1;        // a BOOLEAN input column: only rows where it is true count; -1: all
};

}  // namespace millrace::operators
