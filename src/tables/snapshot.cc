#include "tables/snapshot.h"

#include "base/check.h"

namespace millrace::tables {

size_t Snapshot::rows() const {
  size_t rows = 0;
  for (const auto& part : parts) rows += part->rows;
  return rows;
}

std::vector<ChunkPtr> Snapshot::Chunks() const {
  std::vector<ChunkPtr> chunks;
  for (const auto& part : parts) chunks.insert(chunks.end(), part->chunks.begin(), part->chunks.end());
  return chunks;
}

std::optional<data::Batch> Snapshot::Find(const std::vector<data::ColumnPtr>& key_values) const {
  MR_CHECK(!key.empty() && key_values.size() == key.size());
  uint64_t hash = 0;
  for (size_t i = 0; i < key.size(); ++i) {
    data::HashColumn(*key_values[i], std::span<uint64_t>(&hash, 1), i > 0);
  }
  for (const auto& part : parts) {
    const uint32_t position = part->index->Find(hash, [&](uint32_t candidate) {
      const Chunk& chunk = *part->chunks[candidate / limits::kBatchRows];
      const size_t row = candidate % limits::kBatchRows;
      for (size_t i = 0; i < key.size(); ++i) {
        if (!data::RowsIdentical(*chunk.columns[key[i]], row, *key_values[i], 0)) return false;
      }
      return true;
    });
    if (position == RowIndex::kNoRow) continue;
    const Chunk& chunk = *part->chunks[position / limits::kBatchRows];
    data::Batch whole;
    whole.columns.assign(chunk.columns.begin(), chunk.columns.end());
    whole.rows = chunk.rows;
    return data::Slice(whole, position % limits::kBatchRows, 1);
  }
  return std::nullopt;
}

}  // namespace millrace::tables
