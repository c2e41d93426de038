#include "connectors/filesystem/followed_file_source.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

namespace millrace::connectors {
namespace {

constexpr int64_t kLookMicrosMax = 100'000;
// A file that has gone is still read for so long: its writer may not have noticed.
constexpr int64_t kGoneWatchMicros = 60'000'000;
constexpr int64_t kGoneQuietMicros = 1'000'000;
constexpr size_t kOpenFilesMax = 256;
constexpr size_t kGonePartsMax = 64;
constexpr int kWaitScansMax = 2;
constexpr int kReadsMax = 16;

FileId IdOf(const env::FileInfo& info) {
  return {info.device, info.inode};
}

bool IsMissing(const Error& error) {
  return error.code() == ErrorCode::kNoSuchFile;
}

}  // namespace

FollowedFileSource::FollowedFileSource(env::Env& env, FileSelection selection,
                                       std::unique_ptr<FileDecoder> decoder, int64_t interval_micros)
    : env_(env),
      disk_(*env.files),
      selection_(std::move(selection)),
      decoder_(std::move(decoder)),
      interval_micros_(interval_micros),
      look_micros_(std::min(interval_micros, kLookMicrosMax)) {}

// ------------------------------------------------------------------------------- which files there are

Result<std::vector<std::pair<std::string, env::FileInfo>>> FollowedFileSource::ListNow() {
  std::vector<std::pair<std::string, env::FileInfo>> listed;
  auto paths = selection_.List(disk_);
  if (!paths.has_value()) {
    if (IsMissing(paths.error())) return listed;
    return std::unexpected(std::move(paths).error());
  }
  for (std::string& path : *paths) {
    auto info = disk_.Stat(path);
    if (!info.has_value() && !IsMissing(info.error())) return std::unexpected(std::move(info).error());
    if (info.has_value() && info->is_regular) listed.emplace_back(std::move(path), *info);
  }
  return listed;
}

Status FollowedFileSource::Scan(int64_t now) {
  MR_ASSIGN(const auto listed, ListNow());
  std::vector<bool> seen(files_.size(), false);
  std::vector<size_t> added;
  for (size_t i = 0; i < listed.size(); ++i) {
    const auto& [path, info] = listed[i];
    const auto known = std::find_if(files_.begin(), files_.end(),
                                    [&](const FollowedFile& file) { return file.id == IdOf(info); });
    if (known == files_.end()) {
      added.push_back(i);
      continue;
    }
    known->path = path;
    known->is_gone = false;
    known->is_finished = false;
    seen[static_cast<size_t>(known - files_.begin())] = true;
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] || files_[i].is_gone) continue;
    files_[i].is_gone = true;
    files_[i].gone_at_micros = now;
    if (files_[i].reader == nullptr) FindMoved(files_[i]);
  }
  for (const size_t i : added) MR_TRY(AddFile(listed[i].first, listed[i].second));
  return {};
}

void FollowedFileSource::FindMoved(FollowedFile& file) {
  const std::string folder = env::DirName(file.path);
  const auto entries = disk_.List(folder);
  if (!entries.has_value()) return;
  for (const env::DirEntry& entry : *entries) {
    const std::string path = env::JoinPath(folder, entry.name);
    const auto info = disk_.Stat(path);
    if (info.has_value() && IdOf(*info) == file.id) file.path = path;
  }
}

Result<bool> FollowedFileSource::MustWait(const std::string& path, const env::FileInfo& info) {
  for (const FollowedFile& file : files_) {
    if (!file.is_gone && IsPackedPathOf(path, file.path)) return true;  // it is still being packed
  }
  auto waiting = std::find_if(waiting_.begin(), waiting_.end(),
                              [&](const Waiting& entry) { return entry.id == IdOf(info); });
  if (waiting != waiting_.end() && waiting->scans >= kWaitScansMax) {
    waiting_.erase(waiting);
    return false;
  }
  const std::string stem = RotationStem(path);
  for (const FollowedFile& file : files_) {
    if (file.is_gone || file.offset == 0 || file.head.bytes == 0 || RotationStem(file.path) != stem) continue;
    MR_ASSIGN(const auto reader, UnpackingReader::Open(disk_, path));
    MR_ASSIGN(const FileHead head, ReadHead(*reader, file.head.bytes));
    if (head != file.head) continue;
    if (waiting == waiting_.end()) {
      waiting_.push_back({IdOf(info), 1});
    } else {
      ++waiting->scans;
    }
    return true;
  }
  std::erase_if(waiting_, [&](const Waiting& entry) { return entry.id == IdOf(info); });
  return false;
}

