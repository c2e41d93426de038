// TableRecords: the entries of key tables as records of saved state, in bulk.
//
// A record's key is that of the entry (saved_keys.h), its value what the owner makes of the payload, with the
// time of last access in front when the table keeps one. Its hash is that of the key columns by which rows
// find their shard.
//
// Scratch memory of one owner, for all of its tables with the same keys; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "state/key_table.h"
#include "state/saved_keys.h"
#include "state/state_reader.h"
#include "state/state_writer.h"

namespace millrace::state {

// Byte strings one behind the other.
class SavedValues {
 public:
  // Where the bytes of the value at hand go.
  std::string& bytes() { return bytes_; }
  void End() { ends_.push_back(bytes_.size()); }
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

class TableRecords {
 public:
  // `spread`: the key columns, by their place in the key, whose hash finds the shard, in the order of the
  // exchange; none where one shard takes all.
  TableRecords(std::vector<data::DataType> key_types, std::vector<int> spread)
      : key_types_(std::move(key_types)), spread_(std::move(spread)) {}

  // Writes what has changed in a table since the last time: removals of erased entries, then the changed
  // ones. append_values(ids, payloads, &values) appends and ends one value for each entry; during it keys()
  // and hashes() are those of the entries.
  template <typename F>
  void Save(KeyTable& table, std::string_view space, StateWriter& writer, F&& append_values) {
    SaveErased(table, space, writer);
    table.TakeChanged(kPieceRows, [&](std::span<const EntryId> ids) {
      rows_.clear();
      for (const EntryId id : ids) rows_.push_back(table.payload(id));
      Write(table.layout(), ids, table.null_row(), space, writer, append_values);
    });
  }
  // The same with copies of the changed entries, of which another thread makes the records. append_values is
  // moved there: it may hold nothing of the owner, and the payloads own no memory.
  template <typename F>
  void SaveLater(KeyTable& table, std::string_view space, StateWriter& writer, F append_values) {
    SaveErased(table, space, writer);
    std::unique_ptr<KeyRows> copies = table.CopyChanged();
    if (copies == nullptr) return;
    writer.Defer([copies = std::move(copies), records = TableRecords(key_types_, spread_),
                  space = std::string(space),
                  append_values = std::move(append_values)](StateWriter& later) mutable {
      for (size_t begin = 0; begin < copies->size(); begin += kPieceRows) {
        const size_t count = std::min(kPieceRows, copies->size() - begin);
        records.rows_.clear();
        for (size_t i = begin; i < begin + count; ++i) records.rows_.push_back(copies->row(i));
        records.Write(copies->layout(), copies->ids().subspan(begin, count), copies->null_row(), space, later,
                      append_values);
      }
    });
  }

  // What the records are spread by, as a shared value; reading it back fails where it is something else now
  // and there is more than one shard: the records at hand would then not be those of the rows to come.
  void SaveSpread(StateWriter& writer) const;
  Status CheckSpread(const StateReader& reader) const;

  // Fills keys() and hashes() for these entries.
  void Describe(const KeyTable& table, std::span<const EntryId> ids);
  // The same for keys that lie in columns.
  void Describe(std::span<const data::ColumnPtr> columns, size_t rows);
  const SavedKeys& keys() const { return keys_; }
  std::span<const uint64_t> hashes() const { return hashes_; }

  // What reading a chunk back gives for each of its records.
  struct Restored {
    std::vector<EntryId> ids;
    std::vector<uint32_t> inserted;  // records, ascending, that made a new entry: its payload is all zero
    std::vector<std::string_view> values;  // without the time of access, which is set
    std::vector<std::string_view> rest;    // what follows the key, with `has_rest`
  };
  // Finds or makes the entries of a chunk of records that Save wrote. They count as written.
  Result<const Restored*> Restore(const StateChunk& chunk, KeyTable& table);
  // The same for records whose keys begin with that of an entry: what belongs to the entry apart from its own
  // record. Entries that are made here count as changed, until their own record comes.
  Result<const Restored*> RestoreParts(const StateChunk& chunk, KeyTable& table);

 private:
  // The bytes of so many entries stay in the nearest caches.
  static constexpr size_t kPieceRows = 512;

  // The entries of rows_.
  template <typename F>
  void Write(const KeyLayout& layout, std::span<const EntryId> ids, const std::byte* null_row,
             std::string_view space, StateWriter& writer, F& append_values) {
    const std::vector<data::MutableColumnPtr> columns = layout.MakeColumns();
    layout.AppendKeys(rows_, null_row, columns);
    Describe(std::vector<data::ColumnPtr>(columns.begin(), columns.end()), ids.size());
    values_.Clear();
    append_values(ids, std::span<const std::byte* const>(rows_), values_);
    MR_CHECK_EQ(values_.size(), ids.size());
    const size_t access_bytes = layout.has_access ? sizeof(int64_t) : 0;
    for (size_t i = 0; i < ids.size(); ++i) {
      const std::string_view key = keys_[i];
      const std::string_view value = values_[i];
      char* place = writer.Put(space, hashes_[i], key.size(), access_bytes + value.size());
      if (!key.empty()) std::memcpy(place, key.data(), key.size());
      place += key.size();
      if (access_bytes > 0) std::memcpy(place, rows_[i] + layout.access_offset, access_bytes);
      place += access_bytes;
      if (!value.empty()) std::memcpy(place, value.data(), value.size());
    }
  }
  void SaveErased(KeyTable& table, std::string_view space, StateWriter& writer);
  Status FindEntries(const StateChunk& chunk, KeyTable& table, bool has_rest);
  std::vector<data::MutableColumnPtr> MakeColumns() const;

  std::vector<data::DataType> key_types_;
  std::vector<int> spread_;
  SavedKeys keys_;
  std::vector<uint64_t> hashes_;
  SavedValues values_;
  std::vector<const std::byte*> rows_;
  Restored restored_;
  std::vector<uint64_t> key_hashes_;
};

}  // namespace millrace::state
