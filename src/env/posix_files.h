// PosixFiles: the machine's file system.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env/files.h"

namespace millrace::env {

class PosixFiles final : public Files {
 public:
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
};

}  // namespace millrace::env
