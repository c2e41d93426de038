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

// The first sixteen bytes as a number (zeros behind a shorter string): of two byte strings, that with the
// smaller prefix is smaller. Two strings for the same keys of at most sixteen bytes are equal if their
// prefixes are, because none of these strings is the beginning of another.
using SortPrefix = unsigned __int128;
inline constexpr size_t kSortPrefixBytes = sizeof(SortPrefix);
inline SortPrefix SortPrefixOf(std::string_view bytes) {
  uint64_t halves[2] = {0, 0};
  std::memcpy(halves, bytes.data(), bytes.size() < kSortPrefixBytes ? bytes.size() : kSortPrefixBytes);
  return static_cast<SortPrefix>(__builtin_bswap64(halves[0])) << 64 | __builtin_bswap64(halves[1]);
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
