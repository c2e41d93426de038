#include "session/kept_jobs.h"

namespace millrace::session {

void KeptJobs::Add(uint64_t id, std::shared_ptr<dataflow::Job> job) {
  MutexLock lock(mutex_);
  jobs_[id] = std::move(job);
}

std::shared_ptr<dataflow::Job> KeptJobs::Remove(uint64_t id) {
  MutexLock lock(mutex_);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return nullptr;
  std::shared_ptr<dataflow::Job> job = std::move(found->second);
  jobs_.erase(found);
  return job;
}

std::vector<DurableCatalog::EndedJob> KeptJobs::Ended() const {
  MutexLock lock(mutex_);
  std::vector<DurableCatalog::EndedJob> ended;
  for (const auto& [id, job] : jobs_) {
    if (job->live_tasks.load() > 0) continue;
    MutexLock job_lock(job->mutex);
    ended.push_back({id, job->error});
  }
  return ended;
}

}  // namespace millrace::session
