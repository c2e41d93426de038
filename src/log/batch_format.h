// The bytes of a segment: its header, and the headers and bodies of batches, as in docs/formats/log.md. Pure
// functions; what they read may be anything, what they write is of version 1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "log/settings.h"

namespace millrace::log {

// Whether the log knows where the records of a payload end.
enum class Layout : uint8_t {
  kOpaque = 0,  // only how many there are
  kLines = 1,   // each ends with a line feed, which belongs to it
  kValues = 2,  // one behind the other
};

inline constexpr size_t kSegmentHeaderBytes = 64;
inline constexpr size_t kBatchHeaderBytes = 88;
inline constexpr uint16_t kFormatVersion = 1;

struct SegmentHeader {
  uint64_t salt = 0;
  uint64_t base_offset = 0;
  int64_t created_micros = 0;
  uint64_t last_transaction = 0;
  uint32_t topic = 0;
  uint32_t partition = 0;
  int64_t last_append_micros = INT64_MIN;  // of the batch before this segment
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

std::array<char, kSegmentHeaderBytes> EncodeSegmentHeader(const SegmentHeader& header);
// Nothing if the bytes (any number) do not begin with a header of this version.
std::optional<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

struct BatchHeader {
  Codec codec = Codec::kNone;
  Layout layout = Layout::kOpaque;
  uint8_t id_bytes = 0;
  uint16_t participants = 0;
  uint32_t body_crc = 0;
  uint32_t body_bytes = 0;
  uint32_t payload_bytes = 0;  // before compression
  uint32_t ends_bytes = 0;
  uint32_t record_count = 0;
  uint64_t salt = 0;
  uint64_t position = 0;
  uint64_t synced = 0;
  uint64_t base_offset = 0;
  int64_t append_micros = 0;
  uint64_t transaction = 0;

  uint64_t end_offset() const { return base_offset + record_count; }
  uint64_t end_position() const { return position + kBatchHeaderBytes + body_bytes; }
  bool IsMark() const { return record_count == 0; }
  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

std::array<char, kBatchHeaderBytes> EncodeBatchHeader(const BatchHeader& header);
// Nothing if the bytes (any number) do not begin with a header that belongs to this segment and place, and
// whose lengths agree with each other and are within bounds.
std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes, uint64_t salt, uint64_t position);

// The salt in a header of a batch that is at its own position, if the bytes begin with one.
std::optional<uint64_t> SaltOfBatch(std::string_view bytes, uint64_t position);

// The first four bytes of a header, to look for it.
std::string_view BatchMagic();

struct Participant {
  uint32_t topic = 0;
  uint32_t partition = 0;
  friend auto operator<=>(const Participant&, const Participant&) = default;
};

void AppendParticipants(std::span<const Participant> participants, std::string* out);

// The parts of a body, which has the length that its header says.
struct BatchBody {
  std::string_view participants;
  std::string_view id;
  std::string_view ends;
  std::string_view payload;  // as stored

  std::vector<Participant> ReadParticipants() const;
};
BatchBody SplitBody(const BatchHeader& header, std::string_view body);
// Of the whole body.
bool IsBodyIntact(const BatchHeader& header, std::string_view body);

}  // namespace millrace::log
