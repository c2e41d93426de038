#include "log/reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "log/compression.h"
#include "log/record_ends.h"

namespace millrace::log {

Result<std::vector<uint32_t>> ReadBatch::Ends() const {
  if (layout == Layout::kOpaque) {
    return Fail(ErrorCode::kInvalidParameter,
                "the log does not know where the records of an opaque batch end");
  }
  return ReadRecordEnds(encoded_ends_, record_count, static_cast<uint32_t>(payload.size()));
}

Result<std::string_view> ReadBatch::Record(uint64_t offset) const {
  MR_CHECK(offset >= base_offset && offset < end_offset());
  MR_ASSIGN(const std::vector<uint32_t> ends, Ends());
  const size_t place = offset - base_offset;
  const uint32_t begin = place == 0 ? 0 : ends[place - 1];
  return payload.substr(begin, ends[place] - begin);
}

Reader::Reader(std::shared_ptr<Partition> partition, uint64_t offset, std::function<void()> wake)
    : partition_(std::move(partition)),
      number_(partition_->NewReaderNumber()),
      wake_(std::move(wake)),
      offset_(offset) {}

Reader::~Reader() {
  partition_->StopWaiting(number_);
}

void Reader::Seek(uint64_t offset) {
  offset_ = offset;
  Leave();
}

void Reader::Leave() {
  stream_.reset();
  file_.reset();
}

Result<bool> Reader::Next(ReadBatch* batch) {
  batch->owner = nullptr;  // so that its memory may be used again
  for (;;) {
    MR_ASSIGN(const bool has_entered, Enter());
    if (has_entered) {
      MR_ASSIGN(const bool has_batch, ReadOn(batch));
      if (has_batch) return true;
    } else if (!wake_ || partition_->WaitFor(offset_, number_, wake_)) {
      return false;
    }
  }
}

Result<bool> Reader::Enter() {
  if (file_ != nullptr && offset_ < place_.end_offset) return true;
  const auto located = partition_->Locate(offset_);
  if (!located) {
    resume_offset_ = partition_->start_offset();
    return std::unexpected(located.error());
  }
  if (!*located) return false;
  const bool is_same = file_ != nullptr && place_.base_offset == (*located)->base_offset;
  place_ = **located;
  if (is_same) return true;
  Leave();
  auto file = partition_->env().files->OpenRead(place_.path);
  if (!file) {
    // Retention may have come in between.
    const auto again = partition_->Locate(offset_);
    if (!again) return Enter();
    return std::unexpected(file.error());
  }
  file_ = std::move(*file);
  stream_.emplace(*file_, place_.salt);
  stream_->Seek(place_.position);
  return true;
}

Result<bool> Reader::ReadOn(ReadBatch* batch) {
  StoredBatch stored;
  while (offset_ < place_.end_offset) {
    const uint64_t at = stream_->position();
    MR_ASSIGN(const BatchStream::Found found, stream_->Next(place_.limit, &stored));
    if (found == BatchStream::Found::kEnd)
      return Lose(at, place_.end_offset, "the end of the file is missing");
    if (found == BatchStream::Found::kInvalid) {
      MR_TRY(PassHole(at));
      continue;
    }
    const BatchHeader& header = stored.header;
    if (header.IsMark() || header.end_offset() <= offset_) continue;
    if (header.base_offset > offset_) {
      stream_->Seek(at);
      return Lose(at, header.base_offset, "a batch does not continue the one before it");
    }
    return Give(stored, batch);
  }
  return false;
}

std::unexpected<Error> Reader::Lose(uint64_t at, uint64_t end_offset, std::string_view reason) {
  const Damage damage{place_.path, at, offset_, end_offset, std::string(reason)};
  partition_->NoteDamage(damage);
  resume_offset_ = end_offset;
  return std::unexpected(damage.ToError());
}

Status Reader::PassHole(uint64_t at) {
  MR_ASSIGN(const std::optional<BatchHeader> next, stream_->FindHeader(at + 1, place_.limit));
  const uint64_t end_offset = next ? next->base_offset : place_.end_offset;
  if (end_offset > offset_) return Lose(at, end_offset, stream_->reason());
  // Only a mark, or records that are not asked for.
  stream_->Seek(next->position);
  return Ok();
}

Result<bool> Reader::Give(const StoredBatch& stored, ReadBatch* batch) {
  const BatchHeader& header = stored.header;
  const BatchBody body = SplitBody(header, stored.body);
  batch->base_offset = header.base_offset;
  batch->record_count = header.record_count;
  batch->skip_records = static_cast<uint32_t>(offset_ - header.base_offset);
  batch->append_micros = header.append_micros;
  batch->layout = header.layout;
  batch->id = body.id;
  batch->encoded_ends_ = body.ends;
  batch->payload = body.payload;
  batch->owner = stored.owner;
  if (header.codec != Codec::kNone) MR_TRY(Unpack(stored, body.payload, batch));
  offset_ = header.end_offset();
  return true;
}

Status Reader::Unpack(const StoredBatch& stored, std::string_view payload, ReadBatch* batch) {
  const size_t bytes = stored.header.payload_bytes;
  if (unpacked_capacity_ < bytes || unpacked_.use_count() > 1) {
    unpacked_ = std::make_shared_for_overwrite<char[]>(bytes);
    unpacked_capacity_ = bytes;
  }
  const Status status = Decompress(stored.header.codec, payload, unpacked_.get(), bytes);
  if (!status) {
    stream_->Seek(stored.header.position);
    return Lose(stored.header.position, stored.header.end_offset(), status.error().message());
  }
  batch->payload = std::string_view(unpacked_.get(), bytes);
  // The id and the ends are still in the block that was read.
  using Both = std::pair<std::shared_ptr<const void>, std::shared_ptr<char[]>>;
  batch->owner = std::make_shared<const Both>(stored.owner, unpacked_);
  return Ok();
}

}  // namespace millrace::log
