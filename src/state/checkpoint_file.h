// The files of checkpoints (docs/formats/checkpoint.md): CheckpointFileWriter writes one in sequence, a block
// at a time, and CheckpointFile reads one that is finished.
//
// A file is one layer: what one checkpoint wrote, or what the layers of several were merged into. Every byte
// of it is under a CRC32C, which also covers the number of the file and the offset of the block, so that a
// block that lies where another belongs is found too.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/files.h"
#include "state/block_codec.h"
#include "state/checkpoint_index.h"
#include "state/record_block.h"

namespace millrace::state {

enum class CheckpointFileKind : uint8_t { kDelta = 1, kBase = 2 };

// Which file it is. The number names it; no other file of a folder ever has it once it is committed.
struct CheckpointFileHead {
  uint64_t number = 0;
  CheckpointFileKind kind = CheckpointFileKind::kDelta;
  uint64_t first = 0;  // the checkpoints whose records it holds
  uint64_t last = 0;
};

// "0000000000000007.delta" or ".base".
std::string CheckpointFileName(uint64_t number, CheckpointFileKind kind);

// Used by one thread. The order of calls: chapters in any order, those of one in the order in which they are
// to be read. After an error only the destructor may follow; the file is then the caller's to remove.
class CheckpointFileWriter {
 public:
  // Replaces what a crash may have left under the name.
  static Result<std::unique_ptr<CheckpointFileWriter>> Open(env::Files& files, const std::string& folder,
                                                            const CheckpointFileHead& head, BlockCodec codec);

  // The next blocks of the chapter are a run of their own: ordered, apart from those before.
  void StartRun(const std::string& chapter);
  // Appends a block to the chapter's run. It is not empty.
  Status AddBlock(const std::string& chapter, RecordBlock& block);
  // Shared values that layer `layer` wrote, as a state buffer.
  Status AddShared(const std::string& chapter, uint64_t layer, std::string_view buffer);
  // Writes the index and hands everything to the system. Nothing is durable yet.
  Status Finish();
  // After Finish: the bytes are durable (the name is not) and the file is closed. An error is final for the
  // process: WritableFile.
  Status Sync();

  bool is_empty() const { return index_.chapters.empty(); }
  uint64_t size() const { return file_->size(); }
  const std::string& path() const { return path_; }

 private:
  CheckpointFileWriter(std::unique_ptr<env::WritableFile> file, const CheckpointFileHead& head,
                       BlockCodec codec);

  struct Written {
    uint64_t offset;
    uint32_t stored_bytes;
    uint32_t raw_bytes;
  };
  Result<Written> WriteBlock(uint8_t kind, std::string_view raw);
  void FoldSpaces();

  std::unique_ptr<env::WritableFile> file_;
  const std::string path_;
  const CheckpointFileHead head_;
  const BlockCodec codec_;
  CheckpointIndex index_;
  std::map<std::string, bool, std::less<>> starts_run_;  // of the chapter's next block
  std::string compressed_;
};

// A finished file, open. Any thread; shared by all who read it, and readable until the last lets go, even
// once it has been removed.
class CheckpointFile {
 public:
  // Reads head and index. An error names the file; kDataCorrupted if it is not what was written.
  static Result<std::shared_ptr<const CheckpointFile>> Open(env::Files& files, const std::string& folder,
                                                            const CheckpointFileHead& head, uint64_t bytes);

  const CheckpointFileHead& head() const { return head_; }
  uint64_t bytes() const { return bytes_; }
  const CheckpointIndex& index() const { return index_; }
  const std::string& path() const { return file_->path(); }

  // The state buffer in a block, into `raw`.
  Status ReadBlock(std::string_view chapter, const BlockEntry& block, std::string* raw) const;
  Status ReadShared(std::string_view chapter, const SharedEntry& shared, std::string* raw) const;

 private:
  CheckpointFile(std::unique_ptr<env::ReadableFile> file, const CheckpointFileHead& head, uint64_t bytes)
      : file_(std::move(file)), head_(head), bytes_(bytes) {}

  Status ReadHead() const;
  Status ReadIndex();
  Status ReadExactly(uint64_t offset, size_t bytes, std::string* out) const;
  // `what` is for messages: "the index", "a block of chapter 'x'".
  Status ReadChecked(uint8_t kind, uint64_t offset, uint32_t stored_bytes, uint32_t raw_bytes,
                     std::string_view what, std::string* raw) const;
  std::unexpected<Error> Damaged(uint64_t offset, std::string_view what) const;

  std::unique_ptr<env::ReadableFile> file_;
  const CheckpointFileHead head_;
  const uint64_t bytes_;
  CheckpointIndex index_;
};

}  // namespace millrace::state
