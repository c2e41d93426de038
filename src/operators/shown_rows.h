// ShownRows: the result rows of a window that early firing has shown, so that they can be corrected.
//
// Aggregates' results are kept as the bytes of data::EncodeKey. Owned by one operator instance.
#pragma once

#include <string>
#include <vector>

#include "base/byte_arena.h"
#include "operators/window_output.h"
#include "state/key_table.h"
#include "state/table_records.h"

namespace millrace::operators {

class ShownRows {
 public:
  ShownRows(std::vector<data::DataType> key_types, bool is_durable);

  // Hands on how the rows differ from what is shown: `keys` and `results` have `alive.size()` rows; where
  // alive is 0 the group has no row (any more).
  Status Show(std::span<const data::MutableColumnPtr> keys, std::span<const data::MutableColumnPtr> results,
              std::span<const uint8_t> alive, int64_t window_start, int64_t window_end,
              bool emit_update_before, WindowOutput& output);

  // Checkpoints; `records` is for keys of the same types, `columns` are of the results' types.
  void Save(std::string_view space, state::TableRecords& records, state::StateWriter& writer);
  bool is_saved() const { return is_saved_; }
  Status Restore(const state::StateChunk& chunk, state::TableRecords& records,
                 std::span<const data::MutableColumnPtr> columns);

  size_t MemoryBytes() const { return table_.MemoryBytes() + bytes_.allocated_bytes(); }

 private:
  struct Row {
    const char* bytes;  // null: not shown
    size_t size;
  };

  state::KeyTable table_;  // payload: Row
  ByteArena bytes_;
  bool is_saved_ = false;
};

}  // namespace millrace::operators
