#include "server/pgwire/encoded_columns.h"

#include <algorithm>

#include "server/pgwire/binary_encoder.h"
#include "server/pgwire/text_encoder.h"

namespace millrace::server::pgwire {

namespace {

constexpr size_t kChunkBytes = size_t{32} << 10;

}  // namespace

Status EncodedColumns::Encode(const data::Batch& batch, size_t first, size_t count,
                              std::span<const WireFormat> formats, const data::TimeZone& zone) {
  used_ = batch.columns.size();
  if (columns_.size() < used_) columns_.resize(used_);
  bytes_ = 0;
  for (size_t c = 0; c < used_; ++c) {
    Column& column = columns_[c];
    column.bytes.Clear(2 * kChunkBytes);
    if (column.ends.size() < count) column.ends.resize(count);
    const WireFormat format = formats.empty() ? WireFormat::kText : formats[formats.size() == 1 ? 0 : c];
    if (format == WireFormat::kText) {
      EncodeTextColumn(*batch.columns[c], first, count, zone, &column.bytes, column.ends.data());
    } else {
      MR_TRY(EncodeBinaryColumn(*batch.columns[c], first, count, zone, &column.bytes, column.ends.data()));
    }
    bytes_ += column.bytes.size();
  }
  return Ok();
}

void ChunkSize::Learn(size_t rows, size_t bytes) {
  const size_t row_bytes = bytes / rows + 1;
  rows_ = std::clamp<size_t>(kChunkBytes / row_bytes, 1, rows_ * 2);
}

}  // namespace millrace::server::pgwire
