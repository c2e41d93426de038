#include "tables/applied_changes.h"

#include <utility>

namespace millrace::tables {

void AppliedChanges::Add(const data::Batch& batch, size_t row, data::RowKind kind) {
  builder_.AppendRow(batch, row, kind);
  FinishIfFull();
}

void AppliedChanges::Add(const Chunk& chunk, size_t row, data::RowKind kind) {
  for (size_t i = 0; i < chunk.columns.size(); ++i) builder_.column(i).AppendRow(*chunk.columns[i], row);
  builder_.FinishRow(kind);
  FinishIfFull();
}

void AppliedChanges::FinishIfFull() {
  if (builder_.IsFull()) finished_.push_back(builder_.Build());
}

std::vector<data::Batch> AppliedChanges::Take() {
  if (builder_.rows() > 0) finished_.push_back(builder_.Build());
  return std::exchange(finished_, {});
}

}  // namespace millrace::tables
