#include "server/query_pool.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace millrace::server {

QueryPool::~QueryPool() {
  Stop();
}

void QueryPool::Start(int threads) {
  MR_CHECK(threads >= 1 && threads_.empty());
  for (int i = 0; i < threads; ++i) {
    threads_.push_back(executor_.Start("query-" + std::to_string(i), [this] { RunWork(); }));
  }
}

void QueryPool::Post(std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    queue_.push_back(std::move(work));
  }
  changed_.NotifyOne();
}

void QueryPool::Stop() {
  std::deque<std::function<void()>> dropped;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
  }
  changed_.NotifyAll();
  for (const auto& thread : threads_) thread->Join();
  threads_.clear();
}

void QueryPool::RunWork() {
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopped_) changed_.Wait(mutex_);
      if (stopped_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace millrace::server
