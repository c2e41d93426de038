// PrintOutput: where print tables write: standard output or error, or memory in tests. Shared by all
// sinks of a run; any thread. Each call's lines stay together.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/files.h"

namespace millrace::connectors {

class PrintOutput {
 public:
  virtual ~PrintOutput() = default;
  // Whole lines, each with its '\n'. On return they are on their way to the reader.
  virtual Status Write(std::string_view lines) = 0;
};

class FilePrintOutput final : public PrintOutput {
 public:
  explicit FilePrintOutput(std::unique_ptr<env::WritableFile> file) : file_(std::move(file)) {}
  Status Write(std::string_view lines) override;

 private:
  Mutex mutex_;
  std::unique_ptr<env::WritableFile> file_ MR_GUARDED_BY(mutex_);
};

class MemoryPrintOutput final : public PrintOutput {
 public:
  Status Write(std::string_view lines) override;
  // What was written since the last call.
  std::string Take();

 private:
  Mutex mutex_;
  std::string text_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::connectors
