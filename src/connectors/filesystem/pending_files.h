// PendingFiles: files of a sink that are complete and on the disk under hidden names, and appear once a
// checkpoint with their rows is durable.
//
// Shared by the sink and by what is called when a checkpoint is durable, which may outlive it. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "env/env.h"

namespace millrace::connectors {

// The name under which the file is hidden until it is complete.
std::string HiddenPath(const std::string& folder, const std::string& name);

class PendingFiles {
 public:
  struct File {
    std::string folder;
    std::string name;  // under which it will appear
  };

  explicit PendingFiles(env::Files* files) : files_(*files) {}

  void Add(File file) MR_EXCLUDES(mutex_);
  // Those that have not appeared yet.
  std::vector<File> files() const MR_EXCLUDES(mutex_);
  // How many have been added so far.
  uint64_t count() const MR_EXCLUDES(mutex_);
  // Lets the first `count` of all that were added appear, as far as they have not. Those that cannot be
  // renamed now are tried again with the next call, or after a restart.
  void Publish(uint64_t count) MR_EXCLUDES(mutex_);
  // As Publish of all, after a restart: one may have appeared already. An error if one is there under neither
  // name, or cannot be renamed.
  Status Recover() MR_EXCLUDES(mutex_);

 private:
  Status Appear(const File& file) const;

  env::Files& files_;
  mutable Mutex mutex_;
  std::vector<File> waiting_ MR_GUARDED_BY(mutex_);
  uint64_t added_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::connectors
