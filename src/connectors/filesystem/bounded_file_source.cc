#include "connectors/filesystem/bounded_file_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace millrace::connectors {

BoundedFileSource::BoundedFileSource(env::Files& files, std::vector<std::string> paths,
                                     std::unique_ptr<FileDecoder> decoder)
    : files_(files), paths_(std::move(paths)), decoder_(std::move(decoder)) {
  for (const std::string& path : paths_) {
    if (const auto info = files_.Stat(path); info.has_value()) bytes_total_ += info->size;
  }
}

Result<bool> BoundedFileSource::Open() {
  const std::string& path = paths_[current_];
  MR_ASSIGN(const env::FileInfo info, files_.Stat(path));
  MR_TRY(decoder_->Begin(path, info, start_offset_));
  auto reader = UnpackingReader::Open(files_, path);
  if (!reader.has_value()) {
    if (reader.error().code() != ErrorCode::kInvalidText) return std::unexpected(std::move(reader).error());
    MR_TRY(decoder_->ReportBroken(reader.error()));
    return false;
  }
  reader_ = std::move(reader).value();
  MR_TRY(reader_->SeekTo(start_offset_));
  return true;
}

void BoundedFileSource::CloseFile() {
  if (reader_ != nullptr) bytes_done_ += reader_->packed_offset();
  reader_ = nullptr;
  ++current_;
  start_offset_ = 0;
}

Status BoundedFileSource::Step() {
  if (reader_ == nullptr) {
    MR_ASSIGN(const bool is_open, Open());
    if (!is_open) {
      CloseFile();
      return {};
    }
  }
  MR_ASSIGN(const FileRead read, decoder_->ReadOnce(*reader_));
  if (read.bytes > 0) return {};
  // Packed data that is broken or cut off: what came before it has been given, the other files go on.
  if (read.broken) {
    MR_TRY(decoder_->ReportBroken(*read.broken));
  } else {
    MR_TRY(decoder_->Finish());
  }
  CloseFile();
  return {};
}

Result<ReadStatus> BoundedFileSource::Poll(SourceSink& sink, const PollLimits& limits) {
  decoder_->SetSink(&sink);
  // A poll is also over after some reads without rows, as of huge records or columns that nobody reads.
  constexpr int kReadsMax = 16;
  for (int reads = 0; reads < kReadsMax && decoder_->rows() < limits.rows_max; ++reads) {
    if (current_ == paths_.size()) return ReadStatus::End();
    MR_TRY(Step());
  }
  return current_ == paths_.size() ? ReadStatus::End() : ReadStatus::More();
}

std::string BoundedFileSource::Position() const {
  if (current_ == paths_.size()) return "end";
  return fmt::format("{} {}", reader_ == nullptr ? start_offset_ : decoder_->offset(), paths_[current_]);
}

Status BoundedFileSource::Seek(std::string_view position) {
  if (position == "end") {
    current_ = paths_.size();
    return {};
  }
  const size_t space = position.find(' ');
  uint64_t offset = 0;
  const auto parsed =
      std::from_chars(position.data(), position.data() + std::min(space, position.size()), offset);
  if (space == std::string_view::npos || parsed.ec != std::errc()) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is no position in files", position));
  }
  const std::string_view path = position.substr(space + 1);
  const auto found = std::lower_bound(paths_.begin(), paths_.end(), path);
  if (found == paths_.end() || *found != path) {
    return Fail(ErrorCode::kNoSuchFile,
                fmt::format("'{}', which was read up to byte {}, is not there any more", path, offset));
  }
  current_ = static_cast<size_t>(found - paths_.begin());
  start_offset_ = offset;
  return {};
}

SourceProgress BoundedFileSource::Progress() const {
  SourceProgress progress;
  progress.bytes_total = bytes_total_;
  progress.bytes_read = bytes_done_ + (reader_ == nullptr ? 0 : reader_->packed_offset());
  if (current_ < paths_.size()) {
    progress.place = fmt::format("{} at {}", paths_[current_], reader_ == nullptr ? 0 : decoder_->offset());
  }
  return progress;
}

}  // namespace millrace::connectors
