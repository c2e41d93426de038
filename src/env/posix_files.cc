#include "env/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

#include "env/buffered_file.h"
#include "env/posix_fd.h"

namespace millrace::env {

namespace {

FileInfo InfoOf(const struct stat& status) {
  return FileInfo{
      .size = static_cast<uint64_t>(status.st_size),
      .mtime_micros = int64_t{status.st_mtim.tv_sec} * 1'000'000 + status.st_mtim.tv_nsec / 1000,
      .device = status.st_dev,
      .inode = status.st_ino,
      .is_directory = S_ISDIR(status.st_mode),
      .is_regular = S_ISREG(status.st_mode),
  };
}

Result<FileInfo> StatFd(int fd, const std::string& path) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return PathError("look at", path, errno);
  return InfoOf(status);
}

int OpenRetry(const char* path, int flags, mode_t mode = 0666) {
  int fd;
  do {
    fd = ::open(path, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> buffer) const override {
    size_t done = 0;
    while (done < buffer.size()) {
      const ssize_t bytes =
          ::pread(fd_.get(), buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
      if (bytes == 0) break;
      if (bytes > 0) {
        done += static_cast<size_t>(bytes);
      } else if (errno != EINTR) {
        return PathError("read", path_, errno);
      }
    }
    return done;
  }
  Result<FileInfo> Stat() const override { return StatFd(fd_.get(), path_); }
  const std::string& path() const override { return path_; }

 private:
  Fd fd_;
  std::string path_;
};

class PosixStream final : public ByteStream {
 public:
  PosixStream(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<ReadOutcome> Read(std::span<std::byte> buffer, int64_t timeout_ms) override {
    return ReadStream(fd_.get(), path_, buffer, timeout_ms);
  }

 private:
  Fd fd_;
  std::string path_;
};

class PosixWritableFile final : public BufferedFile {
 public:
  PosixWritableFile(Fd fd, std::string path, const FileInfo& info)
      : BufferedFile(std::move(path), info.size), fd_(std::move(fd)), is_regular_(info.is_regular) {}
  ~PosixWritableFile() override { static_cast<void>(Close()); }

 private:
  int WriteToFile(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written >= 0) {
        bytes.remove_prefix(static_cast<size_t>(written));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        // Standard output may be a terminal or pipe that somebody else made non-blocking.
        if (WaitWritable(fd_.get(), Deadline(kForever)) == WaitOutcome::kFailed) return errno;
      } else if (errno != EINTR) {
        return errno;
      }
    }
    return 0;
  }

  int SyncFile() override {
    // Every reason counts for a regular file: EROFS is what one answers that the system made read-only
    // because of errors.
    if (!is_regular_) return 0;
    while (::fdatasync(fd_.get()) != 0) {
      if (errno != EINTR) return errno;
    }
    return 0;
  }

  int EndFile() override { return fd_.Close(); }

  Fd fd_;
  const bool is_regular_;
};

// The lock is the open file's (flock), so the system lets go of it when the process ends, however it does.
// The file has the process's number for those who are refused.
class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Fd fd) : fd_(std::move(fd)) {
    // Only for messages: a full disk must not keep anybody from taking a lock.
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd_.get(), 0) != 0 || ::pwrite(fd_.get(), text.data(), text.size(), 0) < 0) errno = 0;
  }
  ~PosixFileLock() override {
    if (::ftruncate(fd_.get(), 0) != 0) errno = 0;
  }

 private:
  Fd fd_;
};

// Who has written its number into a lock's file; 0 if that cannot be read.
int64_t LockHolder(int fd) {
  std::array<char, 32> text{};
  const ssize_t bytes = ::pread(fd, text.data(), text.size(), 0);
  int64_t pid = 0;
  if (bytes > 0) std::from_chars(text.data(), text.data() + bytes, pid);
  return pid;
}

// A copy of one of the process's standard descriptors, so that closing it leaves the original open.
Fd Duplicate(int fd) {
  return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

}  // namespace

Result<std::unique_ptr<ReadableFile>> PosixFiles::OpenRead(const std::string& path) {
  // O_NONBLOCK: the open of a named pipe must not wait for a writer before it is refused.
  Fd fd(OpenRetry(path.c_str(), O_RDONLY | O_NONBLOCK));
  if (!fd.IsOpen()) return PathError("open", path, errno);
  MR_ASSIGN(const FileInfo info, StatFd(fd.get(), path));
  if (info.is_directory) return PathError("open", path, EISDIR);
  if (!info.is_regular) {
    return NotRegular(path);
  }
  return std::make_unique<PosixReadableFile>(std::move(fd), path);
}

Result<std::unique_ptr<ByteStream>> PosixFiles::OpenStream(const std::string& path) {
  Fd fd(OpenRetry(path.c_str(), O_RDONLY | O_NONBLOCK));
  if (!fd.IsOpen()) return PathError("open", path, errno);
  MR_ASSIGN(const FileInfo info, StatFd(fd.get(), path));
  if (info.is_directory) return PathError("open", path, EISDIR);
  return std::make_unique<PosixStream>(std::move(fd), path);
}

