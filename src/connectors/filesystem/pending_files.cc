#include "connectors/filesystem/pending_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::connectors {

std::string HiddenPath(const std::string& folder, const std::string& name) {
  return env::JoinPath(folder, fmt::format(".{}.inprogress", name));
}

void PendingFiles::Add(File file) {
  MutexLock lock(mutex_);
  waiting_.push_back(std::move(file));
  ++added_;
}

std::vector<PendingFiles::File> PendingFiles::files() const {
  MutexLock lock(mutex_);
  return waiting_;
}

uint64_t PendingFiles::count() const {
  MutexLock lock(mutex_);
  return added_;
}

Status PendingFiles::Appear(const File& file) const {
  MR_TRY(files_.Rename(HiddenPath(file.folder, file.name), env::JoinPath(file.folder, file.name)));
  return files_.SyncDir(file.folder);
}

void PendingFiles::Publish(uint64_t count) {
  MutexLock lock(mutex_);
  const uint64_t first = added_ - waiting_.size();
  const size_t due = count <= first ? 0 : std::min<size_t>(count - first, waiting_.size());
  // In their order, so that what is left are always the last.
  size_t done = 0;
  while (done < due && Appear(waiting_[done]).has_value()) ++done;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
}

Status PendingFiles::Recover() {
  MutexLock lock(mutex_);
  for (const File& file : waiting_) {
    if (!files_.Stat(HiddenPath(file.folder, file.name)).has_value() &&
        files_.Stat(env::JoinPath(file.folder, file.name)).has_value()) {
      continue;
    }
    if (const Status appeared = Appear(file); !appeared.has_value()) {
      return std::unexpected(appeared.error().Within("a file whose rows are in the last checkpoint"));
    }
  }
  waiting_.clear();
  return {};
}

}  // namespace millrace::connectors
