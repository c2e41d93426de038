// Restoring keyed parts and multisets: records are decoded into chunks, 2,048 rows a time; the index is built
// behind the last, when its size is known.
#include <algorithm>

#include "base/byte_coding.h"
#include "base/hash.h"
#include "state/saved_keys.h"
#include "tables/part_tracking.h"
#include "tables/saved_columns.h"
#include "tables/shard_places.h"
#include "tables/table_part.h"

namespace millrace::tables {

using data::Column;
using data::MutableColumnPtr;

class TablePart::IndexedRestore {
 public:
  IndexedRestore(TablePart& part, state::StateReader& reader)
      : part_(part),
        tracking_(*part.tracking_),
        reader_(reader),
        columns_(*part.schema_, part.key_, part.tracking_->spread) {}

  Status Run();

 private:
  Status TakeRecords(const state::StateChunk& records);
  Status TakeRows(std::span<const std::string_view> keys, std::span<const std::string_view> values,
                  std::span<const uint64_t> hashes);
  Status TakeKeys(Chunk& chunk, std::span<const std::string_view> keys);
  Status TakeValues(Chunk& chunk, std::span<const std::string_view> values);
  Status CheckVariants(const Chunk& chunk) const;
  Status AppendCopies(const Chunk& source, size_t row, uint64_t copies, uint64_t hash);
  Status NoteRow(uint64_t hash);
  Status CheckHashes();
  Status FillIndex();

  TablePart& part_;
  PartTracking& tracking_;
  state::StateReader& reader_;
  const SavedColumns columns_;
  std::vector<uint64_t> hashes_;  // of the records of the last chunk's rows
  // Scratch.
  std::vector<std::string_view> values_;
  std::vector<uint64_t> counts_;
  std::vector<std::pair<size_t, MutableColumnPtr>>
      variants_;  // columns of the key that the value has as well
};

Status TablePart::IndexedRestore::Run() {
  state::StateChunk records;
  while (true) {
    MR_ASSIGN(const bool has_records, reader_.Next(&records));
    if (!has_records) break;
    MR_TRY(TakeRecords(records));
  }
  MR_TRY(CheckHashes());
  return FillIndex();
}

Status TablePart::IndexedRestore::TakeRecords(const state::StateChunk& records) {
  MR_ASSIGN(const uint64_t place, tracking_.PlaceIn(records.space));
  const bool is_spread = !tracking_.spread.empty();
  if (!is_spread && std::ranges::any_of(records.hashes, [hash = HashAtPlace(place)](uint64_t other) {
        return other != hash;
      })) {
    return BadRows("a record lies at another place than its part");
  }
  const auto rows_before = static_cast<uint32_t>(part_.rows_);
  for (size_t begin = 0; begin < records.size();) {
    Chunk& chunk = part_.OpenChunk();
    if (chunk.rows == 0 && part_.chunks_.size() > 1) {
      for (const MutableColumnPtr& column : chunk.columns) column->Reserve(limits::kBatchRows);
    }
    const size_t rows = std::min(limits::kBatchRows - chunk.rows, records.size() - begin);
    MR_TRY(TakeRows(std::span(records.keys).subspan(begin, rows),
                    std::span(records.values).subspan(begin, rows),
                    std::span(records.hashes).subspan(begin, rows)));
    begin += rows;
  }
  if (is_spread || place == *tracking_.place) {
    tracking_.changes.ResizeSaved(part_.rows_);
    return {};
  }
  // Another part has saved them, under its own place. The next Save puts them under this part's.
  const std::string space(records.space);
  if (std::ranges::find(tracking_.moved_spaces, space) == tracking_.moved_spaces.end()) {
    tracking_.moved_spaces.push_back(space);
  }
  for (uint32_t row = rows_before; row < part_.rows_; ++row) tracking_.changes.Added(row);
  return {};
}

Status TablePart::IndexedRestore::TakeRows(std::span<const std::string_view> keys,
                                           std::span<const std::string_view> values,
                                           std::span<const uint64_t> hashes) {
  const std::shared_ptr<Chunk> chunk = part_.chunks_.back();
  const size_t first = chunk->rows;
  MR_TRY(TakeKeys(*chunk, keys));
  MR_TRY(TakeValues(*chunk, values));
  MR_TRY(CheckVariants(*chunk));
  for (const MutableColumnPtr& column : chunk->columns) MR_TRY(CheckValues(*column, first));
  for (const uint64_t hash : hashes) {
    ++chunk->rows;
    MR_TRY(NoteRow(hash));
  }
  if (part_.mode_ != TableMode::kMultiset) return {};
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 1) MR_TRY(AppendCopies(*chunk, first + i, counts_[i] - 1, hashes[i]));
  }
  return {};
}

