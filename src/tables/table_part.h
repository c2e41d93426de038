// TablePart: the rows that one shard keeps of a table, and their changes.
//
// One writer thread calls Apply, TakeSnapshot and Save; snapshots may be read by any thread. Cost: a hash and
// a probe a row for keyed parts and multisets; a published chunk is copied once an epoch when it changes.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "state/state_reader.h"
#include "state/state_writer.h"
#include "tables/applied_changes.h"
#include "tables/snapshot.h"

namespace millrace::tables {

struct PartTracking;

// How changes are applied.
enum class TableMode : uint8_t {
  kAppend,    // only +I arrive; rows keep their order
  kKeyed,     // at most one row a key: +I and +U replace it, -U and -D take it away
  kMultiset,  // no key: -U and -D take one identical row away
};

class TablePart {
 public:
  // `key`: columns of the primary key (kKeyed only).
  TablePart(data::SchemaPtr schema, TableMode mode, std::vector<int> key);
  ~TablePart();
  TablePart(const TablePart&) = delete;
  TablePart& operator=(const TablePart&) = delete;

  // Where chunks are counted that only snapshots have; before the first of them.
  void SetMemory(HeldMemoryPtr memory);

  // Applies the changes in order. For a keyed part a -U or -D that does not equal the row now kept under its
  // key is void: the row it meant has been replaced already. In kMultiset one without an equal row is void.
  // `changes` (may be null) is told what had an effect.
  void Apply(const data::Batch& batch, AppliedChanges* changes = nullptr);

  // For streams whose deletions carry only the key: they take the row away whatever it holds.
  void set_deletes_by_key(bool by_key) { deletes_by_key_ = by_key; }

  // The rows now, sharing all chunks with this part; the same object when nothing changed.
  PartSnapshotPtr TakeSnapshot();

  // Takes whole chunks, oldest first, out of a kAppend part until at most so many rows and bytes are left
  // (one chunk stays); how many rows went. A chunk that has come to an eighth of the bytes is closed, so that
  // chunks of long rows go one by one.
  size_t KeepYoungest(size_t rows_max, size_t bytes_max);

  // --- Checkpoints: docs/formats/table_rows.md. ---

  // Has the part note what Save must write; before the first row. `spread_columns`: the columns by whose hash
  // (data::HashRows, in this order) rows find their part, the same whatever the number of parts, and some of
  // the key of a keyed part; none: any part may have any row. Parts with them do not KeepYoungest.
  void TrackChanges(std::vector<int> spread_columns);
  // Writes what has changed since the last Save or Restore; the first one writes everything. Behind it
  // nothing counts as changed.
  void Save(state::StateWriter& writer);
  // Takes up what the parts of this table have saved, on whatever number of parts; behind TrackChanges,
  // before the first row. Rows of a kAppend part are in the order in which they were, those of several parts
  // side by side. kDataCorrupted for what no part can have saved; the part is of no use then.
  Status Restore(state::StateReader& reader);

  size_t rows() const { return rows_; }
  size_t MemoryBytes() const;
  // Bytes copied since the last call because a snapshot shared them.
  size_t TakeCopiedBytes();

 private:
  void ApplyAppend(const data::Batch& batch, AppliedChanges* changes);
  void ApplyMultiset(const data::Batch& batch, AppliedChanges* changes);
  void ApplyKeyed(const data::Batch& batch, AppliedChanges* changes);
  Chunk& MutableChunk(size_t i);
  // The last chunk, which has room; a new one if it has not.
  Chunk& OpenChunk();
  // The chunk is replaced, or goes.
  void Replace(size_t i);
  uint32_t FindRow(const data::Batch& batch, size_t row, uint64_t hash) const;
  bool IsSameKey(uint32_t position, const data::Batch& batch, size_t row) const;
  // Before row `row` of a batch with these hashes is looked up: fetches what those behind it will need.
  void FetchAhead(std::span<const uint64_t> hashes, size_t row) const;
  bool RowEquals(uint32_t position, const data::Batch& batch, size_t row) const;
  uint64_t HashAt(uint32_t position) const;
  void AppendRow(const data::Batch& batch, size_t row);
  void RemoveRow(uint32_t position, uint64_t hash);

  // Checkpoints of keyed parts and multisets, which have an index, and of append parts.
  class IndexedRestore;
  class AppendRestore;
  void SaveIndexed(state::StateWriter& writer);
  Status RestoreIndexed(state::StateReader& reader);
  void SaveAppended(state::StateWriter& writer);
  Status RestoreAppended(state::StateReader& reader);

  data::SchemaPtr schema_;
  TableMode mode_;
  std::vector<int> key_;  // for a multiset: every column
  // Of a key of one column of whole numbers of 4 or 8 bytes: their size; otherwise 0.
  size_t key_word_bytes_ = 0;
  bool deletes_by_key_ = false;
  std::vector<std::shared_ptr<Chunk>> chunks_;
  std::vector<bool> shared_;  // chunk i is in a snapshot
  size_t rows_ = 0;
  RowIndex index_;
  bool close_last_chunk_ = false;
  size_t copied_bytes_ = 0;
  PartSnapshotPtr snapshot_;
  bool changed_ = true;
  HeldMemoryPtr memory_;
  std::unique_ptr<PartTracking> tracking_;  // null: changes are not tracked
};

}  // namespace millrace::tables
