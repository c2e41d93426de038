// CopyDecoder: the data of COPY … FROM STDIN into batches, in PostgreSQL's text, csv and binary formats.
//
// Bytes come in pieces that need not end where rows do. Errors (22P04, or what the value is wrong by) name
// the line or row and the column; after one the decoder is to be dropped. Owned by one statement; one thread
// at a time; memory is bounded by a batch and the longest row (limits::kRecordBytesMax).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/batch_builder.h"
#include "data/datetime.h"
#include "data/schema.h"
#include "server/pgwire/session_port.h"

namespace millrace::server::pgwire {

class CopyDecoder {
 public:
  // `zone` outlives the decoder.
  CopyDecoder(CopyOptions options, data::Schema schema, const data::TimeZone& zone);

  // Reads from the front of `bytes` until they are used up or a batch is full; how many were read. When it is
  // full, take it and call again with the others, even if there are none.
  Result<size_t> Decode(std::string_view bytes);
  // The data are complete: reads what was kept of them, up to a full batch. To be called until it gives no
  // rows.
  Status Finish();

  bool IsFull() const { return builder_.IsFull(); }
  size_t rows() const { return builder_.rows(); }
  data::Batch Take() { return builder_.Build(); }

 private:
  // A record of text or csv, or what there is of it: nothing when its end has not come.
  struct Record {
    std::string_view text;  // without the line end
    size_t bytes = 0;       // with it
  };

  Result<size_t> DecodeRecords(std::string_view bytes, bool is_last);
  std::optional<Record> FindRecord(std::string_view bytes, bool is_last);
  Status DecodeRecord(std::string_view record);
  Status SplitText(std::string_view record);
  Status SplitCsv(std::string_view record);
  Status AppendFields();
  Status AppendNull(size_t column);
  // The bytes of the next complete row of binary data; 0 when it is not complete.
  Result<size_t> BinaryRowBytes(std::string_view bytes) const;
  Result<size_t> DecodeBinaryData(std::string_view bytes);
  Status DecodeBinaryRow(std::string_view row);
  std::unexpected<Error> Bad(std::string_view why) const;
  Error InColumn(const Error& error, size_t column) const;

  // A field of a record: its text in fields_text_, or NULL.
  struct Field {
    size_t begin = 0;
    size_t end = 0;
    bool is_null = false;
  };

  CopyOptions options_;
  data::Schema schema_;
  const data::TimeZone& zone_;
  data::BatchBuilder builder_;
  std::string kept_;  // of a row whose end has not come
  std::string fields_text_;
  std::vector<Field> fields_;
  uint64_t number_ = 1;  // of the line or row that is read
  uint64_t line_ends_ = 0;
  bool past_header_ = false;
  bool at_end_ = false;  // an end mark has come: the rest does not count

  // Of a csv record that is searched for its end: how far, and whether within quotes.
  size_t scanned_ = 0;
  bool in_quotes_ = false;
};

}  // namespace millrace::server::pgwire
