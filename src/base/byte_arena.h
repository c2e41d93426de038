// ByteArena: room for byte strings of any length that come and go, at addresses that never move.
//
// For the keys and values of long-lived state, where a plain bump arena would grow for ever: freed room
// is kept in lists by size class and given out again. Blocks are returned to the system only when the
// arena ends. Owned by one structure; not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace {

class ByteArena {
 public:
  ByteArena() = default;
  ~ByteArena();
  ByteArena(const ByteArena&) = delete;
  ByteArena& operator=(const ByteArena&) = delete;

  // Room for `bytes` bytes (> 0), aligned to 16.
  char* Allocate(size_t bytes);
  // Gives back what Allocate(bytes) gave.
  void Free(char* place, size_t bytes);
  // A copy of the bytes.
  const char* Copy(std::string_view bytes) {
    char* place = Allocate(bytes.size());
    std::memcpy(place, bytes.data(), bytes.size());
    return place;
  }
  // Gives back everything at once.
  void Clear();

  // Bytes taken from the system.
  size_t allocated_bytes() const { return allocated_bytes_; }

 private:
  struct FreeNode {
    FreeNode* next;
  };
  // Classes 0..31: 16, 32, ... 512 bytes; 32..38: 1 KiB, 2 KiB, ... 64 KiB. Longer ones have a block each.
  static constexpr size_t kClasses = 39;
  static constexpr size_t kPooledBytesMax = size_t{64} << 10;
  static size_t ClassOf(size_t bytes);
  static size_t ClassBytes(size_t size_class);

  std::array<FreeNode*, kClasses> free_{};
  std::vector<char*> blocks_;
  std::vector<char*> large_;  // unordered; found again by their address
  char* bump_ = nullptr;
  size_t bump_bytes_ = 0;
  size_t next_block_bytes_ = 4096;
  size_t allocated_bytes_ = 0;
};

}  // namespace millrace
