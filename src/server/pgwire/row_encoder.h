// RowEncoder: batches of a result into DataRow messages.
//
// Works through a batch a few rows at a time: each column encodes its values of these rows in one tight loop,
// then they are laid side by side into messages. Owned by one portal; one thread at a time; keeps its memory.
#pragma once

#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "server/pgwire/encoded_columns.h"
#include "server/pgwire/frontend_message.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

class RowEncoder {
 public:
  // As EncodedColumns::Encode has them.
  void SetFormats(std::vector<WireFormat> formats) { formats_ = std::move(formats); }
  const std::vector<WireFormat>& formats() const { return formats_; }

  // Appends messages of rows from `first` on, at most `count`, until `out` has about `out_bytes`; how many
  // (at least one, if count > 0).
  Result<size_t> Encode(const data::Batch& batch, size_t first, size_t count, const data::TimeZone& zone,
                        size_t out_bytes, OutputBuffer* out);

 private:
  void LayRows(size_t count, OutputBuffer* out);

  std::vector<WireFormat> formats_;
  EncodedColumns encoded_;
  ChunkSize chunk_;
  std::vector<size_t> places_;
};

}  // namespace millrace::server::pgwire
