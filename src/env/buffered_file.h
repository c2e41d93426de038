// BufferedFile: what every WritableFile does the same way, whatever it writes to: a buffer, and failing for
// good once it has failed. Internal to env/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "env/files.h"

namespace millrace::env {

class BufferedFile : public WritableFile {
 public:
  Status Write(std::string_view bytes) final;
  Status Flush() final;
  Status Sync() final;
  Status Close() final;
  uint64_t size() const final { return size_; }
  const std::string& path() const final { return path_; }

 protected:
  // `size` bytes are in the file. The class at the end calls Close when it goes.
  BufferedFile(std::string path, uint64_t size);

  // The calls of the system, each with the errno that it met, or 0. No other follows one that failed, but
  // EndFile, once.
  virtual int WriteToFile(std::string_view bytes) = 0;
  virtual int SyncFile() = 0;
  virtual int EndFile() = 0;

 private:
  Status Check(std::string_view action, int error_number);
  Status Send(std::string_view bytes);

  const std::string path_;
  std::string buffer_;
  uint64_t size_;
  bool is_closed_ = false;
  std::optional<Error> failure_;
};

}  // namespace millrace::env
