// Checkpoints of append parts: batches of rows, each a record.
//
// Where any part may have any row, a record has rows that lie side by side, and is the part's whatever is in
// it. Where rows are spread by columns, a record has rows of one stretch of places (shard_places.h), and says
// where they stood among the part's rows.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "base/byte_coding.h"
#include "base/hash.h"
#include "data/batch_codec.h"
#include "tables/part_tracking.h"
#include "tables/shard_places.h"
#include "tables/table_part.h"

namespace millrace::tables {

using data::Column;
using data::ColumnPtr;
using data::MutableColumnPtr;

namespace {

// Numbers end here, so that none runs over.
constexpr uint64_t kNumberMax = uint64_t{1} << 62;

std::string KeyOf(uint64_t number) {
  std::string key;
  AppendFixed(number, &key);
  return key;
}

std::vector<data::DataType> TypesOf(const data::Schema& schema) {
  std::vector<data::DataType> types;
  for (const data::Field& field : schema) types.push_back(field.type);
  return types;
}

Result<data::Batch> DecodeRows(std::string_view bytes, std::span<const data::DataType> types) {
  MR_ASSIGN(data::Batch batch, data::DecodeBatch(bytes, types));
  if (batch.rows == 0) return BadRows("a record has none");
  if (batch.kinds != nullptr || batch.watermarks != nullptr) return BadRows("they are changes");
  return batch;
}

}  // namespace

namespace {

// What is saved: nothing of it changes any more.
struct FrozenRows {
  data::SchemaPtr schema;
  char letter;
  std::vector<int> spread;
  PartSnapshotPtr rows;
  size_t begin;  // the first row that is not saved
  // Without spread columns: the records from `begin` on, and that of the first rows, if it has lost some.
  std::vector<SavedBatch> batches = {};
  std::optional<SavedBatch> cut = std::nullopt;
  // With them: the number of the row at `begin`.
  uint64_t number = 0;

  std::string SpaceAt(uint64_t place) const { return SavedSpace(letter, !spread.empty(), place); }
};

class AppendSave {
 public:
  AppendSave(FrozenRows part, state::StateWriter& writer) : part_(std::move(part)), writer_(writer) {}

  void SaveBatches();
  void SaveSpread();

 private:
  // Where a row lies.
  struct Cursor {
    size_t chunk = 0;
    size_t row = 0;
  };
  void PutBatch(const SavedBatch& batch, Cursor& cursor);
  Cursor Seek(size_t row) const;
  data::Batch Next(Cursor& cursor, size_t rows) const;
  void SaveSpreadRows(size_t begin, size_t rows);
  void PutStretch(size_t stretch, std::span<const uint32_t> rows, size_t begin);

