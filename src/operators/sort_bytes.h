// Rows as byte strings whose order as unsigned bytes is the order of ORDER BY.
//
// For each key a marker that places nulls, then the value: integers, decimals and times big-endian with the
// sign flipped; floats likewise by their bits (-0.0 as 0.0, NaN last); strings with zero bytes escaped and
// two zero bytes behind; ARRAY and ROW element by element. A descending key's value has all bits inverted.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "operators/sort_key.h"

namespace millrace::operators {

// Appends the bytes of a row.
void AppendSortBytes(const data::Batch& batch, const SortKeys& keys, size_t row, std::string* bytes);

// The first eight bytes as a number (zeros behind a shorter string): of two byte strings, that with the
// smaller prefix is smaller.
inline uint64_t SortPrefix(std::string_view bytes) {
  uint64_t prefix = 0;
  std::memcpy(&prefix, bytes.data(), bytes.size() < 8 ? bytes.size() : 8);
  return __builtin_bswap64(prefix);
}

// The sort bytes of all rows of a batch. Scratch memory, refilled for each batch.
class SortBytes {
 public:
  void Fill(const data::Batch& batch, const SortKeys& keys) {
    bytes_.clear();
    ends_.clear();
    for (size_t row = 0; row < batch.rows; ++row) {
      AppendSortBytes(batch, keys, row, &bytes_);
      ends_.push_back(bytes_.size());
    }
  }
  std::string_view operator[](size_t row) const {
    const size_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::string_view(bytes_).substr(begin, ends_[row] - begin);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

}  // namespace millrace::operators
