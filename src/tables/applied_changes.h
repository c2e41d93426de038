// AppliedChanges: what a batch of changes did to a table part: void rows are left out, replacements and
// removals have the whole former row. Applying them in order to the part's rows before gives its rows after.
//
// Filled by TablePart::Apply for those who follow a table. One thread. Cost: a deep copy a changed row, so
// that nothing of the input is kept alive.
#pragma once

#include <vector>

#include "data/batch_builder.h"
#include "tables/chunk.h"

namespace millrace::tables {

class AppliedChanges {
 public:
  explicit AppliedChanges(const data::Schema& schema) : builder_(schema) {}

  void Add(const data::Batch& batch, size_t row, data::RowKind kind);
  // A row of the part, as it is before the change.
  void Add(const Chunk& chunk, size_t row, data::RowKind kind);
  // The changes so far, in batches of at most limits::kBatchRows rows.
  std::vector<data::Batch> Take();

 private:
  void FinishIfFull();

  data::BatchBuilder builder_;
  std::vector<data::Batch> finished_;
};

}  // namespace millrace::tables
