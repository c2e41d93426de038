// PowerLoss: what a simulated disk may do to all that was not synced when the power goes. Every loss is
// drawn from a seed; these say what may be drawn.
//
// Always: bytes that a Sync made safe stay, but for those of a file whose Sync failed before; a sector is
// written whole or not at all, so safe bytes in a sector stay when more are added to it; a rename is
// done or not done. Of a file's new bytes all, none, or any first part may be left, and the file may be
// longer than what was written of it, with zeros where the rest should be.
#pragma once

#include <cstddef>

namespace millrace::env {

inline constexpr size_t kSectorBytes = 512;

struct PowerLoss {
  // Sectors of one file survive each by itself, not only as a first part.
  bool scatters_sectors = true;
  // What should be in a sector that was lost within a file may be any bytes, not only zeros.
  bool leaves_garbage = true;
  // Creations, renames and removals in one folder survive each by itself, not only in their order. Those of
  // one file, or of one name, keep their order. Not what ext4, XFS or btrfs do; POSIX does not forbid it.
  bool scatters_names = false;
};

}  // namespace millrace::env
