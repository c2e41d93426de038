#include "base/byte_arena.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/check.h"

namespace millrace {
namespace {

constexpr size_t kFineClasses = 32;
constexpr size_t kFineBytes = 16;
constexpr size_t kLargeHeaderBytes = 16;  // holds the block's index in large_
constexpr size_t kBlockBytesMax = size_t{1} << 20;

char* NewBlock(size_t bytes) {
  return static_cast<char*>(::operator new(bytes, std::align_val_t{16}));
}
void DeleteBlock(char* block) {
  ::operator delete(block, std::align_val_t{16});
}

}  // namespace

size_t ByteArena::ClassOf(size_t bytes) {
  if (bytes <= kFineClasses * kFineBytes) return (bytes + kFineBytes - 1) / kFineBytes - 1;
  return kFineClasses + static_cast<size_t>(std::bit_width(bytes - 1)) - 10;
}

size_t ByteArena::ClassBytes(size_t size_class) {
  if (size_class < kFineClasses) return (size_class + 1) * kFineBytes;
  return size_t{1024} << (size_class - kFineClasses);
}

ByteArena::~ByteArena() {
  Clear();
}

void ByteArena::Clear() {
  for (char* block : blocks_) DeleteBlock(block);
  for (char* block : large_) DeleteBlock(block);
  blocks_.clear();
  large_.clear();
  free_.fill(nullptr);
  bump_ = nullptr;
  bump_bytes_ = 0;
  next_block_bytes_ = 4096;
  allocated_bytes_ = 0;
}

char* ByteArena::Allocate(size_t bytes) {
  MR_DCHECK(bytes > 0);
  if (bytes > kPooledBytesMax) {
    char* block = NewBlock(bytes + kLargeHeaderBytes);
    const uint64_t index = large_.size();
    std::memcpy(block, &index, sizeof(index));
    large_.push_back(block);
    allocated_bytes_ += bytes + kLargeHeaderBytes;
    return block + kLargeHeaderBytes;
  }
  const size_t size_class = ClassOf(bytes);
  if (FreeNode* node = free_[size_class]; node != nullptr) {
    free_[size_class] = node->next;
    return reinterpret_cast<char*>(node);
  }
  const size_t room = ClassBytes(size_class);
  if (room > bump_bytes_) {
    const size_t block_bytes = std::max(room, next_block_bytes_);
    next_block_bytes_ = std::min(next_block_bytes_ * 2, kBlockBytesMax);
    blocks_.push_back(NewBlock(block_bytes));
    allocated_bytes_ += block_bytes;
    bump_ = blocks_.back();
    bump_bytes_ = block_bytes;
  }
  char* place = bump_;
  bump_ += room;
  bump_bytes_ -= room;
  return place;
}

void ByteArena::Free(char* place, size_t bytes) {
  if (bytes > kPooledBytesMax) {
    char* block = place - kLargeHeaderBytes;
    uint64_t index;
    std::memcpy(&index, block, sizeof(index));
    large_[index] = large_.back();
    std::memcpy(large_[index], &index, sizeof(index));
    large_.pop_back();
    allocated_bytes_ -= bytes + kLargeHeaderBytes;
    DeleteBlock(block);
    return;
  }
  const size_t size_class = ClassOf(bytes);
  auto* node = reinterpret_cast<FreeNode*>(place);
  node->next = free_[size_class];
  free_[size_class] = node;
}

}  // namespace millrace
