#include "server/pgwire/row_encoder.h"

#include <algorithm>

namespace millrace::server::pgwire {

namespace {

constexpr size_t kRowHeaderBytes = 1 + 4 + 2;  // type, length, number of columns

}  // namespace

Result<size_t> RowEncoder::Encode(const data::Batch& batch, size_t first, size_t count,
                                  const data::TimeZone& zone, size_t out_bytes, OutputBuffer* out) {
  size_t done = 0;
  while (done < count && (done == 0 || out->size() < out_bytes)) {
    const size_t rows = std::min(chunk_.rows(), count - done);
    MR_TRY(encoded_.Encode(batch, first + done, rows, formats_, zone));
    LayRows(rows, out);
    done += rows;
    chunk_.Learn(rows, encoded_.bytes());
  }
  return done;
}

// Where each row begins, then the values of one column after the other to their rows.
void RowEncoder::LayRows(size_t count, OutputBuffer* out) {
  const auto columns = encoded_.columns();
  places_.assign(count, kRowHeaderBytes);
  for (const EncodedColumns::Column& column : columns) {
    uint32_t begin = 0;
    for (size_t i = 0; i < count; ++i) {
      places_[i] += column.ends[i] - begin;
      begin = column.ends[i];
    }
  }
  char* const base = out->Extend(count * kRowHeaderBytes + encoded_.bytes());
  char* row = base;
  for (size_t i = 0; i < count; ++i) {
    const size_t bytes = places_[i];
    row[0] = 'D';
    StoreBigEndian(row + 1, static_cast<int32_t>(bytes - 1));
    StoreBigEndian(row + 5, static_cast<int16_t>(columns.size()));
    places_[i] = static_cast<size_t>(row - base) + kRowHeaderBytes;
    row += bytes;
  }
  for (const EncodedColumns::Column& column : columns) {
    const char* from = column.bytes.data();
    uint32_t begin = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t bytes = column.ends[i] - begin;
      std::memcpy(base + places_[i], from + begin, bytes);
      places_[i] += bytes;
      begin = column.ends[i];
    }
  }
}

}  // namespace millrace::server::pgwire
