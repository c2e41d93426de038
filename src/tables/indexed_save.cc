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

namespace {

// What is saved: nothing of it changes any more.
struct Frozen {
  data::SchemaPtr schema;
  TableMode mode;
  std::vector<int> key;
  std::vector<int> spread;
  PartSnapshotPtr rows;
  std::shared_ptr<const RowIndex> index;
  RowChanges changes;
  std::string space;
  uint64_t own_hash;
};

class IndexedSave {
 public:
  IndexedSave(Frozen part, state::StateWriter& writer)
      : part_(std::move(part)),
        writer_(writer),
        columns_(*part_.schema, part_.key, part_.spread),
        records_(columns_.key_types, columns_.spread_places) {}

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
    return part_.spread.empty() ? part_.own_hash : records_.hashes()[record];
  }

  Frozen part_;
  state::StateWriter& writer_;
  const SavedColumns columns_;
  state::TableRecords records_;
  state::SavedKeys values_;
  // Records that have not been written yet.
  std::vector<uint32_t> positions_;
  std::vector<uint64_t> counts_;
};

void IndexedSave::Run() {
  const std::vector<Gone> gone = part_.changes.TakeGone();
  part_.mode == TableMode::kKeyed ? SaveKeyed(gone) : SaveMultiset(gone);
  Flush();
}

void IndexedSave::SaveKeyed(const std::vector<Gone>& gone) {
  std::vector<uint32_t> rows;
  for (const Gone& keys : gone) {
    rows.clear();
    for (size_t i = 0; i < keys.hashes.size(); ++i) {
      // A key that is there again counts as changed.
      const uint32_t found =
          part_.index->Find(keys.hashes[i], [&](uint32_t position) { return IsAt(position, keys, i); });
      if (found == RowIndex::kNoRow) rows.push_back(static_cast<uint32_t>(i));
    }
    Remove(keys, rows);
  }
  part_.changes.TakeChanged([this](uint32_t position) { Put(position, 0); });
}

void IndexedSave::SaveMultiset(const std::vector<Gone>& gone) {
  for (const Group& group : RemoveGroups(gone)) Put(group.position, group.count);
  part_.changes.TakeChanged([this](uint32_t position) {
    Group group{.position = position, .count = 1, .added = 1};
    CountWhere(
        HashAt(*part_.rows->chunks[position / limits::kBatchRows], position % limits::kBatchRows, part_.key),
        [&](uint32_t other) { return other != position && AreIdentical(other, position); }, &group);
    Put(position, group.count);
  });
}

