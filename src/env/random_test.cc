#include "env/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace millrace::env {
namespace {

// The published first outputs of splitmix64 from the seed 1234567.
TEST(FixedSeedSourceTest, IsSplitMix64) {
  FixedSeedSource source(1234567);
  EXPECT_EQ(source.NextSeed(), 6457827717110365317u);
  EXPECT_EQ(source.NextSeed(), 3203168211198807973u);
  EXPECT_EQ(source.NextSeed(), 9817491932198370423u);
}

// What other implementations of xoshiro256** give when splitmix64 from 0 fills their state.
TEST(RandomTest, IsXoshiro256StarStar) {
  Random random(0);
  EXPECT_EQ(random.Next(), 11091344671253066420u);
  EXPECT_EQ(random.Next(), 13793997310169335082u);
  EXPECT_EQ(random.Next(), 1900383378846508768u);
  EXPECT_EQ(random.Next(), 7684712102626143532u);
}

TEST(RandomTest, BelowIsEvenAndInBounds) {
  Random random(42);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; ++i) ++counts[random.Below(6)];
  // The standard deviation of each count is 91.
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0u);
}

TEST(RandomTest, BetweenIncludesBothEnds) {
  Random random(7);
  std::set<int64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.Between(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(random.Between(5, 5), 5);
  random.Between(INT64_MIN, INT64_MAX);
}

TEST(RandomTest, UnitIsInItsHalfOpenInterval) {
  Random random(3);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = random.Unit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(RealSeedSourceTest, DoesNotRepeat) {
  RealSeedSource source;
  EXPECT_NE(source.NextSeed(), source.NextSeed());
}

}  // namespace
}  // namespace millrace::env
