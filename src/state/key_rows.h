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
#include "state/key_layout.h"
#include "state/state_buffer.h"

namespace millrace::state {

// Dense: ids count up from 0, and those of erased entries are given out again first.
using EntryId = uint32_t;
inline constexpr EntryId kNoEntry = 0xFFFFFFFFu;

class KeyRows {
 public:
  // Room for so many rows.
  KeyRows(std::shared_ptr<const KeyLayout> layout, size_t rows);

  // `is_null`: the entry of the null key of a one-column table.
  void Add(EntryId id, const std::byte* row, bool is_null);

  size_t size() const { return ids_.size(); }
  std::span<const EntryId> ids() const { return ids_; }
  // Payload first, as the layout says; aligned to 16.
  const std::byte* row(size_t i) const { return rows_.get() + i * layout_->row_bytes; }
  const std::byte* null_row() const { return null_row_; }
  const KeyLayout& layout() const { return *layout_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  void CopyStrings(std::byte* row);

  std::shared_ptr<const KeyLayout> layout_;
  std::unique_ptr<std::byte[], Free> rows_;
  std::vector<EntryId> ids_;
  const std::byte* null_row_ = nullptr;
  ByteArena strings_;
};

}  // namespace millrace::state
