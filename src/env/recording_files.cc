#include "env/recording_files.h"

#include <fmt/core.h>

#include <utility>

namespace millrace::env {

// An open file whose steps are recorded. Its calls and their records are one step, under the lock of its
// files.
class RecordingFiles::Recorded final : public WritableFile {
 public:
  Recorded(RecordingFiles& files, std::unique_ptr<WritableFile> file, uint32_t number)
      : files_(files), file_(std::move(file)), number_(number) {}
  ~Recorded() override { static_cast<void>(Recorded::Close()); }

  // A write may be done in part whatever it answers, so it is recorded first. A sync counts once it is done.
  Status Write(std::string_view bytes) override {
    MutexLock lock(files_.mutex_);
    MR_TRY(files_.Record({.kind = IoStepKind::kWrite, .file = number_, .bytes = std::string(bytes)}));
    return file_->Write(bytes);
  }
  Status Flush() override {
    MutexLock lock(files_.mutex_);
    MR_TRY(files_.Record({.kind = IoStepKind::kFlush, .file = number_}));
    return file_->Flush();
  }
  Status Sync() override {
    MutexLock lock(files_.mutex_);
    MR_TRY(files_.Record({.kind = IoStepKind::kFlush, .file = number_}));
    MR_TRY(file_->Sync());
    return files_.Record({.kind = IoStepKind::kSync, .file = number_});
  }
  Status Close() override {
    if (std::exchange(is_closed_, true)) return Ok();
    MutexLock lock(files_.mutex_);
    MR_TRY(files_.Record({.kind = IoStepKind::kClose, .file = number_}));
    return file_->Close();
  }
  uint64_t size() const override { return file_->size(); }
  const std::string& path() const override { return file_->path(); }

 private:
  RecordingFiles& files_;
  const std::unique_ptr<WritableFile> file_;
  const uint32_t number_;
  bool is_closed_ = false;
};

Result<std::unique_ptr<RecordingFiles>> RecordingFiles::Start(Files& files, const Clock& clock,
                                                              const std::string& folder,
                                                              const std::string& trace) {
  std::unique_ptr<RecordingFiles> recording(new RecordingFiles(files, clock, NormalPath(folder)));
  if (recording->IsBelow(trace)) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("the trace '{}' must be outside of the folder '{}'", trace, folder));
  }
  MR_TRY(files.MakeDirs(folder));
  MutexLock lock(recording->mutex_);
  MR_ASSIGN(recording->trace_, files.OpenWrite(trace, WriteMode::kCreate));
  MR_TRY(recording->RecordTree(folder));
  MR_TRY(recording->Record({.kind = IoStepKind::kAllSafe}));
  lock.Unlock();
  return recording;
}

bool RecordingFiles::IsBelow(const std::string& path) const {
  const std::string normal = NormalPath(path);
  return normal == folder_ || normal.starts_with(JoinPath(folder_, ""));
}

std::string RecordingFiles::Below(const std::string& path) const {
  return JoinPath("/", NormalPath(path).substr(JoinPath(folder_, "").size() - 1).erase(0, 1));
}

Status RecordingFiles::Record(IoStep step) {
  step.monotonic_micros = clock_.MonotonicMicros();
  std::string bytes;
  AppendIoStep(step, &bytes);
  MR_TRY(trace_->Write(bytes));
  return trace_->Flush();
}

Status RecordingFiles::RecordTree(const std::string& directory) {
  MR_ASSIGN(const std::vector<DirEntry> entries, files_.List(directory));
  for (const DirEntry& entry : entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.is_directory) {
      MR_TRY(Record({.kind = IoStepKind::kMakeDirs, .path = Below(path)}));
      MR_TRY(RecordTree(path));
    } else {
      MR_TRY(RecordContent(path));
    }
  }
  return Ok();
}

Status RecordingFiles::RecordContent(const std::string& path) {
  MR_ASSIGN(std::string bytes, files_.ReadAll(path));
  return Record({.kind = IoStepKind::kContent, .path = Below(path), .bytes = std::move(bytes)});
}

Result<std::unique_ptr<WritableFile>> RecordingFiles::Opened(std::unique_ptr<WritableFile> file,
                                                             IoStep step) {
  const uint32_t number = ++files_opened_;
  step.file = number;
  MR_TRY(Record(std::move(step)));
  return std::make_unique<Recorded>(*this, std::move(file), number);
}

Result<std::unique_ptr<WritableFile>> RecordingFiles::OpenWrite(const std::string& path, WriteMode mode) {
  if (!IsBelow(path)) return files_.OpenWrite(path, mode);
  MutexLock lock(mutex_);
  MR_ASSIGN(auto file, files_.OpenWrite(path, mode));
  return Opened(std::move(file),
                {.kind = IoStepKind::kOpen, .size = static_cast<uint64_t>(mode), .path = Below(path)});
}

Result<std::unique_ptr<WritableFile>> RecordingFiles::OpenWriteAt(const std::string& path, uint64_t size) {
  if (!IsBelow(path)) return files_.OpenWriteAt(path, size);
  MutexLock lock(mutex_);
  MR_ASSIGN(auto file, files_.OpenWriteAt(path, size));
  return Opened(std::move(file), {.kind = IoStepKind::kOpenAt, .size = size, .path = Below(path)});
}

Result<std::unique_ptr<FileLock>> RecordingFiles::Lock(const std::string& path) {
  if (!IsBelow(path)) return files_.Lock(path);
  MutexLock lock(mutex_);
  MR_ASSIGN(auto held, files_.Lock(path));
  MR_TRY(Record({.kind = IoStepKind::kLock, .path = Below(path)}));
  return held;
}

Status RecordingFiles::Rename(const std::string& from, const std::string& to) {
  if (IsBelow(from) != IsBelow(to)) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("cannot rename '{}' to '{}': one of them is not recorded", from, to));
  }
  if (!IsBelow(from)) return files_.Rename(from, to);
  MutexLock lock(mutex_);
  MR_TRY(files_.Rename(from, to));
  return Record({.kind = IoStepKind::kRename, .path = Below(from), .bytes = Below(to)});
}

Status RecordingFiles::Remove(const std::string& path) {
  if (!IsBelow(path)) return files_.Remove(path);
  MutexLock lock(mutex_);
  MR_TRY(files_.Remove(path));
  return Record({.kind = IoStepKind::kRemove, .path = Below(path)});
}

Status RecordingFiles::MakeDirs(const std::string& directory) {
  if (!IsBelow(directory)) return files_.MakeDirs(directory);
  MutexLock lock(mutex_);
  MR_TRY(files_.MakeDirs(directory));
  return Record({.kind = IoStepKind::kMakeDirs, .path = Below(directory)});
}

Status RecordingFiles::SyncDir(const std::string& directory) {
  if (!IsBelow(directory)) return files_.SyncDir(directory);
  MutexLock lock(mutex_);
  MR_TRY(files_.SyncDir(directory));
  return Record({.kind = IoStepKind::kSyncDir, .path = Below(directory)});
}

Status RecordingFiles::WroteOutside(const std::string& path) {
  if (!IsBelow(path)) return Ok();
  MutexLock lock(mutex_);
  return RecordContent(path);
}

}  // namespace millrace::env
