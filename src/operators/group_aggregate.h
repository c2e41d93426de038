// GroupAggregate: GROUP BY keys without a window, SELECT DISTINCT, and aggregates over everything.
//
// Output: the keys, then the aggregates. One change for each group that a batch has touched, in the order of
// the groups' first rows in the batch: +I for a new group; -U/+U (or +U alone without `emit_update_before`)
// when its row differs; nothing when it does not (but with state TTL always, to keep the consumers' state
// alive, as Flink does); -D when retractions leave the group without rows. At batch size 1 this is
// Flink's changelog. Without keys there is no row before the first input, as in Flink streaming.
//
// State TTL: a group not touched for that long is forgotten at the next epoch, silently; a
// retraction for a group that is not known is dropped.
#pragma once

#include <memory>
#include <vector>

#include "operators/aggregate_call.h"
#include "operators/operator.h"

namespace millrace::operators {

struct GroupAggregateSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> keys;                  // input columns; none: one global group
  std::vector<AggregateCall> aggregates;  // none: SELECT DISTINCT keys
  bool input_retracts = false;  // the input may hold -U and -D; the aggregates are bound accordingly
  bool emit_update_before = true;
};

std::unique_ptr<Operator> MakeGroupAggregate(std::shared_ptr<const GroupAggregateSpec> spec,
                                             OperatorContext context);

}  // namespace millrace::operators
