// KeyChunk: the rows of a stretch of a batch as set keys with their hashes, for DISTINCT and multisets.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/column.h"
#include "functions/value_set.h"

namespace millrace::functions {

// How the values of one or more argument columns become set keys.
enum class KeyClass : uint8_t {
  kWord,     // one column of at most 8 bytes: ToWord
  kWide,     // one DECIMAL(p>18)
  kString,   // one string or binary column
  kEncoded,  // anything else: the bytes of data::EncodeKey
};

KeyClass KeyClassOf(std::span<const data::DataType> types);

template <typename Key>
struct KeyChunk {
  static constexpr size_t kRows = 256;

  size_t count = 0;
  uint32_t rows[kRows];  // those without a null
  uint64_t hashes[kRows];
  Key keys[kRows];

  // The rows from `begin` up to `end` (at most kRows of them) in which no column is null, or with
  // `with_nulls` all. String keys point into the columns, or into the chunk, until the next Fill.
  void Fill(std::span<const data::ColumnPtr> columns, KeyClass key_class, size_t begin, size_t end,
            bool with_nulls = false);

 private:
  void FillWords(const data::Column& column);
  void FillEncoded(std::span<const data::ColumnPtr> columns);

  std::string bytes_;
  size_t ends_[kRows];
};

extern template struct KeyChunk<uint64_t>;
extern template struct KeyChunk<data::Int128>;
extern template struct KeyChunk<data::StringRef>;

// Appends the values that a key stands for, one to each column.
void AppendKeyValue(uint64_t key, KeyClass key_class, std::span<const data::MutableColumnPtr> columns);
void AppendKeyValue(data::Int128 key, KeyClass key_class, std::span<const data::MutableColumnPtr> columns);
void AppendKeyValue(const data::StringRef& key, KeyClass key_class,
                    std::span<const data::MutableColumnPtr> columns);

}  // namespace millrace::functions
