#include "env/buffered_file.h"

#include <utility>

#include "base/check.h"
#include "env/posix_fd.h"

namespace millrace::env {

namespace {

constexpr size_t kWriteBufferBytes = size_t{64} << 10;

}  // namespace

BufferedFile::BufferedFile(std::string path, uint64_t size) : path_(std::move(path)), size_(size) {}

Status BufferedFile::Check(std::string_view action, int error_number) {
  if (error_number != 0) failure_ = PathError(action, path_, error_number).error();
  if (failure_) return std::unexpected(*failure_);
  return Ok();
}

Status BufferedFile::Send(std::string_view bytes) {
  return Check("write to", bytes.empty() ? 0 : WriteToFile(bytes));
}

Status BufferedFile::Write(std::string_view bytes) {
  MR_CHECK(!is_closed_);
  if (failure_) return std::unexpected(*failure_);
  if (buffer_.size() + bytes.size() > kWriteBufferBytes) MR_TRY(BufferedFile::Flush());
  size_ += bytes.size();
  if (bytes.size() >= kWriteBufferBytes) return Send(bytes);
  buffer_.append(bytes);
  return Ok();
}

Status BufferedFile::Flush() {
  if (failure_) return std::unexpected(*failure_);
  const std::string pending = std::exchange(buffer_, {});
  return Send(pending);
}

Status BufferedFile::Sync() {
  MR_TRY(BufferedFile::Flush());
  return Check("sync", SyncFile());
}

Status BufferedFile::Close() {
  if (std::exchange(is_closed_, true)) return Ok();
  const Status flushed = BufferedFile::Flush();
  const int error_number = EndFile();
  if (!flushed) return flushed;
  return Check("close", error_number);
}

}  // namespace millrace::env
