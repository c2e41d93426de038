// KeyTable: keyed state of an operator. A hash table from a key of typed columns to an entry with a dense
// id and a fixed number of payload bytes, used a batch at a time.
//
// Layout. Slots of 8 bytes (32 hash bits and an entry id) are probed linearly; their order is that of
// the hash bits, so growth is one sequential pass that reads no key. Entries lie in row pages that never
// move (key_layout.h). Bytes of strings longer than 12 lie in an arena that takes erased ones back.
//
// A batch goes through in passes (slots prefetched, candidates prefetched, keys compared), so that the
// cache misses of many rows overlap.
//
// Nulls are ordinary key values (identical to each other), as are NaNs; -0.0 is the key 0.0. A table with
// no key columns has at most one entry, that of every row (global aggregates).
//
// With `track_changes` the table knows what a checkpoint must write: entries that are new or were touched
// since the last one, and the keys of erased ones that were written before. One bit an entry each for changed
// and written; nothing when off.
//
// Owned by one operator instance on one shard; not thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_arena.h"
#include "base/check.h"
#include "data/column.h"
#include "data/type.h"
#include "state/key_rows.h"

namespace millrace::state {

struct KeyTableOptions {
  std::vector<data::DataType> key_types;
  size_t payload_bytes = 0;
  bool track_access = false;   // keep a time of last access for each entry (state TTL): 8 bytes more
  bool track_changes = false;  // for checkpoints
  // Of a row page, the least that a table with entries takes; smaller where there are many small tables.
  size_t page_bytes = size_t{64} << 10;
};

class KeyTable {
 public:
  explicit KeyTable(KeyTableOptions options);
  ~KeyTable();
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

  // The entry of each of the `rows` first rows of the key columns, made where there is none: out[i] is
  // that of row i. `hashes`: one a row, equal for identical keys (data::HashRows). `inserted_rows`, when
  // not null, gets the numbers of those rows that made a new entry, ascending: the caller initialises
  // their payloads, which are all zero bytes. Key columns may be constant. Any number of rows.
  void FindOrInsert(std::span<const data::ColumnPtr> keys, std::span<const uint64_t> hashes, size_t rows,
                    EntryId* out, std::vector<uint32_t>* inserted_rows);
  // Same without making any: kNoEntry where there is none.
  void Find(std::span<const data::ColumnPtr> keys, std::span<const uint64_t> hashes, size_t rows,
            EntryId* out) const;

  // Takes a live entry out; its id may be given to the next new one. The caller has destroyed its payload.
  void Erase(EntryId id);
  // Takes all entries out and gives the memory back.
  void Clear();

  // Valid until the entry is erased; 16-byte aligned.
  std::byte* payload(EntryId id) { return RowOf(id); }
  const std::byte* payload(EntryId id) const { return RowOf(id); }
  // out[i] = payload(ids[i]) + offset.
  void Payloads(std::span<const EntryId> ids, size_t offset, std::byte** out) const;

  // Appends the key of each entry to the columns (one a key column, of its type).
  void AppendKeys(std::span<const EntryId> ids, std::span<const data::MutableColumnPtr> columns) const;
  void AppendKey(EntryId id, std::span<const data::MutableColumnPtr> columns) const {
    AppendKeys({&id, 1}, columns);
  }

  // Calls f(EntryId) for each live entry in ascending order of ids. f may erase the entry it is given, and
  // no other; it must not insert.
  template <typename F>
  void ForEach(F&& f) const {
    for (size_t word = 0; word < live_.size(); ++word) {
      for (uint64_t bits = live_[word]; bits != 0; bits &= bits - 1) {
        f(static_cast<EntryId>(word * 64 + static_cast<size_t>(std::countr_zero(bits))));
      }
    }
  }
  bool IsLive(EntryId id) const { return id < next_id_ && ((live_[id >> 6] >> (id & 63)) & 1) != 0; }

  // The time of last access, with options.track_access only: the caller's clock, zero for a new entry.
  int64_t last_access(EntryId id) const { return *AccessOf(id); }
  void SetLastAccess(EntryId id, int64_t micros) { *AccessOf(id) = micros; }
  void SetLastAccess(std::span<const EntryId> ids, int64_t micros) {
    for (EntryId id : ids) *AccessOf(id) = micros;
  }

  // --- Changes, with options.track_changes; without, the first two do nothing ---

  // Says that these entries are about to change: to be called before that. New entries count as changed.
  void Touch(std::span<const EntryId> ids) {
    if (!options_.track_changes) return;
    for (const EntryId id : ids) changed_[id >> 6] |= uint64_t{1} << (id & 63);
  }
  void Touch(EntryId id) { Touch({&id, 1}); }
  bool IsChanged(EntryId id) const { return ((changed_[id >> 6] >> (id & 63)) & 1) != 0; }
  // Calls f(ids) for pieces of at most `piece` of the entries that changed since the last call, in ascending
  // order. From then on they count as written. f may change nothing in the table.
  template <typename F>
  void TakeChanged(size_t piece, F&& f);
  // Copies of the entries that changed since the last call of this or TakeChanged, in ascending order of ids.
  // From then on they count as written. Null if there are none.
  std::unique_ptr<KeyRows> CopyChanged();
  // The keys of entries that were written and have been erased since, as columns of their types; forgotten
  // here.
  struct Erased {
    std::vector<data::ColumnPtr> keys;
    size_t rows = 0;
  };
  Erased TakeErased();
  // Says that these entries are just as they were written (they were read back).
  void MarkWritten(std::span<const EntryId> ids) {
    if (!options_.track_changes) return;
    for (const EntryId id : ids) {
      changed_[id >> 6] &= ~(uint64_t{1} << (id & 63));
      written_[id >> 6] |= uint64_t{1} << (id & 63);
    }
  }

