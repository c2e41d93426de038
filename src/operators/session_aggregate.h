// The SESSION variant of the window aggregate; MakeWindowAggregate gives it.
#pragma once

#include <memory>

#include "operators/window_aggregate.h"

namespace millrace::operators {

std::unique_ptr<Operator> MakeSessionAggregate(std::shared_ptr<const WindowAggregateSpec> spec,
                                               OperatorContext context);

}  // namespace millrace::operators
