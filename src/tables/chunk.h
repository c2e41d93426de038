// Chunk: up to limits::kBatchRows rows of a table. Immutable once published; the writer copies a published
// chunk before it changes it.
#pragma once

#include <memory>
#include <vector>

#include "data/batch.h"
#include "data/schema.h"
#include "tables/held_memory.h"

namespace millrace::tables {

struct Chunk {
  explicit Chunk(const data::Schema& schema);
  // A deep copy: shares nothing with the original and drops bytes nothing points to any more.
  Chunk(const Chunk& other);
  Chunk& operator=(const Chunk&) = delete;

  void AppendRow(const data::Batch& batch, size_t row);
  void AssignRow(size_t row, const data::Batch& batch, size_t batch_row);
  // Rows of two chunks of the same table; the chunks may be one.
  void AssignRow(size_t row, const Chunk& other, size_t other_row);
  void RemoveLast();
  bool IsFull() const { return rows >= limits::kBatchRows; }
  size_t MemoryBytes() const;

  std::vector<data::MutableColumnPtr> columns;
  size_t rows = 0;
  Held held;
};

// The hash of these columns of a row, as data::HashRows makes it.
uint64_t HashAt(const Chunk& chunk, size_t row, const std::vector<int>& columns);

using ChunkPtr = std::shared_ptr<const Chunk>;

}  // namespace millrace::tables
