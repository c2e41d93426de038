#include "data/string_ref.h"

namespace millrace::data {

char* StringHeap::Allocate(size_t size) {
  if (size > free_bytes_) {
    const size_t block_bytes = std::max(size, next_block_bytes_);
    next_block_bytes_ = std::min<size_t>(next_block_bytes_ * 2, size_t{1} << 20);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
    allocated_bytes_ += block_bytes;
    if (block_bytes == size) return blocks_.back().get();  // keep filling the block before it
    free_ = blocks_.back().get();
    free_bytes_ = block_bytes;
  }
  char* place = free_;
  free_ += size;
  free_bytes_ -= size;
  return place;
}

}  // namespace millrace::data
