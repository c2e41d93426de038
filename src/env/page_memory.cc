#include "env/page_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace millrace::env {
namespace {

constexpr size_t kMappedBytesMin = size_t{1} << 20;
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
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MR_CHECK(memory != MAP_FAILED);
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
