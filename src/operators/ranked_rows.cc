#include "operators/ranked_rows.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/hash.h"
#include "operators/sort_bytes.h"

namespace millrace::operators {

using state::EntryId;

namespace {

uint64_t HashOf(EntryId partition, std::string_view row) {
  return HashCombine(partition, HashBytes(row));
}

}  // namespace

RankedRows::RankedRows(std::vector<data::DataType> partition_types, bool retracts, int64_t limit,
                       bool track_access)
    : table_({.key_types = std::move(partition_types),
              .payload_bytes = sizeof(Entry),
              .track_access = track_access,
              .page_bytes = size_t{8} << 10}),  // WindowRank has a table for each window
      retracts_(retracts),
      limit_(static_cast<size_t>(limit)) {}

RankedRows::~RankedRows() {
  table_.ForEach([&](EntryId id) { delete EntryOf(id).partition; });
}

void RankedRows::FindPartitions(const data::Batch& batch, std::span<const int> keys,
                                std::vector<EntryId>* ids) {
  data::HashRows(batch, keys, &hashes_);
  keys_.clear();
  for (const int key : keys) keys_.push_back(batch.columns[key]);
  ids->resize(batch.rows);
  inserted_.clear();
  table_.FindOrInsert(keys_, hashes_, batch.rows, ids->data(), &inserted_);
  keys_.clear();
  for (const uint32_t row : inserted_) {
    EntryOf((*ids)[row]) = {.partition = new Partition,
                            .last_sequence = std::numeric_limits<int64_t>::max(),
                            .last_prefix = ~SortPrefix{0}};
  }
}

bool RankedRows::IsWanted(EntryId id, std::string_view sort, int64_t sequence) const {
  if (retracts_) return true;
  const Entry& entry = EntryOf(id);
  // Most rows are turned down by what lies in the table, without a look at the rows.
  const SortPrefix prefix = SortPrefixOf(sort);
  if (prefix > entry.last_prefix) return false;
  if (prefix == entry.last_prefix && sort.size() <= kSortPrefixBytes) return sequence < entry.last_sequence;
  const auto& top = entry.partition->top;
  if (top.size() < limit_) return true;
  const RankedRow* last = top.back();
  const int order = sort.compare(last->sort());
  return order != 0 ? order < 0 : sequence < last->sequence;
}

RankedRow* RankedRows::NewRow(EntryId partition, std::string_view sort, std::string_view row,
                              int64_t sequence) {
  char* place = arena_.Allocate(sizeof(RankedRow) + sort.size() + row.size());
  auto* result = new (place) RankedRow{.sequence = sequence,
                                       .sort_size = static_cast<uint32_t>(sort.size()),
                                       .row_size = static_cast<uint32_t>(row.size()),
                                       .next_alike = nullptr,
                                       .partition = partition,
                                       .mark = 0};
  if (!sort.empty()) std::memcpy(place + sizeof(RankedRow), sort.data(), sort.size());
  if (!row.empty()) std::memcpy(place + sizeof(RankedRow) + sort.size(), row.data(), row.size());
  ++rows_;
  return result;
}

void RankedRows::FreeRow(RankedRow* row) {
  --rows_;
  arena_.Free(reinterpret_cast<char*>(row), row->bytes());
}

bool RankedRows::Insert(EntryId id, std::string_view sort, std::string_view row, int64_t sequence) {
  Entry& entry = EntryOf(id);
  Partition& partition = *entry.partition;
  RankedRow* added = NewRow(id, sort, row, sequence);
  if (retracts_) {
    const bool is_top =
        partition.is_stale || partition.top.size() < limit_ || RankedRowLess()(added, partition.top.back());
    partition.all.insert(added);
    partition.is_stale = partition.is_stale || is_top;
    Index(added);
    return is_top;
  }
  const auto place = std::ranges::upper_bound(partition.top, added, RankedRowLess());
  partition.top.insert(place, added);
  if (partition.top.size() > limit_) {
    removed_.push_back(partition.top.back());
    partition.top.pop_back();
  }
  if (partition.top.size() == limit_) {
    entry.last_sequence = partition.top.back()->sequence;
    entry.last_prefix = SortPrefixOf(partition.top.back()->sort());
  }
  return true;
}

bool RankedRows::Remove(EntryId id, std::string_view row) {
  RankedRow* found = TakeFromIndex(id, row);
  if (found == nullptr) return false;
  Partition& partition = *EntryOf(id).partition;
  const bool was_top =
      partition.is_stale || partition.top.size() < limit_ || !RankedRowLess()(partition.top.back(), found);
  partition.all.erase(found);
  partition.is_stale = partition.is_stale || was_top;
  removed_.push_back(found);
  return was_top;
}

std::span<RankedRow* const> RankedRows::Top(EntryId id) {
  Partition& partition = *EntryOf(id).partition;
  if (partition.is_stale) {
    partition.is_stale = false;
    partition.top.clear();
    for (RankedRow* row : partition.all) {
      if (partition.top.size() == limit_) break;
      partition.top.push_back(row);
    }
  }
  return partition.top;
}

void RankedRows::FreeRemoved() {
  for (RankedRow* row : removed_) FreeRow(row);
  removed_.clear();
}

void RankedRows::Erase(EntryId id) {
  Partition* partition = EntryOf(id).partition;
  if (retracts_) {
    for (RankedRow* row : partition->all) {
      TakeFromIndex(row);
      FreeRow(row);
    }
  } else {
    for (RankedRow* row : partition->top) FreeRow(row);
  }
  delete partition;
  table_.Erase(id);
}

bool RankedRows::IsEmpty(EntryId id) const {
  const Partition& partition = *EntryOf(id).partition;
  return retracts_ ? partition.all.empty() : partition.top.empty();
}

void RankedRows::Index(RankedRow* row) {
  Alike& alike = index_[HashOf(row->partition, row->row())];
  (alike.first == nullptr ? alike.first : alike.last->next_alike) = row;
  alike.last = row;
}

RankedRow* RankedRows::TakeFromIndex(EntryId partition, std::string_view row) {
  const auto found = index_.find(HashOf(partition, row));
  if (found == index_.end()) return nullptr;
  Alike& alike = found->second;
  RankedRow* before = nullptr;
  for (RankedRow* here = alike.first; here != nullptr; before = here, here = here->next_alike) {
    if (here->partition != partition || here->row() != row) continue;
    (before == nullptr ? alike.first : before->next_alike) = here->next_alike;
    if (alike.last == here) alike.last = before;
    if (alike.first == nullptr) index_.erase(found);
    here->next_alike = nullptr;
    return here;
  }
  return nullptr;
}

void RankedRows::TakeFromIndex(const RankedRow* row) {
  const auto found = index_.find(HashOf(row->partition, row->row()));
  if (found == index_.end()) return;
  Alike& alike = found->second;
  RankedRow* before = nullptr;
  for (RankedRow* here = alike.first; here != nullptr; before = here, here = here->next_alike) {
    if (here != row) continue;
    (before == nullptr ? alike.first : before->next_alike) = here->next_alike;
    if (alike.last == here) alike.last = before;
    if (alike.first == nullptr) index_.erase(found);
    return;
  }
}

size_t RankedRows::MemoryBytes() const {
  // A partition is an allocation of its own; of a retracting input each row has a tree node and an index
  // entry.
  constexpr size_t kNodeBytes = 48 + 32;
  return table_.MemoryBytes() + table_.size() * (sizeof(Partition) + 16) + arena_.allocated_bytes() +
         (retracts_ ? rows_ * kNodeBytes : rows_ * sizeof(RankedRow*));
}

}  // namespace millrace::operators
