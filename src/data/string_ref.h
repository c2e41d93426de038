// StringRef: a 16-byte string value, of the layout of DuckDB's string_t; and the arena that owns
// the bytes of the long ones.
//
// Up to 12 bytes lie inside; a longer one holds its first 4 bytes and a pointer. A StringRef owns
// nothing: the column that holds it keeps the owners of the bytes alive (Column::AddOwner).
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace::data {

class StringRef {
 public:
  static constexpr uint32_t kInlineBytes = 12;

  StringRef() : size_(0) { std::memset(inlined_, 0, sizeof(inlined_)); }
  // The bytes must outlive the reference when there are more than 12.
  explicit StringRef(std::string_view bytes) : size_(static_cast<uint32_t>(bytes.size())) {
    if (size_ <= kInlineBytes) {
      std::memset(inlined_, 0, sizeof(inlined_));
      if (size_ > 0) std::memcpy(inlined_, bytes.data(), size_);
    } else {
      std::memcpy(pointer_.prefix, bytes.data(), 4);
      pointer_.data = bytes.data();
    }
  }

  uint32_t size() const { return size_; }
  bool is_inlined() const { return size_ <= kInlineBytes; }
  const char* data() const { return is_inlined() ? inlined_ : pointer_.data; }
  std::string_view view() const { return {data(), size_}; }

  friend bool operator==(const StringRef& a, const StringRef& b) {
    uint64_t head_a;
    uint64_t head_b;
    std::memcpy(&head_a, &a, 8);  // size and the first four bytes
    std::memcpy(&head_b, &b, 8);
    if (head_a != head_b) return false;
    if (a.size_ <= kInlineBytes) return std::memcmp(a.inlined_ + 4, b.inlined_ + 4, 8) == 0;
    return std::memcmp(a.pointer_.data, b.pointer_.data, a.size_) == 0;
  }
  // By unsigned bytes, which is the order of code points in UTF-8.
  friend std::strong_ordering operator<=>(const StringRef& a, const StringRef& b) {
    const int c = std::memcmp(a.data(), b.data(), std::min(a.size_, b.size_));
    if (c != 0) return c <=> 0;
    return a.size_ <=> b.size_;
  }

 private:
  uint32_t size_;
  union {
    char inlined_[kInlineBytes];
    struct __attribute__((packed)) {
      char prefix[4];
      const char* data;
    } pointer_;
  };
};
static_assert(sizeof(StringRef) == 16);

// An arena of string bytes. Grows by blocks; bytes never move. One writer at a time.
class StringHeap {
 public:
  // A reference to a copy of the bytes (inside the reference itself when short).
  StringRef Add(std::string_view bytes) {
    if (bytes.size() <= StringRef::kInlineBytes) return StringRef(bytes);
    char* place = Allocate(bytes.size());
    std::memcpy(place, bytes.data(), bytes.size());
    return StringRef(std::string_view(place, bytes.size()));
  }

  // Room for `size` bytes that the caller fills in.
  char* Allocate(size_t size);

  size_t allocated_bytes() const { return allocated_bytes_; }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
  size_t next_block_bytes_ = 1024;
  size_t allocated_bytes_ = 0;
};

}  // namespace millrace::data