Result<GivenPart> FollowedFileSource::StartOf(const std::string& path) {
  const std::string stem = RotationStem(path);
  for (auto part = gone_.rbegin(); part != gone_.rend(); ++part) {
    if (part->stem != stem || part->offset == 0) continue;
    MR_ASSIGN(const bool is_copy, BeginsWith(disk_, path, *part));
    if (!is_copy) continue;
    GivenPart given = *part;
    gone_.erase(std::next(part).base());
    return given;
  }
  for (size_t i = 0; i < files_.size(); ++i) {
    const GivenPart given = files_[i].Given();
    if (!files_[i].is_gone || given.offset == 0 || given.stem != stem) continue;
    MR_ASSIGN(const bool is_copy, BeginsWith(disk_, path, given));
    if (!is_copy) continue;
    Drop(i);  // what it had left comes from the copy
    return given;
  }
  return GivenPart{stem, 0, 0};
}

Status FollowedFileSource::AddFile(const std::string& path, const env::FileInfo& info) {
  auto must_wait = MustWait(path, info);
  auto start = must_wait.has_value() && !*must_wait ? StartOf(path) : Result<GivenPart>(GivenPart{});
  for (const Error* error :
       {must_wait.has_value() ? nullptr : &must_wait.error(), start.has_value() ? nullptr : &start.error()}) {
    if (error == nullptr) continue;
    // It went away, or is no packed file yet: the next scan sees.
    if (IsMissing(*error)) return {};
    if (error->code() != ErrorCode::kInvalidText && error->code() != ErrorCode::kNotSupported) {
      return std::unexpected(*error);
    }
  }
  if (must_wait.has_value() && *must_wait) return {};
  FollowedFile file;
  file.path = path;
  file.id = IdOf(info);
  if (start.has_value()) {
    file.offset = start->offset;
    file.checksum = start->checksum;
  }
  files_.push_back(std::move(file));
  return {};
}

void FollowedFileSource::ForgetOldFiles(int64_t now) {
  for (size_t i = 0; i < files_.size();) {
    FollowedFile& file = files_[i];
    const bool is_old = file.is_gone && file.is_finished && now - file.gone_at_micros >= kGoneWatchMicros;
    if (!is_old) {
      ++i;
      continue;
    }
    Remember(file.Given());
    Drop(i);
  }
}

void FollowedFileSource::Remember(GivenPart part) {
  gone_.push_back(std::move(part));
  if (gone_.size() > kGonePartsMax) gone_.erase(gone_.begin());
}

void FollowedFileSource::Drop(size_t index) {
  files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  current_ = kNone;
  looking_at_ = 0;
}

// -------------------------------------------------------------------------------------------- reading

void FollowedFileSource::Save(FollowedFile& file) {
  file.offset = decoder_->offset();
  file.checksum = decoder_->checksum();
  file.unfinished = decoder_->unfinished();
}

void FollowedFileSource::CloseSome() {
  size_t open = 0;
  FollowedFile* oldest = nullptr;
  for (FollowedFile& file : files_) {
    if (file.reader == nullptr) continue;
    ++open;
    if (!file.is_gone && (oldest == nullptr || file.last_read < oldest->last_read)) oldest = &file;
  }
  if (open > kOpenFilesMax && oldest != nullptr) oldest->reader = nullptr;
}

