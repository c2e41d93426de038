#include "tables/table_part.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "tables/part_tracking.h"
#include "tables/shard_places.h"

namespace millrace::tables {

TablePart::TablePart(data::SchemaPtr schema, TableMode mode, std::vector<int> key)
    : schema_(std::move(schema)), mode_(mode), key_(std::move(key)) {
  MR_CHECK_EQ(mode_ == TableMode::kKeyed, !key_.empty());
  if (mode_ == TableMode::kMultiset) {
    for (size_t i = 0; i < schema_->size(); ++i) key_.push_back(static_cast<int>(i));
  }
  if (key_.size() != 1) return;
  const data::PhysicalType physical = (*schema_)[static_cast<size_t>(key_[0])].type.physical();
  if (physical == data::PhysicalType::kInt32 || physical == data::PhysicalType::kInt64) {
    key_word_bytes_ = data::PhysicalSize(physical);
  }
}

// Snapshots may outlive the table.
TablePart::~TablePart() {
  for (size_t i = 0; i < chunks_.size(); ++i) Replace(i);
  index_.ReplaceAll();
}

void TablePart::SetMemory(HeldMemoryPtr memory) {
  index_.SetMemory(memory);
  memory_ = std::move(memory);
}

void TablePart::Replace(size_t i) {
  if (shared_[i] && memory_ != nullptr) chunks_[i]->held.Replaced(memory_, chunks_[i]->MemoryBytes());
}

void TablePart::Apply(const data::Batch& batch, AppliedChanges* changes) {
  if (batch.rows == 0) return;
  changed_ = true;
  switch (mode_) {
    case TableMode::kAppend:
      return ApplyAppend(batch, changes);
    case TableMode::kMultiset:
      return ApplyMultiset(batch, changes);
    case TableMode::kKeyed:
      return ApplyKeyed(batch, changes);
  }
}

void TablePart::ApplyAppend(const data::Batch& batch, AppliedChanges* changes) {
  MR_CHECK(batch.IsInsertOnly());
  for (size_t row = 0; row < batch.rows; ++row) {
    AppendRow(batch, row);
    if (changes != nullptr) changes->Add(batch, row, data::RowKind::kInsert);
  }
}

void TablePart::ApplyMultiset(const data::Batch& batch, AppliedChanges* changes) {
  std::vector<uint64_t> hashes;
  data::HashRows(batch, key_, &hashes);
  for (size_t row = 0; row < batch.rows; ++row) {
    FetchAhead(hashes, row);
    const data::RowKind kind = batch.kind(row);
    if (data::IsAddition(kind)) {
      AppendRow(batch, row);
      index_.Insert(hashes[row], static_cast<uint32_t>(rows_ - 1));
      if (tracking_ != nullptr) tracking_->changes.Added(static_cast<uint32_t>(rows_ - 1));
    } else {
      const uint32_t found = FindRow(batch, row, hashes[row]);
      if (found == RowIndex::kNoRow) continue;
      RemoveRow(found, hashes[row]);
    }
    if (changes != nullptr) changes->Add(batch, row, kind);
  }
}

void TablePart::ApplyKeyed(const data::Batch& batch, AppliedChanges* changes) {
  std::vector<uint64_t> hashes;
  data::HashRows(batch, key_, &hashes);
  for (size_t row = 0; row < batch.rows; ++row) {
    FetchAhead(hashes, row);
    const data::RowKind kind = batch.kind(row);
    const uint32_t found = FindRow(batch, row, hashes[row]);
    const size_t chunk = found / limits::kBatchRows;
    const size_t place = found % limits::kBatchRows;
    if (data::IsAddition(kind)) {
      if (found == RowIndex::kNoRow) {
        AppendRow(batch, row);
        index_.Insert(hashes[row], static_cast<uint32_t>(rows_ - 1));
        if (tracking_ != nullptr) tracking_->changes.Added(static_cast<uint32_t>(rows_ - 1));
        if (changes != nullptr) changes->Add(batch, row, data::RowKind::kInsert);
        continue;
      }
      if (changes != nullptr && !RowEquals(found, batch, row)) {
        changes->Add(*chunks_[chunk], place, data::RowKind::kUpdateBefore);
        changes->Add(batch, row, data::RowKind::kUpdateAfter);
      }
      MutableChunk(chunk).AssignRow(place, batch, row);
      if (tracking_ != nullptr) tracking_->changes.Changed(found);
      continue;
    }
    if (found == RowIndex::kNoRow) continue;
    // The usual -U, +U pair of one key is one replacement.
    if (kind == data::RowKind::kUpdateBefore && row + 1 < batch.rows && hashes[row + 1] == hashes[row] &&
        batch.kind(row + 1) == data::RowKind::kUpdateAfter &&
        FindRow(batch, row + 1, hashes[row + 1]) == found) {
      continue;
    }
    if (!deletes_by_key_ && !RowEquals(found, batch, row)) continue;
    if (changes != nullptr) changes->Add(*chunks_[chunk], place, data::RowKind::kDelete);
    RemoveRow(found, hashes[row]);
  }
}

Chunk& TablePart::MutableChunk(size_t i) {
  if (shared_[i]) {
    Replace(i);
    chunks_[i] = std::make_shared<Chunk>(*chunks_[i]);
    shared_[i] = false;
    copied_bytes_ += chunks_[i]->MemoryBytes();
  }
  return *chunks_[i];
}

uint32_t TablePart::FindRow(const data::Batch& batch, size_t row, uint64_t hash) const {
  return index_.Find(hash, [&](uint32_t position) { return IsSameKey(position, batch, row); });
}

bool TablePart::IsSameKey(uint32_t position, const data::Batch& batch, size_t row) const {
  const Chunk& chunk = *chunks_[position / limits::kBatchRows];
  const size_t place = position % limits::kBatchRows;
  if (key_word_bytes_ > 0) {
    const data::Column& own = *chunk.columns[static_cast<size_t>(key_[0])];
    const data::Column& other = *batch.columns[static_cast<size_t>(key_[0])];
    if (!own.has_nulls() && !other.has_nulls()) {
      const std::byte* a = own.raw_values() + place * key_word_bytes_;
      const std::byte* b = other.raw_values() + (other.is_constant() ? 0 : row) * key_word_bytes_;
      return key_word_bytes_ == 8 ? std::memcmp(a, b, 8) == 0 : std::memcmp(a, b, 4) == 0;
    }
  }
  return std::ranges::all_of(key_, [&](int column) {
    return data::RowsIdentical(*chunk.columns[static_cast<size_t>(column)], place,
                               *batch.columns[static_cast<size_t>(column)], row);
  });
}

// The slot of the index first, and once that is there, the key of the row that it names: of many rows at
// once, since each is likely not to be in a cache.
void TablePart::FetchAhead(std::span<const uint64_t> hashes, size_t row) const {
  constexpr size_t kAhead = 16;
  if (row == 0) {
    for (size_t i = 0; i < std::min(2 * kAhead, hashes.size()); ++i) index_.Prefetch(hashes[i]);
  }
  if (row + 2 * kAhead < hashes.size()) index_.Prefetch(hashes[row + 2 * kAhead]);
  if (row + kAhead >= hashes.size()) return;
  const uint32_t position = index_.Candidate(hashes[row + kAhead]);
  if (position == RowIndex::kNoRow) return;
  const data::Column& column = *chunks_[position / limits::kBatchRows]->columns[static_cast<size_t>(key_[0])];
  __builtin_prefetch(column.raw_values() +
                     position % limits::kBatchRows * data::PhysicalSize(column.physical()));
}

bool TablePart::RowEquals(uint32_t position, const data::Batch& batch, size_t row) const {
  const Chunk& chunk = *chunks_[position / limits::kBatchRows];
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (!data::RowsIdentical(*chunk.columns[i], position % limits::kBatchRows, *batch.columns[i], row)) {
      return false;
    }
  }
  return true;
}

