// QueryPool: the bounded number of threads on which statements run that may wait.
//
// One for the server, shared by all protocols. A connection has at most one piece of work here at a time, so
// the queue is bounded by the connections. Any thread may post.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/executor.h"

namespace millrace::server {

class QueryPool {
 public:
  // `executor` outlives this.
  explicit QueryPool(env::Executor& executor) : executor_(executor) {}
  ~QueryPool();  // stops
  QueryPool(const QueryPool&) = delete;
  QueryPool& operator=(const QueryPool&) = delete;

  // At least one thread. Once.
  void Start(int threads) MR_EXCLUDES(mutex_);
  // Runs `work` on one of the threads, first come, first served. After Stop it is dropped.
  void Post(std::function<void()> work) MR_EXCLUDES(mutex_);
  // What runs now ends, the rest is dropped; waits for that. May be called twice. Not from work.
  void Stop() MR_EXCLUDES(mutex_);

 private:
  void RunWork() MR_EXCLUDES(mutex_);

  env::Executor& executor_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ MR_GUARDED_BY(mutex_);
  bool stopped_ MR_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<env::Thread>> threads_;
};

}  // namespace millrace::server
