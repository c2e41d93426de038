// PartTracking: what a TablePart that takes part in checkpoints notes between them.
//
// Owned by the part, used by its writer.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "tables/row_changes.h"

namespace millrace::tables {

enum class TableMode : uint8_t;

// A record of a kAppend part whose rows any part may have. Such records cover the part's saved rows, in
// order.
struct SavedBatch {
  uint64_t place;   // of the part that wrote it first
  uint64_t number;  // among those of that part
  size_t rows;
};

// The space of a part's records: that of the table, or of the part's place when any part may have any row.
std::string SavedSpace(char letter, bool is_spread, uint64_t place);

struct PartTracking {
  PartTracking(TableMode mode, std::vector<int> spread_columns, std::vector<data::DataType> key_types);

  std::string SpaceAt(uint64_t at) const { return SavedSpace(letter, !spread.empty(), at); }
  std::string Space() const { return SpaceAt(*place); }
  // The place in the name of a space; zero when rows are spread by columns. An error if it is not of this
  // table.
  Result<uint64_t> PlaceIn(std::string_view space) const;
  // Of an append part with so many rows now, without spread columns. The last records, as far as they have no
  // more rows than what is to be written behind them, become one with it, so that a table that grows by a row
  // a checkpoint has few records; a row is written again at most once for each doubling. Gives the record
  // that is to be put anew, if there is one.
  std::optional<SavedBatch> TakeSmallBatches(size_t rows);
  // The oldest rows of an append part are gone.
  void NoteGone(size_t rows_gone);
  size_t MemoryBytes() const;

  char letter;                    // of the mode and of how rows are spread
  std::vector<int> spread;        // columns by whose hash rows find their part; none: any part, any row
  std::optional<uint64_t> place;  // where the shard of the part begins, once a checkpoint has told

  // Keyed parts and multisets.
  RowChanges changes;
  std::vector<std::string> moved_spaces;  // of other parts, whose rows have come to this one

  // Append parts.
  size_t saved_rows = 0;
  uint64_t next_number = 0;
  std::deque<SavedBatch> batches;  // without spread columns
  std::vector<SavedBatch> gone_batches;
  bool is_first_batch_cut = false;  // it has lost rows since it was saved
};

// The error of records that no part of the table can have saved.
std::unexpected<Error> BadRows(std::string_view what);

}  // namespace millrace::tables
