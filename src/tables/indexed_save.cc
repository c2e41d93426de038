// Saving keyed parts and multisets: a record a key, or a record a distinct row with its count.
#include <algorithm>
#include <cstring>
#include <ranges>
#include <tuple>

#include "base/byte_coding.h"
#include "state/table_records.h"
#include "tables/part_tracking.h"
#include "tables/saved_columns.h"
#include "tables/shard_places.h"
#include "tables/table_part.h"

namespace millrace::tables {

using data::Column;
using data::ColumnPtr;
using data::MutableColumnPtr;

class TablePart::IndexedSave {
 public:
  IndexedSave(TablePart& part, state::StateWriter& writer)
      : part_(part),
        tracking_(*part.tracking_),
        writer_(writer),
        columns_(*part.schema_, part.key_, part.tracking_->spread),
        records_(columns_.key_types, columns_.spread_places),
        space_(part.tracking_->Space()),
        own_hash_(HashAtPlace(*part.tracking_->place)) {}

  void Run();

 private:
  using Gone = RowChanges::Gone;
  // Identical rows of a multiset.
  struct Group {
    uint32_t position = RowIndex::kNoRow;  // of one that is there
    uint64_t count = 0;                    // of those that are there,
    uint64_t added = 0;                    // of which so many are not saved
    uint64_t removed = 0;                  // saved ones that are gone
  };

  void SaveKeyed(const std::vector<Gone>& gone);
  void SaveMultiset(const std::vector<Gone>& gone);
  std::vector<Group> RemoveGroups(const std::vector<Gone>& gone);
  template <typename F>
  void CountWhere(uint64_t hash, F&& is_same, Group* group);
  bool IsAt(uint32_t position, const Gone& gone, size_t row) const;
  bool AreIdentical(uint32_t a, uint32_t b) const;

  void Remove(const Gone& gone, std::span<const uint32_t> rows);
  void Put(uint32_t position, uint64_t count);
  void Flush();
  std::vector<ColumnPtr> Columns(std::span<const int> columns) const;
  uint64_t HashOf(size_t record) const {
    return tracking_.spread.empty() ? own_hash_ : records_.hashes()[record];
  }

