// Union: UNION ALL of several inputs of the same types.
//
// The watermark is the minimum over the inputs that are not idle, and never goes back. The row watermark of a
// row is lowered to what the other inputs allow at that moment. The dataflow calls OnInputWatermark and
// OnInputIdle here, never OnWatermark.
#pragma once

#include <memory>

#include "operators/operator.h"

namespace millrace::operators {

struct UnionSpec {
  int inputs = 2;
};

std::unique_ptr<Operator> MakeUnion(std::shared_ptr<const UnionSpec> spec, OperatorContext context);

}  // namespace millrace::operators
