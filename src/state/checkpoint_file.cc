#include "state/checkpoint_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/byte_coding.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/limits.h"

namespace millrace::state {
namespace {

constexpr std::string_view kMagic = "MRCP";
constexpr std::string_view kTailMagic = "MRCE";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeadBytes = 4 + 4 + 8 + 8 + 8 + 4 + 4;
constexpr size_t kTailBytes = 8 + 4 + 4 + 4 + 4;

constexpr size_t kBlockHeadBytes = 4 + 4 + 4 + 1 + 1 + 2;
constexpr uint8_t kRecords = 1;
constexpr uint8_t kShared = 2;
constexpr uint8_t kIndex = 3;

// A space whose records take less is counted with the other small ones of its chapter; and of a file only so
// many of the large are told apart.
constexpr uint64_t kLargeSpaceBytes = uint64_t{64} << 10;
constexpr size_t kLargeSpacesMax = 4096;

std::string EncodeHead(const CheckpointFileHead& head) {
  std::string bytes(kMagic);
  AppendFixed(kVersion, &bytes);
  AppendFixed(head.number, &bytes);
  AppendFixed(head.first, &bytes);
  AppendFixed(head.last, &bytes);
  AppendFixed(static_cast<uint32_t>(head.kind), &bytes);
  AppendFixed(Crc32c(bytes), &bytes);
  return bytes;
}

// Of a block: the number of its file and its offset come first, though they are not stored.
uint32_t BlockChecksum(uint64_t file, uint64_t offset, std::string_view head, std::string_view stored) {
  std::string place;
  AppendFixed(file, &place);
  AppendFixed(offset, &place);
  return ExtendCrc32c(ExtendCrc32c(Crc32c(place), head), stored);
}

}  // namespace

std::string CheckpointFileName(uint64_t number, CheckpointFileKind kind) {
  return fmt::format("{:016}.{}", number, kind == CheckpointFileKind::kDelta ? "delta" : "base");
}

CheckpointFileWriter::CheckpointFileWriter(std::unique_ptr<env::WritableFile> file,
                                           const CheckpointFileHead& head, BlockCodec codec)
    : file_(std::move(file)), path_(file_->path()), head_(head), codec_(codec) {}

Result<std::unique_ptr<CheckpointFileWriter>> CheckpointFileWriter::Open(env::Files& files,
                                                                         const std::string& folder,
                                                                         const CheckpointFileHead& head,
                                                                         BlockCodec codec) {
  const std::string path = env::JoinPath(folder, CheckpointFileName(head.number, head.kind));
  MR_ASSIGN(auto file, files.OpenWrite(path, env::WriteMode::kTruncate));
  MR_TRY(file->Write(EncodeHead(head)));
  return std::unique_ptr<CheckpointFileWriter>(new CheckpointFileWriter(std::move(file), head, codec));
}

void CheckpointFileWriter::StartRun(const std::string& chapter) {
  starts_run_[chapter] = true;
}

Result<CheckpointFileWriter::Written> CheckpointFileWriter::WriteBlock(uint8_t kind, std::string_view raw) {
  if (raw.size() > limits::kCheckpointBlockBytesMax) {
    return Fail(ErrorCode::kProgramLimitExceeded,
                fmt::format("a record of {} bytes cannot be part of a checkpoint", raw.size()),
                fmt::format("at most {} bytes", limits::kCheckpointBlockBytesMax));
  }
  const BlockCodec codec = CompressBlock(codec_, raw, &compressed_);
  const std::string_view stored = codec == BlockCodec::kNone ? raw : std::string_view(compressed_);
  const Written written{file_->size(), static_cast<uint32_t>(stored.size()),
                        static_cast<uint32_t>(raw.size())};
  std::string head;
  AppendFixed(written.stored_bytes, &head);
  AppendFixed(written.raw_bytes, &head);
  AppendFixed(static_cast<uint8_t>(codec), &head);
  AppendFixed(kind, &head);
  AppendFixed(uint16_t{0}, &head);
  std::string checked;
  AppendFixed(BlockChecksum(head_.number, written.offset, head, stored), &checked);
  checked += head;
  MR_TRY(file_->Write(checked));
  MR_TRY(file_->Write(stored));
  return written;
}

Status CheckpointFileWriter::AddBlock(const std::string& chapter, RecordBlock& block) {
  MR_CHECK(!block.is_empty());
  MR_ASSIGN(const Written written, WriteBlock(kRecords, block.bytes()));
  ChapterIndex& index = index_.chapters[chapter];
  index.blocks.push_back({.offset = written.offset,
                          .stored_bytes = written.stored_bytes,
                          .raw_bytes = written.raw_bytes,
                          .place_min = block.place_min(),
                          .place_max = block.place_max(),
                          .has_drops = block.drops() > 0,
                          .starts_run = index.blocks.empty() || starts_run_[chapter]});
  starts_run_[chapter] = false;
  index.puts += block.puts();
  index.removes += block.removes();
  index.bytes += kBlockHeadBytes + written.stored_bytes;
  for (const SpaceBytes& space : block.spaces()) index.large_spaces[space.space] += space.bytes;
  return Ok();
}

Status CheckpointFileWriter::AddShared(const std::string& chapter, uint64_t layer, std::string_view buffer) {
  MR_ASSIGN(const Written written, WriteBlock(kShared, buffer));
  ChapterIndex& index = index_.chapters[chapter];
  index.shared.push_back({written.offset, written.stored_bytes, written.raw_bytes, layer});
  index.bytes += kBlockHeadBytes + written.stored_bytes;
  return Ok();
}

void CheckpointFileWriter::FoldSpaces() {
  std::vector<uint64_t> sizes;
  for (const auto& [name, chapter] : index_.chapters) {
    for (const auto& [space, bytes] : chapter.large_spaces) sizes.push_back(bytes);
  }
  uint64_t bytes_min = kLargeSpaceBytes;
  if (sizes.size() > kLargeSpacesMax) {
    std::ranges::nth_element(sizes, sizes.begin() + kLargeSpacesMax, std::greater());
    bytes_min = std::max(bytes_min, sizes[kLargeSpacesMax] + 1);
  }
  for (auto& [name, chapter] : index_.chapters) {
    for (auto space = chapter.large_spaces.begin(); space != chapter.large_spaces.end();) {
      if (space->second >= bytes_min) {
        ++space;
        continue;
      }
      ++chapter.small_spaces;
      chapter.small_space_bytes += space->second;
      space = chapter.large_spaces.erase(space);
    }
  }
}

Status CheckpointFileWriter::Finish() {
  FoldSpaces();
  MR_ASSIGN(const Written written, WriteBlock(kIndex, EncodeIndex(index_)));
  std::string tail;
  AppendFixed(written.offset, &tail);
  AppendFixed(written.stored_bytes, &tail);
  AppendFixed(written.raw_bytes, &tail);
  AppendFixed(Crc32c(tail), &tail);
  tail += kTailMagic;
  MR_TRY(file_->Write(tail));
  return file_->Flush();
}

Status CheckpointFileWriter::Sync() {
  MR_TRY(file_->Sync());
  return file_->Close();
}

Result<std::shared_ptr<const CheckpointFile>> CheckpointFile::Open(env::Files& files,
                                                                   const std::string& folder,
                                                                   const CheckpointFileHead& head,
                                                                   uint64_t bytes) {
  const std::string path = env::JoinPath(folder, CheckpointFileName(head.number, head.kind));
  MR_ASSIGN(auto opened, files.OpenRead(path));
  std::shared_ptr<CheckpointFile> file(new CheckpointFile(std::move(opened), head, bytes));
  MR_TRY(file->ReadHead());
  MR_TRY(file->ReadIndex());
  return file;
}

std::unexpected<Error> CheckpointFile::Damaged(uint64_t offset, std::string_view what) const {
  return Fail(ErrorCode::kDataCorrupted, fmt::format("'{}' is damaged at byte {}: {}", path(), offset, what),
              "the data folder has to be restored from a copy");
}

Status CheckpointFile::ReadExactly(uint64_t offset, size_t bytes, std::string* out) const {
  out->resize(bytes);
  MR_ASSIGN(const size_t read, file_->ReadAt(offset, std::as_writable_bytes(std::span(*out))));
  if (read < bytes) return Damaged(offset + read, "the file ends");
  return Ok();
}

Status CheckpointFile::ReadHead() const {
  MR_ASSIGN(const env::FileInfo info, file_->Stat());
  if (info.size != bytes_) {
    return Damaged(std::min(info.size, bytes_),
                   fmt::format("it has {} bytes, {} were written", info.size, bytes_));
  }
  std::string head;
  MR_TRY(ReadExactly(0, kHeadBytes, &head));
  if (Crc32c(std::string_view(head).substr(0, kHeadBytes - 4)) != LoadFixed<uint32_t>(head, kHeadBytes - 4) ||
      !head.starts_with(kMagic)) {
    return Damaged(0, "it does not begin as a checkpoint file");
  }
  if (const auto version = LoadFixed<uint32_t>(head, 4); version != kVersion) {
    return Fail(ErrorCode::kNotSupported, fmt::format("'{}' is of version {}", path(), version),
                fmt::format("this program reads version {}", kVersion));
  }
  if (head != EncodeHead(head_)) return Damaged(0, "it is another checkpoint's file");
  return Ok();
}

Status CheckpointFile::ReadIndex() {
  if (bytes_ < kHeadBytes + kBlockHeadBytes + kTailBytes) return Damaged(bytes_, "the file ends");
  const uint64_t tail_offset = bytes_ - kTailBytes;
  std::string tail;
  MR_TRY(ReadExactly(tail_offset, kTailBytes, &tail));
  if (Crc32c(std::string_view(tail).substr(0, 16)) != LoadFixed<uint32_t>(tail, 16) ||
      !tail.ends_with(kTailMagic)) {
    return Damaged(tail_offset, "it does not end as a checkpoint file");
  }
  std::string raw;
  MR_TRY(ReadChecked(kIndex, LoadFixed<uint64_t>(tail, 0), LoadFixed<uint32_t>(tail, 8),
                     LoadFixed<uint32_t>(tail, 12), "the index", &raw));
  std::optional<CheckpointIndex> index = DecodeIndex(raw);
  if (!index) return Damaged(LoadFixed<uint64_t>(tail, 0), "the index breaks the grammar");
  index_ = std::move(*index);
  return Ok();
}

Status CheckpointFile::ReadChecked(uint8_t kind, uint64_t offset, uint32_t stored_bytes, uint32_t raw_bytes,
                                   std::string_view what, std::string* raw) const {
  if (offset > bytes_ || stored_bytes + kBlockHeadBytes > bytes_ - offset ||
      raw_bytes > limits::kCheckpointBlockBytesMax) {
    return Damaged(offset, fmt::format("{} is said to lie outside of the file", what));
  }
  thread_local std::string block;
  MR_TRY(ReadExactly(offset, kBlockHeadBytes + stored_bytes, &block));
  const std::string_view bytes = block;
  const std::string_view head = bytes.substr(4, kBlockHeadBytes - 4);
  const std::string_view stored = bytes.substr(kBlockHeadBytes);
  if (BlockChecksum(head_.number, offset, head, stored) != LoadFixed<uint32_t>(bytes, 0)) {
    return Damaged(offset, fmt::format("the CRC32C of {} does not match", what));
  }
  if (LoadFixed<uint32_t>(head, 0) != stored_bytes || LoadFixed<uint32_t>(head, 4) != raw_bytes ||
      LoadFixed<uint8_t>(head, 9) != kind) {
    return Damaged(offset, fmt::format("{} is not what the index says", what));
  }
  raw->resize(raw_bytes);
  const auto codec = static_cast<BlockCodec>(LoadFixed<uint8_t>(head, 8));
  if (!DecompressBlock(codec, stored, raw->data(), raw_bytes)) {
    return Damaged(offset, fmt::format("{} cannot be decompressed", what));
  }
  return Ok();
}

Status CheckpointFile::ReadBlock(std::string_view chapter, const BlockEntry& block, std::string* raw) const {
  return ReadChecked(kRecords, block.offset, block.stored_bytes, block.raw_bytes,
                     fmt::format("a block of chapter '{}'", chapter), raw);
}

Status CheckpointFile::ReadShared(std::string_view chapter, const SharedEntry& shared,
                                  std::string* raw) const {
  return ReadChecked(kShared, shared.offset, shared.stored_bytes, shared.raw_bytes,
                     fmt::format("the shared values of chapter '{}'", chapter), raw);
}

}  // namespace millrace::state
