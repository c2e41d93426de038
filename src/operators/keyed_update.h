// KeyedUpdate: keeps one row a key and emits how it changes: the machinery of Deduplicate and
// ChangelogNormalize.
//
// Rows are stored as bytes (data::EncodeKey). When a batch bears row watermarks, every change goes out by
// itself with the watermark of the row that made it, so that a window behind sees the same at any batch size;
// otherwise one change a key and batch.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"

namespace millrace::operators {

enum class UpdatePolicy : uint8_t {
  kSmallestTime,  // the row with the smallest rowtime, of equal ones the first
  kGreatestTime,  // the row with the greatest rowtime, of equal ones the last
  kLatest,        // the last arrived
  kUpsert,        // the last arrived, until -D; -U is ignored; what changes nothing is not emitted
};

struct KeyedUpdateSpec {
  std::vector<data::DataType> input_types;
  std::vector<int> keys;
  UpdatePolicy policy = UpdatePolicy::kLatest;
  int rowtime_column = -1;  // for the policies by time
  bool emit_update_before = true;
};

std::unique_ptr<Operator> MakeKeyedUpdate(std::shared_ptr<const KeyedUpdateSpec> spec,
                                          OperatorContext context);

}  // namespace millrace::operators
