// KeptJobs: the running jobs that have a record. Owned by the Instance; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "dataflow/task.h"
#include "session/durable_catalog.h"

namespace millrace::session {

class KeptJobs {
 public:
  void Add(uint64_t id, std::shared_ptr<dataflow::Job> job) MR_EXCLUDES(mutex_);
  // Forgets it; null if it is not there.
  std::shared_ptr<dataflow::Job> Remove(uint64_t id) MR_EXCLUDES(mutex_);
  // Those of which nothing runs any more, with the errors of those that failed. They stay until Remove.
  std::vector<DurableCatalog::EndedJob> Ended() const MR_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<dataflow::Job>> jobs_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::session
