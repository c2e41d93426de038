// CopyEncoder: batches of a result into the CopyData messages of COPY … TO STDOUT, one a row, in PostgreSQL's
// text, csv and binary formats. Owned by one statement; one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "server/pgwire/encoded_columns.h"
#include "server/pgwire/output_buffer.h"
#include "server/pgwire/session_port.h"

namespace millrace::server::pgwire {

class CopyEncoder {
 public:
  CopyEncoder(CopyOptions options, data::Schema schema);

  WireFormat format() const {
    return options_.format == CopyOptions::Format::kBinary ? WireFormat::kBinary : WireFormat::kText;
  }

  // What stands before the rows: the names of the columns, if asked for.
  void Begin(OutputBuffer* out);
  // As RowEncoder::Encode.
  Result<size_t> Encode(const data::Batch& batch, size_t first, size_t count, const data::TimeZone& zone,
                        size_t out_bytes, OutputBuffer* out);
  // What stands behind them.
  void End(OutputBuffer* out);

 private:
  void AppendRow(size_t row, OutputBuffer* out);
  void AppendText(std::string_view value, OutputBuffer* out) const;
  void AppendCsv(std::string_view value, bool is_only, OutputBuffer* out) const;
  void AppendSignature(OutputBuffer* out);

  CopyOptions options_;
  data::Schema schema_;
  std::vector<WireFormat> formats_;
  EncodedColumns encoded_;
  ChunkSize chunk_;
  bool signature_pending_ = false;  // goes into the message of the first row
};

}  // namespace millrace::server::pgwire
