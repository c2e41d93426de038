#include "env/page_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace millrace::env {
namespace {

constexpr size_t kMappedBytesMin = size_t{1} << 20;
constexpr size_t kHugePageBytes = size_t{2} << 20;
constexpr size_t kPageBytes = 4096;
constexpr size_t kAlignment = 64;

}  // namespace

std::byte* AllocateZeroed(size_t bytes) {
  if (bytes < kMappedBytesMin) {
    const size_t room = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(kAlignment, room));
    MR_CHECK(memory != nullptr);
    std::memset(memory, 0, room);
    return memory;
  }
  // From one huge page up the memory begins where one can: mapped with room, and the room given back.
  const size_t room = bytes < kHugePageBytes ? 0 : kHugePageBytes;
  void* memory = mmap(nullptr, bytes + room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MR_CHECK(memory != MAP_FAILED);
  if (room > 0) {
    auto* mapped = static_cast<std::byte*>(memory);
    const size_t before = -reinterpret_cast<uintptr_t>(mapped) % kHugePageBytes;
    const size_t kept = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    memory = mapped + before;
    if (before > 0) munmap(mapped, before);
    const size_t behind = (bytes + room + kPageBytes - 1) / kPageBytes * kPageBytes - before - kept;
    if (behind > 0) munmap(mapped + before + kept, behind);
  }
  madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: without huge pages all works the same
  return static_cast<std::byte*>(memory);
}

void FreeZeroed(std::byte* memory, size_t bytes) {
  if (memory == nullptr) return;
  if (bytes < kMappedBytesMin) {
    std::free(memory);
  } else {
    munmap(memory, bytes);
  }
}

}  // namespace millrace::env
