#include "log/segment_scan.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/limits.h"
#include "log/batch_stream.h"

namespace millrace::log {

Error Damage::ToError() const {
  const std::string records = end_offset - first_offset == 1
                                  ? fmt::format("record {} is lost", first_offset)
                                  : fmt::format("records {} to {} are lost", first_offset, end_offset - 1);
  return Error(ErrorCode::kDataCorrupted,
               fmt::format("{}: {}, '{}' at byte {}", records, reason, file, position),
               fmt::format("restore the file from a copy, or go on reading at offset {}", end_offset));
}

namespace {

class Scanner {
 public:
  Scanner(const env::ReadableFile& file, uint64_t size, const SegmentHeader& header,
          std::optional<uint64_t> sealed_end)
      : file_(file),
        size_(size),
        sealed_end_(sealed_end),
        stream_(file, header.salt),
        expected_(header.base_offset),
        synced_(sealed_end ? size : 0) {
    scan_.header = header;
    scan_.index = SegmentIndex(header.base_offset);
  }

  Result<SegmentScan> Run() {
    StoredBatch batch;
    // What lies behind the beginning of the next segment has been copied there.
    while (!sealed_end_ || expected_ < *sealed_end_) {
      MR_ASSIGN(const BatchStream::Found found, stream_.Next(size_, &batch));
      if (found == BatchStream::Found::kEnd) break;
      if (found == BatchStream::Found::kBatch && batch.header.base_offset == expected_) {
        Take(batch);
        continue;
      }
      reason_ = found == BatchStream::Found::kBatch ? "a batch does not continue the one before it"
                                                    : stream_.reason();
      MR_ASSIGN(const bool goes_on, PassHole(scan_.end_position));
      if (!goes_on) break;
    }
    if (sealed_end_ && expected_ < *sealed_end_) Lose(scan_.end_position, *sealed_end_);
    scan_.end_offset = std::max(expected_, sealed_end_.value_or(0));
    ForgetProven();
    scan_.unproven_position = unproven_.empty() ? scan_.end_position : unproven_.front().first;
    scan_.unproven_offset = unproven_.empty() ? scan_.end_offset : unproven_.front().second;
    return std::move(scan_);
  }

 private:
  void Take(const StoredBatch& batch) {
    const BatchHeader& header = batch.header;
    expected_ = header.end_offset();
    synced_ = std::max(synced_, header.synced);
    scan_.end_position = header.end_position();
    scan_.ends_with_mark = header.IsMark();
    if (header.IsMark()) {
      // Everything before it was durable, a part included.
      scan_.last_part.reset();
      return;
    }
    const BatchBody body = SplitBody(header, batch.body);
    scan_.last_part.reset();
    if (header.participants > 0) {
      scan_.last_part = LastPart{header.transaction, body.ReadParticipants(), header.position};
    }
    scan_.index.Add(header, body.id);
    ForgetProven();
    unproven_.emplace_back(header.position, header.base_offset);
  }

  void ForgetProven() {
    while (!unproven_.empty() && unproven_.front().first < synced_) unproven_.pop_front();
  }

  // What is at `at` is no batch. False: it is the torn tail.
  Result<bool> PassHole(uint64_t at) {
    MR_TRY(LookBehind(at));
    if (at >= synced_) return false;
    for (uint64_t from = at + 1;;) {
      MR_ASSIGN(const std::optional<BatchHeader> next, stream_.FindHeader(from, size_));
      if (!next) return false;
      if (next->base_offset >= expected_) {
        Lose(at, next->base_offset);
        expected_ = next->base_offset;
        scan_.end_position = next->position;
        stream_.Seek(next->position);
        return true;
      }
      from = next->position + 1;
    }
  }

  // What the headers behind the first hole say was durable.
  Status LookBehind(uint64_t at) {
    if (std::exchange(has_looked_behind_, true)) return Ok();
    for (uint64_t from = at + 1;;) {
      MR_ASSIGN(const std::optional<BatchHeader> next, stream_.FindHeader(from, size_));
      if (!next) return Ok();
      synced_ = std::max(synced_, next->synced);
      from = next->end_position();
    }
  }

  void Lose(uint64_t at, uint64_t end_offset) {
    if (end_offset > expected_) {
      scan_.damage.push_back({file_.path(), at, expected_, end_offset, std::string(reason_)});
    }
    scan_.last_part.reset();
  }

  const env::ReadableFile& file_;
  const uint64_t size_;
  const std::optional<uint64_t> sealed_end_;
  BatchStream stream_;
  uint64_t expected_;
  uint64_t synced_;
  bool has_looked_behind_ = false;
  std::deque<std::pair<uint64_t, uint64_t>> unproven_;          // positions and offsets of batches
  std::string_view reason_ = "the end of the file is missing";  // of the last hole
  SegmentScan scan_;
};

// Nothing in the file can be read. How many records there were is not known, only how many there cannot have
// been.
SegmentScan AllLost(const env::ReadableFile& file, uint64_t size, uint64_t base_offset,
                    std::optional<uint64_t> sealed_end) {
  const uint64_t end_offset =
      sealed_end.value_or(base_offset + (size / kBatchHeaderBytes + 1) * limits::kLogRecordsMax);
  SegmentScan scan;
  scan.header.base_offset = base_offset;
  scan.end_offset = end_offset;
  scan.index = SegmentIndex(base_offset);
  if (end_offset > base_offset) {
    scan.damage.push_back(
        {file.path(), 0, base_offset, end_offset, "neither its header nor any batch can be read"});
  }
  return scan;
}

}  // namespace

Result<std::optional<SegmentScan>> ScanSegment(const env::ReadableFile& file, uint64_t base_offset,
                                               std::optional<uint64_t> sealed_end) {
  MR_ASSIGN(const env::FileInfo info, file.Stat());
  bool is_intact = false;
  MR_ASSIGN(std::optional<SegmentHeader> header, ReadSegmentHeader(file, info.size, &is_intact));
  if (!header && !sealed_end && info.size <= kSegmentHeaderBytes) return std::nullopt;
  if (!header) return AllLost(file, info.size, base_offset, sealed_end);
  header->base_offset = base_offset;
  MR_ASSIGN(SegmentScan scan, Scanner(file, info.size, *header, sealed_end).Run());
  return scan;
}

}  // namespace millrace::log