  const FrozenRows part_;
  state::StateWriter& writer_;
};

void AppendSave::SaveBatches() {
  if (part_.cut.has_value()) {
    Cursor cursor;
    PutBatch(*part_.cut, cursor);
  }
  Cursor cursor = Seek(part_.begin);
  for (const SavedBatch& batch : part_.batches) PutBatch(batch, cursor);
}

void AppendSave::PutBatch(const SavedBatch& batch, Cursor& cursor) {
  std::string bytes;
  data::EncodeBatch(Next(cursor, batch.rows), &bytes);
  writer_.Put(part_.SpaceAt(batch.place), HashAtPlace(batch.place), KeyOf(batch.number), bytes);
}

AppendSave::Cursor AppendSave::Seek(size_t row) const {
  size_t behind = part_.rows->rows - row;
  size_t chunk = part_.rows->chunks.size();
  while (behind > 0) {
    --chunk;
    if (behind <= part_.rows->chunks[chunk]->rows) return {chunk, part_.rows->chunks[chunk]->rows - behind};
    behind -= part_.rows->chunks[chunk]->rows;
  }
  return {chunk, 0};
}

// The next rows; as they lie if they are a chunk.
data::Batch AppendSave::Next(Cursor& cursor, size_t rows) const {
  data::Batch batch;
  batch.rows = rows;
  const Chunk& first = *part_.rows->chunks[cursor.chunk];
  if (cursor.row == 0 && first.rows == rows) {
    batch.columns.assign(first.columns.begin(), first.columns.end());
    ++cursor.chunk;
    return batch;
  }
  std::vector<MutableColumnPtr> columns;
  for (const data::Field& field : *part_.schema) columns.push_back(Column::Make(field.type, rows));
  while (rows > 0) {
    const Chunk& chunk = *part_.rows->chunks[cursor.chunk];
    const size_t taken = std::min(rows, chunk.rows - cursor.row);
    for (size_t i = 0; i < columns.size(); ++i) {
      for (size_t row = cursor.row; row < cursor.row + taken; ++row) {
        columns[i]->AppendRow(*chunk.columns[i], row);
      }
    }
    rows -= taken;
    cursor.row += taken;
    if (cursor.row == chunk.rows) cursor = {cursor.chunk + 1, 0};
  }
  batch.columns.assign(columns.begin(), columns.end());
  return batch;
}

void AppendSave::SaveSpread() {
  for (size_t begin = part_.begin; begin < part_.rows->rows; begin += limits::kSavedSpreadRows) {
    SaveSpreadRows(begin, std::min(limits::kSavedSpreadRows, part_.rows->rows - begin));
  }
}

void AppendSave::SaveSpreadRows(size_t begin, size_t rows) {
  // Chunks are full but for the last: parts with spread columns keep all rows.
  std::vector<uint16_t> stretches;
  stretches.reserve(rows);
  std::vector<uint64_t> hashes;
  while (stretches.size() < rows) {
    const size_t row = begin + stretches.size();
    const Chunk& chunk = *part_.rows->chunks[row / limits::kBatchRows];
    hashes.assign(chunk.rows, 0);
    bool combine = false;
    for (const int column : part_.spread) {
      data::HashColumn(*chunk.columns[static_cast<size_t>(column)], hashes, combine);
      combine = true;
    }
    for (size_t i = row % limits::kBatchRows; i < chunk.rows && stretches.size() < rows; ++i) {
      stretches.push_back(static_cast<uint16_t>(StretchOf(PlaceOf(hashes[i]))));
    }
  }
  // Sorted by stretch, in their order within each.
  std::vector<size_t> ends(StretchCount() + 1, 0);
  for (const uint16_t stretch : stretches) ++ends[stretch + 1];
  for (size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  std::vector<uint32_t> sorted(rows);
  for (size_t i = 0; i < rows; ++i) sorted[ends[stretches[i]]++] = static_cast<uint32_t>(i);
  for (size_t stretch = 0, at = 0; stretch < StretchCount(); ++stretch) {
    while (at < ends[stretch]) {
      const size_t count = std::min(limits::kBatchRows, ends[stretch] - at);
      PutStretch(stretch, std::span(sorted).subspan(at, count), begin);
      at += count;
    }
  }
}

// `rows`: counted from `begin`.
void AppendSave::PutStretch(size_t stretch, std::span<const uint32_t> rows, size_t begin) {
  data::Batch batch;
  batch.rows = rows.size();
  for (size_t i = 0; i < part_.schema->size(); ++i) {
    const MutableColumnPtr column = Column::Make((*part_.schema)[i].type, rows.size());
    for (const uint32_t row : rows) {
      const size_t position = begin + row;
      column->AppendRow(*part_.rows->chunks[position / limits::kBatchRows]->columns[i],
                        position % limits::kBatchRows);
    }
    batch.columns.push_back(column);
  }
  std::string gaps;
  if (rows.back() - rows.front() + 1 != rows.size()) {
    for (size_t i = 1; i < rows.size(); ++i) AppendVarint(rows[i] - rows[i - 1], &gaps);
  }
  const uint64_t hash = HashAtPlace(FirstPlaceOfStretch(stretch));
  std::string key = KeyOf(part_.number + (begin - part_.begin) + rows.front());
  AppendFixed(hash, &key);
  std::string value;
  AppendString(gaps, &value);
  data::EncodeBatch(batch, &value);
  writer_.Put(part_.SpaceAt(0), hash, key, value);
}

}  // namespace

// Which records there are to be is settled here and now; they are made later, of the rows as they are now.
void TablePart::SaveAppended(state::StateWriter& writer) {
  PartTracking& tracking = *tracking_;
  std::optional<SavedBatch> first = tracking.TakeSmallBatches(rows_);
  for (const SavedBatch& gone : std::exchange(tracking.gone_batches, {})) {
    writer.Remove(tracking.SpaceAt(gone.place), HashAtPlace(gone.place), KeyOf(gone.number));
  }
  const bool is_cut = std::exchange(tracking.is_first_batch_cut, false);
  if (tracking.saved_rows == rows_ && !is_cut) return;
  FrozenRows frozen{.schema = schema_,
                    .letter = tracking.letter,
                    .spread = tracking.spread,
                    .rows = TakeSnapshot(),
                    .begin = tracking.saved_rows};
  if (is_cut) frozen.cut = tracking.batches.front();
  if (!tracking.spread.empty()) {
    frozen.number = tracking.next_number;
    tracking.next_number += rows_ - tracking.saved_rows;
    tracking.saved_rows = rows_;
    writer.Defer([frozen = std::move(frozen)](state::StateWriter& later) mutable {
      AppendSave(std::move(frozen), later).SaveSpread();
    });
    return;
  }
  while (tracking.saved_rows < rows_) {
    SavedBatch batch = first.has_value() ? *first : SavedBatch{*tracking.place, tracking.next_number++, 0};
    first.reset();
    batch.rows = std::min(limits::kBatchRows, rows_ - tracking.saved_rows);
    frozen.batches.push_back(batch);
    tracking.batches.push_back(batch);
    tracking.saved_rows += batch.rows;
  }
  writer.Defer([frozen = std::move(frozen)](state::StateWriter& later) mutable {
    AppendSave(std::move(frozen), later).SaveBatches();
  });
}

class TablePart::AppendRestore {
 public:
  AppendRestore(TablePart& part, state::StateReader& reader)
      : part_(part), tracking_(*part.tracking_), reader_(reader), types_(TypesOf(*part.schema_)) {}

