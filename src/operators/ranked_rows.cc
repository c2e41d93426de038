#include "operators/ranked_rows.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/hash.h"
#include "operators/saved_state.h"
#include "operators/sort_bytes.h"

namespace millrace::operators {

using state::EntryId;

namespace {

uint64_t HashOf(EntryId partition, std::string_view row) {
  return HashCombine(partition, HashBytes(row));
}

}  // namespace

RankedRows::RankedRows(RankedRowsOptions options)
    : table_({.key_types = std::move(options.partition_types),
              .payload_bytes = sizeof(Entry),
              .track_access = options.track_access,
              .track_changes = options.is_durable && options.saves_partitions,
              .page_bytes = size_t{8} << 10}),  // WindowRank has a table for each window
      retracts_(options.retracts),
      limit_(static_cast<size_t>(options.limit)),
      is_durable_(options.is_durable),
      saves_partitions_(options.saves_partitions) {}

RankedRows::~RankedRows() {
  table_.ForEach([&](EntryId id) { delete EntryOf(id).partition; });
}

void RankedRows::InitPartition(EntryId id, int64_t first) {
  EntryOf(id) = {.partition = new Partition,
                 .last_sequence = std::numeric_limits<int64_t>::max(),
                 .last_prefix = ~SortPrefix{0},
                 .first = first};
}

void RankedRows::FindPartitions(const data::Batch& batch, std::span<const int> keys, int64_t sequence,
                                std::vector<EntryId>* ids) {
  data::HashRows(batch, keys, &hashes_);
  keys_.clear();
  for (const int key : keys) keys_.push_back(batch.columns[key]);
  ids->resize(batch.rows);
  inserted_.clear();
  table_.FindOrInsert(keys_, hashes_, batch.rows, ids->data(), &inserted_);
  keys_.clear();
  for (const uint32_t row : inserted_) InitPartition((*ids)[row], sequence + row);
}

std::vector<EntryId> RankedRows::InOrder() const {
  std::vector<EntryId> ids;
  ids.reserve(table_.size());
  table_.ForEach([&](EntryId id) { ids.push_back(id); });
  // Ids are given in the order of first rows, but for those that were read back.
  if (is_restored_) {
    std::ranges::stable_sort(ids, {}, [&](EntryId id) { return EntryOf(id).first; });
  }
  return ids;
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
                                       .mark = 0,
                                       .unsaved = RankedRow::kSaved};
  if (!sort.empty()) std::memcpy(place + sizeof(RankedRow), sort.data(), sort.size());
  if (!row.empty()) std::memcpy(place + sizeof(RankedRow) + sort.size(), row.data(), row.size());
  ++rows_;
  return result;
}

void RankedRows::FreeRow(RankedRow* row) {
  if (is_durable_) NoteRemoved(*row);
  --rows_;
  arena_.Free(reinterpret_cast<char*>(row), row->bytes());
}

bool RankedRows::Insert(EntryId id, std::string_view sort, std::string_view row, int64_t sequence) {
  Entry& entry = EntryOf(id);
  Partition& partition = *entry.partition;
  RankedRow* added = NewRow(id, sort, row, sequence);
  if (is_durable_) {
    MR_CHECK_LT(added_.size(), size_t{RankedRow::kSaved});
    added->unsaved = static_cast<uint32_t>(added_.size()) & RankedRow::kSaved;
    added_.push_back(added);
  }
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
  NoteLast(entry);
  return true;
}

