// Writers, readers that come and go, and a log under real threads. Nothing depends on timing; what they touch
// together is what the thread sanitizer looks at.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "connectors/ingest/row_log_fixture.h"
#include "env/thread_executor.h"

namespace millrace::connectors {
namespace {

constexpr int kWriters = 3;
constexpr int64_t kPushes = 300;

class LoggedPushThreadsTest : public testing::Test {
 protected:
  LoggedPushThreadsTest() : executor_(clock_), env_(world_.env) {
    env_.clock = &clock_;
    env_.executor = &executor_;
    log_ = *log::Log::Open(env_, {.folder = "/log", .metrics = &metrics_, .on_failure = nullptr});
    for (int i = 0; i < 2; ++i) {
      auto rows = *RowLog::Open(log_.get(), fmt::format("t{}", i), "t", IdAndName());
      points_.push_back(std::make_shared<IngestPoint>(IdAndName(), epoch_, std::move(rows), nullptr));
    }
  }

  env::RealClock clock_;
  env::SimulatedEnv world_;
  env::ThreadExecutor executor_;
  env::Env env_;
  telemetry::MetricsRegistry metrics_;
  std::unique_ptr<log::Log> log_;
  const std::shared_ptr<PushEpoch> epoch_ = std::make_shared<PushEpoch>();
  std::vector<std::shared_ptr<IngestPoint>> points_;
};

// Ids of a writer ascend; every reader, whenever it came, gets each of them once and in order. A row of the
// second table is never seen in an earlier epoch than that of the first, nor in a later one.
TEST_F(LoggedPushThreadsTest, EveryReaderGetsEveryRowOnceAndInOrder) {
  std::atomic<int> writers_left{kWriters};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      const auto receipt = std::make_shared<PushReceipt>();
      for (int64_t push = 0; push < kPushes; ++push) {
        const int64_t id = writer * kPushes + push;
        while (push % 3 == 0) {
          std::vector<IngestPoint::Part> parts = {{points_[0].get(), {IdRows(id, 1)}},
                                                  {points_[1].get(), {IdRows(id, 1)}}};
          if (!IngestPoint::PushAll(parts, {}, receipt).has_value()) break;
          std::this_thread::yield();
        }
        for (data::Batch batch = IdRows(id, 1); push % 3 != 0;) {
          if (points_[0]->TryPush(&batch, {}, receipt) == IngestPoint::Push::kTaken) break;
          std::this_thread::yield();
        }
      }
      while (!receipt->is_settled()) std::this_thread::yield();
      EXPECT_TRUE(receipt->status());
      --writers_left;
    });
  }
  std::atomic<bool> is_over{false};
  threads.emplace_back([&] {
    for (int64_t epoch = 1; !is_over.load(); ++epoch) {
      epoch_->Started(epoch);
      std::this_thread::yield();
    }
  });
  const auto read = [&](int place, size_t readers) {
    for (size_t i = 0; i < readers; ++i) {
      std::atomic<int> wakes{0};
      const auto reader = points_[place]->AddReader({0}, [&wakes] { ++wakes; });
      reader->TakeUpTo(INT64_MAX);
      std::vector<int64_t> next(kWriters, -1);
      data::Batch batch;
      // The last one reads to the end.
      for (size_t rows = 0; i + 1 == readers || rows < 100;) {
        const bool may_end = writers_left.load() == 0;
        const auto taken = reader->Take(&batch);
        ASSERT_TRUE(taken) << taken.error().ToString();
        if (!*taken && may_end) break;
        for (size_t row = 0; *taken && row < batch.rows; ++row) {
          const int64_t id = IdAt(batch, row);
          const int64_t push = id % kPushes;
          int64_t& last = next[id / kPushes];
          ASSERT_EQ(push, place == 0 ? last + 1 : (last < 0 ? 0 : last + 3));
          last = push;
        }
        if (*taken) rows += batch.rows;
      }
      reader->SetKept(reader->position());
      if (i + 1 < readers) continue;
      for (const int64_t last : next) EXPECT_EQ(last, place == 0 ? kPushes - 1 : (kPushes - 1) / 3 * 3);
    }
  };
  std::vector<std::thread> readers;
  readers.emplace_back(read, 0, 1);
  readers.emplace_back(read, 1, 1);
  readers.emplace_back(read, 0, 8);
  for (std::thread& reader : readers) reader.join();
  is_over.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(log_->Close());
}

// The log is closed under the writers: each push is told one thing or the other.
TEST_F(LoggedPushThreadsTest, NobodyIsLeftWaitingWhenTheLogCloses) {
  std::vector<std::thread> threads;
  std::atomic<int64_t> taken{0};
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&] {
      while (true) {
        const auto receipt = std::make_shared<PushReceipt>();
        std::vector<IngestPoint::Part> parts = {{points_[0].get(), {IdRows(0, 1)}},
                                                {points_[1].get(), {IdRows(0, 1)}}};
        if (IngestPoint::PushAll(parts, {}, receipt).has_value()) continue;
        while (!receipt->is_settled()) std::this_thread::yield();
        if (!receipt->status()) return;
        ++taken;
      }
    });
  }
  while (taken.load() < 50) std::this_thread::yield();
  EXPECT_TRUE(log_->Close());
  for (std::thread& thread : threads) thread.join();
  const auto acknowledged = static_cast<uint64_t>(taken.load());
  EXPECT_GE(points_[0]->row_log()->end_offset(), acknowledged);
  EXPECT_EQ(points_[0]->row_log()->end_offset(), points_[1]->row_log()->end_offset());
}

}  // namespace
}  // namespace millrace::connectors
