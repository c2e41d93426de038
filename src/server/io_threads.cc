#include "server/io_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "base/check.h"

namespace millrace::server {

struct IoThreads::WorkGuard {
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard;
};

IoThreads::IoThreads(env::Executor& executor)
    : executor_(executor),
      context_(std::make_unique<boost::asio::io_context>()),
      guard_(new WorkGuard{boost::asio::make_work_guard(*context_)}) {}

IoThreads::~IoThreads() {
  Stop();
}

void IoThreads::Start(int threads) {
  MR_CHECK(threads >= 1 && threads_.empty());
  for (int i = 0; i < threads; ++i) {
    threads_.push_back(executor_.Start("io-" + std::to_string(i), [this] { context_->run(); }));
  }
}

void IoThreads::Stop() {
  guard_.reset();
  context_->stop();
  for (const auto& thread : threads_) thread->Join();
  threads_.clear();
}

}  // namespace millrace::server
