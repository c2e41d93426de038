#include "log/encoded_append.h"

#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"
#include "log/compression.h"
#include "log/record_ends.h"

namespace millrace::log {

EncodedAppend EncodeAppend(AppendBatch batch, Codec codec, std::span<const Participant> participants) {
  EncodedAppend encoded;
  BatchHeader& header = encoded.header;
  header.layout = batch.layout;
  header.record_count = batch.record_count;
  header.payload_bytes = static_cast<uint32_t>(batch.payload.size());
  header.id_bytes = static_cast<uint8_t>(batch.id.size());
  header.participants = static_cast<uint16_t>(participants.size());

  AppendParticipants(participants, &encoded.front);
  encoded.front += batch.id;
  const size_t before_ends = encoded.front.size();
  AppendRecordEnds(batch.ends, &encoded.front);
  header.ends_bytes = static_cast<uint32_t>(encoded.front.size() - before_ends);

  if (codec != Codec::kNone && Compress(codec, batch.payload, &encoded.payload)) {
    header.codec = codec;
  } else {
    encoded.payload = std::move(batch.payload);
  }
  header.body_bytes = static_cast<uint32_t>(encoded.front.size() + encoded.payload.size());
  header.body_crc = ExtendCrc32c(Crc32c(encoded.front), encoded.payload);
  return encoded;
}

bool IsSmallAppend(const AppendBatch& batch) {
  return batch.layout != Layout::kOpaque && batch.id.empty() &&
         batch.payload.size() < limits::kLogSmallAppendBytes;
}

void MergeAppend(const AppendBatch& from, AppendBatch* into) {
  // One record may come without ends.
  if (into->ends.empty()) into->ends.push_back(static_cast<uint32_t>(into->payload.size()));
  const auto begin = static_cast<uint32_t>(into->payload.size());
  for (const uint32_t end : from.ends) into->ends.push_back(begin + end);
  if (from.ends.empty()) into->ends.push_back(static_cast<uint32_t>(begin + from.payload.size()));
  into->payload += from.payload;
  into->record_count += from.record_count;
}

}  // namespace millrace::log
