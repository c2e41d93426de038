// Reads a whole segment and says what of it is there, what is a torn tail and what is damage: the rules of
// docs/formats/log.md, "Recovery". Changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "env/files.h"
#include "log/batch_format.h"
#include "log/segment_index.h"

namespace millrace::log {

// Records that had been durable and cannot be read.
struct Damage {
  std::string file;
  uint64_t position = 0;      // of the first byte that is not right
  uint64_t first_offset = 0;  // of the records that are lost
  uint64_t end_offset = 0;    // behind the last of them
  std::string reason;

  // "records 100 to 119 are lost: the checksum of a batch is wrong, '/log/…' at byte 4096".
  Error ToError() const;
  friend bool operator==(const Damage&, const Damage&) = default;
};

// A part of a transaction at the very end of a segment.
struct LastPart {
  uint64_t transaction = 0;
  std::vector<Participant> participants;
  uint64_t position = 0;
};

struct SegmentScan {
  SegmentHeader header;                         // its base_offset is that of the file's name
  SegmentIndex index;                           // of all batches that can be read
  uint64_t end_position = kSegmentHeaderBytes;  // behind the last batch or mark: what follows is a torn tail
  uint64_t end_offset = 0;                      // behind the last record that is there or lost
  // Batches from here on have nothing behind them that says that they had been durable; equal to the end:
  // none.
  uint64_t unproven_position = kSegmentHeaderBytes;
  uint64_t unproven_offset = 0;
  bool ends_with_mark = false;
  std::vector<Damage> damage;
  std::optional<LastPart> last_part;
};

// `sealed_end`: the offset at which the next segment begins, if there is one: everything in this one was
// durable then. Nothing if the file holds no record and ends within its header: its creation did not end.
Result<std::optional<SegmentScan>> ScanSegment(const env::ReadableFile& file, uint64_t base_offset,
                                               std::optional<uint64_t> sealed_end);

}  // namespace millrace::log
