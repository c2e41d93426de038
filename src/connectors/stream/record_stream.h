// RecordStream: takes the bytes of one stream (standard input, a connection) to rows.
// Owned by one source; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/record_blocks.h"
#include "connectors/row_forwarder.h"
#include "env/byte_stream.h"
#include "formats/format.h"

namespace millrace::connectors {

// What one read of a stream gave.
struct StreamRead {
  env::ReadOutcome outcome;
  std::optional<Error> broken;  // the stream itself failed; outcome is kEnd
};

class RecordStream {
 public:
  struct Config {
    formats::Decoder* decoder = nullptr;  // may be shared by the streams of one source
    RowForwarder* forwarder = nullptr;    // as well
    std::optional<char> delimiter;        // absent: lines, or what the format makes of them
    size_t block_bytes = limits::kReadBytes;
  };
  // `origin` names the stream in dead letters; `offset` is that of its first byte.
  RecordStream(const Config& config, int partition, std::string origin, uint64_t offset);

  // Reads once, waiting up to `timeout_ms` milliseconds for bytes, and gives the complete records.
  // Errors are those of the sink.
  Result<StreamRead> ReadOnce(env::ByteStream& stream, int64_t timeout_ms);
  // At the end: what has no delimiter behind it is a record too.
  Status Finish();
  // The stream broke: what it left of a record is no record.
  Status ReportBroken(const Error& error);

  int partition() const { return partition_; }
  const std::string& origin() const { return origin_; }
  uint64_t offset() const { return blocks_.taken_offset(); }
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  Status Decode(const RecordBlock& block);
  Status DecodeMessages(const RecordBlock& block);
  void Begin() { config_.forwarder->SetOrigin(partition_, origin_, {}); }

  const Config config_;
  const int partition_;
  const std::string origin_;
  RecordBlocks blocks_;
  std::vector<formats::Message> messages_;
  uint64_t bytes_read_ = 0;
};

}  // namespace millrace::connectors
