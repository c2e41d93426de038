#include "state/table_records.h"

namespace millrace::state {

using data::Column;
using data::ColumnPtr;
using data::MutableColumnPtr;

std::vector<MutableColumnPtr> TableRecords::MakeColumns() const {
  std::vector<MutableColumnPtr> columns;
  for (const data::DataType& type : key_types_) columns.push_back(Column::Make(type.WithNullable(true), 0));
  return columns;
}

void TableRecords::Describe(const KeyTable& table, std::span<const EntryId> ids) {
  const std::vector<MutableColumnPtr> columns = MakeColumns();
  table.AppendKeys(ids, columns);
  Describe(std::vector<ColumnPtr>(columns.begin(), columns.end()), ids.size());
}

void TableRecords::Describe(std::span<const ColumnPtr> columns, size_t rows) {
  keys_.Encode(columns, rows);
  hashes_.assign(rows, 0);
  bool combine = false;
  for (const int place : spread_) {
    data::HashColumn(*columns[static_cast<size_t>(place)], hashes_, combine);
    combine = true;
  }
}

void TableRecords::SaveSpread(StateWriter& writer) const {
  writer.PutShared("spread", {reinterpret_cast<const char*>(spread_.data()), spread_.size() * sizeof(int)});
}

Status TableRecords::CheckSpread(const StateReader& reader) const {
  if (reader.shards() == 1) return {};
  const std::string_view own(reinterpret_cast<const char*>(spread_.data()), spread_.size() * sizeof(int));
  for (const std::string_view saved : reader.shared("spread")) {
    if (saved == own) continue;
    return Fail(ErrorCode::kNotSupported,
                "the saved state is spread over shards by other key columns than its rows are now",
                "start with one shard, take a checkpoint, then set the number of shards again");
  }
  return {};
}

void TableRecords::SaveErased(KeyTable& table, std::string_view space, StateWriter& writer) {
  const KeyTable::Erased erased = table.TakeErased();
  if (erased.rows == 0) return;
  Describe(erased.keys, erased.rows);
  for (size_t i = 0; i < erased.rows; ++i) writer.Remove(space, hashes_[i], keys_[i]);
}

Status TableRecords::FindEntries(const StateChunk& chunk, KeyTable& table, bool has_rest) {
  const std::vector<MutableColumnPtr> columns = MakeColumns();
  MR_TRY(DecodeSavedKeys(chunk.keys, columns, has_rest ? &restored_.rest : nullptr));
  key_hashes_.assign(chunk.size(), 0);
  for (size_t c = 0; c < columns.size(); ++c) data::HashColumn(*columns[c], key_hashes_, c > 0);
  restored_.ids.resize(chunk.size());
  const std::vector<ColumnPtr> keys(columns.begin(), columns.end());
  table.FindOrInsert(keys, key_hashes_, chunk.size(), restored_.ids.data(), &restored_.inserted);
  return {};
}

Result<const TableRecords::Restored*> TableRecords::Restore(const StateChunk& chunk, KeyTable& table) {
  restored_.values.assign(chunk.values.begin(), chunk.values.end());
  if (table.options().track_access) {
    for (const std::string_view value : restored_.values) {
      if (value.size() < sizeof(int64_t)) return BadState("a value ends before the time of last access does");
    }
  }
  MR_TRY(FindEntries(chunk, table, false));
  table.MarkWritten(restored_.ids);
  if (!table.options().track_access) return &restored_;
  for (size_t i = 0; i < chunk.size(); ++i) {
    int64_t access = 0;
    std::string_view& value = restored_.values[i];
    std::memcpy(&access, value.data(), sizeof(access));
    value.remove_prefix(sizeof(access));
    table.SetLastAccess(restored_.ids[i], access);
  }
  return &restored_;
}

Result<const TableRecords::Restored*> TableRecords::RestoreParts(const StateChunk& chunk, KeyTable& table) {
  MR_TRY(FindEntries(chunk, table, true));
  restored_.values.assign(chunk.values.begin(), chunk.values.end());
  return &restored_;
}

}  // namespace millrace::state