uint64_t TablePart::HashAt(uint32_t position) const {
  return tables::HashAt(*chunks_[position / limits::kBatchRows], position % limits::kBatchRows, key_);
}

Chunk& TablePart::OpenChunk() {
  if (chunks_.empty() || chunks_.back()->IsFull() || close_last_chunk_) {
    close_last_chunk_ = false;
    chunks_.push_back(std::make_shared<Chunk>(*schema_));
    shared_.push_back(false);
  }
  return MutableChunk(chunks_.size() - 1);
}

void TablePart::AppendRow(const data::Batch& batch, size_t row) {
  OpenChunk().AppendRow(batch, row);
  ++rows_;
  MR_CHECK_LT(rows_, size_t{RowIndex::kNoRow});
}

// The last row takes the place of the removed one, so chunks stay full.
void TablePart::RemoveRow(uint32_t position, uint64_t hash) {
  index_.Erase(hash, position);
  const auto last = static_cast<uint32_t>(rows_ - 1);
  if (tracking_ != nullptr) {
    if (!tracking_->changes.IsNew(position)) {
      tracking_->changes.AddGone(*chunks_[position / limits::kBatchRows], position % limits::kBatchRows, key_,
                                 hash);
    }
    tracking_->changes.Moved(last, position);
  }
  if (position != last) {
    index_.Move(HashAt(last), last, position);
    const std::shared_ptr<Chunk> source = chunks_[last / limits::kBatchRows];
    MutableChunk(position / limits::kBatchRows)
        .AssignRow(position % limits::kBatchRows, *source, last % limits::kBatchRows);
  }
  MutableChunk(chunks_.size() - 1).RemoveLast();
  --rows_;
  if (chunks_.back()->rows == 0) {
    chunks_.pop_back();
    shared_.pop_back();
  }
}