Result<std::unique_ptr<WritableFile>> PosixFiles::OpenWrite(const std::string& path, WriteMode mode) {
  int flags = O_WRONLY | O_CREAT;
  const bool is_private = mode == WriteMode::kCreatePrivate;
  if (mode == WriteMode::kCreate || is_private) flags |= O_EXCL;
  if (mode == WriteMode::kTruncate) flags |= O_TRUNC;
  if (mode == WriteMode::kAppend) flags |= O_APPEND;
  Fd fd(OpenRetry(path.c_str(), flags, is_private ? 0600 : 0666));
  if (!fd.IsOpen()) return PathError("open", path, errno);
  MR_ASSIGN(const FileInfo info, StatFd(fd.get(), path));
  return std::make_unique<PosixWritableFile>(std::move(fd), path, info);
}

Result<std::unique_ptr<WritableFile>> PosixFiles::OpenWriteAt(const std::string& path, uint64_t size) {
  Fd fd(OpenRetry(path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK));
  if (!fd.IsOpen()) return PathError("open", path, errno);
  MR_ASSIGN(FileInfo info, StatFd(fd.get(), path));
  if (!info.is_regular) return NotRegular(path);
  if (info.size < size) return TooShort(path, size, info.size);
  if (info.size > size && ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    return PathError("cut", path, errno);
  }
  info.size = size;
  return std::make_unique<PosixWritableFile>(std::move(fd), path, info);
}

Result<std::unique_ptr<FileLock>> PosixFiles::Lock(const std::string& path) {
  Fd fd(OpenRetry(path.c_str(), O_RDWR | O_CREAT));
  if (!fd.IsOpen()) return PathError("lock", path, errno);
  int failed;
  do {
    failed = ::flock(fd.get(), LOCK_EX | LOCK_NB);
  } while (failed != 0 && errno == EINTR);
  if (failed == 0) return std::make_unique<PosixFileLock>(std::move(fd));
  if (errno != EWOULDBLOCK) return PathError("lock", path, errno);
  const int64_t holder = LockHolder(fd.get());
  return LockHeld(path, holder == ::getpid() ? "this process"
                        : holder > 0         ? fmt::format("process {}", holder)
                                             : "another process");
}

std::unique_ptr<ByteStream> PosixFiles::StandardInput() {
  return std::make_unique<PosixStream>(Duplicate(STDIN_FILENO), "standard input");
}

std::unique_ptr<WritableFile> PosixFiles::StandardOutput() {
  return std::make_unique<PosixWritableFile>(Duplicate(STDOUT_FILENO), "standard output", FileInfo{});
}

Status PosixFiles::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return PathError(fmt::format("rename to '{}' the file", to), from, errno);
  }
  return Ok();
}

Status PosixFiles::Remove(const std::string& path) {
  if (std::remove(path.c_str()) != 0) return PathError("remove", path, errno);
  return Ok();
}

Result<FileInfo> PosixFiles::Stat(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return PathError("look at", path, errno);
  return InfoOf(status);
}

Result<std::vector<DirEntry>> PosixFiles::List(const std::string& directory) {
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return PathError("list", directory, errno);
  std::vector<DirEntry> entries;
  int error_number = 0;
  for (;;) {
    errno = 0;
    const dirent* found = ::readdir(dir);
    if (found == nullptr) {
      error_number = errno;
      break;
    }
    std::string name = found->d_name;
    if (name == "." || name == "..") continue;
    struct stat status;
    bool is_directory = found->d_type == DT_DIR;
    bool is_link = found->d_type == DT_LNK;
    if (found->d_type == DT_UNKNOWN &&
        ::fstatat(::dirfd(dir), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      is_directory = S_ISDIR(status.st_mode);
      is_link = S_ISLNK(status.st_mode);
    }
    // A link that leads nowhere is listed as a file.
    if (is_link && ::fstatat(::dirfd(dir), name.c_str(), &status, 0) == 0) {
      is_directory = S_ISDIR(status.st_mode);
    }
    entries.push_back({std::move(name), is_directory, is_link});
  }
  ::closedir(dir);
  if (error_number != 0) return PathError("list", directory, error_number);
  std::sort(entries.begin(), entries.end(),
            [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
  return entries;
}

Status PosixFiles::MakeDirs(const std::string& directory) {
  for (size_t slash = directory.find('/', 1);; slash = directory.find('/', slash + 1)) {
    const std::string prefix = directory.substr(0, slash);
    if (!prefix.empty() && ::mkdir(prefix.c_str(), 0777) != 0) {
      const int error_number = errno;
      if (error_number != EEXIST) return PathError("make the folder", prefix, error_number);
      MR_ASSIGN(const FileInfo info, Stat(prefix));
      if (!info.is_directory) return PathError("make the folder", prefix, ENOTDIR);
    }
    if (slash == std::string::npos) return Ok();
  }
}

Status PosixFiles::SyncDir(const std::string& directory) {
  Fd fd(OpenRetry(directory.c_str(), O_RDONLY | O_DIRECTORY));
  if (!fd.IsOpen()) return PathError("open", directory, errno);
  if (::fsync(fd.get()) != 0) return PathError("sync", directory, errno);
  return Ok();
}

Result<uint64_t> PosixFiles::FreeBytes(const std::string& directory) {
  struct statvfs status;
  if (::statvfs(directory.c_str(), &status) != 0) return PathError("look at", directory, errno);
  return uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace millrace::env
