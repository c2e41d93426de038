// What a followed table remembers of each file, apart from the reading itself: its identity, how far it
// has been given, and how rotation is recognised.
//
// A file is its device and inode, not its path: a log that is renamed is read on under its new name. A
// copy (logrotate's copytruncate, or a packed rotation) is recognised by the checksum of its
// beginning, so that its lines are not given twice. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "connectors/filesystem/unpacking_reader.h"
#include "env/files.h"

namespace millrace::connectors {

struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};

// The first bytes of a file as they lie there: tells a file from another one that got its inode, and from
// itself after it was emptied and has grown again.
struct FileHead {
  static constexpr uint32_t kBytesMax = 1024;
  uint32_t bytes = 0;
  uint32_t checksum = 0;  // CRC-32
  friend bool operator==(const FileHead&, const FileHead&) = default;
};

// A stretch from the beginning of a file that has been given: unpacked bytes and their CRC-32.
struct GivenPart {
  std::string stem;  // RotationStem of its path
  uint64_t offset = 0;
  uint32_t checksum = 0;
};

struct FollowedFile {
  std::string path;  // the last one seen
  FileId id;
  // Unpacked bytes given, their CRC-32, and the bytes read behind them that are no whole record yet.
  uint64_t offset = 0;
  uint32_t checksum = 0;
  std::string unfinished;
  FileHead head;

  bool is_gone = false;        // no path of the table leads to it any more
  int64_t gone_at_micros = 0;  // monotonic
  bool is_finished = false;    // gone, and its unfinished record has been given
  bool is_caught_up = false;   // everything up to seen_size has been read
  uint64_t seen_size = 0;
  std::optional<Error> broken;   // a packed file that was wrong, or ended in the middle, when last read
  int64_t broken_at_micros = 0;  // monotonic
  bool is_broken_reported = false;

  std::unique_ptr<UnpackingReader> reader;  // null: not open
  uint64_t last_read = 0;                   // a counter, for closing the files that rest longest

  bool IsPacked() const { return reader != nullptr && reader->compression() != Compression::kNone; }
  GivenPart Given() const;
};

// Whether `path` is that of `original` packed by gzip or zstd, which remove the original when done.
bool IsPackedPathOf(std::string_view path, std::string_view original);

// The path without what rotation appends: "app.log" of "app.log.1", "app.log-20200101.gz", "app.log.2.zst".
std::string RotationStem(std::string_view path);

// The head of an open file that has `size` bytes; of an empty one 0 bytes.
Result<FileHead> ReadHead(const UnpackingReader& reader, uint64_t size);

// Whether a file begins, unpacked, with what has been given of another.
Result<bool> BeginsWith(env::Files& files, const std::string& path, const GivenPart& given);

// Files as text for Source::Position, and back. kInvalidParameter.
std::string SerializeFiles(const std::vector<FollowedFile>& files, const std::vector<GivenPart>& gone);
Status ParseFiles(std::string_view text, std::vector<FollowedFile>* files, std::vector<GivenPart>* gone);

}  // namespace millrace::connectors
