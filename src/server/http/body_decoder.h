// BodyDecoder: the bytes of a request's body to batches of a table's rows, as they come.
//
// Bytes are read straight into the blocks that rows then point into; only the record that a block ends in
// the middle of is moved. One body each; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/record_blocks.h"
#include "data/datetime.h"
#include "data/schema.h"
#include "formats/format.h"
#include "server/http/json_elements.h"

namespace millrace::server::http {

// How a body is to be read.
struct BodyFormat {
  std::string format;         // "json", "csv", …
  formats::Options options;   // "csv.field-delimiter", …
  bool is_json_text = false;  // one JSON text, not lines
  bool has_header = false;    // the first record names the columns
};

class BodyDecoder final {
 public:
  // `columns`: of the batches it makes. Errors name the option that is wrong.
  static Result<std::unique_ptr<BodyDecoder>> Make(const data::Schema& columns, const BodyFormat& format,
                                                   const data::TimeZone& zone);

  // Where to put the next bytes.
  std::span<std::byte> Room() { return blocks_.Room(); }
  // So many bytes are there: decodes the records that they complete. An error of the text as a whole, or of
  // the sink, ends it; records before it have been delivered.
  Status Fill(size_t bytes, formats::DecodeSink& sink);
  // The body has ended: what has no line end behind it is a record too.
  Status Finish(formats::DecodeSink& sink);

 private:
  class HeaderSink;
  BodyDecoder(const data::Schema& columns, BodyFormat format, const data::TimeZone& zone,
              std::unique_ptr<formats::Decoder> decoder);

  Status DecodeComplete(formats::DecodeSink& sink);
  Status Decode(const connectors::RecordBlock& block, formats::DecodeSink& sink);
  Status ReadHeader(std::string_view* bytes);

  const data::Schema columns_;
  const BodyFormat format_;
  const data::TimeZone& zone_;
  const std::unique_ptr<formats::Decoder> decoder_;
  connectors::RecordBlocks blocks_;
  JsonElements elements_;
  // Of a body with a header: decodes the columns that it names; decoded_[i] is the place of column i of the
  // table among them, -1 for one that is not named.
  std::unique_ptr<formats::Decoder> named_decoder_;
  std::vector<int> decoded_;
};

}  // namespace millrace::server::http
