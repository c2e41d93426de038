// IoThreads: the few threads that drive every socket of the server, and the io_context they share.
//
// Owned by the process that serves; listeners and connections of every protocol put their sockets, strands
// and timers on `context()`. Handlers never wait: what may wait goes to a QueryPool.
#pragma once

#include <memory>
#include <vector>

#include "env/executor.h"

namespace boost::asio {
class io_context;
}

namespace millrace::server {

class IoThreads {
 public:
  // `executor` outlives this.
  explicit IoThreads(env::Executor& executor);
  ~IoThreads();  // stops
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  // Any thread. Valid from the start to the end of this object; handlers run between Start and Stop.
  boost::asio::io_context& context() { return *context_; }

  // Runs handlers on `threads` threads (at least 1). Once.
  void Start(int threads);
  // Handlers that run now end, the others are dropped with this object; waits for that. May be called twice.
  // Not from a handler.
  void Stop();

 private:
  struct WorkGuard;

  env::Executor& executor_;
  std::unique_ptr<boost::asio::io_context> context_;
  std::unique_ptr<WorkGuard> guard_;
  std::vector<std::unique_ptr<env::Thread>> threads_;
};

}  // namespace millrace::server