PartSnapshotPtr TablePart::TakeSnapshot() {
  if (!changed_) return snapshot_;
  auto snapshot = std::make_shared<PartSnapshot>();
  snapshot->chunks.assign(chunks_.begin(), chunks_.end());
  snapshot->rows = rows_;
  if (mode_ == TableMode::kKeyed) {
    snapshot->index = std::make_shared<const RowIndex>(index_);
    index_.MarkShared();
  }
  shared_.assign(chunks_.size(), true);
  snapshot_ = std::move(snapshot);
  changed_ = false;
  return snapshot_;
}

size_t TablePart::KeepYoungest(size_t rows_max, size_t bytes_max) {
  MR_CHECK(mode_ == TableMode::kAppend);
  size_t bytes = MemoryBytes();
  size_t rows_gone = 0;
  size_t chunks_gone = 0;
  while (chunks_gone + 1 < chunks_.size() && (rows_ - rows_gone > rows_max || bytes > bytes_max)) {
    rows_gone += chunks_[chunks_gone]->rows;
    bytes -= chunks_[chunks_gone]->MemoryBytes();
    ++chunks_gone;
  }
  if (!chunks_.empty()) close_last_chunk_ = chunks_.back()->MemoryBytes() >= bytes_max / 8;
  if (chunks_gone == 0) return 0;
  for (size_t i = 0; i < chunks_gone; ++i) Replace(i);
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<ptrdiff_t>(chunks_gone));
  shared_.erase(shared_.begin(), shared_.begin() + static_cast<ptrdiff_t>(chunks_gone));
  rows_ -= rows_gone;
  if (tracking_ != nullptr) tracking_->NoteGone(rows_gone);
  changed_ = true;
  return rows_gone;
}

size_t TablePart::TakeCopiedBytes() {
  return std::exchange(copied_bytes_, 0) + index_.TakeCopiedBytes();
}

size_t TablePart::MemoryBytes() const {
  size_t bytes = mode_ == TableMode::kAppend ? 0 : index_.MemoryBytes();
  for (const auto& chunk : chunks_) bytes += chunk->MemoryBytes();
  if (tracking_ != nullptr) bytes += tracking_->MemoryBytes();
  return bytes;
}

void TablePart::TrackChanges(std::vector<int> spread_columns) {
  MR_CHECK(tracking_ == nullptr && rows_ == 0);
  std::vector<data::DataType> key_types;
  for (const int column : key_) key_types.push_back((*schema_)[static_cast<size_t>(column)].type);
  tracking_ = std::make_unique<PartTracking>(mode_, std::move(spread_columns), std::move(key_types));
}

void TablePart::Save(state::StateWriter& writer) {
  MR_CHECK(tracking_ != nullptr);
  const uint64_t place = FirstPlace(writer.shard(), writer.shards());
  MR_CHECK_EQ(tracking_->place.value_or(place), place);
  tracking_->place = place;
  mode_ == TableMode::kAppend ? SaveAppended(writer) : SaveIndexed(writer);
}

Status TablePart::Restore(state::StateReader& reader) {
  MR_CHECK(tracking_ != nullptr && rows_ == 0);
  tracking_->place = FirstPlace(reader.shard(), reader.shards());
  changed_ = true;
  return mode_ == TableMode::kAppend ? RestoreAppended(reader) : RestoreIndexed(reader);
}

}  // namespace millrace::tables
