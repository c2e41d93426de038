// RankedRows: the rows of many partitions in the order of their ranks: the state of Top-N.
//
// Of an insert-only input only the first `limit` rows of each partition are kept; of a retracting one all.
// Rows are stored as bytes (data::EncodeKey). Saved, each row is a record of its own: what a checkpoint
// writes follows the rows that came and went, whatever the size of their partition. Owned by one operator
// instance; not thread-safe.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/byte_arena.h"
#include "data/batch.h"
#include "operators/sort_bytes.h"
#include "state/key_table.h"
#include "state/table_records.h"

namespace millrace::operators {

// A stored row; its bytes follow it in memory.
struct RankedRow {
  int64_t sequence;  // of rows equal in order the smaller comes first
  uint32_t sort_size;
  uint32_t row_size;
  RankedRow* next_alike;  // of a retracting input: a later row of the same partition and content
  state::EntryId partition;
  uint32_t mark : 1;      // for whoever compares lists of rows
  uint32_t unsaved : 31;  // its place among the rows that are not saved yet, or kSaved

  static constexpr uint32_t kSaved = 0x7FFFFFFF;

  std::string_view sort() const { return {reinterpret_cast<const char*>(this + 1), sort_size}; }
  std::string_view row() const { return {reinterpret_cast<const char*>(this + 1) + sort_size, row_size}; }
  size_t bytes() const { return sizeof(RankedRow) + sort_size + row_size; }
};

struct RankedRowLess {
  bool operator()(const RankedRow* a, const RankedRow* b) const {
    const int order = a->sort().compare(b->sort());
    return order != 0 ? order < 0 : a->sequence < b->sequence;
  }
};

struct RankedRowsOptions {
  std::vector<data::DataType> partition_types;
  bool retracts = false;
  int64_t limit = 0;
  bool track_access = false;
  bool is_durable = false;  // Save will be called
  // Whether partitions are saved by themselves besides their rows: for their time of access, or their order.
  bool saves_partitions = false;
};

class RankedRows {
 public:
  explicit RankedRows(RankedRowsOptions options);
  ~RankedRows();
  RankedRows(const RankedRows&) = delete;
  RankedRows& operator=(const RankedRows&) = delete;

  // The partition of each row of the batch, made where there is none. `sequence`: of the first row, for
  // InOrder.
  void FindPartitions(const data::Batch& batch, std::span<const int> keys, int64_t sequence,
                      std::vector<state::EntryId>* ids);
  // All partitions, by their first row.
  std::vector<state::EntryId> InOrder() const;

  // Whether a row with this sort bytes and sequence could be among the partition's first `limit`. Cheap.
  bool IsWanted(state::EntryId partition, std::string_view sort, int64_t sequence) const;
  // Adds a row. Whether the first `limit` rows change.
  bool Insert(state::EntryId partition, std::string_view sort, std::string_view row, int64_t sequence);
  // Takes away the first arrived row of this content, if there is one (retracting only). Whether the first
  // `limit` rows change.
  bool Remove(state::EntryId partition, std::string_view row);
  // The first `limit` rows in order. The rows stay valid until FreeRemoved, the list until the next change.
  std::span<RankedRow* const> Top(state::EntryId partition);
  // The same as it was at the last call of Top, for a retracting input; of an insert-only one as it is now.
  // Rows that are no longer part of it stay valid until FreeRemoved.
  std::span<RankedRow* const> LastTop(state::EntryId partition) const {
    return EntryOf(partition).partition->top;
  }
  // Frees the rows that were removed or pushed out.
  void FreeRemoved();

  // Forgets a partition and its rows.
  void Erase(state::EntryId partition);
  bool IsEmpty(state::EntryId partition) const;

  // --- Checkpoints: the spaces are of partitions and of rows; `records` is for keys of the partition's types
  // ---

  void Save(std::string_view partition_space, std::string_view row_space, state::TableRecords& records,
            state::StateWriter& writer);
  // Whether anything was saved or read back.
  bool is_saved() const { return is_saved_; }
  Status RestorePartitions(const state::StateChunk& chunk, state::TableRecords& records);
  // `columns`: of the types of rows, to see whether they are such.
  Status RestoreRows(const state::StateChunk& chunk, state::TableRecords& records,
                     std::span<const data::MutableColumnPtr> columns);
  // Behind the last chunk.
  Status FinishRestore();

  state::KeyTable& partitions() { return table_; }
  const state::KeyTable& partitions() const { return table_; }
  size_t rows() const { return rows_; }
  size_t MemoryBytes() const;

 private:
  struct Partition {
    std::vector<RankedRow*> top;              // the first `limit`, unless stale
    std::set<RankedRow*, RankedRowLess> all;  // retracting only
    bool is_stale = false;
  };
  // The payload of a partition.
  struct Entry {
    Partition* partition;
    // Insert-only, with `limit` rows: of the last of them.
    int64_t last_sequence;
    SortPrefix last_prefix;
    int64_t first;  // number of the row that made the partition
  };
  struct Alike {
    RankedRow* first = nullptr;
    RankedRow* last = nullptr;
  };

  Entry& EntryOf(state::EntryId id) { return *reinterpret_cast<Entry*>(table_.payload(id)); }
  const Entry& EntryOf(state::EntryId id) const {
    return *reinterpret_cast<const Entry*>(table_.payload(id));
  }
  void InitPartition(state::EntryId id, int64_t first);
  void NoteLast(Entry& entry) const;
  void NoteRemoved(const RankedRow& row);
  void SaveRemoved(std::string_view space, state::TableRecords& records, state::StateWriter& writer);
  void SaveAdded(std::string_view space, state::TableRecords& records, state::StateWriter& writer);
  RankedRow* NewRow(state::EntryId partition, std::string_view sort, std::string_view row, int64_t sequence);
  void FreeRow(RankedRow* row);
  void Index(RankedRow* row);
  RankedRow* TakeFromIndex(state::EntryId partition, std::string_view row);
  void TakeFromIndex(const RankedRow* row);

  state::KeyTable table_;
  bool retracts_;
  size_t limit_;
  ByteArena arena_;
  // Rows by hash of partition and content, retracting only.
  boost::unordered_flat_map<uint64_t, Alike> index_;
  std::vector<RankedRow*> removed_;
  size_t rows_ = 0;
  bool is_durable_;
  bool saves_partitions_;
  bool is_saved_ = false;
  bool is_restored_ = false;
  // Since the last Save: rows that came (null: gone again), and the saved ones that went, as their
  // partition's key and their number.
  std::vector<RankedRow*> added_;
  std::vector<data::MutableColumnPtr> gone_keys_;
  std::vector<int64_t> gone_sequences_;
  std::vector<data::ColumnPtr> keys_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> inserted_;
};

}  // namespace millrace::operators
