#include "connectors/record_blocks.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"

namespace millrace::connectors {
namespace {

constexpr size_t kRoomMin = size_t{64} << 10;
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
  if (capacity_ - end_ < std::max(kRoomMin, std::min(pending, limits::kRecordBytesMax))) {
    const size_t capacity = std::max(limits::kReadBytes, pending) + pending;
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

RecordBlock RecordBlocks::TakeComplete() {
  const std::string_view pending = Pending();
  if (pending.empty() || is_skipping_) return {};
  if (looked_ >= kLookAgainBytes && pending.size() < 2 * looked_ && !IsOverlong()) return {};
  const size_t complete = decoder_.CompleteBytes(pending);
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
  const size_t line_end = pending.find('\n');
  return {buffer_, pending.substr(0, line_end == std::string_view::npos ? pending.size() : line_end + 1),
          offset_};
}

void RecordBlocks::DropOverlong() {
  const std::string_view record = OverlongRecord().bytes;
  is_skipping_ = record.back() != '\n';
  Take(record.size());
}

void RecordBlocks::SkipToLineEnd() {
  const std::string_view pending = Pending();
  const size_t line_end = pending.find('\n');
  is_skipping_ = line_end == std::string_view::npos;
  Take(is_skipping_ ? pending.size() : line_end + 1);
}

}  // namespace millrace::connectors
