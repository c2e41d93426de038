// UnpackingReader: the bytes of one file in order, unpacked if it is gzip (RFC 1952) or zstd (RFC 8878),
// of one or many members.
//
// Compression is told by the first bytes of the file. A plain file can be read on when it has grown; a
// packed one that ends in the middle says so. Owned by one source; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "env/files.h"

namespace millrace::connectors {

enum class Compression : uint8_t { kNone, kGzip, kZstd };

class UnpackingReader {
 public:
  // kNoSuchFile; kIoError, also for what is no regular file; kNotSupported for other compressions (bzip2,
  // xz, lz4); kInvalidText if the name says .gz or .zst and the first bytes do not.
  static Result<std::unique_ptr<UnpackingReader>> Open(env::Files& files, const std::string& path);
  virtual ~UnpackingReader() = default;

  // Fills the buffer as far as it can; 0: the end, for now. kInvalidText: not what its first bytes
  // promised, or it ends in the middle; what came before that has been given.
  virtual Result<size_t> Read(std::span<std::byte> buffer) = 0;
  // Goes to an offset of the unpacked bytes; packed ones are unpacked up to there. An offset beyond the end
  // is an error (kInvalidParameter).
  virtual Status SeekTo(uint64_t offset) = 0;
  virtual Compression compression() const = 0;
  // Bytes of the file itself that were read.
  virtual uint64_t packed_offset() const = 0;
  // Of the open file.
  virtual Result<env::FileInfo> Stat() const = 0;
  // Bytes as they lie in the file, as env::ReadableFile::ReadAt.
  virtual Result<size_t> ReadPackedAt(uint64_t offset, std::span<std::byte> buffer) const = 0;
};

}  // namespace millrace::connectors
