// Formats: bytes <-> columnar batches. json, csv, raw and grok, with Flink's option keys.
//
// A connector reads bytes, cuts them into blocks at record boundaries (Decoder::CompleteBytes) and
// hands each block to a Decoder, which delivers batches and malformed records to a DecodeSink. A
// record that is no row of the schema never stops anything: it is delivered with its bytes, its offset
// and the reason, and the records around it are decoded as if it were not there.
//
// A Decoder or Encoder belongs to one split or sink and is used by one thread at a time. It holds no rows
// between calls, so a reader may stop after any block and resume at that offset with a fresh one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "data/schema.h"

namespace millrace::formats {

// Options of a table's WITH clause, keys in full ("json.ignore-parse-errors"). A format reads the keys
// that begin with its own name and a dot, refuses those of them that it does not know, and leaves the
// others to the connector.
using Options = std::map<std::string, std::string>;

struct DecodeContext {
  // In which TIMESTAMP_LTZ text without a zone is read.
  const data::TimeZone* zone = &data::TimeZone::Utc();
  // Columns wanted, as indexes into the schema; batches have exactly these, in this order. The others are
  // skipped (records stay checked for structure, but not for the values of skipped columns). Absent: all.
  std::optional<std::vector<int>> projection;
};

// Receives what a decoder makes of a block, in the order of the input (batches apart from malformed
// records: a batch may hold rows from both sides of a malformed record delivered before it). An error
// that a method returns ends Decode() with it.
class DecodeSink {
 public:
  virtual ~DecodeSink() = default;
  // 1..limits::kBatchRows rows; offsets[i] is where the record of row i starts. Long strings point
  // into the block, whose owner the columns keep.
  virtual Status OnBatch(data::Batch batch, std::span<const int64_t> offsets) = 0;
  // `bytes`: the record as it stood, without its line end; valid during the call only.
  virtual Status OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) = 0;
};

// What a decoder has seen since it was made.
struct DecodeStats {
  uint64_t rows = 0;
  uint64_t malformed = 0;        // delivered by OnMalformed
  uint64_t ignored_records = 0;  // dropped because '<format>.ignore-parse-errors' = 'true'
  uint64_t ignored_fields = 0;   // set to NULL for the same reason
};

// One message: a record by itself, whatever line ends it contains.
struct Message {
  int64_t offset = 0;
  std::string_view bytes;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Decodes a block of complete records. `owner` keeps `block` alive. `base_offset` is the position of
  // the block's first byte in its file or stream; at 0 a UTF-8 byte order mark is skipped (and with
  // 'csv.header' the first record). Records end with \n or \r\n; the last one of a block need not. Empty
  // lines are skipped, except by raw, to which they are empty values. Everything has been delivered when the
  // call returns.
  virtual Status Decode(std::shared_ptr<const void> owner, std::string_view block, int64_t base_offset,
                        DecodeSink& sink) = 0;

  // Decodes messages, each one record. `owner` keeps the bytes of all of them alive.
  virtual Status DecodeMessages(std::shared_ptr<const void> owner, std::span<const Message> messages,
                                DecodeSink& sink) = 0;

  // How many of `bytes`, which begin at a record boundary, are complete records with their line ends: where
  // a reader that has more bytes to come may cut. 0: no record is complete yet.
  virtual size_t CompleteBytes(std::string_view bytes) const;

  const DecodeStats& stats() const { return stats_; }

 protected:
  DecodeStats stats_;
};

// `schema`: the table's physical columns. Errors name the option, its value and what would be accepted.
Result<std::unique_ptr<Decoder>> MakeDecoder(std::string_view format, const data::Schema& schema,
                                             const Options& options, const DecodeContext& context = {});

struct EncodeContext {
  const data::TimeZone* zone = &data::TimeZone::Utc();
};

// A row that the format cannot express, e.g. a NULL key of a map in JSON.
struct EncodeFailure {
  size_t row;
  Error reason;
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends what comes before the first record of a file (the header of csv); mostly nothing.
  virtual void AppendHeader(std::string* out) const;
  // Appends each row as a record with '\n' behind it; rows that cannot be expressed leave nothing in
  // `out` and an entry in `failures`. These formats have no row kinds: the caller passes +I rows
  // (or +U, where its sink replaces rows by key).
  virtual void Encode(const data::Batch& batch, std::string* out, std::vector<EncodeFailure>* failures) = 0;
  // One row as a message: a record without a line end.
  virtual Status EncodeMessage(const data::Batch& batch, size_t row, std::string* out) = 0;
};

Result<std::unique_ptr<Encoder>> MakeEncoder(std::string_view format, const data::Schema& schema,
                                             const Options& options, const EncodeContext& context = {});

// Names for 'format', and every option key of one of them (for "did you mean").
std::span<const std::string_view> FormatNames();
std::vector<std::string> OptionKeys(std::string_view format);

}  // namespace millrace::formats
