// Snapshots: what readers see of tables.
//
// A SnapshotSet holds one snapshot of every table, all as of the same epoch. Immutable; any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tables/chunk.h"
#include "tables/row_index.h"

namespace millrace::tables {

// One part (shard) of a table at an epoch.
struct PartSnapshot {
  std::vector<ChunkPtr> chunks;
  size_t rows = 0;
  std::shared_ptr<const RowIndex> index;  // primary-key tables only
};
using PartSnapshotPtr = std::shared_ptr<const PartSnapshot>;

struct Snapshot {
  data::SchemaPtr schema;
  std::vector<int> key;  // columns of the primary key; empty: none
  std::vector<PartSnapshotPtr> parts;

  size_t rows() const;
  // All chunks of all parts.
  std::vector<ChunkPtr> Chunks() const;
  // The row with this primary key (one value a key column, in the order of `key`, types as the schema), as a
  // batch of one row; nullopt: no such row. Only for tables with a key.
  std::optional<data::Batch> Find(const std::vector<data::ColumnPtr>& key_values) const;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

struct SnapshotSet {
  int64_t epoch = 0;
  int64_t version = 0;                        // grows with each set published, also within an epoch
  std::map<std::string, SnapshotPtr> tables;  // by "schema.name"
};
using SnapshotSetPtr = std::shared_ptr<const SnapshotSet>;

}  // namespace millrace::tables
