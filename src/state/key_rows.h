// KeyRows: copies of entries of a KeyTable, for a checkpoint that is written while the table changes.
//
// Payloads are copied as they lie: of use where they own no memory. Cost: the bytes of an entry, and of those
// of its key that lie elsewhere. Filled by the thread that runs the table, then read by one other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_arena.h"
#include "base/mutex.h"
#include "env/page_memory.h"
#include "state/key_layout.h"
#include "state/state_buffer.h"

namespace millrace::state {

// Dense: ids count up from 0, and those of erased entries are given out again first.
using EntryId = uint32_t;
inline constexpr EntryId kNoEntry = 0xFFFFFFFFu;

// The memory of one KeyRows, kept for the next: pages that are new to the process cost several times the
// copying, and more where a virtual machine has yet to find them. Held by the table and by its copies.
// Thread-safe.
class SpareRows {
 public:
  SpareRows() = default;
  ~SpareRows() { env::FreeZeroed(memory_, bytes_); }
  SpareRows(const SpareRows&) = delete;
  SpareRows& operator=(const SpareRows&) = delete;

  // At least `bytes` of whatever content, aligned to 64, on huge pages if large; how many goes to *taken.
  std::byte* Take(size_t bytes, size_t* taken) MR_EXCLUDES(mutex_);
  // Gives back what Take gave; a little is not kept.
  void Give(std::byte* memory, size_t bytes) MR_EXCLUDES(mutex_);
  // Keeps nothing, until something is given back again.
  void Drop() MR_EXCLUDES(mutex_);
  size_t bytes() const MR_EXCLUDES(mutex_);

 private:
  static constexpr size_t kKeptBytesMin = size_t{1} << 20;

  mutable Mutex mutex_;
  std::byte* memory_ MR_GUARDED_BY(mutex_) = nullptr;
  size_t bytes_ MR_GUARDED_BY(mutex_) = 0;
};

class KeyRows {
 public:
  // Room for so many rows.
  KeyRows(std::shared_ptr<const KeyLayout> layout, size_t rows, std::shared_ptr<SpareRows> spare);
  ~KeyRows() { spare_->Give(rows_, bytes_); }
  KeyRows(const KeyRows&) = delete;
  KeyRows& operator=(const KeyRows&) = delete;

  // `is_null`: the entry of the null key of a one-column table.
  void Add(EntryId id, const std::byte* row, bool is_null);

  size_t size() const { return ids_.size(); }
  std::span<const EntryId> ids() const { return ids_; }
  // Payload first, as the layout says; aligned to 16.
  const std::byte* row(size_t i) const { return rows_ + i * layout_->row_bytes; }
  const std::byte* null_row() const { return null_row_; }
  const KeyLayout& layout() const { return *layout_; }

 private:
  void CopyStrings(std::byte* row);

  std::shared_ptr<const KeyLayout> layout_;
  std::shared_ptr<SpareRows> spare_;
  size_t bytes_ = 0;
  std::byte* rows_;
  std::vector<EntryId> ids_;
  const std::byte* null_row_ = nullptr;
  ByteArena strings_;
};

}  // namespace millrace::state