Result<bool> FollowedFileSource::Open(FollowedFile& file, int64_t now) {
  auto reader = UnpackingReader::Open(disk_, file.path);
  if (!reader.has_value()) {
    const ErrorCode code = reader.error().code();
    if (code != ErrorCode::kNoSuchFile && code != ErrorCode::kInvalidText &&
        code != ErrorCode::kNotSupported) {
      return std::unexpected(std::move(reader).error());
    }
    const auto info = disk_.Stat(file.path);
    if (code != ErrorCode::kNoSuchFile && info.has_value()) MarkBroken(file, info->size, reader.error(), now);
    return false;
  }
  MR_ASSIGN(const env::FileInfo info, (*reader)->Stat());
  if (IdOf(info) != file.id) return false;  // another file by now: the next scan tells
  file.reader = std::move(reader).value();
  file.last_read = ++reads_;
  CloseSome();
  return true;
}

Result<bool> FollowedFileSource::HasNews(size_t index, env::FileInfo* info, int64_t now) {
  FollowedFile& file = files_[index];
  if (file.reader == nullptr) {
    const auto found = disk_.Stat(file.path);
    if (!found.has_value() && !IsMissing(found.error())) return std::unexpected(found.error());
    if (!found.has_value() || IdOf(*found) != file.id) return false;
    if (file.is_caught_up && found->size == file.seen_size) return false;
    MR_ASSIGN(const bool is_open, Open(file, now));
    if (!is_open) return false;
  }
  MR_ASSIGN(*info, file.reader->Stat());
  return !file.is_caught_up || info->size != file.seen_size;
}

Result<bool> FollowedFileSource::IsAnew(const FollowedFile& file, const env::FileInfo& info) const {
  if (file.is_caught_up && info.size < file.seen_size) return true;
  if (!file.IsPacked() && info.size < file.offset) return true;
  // Between two reads without a pause it is the same; after one it may have been emptied and have grown.
  const bool has_paused = file.is_caught_up || current_ == kNone;
  if (!has_paused || file.head.bytes == 0) return false;
  MR_ASSIGN(const FileHead head, ReadHead(*file.reader, file.head.bytes));
  return head != file.head;
}

Status FollowedFileSource::StartAnew(FollowedFile& file, const env::FileInfo& info) {
  if (!file.unfinished.empty()) {
    decoder_->SetChecksum(file.checksum);
    MR_TRY(decoder_->GiveRecord(file.path, info, file.offset, file.unfinished));
    file.checksum = decoder_->checksum();
    file.offset += file.unfinished.size();
    file.unfinished.clear();
  }
  if (file.offset > 0) Remember(file.Given());
  file.offset = 0;
  file.checksum = 0;
  file.head = {};
  file.is_caught_up = false;
  current_ = kNone;
  return {};
}

Status FollowedFileSource::Activate(size_t index, const env::FileInfo& info) {
  FollowedFile& file = files_[index];
  file.last_read = ++reads_;
  // A packed file cannot go back to the beginning of a record, nor on after its end: from the start again.
  if (file.IsPacked() && (current_ != index || file.is_caught_up)) {
    MR_ASSIGN(file.reader, UnpackingReader::Open(disk_, file.path));
    current_ = kNone;
  }
  if (current_ == index) return {};
  current_ = kNone;
  MR_TRY(decoder_->Begin(file.path, info, file.offset));
  decoder_->SetChecksum(file.checksum);
  MR_TRY(file.reader->SeekTo(file.offset));
  current_ = index;
  return {};
}

// The end of the file for now.
Status FollowedFileSource::CatchUp(FollowedFile& file, const env::FileInfo& info) {
  if (file.IsPacked()) MR_TRY(decoder_->Finish());
  Save(file);
  file.is_caught_up = true;
  file.seen_size = info.size;
  if (file.head.bytes < FileHead::kBytesMax) {
    MR_ASSIGN(file.head, ReadHead(*file.reader, info.size));
  }
  return {};
}

void FollowedFileSource::MarkBroken(FollowedFile& file, uint64_t size, Error error, int64_t now) {
  if (!file.broken) file.broken_at_micros = now;
  file.broken = std::move(error);
  file.is_broken_reported = false;
  file.unfinished.clear();
  file.is_caught_up = true;
  file.seen_size = size;
  file.reader = nullptr;
  current_ = kNone;
}

