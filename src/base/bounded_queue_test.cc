#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace millrace {
namespace {

TEST(BoundedQueueTest, KeepsOrderAndBound) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  auto one = std::make_unique<int>(1), two = std::make_unique<int>(2), three = std::make_unique<int>(3);
  EXPECT_TRUE(queue.TryPush(one));
  EXPECT_TRUE(queue.TryPush(two));
  EXPECT_FALSE(queue.TryPush(three));
  ASSERT_NE(three, nullptr) << "what did not fit stays with the caller";
  EXPECT_EQ(queue.Size(), 2u);
  EXPECT_EQ(**queue.TryPop(), 1);
  EXPECT_TRUE(queue.TryPush(three));
  EXPECT_EQ(**queue.Pop(), 2);
  EXPECT_EQ(**queue.Pop(), 3);
  EXPECT_FALSE(queue.TryPop());
}

TEST(BoundedQueueTest, AfterCloseWhatIsInsideStillComesOut) {
  BoundedQueue<int> queue(4);
  EXPECT_TRUE(queue.Push(1));
  queue.Close();
  EXPECT_TRUE(queue.IsClosed());
  EXPECT_FALSE(queue.Push(2));
  int three = 3;
  EXPECT_FALSE(queue.TryPush(three));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueueTest, CloseWakesThoseWhoWait) {
  BoundedQueue<int> empty(1), full(1);
  ASSERT_TRUE(full.Push(1));
  std::thread popper([&] { EXPECT_EQ(empty.Pop(), std::nullopt); });
  std::thread pusher([&] { EXPECT_FALSE(full.Push(2)); });
  empty.Close();
  full.Close();
  popper.join();
  pusher.join();
}

TEST(BoundedQueueTest, ManyProducersAndConsumersLoseNothing) {
  BoundedQueue<int> queue(3);
  constexpr int kThreads = 3;
  constexpr int kItems = 2'000;
  std::vector<std::thread> producers, consumers;
  std::vector<int64_t> sums(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&] {
      for (int i = 1; i <= kItems; ++i) ASSERT_TRUE(queue.Push(i));
    });
    consumers.emplace_back([&, t] {
      while (std::optional<int> item = queue.Pop()) sums[t] += *item;
    });
  }
  for (std::thread& producer : producers) producer.join();
  queue.Close();
  for (std::thread& consumer : consumers) consumer.join();
  EXPECT_EQ(sums[0] + sums[1] + sums[2], int64_t{kThreads} * kItems * (kItems + 1) / 2);
}

}  // namespace
}  // namespace millrace
