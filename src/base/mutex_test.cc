#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/thread_annotations.h"

namespace millrace {
namespace {

class Box {
 public:
  void Put(int value) MR_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      value_ = value;
    }
    changed_.NotifyAll();
  }
  int Wait() MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (value_ == 0) changed_.Wait(mutex_);
    return value_;
  }
  bool WaitFor(int64_t micros) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, micros);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int value_ MR_GUARDED_BY(mutex_) = 0;
};

TEST(MutexTest, AWaiterSeesWhatWasPut) {
  Box box;
  std::thread writer([&] { box.Put(5); });
  EXPECT_EQ(box.Wait(), 5);
  writer.join();
}

TEST(MutexTest, WaitingEndsWithItsTimeLimit) {
  Box box;
  EXPECT_FALSE(box.WaitFor(1'000));
}

TEST(MutexTest, TryLockFailsWhileHeldElsewhere) {
  Mutex mutex;
  mutex.Lock();
  bool locked = true;
  std::thread other([&] {
    if (mutex.TryLock()) {
      mutex.Unlock();
    } else {
      locked = false;
    }
  });
  other.join();
  EXPECT_FALSE(locked);
  mutex.Unlock();
}

}  // namespace
}  // namespace millrace