  // Live entries.
  size_t size() const { return size_; }
  // One past the highest id ever given: ids index arrays of this length.
  size_t id_limit() const { return next_id_; }
  // Slots, pages and key bytes; not what payloads hold elsewhere.
  size_t MemoryBytes() const;
  // For tests: of slots side by side that are in use, the most; as many may have to be probed.
  size_t LongestRun() const;

  const KeyTableOptions& options() const { return options_; }
  const KeyLayout& layout() const { return *layout_; }
  // The entry of the null key of a one-column table, as it lies; null if there is none.
  const std::byte* null_row() const { return null_entry_ == kNoEntry ? nullptr : RowOf(null_entry_); }

 private:
  // The keys of a chunk of a batch as words, and what the passes note of each row.
  struct Scratch;

  std::byte* RowOf(EntryId id) const { return pages_[id >> page_shift_] + (id & page_mask_) * row_bytes_; }
  uint64_t* KeyOf(EntryId id) const { return reinterpret_cast<uint64_t*>(RowOf(id) + key_offset_); }
  int64_t* AccessOf(EntryId id) const {
    MR_DCHECK(options_.track_access);
    return reinterpret_cast<int64_t*>(RowOf(id) + layout_->access_offset);
  }

  const uint64_t* MakeWords(std::span<const data::ColumnPtr> keys, size_t offset, size_t rows,
                            Scratch* scratch) const;
  template <KeyMode mode>
  bool SameKey(const uint64_t* words, EntryId id) const;
  template <KeyMode mode>
  EntryId Probe(const uint64_t* words, uint32_t tag, size_t* position) const;
  template <KeyMode mode, bool insert>
  void FindChunk(const uint64_t* words, const uint64_t* hashes, size_t rows, Scratch* scratch, EntryId* out,
                 size_t offset, std::vector<uint32_t>* inserted_rows);
  template <bool insert>
  void FindRows(std::span<const data::ColumnPtr> keys, std::span<const uint64_t> hashes, size_t rows,
                EntryId* out, std::vector<uint32_t>* inserted_rows);
  EntryId NewEntry(uint32_t tag, const uint64_t* words);
  void FreeKeyBytes(EntryId id);
  void GrowSlots(size_t slots);
  void AddPage();
  size_t page_bytes() const { return row_bytes_ << page_shift_; }

  KeyTableOptions options_;
  std::shared_ptr<const KeyLayout> layout_;
  // Of the layout, for the hot paths.
  const KeyMode mode_;
  const size_t key_words_;
  const bool has_strings_;
  const size_t key_offset_;
  const size_t row_bytes_;

  uint32_t page_shift_ = 0;
  uint32_t page_mask_ = 0;

  uint64_t* slots_ = nullptr;  // tag << 32 | id + 1; 0 is free
  size_t slot_count_ = 0;      // a power of two
  uint32_t slot_shift_ = 32;   // position = tag >> slot_shift_
  size_t slots_used_ = 0;
  struct Block {
    std::byte* memory;
    size_t bytes;
  };
  std::vector<std::byte*> pages_;
  std::vector<Block> blocks_;  // each holds one page at first, later several; the last has room_ for more
  std::vector<Block> spare_;   // slots of before the table grew: blocks to come, not zeroed
  size_t block_bytes_ = 0;     // of both
  size_t room_ = 0;
  bool zero_pages_ = false;        // the last block was a spare one
  std::vector<uint32_t> tags_;     // of each id, for Erase
  std::vector<uint64_t> live_;     // a bit an id
  std::vector<uint64_t> changed_;  // a bit an id, with track_changes
  std::vector<uint64_t> written_;
  std::vector<data::MutableColumnPtr> erased_keys_;
  size_t erased_ = 0;
  std::shared_ptr<SpareRows> spare_rows_;  // with track_changes
  std::vector<EntryId> free_ids_;
  EntryId next_id_ = 0;
  size_t size_ = 0;
  EntryId null_entry_ = kNoEntry;  // of the null key of a one-column table, and of the empty key
  ByteArena key_bytes_;
  std::unique_ptr<Scratch> scratch_;
};

template <typename F>
void KeyTable::TakeChanged(size_t piece, F&& f) {
  std::vector<EntryId> ids;
  ids.reserve(piece);
  for (size_t word = 0; word < changed_.size(); ++word) {
    for (uint64_t bits = changed_[word]; bits != 0; bits &= bits - 1) {
      ids.push_back(static_cast<EntryId>(word * 64 + static_cast<size_t>(std::countr_zero(bits))));
      if (ids.size() < piece) continue;
      f(std::span<const EntryId>(ids));
      ids.clear();
    }
    written_[word] |= changed_[word];
    changed_[word] = 0;
  }
  if (!ids.empty()) f(std::span<const EntryId>(ids));
}

}  // namespace millrace::state
