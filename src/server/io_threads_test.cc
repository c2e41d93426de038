#include "server/io_threads.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "env/env.h"

namespace millrace::server {
namespace {

TEST(IoThreadsTest, RunsHandlersOnItsThreadsUntilStopped) {
  IoThreads threads(*env::RealEnv().executor);
  threads.Start(2);
  std::promise<std::thread::id> ran;
  boost::asio::post(threads.context(), [&] { ran.set_value(std::this_thread::get_id()); });
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
  threads.Stop();
  threads.Stop();
}

}  // namespace
}  // namespace millrace::server