Status TablePart::IndexedRestore::TakeKeys(Chunk& chunk, std::span<const std::string_view> keys) {
  std::vector<MutableColumnPtr> columns;
  variants_.clear();
  for (const int column : part_.key_) {
    const auto at = static_cast<size_t>(column);
    columns.push_back(chunk.columns[at]);
    if (!HasVariants(chunk.columns[at]->type())) continue;
    columns.back() = Column::Make(chunk.columns[at]->type(), keys.size());
    variants_.emplace_back(at, columns.back());
  }
  return state::DecodeSavedKeys(keys, columns, nullptr);
}

Status TablePart::IndexedRestore::TakeValues(Chunk& chunk, std::span<const std::string_view> values) {
  values_.assign(values.begin(), values.end());
  counts_.clear();
  if (part_.mode_ == TableMode::kMultiset) {
    for (std::string_view& value : values_) {
      ByteReader reader(value);
      counts_.push_back(reader.Varint());
      if (!reader.ok() || counts_.back() == 0) return BadRows("a row does not say how often it is there");
      value.remove_prefix(value.size() - reader.left());
    }
  }
  std::vector<MutableColumnPtr> columns;
  for (const int column : columns_.values) columns.push_back(chunk.columns[static_cast<size_t>(column)]);
  return state::DecodeSavedKeys(values_, columns, nullptr);
}

// Behind TakeKeys and TakeValues, before the rows are counted.
Status TablePart::IndexedRestore::CheckVariants(const Chunk& chunk) const {
  for (const auto& [at, key] : variants_) {
    for (size_t i = 0; i < key->size(); ++i) {
      if (!data::RowsIdentical(*chunk.columns[at], chunk.rows + i, *key, i)) {
        return BadRows("a row does not agree with its key");
      }
    }
  }
  return {};
}

Status TablePart::IndexedRestore::AppendCopies(const Chunk& source, size_t row, uint64_t copies,
                                               uint64_t hash) {
  if (copies >= RowIndex::kNoRow - part_.rows_) return BadRows("they are too many");
  for (; copies > 0; --copies) {
    Chunk& chunk = part_.OpenChunk();
    for (size_t i = 0; i < chunk.columns.size(); ++i) chunk.columns[i]->AppendRow(*source.columns[i], row);
    ++chunk.rows;
    MR_TRY(NoteRow(hash));
  }
  return {};
}

Status TablePart::IndexedRestore::NoteRow(uint64_t hash) {
  if (++part_.rows_ >= RowIndex::kNoRow) return BadRows("they are too many");
  if (tracking_.spread.empty()) return {};
  hashes_.push_back(hash);
  return part_.chunks_.back()->IsFull() ? CheckHashes() : Status();
}

// The records of the last chunk's rows have the hashes by which rows find their part.
Status TablePart::IndexedRestore::CheckHashes() {
  if (hashes_.empty()) return {};
  std::vector<uint64_t> expected(hashes_.size());
  bool combine = false;
  for (const int column : tracking_.spread) {
    data::HashColumn(*part_.chunks_.back()->columns[static_cast<size_t>(column)], expected, combine);
    combine = true;
  }
  if (expected != hashes_) return BadRows("a row is not one of the shard that its record names");
  hashes_.clear();
  return {};
}

Status TablePart::IndexedRestore::FillIndex() {
  part_.index_.Reserve(part_.rows_);
  const bool is_keyed = part_.mode_ == TableMode::kKeyed;
  const auto is_same = [&](uint32_t a, uint32_t b) {
    if (!is_keyed) return false;
    const Chunk& chunk_a = *part_.chunks_[a / limits::kBatchRows];
    const Chunk& chunk_b = *part_.chunks_[b / limits::kBatchRows];
    return std::ranges::all_of(part_.key_, [&](int column) {
      const auto at = static_cast<size_t>(column);
      return data::RowsIdentical(*chunk_a.columns[at], a % limits::kBatchRows, *chunk_b.columns[at],
                                 b % limits::kBatchRows);
    });
  };
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < part_.chunks_.size(); ++i) {
    hashes.assign(part_.chunks_[i]->rows, 0);
    bool combine = false;
    for (const int column : part_.key_) {
      data::HashColumn(*part_.chunks_[i]->columns[static_cast<size_t>(column)], hashes, combine);
      combine = true;
    }
    if (!part_.index_.Fill(hashes, static_cast<uint32_t>(i * limits::kBatchRows), is_same)) {
      return BadRows("a key is there twice");
    }
  }
  return {};
}

Status TablePart::RestoreIndexed(state::StateReader& reader) {
  return IndexedRestore(*this, reader).Run();
}

}  // namespace millrace::tables
