#include "connectors/print/print_output.h"

#include <utility>

namespace millrace::connectors {

Status FilePrintOutput::Write(std::string_view lines) {
  MutexLock lock(mutex_);
  MR_TRY(file_->Write(lines));
  return file_->Flush();
}

Status MemoryPrintOutput::Write(std::string_view lines) {
  MutexLock lock(mutex_);
  text_.append(lines);
  return {};
}

std::string MemoryPrintOutput::Take() {
  MutexLock lock(mutex_);
  return std::exchange(text_, {});
}

}  // namespace millrace::connectors
