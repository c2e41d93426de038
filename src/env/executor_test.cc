#include "env/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/bounded_queue.h"
#include "base/mutex.h"
#include "env/clock.h"
#include "env/inline_executor.h"
#include "env/thread_executor.h"

namespace millrace::env {
namespace {

class FunctionTask final : public Task {
 public:
  explicit FunctionTask(std::function<bool()> function) : function_(std::move(function)) {}
  bool Run() override { return function_(); }

 private:
  std::function<bool()> function_;
};

// --- InlineExecutor ---------------------------------------------------------------------------------

class InlineExecutorTest : public testing::Test {
 protected:
  // Appends its name to log_ at each run, `slices` times in a row.
  std::unique_ptr<Task> Logger(const std::string& name, int slices = 1) {
    return std::make_unique<FunctionTask>([this, name, slices]() mutable {
      log_ += name;
      return --slices > 0;
    });
  }

  SimulatedClock clock_;
  InlineExecutor executor_{clock_};
  std::unique_ptr<WorkerPool> pool_ = executor_.MakePool("test", 4);
  std::string log_;
};

TEST_F(InlineExecutorTest, RunsInTheOrderOfTheWakes) {
  const auto a = Logger("a", 3), b = Logger("b"), c = Logger("c", 2);
  pool_->Wake(*b);
  pool_->Wake(*a);
  pool_->Wake(*c);
  pool_->Wake(*b);
  EXPECT_EQ(log_, "") << "nothing runs by itself";
  EXPECT_EQ(executor_.RunUntilIdle(), 6u);
  EXPECT_EQ(log_, "bacaca");
  EXPECT_EQ(executor_.RunUntilIdle(), 0u);
}

TEST_F(InlineExecutorTest, AWakeDuringRunRunsOnceMore) {
  int runs = 0;
  FunctionTask* self = nullptr;
  FunctionTask task([&] {
    if (++runs == 1) {
      pool_->Wake(*self);
      pool_->Wake(*self);
    }
    return false;
  });
  self = &task;
  pool_->Wake(task);
  executor_.RunUntilIdle();
  EXPECT_EQ(runs, 2);
}

TEST_F(InlineExecutorTest, AlarmsFireInOrderWhenTimePasses) {
  const auto a = Logger("a"), b = Logger("b"), c = Logger("c");
  pool_->WakeAt(*a, 300);
  pool_->WakeAt(*b, 100);
  pool_->WakeAt(*c, 300);
  EXPECT_EQ(executor_.RunUntilIdle(), 0u);
  executor_.RunFor(299);
  EXPECT_EQ(log_, "b");
  EXPECT_EQ(clock_.MonotonicMicros(), 299);
  executor_.RunFor(1);
  EXPECT_EQ(log_, "bac");
}

TEST_F(InlineExecutorTest, TheEarlierOfTwoAlarmsStays) {
  const auto a = Logger("a");
  pool_->WakeAt(*a, 300);
  pool_->WakeAt(*a, 100);
  pool_->WakeAt(*a, 200);
  executor_.RunFor(1'000);
  EXPECT_EQ(log_, "a");
}

TEST_F(InlineExecutorTest, PeriodicAlarmsKeepTheirMoments) {
  std::vector<int64_t> moments;
  FunctionTask* self = nullptr;
  FunctionTask task([&] {
    moments.push_back(clock_.MonotonicMicros());
    pool_->WakeAt(*self, clock_.MonotonicMicros() + 100);
    return false;
  });
  self = &task;
  pool_->Wake(task);
  executor_.RunFor(350);
  EXPECT_EQ(moments, (std::vector<int64_t>{0, 100, 200, 300}));
  EXPECT_EQ(clock_.MonotonicMicros(), 350);
  pool_->Retire(task);
}

TEST_F(InlineExecutorTest, ARetiredTaskNeverRuns) {
  const auto a = Logger("a"), b = Logger("b");
  pool_->Wake(*a);
  pool_->WakeAt(*a, 10);
  pool_->Wake(*b);
  pool_->Retire(*a);
  pool_->Wake(*a);
  pool_->WakeAt(*a, 5);
  executor_.RunFor(100);
  EXPECT_EQ(log_, "b");
}

TEST_F(InlineExecutorTest, AStoppedPoolRunsNothing) {
  const auto a = Logger("a");
  pool_->Wake(*a);
  pool_->Stop();
  pool_->Wake(*a);
  EXPECT_EQ(executor_.RunUntilIdle(), 0u);
}

TEST_F(InlineExecutorTest, ThreadsRunWhenTheirTurnComesOrWhenJoined) {
  const auto thread = executor_.Start("t", [this] { log_ += "t"; });
  EXPECT_EQ(log_, "");
  executor_.RunUntilIdle();
  EXPECT_EQ(log_, "t");
  const auto joined = executor_.Start("u", [this] { log_ += "u"; });
  joined->Join();
  joined->Join();
  EXPECT_EQ(log_, "tu");
  {
    const auto dropped = executor_.Start("v", [this] { log_ += "v"; });
  }
  EXPECT_EQ(log_, "tuv");
  executor_.RunUntilIdle();
  EXPECT_EQ(log_, "tuv");
}

TEST_F(InlineExecutorTest, AHaltedMachineRunsNothingMore) {
  const auto after = Logger("after"), alarmed = Logger("alarmed");
  FunctionTask halts([&] {
    log_ += "halts ";
    executor_.Halt();
    log_ += "to its end ";
    pool_->Wake(*after);
    return true;
  });
  auto thread = executor_.Start("old", [this] { log_ += "old thread "; });
  pool_->WakeAt(*alarmed, 10);
  pool_->Wake(halts);
  pool_->Wake(*after);
  executor_.RunFor(20);
  while (log_.empty()) executor_.RunOne();
  EXPECT_THAT(log_, testing::AnyOf("halts to its end ", "old thread halts to its end "));
  log_.clear();
  const auto born_dead = executor_.MakePool("late", 1);
  auto late_thread = executor_.Start("late", [this] { log_ += "late thread "; });
  born_dead->Wake(*after);
  EXPECT_FALSE(executor_.RunOne());
  pool_->WaitIdle();
  born_dead->Retire(*after);
  EXPECT_EQ(clock_.MonotonicMicros(), 20);

  executor_.Resume();
  const auto again = Logger("again ");
  pool_->Wake(*again);
  EXPECT_FALSE(executor_.RunOne()) << "a pool of before stays dead";
  const auto pool = executor_.MakePool("new", 1);
  pool->Wake(*again);
  auto new_thread = executor_.Start("new", [this] { log_ += "new thread "; });
  late_thread->Join();
  thread.reset();
  new_thread->Join();
  executor_.RunUntilIdle();
  EXPECT_EQ(log_, "new thread again ");
}

TEST_F(InlineExecutorTest, SleepMovesTheClock) {
  executor_.Sleep(70);
  EXPECT_EQ(clock_.MonotonicMicros(), 70);
}

TEST(InlineExecutorSeedTest, TheOrderFollowsFromTheSeed) {
  const auto order = [](uint64_t seed) {
    SimulatedClock clock;
    InlineExecutor executor(clock, seed);
    const auto pool = executor.MakePool("test", 1);
    std::string log;
    std::vector<std::unique_ptr<Task>> tasks;
    for (char name = 'a'; name <= 'j'; ++name) {
      tasks.push_back(std::make_unique<FunctionTask>([&log, name] {
        log += name;
        return false;
      }));
      pool->Wake(*tasks.back());
    }
    executor.RunUntilIdle();
    return log;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
  std::string sorted = order(1);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, "abcdefghij");
}

// --- ThreadExecutor ---------------------------------------------------------------------------------

TEST(ThreadExecutorTest, JoinWaitsForTheFunction) {
  ThreadExecutor executor;
  int value = 0;
  const auto thread = executor.Start("a name longer than the kernel's", [&] { value = 7; });
  thread->Join();
  thread->Join();
  EXPECT_EQ(value, 7);
}

TEST(ThreadPoolTest, ATaskNeverRunsOnTwoThreadsAtOnce) {
  ThreadExecutor executor;
  const auto pool = executor.MakePool("pool", 4);
  int64_t unguarded = 0;  // the pool's promise is what guards it
  std::atomic<bool> inside = false;
  std::atomic<bool> overlapped = false;
  FunctionTask task([&] {
    if (inside.exchange(true)) overlapped = true;
    ++unguarded;
    inside = false;
    return unguarded % 3 != 0;
  });
  {
    std::vector<std::unique_ptr<Thread>> wakers;
    for (int i = 0; i < 3; ++i) {
      wakers.push_back(executor.Start("waker", [&] {
        for (int j = 0; j < 5'000; ++j) pool->Wake(task);
      }));
    }
  }
  pool->WaitIdle();
  EXPECT_FALSE(overlapped);
  EXPECT_GT(unguarded, 0);
  EXPECT_EQ(unguarded % 3, 0) << "it runs until it has no more to do";
  pool->Retire(task);
}

// Every item that is pushed before a wake is seen: no wake is lost.
TEST(ThreadPoolTest, NoWakeIsLost) {
  ThreadExecutor executor;
  const auto pool = executor.MakePool("pool", 2);
  BoundedQueue<int> queue(8);
  std::atomic<int64_t> sum = 0;
  FunctionTask consumer([&] {
    while (std::optional<int> item = queue.TryPop()) sum += *item;
    return false;
  });
  constexpr int kItems = 20'000;
  const auto producer = executor.Start("producer", [&] {
    for (int i = 1; i <= kItems; ++i) {
      queue.Push(i);
      pool->Wake(consumer);
    }
  });
  producer->Join();
  pool->WaitIdle();
  EXPECT_EQ(sum, int64_t{kItems} * (kItems + 1) / 2);
}

TEST(ThreadPoolTest, AlarmsFireAfterTheirMoment) {
  ThreadExecutor executor;
  const RealClock clock;
  const auto pool = executor.MakePool("pool", 2);
  BoundedQueue<int64_t> fired(4);
  FunctionTask late([&] {
    fired.Push(clock.MonotonicMicros());
    return false;
  });
  const int64_t start = clock.MonotonicMicros();
  pool->WakeAt(late, start + 50'000);
  pool->WakeAt(late, start + 5'000);
  EXPECT_GE(fired.Pop().value(), start + 5'000);
  pool->Retire(late);
}

TEST(ThreadPoolTest, RetireWaitsForTheSliceThatRuns) {
  ThreadExecutor executor;
  const auto pool = executor.MakePool("pool", 2);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> runs = 0;
    auto task = std::make_unique<FunctionTask>([&] {
      ++runs;
      return true;
    });
    pool->Wake(*task);
    while (runs == 0) executor.Sleep(1);
    pool->Retire(*task);
    const int at_retirement = runs;
    pool->Wake(*task);
    pool->WaitIdle();
    EXPECT_EQ(runs, at_retirement);
  }
}

TEST(ThreadPoolTest, StopEndsTasksThatAlwaysHaveMore) {
  ThreadExecutor executor;
  const auto pool = executor.MakePool("pool", 2);
  FunctionTask endless([] { return true; });
  FunctionTask other([] { return true; });
  pool->Wake(endless);
  pool->Wake(other);
  pool->Stop();
  pool->Stop();
  pool->Wake(endless);
  pool->WaitIdle();
}

}  // namespace
}  // namespace millrace::env
