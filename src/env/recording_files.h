// RecordingFiles: the files of the machine, with a trace of everything that is done to one folder
// (io_trace.h). For tests of the real command: MILLRACE_IO_TRACE=<folder>:<trace> makes it use one.
//
// One step at a time: while one is done and written down no other begins, so the trace has the order in which
// things became safe. That makes writing slower, and the command does the same. Reading is not recorded.
// If the trace cannot be written the step fails: a trace has no gaps. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/clock.h"
#include "env/files.h"
#include "env/io_trace.h"

namespace millrace::env {

class RecordingFiles final : public Files {
 public:
  // `files` and `clock` outlive it. What is in `folder` (made if need be) is the trace's first state. The
  // trace is a new file outside of the folder. Paths must not come to the folder through links.
  static Result<std::unique_ptr<RecordingFiles>> Start(Files& files, const Clock& clock,
                                                       const std::string& folder, const std::string& trace);

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    return files_.OpenRead(path);
  }
  Result<std::unique_ptr<ByteStream>> OpenStream(const std::string& path) override {
    return files_.OpenStream(path);
  }
  Result<std::unique_ptr<WritableFile>> OpenWrite(const std::string& path, WriteMode mode) override;
  Result<std::unique_ptr<WritableFile>> OpenWriteAt(const std::string& path, uint64_t size) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  std::unique_ptr<ByteStream> StandardInput() override { return files_.StandardInput(); }
  std::unique_ptr<WritableFile> StandardOutput() override { return files_.StandardOutput(); }
  // Both paths must be in the folder, or none.
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override { return files_.Stat(path); }
  Result<std::vector<DirEntry>> List(const std::string& directory) override { return files_.List(directory); }
  Status MakeDirs(const std::string& directory) override;
  Status SyncDir(const std::string& directory) override;
  Result<uint64_t> FreeBytes(const std::string& directory) override { return files_.FreeBytes(directory); }
  Status WroteOutside(const std::string& path) override;

 private:
  class Recorded;

  RecordingFiles(Files& files, const Clock& clock, std::string folder)
      : files_(files), clock_(clock), folder_(std::move(folder)) {}

  bool IsBelow(const std::string& path) const;
  std::string Below(const std::string& path) const;  // of one that is
  Status RecordTree(const std::string& directory) MR_REQUIRES(mutex_);
  Status RecordContent(const std::string& path) MR_REQUIRES(mutex_);
  Status Record(IoStep step) MR_REQUIRES(mutex_);
  // Wraps a file that has been opened by `step`.
  Result<std::unique_ptr<WritableFile>> Opened(std::unique_ptr<WritableFile> file, IoStep step)
      MR_REQUIRES(mutex_);

  Files& files_;
  const Clock& clock_;
  const std::string folder_;  // in normal form
  Mutex mutex_;
  std::unique_ptr<WritableFile> trace_ MR_GUARDED_BY(mutex_);
  uint32_t files_opened_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::env
