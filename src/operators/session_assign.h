// The SESSION variant of WindowAssign; MakeWindowAssign gives it.
#pragma once

#include <memory>

#include "operators/window_assign.h"

namespace millrace::operators {

std::unique_ptr<Operator> MakeSessionAssign(std::shared_ptr<const WindowAssignSpec> spec,
                                            OperatorContext context);

}  // namespace millrace::operators
