// WatermarkAssigner: WATERMARK FOR rowtime AS expression, over one partition of a source.
//
// The watermark moves with each row: it is the greatest value of the expression over the rows so far.
// Each batch goes on with the watermark in force before each of its rows, then the watermark follows. A row
// with a null rowtime goes to the side output; a null watermark expression moves nothing. A watermark from
// upstream (a test's feed, the end of input) counts as well when it is higher. Idle timeouts are the
// dataflow's.
#pragma once

#include <memory>

#include "functions/expression.h"
#include "operators/operator.h"

namespace millrace::operators {

struct WatermarkAssignerSpec {
  int rowtime_column = 0;        // TIMESTAMP or TIMESTAMP_LTZ
  functions::ExprPtr watermark;  // of the same type, over the same columns
};

std::unique_ptr<Operator> MakeWatermarkAssigner(std::shared_ptr<const WatermarkAssignerSpec> spec,
                                                OperatorContext context);

}  // namespace millrace::operators
