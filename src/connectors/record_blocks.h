// RecordBlocks: turns bytes that are read piece by piece into blocks of whole records for a decoder.
//
// Blocks are not copied: they share the buffer that was read into, which lives as long as a row of it.
// Only the unfinished record at the end of a full buffer moves to the next one. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"
#include "formats/format.h"

namespace millrace::connectors {

struct RecordBlock {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
  uint64_t offset = 0;  // of the first byte in the file or stream
  bool IsEmpty() const { return bytes.empty(); }
};

class RecordBlocks {
 public:
  // `decoder` says where records end; it outlives this. Buffers have `block_bytes` or more.
  explicit RecordBlocks(const formats::Decoder& decoder, size_t block_bytes = limits::kReadBytes)
      : decoder_(&decoder), block_bytes_(block_bytes) {}
  // Records end at each `delimiter`.
  explicit RecordBlocks(char delimiter, size_t block_bytes = limits::kReadBytes)
      : delimiter_(delimiter), block_bytes_(block_bytes) {}

  // Forgets everything; the next byte read is at `offset`.
  void Restart(uint64_t offset);

  // Where to read to next: some part of a buffer. Then say how many bytes came.
  std::span<std::byte> Room();
  void Fill(size_t bytes);

  // All complete records there are; empty if there is none.
  RecordBlock TakeComplete();
  // Everything, the unfinished record as well: at the end of input.
  RecordBlock TakeAll();
  // What has been read and not been taken; valid until the next call of Room.
  std::string_view Unfinished() const { return is_skipping_ ? std::string_view() : Pending(); }

  // Set while a record grows past limits::kRecordBytesMax, which no decoder gets: its beginning (with
  // its first line end, if it has one), to be reported as malformed; then Drop that many bytes.
  bool IsOverlong() const;
  RecordBlock OverlongRecord() const;
  void DropOverlong();
  // After DropOverlong of a record without any line end: its rest is skipped as it comes.
  bool IsSkipping() const { return is_skipping_; }

  // Where the bytes begin that have not been taken, and where reading goes on.
  uint64_t taken_offset() const { return offset_; }
  uint64_t read_offset() const { return offset_ + (end_ - begin_); }

 private:
  size_t CompleteBytes(std::string_view pending) const;
  RecordBlock Take(size_t bytes);
  void SkipToLineEnd();
  std::string_view Pending() const {
    return {reinterpret_cast<const char*>(buffer_.get()) + begin_, end_ - begin_};
  }

  const formats::Decoder* const decoder_ = nullptr;  // null: delimiter_ alone counts
  const char delimiter_ = '\n';
  const size_t block_bytes_;
  std::shared_ptr<std::byte[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;   // of what has not been taken
  size_t end_ = 0;     // of what has been read
  size_t looked_ = 0;  // pending bytes in which no complete record was found: look again when doubled
  uint64_t offset_ = 0;
  bool is_skipping_ = false;
};

}  // namespace millrace::connectors
