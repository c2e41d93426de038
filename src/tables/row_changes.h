// RowChanges: what has changed in a keyed part or a multiset since it was saved: two bits for each row that
// is there, and the keys of rows that are saved and gone.
//
// Owned by a TablePart that tracks its changes, used by the part's writer. Cost: a bit operation a change, a
// copy of the key of a row that goes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tables/chunk.h"

namespace millrace::tables {

class RowChanges {
 public:
  // `types`: of the columns of the key.
  explicit RowChanges(std::vector<data::DataType> types) : types_(std::move(types)) {}

  // Whether anything has changed.
  bool HasAny() const { return has_any_; }
  // All of it, after which nothing counts as changed.
  RowChanges Take() {
    RowChanges taken(types_);
    taken.words_.resize(words_.size());
    std::swap(taken.words_, words_);
    std::swap(taken.gone_, gone_);
    taken.has_any_ = std::exchange(has_any_, false);
    return taken;
  }

  // A row behind the last one, that is not saved.
  void Added(uint32_t position) {
    has_any_ = true;
    if (position / kWordRows == words_.size()) words_.push_back(0);
    words_[position / kWordRows] |= kNew << ShiftOf(position);
  }
  // So many rows are there, those behind the ones before as saved.
  void ResizeSaved(size_t rows) { words_.resize((rows + kWordRows - 1) / kWordRows); }
  void Changed(uint32_t position) {
    has_any_ = true;
    words_[position / kWordRows] |= kChanged << ShiftOf(position);
  }
  // Not saved, nor has the saved state to be told when it goes: it has been, or has never had the row.
  bool IsNew(uint32_t position) const { return StateOf(position) == kNew; }
  void MarkSaved(uint32_t position) { words_[position / kWordRows] &= ~(kNew << ShiftOf(position)); }
  // The last row takes the place of this one; both may be the same.
  void Moved(uint32_t last, uint32_t position) {
    const uint64_t state = StateOf(last);
    MarkSaved(last);
    if (last == position) return;
    MarkSaved(position);
    words_[position / kWordRows] |= state << ShiftOf(position);
  }

  // Calls f(position) for each row that has changed, in ascending order, and counts it as saved. f may count
  // others as saved.
  template <typename F>
  void TakeChanged(F&& f) {
    for (size_t word = 0; word < words_.size(); ++word) {
      while (words_[word] != 0) {
        const auto position =
            static_cast<uint32_t>(word * kWordRows + static_cast<size_t>(std::countr_zero(words_[word])) / 2);
        MarkSaved(position);
        f(position);
      }
    }
  }

  // Keys of rows that are gone, up to limits::kBatchRows of them.
  struct Gone {
    std::vector<data::MutableColumnPtr> keys;
    std::vector<uint64_t> hashes;  // of whole keys
  };
  void AddGone(const Chunk& chunk, size_t row, const std::vector<int>& key, uint64_t hash);
  std::vector<Gone> TakeGone() { return std::exchange(gone_, {}); }

  size_t MemoryBytes() const;

 private:
  static constexpr size_t kWordRows = 32;
  static constexpr uint64_t kChanged = 1;
  static constexpr uint64_t kNew = 3;
  static size_t ShiftOf(uint32_t position) { return position % kWordRows * 2; }
  uint64_t StateOf(uint32_t position) const {
    return words_[position / kWordRows] >> ShiftOf(position) & uint64_t{3};
  }

  std::vector<data::DataType> types_;
  std::vector<uint64_t> words_;
  std::vector<Gone> gone_;
  bool has_any_ = false;
};

}  // namespace millrace::tables