void RankedRows::NoteLast(Entry& entry) const {
  const auto& top = entry.partition->top;
  if (top.size() != limit_) return;
  entry.last_sequence = top.back()->sequence;
  entry.last_prefix = SortPrefixOf(top.back()->sort());
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

// --- Checkpoints ---

void RankedRows::NoteRemoved(const RankedRow& row) {
  if (row.unsaved != RankedRow::kSaved) {
    added_[row.unsaved] = nullptr;
    return;
  }
  if (gone_sequences_.empty()) {
    gone_keys_.clear();
    for (const data::DataType& type : table_.options().key_types) {
      gone_keys_.push_back(data::Column::Make(type.WithNullable(true), 0));
    }
  }
  table_.AppendKey(row.partition, gone_keys_);
  gone_sequences_.push_back(row.sequence);
}

void RankedRows::SaveRemoved(std::string_view space, state::TableRecords& records,
                             state::StateWriter& writer) {
  if (gone_sequences_.empty()) return;
  const std::vector<data::ColumnPtr> columns(gone_keys_.begin(), gone_keys_.end());
  records.Describe(columns, gone_sequences_.size());
  std::string key;
  for (size_t i = 0; i < gone_sequences_.size(); ++i) {
    key.assign(records.keys()[i]);
    PutNumber(gone_sequences_[i], &key);
    writer.Remove(space, records.hashes()[i], key);
  }
  gone_keys_.clear();
  gone_sequences_.clear();
}

void RankedRows::SaveAdded(std::string_view space, state::TableRecords& records, state::StateWriter& writer) {
  std::erase(added_, nullptr);
  std::vector<EntryId> ids;
  std::string key;
  std::string value;
  for (size_t offset = 0; offset < added_.size(); offset += limits::kBatchRows) {
    const std::span rows =
        std::span(added_).subspan(offset, std::min(limits::kBatchRows, added_.size() - offset));
    ids.clear();
    for (const RankedRow* row : rows) ids.push_back(row->partition);
    records.Describe(table_, ids);
    for (size_t i = 0; i < rows.size(); ++i) {
      key.assign(records.keys()[i]);
      PutNumber(rows[i]->sequence, &key);
      value.clear();
      PutNumber(rows[i]->sort_size, &value);
      value += rows[i]->sort();
      value += rows[i]->row();
      writer.Put(space, records.hashes()[i], key, value);
      rows[i]->unsaved = RankedRow::kSaved;
    }
  }
  added_.clear();
}

void RankedRows::Save(std::string_view partition_space, std::string_view row_space,
                      state::TableRecords& records, state::StateWriter& writer) {
  is_saved_ = true;
  SaveRemoved(row_space, records, writer);
  if (saves_partitions_) {
    records.Save(table_, partition_space, writer,
                 [&](std::span<const EntryId> ids, std::span<const std::byte* const> /*payloads*/,
                     state::SavedValues& values) {
                   for (const EntryId id : ids) {
                     PutNumber(EntryOf(id).first, &values.bytes());
                     values.End();
                   }
                 });
  }
  SaveAdded(row_space, records, writer);
}

Status RankedRows::RestorePartitions(const state::StateChunk& chunk, state::TableRecords& records) {
  MR_ASSIGN(const auto* restored, records.Restore(chunk, table_));
  for (const uint32_t row : restored->inserted) InitPartition(restored->ids[row], 0);
  for (size_t i = 0; i < chunk.size(); ++i) {
    std::string_view value = restored->values[i];
    MR_TRY(TakeCount(&value, &EntryOf(restored->ids[i]).first));
    MR_TRY(ExpectEnd(value));
  }
  return {};
}

Status RankedRows::RestoreRows(const state::StateChunk& chunk, state::TableRecords& records,
                               std::span<const data::MutableColumnPtr> columns) {
  MR_ASSIGN(const auto* restored, records.RestoreParts(chunk, table_));
  for (const uint32_t row : restored->inserted) InitPartition(restored->ids[row], 0);
  for (size_t i = 0; i < chunk.size(); ++i) {
    std::string_view rest = restored->rest[i];
    std::string_view value = restored->values[i];
    int64_t sequence = 0;
    uint32_t sort_size = 0;
    MR_TRY(TakeCount(&rest, &sequence));
    MR_TRY(ExpectEnd(rest));
    MR_TRY(TakeNumber(&value, &sort_size));
    if (sort_size > value.size() || !data::IsEncodedKey(value.substr(sort_size), columns)) {
      return state::BadState("a row is not one of the input's types");
    }
    const EntryId id = restored->ids[i];
    EntryOf(id).partition->top.push_back(
        NewRow(id, value.substr(0, sort_size), value.substr(sort_size), sequence));
  }
  return {};
}

Status RankedRows::FinishRestore() {
  is_saved_ = true;
  is_restored_ = true;
  bool is_whole = true;
  table_.ForEach([&](EntryId id) {
    Entry& entry = EntryOf(id);
    Partition& partition = *entry.partition;
    is_whole = is_whole && !(table_.options().track_changes && table_.IsChanged(id));
    if (!retracts_) {
      std::ranges::sort(partition.top, RankedRowLess());
      is_whole = is_whole && partition.top.size() <= limit_;
      if (!partition.top.empty()) NoteLast(entry);
      return;
    }
    // By arrival, which is the order of alike rows; numbers run backwards where the last of equal rows is
    // kept.
    std::vector<RankedRow*> rows = std::exchange(partition.top, {});
    std::ranges::sort(rows, {}, [](const RankedRow* row) { return std::abs(row->sequence); });
    for (RankedRow* row : rows) {
      partition.all.insert(row);
      Index(row);
    }
    partition.is_stale = true;
    Top(id);
  });
  if (!is_whole) return state::BadState("a partition has lost its record, or has too many rows");
  return {};
}

}  // namespace millrace::operators
