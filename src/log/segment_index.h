// SegmentIndex: what is known of a segment without reading it: its bounds in offsets and time, some of its
// batches with their positions, and the ids of its batches; and the file that keeps this
// (docs/formats/log.md, "Index").
//
// All of it is derived from the segment. Owned by a segment, guarded by its partition's lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/batch_format.h"

namespace millrace::log {

// The id of a batch, and what its append was answered.
struct BatchIdNote {
  std::string id;
  uint64_t base_offset = 0;
  uint32_t record_count = 0;
  int64_t append_micros = 0;
  friend bool operator==(const BatchIdNote&, const BatchIdNote&) = default;
};

class SegmentIndex {
 public:
  struct Entry {
    uint64_t offset = 0;
    uint64_t position = 0;
    int64_t append_micros = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  SegmentIndex() = default;
  explicit SegmentIndex(uint64_t base_offset) : base_offset_(base_offset), end_offset_(base_offset) {}

  // The next batch of the segment (no mark); `id` as its body says.
  void Add(const BatchHeader& header, std::string_view id);

  // Where to begin to read for this offset, or for the first batch appended at `micros` or later: the
  // position of a batch that is not behind it.
  uint64_t PositionOf(uint64_t offset) const;
  uint64_t PositionAt(int64_t micros) const;

  uint64_t base_offset() const { return base_offset_; }
  uint64_t end_offset() const { return end_offset_; }
  bool IsEmpty() const { return end_offset_ == base_offset_; }
  // Of the first and of the last batch, if there is one.
  int64_t first_micros() const { return first_micros_; }
  int64_t last_micros() const { return last_micros_; }
  uint64_t last_transaction() const { return last_transaction_; }
  const std::vector<BatchIdNote>& ids() const { return ids_; }
  // When the last batch with an id was appended, if there is one; also when ids() are forgotten.
  std::optional<int64_t> last_id_micros() const { return last_id_micros_; }
  // They are needed until the index is written and the topic has them.
  void ForgetIds() { ids_ = {}; }

  std::string Encode(uint64_t salt, uint64_t segment_bytes) const;
  // Nothing unless the bytes are the index of exactly this segment.
  static std::optional<SegmentIndex> Decode(std::string_view bytes, uint64_t salt, uint64_t segment_bytes);

  friend bool operator==(const SegmentIndex&, const SegmentIndex&) = default;

 private:
  uint64_t base_offset_ = 0;
  uint64_t end_offset_ = 0;
  int64_t first_micros_ = 0;
  int64_t last_micros_ = 0;
  uint64_t last_transaction_ = 0;
  std::vector<Entry> entries_;
  std::vector<BatchIdNote> ids_;
  std::optional<int64_t> last_id_micros_;
};

}  // namespace millrace::log
