// Notification: something that happens once, for a test that waits for it.
#pragma once

#include "base/mutex.h"

namespace millrace::dataflow {

// Any thread.
class Notification {
 public:
  void Notify() MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    happened_ = true;
    changed_.NotifyAll();
  }
  void Wait() MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!happened_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool happened_ MR_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace::dataflow
