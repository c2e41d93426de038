#include "tables/row_changes.h"

namespace millrace::tables {

void RowChanges::AddGone(const Chunk& chunk, size_t row, const std::vector<int>& key, uint64_t hash) {
  has_any_ = true;
  if (gone_.empty() || gone_.back().hashes.size() == limits::kBatchRows) {
    gone_.emplace_back();
    for (const data::DataType& type : types_) gone_.back().keys.push_back(data::Column::Make(type, 0));
  }
  Gone& gone = gone_.back();
  for (size_t i = 0; i < key.size(); ++i) gone.keys[i]->AppendRow(*chunk.columns[key[i]], row);
  gone.hashes.push_back(hash);
}

size_t RowChanges::MemoryBytes() const {
  size_t bytes = words_.capacity() * sizeof(uint64_t);
  for (const Gone& gone : gone_) {
    bytes += gone.hashes.capacity() * sizeof(uint64_t);
    for (const auto& column : gone.keys) bytes += column->MemoryBytes();
  }
  return bytes;
}

}  // namespace millrace::tables
