// Files that earlier versions have written, kept for good in tests/log/<version>, must be read as they were
// meant. The log in them was written by WriteGolden below, which a new version of the format runs once into a
// new folder (mr_log_test --gtest_also_run_disabled_tests --gtest_filter='*WriteGolden').
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env/env.h"
#include "log/log_fixture.h"

namespace millrace::log {
namespace {

using testing::IsEmpty;

constexpr const char* kFolder = "tests/log/";
constexpr const char* kVersion = "v1";

class GoldenTest : public LogFixture {
 protected:
  // Copies what is below `from` of one file system to `to` of another.
  static void CopyTree(env::Files& source, const std::string& from, env::Files& target,
                       const std::string& to) {
    ASSERT_TRUE(target.MakeDirs(to));
    const auto entries = source.List(from);
    ASSERT_TRUE(entries) << from;
    for (const env::DirEntry& entry : *entries) {
      const std::string inner = env::JoinPath(from, entry.name);
      const std::string outer = env::JoinPath(to, entry.name);
      if (entry.is_directory) {
        CopyTree(source, inner, target, outer);
        continue;
      }
      const auto bytes = source.ReadAll(inner);
      ASSERT_TRUE(bytes);
      ASSERT_TRUE(target.WriteAll(outer, *bytes));
    }
  }
};

TEST_F(GoldenTest, DISABLED_WriteGolden) {
  Open();
  MakeTopic({.partitions = 2, .segment_age_micros = 1'000'000}, "events");
  MakeTopic({.codec = Codec::kZstd}, "packed");
  AppendOk(At(0, "events"), Lines("{\"n\": 1}\n{\"n\": 2}\n", "first"));
  world_.clock.Advance(2'000'000);
  AppendOk(At(0, "events"), Lines("{\"n\": 3}\n"));
  AppendOk(At(1, "events"), AppendBatch{.layout = Layout::kOpaque, .payload = "opaque", .record_count = 5});
  AppendBatch values;
  values.layout = Layout::kValues;
  for (int i = 0; i < 300; ++i) {
    values.payload += "value " + std::to_string(i);
    values.ends.push_back(static_cast<uint32_t>(values.payload.size()));
  }
  values.record_count = 300;
  AppendOk(At(0, "packed"), values);
  TopicSettings settings = log_->FindTopic("packed")->settings();
  settings.codec = Codec::kLz4;
  ASSERT_TRUE(log_->AlterTopic("packed", settings));
  AppendOk(At(0, "packed"), values);
  const auto all = OfferAll({{&At(1, "events"), Lines("in both\n")}, {&At(0, "packed"), Lines("in both\n")}});
  world_.executor.RunUntilIdle();
  ASSERT_TRUE(**all);
  log_.reset();
  CopyTree(world_.files, "/log", *env::RealEnv().files, std::string(kFolder) + kVersion);
}

TEST_F(GoldenTest, Version1) {
  CopyTree(*env::RealEnv().files, std::string(kFolder) + "v1", world_.files, "/log");
  Open();
  EXPECT_THAT(log_->damage(), IsEmpty());
  ASSERT_EQ(log_->Topics().size(), 2u);
  EXPECT_EQ(log_->FindTopic("events")->settings().segment_age_micros, 1'000'000);
  EXPECT_EQ(log_->FindTopic("packed")->settings().codec, Codec::kLz4);
  EXPECT_EQ(ReadFrom(At(0, "events"), 0), "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n");
  EXPECT_EQ(ReadFrom(At(1, "events"), 0), "opaquein both\n");
  EXPECT_EQ(At(1, "events").end_offset(), 6u);
  const auto reader = At(0, "packed").NewReader(0, nullptr);
  ReadBatch batch;
  for (uint64_t base = 0; base < 600; base += 300) {
    ASSERT_TRUE(*reader->Next(&batch));
    EXPECT_EQ(batch.base_offset, base);
    for (uint64_t i = 0; i < 300; ++i) ASSERT_EQ(*batch.Record(base + i), "value " + std::to_string(i));
  }
  ASSERT_TRUE(*reader->Next(&batch));
  EXPECT_EQ(batch.payload, "in both\n");
  const auto again = Append(At(1, "events"), Lines("any\n", "first"));
  EXPECT_TRUE(again->is_repetition);
  EXPECT_EQ(again->append_micros, env::SimulatedEnv::kStartMicros);
  EXPECT_EQ(*At(0, "events").OffsetAt(env::SimulatedEnv::kStartMicros + 1), 2u);
}

}  // namespace
}  // namespace millrace::log
