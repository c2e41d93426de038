// KeyLayout: how an entry of a KeyTable lies in memory: the payload, its key as 8-byte words, and the time of
// last access when the table keeps one.
//
// A key's words: of a key of several columns first a mask with a bit for each column that is null; then of
// each column its words (integers and floats 1, DECIMAL(p>18) and strings 2; ARRAY, MAP, MULTISET and ROW as
// the string that EncodeKey makes). Bytes of strings longer than 12 lie elsewhere.
//
// Immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/column.h"
#include "data/type.h"

namespace millrace::state {

// How a key is compared.
enum class KeyMode : uint8_t {
  kNoKey,      // no columns
  kOneWord,    // one integer, time or float column
  kOneString,  // one string or binary column
  kComposite,  // anything else: null mask words, then the words of each column
};

struct KeyLayout {
  // A key column within the key's words.
  struct KeyColumn {
    data::PhysicalType physical;
    bool is_nested;  // stored as an encoded string
    bool is_string;  // two words that are a StringRef
    uint32_t first_word;
    uint32_t words;
  };

  KeyLayout(std::vector<data::DataType> types, size_t payload_bytes, bool track_access);

  const uint64_t* KeyOf(const std::byte* row) const {
    return reinterpret_cast<const uint64_t*>(row + key_offset);
  }
  // Nullable columns of the key's types, without rows.
  std::vector<data::MutableColumnPtr> MakeColumns() const;
  // Appends the keys of entries to the columns. `null_row`: the entry of the null key of a one-column table.
  void AppendKeys(std::span<const std::byte* const> rows, const std::byte* null_row,
                  std::span<const data::MutableColumnPtr> columns) const;

  std::vector<data::DataType> types;
  KeyMode mode;
  std::vector<KeyColumn> columns;
  size_t mask_words = 0;  // of the null mask in front of a composite key
  size_t key_words = 0;   // with the mask
  bool has_strings = false;
  size_t key_offset = 0;
  size_t access_offset = 0;
  bool has_access;
  size_t row_bytes = 0;
};

}  // namespace millrace::state
