// Reader: the batches of a partition from an offset on, in order, each checked, decompressed and in one
// piece; then what becomes durable as it does. Nothing is left out: what retention has removed and what
// cannot be read is an error that says where reading can go on, and only Seek goes there.
//
// Any number for a partition; one thread at a time for each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "log/batch_format.h"
#include "log/batch_stream.h"
#include "log/partition.h"

namespace millrace::log {

// A whole batch. Views are into what `owner` keeps.
struct ReadBatch {
  uint64_t base_offset = 0;
  uint32_t record_count = 0;
  // Records at its beginning that lie before the offset that was sought; 0 but for the first batch after a
  // Seek.
  uint32_t skip_records = 0;
  int64_t append_micros = 0;
  Layout layout = Layout::kOpaque;
  std::string_view payload;
  std::string_view id;
  std::shared_ptr<const void> owner;

  uint64_t end_offset() const { return base_offset + record_count; }
  // Where each record ends in the payload; kInvalidParameter for an opaque one.
  Result<std::vector<uint32_t>> Ends() const;
  // The record with this offset, which is in the batch; of an opaque batch kInvalidParameter.
  Result<std::string_view> Record(uint64_t offset) const;

 private:
  friend class Reader;
  std::string_view encoded_ends_;
};

class Reader {
 public:
  // By Partition::NewReader.
  Reader(std::shared_ptr<Partition> partition, uint64_t offset, std::function<void()> wake);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The next batch; false: nothing more is durable now, and `wake` will be called. Errors leave the reader
  // where it is:
  // - kDataExpired: retention has removed what comes next; resume_offset() is the first record that is there.
  // - kDataCorrupted: records are lost, the message says which; resume_offset() is behind them.
  // - kInvalidParameter: the offset is beyond the end. Others: what reading the file said, or that the log is
  // closed or
  //   the topic dropped.
  Result<bool> Next(ReadBatch* batch);

  // The offset of the next record that has not been given.
  uint64_t offset() const { return offset_; }
  // After kDataExpired and kDataCorrupted: where to Seek to go on in spite of it.
  uint64_t resume_offset() const { return resume_offset_; }
  void Seek(uint64_t offset);

 private:
  // Opens the segment with the offset, or takes up how much of it can be read now. False: there is nothing.
  Result<bool> Enter();
  Result<bool> ReadOn(ReadBatch* batch);
  Result<bool> Give(const StoredBatch& stored, ReadBatch* batch);
  Status Unpack(const StoredBatch& stored, std::string_view payload, ReadBatch* batch);
  // What is at this position is no batch: an error if records from offset_ on are lost.
  Status PassHole(uint64_t at);
  std::unexpected<Error> Lose(uint64_t at, uint64_t end_offset, std::string_view reason);
  void Leave();

  const std::shared_ptr<Partition> partition_;
  const uint64_t number_;
  const std::function<void()> wake_;
  uint64_t offset_;
  uint64_t resume_offset_ = 0;

  SegmentPlace place_;
  std::unique_ptr<env::ReadableFile> file_;  // null: no segment has been entered
  std::optional<BatchStream> stream_;
  std::shared_ptr<char[]> unpacked_;
  size_t unpacked_capacity_ = 0;
};

}  // namespace millrace::log
