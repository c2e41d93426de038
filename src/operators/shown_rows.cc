#include "operators/shown_rows.h"

#include "data/batch.h"
#include "operators/saved_state.h"

namespace millrace::operators {

using data::ColumnPtr;
using data::MutableColumnPtr;
using data::RowKind;

ShownRows::ShownRows(std::vector<data::DataType> key_types, bool is_durable)
    : table_({.key_types = std::move(key_types), .payload_bytes = sizeof(Row), .track_changes = is_durable}) {
}

// The value of a row that is not shown is empty.
void ShownRows::Save(std::string_view space, state::TableRecords& records, state::StateWriter& writer) {
  is_saved_ = true;
  records.Save(table_, space, writer,
               [](std::span<const state::EntryId> /*ids*/, std::span<const std::byte* const> payloads,
                  state::SavedValues& values) {
                 for (const std::byte* payload : payloads) {
                   const Row& row = *reinterpret_cast<const Row*>(payload);
                   if (row.bytes != nullptr) values.bytes().append(row.bytes, row.size);
                   values.End();
                 }
               });
}

Status ShownRows::Restore(const state::StateChunk& chunk, state::TableRecords& records,
                          std::span<const MutableColumnPtr> columns) {
  is_saved_ = true;
  MR_ASSIGN(const auto* restored, records.Restore(chunk, table_));
  for (size_t i = 0; i < chunk.size(); ++i) {
    const std::string_view value = restored->values[i];
    if (value.empty()) continue;
    if (!data::IsEncodedKey(value.substr(1), columns)) return state::BadState("a row is not one of results");
    *reinterpret_cast<Row*>(table_.payload(restored->ids[i])) = {bytes_.Copy(value), value.size()};
  }
  return {};
}

Status ShownRows::Show(std::span<const MutableColumnPtr> keys, std::span<const MutableColumnPtr> results,
                       std::span<const uint8_t> alive, int64_t window_start, int64_t window_end,
                       bool emit_update_before, WindowOutput& output) {
  const size_t rows = alive.size();
  const std::vector<ColumnPtr> key_columns(keys.begin(), keys.end());
  const std::vector<ColumnPtr> result_columns(results.begin(), results.end());
  std::vector<uint64_t> hashes(rows, 0);
  for (size_t i = 0; i < key_columns.size(); ++i) data::HashColumn(*key_columns[i], hashes, i > 0);
  std::vector<state::EntryId> ids(rows);
  table_.FindOrInsert(key_columns, hashes, rows, ids.data(), nullptr);
  std::vector<MutableColumnPtr> former;
  std::string encoded;
  for (size_t row = 0; row < rows; ++row) {
    Row& shown = *reinterpret_cast<Row*>(table_.payload(ids[row]));
    encoded.assign(1, '\0');  // never empty
    if (alive[row]) data::EncodeKey(result_columns, row, &encoded);
    const bool was_shown = shown.bytes != nullptr;
    if (!was_shown && !alive[row]) continue;
    if (was_shown && alive[row] && encoded == std::string_view(shown.bytes, shown.size)) continue;
    if (was_shown && (emit_update_before || !alive[row])) {
      former = output.MakeAggregateColumns();
      data::DecodeKey(std::string_view(shown.bytes, shown.size).substr(1), former);
      MR_TRY(output.AddRow(keys, row, former, 0, window_start, window_end,
                           alive[row] ? RowKind::kUpdateBefore : RowKind::kDelete));
    }
    table_.Touch(ids[row]);
    if (was_shown) bytes_.Free(const_cast<char*>(shown.bytes), shown.size);
    shown = {};
    if (!alive[row]) continue;
    shown = {bytes_.Copy(encoded), encoded.size()};
    MR_TRY(output.AddRow(keys, row, results, row, window_start, window_end,
                         was_shown ? RowKind::kUpdateAfter : RowKind::kInsert));
  }
  return {};
}

}  // namespace millrace::operators
