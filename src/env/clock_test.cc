#include "env/clock.h"

#include <gtest/gtest.h>

namespace millrace::env {
namespace {

TEST(SimulatedClockTest, StandsStillUntilMoved) {
  SimulatedClock clock(1'000);
  EXPECT_EQ(clock.NowMicros(), 1'000);
  EXPECT_EQ(clock.MonotonicMicros(), 0);
  clock.Advance(250);
  EXPECT_EQ(clock.NowMicros(), 1'250);
  EXPECT_EQ(clock.MonotonicMicros(), 250);
}

TEST(SimulatedClockTest, SettingTheWallClockLeavesMonotonicTimeAlone) {
  SimulatedClock clock(1'000);
  clock.Advance(10);
  clock.SetNowMicros(5);
  EXPECT_EQ(clock.NowMicros(), 5);
  EXPECT_EQ(clock.MonotonicMicros(), 10);
}

TEST(ShiftedClockTest, RunsAheadOfItsBase) {
  SimulatedClock base(1'000);
  ShiftedClock clock(base);
  EXPECT_EQ(clock.NowMicros(), 1'000);
  clock.Advance(40);
  clock.Advance(2);
  EXPECT_EQ(clock.NowMicros(), 1'042);
  EXPECT_EQ(clock.MonotonicMicros(), 42);
  base.Advance(8);
  EXPECT_EQ(clock.NowMicros(), 1'050);
  EXPECT_EQ(clock.MonotonicMicros(), 50);
}

TEST(RealClockTest, CountsMicrosecondsSinceTheEpoch) {
  const RealClock clock;
  constexpr int64_t kYear2020 = int64_t{1'577'836'800} * 1'000'000;
  constexpr int64_t kYear2200 = int64_t{7'258'118'400} * 1'000'000;
  EXPECT_GT(clock.NowMicros(), kYear2020);
  EXPECT_LT(clock.NowMicros(), kYear2200);
  const int64_t before = clock.MonotonicMicros();
  EXPECT_GE(clock.MonotonicMicros(), before);
}

}  // namespace
}  // namespace millrace::env
