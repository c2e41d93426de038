#include "tables/part_tracking.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_coding.h"
#include "base/check.h"
#include "base/limits.h"
#include "tables/table_part.h"

namespace millrace::tables {
namespace {

char LetterOf(TableMode mode, bool is_spread) {
  switch (mode) {
    case TableMode::kAppend:
      return is_spread ? 'b' : 'a';
    case TableMode::kKeyed:
      return 'k';
    case TableMode::kMultiset:
      return 'm';
  }
  MR_UNREACHABLE();
}

}  // namespace

PartTracking::PartTracking(TableMode mode, std::vector<int> spread_columns,
                           std::vector<data::DataType> key_types)
    : letter(LetterOf(mode, !spread_columns.empty())),
      spread(std::move(spread_columns)),
      changes(std::move(key_types)) {}

std::string SavedSpace(char letter, bool is_spread, uint64_t place) {
  std::string space(1, letter);
  if (!is_spread) AppendFixed(place, &space);
  return space;
}

Result<uint64_t> PartTracking::PlaceIn(std::string_view space) const {
  ByteReader reader(space);
  const char found = reader.Fixed<char>();
  const uint64_t at = spread.empty() ? reader.Fixed<uint64_t>() : 0;
  if (!reader.ok() || !reader.AtEnd() || found != letter) {
    return BadRows("they are those of a table of another kind, or of one whose rows are spread otherwise");
  }
  return at;
}

std::optional<SavedBatch> PartTracking::TakeSmallBatches(size_t rows) {
  std::optional<SavedBatch> first;
  while (!batches.empty()) {
    const size_t unsaved = rows - saved_rows;
    if (batches.back().rows > unsaved || batches.back().rows + unsaved > limits::kBatchRows) break;
    if (first.has_value()) gone_batches.push_back(*first);
    first = batches.back();
    batches.pop_back();
    saved_rows -= first->rows;
    if (batches.empty()) is_first_batch_cut = false;
  }
  return first;
}

void PartTracking::NoteGone(size_t rows_gone) {
  MR_CHECK(spread.empty());
  size_t left = std::min(rows_gone, saved_rows);
  saved_rows -= left;
  while (left > 0) {
    SavedBatch& first = batches.front();
    if (left < first.rows) {
      first.rows -= left;
      is_first_batch_cut = true;
      return;
    }
    left -= first.rows;
    gone_batches.push_back(first);
    batches.pop_front();
    is_first_batch_cut = false;
  }
}

size_t PartTracking::MemoryBytes() const {
  return sizeof(PartTracking) + changes.MemoryBytes() +
         (batches.size() + gone_batches.capacity()) * sizeof(SavedBatch);
}

std::unexpected<Error> BadRows(std::string_view what) {
  return Fail(ErrorCode::kDataCorrupted, fmt::format("the saved rows are not the table's: {}", what));
}

}  // namespace millrace::tables
