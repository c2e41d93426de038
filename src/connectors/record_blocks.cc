#include "connectors/record_blocks.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"

namespace millrace::connectors {
namespace {

// Records longer than this are looked through again only each time they have doubled.
constexpr size_t kLookAgainBytes = size_t{256} << 10;

}  // namespace

void RecordBlocks::Restart(uint64_t offset) {
  begin_ = end_;  // the rest of the buffer can still be used
  looked_ = 0;
  offset_ = offset;
  is_skipping_ = false;
}

std::span<std::byte> RecordBlocks::Room() {
  const size_t pending = end_ - begin_;
  if (capacity_ - end_ < std::max(block_bytes_ / 16, std::min(pending, limits::kRecordBytesMax))) {
    const size_t capacity = std::max(block_bytes_, pending) + pending;
    std::shared_ptr<std::byte[]> buffer(new std::byte[capacity]);
    if (pending > 0) std::memcpy(buffer.get(), buffer_.get() + begin_, pending);
    buffer_ = std::move(buffer);
    capacity_ = capacity;
    begin_ = 0;
    end_ = pending;
  }
  return {buffer_.get() + end_,
          std::min(capacity_ - end_, limits::kRecordBytesMax + limits::kReadBytes - pending)};
}

void RecordBlocks::Fill(size_t bytes) {
  MR_CHECK_LE(bytes, capacity_ - end_);
  end_ += bytes;
  if (is_skipping_) SkipToLineEnd();
}

RecordBlock RecordBlocks::Take(size_t bytes) {
  RecordBlock block{buffer_, Pending().substr(0, bytes), offset_};
  begin_ += bytes;
  offset_ += bytes;
  looked_ = 0;
  return block;
}

size_t RecordBlocks::CompleteBytes(std::string_view pending) const {
  if (decoder_ != nullptr) return decoder_->CompleteBytes(pending);
  const size_t last = pending.rfind(delimiter_);
  return last == std::string_view::npos ? 0 : last + 1;
}

RecordBlock RecordBlocks::TakeComplete() {
  const std::string_view pending = Pending();
  if (pending.empty() || is_skipping_) return {};
  if (looked_ >= kLookAgainBytes && pending.size() < 2 * looked_ && !IsOverlong()) return {};
  const size_t complete = CompleteBytes(pending);
  MR_CHECK_LE(complete, pending.size());
  if (complete == 0) {
    looked_ = pending.size();
    return {};
  }
  return Take(complete);
}

RecordBlock RecordBlocks::TakeAll() {
  if (is_skipping_) Take(end_ - begin_);
  return Take(end_ - begin_);
}

bool RecordBlocks::IsOverlong() const {
  return end_ - begin_ > limits::kRecordBytesMax;
}

RecordBlock RecordBlocks::OverlongRecord() const {
  const std::string_view pending = Pending();
  const size_t line_end = pending.find(delimiter_);
  return {buffer_, pending.substr(0, line_end == std::string_view::npos ? pending.size() : line_end + 1),
          offset_};
}

void RecordBlocks::DropOverlong() {
  const std::string_view record = OverlongRecord().bytes;
  is_skipping_ = record.back() != delimiter_;
  Take(record.size());
}

void RecordBlocks::SkipToLineEnd() {
  const std::string_view pending = Pending();
  const size_t line_end = pending.find(delimiter_);
  is_skipping_ = line_end == std::string_view::npos;
  Take(is_skipping_ ? pending.size() : line_end + 1);
}

}  // namespace millrace::connectors
