#include "env/process.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "env/env.h"

namespace millrace::env {
namespace {

TEST(ProcessTest, SaysWhatThisProcessIs) {
  const Result<ProcessFigures> figures = ReadProcessFigures();
  ASSERT_TRUE(figures.has_value()) << figures.error().ToString();
  EXPECT_GT(figures->resident_bytes, 0);
  EXPECT_GE(figures->virtual_bytes, figures->resident_bytes);
  EXPECT_GE(figures->open_descriptors, 3);
  EXPECT_GE(figures->descriptors_max, figures->open_descriptors);
  // The program was started behind 2020 and before now; the machine's start is known to a second.
  EXPECT_GT(figures->started_millis, int64_t{1'577'836'800'000});
  EXPECT_LE(figures->started_millis, RealEnv().clock->NowMicros() / 1000 + 1000);
}

TEST(ProcessTest, CountsDescriptors) {
  const auto count = [] { return ReadProcessFigures().value_or(ProcessFigures{}).open_descriptors; };
  const int64_t before = count();
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(count(), before + 1);
  std::fclose(file);
  EXPECT_EQ(count(), before);
}

TEST(ProcessTest, ProcessorTimeAndMemoryGrow) {
  const Result<ProcessFigures> before = ReadProcessFigures();
  ASSERT_TRUE(before.has_value());
  std::vector<unsigned char> memory(size_t{64} << 20);
  Result<ProcessFigures> now = before;
  for (unsigned round = 1; now->cpu_micros == before->cpu_micros; ++round) {
    for (size_t i = 0; i < memory.size(); i += 512) memory[i] = static_cast<unsigned char>(memory[i] + round);
    now = ReadProcessFigures();
    ASSERT_TRUE(now.has_value());
  }
  EXPECT_GT(now->resident_bytes, before->resident_bytes);
}

}  // namespace
}  // namespace millrace::env
