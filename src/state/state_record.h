// The records of state buffers (docs/formats/state.md), and StateCursor, which reads one buffer.
//
// Plain values over memory of their caller; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace millrace::state {

inline constexpr char kStateVersion = 1;
inline constexpr size_t kVarintBytesMax = 10;

enum class StateTag : uint8_t {
  kSpace = 1,
  kPut = 2,
  kRemove = 3,
  kDrop = 4,
  kShared = 5,
};

// A record as a buffer holds it; the views point into the buffer.
struct StateRecord {
  StateTag tag;            // never kSpace
  std::string_view space;  // kPut, kRemove, kDrop
  std::string_view key;    // kPut, kRemove; kShared: the name
  std::string_view value;  // kPut, kShared
  uint64_t hash = 0;       // kPut, kRemove
  uint32_t shard = 0;      // kDrop, kShared: the shard that wrote it,
  uint32_t shards = 1;     // of so many
};

class StateCursor {
 public:
  // `buffer` must outlive what is read from it.
  explicit StateCursor(std::string_view buffer) : buffer_(buffer) {}

  // The next record, in the order of the buffer; false at its end. An error says at which byte the buffer is
  // damaged; nothing more can be read then.
  Result<bool> Next(StateRecord* record);

  // Of the record that comes next.
  size_t offset() const { return at_; }

 private:
  Status Damaged(size_t offset, std::string_view what) const;
  Status ReadVarint(uint64_t* value);
  Status ReadBytes(uint64_t size, std::string_view* bytes);
  Status ReadName(std::string_view* name);
  Status ReadShard(StateRecord* record);

  std::string_view buffer_;
  size_t at_ = 0;
  std::string_view space_;
};

}  // namespace millrace::state