// Removes those of which no row is left, and gives the others that have changed.
std::vector<IndexedSave::Group> IndexedSave::RemoveGroups(const std::vector<Gone>& gone) {
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
    return std::ranges::all_of(std::views::iota(size_t{0}, part_.key.size()), [&](size_t i) {
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
void IndexedSave::CountWhere(uint64_t hash, F&& is_same, Group* group) {
  part_.index->ForEachOf(hash, [&](uint32_t position) {
    if (!is_same(position)) return;
    group->position = position;
    ++group->count;
    if (!part_.changes.IsNew(position)) return;
    ++group->added;
    part_.changes.MarkSaved(position);
  });
}

bool IndexedSave::IsAt(uint32_t position, const Gone& gone, size_t row) const {
  const Chunk& chunk = *part_.rows->chunks[position / limits::kBatchRows];
  for (size_t i = 0; i < part_.key.size(); ++i) {
    if (!data::RowsIdentical(*chunk.columns[static_cast<size_t>(part_.key[i])], position % limits::kBatchRows,
                             *gone.keys[i], row)) {
      return false;
    }
  }
  return true;
}

bool IndexedSave::AreIdentical(uint32_t a, uint32_t b) const {
  const Chunk& chunk_a = *part_.rows->chunks[a / limits::kBatchRows];
  const Chunk& chunk_b = *part_.rows->chunks[b / limits::kBatchRows];
  for (size_t i = 0; i < chunk_a.columns.size(); ++i) {
    if (!data::RowsIdentical(*chunk_a.columns[i], a % limits::kBatchRows, *chunk_b.columns[i],
                             b % limits::kBatchRows)) {
      return false;
    }
  }
  return true;
}

void IndexedSave::Remove(const Gone& gone, std::span<const uint32_t> rows) {
  if (rows.empty()) return;
  std::vector<ColumnPtr> keys;
  for (const MutableColumnPtr& column : gone.keys) keys.push_back(data::Gather(column, rows));
  records_.Describe(WithoutVariants(keys), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) writer_.Remove(part_.space, HashOf(i), records_.keys()[i]);
}

void IndexedSave::Put(uint32_t position, uint64_t count) {
  positions_.push_back(position);
  counts_.push_back(count);
  if (positions_.size() == limits::kBatchRows) Flush();
}

void IndexedSave::Flush() {
  if (positions_.empty()) return;
  const size_t rows = positions_.size();
  records_.Describe(WithoutVariants(Columns(part_.key)), rows);
  values_.Encode(Columns(columns_.values), rows);
  std::string count;
  for (size_t i = 0; i < rows; ++i) {
    count.clear();
    if (part_.mode == TableMode::kMultiset) AppendVarint(counts_[i], &count);
    const std::string_view key = records_.keys()[i];
    const std::string_view value = values_[i];
    char* at = writer_.Put(part_.space, HashOf(i), key.size(), count.size() + value.size());
    for (const std::string_view bytes : {key, std::string_view(count), value}) {
      if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
      at += bytes.size();
    }
  }
  positions_.clear();
  counts_.clear();
}

// These columns of the rows at the positions: as they lie if they are all of a chunk.
std::vector<ColumnPtr> IndexedSave::Columns(std::span<const int> columns) const {
  const uint32_t first = positions_.front();
  const Chunk& first_chunk = *part_.rows->chunks[first / limits::kBatchRows];
  bool is_chunk = first % limits::kBatchRows == 0 && positions_.size() == first_chunk.rows;
  for (size_t i = 0; i < positions_.size() && is_chunk; ++i) is_chunk = positions_[i] == first + i;
  std::vector<ColumnPtr> result;
  for (const int column : columns) {
    const auto at = static_cast<size_t>(column);
    if (is_chunk) {
      result.push_back(first_chunk.columns[at]);
      continue;
    }
    const MutableColumnPtr copy = Column::Make((*part_.schema)[at].type, positions_.size());
    for (const uint32_t position : positions_) {
      copy->AppendRow(*part_.rows->chunks[position / limits::kBatchRows]->columns[at],
                      position % limits::kBatchRows);
    }
    result.push_back(copy);
  }
  return result;
}

}  // namespace

// What has changed is taken here and now; the records are made later, of the rows as they are now.
void TablePart::SaveIndexed(state::StateWriter& writer) {
  // The rows that other parts have saved under their own places are this part's now.
  for (const std::string& space : std::exchange(tracking_->moved_spaces, {})) writer.DropSpace(space);
  if (!tracking_->changes.HasAny()) return;
  PartSnapshotPtr rows = TakeSnapshot();
  std::shared_ptr<const RowIndex> index = rows->index;
  if (index == nullptr) {
    index = std::make_shared<const RowIndex>(index_);
    index_.MarkShared();
  }
  Frozen frozen{.schema = schema_,
                .mode = mode_,
                .key = key_,
                .spread = tracking_->spread,
                .rows = std::move(rows),
                .index = std::move(index),
                .changes = tracking_->changes.Take(),
                .space = tracking_->Space(),
                .own_hash = HashAtPlace(*tracking_->place)};
  writer.Defer([frozen = std::move(frozen)](state::StateWriter& later) mutable {
    IndexedSave(std::move(frozen), later).Run();
  });
}

}  // namespace millrace::tables
