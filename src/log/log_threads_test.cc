// The log under real threads: appenders, transactions, readers that follow, retention, a topic that comes and
// goes. Nothing here depends on timing; what the threads touch together is what the thread sanitizer looks
// at.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "env/simulated_env.h"
#include "env/thread_executor.h"
#include "log/log.h"
#include "log/record_ends.h"

namespace millrace::log {
namespace {

// Counts down the answers that are awaited.
class Countdown {
 public:
  explicit Countdown(int count) : left_(count) {}
  void Done() {
    MutexLock lock(mutex_);
    --left_;
    changed_.NotifyAll();
  }
  void Wait() {
    MutexLock lock(mutex_);
    while (left_ > 0) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int left_ MR_GUARDED_BY(mutex_);
};

class LogThreadsTest : public testing::Test {
 protected:
  LogThreadsTest() : executor_(clock_), env_(world_.env) {
    env_.clock = &clock_;
    env_.executor = &executor_;
    auto opened = Log::Open(env_, {.folder = "/log", .metrics = &metrics_, .on_failure = nullptr});
    log_ = std::move(*opened);
  }

  AppendBatch Batch(int appender, int number) {
    AppendBatch batch;
    batch.payload = std::to_string(appender) + " " + std::to_string(number) + "\n";
    batch.record_count = 1;
    if (number % 3 == 0) batch.id = "id " + batch.payload;
    return batch;
  }

  env::RealClock clock_;
  env::SimulatedEnv world_;
  env::ThreadExecutor executor_;
  env::Env env_;
  telemetry::MetricsRegistry metrics_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogThreadsTest, EverybodyAtOnce) {
  constexpr int kAppenders = 4, kAppends = 400;
  const auto topic = *log_->CreateTopic("t", {.partitions = 2, .segment_bytes = 64 << 10});
  Countdown answers(kAppenders * kAppends * 2);
  std::vector<std::thread> threads;
  for (int appender = 0; appender < kAppenders; ++appender) {
    threads.emplace_back([&, appender] {
      for (int number = 0; number < kAppends; ++number) {
        for (int partition = 0; partition < 2; ++partition) {
          if (number % 7 == 0 && partition == 0) {
            // Both partitions at once, for this one and the next.
            std::vector<Log::Part> parts;
            parts.push_back({&topic->partition(0), Batch(appender, number)});
            parts.push_back({&topic->partition(1), Batch(appender, number)});
            for (Log::Part& part : parts) part.batch.id.clear();
            AppendAllDone done = [&](Result<std::vector<AppendResult>> results) {
              EXPECT_TRUE(results);
              answers.Done();
              answers.Done();
            };
            EXPECT_EQ(*log_->TryAppendAll(&parts, &done, nullptr), Admission::kTaken);
            break;
          }
          AppendBatch batch = Batch(appender, number);
          if (!batch.id.empty()) batch.id += std::to_string(partition);
          AppendDone done = [&](Result<AppendResult> result) {
            EXPECT_TRUE(result);
            answers.Done();
          };
          EXPECT_EQ(*topic->partition(partition).TryAppend(&batch, &done, nullptr), Admission::kTaken);
        }
      }
    });
  }
  std::vector<std::string> texts(2);
  for (int partition = 0; partition < 2; ++partition) {
    threads.emplace_back([&, partition] {
      Mutex mutex;
      CondVar woken;
      bool is_woken = false;
      const auto reader = topic->partition(partition).NewReader(0, [&] {
        MutexLock lock(mutex);
        is_woken = true;
        woken.NotifyAll();
      });
      ReadBatch batch;
      while (reader->offset() < kAppenders * kAppends) {
        const auto next = reader->Next(&batch);
        ASSERT_TRUE(next) << next.error().ToString();
        if (*next) {
          texts[static_cast<size_t>(partition)] += batch.payload;
          continue;
        }
        MutexLock lock(mutex);
        while (!is_woken) woken.Wait(mutex);
        is_woken = false;
      }
    });
  }
  threads.emplace_back([&] {
    for (int round = 0; round < 10; ++round) {
      const auto made = log_->CreateTopic("comes and goes", {});
      ASSERT_TRUE(made);
      AppendBatch batch = Batch(0, 1);
      AppendDone done = [](Result<AppendResult>) {};
      static_cast<void>((*made)->partition(0).TryAppend(&batch, &done, nullptr));
      ASSERT_TRUE(log_->DropTopic("comes and goes"));
    }
  });
  answers.Wait();
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(log_->Close());
  for (const std::string& text : texts) {
    // Each appender's records in its order, none missing, none twice.
    std::map<int, int> next;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      const size_t space = text.find(' ', begin);
      const int appender = std::stoi(text.substr(begin, space - begin));
      ASSERT_EQ(std::stoi(text.substr(space + 1, end - space - 1)), next[appender]++);
      begin = end + 1;
    }
    for (int appender = 0; appender < kAppenders; ++appender) EXPECT_EQ(next[appender], kAppends);
  }
}

// Retention and a reader that is slower than it.
TEST_F(LogThreadsTest, ReadersAndRetention) {
  const auto topic = *log_->CreateTopic("t", {.segment_bytes = 64 << 10, .retention_bytes = 128 << 10});
  log_->StartRetention();
  constexpr int kAppends = 200;
  Countdown answers(kAppends);
  std::thread appender([&] {
    for (int i = 0; i < kAppends; ++i) {
      AppendBatch batch;
      batch.payload = std::string(10'000, 'x') + "\n";
      batch.record_count = 1;
      AppendDone done = [&](Result<AppendResult> result) {
        EXPECT_TRUE(result);
        answers.Done();
      };
      EXPECT_EQ(*topic->partition(0).TryAppend(&batch, &done, nullptr), Admission::kTaken);
    }
  });
  std::atomic<bool> ends{false};
  std::thread follower([&] {
    const auto reader = topic->partition(0).NewReader(0, nullptr);
    ReadBatch batch;
    while (!ends.load() || reader->offset() < kAppends) {
      const auto next = reader->Next(&batch);
      if (next) continue;
      ASSERT_EQ(next.error().code(), ErrorCode::kDataExpired) << next.error().ToString();
      ASSERT_GT(reader->resume_offset(), reader->offset());
      reader->Seek(reader->resume_offset());
    }
  });
  answers.Wait();
  ends.store(true);
  appender.join();
  follower.join();
  EXPECT_EQ(topic->partition(0).end_offset(), static_cast<uint64_t>(kAppends));
}

}  // namespace
}  // namespace millrace::log
