#include "tables/chunk.h"

namespace millrace::tables {

Chunk::Chunk(const data::Schema& schema) {
  for (const data::Field& field : schema) columns.push_back(data::Column::Make(field.type, 0));
}

Chunk::Chunk(const Chunk& other) : rows(other.rows) {
  for (const auto& column : other.columns) {
    columns.push_back(std::const_pointer_cast<data::Column>(data::DeepCopy(*column)));
  }
}

void Chunk::AppendRow(const data::Batch& batch, size_t row) {
  for (size_t i = 0; i < columns.size(); ++i) columns[i]->AppendRow(*batch.columns[i], row);
  ++rows;
}

void Chunk::AssignRow(size_t row, const data::Batch& batch, size_t batch_row) {
  for (size_t i = 0; i < columns.size(); ++i) columns[i]->AssignRow(row, *batch.columns[i], batch_row);
}

void Chunk::AssignRow(size_t row, const Chunk& other, size_t other_row) {
  for (size_t i = 0; i < columns.size(); ++i) columns[i]->AssignRow(row, *other.columns[i], other_row);
}

void Chunk::RemoveLast() {
  --rows;
  for (auto& column : columns) column->Resize(rows);
}

size_t Chunk::MemoryBytes() const {
  size_t bytes = sizeof(Chunk);
  for (const auto& column : columns) bytes += column->MemoryBytes();
  return bytes;
}

uint64_t HashAt(const Chunk& chunk, size_t row, const std::vector<int>& columns) {
  uint64_t hash = 0;
  bool combine = false;
  for (const int column : columns) {
    hash = data::HashRow(*chunk.columns[static_cast<size_t>(column)], row, combine ? &hash : nullptr);
    combine = true;
  }
  return hash;
}

}  // namespace millrace::tables
