#include "data/interval.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace millrace::data {
namespace {

std::string Text(int64_t months, int64_t days, int64_t micros) {
  IntervalText text;
  return std::string(FormatInterval(months, days, micros, &text));
}

// What PostgreSQL 15 prints of make_interval(months => …, days => …, secs => …).
TEST(Interval, IsWrittenAsPostgresDoes) {
  EXPECT_EQ(Text(0, 0, 0), "00:00:00");
  EXPECT_EQ(Text(14, 0, 0), "1 year 2 mons");
  EXPECT_EQ(Text(-14, 0, 0), "-1 years -2 mons");
  EXPECT_EQ(Text(1, 1, 0), "1 mon 1 day");
  EXPECT_EQ(Text(0, -1, 3'600'000'000), "-1 days +01:00:00");
  EXPECT_EQ(Text(1, -1, -1), "1 mon -1 days -00:00:00.000001");
  EXPECT_EQ(Text(-1, 1, 0), "-1 mons +1 day");
  EXPECT_EQ(Text(0, 0, 7'384'500'000), "02:03:04.5");
  EXPECT_EQ(Text(0, 0, 129'600'000'000), "36:00:00");
}

TEST(Interval, HasRoomForTheEndsOfItsRange) {
  constexpr int64_t kMin32 = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(Text(kMin32, kMin32, std::numeric_limits<int64_t>::min()),
            "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808");
}

TEST(Interval, IsPackedIntoAColumnsValue) {
  const Interval back = UnpackInterval(PackInterval({-7, 3, -5'000'000'000}));
  EXPECT_EQ(back.months, -7);
  EXPECT_EQ(back.days, 3);
  EXPECT_EQ(back.micros, -5'000'000'000);
}

}  // namespace
}  // namespace millrace::data
