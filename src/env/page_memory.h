// Memory for large arrays that are accessed at random: zeroed, and from 1 MiB up on huge pages where the
// system has them, which saves most of the address translation and page faults. Any thread may call these.
#pragma once

#include <cstddef>

namespace millrace::env {

// Zero bytes, aligned to at least 64. Never null: running out of memory aborts.
std::byte* AllocateZeroed(size_t bytes);
// Gives back what AllocateZeroed(bytes) gave.
void FreeZeroed(std::byte* memory, size_t bytes);

}  // namespace millrace::env
