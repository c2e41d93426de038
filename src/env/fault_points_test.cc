#include "env/fault_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "env/env.h"
#include "env/simulated_env.h"

namespace millrace::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(FaultPointsTest, NamesAreListedBeforeTheyAreReached) {
  EXPECT_THAT(AllFaultPoints(), testing::Contains("env.test.first"));
  EXPECT_EQ(FaultPoint::Find("env.test.second")->name(), "env.test.second");
  EXPECT_FALSE(FaultPoint::Find("env.test"));
  EXPECT_FALSE(FaultPoint::Find(""));
}

TEST(FaultPointsTest, CountsAndTellsWhatWasNotReached) {
  FaultScript faults;
  EXPECT_THAT(faults.Unreached("env.test."), ElementsAre("env.test.first", "env.test.second"));
  ASSERT_TRUE(faults.Reach("env.test.first"));
  ASSERT_TRUE(faults.Reach("env.test.first"));
  EXPECT_EQ(faults.Count("env.test.first"), 2u);
  EXPECT_THAT(faults.Unreached("env.test."), ElementsAre("env.test.second"));
}

TEST(FaultPointsTest, ARuleActsOnceAtItsTime) {
  FaultScript faults;
  ASSERT_TRUE(faults.Reach("env.test.first"));
  int acted = 0;
  faults.At("env.test.first", 2, [&]() -> Status {
    ++acted;
    // An action may set up the next.
    faults.At("env.test.first", 1, [] { return Status(Fail(ErrorCode::kDiskFull, "full")); });
    return Fail(ErrorCode::kIoError, "lost");
  });
  EXPECT_TRUE(faults.Reach("env.test.second"));
  EXPECT_TRUE(faults.Reach("env.test.first"));
  EXPECT_EQ(faults.Reach("env.test.first").error().message(), "lost");
  EXPECT_EQ(faults.Reach("env.test.first").error().message(), "full");
  EXPECT_TRUE(faults.Reach("env.test.first"));
  EXPECT_EQ(acted, 1);
}

TEST(FaultPointsTest, ScriptsAsText) {
  FaultScript faults;
  ASSERT_TRUE(faults.Arm(""));
  ASSERT_TRUE(faults.Arm("env.test.first:2:error,env.test.second:1:full"));
  EXPECT_TRUE(faults.Reach("env.test.first"));
  const Status failed = faults.Reach("env.test.first");
  EXPECT_EQ(failed.error().code(), ErrorCode::kIoError);
  EXPECT_EQ(failed.error().message(), "failed at fault point 'env.test.first', as it was told to");
  EXPECT_EQ(faults.Reach("env.test.second").error().code(), ErrorCode::kDiskFull);

  ASSERT_TRUE(faults.Arm("env.test.first:1:error"));
  faults.Disarm();
  EXPECT_TRUE(faults.Reach("env.test.first"));
}

TEST(FaultPointsTest, WrongScriptsArmNothing) {
  FaultScript faults;
  for (const auto& [script, message] : std::vector<std::pair<std::string, std::string>>{
           {"env.test.first:1:error,nowhere:1:kill", "there is no point 'nowhere'"},
           {"env.test.first:0:kill", "'0' is not a count from 1"},
           {"env.test.first:1x:kill", "'1x' is not a count from 1"},
           {"env.test.first:-1:kill", "'-1' is not a count from 1"},
           {"env.test.first", "'' is not a count from 1"},
           {"env.test.first:1", "there is no action ''"},
           {"env.test.first:1:kill:9", "there is no action 'kill:9'"},
           {":", "there is no point ''"}}) {
    const Status armed = faults.Arm(script);
    ASSERT_FALSE(armed) << script;
    EXPECT_EQ(armed.error().code(), ErrorCode::kInvalidParameter);
    EXPECT_THAT(armed.error().message(), HasSubstr(message));
  }
  EXPECT_TRUE(faults.Reach("env.test.first"));
}

TEST(FaultPointsTest, KillEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  FaultScript faults;
  ASSERT_TRUE(faults.Arm("env.test.first:1:kill"));
  EXPECT_EXIT(static_cast<void>(faults.Reach("env.test.first")), testing::KilledBySignal(SIGKILL), "");
}

TEST(FaultPointsTest, OfManyThreadsOneMeetsTheRule) {
  FaultScript faults;
  faults.At("env.test.first", 5'000, [] { return Status(Fail(ErrorCode::kIoError, "lost")); });
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int turn = 0; turn < 2'500; ++turn) failures += faults.Reach("env.test.first") ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(faults.Count("env.test.first"), 10'000u);
}

TEST(FaultPointsTest, EveryEnvHasThem) {
  EXPECT_TRUE(RealEnv().faults->Reach("env.test.first"));
  EXPECT_TRUE(Env().faults->Reach("env.test.first"));
  SimulatedEnv world;
  world.faults.At("env.test.first", 1, [] { return Status(Fail(ErrorCode::kIoError, "lost")); });
  EXPECT_FALSE(world.env.faults->Reach("env.test.first"));
}

}  // namespace
}  // namespace millrace::env
