// What the POSIX implementations share: an owned file descriptor, timed reads, and errors that carry
// the system's reason. Internal to env/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "env/byte_stream.h"

namespace millrace::env {

// "cannot <action> '<path>': <text of errno>"; kNoSuchFile for ENOENT, kDiskFull for ENOSPC and EDQUOT, else
// kIoError.
std::unexpected<Error> PathError(std::string_view action, std::string_view path, int error_number);
// The other errors of files, which every implementation of Files words alike.
std::unexpected<Error> NotRegular(std::string_view path);
std::unexpected<Error> TooShort(std::string_view path, uint64_t wanted, uint64_t size);
std::unexpected<Error> LockHeld(std::string_view path, std::string_view holder);
// The text of an errno value, e.g. "No such file or directory".
std::string ErrnoText(int error_number);

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { Close(); }

  int get() const { return fd_; }
  bool IsOpen() const { return fd_ >= 0; }
  // 0, or the errno of close.
  int Close();

 private:
  int fd_ = -1;
};

// Counts a time limit down over several waits.
class Deadline {
 public:
  explicit Deadline(int64_t timeout_ms);
  // For poll: milliseconds left, 0 if none, -1 for kForever.
  int LeftMs() const;

 private:
  int64_t end_micros_;
};

enum class WaitOutcome : uint8_t { kReady, kTimeout, kFailed };

// Waits until the descriptor can be read (or written) or has failed or ended; kFailed leaves errno.
WaitOutcome WaitReadable(int fd, const Deadline& deadline);
WaitOutcome WaitWritable(int fd, const Deadline& deadline);

// ByteStream::Read of a descriptor; `name` is for messages.
Result<ReadOutcome> ReadStream(int fd, std::string_view name, std::span<std::byte> buffer,
                               int64_t timeout_ms);

}  // namespace millrace::env
