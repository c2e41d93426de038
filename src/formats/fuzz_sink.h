// For fuzz targets of decoders: a sink that reads every value, and a run that checks what must always hold.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "data/text.h"
#include "formats/format.h"

namespace millrace::formats {

class FuzzSink : public DecodeSink {
 public:
  Status OnBatch(data::Batch batch, std::span<const int64_t> offsets) override {
    MR_CHECK(batch.rows >= 1 && batch.rows <= limits::kBatchRows);
    MR_CHECK_EQ(offsets.size(), batch.rows);
    for (const data::ColumnPtr& column : batch.columns) {
      MR_CHECK_EQ(column->size(), batch.rows);
      for (size_t row = 0; row < batch.rows; ++row) data::AppendText(*column, row, {}, &text);
    }
    text += '\n';
    rows += batch.rows;
    return Ok();
  }
  Status OnMalformed(int64_t, std::string_view bytes, const Error& reason) override {
    text += bytes;
    text += reason.message();
    ++malformed;
    return Ok();
  }

  std::string text;
  uint64_t rows = 0;
  uint64_t malformed = 0;
};

// Decodes the input in blocks cut where the decoder says. The block's memory is exactly its size.
inline void FuzzDecode(std::string_view format, const data::Schema& schema, const Options& options,
                       std::string_view input, size_t block_bytes) {
  auto made = MakeDecoder(format, schema, options);
  if (!made) return;
  Decoder& decoder = **made;
  FuzzSink sink;
  size_t begin = 0;
  size_t wanted = block_bytes;
  while (begin < input.size()) {
    const bool is_last = begin + wanted >= input.size();
    const size_t size = is_last ? input.size() - begin : decoder.CompleteBytes(input.substr(begin, wanted));
    MR_CHECK(size <= input.size() - begin);
    if (size == 0) {
      wanted *= 2;
      continue;
    }
    std::shared_ptr<char[]> block(new char[size]);
    std::memcpy(block.get(), input.data() + begin, size);
    MR_CHECK(decoder.Decode(block, std::string_view(block.get(), size), static_cast<int64_t>(begin), sink)
                 .has_value());
    begin += size;
    wanted = block_bytes;
  }
  MR_CHECK_EQ(decoder.stats().rows, sink.rows);
  MR_CHECK_EQ(decoder.stats().malformed, sink.malformed);
}

}  // namespace millrace::formats
