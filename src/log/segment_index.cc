#include "log/segment_index.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/limits.h"
#include "log/byte_order.h"

namespace millrace::log {

namespace {

constexpr std::string_view kMagic = "MRLOGIDX";
constexpr size_t kHeaderBytes = 8 + 2 + 2 + 4 + 4 + 7 * 8;
constexpr size_t kEntryBytes = 24;
constexpr size_t kIdFrontBytes = 8 + 8 + 4 + 1;
constexpr size_t kCrcBytes = 4;

}  // namespace

void SegmentIndex::Add(const BatchHeader& header, std::string_view id) {
  if (IsEmpty()) first_micros_ = header.append_micros;
  if (entries_.empty() || header.position - entries_.back().position >= limits::kLogIndexBytes) {
    entries_.push_back({header.base_offset, header.position, header.append_micros});
  }
  end_offset_ = header.end_offset();
  last_micros_ = header.append_micros;
  last_transaction_ = std::max(last_transaction_, header.transaction);
  if (!id.empty()) {
    ids_.push_back({std::string(id), header.base_offset, header.record_count, header.append_micros});
    last_id_micros_ = header.append_micros;
  }
}

uint64_t SegmentIndex::PositionOf(uint64_t offset) const {
  const auto behind = std::ranges::upper_bound(entries_, offset, {}, &Entry::offset);
  return behind == entries_.begin() ? kSegmentHeaderBytes : std::prev(behind)->position;
}

uint64_t SegmentIndex::PositionAt(int64_t micros) const {
  // The one before the first that is late enough: batches between them may be, too.
  const auto late = std::ranges::lower_bound(entries_, micros, {}, &Entry::append_micros);
  return late == entries_.begin() ? kSegmentHeaderBytes : std::prev(late)->position;
}

std::string SegmentIndex::Encode(uint64_t salt, uint64_t segment_bytes) const {
  size_t size = kHeaderBytes + entries_.size() * kEntryBytes + kCrcBytes;
  for (const BatchIdNote& note : ids_) size += kIdFrontBytes + note.id.size();
  std::string bytes(size, '\0');
  FieldWriter fields(bytes.data());
  fields.PutBytes(kMagic);
  fields.Put(kFormatVersion);
  fields.Put(uint16_t{0});
  fields.Put(static_cast<uint32_t>(entries_.size()));
  fields.Put(static_cast<uint32_t>(ids_.size()));
  fields.Put(salt);
  fields.Put(segment_bytes);
  fields.Put(base_offset_);
  fields.Put(end_offset_);
  fields.Put(first_micros_);
  fields.Put(last_micros_);
  fields.Put(last_transaction_);
  for (const Entry& entry : entries_) {
    fields.Put(entry.offset);
    fields.Put(entry.position);
    fields.Put(entry.append_micros);
  }
  for (const BatchIdNote& note : ids_) {
    fields.Put(note.base_offset);
    fields.Put(note.append_micros);
    fields.Put(note.record_count);
    fields.Put(static_cast<uint8_t>(note.id.size()));
    fields.PutBytes(note.id);
  }
  fields.Put(Crc32c(bytes.data(), size - kCrcBytes));
  return bytes;
}

std::optional<SegmentIndex> SegmentIndex::Decode(std::string_view bytes, uint64_t salt,
                                                 uint64_t segment_bytes) {
  if (bytes.size() < kHeaderBytes + kCrcBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  const std::string_view covered = bytes.substr(0, bytes.size() - kCrcBytes);
  if (FieldReader(bytes.substr(covered.size())).Take<uint32_t>() != Crc32c(covered)) return std::nullopt;
  FieldReader fields(covered.substr(kMagic.size()));
  if (fields.Take<uint16_t>() != kFormatVersion) return std::nullopt;
  fields.Take<uint16_t>();
  const auto entries = fields.Take<uint32_t>();
  const auto ids = fields.Take<uint32_t>();
  if (fields.Take<uint64_t>() != salt || fields.Take<uint64_t>() != segment_bytes) return std::nullopt;
  SegmentIndex index;
  index.base_offset_ = fields.Take<uint64_t>();
  index.end_offset_ = fields.Take<uint64_t>();
  index.first_micros_ = fields.Take<int64_t>();
  index.last_micros_ = fields.Take<int64_t>();
  index.last_transaction_ = fields.Take<uint64_t>();
  for (uint32_t i = 0; i < entries && !fields.failed(); ++i) {
    Entry entry;
    entry.offset = fields.Take<uint64_t>();
    entry.position = fields.Take<uint64_t>();
    entry.append_micros = fields.Take<int64_t>();
    index.entries_.push_back(entry);
  }
  for (uint32_t i = 0; i < ids && !fields.failed(); ++i) {
    BatchIdNote note;
    note.base_offset = fields.Take<uint64_t>();
    note.append_micros = fields.Take<int64_t>();
    note.record_count = fields.Take<uint32_t>();
    note.id = fields.TakeBytes(fields.Take<uint8_t>());
    index.last_id_micros_ = note.append_micros;
    index.ids_.push_back(std::move(note));
  }
  if (fields.failed() || !fields.rest().empty()) return std::nullopt;
  return index;
}

}  // namespace millrace::log