  Status Run();

 private:
  // As it was read: rows are decoded in their order, and take less memory until then.
  struct Record {
    uint64_t number;  // of the batch, or of its first row
    uint64_t place;
    std::string bytes;
  };
  // Rows with numbers of their own, taken up to `next`.
  struct Open {
    data::Batch batch;
    std::vector<uint64_t> numbers;
    uint64_t place;
    size_t next = 0;

    std::pair<uint64_t, uint64_t> order() const { return {numbers[next], place}; }
  };
  struct IsLater {
    bool operator()(const std::unique_ptr<Open>& a, const std::unique_ptr<Open>& b) const {
      return a->order() > b->order();
    }
  };

  Status ReadRecords();
  Status TakeRecord(const state::StateChunk& records, size_t i);
  Status TakeBatches();
  Status MergeRows();
  Result<std::unique_ptr<Open>> OpenRecord(Record record);
  Status AppendRows(const data::Batch& batch, size_t begin, size_t rows);

  TablePart& part_;
  PartTracking& tracking_;
  state::StateReader& reader_;
  const std::vector<data::DataType> types_;
  std::vector<Record> records_;
};

Status TablePart::AppendRestore::Run() {
  MR_TRY(ReadRecords());
  std::ranges::sort(records_, {}, [](const Record& record) { return std::tie(record.number, record.place); });
  MR_TRY(tracking_.spread.empty() ? TakeBatches() : MergeRows());
  tracking_.saved_rows = part_.rows_;
  return {};
}

Status TablePart::AppendRestore::ReadRecords() {
  state::StateChunk records;
  while (true) {
    MR_ASSIGN(const bool has_records, reader_.Next(&records));
    if (!has_records) return {};
    for (size_t i = 0; i < records.size(); ++i) MR_TRY(TakeRecord(records, i));
  }
}

Status TablePart::AppendRestore::TakeRecord(const state::StateChunk& records, size_t i) {
  MR_ASSIGN(uint64_t place, tracking_.PlaceIn(records.space));
  ByteReader key(records.keys[i]);
  const auto number = key.Fixed<uint64_t>();
  if (!tracking_.spread.empty()) place = PlaceOf(key.Fixed<uint64_t>());
  if (!key.ok() || !key.AtEnd() || number >= kNumberMax || place != PlaceOf(records.hashes[i])) {
    return BadRows("a record has a key that none has");
  }
  records_.push_back({number, place, std::string(records.values[i])});
  return {};
}

Status TablePart::AppendRestore::TakeBatches() {
  for (Record& record : records_) {
    MR_ASSIGN(const data::Batch batch, DecodeRows(record.bytes, types_));
    std::string().swap(record.bytes);
    MR_TRY(AppendRows(batch, 0, batch.rows));
    tracking_.batches.push_back({record.place, record.number, batch.rows});
    tracking_.next_number = record.number + 1;
  }
  return {};
}

// Rows of several records in the order of their numbers; a record is open from its first row to its last.
Status TablePart::AppendRestore::MergeRows() {
  std::vector<std::unique_ptr<Open>> open;  // a heap, the next row first
  size_t next = 0;
  while (next < records_.size() || !open.empty()) {
    while (next < records_.size() && (open.empty() || records_[next].number <= open.front()->order().first)) {
      MR_ASSIGN(auto opened, OpenRecord(std::move(records_[next++])));
      open.push_back(std::move(opened));
      std::ranges::push_heap(open, IsLater());
    }
    std::ranges::pop_heap(open, IsLater());
    std::unique_ptr<Open> first = std::move(open.back());
    open.pop_back();
    const size_t begin = first->next;
    const auto is_next = [&] {
      return first->next < first->numbers.size() &&
             (open.empty() || first->order() < open.front()->order()) &&
             (next == records_.size() || first->order().first < records_[next].number);
    };
    do ++first->next;
    while (is_next());
    MR_TRY(AppendRows(first->batch, begin, first->next - begin));
    tracking_.next_number = std::max(tracking_.next_number, first->numbers[first->next - 1] + 1);
    if (first->next == first->numbers.size()) continue;
    open.push_back(std::move(first));
    std::ranges::push_heap(open, IsLater());
  }
  return {};
}

Result<std::unique_ptr<TablePart::AppendRestore::Open>> TablePart::AppendRestore::OpenRecord(Record record) {
  ByteReader reader(record.bytes);
  ByteReader gaps(reader.String());
  if (!reader.ok()) return BadRows("a record ends too early");
  auto open = std::make_unique<Open>();
  open->place = record.place;
  MR_ASSIGN(open->batch, DecodeRows(reader.Bytes(reader.left()), types_));
  const bool is_dense = gaps.AtEnd();
  open->numbers.push_back(record.number);
  while (open->numbers.size() < open->batch.rows) {
    const uint64_t gap = is_dense ? 1 : gaps.Varint();
    if (gap == 0 || gap > kNumberMax - open->numbers.back()) return BadRows("a row has no number");
    open->numbers.push_back(open->numbers.back() + gap);
  }
  if (!gaps.ok() || !gaps.AtEnd()) return BadRows("a record has other numbers than rows");
  std::vector<uint64_t> hashes;
  data::HashRows(open->batch, tracking_.spread, &hashes);
  const size_t stretch = StretchOf(record.place);
  if (record.place != FirstPlaceOfStretch(stretch) ||
      std::ranges::any_of(hashes, [&](uint64_t hash) { return StretchOf(PlaceOf(hash)) != stretch; })) {
    return BadRows("a row lies at another place than its record");
  }
  return open;
}

Status TablePart::AppendRestore::AppendRows(const data::Batch& batch, size_t begin, size_t rows) {
  if (rows >= RowIndex::kNoRow - part_.rows_) return BadRows("they are too many");
  part_.rows_ += rows;
  while (rows > 0) {
    Chunk& chunk = part_.OpenChunk();
    if (chunk.rows == 0 && part_.chunks_.size() > 1) {
      for (const MutableColumnPtr& column : chunk.columns) column->Reserve(limits::kBatchRows);
    }
    const size_t taken = std::min(rows, limits::kBatchRows - chunk.rows);
    for (size_t i = 0; i < chunk.columns.size(); ++i) {
      for (size_t row = begin; row < begin + taken; ++row) {
        chunk.columns[i]->AppendRow(*batch.columns[i], row);
      }
    }
    chunk.rows += taken;
    begin += taken;
    rows -= taken;
  }
  return {};
}

Status TablePart::RestoreAppended(state::StateReader& reader) {
  return AppendRestore(*this, reader).Run();
}

}  // namespace millrace::tables
