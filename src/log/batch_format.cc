#include "log/batch_format.h"

#include "base/crc32c.h"
#include "base/limits.h"
#include "log/byte_order.h"

namespace millrace::log {

namespace {

constexpr std::string_view kSegmentMagic = "MRLOGSEG";
constexpr std::string_view kBatchMagic = "MRHB";
// The checksum of a header covers what is behind it.
constexpr size_t kSegmentCrcEnd = 12;
constexpr size_t kBatchCrcEnd = 8;
constexpr size_t kParticipantBytes = 8;

bool IsSensible(const BatchHeader& header) {
  const size_t front = header.participants * kParticipantBytes + header.id_bytes + size_t{header.ends_bytes};
  if (header.codec > Codec::kZstd || header.layout > Layout::kValues) return false;
  if (header.id_bytes > limits::kLogBatchIdBytesMax || header.participants > limits::kLogParticipantsMax)
    return false;
  if (header.record_count > limits::kLogRecordsMax || header.payload_bytes > limits::kLogPayloadBytesMax)
    return false;
  if (front > header.body_bytes || header.synced > header.position) return false;
  if (header.end_offset() < header.base_offset) return false;
  const size_t stored = header.body_bytes - front;
  if (header.IsMark()) return header.body_bytes == 0 && header.payload_bytes == 0;
  return header.codec == Codec::kNone ? stored == header.payload_bytes : stored <= header.payload_bytes;
}

}  // namespace

std::array<char, kSegmentHeaderBytes> EncodeSegmentHeader(const SegmentHeader& header) {
  std::array<char, kSegmentHeaderBytes> bytes{};
  FieldWriter fields(bytes.data() + kSegmentCrcEnd);
  fields.Put(kFormatVersion);
  fields.Put(uint16_t{0});
  fields.Put(header.salt);
  fields.Put(header.base_offset);
  fields.Put(header.created_micros);
  fields.Put(header.last_transaction);
  fields.Put(header.topic);
  fields.Put(header.partition);
  fields.Put(header.last_append_micros);
  FieldWriter front(bytes.data());
  front.PutBytes(kSegmentMagic);
  front.Put(Crc32c(bytes.data() + kSegmentCrcEnd, kSegmentHeaderBytes - kSegmentCrcEnd));
  return bytes;
}

std::optional<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic)) return std::nullopt;
  bytes = bytes.substr(0, kSegmentHeaderBytes);
  FieldReader fields(bytes.substr(kSegmentMagic.size()));
  if (fields.Take<uint32_t>() != Crc32c(bytes.substr(kSegmentCrcEnd))) return std::nullopt;
  if (fields.Take<uint16_t>() != kFormatVersion) return std::nullopt;
  fields.Take<uint16_t>();
  SegmentHeader header;
  header.salt = fields.Take<uint64_t>();
  header.base_offset = fields.Take<uint64_t>();
  header.created_micros = fields.Take<int64_t>();
  header.last_transaction = fields.Take<uint64_t>();
  header.topic = fields.Take<uint32_t>();
  header.partition = fields.Take<uint32_t>();
  header.last_append_micros = fields.Take<int64_t>();
  return header;
}

std::array<char, kBatchHeaderBytes> EncodeBatchHeader(const BatchHeader& header) {
  std::array<char, kBatchHeaderBytes> bytes;
  FieldWriter fields(bytes.data() + kBatchCrcEnd);
  fields.Put(static_cast<uint8_t>(kFormatVersion));
  fields.Put(static_cast<uint8_t>(header.codec));
  fields.Put(static_cast<uint8_t>(header.layout));
  fields.Put(header.id_bytes);
  fields.Put(header.participants);
  fields.Put(uint16_t{0});
  fields.Put(header.body_crc);
  fields.Put(header.body_bytes);
  fields.Put(header.payload_bytes);
  fields.Put(header.ends_bytes);
  fields.Put(header.record_count);
  fields.Put(uint32_t{0});
  fields.Put(header.salt);
  fields.Put(header.position);
  fields.Put(header.synced);
  fields.Put(header.base_offset);
  fields.Put(header.append_micros);
  fields.Put(header.transaction);
  FieldWriter front(bytes.data());
  front.PutBytes(kBatchMagic);
  front.Put(Crc32c(bytes.data() + kBatchCrcEnd, kBatchHeaderBytes - kBatchCrcEnd));
  return bytes;
}

namespace {

std::optional<BatchHeader> DecodeAnyBatchHeader(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes || !bytes.starts_with(kBatchMagic)) return std::nullopt;
  bytes = bytes.substr(0, kBatchHeaderBytes);
  FieldReader fields(bytes.substr(kBatchMagic.size()));
  if (fields.Take<uint32_t>() != Crc32c(bytes.substr(kBatchCrcEnd))) return std::nullopt;
  if (fields.Take<uint8_t>() != kFormatVersion) return std::nullopt;
  BatchHeader header;
  header.codec = static_cast<Codec>(fields.Take<uint8_t>());
  header.layout = static_cast<Layout>(fields.Take<uint8_t>());
  header.id_bytes = fields.Take<uint8_t>();
  header.participants = fields.Take<uint16_t>();
  fields.Take<uint16_t>();
  header.body_crc = fields.Take<uint32_t>();
  header.body_bytes = fields.Take<uint32_t>();
  header.payload_bytes = fields.Take<uint32_t>();
  header.ends_bytes = fields.Take<uint32_t>();
  header.record_count = fields.Take<uint32_t>();
  fields.Take<uint32_t>();
  header.salt = fields.Take<uint64_t>();
  header.position = fields.Take<uint64_t>();
  header.synced = fields.Take<uint64_t>();
  header.base_offset = fields.Take<uint64_t>();
  header.append_micros = fields.Take<int64_t>();
  header.transaction = fields.Take<uint64_t>();
  return IsSensible(header) ? std::optional(header) : std::nullopt;
}

}  // namespace

std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes, uint64_t salt, uint64_t position) {
  std::optional<BatchHeader> header = DecodeAnyBatchHeader(bytes);
  if (header && (header->salt != salt || header->position != position)) header.reset();
  return header;
}

std::optional<uint64_t> SaltOfBatch(std::string_view bytes, uint64_t position) {
  const std::optional<BatchHeader> header = DecodeAnyBatchHeader(bytes);
  return header && header->position == position ? std::optional(header->salt) : std::nullopt;
}

std::string_view BatchMagic() {
  return kBatchMagic;
}

void AppendParticipants(std::span<const Participant> participants, std::string* out) {
  const size_t before = out->size();
  out->resize(before + participants.size() * kParticipantBytes);
  FieldWriter fields(out->data() + before);
  for (const Participant& participant : participants) {
    fields.Put(participant.topic);
    fields.Put(participant.partition);
  }
}

std::vector<Participant> BatchBody::ReadParticipants() const {
  std::vector<Participant> list;
  for (FieldReader fields(participants); !fields.rest().empty();) {
    const auto topic = fields.Take<uint32_t>();
    list.push_back({topic, fields.Take<uint32_t>()});
  }
  return list;
}

BatchBody SplitBody(const BatchHeader& header, std::string_view body) {
  FieldReader fields(body);
  BatchBody parts;
  parts.participants = fields.TakeBytes(header.participants * kParticipantBytes);
  parts.id = fields.TakeBytes(header.id_bytes);
  parts.ends = fields.TakeBytes(header.ends_bytes);
  parts.payload = fields.rest();
  return parts;
}

bool IsBodyIntact(const BatchHeader& header, std::string_view body) {
  return body.size() == header.body_bytes && Crc32c(body) == header.body_crc;
}

}  // namespace millrace::log