  TablePart& part_;
  PartTracking& tracking_;
  state::StateWriter& writer_;
  const SavedColumns columns_;
  state::TableRecords records_;
  state::SavedKeys values_;
  const std::string space_;
  const uint64_t own_hash_;
  // Records that have not been written yet.
  std::vector<uint32_t> positions_;
  std::vector<uint64_t> counts_;
};

void TablePart::IndexedSave::Run() {
  // The rows that other parts have saved under their own places are this part's now.
  for (const std::string& space : tracking_.moved_spaces) writer_.DropSpace(space);
  tracking_.moved_spaces.clear();
  const std::vector<Gone> gone = tracking_.changes.TakeGone();
  part_.mode_ == TableMode::kKeyed ? SaveKeyed(gone) : SaveMultiset(gone);
  Flush();
}

void TablePart::IndexedSave::SaveKeyed(const std::vector<Gone>& gone) {
  std::vector<uint32_t> rows;
  for (const Gone& keys : gone) {
    rows.clear();
    for (size_t i = 0; i < keys.hashes.size(); ++i) {
      // A key that is there again counts as changed.
      const uint32_t found =
          part_.index_.Find(keys.hashes[i], [&](uint32_t position) { return IsAt(position, keys, i); });
      if (found == RowIndex::kNoRow) rows.push_back(static_cast<uint32_t>(i));
    }
    Remove(keys, rows);
  }
  tracking_.changes.TakeChanged([this](uint32_t position) { Put(position, 0); });
}

void TablePart::IndexedSave::SaveMultiset(const std::vector<Gone>& gone) {
  for (const Group& group : RemoveGroups(gone)) Put(group.position, group.count);
  tracking_.changes.TakeChanged([this](uint32_t position) {
    Group group{.position = position, .count = 1, .added = 1};
    CountWhere(
        part_.HashAt(position),
        [&](uint32_t other) { return other != position && AreIdentical(other, position); }, &group);
    Put(position, group.count);
  });
}

// Removes those of which no row is left, and gives the others that have changed.
std::vector<TablePart::IndexedSave::Group> TablePart::IndexedSave::RemoveGroups(
    const std::vector<Gone>& gone) {
  struct Place {
    uint64_t hash;
    uint32_t block;
    uint32_t row;
  };
  std::vector<Place> places;
  for (size_t block = 0; block < gone.size(); ++block) {
    for (size_t row = 0; row < gone[block].hashes.size(); ++row) {
      places.push_back({gone[block].hashes[row], static_cast<uint32_t>(block), static_cast<uint32_t>(row)});
    }
  }
  std::ranges::sort(places, {},
                    [](const Place& place) { return std::tie(place.hash, place.block, place.row); });
  const auto is_same = [&](const Place& a, const Place& b) {
    return std::ranges::all_of(std::views::iota(size_t{0}, part_.key_.size()), [&](size_t i) {
      return data::RowsIdentical(*gone[a.block].keys[i], a.row, *gone[b.block].keys[i], b.row);
    });
  };
  std::vector<Group> changed;
  std::vector<std::vector<uint32_t>> removed(gone.size());
  for (auto begin = places.begin(); begin != places.end();) {
    // Rows of one hash are nearly always one group.
    auto end =
        std::find_if(begin, places.end(), [&](const Place& place) { return place.hash != begin->hash; });
    const Place first = *begin;
    const auto others = std::partition(begin, end, [&](const Place& place) { return is_same(first, place); });
    Group group{.removed = static_cast<uint64_t>(others - begin)};
    CountWhere(
        first.hash, [&](uint32_t position) { return IsAt(position, gone[first.block], first.row); }, &group);
    if (group.count == 0) {
      removed[first.block].push_back(first.row);
    } else if (group.added != group.removed) {
      changed.push_back(group);
    }
    begin = others;
  }
  for (size_t block = 0; block < gone.size(); ++block) Remove(gone[block], removed[block]);
  return changed;
}

// Adds the rows for which is_same(position) holds; they count as saved then.
template <typename F>
void TablePart::IndexedSave::CountWhere(uint64_t hash, F&& is_same, Group* group) {
  part_.index_.ForEachOf(hash, [&](uint32_t position) {
    if (!is_same(position)) return;
    group->position = position;
    ++group->count;
    if (!tracking_.changes.IsNew(position)) return;
    ++group->added;
    tracking_.changes.MarkSaved(position);
  });
}

bool TablePart::IndexedSave::IsAt(uint32_t position, const Gone& gone, size_t row) const {
  const Chunk& chunk = *part_.chunks_[position / limits::kBatchRows];
  for (size_t i = 0; i < part_.key_.size(); ++i) {
    if (!data::RowsIdentical(*chunk.columns[static_cast<size_t>(part_.key_[i])],
                             position % limits::kBatchRows, *gone.keys[i], row)) {
      return false;
    }
  }
  return true;
}

bool TablePart::IndexedSave::AreIdentical(uint32_t a, uint32_t b) const {
  const Chunk& chunk_a = *part_.chunks_[a / limits::kBatchRows];
  const Chunk& chunk_b = *part_.chunks_[b / limits::kBatchRows];
  for (size_t i = 0; i < chunk_a.columns.size(); ++i) {
    if (!data::RowsIdentical(*chunk_a.columns[i], a % limits::kBatchRows, *chunk_b.columns[i],
                             b % limits::kBatchRows)) {
      return false;
    }
  }
  return true;
}

void TablePart::IndexedSave::Remove(const Gone& gone, std::span<const uint32_t> rows) {
  if (rows.empty()) return;
  std::vector<ColumnPtr> keys;
  for (const MutableColumnPtr& column : gone.keys) keys.push_back(data::Gather(column, rows));
  records_.Describe(WithoutVariants(keys), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) writer_.Remove(space_, HashOf(i), records_.keys()[i]);
}

void TablePart::IndexedSave::Put(uint32_t position, uint64_t count) {
  positions_.push_back(position);
  counts_.push_back(count);
  if (positions_.size() == limits::kBatchRows) Flush();
}

void TablePart::IndexedSave::Flush() {
  if (positions_.empty()) return;
  const size_t rows = positions_.size();
  records_.Describe(WithoutVariants(Columns(part_.key_)), rows);
  values_.Encode(Columns(columns_.values), rows);
  std::string count;
  for (size_t i = 0; i < rows; ++i) {
    count.clear();
    if (part_.mode_ == TableMode::kMultiset) AppendVarint(counts_[i], &count);
    const std::string_view key = records_.keys()[i];
    const std::string_view value = values_[i];
    char* at = writer_.Put(space_, HashOf(i), key.size(), count.size() + value.size());
    for (const std::string_view bytes : {key, std::string_view(count), value}) {
      if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
      at += bytes.size();
    }
  }
  positions_.clear();
  counts_.clear();
}

// These columns of the rows at the positions: as they lie if they are all of a chunk.
std::vector<ColumnPtr> TablePart::IndexedSave::Columns(std::span<const int> columns) const {
  const uint32_t first = positions_.front();
  const Chunk& first_chunk = *part_.chunks_[first / limits::kBatchRows];
  bool is_chunk = first % limits::kBatchRows == 0 && positions_.size() == first_chunk.rows;
  for (size_t i = 0; i < positions_.size() && is_chunk; ++i) is_chunk = positions_[i] == first + i;
  std::vector<ColumnPtr> result;
  for (const int column : columns) {
    const auto at = static_cast<size_t>(column);
    if (is_chunk) {
      result.push_back(first_chunk.columns[at]);
      continue;
    }
    const MutableColumnPtr copy = Column::Make((*part_.schema_)[at].type, positions_.size());
    for (const uint32_t position : positions_) {
      copy->AppendRow(*part_.chunks_[position / limits::kBatchRows]->columns[at],
                      position % limits::kBatchRows);
    }
    result.push_back(copy);
  }
  return result;
}

void TablePart::SaveIndexed(state::StateWriter& writer) {
  IndexedSave(*this, writer).Run();
}

}  // namespace millrace::tables
