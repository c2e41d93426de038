// Files: the only way to the file system. The real one is POSIX (posix_files.h), the one for tests and
// the simulation keeps everything in memory and can lose it (simulated_disk.h).
//
// A Files may be used from any thread. Every error names the path and the system's reason:
// kNoSuchFile if a path does not exist, kDiskFull if no space or quota is left, kIoError for everything else.
//
// What a power loss leaves. Bytes are safe once WritableFile::Sync has answered Ok; the name of a file
// (creation, rename, removal) once SyncDir of its folder has, whichever came first. Until then any part of
// what was written, and any of the names, may be lost. A rename is never half done. So a file appears
// whole, or not at all, by: write it under another name, Sync, Close, Rename, SyncDir.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "env/byte_stream.h"

namespace millrace::env {

struct FileInfo {
  uint64_t size = 0;         // bytes
  int64_t mtime_micros = 0;  // last change of its bytes, since the epoch
  uint64_t device = 0;       // with inode: the identity of the file, kept across renames
  uint64_t inode = 0;
  bool is_directory = false;
  bool is_regular = false;  // bytes at offsets: neither a folder nor a pipe, device or socket
};

struct DirEntry {
  std::string name;  // without the folder
  bool is_directory = false;
  bool is_link = false;
};

// A file open for reading at any offset. Any number of threads may read at once.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Fills the buffer from `offset` on; fewer bytes than asked for only at the end of the file, where
  // it answers 0. What is appended later can be read later.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> buffer) const = 0;
  // Of the open file, whatever has become of its path.
  virtual Result<FileInfo> Stat() const = 0;
  virtual const std::string& path() const = 0;
};

// A file open for writing at its end, with a buffer of its own. One thread at a time. Dropping it
// closes it without a report of errors: call Close.
//
// The first call that fails is the last: every later one answers the same error, and how much of the end
// has been written is not known. After a failed Write or Flush (kDiskFull, say) the file may be opened anew
// with OpenWriteAt, at a length that is known to be good. After a failed Sync nothing may be tried again, by
// this handle or another: the system may have dropped the bytes and then call a second sync a success. The
// process is to stop, and to start from what had been synced before.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Write(std::string_view bytes) = 0;
  // Hands what is buffered to the operating system: other readers see it, a power loss may lose it.
  virtual Status Flush() = 0;
  // Flush, and once it answers Ok all bytes written so far, and the length of the file (a shorter one by
  // OpenWriteAt or kTruncate included), survive a power loss: fdatasync. Not the file's name: SyncDir.
  // A pipe or terminal has nothing to sync and answers Ok.
  virtual Status Sync() = 0;
  // Flush and close; nothing may follow.
  virtual Status Close() = 0;
  // Bytes in the file, buffered ones included.
  virtual uint64_t size() const = 0;
  virtual const std::string& path() const = 0;
};

enum class WriteMode : uint8_t {
  kCreate,         // the file must not exist
  kTruncate,       // created, or emptied
  kAppend,         // created, or continued at its end
  kCreatePrivate,  // the file must not exist; its owner alone may read and write it
};

// Held while it lives, and no longer than its process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;

  // A regular file, for reads at offsets. A folder, pipe or device is refused (kIoError).
  virtual Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) = 0;
  // Anything that can be read in order: files, named pipes, devices. Opening a named pipe waits for no
  // writer; the stream ends when its last writer is gone.
  virtual Result<std::unique_ptr<ByteStream>> OpenStream(const std::string& path) = 0;
  virtual Result<std::unique_ptr<WritableFile>> OpenWrite(const std::string& path, WriteMode mode) = 0;
  // Continues a file that is there at `size` bytes; what is behind them, such as a torn tail, is cut off
  // (durable after Sync). kIoError if the file is shorter.
  virtual Result<std::unique_ptr<WritableFile>> OpenWriteAt(const std::string& path, uint64_t size) = 0;

  // Makes the file if need be and holds it against every other Lock, of this process or another; does not
  // wait. kObjectInUse if it is held, with the holder's process if known. The file stays when the lock goes.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  virtual std::unique_ptr<ByteStream> StandardInput() = 0;
  virtual std::unique_ptr<WritableFile> StandardOutput() = 0;

  // Atomic; replaces a file that is at `to`.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // A file or an empty folder.
  virtual Status Remove(const std::string& path) = 0;
  // Follows links.
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  // What is in the folder, sorted by name, "." and ".." apart.
  virtual Result<std::vector<DirEntry>> List(const std::string& directory) = 0;
  // The folder and those above it; no error if it is there.
  virtual Status MakeDirs(const std::string& directory) = 0;
  // Makes creations, renames and removals in the folder durable.
  virtual Status SyncDir(const std::string& directory) = 0;
  // What may still be written on the device of the folder.
  virtual Result<uint64_t> FreeBytes(const std::string& directory) = 0;

  // Said by those who let a library write a file by itself, when what it wrote is durable and until it writes
  // again: so that who watches the files (recording_files.h) can see it.
  virtual Status WroteOutside(const std::string& path);

  // False only if nothing is there; what cannot be looked at is an error.
  Result<bool> Exists(const std::string& path);
  // Paths that match a pattern, sorted, none if nothing does (glob.cc). `*` and `?` match within a
  // name (not a leading dot), `[a-z]` and `[!a-z]` a character, `**` as a whole name any number of
  // folders (links are not followed), and a backslash takes the next character as it is.
  Result<std::vector<std::string>> Glob(const std::string& pattern);

  // Whole small files, such as SQL scripts and tests.
  Result<std::string> ReadAll(const std::string& path);
  Status WriteAll(const std::string& path, std::string_view bytes);
  // The path and everything below it; no error if nothing is there.
  Status RemoveTree(const std::string& path);
};

// "folder/name"; an empty folder gives the name alone.
std::string JoinPath(std::string_view directory, std::string_view name);
// The same path from the root, without empty names, "." and ".." (by its text: links are not looked at). It
// begins with a slash and ends in none; the root is "/".
std::string NormalPath(const std::string& path);
// What is before the last slash ("." if there is none), and what is after it.
std::string DirName(std::string_view path);
std::string BaseName(std::string_view path);

}  // namespace millrace::env
