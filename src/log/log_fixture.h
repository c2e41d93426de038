// A log in a simulated world, for tests: appends and reads in one call each, and restarts.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "env/simulated_env.h"
#include "log/log.h"
#include "log/record_ends.h"
#include "telemetry/metrics.h"

namespace millrace::log {

inline AppendBatch Lines(std::string text, std::string id = {}) {
  AppendBatch batch;
  batch.ends = LineEnds(text);
  batch.record_count = static_cast<uint32_t>(batch.ends.size());
  batch.payload = std::move(text);
  batch.id = std::move(id);
  return batch;
}

class LogFixture : public testing::Test {
 protected:
  using Answer = std::optional<Result<AppendResult>>;

  void Open() {
    auto opened = TryOpen();
    ASSERT_TRUE(opened) << opened.error().ToString();
    log_ = std::move(*opened);
  }
  Result<std::unique_ptr<Log>> TryOpen() {
    log_.reset();
    failures_.clear();
    return Log::Open(world_.env,
                     {.folder = "/log", .metrics = &metrics_, .on_failure = [this](const Error& error) {
                        failures_.push_back(error.message());
                      }});
  }
  // As after a crash of the process: what was written is there, synced or not.
  void Reopen() { Open(); }

  Topic& MakeTopic(const TopicSettings& settings = {}, const std::string& name = "t") {
    auto made = log_->CreateTopic(name, settings);
    EXPECT_TRUE(made) << made.error().ToString();
    return **made;
  }
  Partition& At(int index = 0, const std::string& topic = "t") {
    return log_->FindTopic(topic)->partition(index);
  }

  // Offers the batch; the answer is there once the log has run.
  std::shared_ptr<Answer> Offer(Partition& partition, AppendBatch batch) {
    auto answer = std::make_shared<Answer>();
    AppendDone done = [answer](Result<AppendResult> result) { *answer = std::move(result); };
    const auto admission = partition.TryAppend(&batch, &done, nullptr);
    EXPECT_TRUE(admission && *admission == Admission::kTaken);
    return answer;
  }
  Result<AppendResult> Append(Partition& partition, AppendBatch batch) {
    const auto answer = Offer(partition, std::move(batch));
    world_.executor.RunUntilIdle();
    EXPECT_TRUE(answer->has_value());
    return **answer;
  }
  uint64_t AppendOk(Partition& partition, AppendBatch batch) {
    const auto result = Append(partition, std::move(batch));
    EXPECT_TRUE(result) << result.error().ToString();
    return result ? result->base_offset : UINT64_MAX;
  }
  using AllAnswer = std::optional<Result<std::vector<AppendResult>>>;
  std::shared_ptr<AllAnswer> OfferAll(std::vector<Log::Part> parts) {
    auto answer = std::make_shared<AllAnswer>();
    AppendAllDone done = [answer](Result<std::vector<AppendResult>> result) { *answer = std::move(result); };
    const auto admission = log_->TryAppendAll(&parts, &done, nullptr);
    EXPECT_TRUE(admission && *admission == Admission::kTaken);
    return answer;
  }

  // Everything from `offset` on, payloads one behind the other; "!<message>" at the first error.
  static std::string ReadFrom(Partition& partition, uint64_t offset) {
    const auto reader = partition.NewReader(offset, nullptr);
    ReadBatch batch;
    std::string text;
    for (;;) {
      const auto next = reader->Next(&batch);
      if (!next) return text + "!" + next.error().message();
      if (!*next) return text;
      text += batch.payload;
    }
  }

  static env::FaultScript::Action Answering(ErrorCode code) {
    return [code]() -> Status { return Fail(code, "as told"); };
  }
  static std::string SegmentFile(uint64_t base, int partition = 0, int topic = 1) {
    char path[100];
    std::snprintf(path, sizeof path, "/log/topic-%010d/%05d/%020llu.log", topic, partition,
                  static_cast<unsigned long long>(base));
    return path;
  }
  std::string Bytes(const std::string& path) {
    auto bytes = world_.files.ReadAll(path);
    EXPECT_TRUE(bytes) << path;
    return bytes.value_or("");
  }
  void SetBytes(const std::string& path, std::string_view bytes) {
    ASSERT_TRUE(world_.files.WriteAll(path, bytes));
  }
  bool IsThere(const std::string& path) { return *world_.files.Exists(path); }

  env::SimulatedEnv world_;
  telemetry::MetricsRegistry metrics_;
  std::vector<std::string> failures_;
  std::unique_ptr<Log> log_;
};

}  // namespace millrace::log
