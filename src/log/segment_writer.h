// SegmentWriter: the file of a partition's last segment, open at its end. It writes, syncs, and after a
// failed write cuts the file back to what is good. One thread at a time; owned by the writer of the
// partition.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "env/env.h"
#include "log/batch_stream.h"
#include "log/encoded_append.h"
#include "log/health.h"
#include "log/segment_index.h"

namespace millrace::log {

// "<folder>/<20 digits>.log" and ".index".
std::string SegmentPath(const std::string& folder, uint64_t base_offset);
std::string IndexPath(const std::string& folder, uint64_t base_offset);

// Of a file that is to become a segment and is not whole yet.
inline constexpr std::string_view kUnfinishedSuffix = ".new";

// Of a segment that is to be made now, behind everything that the others say.
SegmentHeader NewSegmentHeader(const env::Env& env, Participant identity, uint64_t base_offset,
                               uint64_t last_transaction, int64_t last_append_micros);

class SegmentWriter {
 public:
  // A new file with its header, durable with its name. A file that is there in its place holds nothing and is
  // replaced.
  static Result<std::unique_ptr<SegmentWriter>> Create(const env::Env& env, Health& health,
                                                       const std::string& folder,
                                                       const SegmentHeader& header);
  // Goes on at `position`, cuts off what is behind it, and syncs: all before it is durable then.
  static Result<std::unique_ptr<SegmentWriter>> Continue(const env::Env& env, Health& health,
                                                         const std::string& folder,
                                                         const SegmentHeader& header, uint64_t position);

  // A new segment that begins with the batches that lie from `begin` to `end` in the file of `from`, durable
  // with its name; it replaces the one that is there in its place. `index` gets the batches.
  static Result<std::unique_ptr<SegmentWriter>> CreateFrom(const env::Env& env, Health& health,
                                                           const std::string& folder,
                                                           const SegmentHeader& header, BatchStream& from,
                                                           uint64_t begin, uint64_t end, SegmentIndex* index);

  // Fills in salt, position and synced of the header, and writes the batch behind what is there.
  Status Append(EncodedAppend& append);
  // A mark that says that all before it is durable, which it must be.
  Status AppendMark(uint64_t offset, int64_t now_micros);
  // The operating system has it.
  Status Flush();
  // The device has it. A failure ends the log (Health).
  Status Sync();

  // After a failed Append or Flush, or to take back what was written: back to `position`, which is not before
  // what was there when the file was good. If that fails it is tried again before the next Append. With
  // `is_durable` it is synced.
  Status CutTo(uint64_t position, bool is_durable = false);

  uint64_t position() const { return position_; }
  uint64_t synced() const { return synced_; }
  const std::string& path() const { return path_; }
  uint64_t salt() const { return header_.salt; }

 private:
  SegmentWriter(const env::Env& env, Health& health, const std::string& folder, const SegmentHeader& header)
      : env_(env), health_(health), path_(SegmentPath(folder, header.base_offset)), header_(header) {}

  Status Reopen();
  Status CopyBatches(BatchStream& from, uint64_t begin, uint64_t end, SegmentIndex* index);
  Status WriteBatch(const BatchHeader& header, std::string_view front, std::string_view payload);
  // Runs a step whose failure ends the log.
  template <typename Step>
  Status Fatal(Step step);

  const env::Env& env_;
  Health& health_;
  const std::string path_;
  const SegmentHeader header_;
  std::unique_ptr<env::WritableFile> file_;  // null: to be cut to position_ and opened
  uint64_t position_ = 0;
  uint64_t synced_ = 0;
};

}  // namespace millrace::log
