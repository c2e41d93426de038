#include "server/query_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "env/env.h"

namespace millrace::server {
namespace {

TEST(QueryPoolTest, RunsNoMoreAtOnceThanItHasThreads) {
  QueryPool pool(*env::RealEnv().executor);
  pool.Start(2);
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  std::promise<void> all;
  constexpr int kWorks = 20;
  for (int i = 0; i < kWorks; ++i) {
    pool.Post([&] {
      const int now = ++at_once;
      int before = most.load();
      while (before < now && !most.compare_exchange_weak(before, now)) {
      }
      gone.wait();
      --at_once;
      if (++done == kWorks) all.set_value();
    });
  }
  go.set_value();
  all.get_future().wait();
  EXPECT_LE(most.load(), 2);
}

TEST(QueryPoolTest, DropsWhatWaitsWhenStopped) {
  QueryPool pool(*env::RealEnv().executor);
  std::atomic<int> ran{0};
  auto held = std::make_shared<int>(0);
  for (int i = 0; i < 3; ++i) pool.Post([&ran, held] { ++ran; });  // no thread yet
  pool.Stop();
  pool.Post([&ran, held] { ++ran; });
  EXPECT_EQ(ran.load(), 0);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace millrace::server
