// FileDecoder: takes the bytes of files, one file at a time, to rows of the table: blocks, decoder,
// partition and metadata columns. What reads the files (bounded or followed) decides which and when.
// Owned by one source; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "connectors/filesystem/unpacking_reader.h"
#include "connectors/record_blocks.h"
#include "connectors/registry.h"
#include "connectors/row_forwarder.h"
#include "data/value.h"
#include "env/files.h"
#include "formats/format.h"

namespace millrace::connectors {

// "file.path", "file.name", "file.size", "file.modification-time" and their types.
std::vector<std::pair<std::string, data::DataType>> FileMetadataKeys();

// The physical columns that are in the files: all but the partition columns.
data::Schema FileSchema(const TableColumns& columns);

// What one read of a file gave.
struct FileRead {
  size_t bytes = 0;             // 0: its end for now, or broken
  std::optional<Error> broken;  // packed data that is wrong or ends in the middle
};

class FileDecoder {
 public:
  static Result<std::unique_ptr<FileDecoder>> Make(const TableRequest& request,
                                                   const std::vector<bool>& needed,
                                                   const data::TimeZone& zone);

  const data::Schema& schema() const { return forwarder_.schema(); }

  void SetSink(SourceSink* sink) { forwarder_.SetSink(sink); }
  size_t rows() const { return forwarder_.rows(); }  // given since SetSink

  // What follows are the bytes of this file from `offset` on, a record boundary.
  Status Begin(const std::string& path, const env::FileInfo& info, uint64_t offset);
  // Reads once from the file and gives the complete records.
  Result<FileRead> ReadOnce(UnpackingReader& reader);
  // The record without a line end, if there is one, is complete.
  Status Finish();
  // As Begin at `offset`, ReadOnce and Finish for bytes that are at hand.
  Status GiveRecord(const std::string& path, const env::FileInfo& info, uint64_t offset,
                    std::string_view bytes);
  // Something is wrong with the bytes at the place where reading stands: reports it as a malformed record,
  // with the unfinished record before it, which is gone.
  Status ReportBroken(const Error& error);

  // Everything before it has been given.
  uint64_t offset() const { return blocks_.taken_offset(); }
  // The bytes behind it that are no whole record yet.
  std::string_view unfinished() const { return blocks_.Unfinished(); }

  // CRC-32 of the bytes that have been taken since Begin, which sets it.
  void SetChecksum(uint32_t checksum) { checksum_ = checksum; }
  uint32_t checksum() const { return checksum_; }

 private:
  enum class Constant : uint8_t { kDecoded, kPartition, kPath, kName, kSize, kModificationTime };
  struct Columns {
    std::vector<int> projection;     // of the file schema
    std::vector<int> decoded;        // for RowForwarder
    std::vector<Constant> constant;  // of the same columns
  };
  static Columns Layout(const TableColumns& columns, const std::vector<bool>& needed);

  FileDecoder(const TableRequest& request, const data::TimeZone& zone,
              std::unique_ptr<formats::Decoder> decoder, data::Schema schema, Columns layout);

  Result<std::vector<data::Value>> Constants(const std::string& path, const env::FileInfo& info) const;
  Status Decode(const RecordBlock& block);
  void AddToChecksum(std::string_view bytes);

  const data::TimeZone& zone_;
  const std::string default_partition_;
  const std::unique_ptr<formats::Decoder> decoder_;
  const std::vector<Constant> constant_;
  RowForwarder forwarder_;
  RecordBlocks blocks_;
  uint32_t checksum_ = 0;
};

}  // namespace millrace::connectors
