#include "env/posix_fd.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

#include "base/check.h"
#include "env/clock.h"

namespace millrace::env {

std::string ErrnoText(int error_number) {
  return std::generic_category().message(error_number);
}

namespace {

ErrorCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return ErrorCode::kNoSuchFile;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::kDiskFull;
    default:
      return ErrorCode::kIoError;
  }
}

}  // namespace

std::unexpected<Error> PathError(std::string_view action, std::string_view path, int error_number) {
  return Fail(CodeOf(error_number), fmt::format("cannot {} '{}': {}", action, path, ErrnoText(error_number)));
}

std::unexpected<Error> NotRegular(std::string_view path) {
  return Fail(ErrorCode::kIoError,
              fmt::format("cannot open '{}' for reads at offsets: it is not a regular file", path));
}

std::unexpected<Error> TooShort(std::string_view path, uint64_t wanted, uint64_t size) {
  return Fail(ErrorCode::kIoError,
              fmt::format("cannot continue '{}' at byte {}: it has only {} bytes", path, wanted, size));
}

std::unexpected<Error> LockHeld(std::string_view path, std::string_view holder) {
  return Fail(ErrorCode::kObjectInUse, fmt::format("cannot lock '{}': {} holds it", path, holder));
}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

int Fd::Close() {
  if (fd_ < 0) return 0;
  return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno;
}

Deadline::Deadline(int64_t timeout_ms)
    : end_micros_(timeout_ms < 0 || timeout_ms > std::numeric_limits<int>::max()
                      ? -1
                      : RealClock().MonotonicMicros() + timeout_ms * 1000) {}

int Deadline::LeftMs() const {
  if (end_micros_ < 0) return -1;
  const int64_t left = end_micros_ - RealClock().MonotonicMicros();
  return left <= 0 ? 0 : static_cast<int>((left + 999) / 1000);
}

namespace {

WaitOutcome WaitFor(int fd, short events, const Deadline& deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, deadline.LeftMs());
    if (ready > 0) return WaitOutcome::kReady;
    if (ready == 0) return WaitOutcome::kTimeout;
    if (errno != EINTR) return WaitOutcome::kFailed;
  }
}

}  // namespace

WaitOutcome WaitReadable(int fd, const Deadline& deadline) {
  return WaitFor(fd, POLLIN, deadline);
}
WaitOutcome WaitWritable(int fd, const Deadline& deadline) {
  return WaitFor(fd, POLLOUT, deadline);
}

Result<ReadOutcome> ReadStream(int fd, std::string_view name, std::span<std::byte> buffer,
                               int64_t timeout_ms) {
  MR_CHECK(!buffer.empty());
  const Deadline deadline(timeout_ms);
  for (;;) {
    switch (WaitReadable(fd, deadline)) {
      case WaitOutcome::kTimeout:
        return ReadOutcome{ReadOutcome::Kind::kTimeout, 0};
      case WaitOutcome::kFailed:
        return PathError("wait for", name, errno);
      case WaitOutcome::kReady:
        break;
    }
    const ssize_t bytes = ::read(fd, buffer.data(), buffer.size());
    if (bytes > 0) return ReadOutcome{ReadOutcome::Kind::kData, static_cast<size_t>(bytes)};
    if (bytes == 0) return ReadOutcome{ReadOutcome::Kind::kEnd, 0};
    if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return PathError("read", name, errno);
  }
}

}  // namespace millrace::env
