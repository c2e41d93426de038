// SavedKeys: the keys of entries as the bytes of records, and back.
//
// A key is a bitmap of its columns (bit i set: column i is null; no bytes for no columns), then the values
// that are not null: integers, times, floats and decimals as they lie in memory (little-endian, of the size
// of their physical type), strings and binaries with their length as a 32-bit number before them; ARRAY, MAP,
// MULTISET and ROW likewise, as data::EncodeKey writes them. A key says where it ends, so something may
// follow it. Part of persistent formats: docs/formats/state.md.
//
// Scratch memory of its owner; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/column.h"

namespace millrace::state {

class SavedKeys {
 public:
  // The first `rows` rows of the columns, none of them constant.
  void Encode(std::span<const data::ColumnPtr> columns, size_t rows);
  std::string_view operator[](size_t row) const {
    return std::string_view(bytes_).substr(begins_[row], begins_[row + 1] - begins_[row]);
  }

 private:
  std::string bytes_;
  std::vector<size_t> begins_;  // one more than rows
  std::vector<size_t> ends_;
};

// Appends keys to columns of their types. `rest`: gets what follows each key; null: nothing may follow. An
// error leaves the columns in pieces.
Status DecodeSavedKeys(std::span<const std::string_view> keys,
                       std::span<const data::MutableColumnPtr> columns, std::vector<std::string_view>* rest);

}  // namespace millrace::state
