#include "log/batch_stream.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/limits.h"

namespace millrace::log {

namespace {

// A block has room for so many batches like the one that it is read for, as long as it is not longer than
// this.
constexpr size_t kBatchesPerBlock = 4;
constexpr size_t kBlockBytesMax = size_t{8} << 20;

// Calls `try_at(position, bytes)` for each place in [from, limit) where a header may begin, until it answers
// true.
template <typename Try>
Status EachMagic(const env::ReadableFile& file, uint64_t from, uint64_t limit, Try try_at) {
  auto block = std::make_unique_for_overwrite<char[]>(limits::kLogReadBytes);
  while (from + kBatchHeaderBytes <= limit) {
    const size_t want = std::min<uint64_t>(limits::kLogReadBytes, limit - from);
    MR_ASSIGN(const size_t size, file.ReadAt(from, std::as_writable_bytes(std::span(block.get(), want))));
    const std::string_view bytes(block.get(), size);
    for (size_t at = bytes.find(BatchMagic()); at != std::string_view::npos;
         at = bytes.find(BatchMagic(), at + 1)) {
      if (try_at(from + at, bytes.substr(at))) return Ok();
    }
    if (size < want || size < kBatchHeaderBytes) return Ok();
    // A header may lie across the end of the block.
    from += size - (kBatchHeaderBytes - 1);
  }
  return Ok();
}

}  // namespace

Result<std::string_view> BatchStream::Peek(uint64_t position, size_t want, uint64_t limit) {
  const uint64_t left = limit > position ? limit - position : 0;
  want = std::min<uint64_t>(want, left);
  const bool is_inside = position >= block_position_ && position - block_position_ + want <= block_size_;
  if (!is_inside) {
    const size_t block_bytes = std::min<uint64_t>(
        left, std::max({limits::kLogReadBytes, want, std::min(want * kBatchesPerBlock, kBlockBytesMax)}));
    if (block_capacity_ < block_bytes || block_.use_count() > 1) {
      block_ = std::make_shared_for_overwrite<char[]>(block_bytes);
      block_capacity_ = block_bytes;
    }
    block_size_ = 0;
    MR_ASSIGN(block_size_,
              file_.ReadAt(position, std::as_writable_bytes(std::span(block_.get(), block_bytes))));
    block_position_ = position;
  }
  const size_t at = position - block_position_;
  return std::string_view(block_.get() + at, std::min<uint64_t>(block_size_ - at, left));
}

Result<BatchStream::Found> BatchStream::Next(uint64_t limit, StoredBatch* batch) {
  if (position_ >= limit) return Found::kEnd;
  batch->owner = nullptr;  // so that its block may be used again
  const auto invalid = [this](std::string_view reason) {
    reason_ = reason;
    return Found::kInvalid;
  };
  MR_ASSIGN(const std::string_view front, Peek(position_, kBatchHeaderBytes, limit));
  if (front.size() < kBatchHeaderBytes) return invalid("the header of a batch is cut off");
  const std::optional<BatchHeader> header = DecodeBatchHeader(front, salt_, position_);
  if (!header) return invalid("this is no header of a batch, or its checksum is wrong");
  const size_t size = kBatchHeaderBytes + size_t{header->body_bytes};
  MR_ASSIGN(const std::string_view whole, Peek(position_, size, limit));
  if (whole.size() < size) return invalid("the body of a batch is cut off");
  const std::string_view body = whole.substr(kBatchHeaderBytes, header->body_bytes);
  if (!IsBodyIntact(*header, body)) return invalid("the checksum of a batch is wrong");
  *batch = {*header, body, block_};
  position_ += size;
  return Found::kBatch;
}

Result<std::optional<BatchHeader>> BatchStream::FindHeader(uint64_t from, uint64_t limit) {
  // Mostly it is right here: where one batch ends the next begins.
  MR_ASSIGN(const std::string_view here, Peek(from, kBatchHeaderBytes, limit));
  std::optional<BatchHeader> found = DecodeBatchHeader(here, salt_, from);
  if (found) return found;
  MR_TRY(EachMagic(file_, from, limit, [&](uint64_t position, std::string_view bytes) {
    found = DecodeBatchHeader(bytes, salt_, position);
    return found.has_value();
  }));
  return found;
}

Result<std::optional<SegmentHeader>> ReadSegmentHeader(const env::ReadableFile& file, uint64_t size,
                                                       bool* is_intact) {
  std::array<char, kSegmentHeaderBytes> bytes;
  MR_ASSIGN(const size_t read, file.ReadAt(0, std::as_writable_bytes(std::span(bytes))));
  std::optional<SegmentHeader> header = DecodeSegmentHeader(std::string_view(bytes.data(), read));
  *is_intact = header.has_value();
  if (header) return header;
  MR_TRY(EachMagic(file, kSegmentHeaderBytes, size, [&](uint64_t position, std::string_view at) {
    const std::optional<uint64_t> salt = SaltOfBatch(at, position);
    if (salt) header = SegmentHeader{.salt = *salt};
    return salt.has_value();
  }));
  return header;
}

}  // namespace millrace::log
