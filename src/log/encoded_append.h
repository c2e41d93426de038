// Appends as bytes: everything of a batch that does not depend on its place in a file, which the thread that
// appends makes, so that the writer of the partition only has to fill in the header. Pure functions.
#pragma once

#include <span>
#include <string>

#include "log/append.h"
#include "log/batch_format.h"

namespace millrace::log {

struct EncodedAppend {
  BatchHeader header;  // salt, position, synced, base_offset, append_micros and transaction are still to come
  std::string front;   // of the body: participants, id, ends
  std::string payload;  // as stored

  size_t file_bytes() const { return kBatchHeaderBytes + front.size() + payload.size(); }
};

// A batch that CheckAppend has found right.
EncodedAppend EncodeAppend(AppendBatch batch, Codec codec, std::span<const Participant> participants = {});

// Whether it may be merged with others of its layout.
bool IsSmallAppend(const AppendBatch& batch);
// Takes the records of `from` behind those of `into`, both small and of one layout.
void MergeAppend(const AppendBatch& from, AppendBatch* into);

}  // namespace millrace::log
