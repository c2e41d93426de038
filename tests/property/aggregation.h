// Random aggregate calls, written for both sides at once.
#pragma once

#include <string>
#include <vector>

#include "property/expression.h"

namespace millrace::property {

struct AggregateText {
  Expression call;
  bool exact = true;  // false: equal up to rounding, and no good to compute with
};

// One call over the columns of a relation, maybe with DISTINCT and FILTER.
AggregateText MakeAggregate(Random& random, const Relation& input);

}  // namespace millrace::property
