// WindowAggregate: GROUP BY window_start, window_end [, keys] over event-time windows.
//
// Append-only: a window's rows go out as +I when the watermark passes its end, in the order of window ends,
// within a window by the slice and then the order in which the keys first came. With early firing, open
// windows that have changed are shown at each epoch as +I, then -U/+U, and corrected a last time when they
// close. A group of which retractions left nothing is not shown (a shown one is taken back by -D).
//
// A row is judged late by its own row watermark: it counts in those of its windows that are still open;
// when there are none left it goes to the side output as late. A null rowtime goes to the side output.
//
// TUMBLE, HOP and CUMULATE share slices: a row updates one slice; a window merges its slices. SESSION merges
// sessions of one key that a row connects; a late row that touches an open session still counts. A
// session that retractions have emptied in the middle does not split.
#pragma once

#include <memory>
#include <vector>

#include "operators/aggregate_call.h"
#include "operators/operator.h"
#include "operators/window_spec.h"

namespace millrace::operators {

// Where a column of the output comes from.
struct WindowOutputColumn {
  enum class Source : uint8_t { kKey, kAggregate, kWindowStart, kWindowEnd, kWindowTime };
  Source source;
  int index = 0;        // of the key or aggregate
  data::DataType type;  // of the column
};

struct WindowAggregateSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> keys;  // input columns besides the window (with grouping sets, also the expand id)
  std::vector<AggregateCall> aggregates;

  // The windows, over the rowtime column; or, `attached`, each row bears its window in two columns already
  // (cascaded aggregation, or a window table function below), and `window` is not looked at.
  WindowSpec window;
  int rowtime_column = -1;
  bool attached = false;
  // Rows belong to the time they are processed at (context.eval.now_micros), and windows fire by the time of
  // the epoch, the last of them at the end of bounded input. rowtime_column is not looked at.
  bool processing_time = false;
  int window_start_column = -1;  // attached only; TIMESTAMP
  int window_end_column = -1;
  // Whether the time attribute is TIMESTAMP_LTZ, so that window bounds are wall-clock times of the session's
  // zone (context.eval.zone).
  bool is_ltz = false;

  bool input_retracts = false;     // the input may hold -U and -D; the aggregates are bound accordingly
  bool emit_update_before = true;  // with early firing: whether -U precedes +U
  std::vector<WindowOutputColumn> output;
};

std::unique_ptr<Operator> MakeWindowAggregate(std::shared_ptr<const WindowAggregateSpec> spec,
                                              OperatorContext context);

}  // namespace millrace::operators
