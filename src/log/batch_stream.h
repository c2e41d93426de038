// BatchStream: reads a segment batch by batch, in blocks of a megabyte or more, and checks everything before
// it gives it out. Readers, recovery and the making of an index are over it.
//
// A batch is a view into the block that it was read with, which lives as long as somebody has it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "env/files.h"
#include "log/batch_format.h"

namespace millrace::log {

struct StoredBatch {
  BatchHeader header;
  std::string_view body;
  std::shared_ptr<const void> owner;  // keeps `body` alive
};

class BatchStream {
 public:
  enum class Found : uint8_t {
    kBatch,
    kEnd,      // `limit` has been reached
    kInvalid,  // what is there is no batch: `reason` says why; the position stays
  };

  // `file` outlives the stream. It begins behind the segment's header.
  BatchStream(const env::ReadableFile& file, uint64_t salt) : file_(file), salt_(salt) {}

  void Seek(uint64_t position) { position_ = position; }
  uint64_t position() const { return position_; }
  std::string_view reason() const { return reason_; }

  // The batch at the position, whole and with right checksums, and moves behind it. Nothing from `limit` on
  // is read: a batch that goes beyond it is invalid.
  Result<Found> Next(uint64_t limit, StoredBatch* batch);

  // The next valid header at `from` or behind it and before `limit`, its body not looked at: every byte is
  // tried. Leaves the position alone.
  Result<std::optional<BatchHeader>> FindHeader(uint64_t from, uint64_t limit);

 private:
  // Bytes of the file from `position` on, at least `want` of them unless the file or `limit` ends before.
  Result<std::string_view> Peek(uint64_t position, size_t want, uint64_t limit);

  const env::ReadableFile& file_;
  const uint64_t salt_;
  uint64_t position_ = kSegmentHeaderBytes;
  std::string_view reason_;

  std::shared_ptr<char[]> block_;
  size_t block_capacity_ = 0;
  uint64_t block_position_ = 0;
  size_t block_size_ = 0;  // what of it has been read
};

// The header of the segment, or what it must have been: when it cannot be read, the salt is taken from the
// first header of a batch in the file (of any salt, but at its own position), the rest is unknown and left at
// its defaults. Nothing if there is none either. `size`: of the file.
Result<std::optional<SegmentHeader>> ReadSegmentHeader(const env::ReadableFile& file, uint64_t size,
                                                       bool* is_intact);

}  // namespace millrace::log
