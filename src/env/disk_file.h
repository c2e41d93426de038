// DiskFile: the bytes of one file of a simulated disk, with what of them is safe and what a power loss may
// still take. Files grow at their end and can be cut; that is all that env::Files does. No lock of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "env/power_loss.h"
#include "env/random.h"

namespace millrace::env {

class DiskFile {
 public:
  uint64_t size() const { return bytes_.size(); }
  // Fewer bytes than asked for only at the end.
  size_t ReadAt(uint64_t offset, std::span<std::byte> buffer) const;
  void Append(std::string_view bytes);
  // To `size` bytes; not more than there are.
  void CutTo(uint64_t size);

  // All bytes, and the length, are safe from now on.
  void Sync();
  // As a kernel does that meets an error: it takes the bytes for written and will not write them again, so a
  // later Sync makes safe only what comes after them.
  void FailSync();

  // The medium turns one bit over; `bit` / 8 is less than the size.
  void FlipBit(uint64_t bit);

  // The file becomes what a power loss leaves of it, and that is safe.
  void LosePower(Random& random, const PowerLoss& loss);

 private:
  struct Range {
    uint64_t begin = 0;
    uint64_t end = 0;
  };

  uint64_t SafeSize() const { return safe_ + old_tail_.size(); }
  uint64_t DrawSize(Random& random) const;
  std::string DrawPartly(Random& random, const PowerLoss& loss) const;
  // Of `left`, from `begin` to `end`: what is on the device if nothing new came to be written there.
  void Lose(std::string& left, uint64_t begin, uint64_t end, bool garbage, bool old_is_gone,
            Random& random) const;

  std::string bytes_;
  // The file on the device: the first safe_ bytes of bytes_, and then old_tail_, which has been cut off since
  // the last Sync.
  uint64_t safe_ = 0;
  std::string old_tail_;
  std::vector<uint64_t> ends_;   // lengths since the last Sync
  std::vector<Range> doubtful_;  // whose Sync has failed; wherever they are, a power loss may take them
};

}  // namespace millrace::env
