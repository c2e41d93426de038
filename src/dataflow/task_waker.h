// TaskWaker: wakes a task for as long as it exists.
//
// Shared by the task, which forgets itself when it goes, and by those at the other ends of its channels, who
// may live longer. Any thread.
#pragma once

#include "base/mutex.h"
#include "env/executor.h"

namespace millrace::dataflow {

class TaskWaker {
 public:
  TaskWaker(env::WorkerPool* pool, env::Task* task) : pool_(*pool), task_(task) {}
  void Wake() MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (task_ != nullptr) pool_.Wake(*task_);
  }
  // The task is about to be destroyed.
  void Forget() MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    task_ = nullptr;
  }

 private:
  env::WorkerPool& pool_;
  Mutex mutex_;
  env::Task* task_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::dataflow
