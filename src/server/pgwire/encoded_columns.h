// EncodedColumns: some rows of a batch with every value in its wire form, encoded a column at a time. Keeps
// its memory from chunk to chunk. Owned by one encoder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "server/pgwire/frontend_message.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

class EncodedColumns {
 public:
  // The bytes of one column: each value behind its length word (-1: NULL), where each ends in `ends`.
  struct Column {
    OutputBuffer bytes;
    std::vector<uint32_t> ends;

    // With its length word.
    std::string_view Framed(size_t row) const {
      const uint32_t begin = row == 0 ? 0 : ends[row - 1];
      return bytes.view().substr(begin, ends[row] - begin);
    }
    // Without; nothing for NULL.
    std::optional<std::string_view> Value(size_t row) const {
      const std::string_view framed = Framed(row);
      if (LoadBigEndian<int32_t>(framed.data()) < 0) return std::nullopt;
      return framed.substr(4);
    }
  };

  // Rows [first, first + count). `formats`: none: all text; one: for all columns; otherwise one a column.
  Status Encode(const data::Batch& batch, size_t first, size_t count, std::span<const WireFormat> formats,
                const data::TimeZone& zone);

  std::span<const Column> columns() const { return {columns_.data(), used_}; }
  size_t bytes() const { return bytes_; }

 private:
  std::vector<Column> columns_;
  size_t used_ = 0;
  size_t bytes_ = 0;
};

// How many rows to encode at once so that a chunk stays in the first caches; learns from what rows take.
class ChunkSize {
 public:
  size_t rows() const { return rows_; }
  void Learn(size_t rows, size_t bytes);

 private:
  size_t rows_ = 32;
};

}  // namespace millrace::server::pgwire
