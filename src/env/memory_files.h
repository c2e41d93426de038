// MemoryFiles: a file system in memory, for tests and the simulation. It behaves as POSIX does: a
// folder must exist before a file in it, an open file lives on when its path is removed, a rename
// keeps the inode. A path that does not begin with a slash is taken from the root; there are no links
// and no pipes. Standard input reads the file /dev/stdin (empty if there is none), standard output
// is appended to /dev/stdout. Any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/clock.h"
#include "env/files.h"

namespace millrace::env {

class MemoryFiles final : public Files {
 public:
  // Times of last change come from `clock`, which outlives this and all open files.
  explicit MemoryFiles(const Clock& clock);

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override;
  Result<std::unique_ptr<ByteStream>> OpenStream(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenWrite(const std::string& path, WriteMode mode) override;
  Result<std::unique_ptr<WritableFile>> OpenWriteAt(const std::string& path, uint64_t size) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  std::unique_ptr<ByteStream> StandardInput() override;
  std::unique_ptr<WritableFile> StandardOutput() override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<DirEntry>> List(const std::string& directory) override;
  Status MakeDirs(const std::string& directory) override;
  Status SyncDir(const std::string& directory) override;
  Result<uint64_t> FreeBytes(const std::string& directory) override;

  // A file or folder: its bytes under a lock of its own, shared by its path and all who have it open.
  class Node;

 private:
  using NodePtr = std::shared_ptr<Node>;

  NodePtr MakeNode(bool is_directory);
  // Null if nothing is there.
  NodePtr Find(const std::string& normal_path) const MR_REQUIRES(mutex_);
  // 0, or the errno that creating something at this path would meet: its folder is missing or a file.
  int ParentError(const std::string& normal_path) const MR_REQUIRES(mutex_);
  bool HasChildren(const std::string& normal_path) const MR_REQUIRES(mutex_);

  const Clock& clock_;
  std::atomic<uint64_t> inode_{0};
  mutable Mutex mutex_;
  // By normal path: it begins with a slash and ends in none, the root is "/".
  std::map<std::string, NodePtr> nodes_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::env
