// WindowAssign: a window table function by itself. Each row goes on once for each window it lies in, with the
// window appended.
//
// TUMBLE, HOP and CUMULATE are stateless: kinds and row watermarks are those of the input row, windows in
// ascending order. SESSION holds rows back until the watermark closes their session, and needs insert-only
// input. A row with a null rowtime goes to the side output.
//
// Output: the input's columns, then window_start and window_end (TIMESTAMP(3), wall-clock for LTZ) and
// window_time (the rowtime's type).
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "operators/window_spec.h"

namespace millrace::operators {

struct WindowAssignSpec {
  WindowSpec window;
  int rowtime_column = 0;           // TIMESTAMP or TIMESTAMP_LTZ
  std::vector<int> partition_keys;  // SESSION … PARTITION BY; otherwise empty
  std::vector<data::DataType> input_types;
};

std::unique_ptr<Operator> MakeWindowAssign(std::shared_ptr<const WindowAssignSpec> spec,
                                           OperatorContext context);

}  // namespace millrace::operators