Status FollowedFileSource::Settle(size_t index, int64_t now) {
  FollowedFile& file = files_[index];
  const bool is_over = file.is_gone && !file.is_finished &&
                       now - file.gone_at_micros >= std::max(2 * interval_micros_, kGoneQuietMicros);
  const bool is_stuck =
      file.broken && !file.is_broken_reported && now - file.broken_at_micros >= kGoneWatchMicros;
  if (!is_over && !is_stuck) return {};
  current_ = kNone;
  const env::FileInfo info;
  if (file.broken && !file.is_broken_reported) {
    file.is_broken_reported = true;
    MR_TRY(decoder_->Begin(file.path, info, file.offset));
    MR_TRY(decoder_->ReportBroken(*file.broken));
  }
  if (!is_over) return {};
  file.is_finished = true;
  if (file.unfinished.empty()) return {};
  decoder_->SetChecksum(file.checksum);
  MR_TRY(decoder_->GiveRecord(file.path, info, file.offset, file.unfinished));
  file.checksum = decoder_->checksum();
  file.offset += file.unfinished.size();
  file.unfinished.clear();
  return {};
}

Result<bool> FollowedFileSource::ReadSome(size_t index, int64_t now) {
  FollowedFile& file = files_[index];
  env::FileInfo info;
  MR_ASSIGN(const bool has_news, HasNews(index, &info, now));
  if (!has_news) {
    MR_TRY(Settle(index, now));
    return false;
  }
  MR_ASSIGN(const bool is_anew, IsAnew(file, info));
  if (is_anew) MR_TRY(StartAnew(file, info));
  const Status active = Activate(index, info);
  if (!active.has_value()) {
    // A packed file that has become another, or shorter, or went away since it was looked at.
    const ErrorCode code = active.error().code();
    if (code == ErrorCode::kNoSuchFile) return false;
    if (code != ErrorCode::kInvalidText && code != ErrorCode::kInvalidParameter)
      return std::unexpected(active.error());
    MarkBroken(file, info.size, active.error(), now);
    return false;
  }
  MR_ASSIGN(const FileRead read, decoder_->ReadOnce(*file.reader));
  if (read.bytes > 0) {
    Save(file);
    file.is_caught_up = false;
    return true;
  }
  if (read.broken) {
    // Perhaps it is still being written: what it has of a record is read again with its rest.
    file.offset = decoder_->offset();
    file.checksum = decoder_->checksum();
    MarkBroken(file, info.size, *read.broken, now);
    return false;
  }
  file.broken.reset();
  MR_TRY(CatchUp(file, info));
  return false;
}

Result<ReadStatus> FollowedFileSource::Poll(SourceSink& sink, const PollLimits& limits) {
  decoder_->SetSink(&sink);
  const int64_t now = env_.clock->MonotonicMicros();
  if (now >= next_scan_) {
    MR_TRY(Scan(now));
    next_scan_ = now + interval_micros_;
    next_look_ = now;
  }
  if (looking_at_ >= files_.size()) {
    if (now < next_look_) return ReadStatus::Idle(std::min(next_look_, next_scan_) - now);
    ForgetOldFiles(now);
    looking_at_ = 0;
    next_look_ = now + look_micros_;
  }
  for (int reads = 0; looking_at_ < files_.size();) {
    MR_ASSIGN(const bool is_more, ReadSome(looking_at_, now));
    if (!is_more) {
      ++looking_at_;
    } else if (++reads >= kReadsMax || decoder_->rows() >= limits.rows_max) {
      return ReadStatus::More();
    }
  }
  return ReadStatus::Idle(std::max<int64_t>(1, std::min(next_look_, next_scan_) - now));
}

Status FollowedFileSource::Seek(std::string_view position) {
  files_.clear();
  gone_.clear();
  return ParseFiles(position, &files_, &gone_);
}

SourceProgress FollowedFileSource::Progress() const {
  SourceProgress progress;
  uint64_t total = 0;
  for (const FollowedFile& file : files_) {
    progress.bytes_read += file.IsPacked() ? file.reader->packed_offset() : file.offset;
    total += std::max(file.seen_size, file.offset);
  }
  progress.bytes_total = total;
  if (current_ != kNone)
    progress.place = fmt::format("{} at {}", files_[current_].path, files_[current_].offset);
  return progress;
}

}  // namespace millrace::connectors
