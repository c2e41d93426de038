#include "operators/window_spec.h"

#include <gtest/gtest.h>

#include "operators/slice_assigner.h"

namespace millrace::operators {
namespace {

using data::kMicrosPerHour;
using data::kMicrosPerMinute;
using data::kMicrosPerSecond;

TEST(WindowSpecTest, RefusesWhatMakesNoSense) {
  const auto message = [](const WindowSpec& spec) {
    const Status status = spec.Validate();
    return status.has_value() ? std::string("valid") : status.error().message();
  };
  const int64_t second = kMicrosPerSecond;
  EXPECT_EQ(message({.kind = WindowKind::kTumble, .size_micros = second}), "valid");
  EXPECT_EQ(message({.kind = WindowKind::kTumble, .size_micros = 0}), "TUMBLE: the size must be positive");
  EXPECT_EQ(message({.kind = WindowKind::kTumble, .size_micros = 1500}),
            "TUMBLE: the size must be whole milliseconds");
  EXPECT_EQ(message({.kind = WindowKind::kHop, .size_micros = second, .slide_micros = -second}),
            "HOP: the slide must be positive");
  EXPECT_EQ(message({.kind = WindowKind::kCumulate, .size_micros = 10 * second, .slide_micros = 4 * second}),
            "CUMULATE: the size (10 s) must be a multiple of the step (4 s)");
  EXPECT_EQ(message({.kind = WindowKind::kSession, .size_micros = second, .offset_micros = second}),
            "SESSION: takes no offset");
}

TEST(WindowSpecTest, Text) {
  EXPECT_EQ((WindowSpec{.kind = WindowKind::kHop,
                        .size_micros = kMicrosPerHour,
                        .slide_micros = 5 * kMicrosPerMinute,
                        .offset_micros = 90 * kMicrosPerSecond})
                .ToString(),
            "HOP(size=[1 h], slide=[5 min], offset=[90 s])");
  EXPECT_EQ((WindowSpec{.kind = WindowKind::kTumble, .size_micros = 1'500'000}).ToString(),
            "TUMBLE(size=[1500 ms])");
}

int64_t LocalTime(int year, int month, int day, int hour, int minute) {
  return data::MicrosFromCivil(
      {.date = {year, month, day}, .hour = hour, .minute = minute, .second = 0, .micros = 0});
}

TEST(WindowSpecTest, FiresAfterTheSecondOfTwoHours) {
  const data::TimeZone* zone = data::TimeZone::Find("America/Los_Angeles").value();
  // On 2021-11-07 the hour from 01:00 to 02:00 came twice: at 08:00 and 09:00 UTC. A window that ends at
  // 02:00 ends at 10:00 UTC; one that ends at 01:30 fires in the second of the two hours.
  EXPECT_EQ(FiringTime(LocalTime(2021, 11, 7, 2, 0), zone), LocalTime(2021, 11, 7, 10, 0) - 1000);
  EXPECT_EQ(FiringTime(LocalTime(2021, 11, 7, 1, 30), zone), LocalTime(2021, 11, 7, 9, 30) - 1000);
  EXPECT_EQ(FiringTime(LocalTime(2021, 11, 7, 1, 0), zone), LocalTime(2021, 11, 7, 8, 0) - 1000);
  EXPECT_EQ(FiringTime(LocalTime(2021, 7, 1, 12, 0), zone), LocalTime(2021, 7, 1, 19, 0) - 1000);
  // 2021-03-14 skips 02:00 to 03:00, at 10:00 UTC.
  EXPECT_EQ(FiringTime(LocalTime(2021, 3, 14, 2, 0), zone), LocalTime(2021, 3, 14, 10, 0) - 1000);
  EXPECT_EQ(FiringTime(LocalTime(2021, 3, 14, 2, 30), zone), LocalTime(2021, 3, 14, 10, 0));
  EXPECT_EQ(FiringTime(LocalTime(2021, 3, 14, 3, 0), zone), LocalTime(2021, 3, 14, 10, 0));
  EXPECT_EQ(FiringTime(LocalTime(2021, 3, 14, 3, 30), zone), LocalTime(2021, 3, 14, 10, 30) - 1000);
  EXPECT_EQ(FiringTime(5000, nullptr), 4000);
}

TEST(WindowSpecTest, LocalClockEqualsTheZone) {
  for (const char* name : {"America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"}) {
    const data::TimeZone* zone = data::TimeZone::Find(name).value();
    LocalClock clock(zone);
    // Around the changes of clocks of 2021, in steps that fall on both sides of them.
    for (int64_t time = LocalTime(2021, 1, 1, 0, 0); time < LocalTime(2022, 1, 1, 0, 0);
         time += 13 * kMicrosPerMinute + 7) {
      ASSERT_EQ(clock.ToLocal(time), zone->ToLocal(time)) << name << " " << time;
    }
  }
  LocalClock wall_clock(nullptr);
  EXPECT_EQ(wall_clock.ToLocal(-5), -5);
  EXPECT_EQ(wall_clock.ToLocal(7), 7);
}

TEST(SliceAssignerTest, WindowsOfASlice) {
  const int64_t second = kMicrosPerSecond;
  const SliceAssigner hop({.kind = WindowKind::kHop, .size_micros = 5 * second, .slide_micros = 3 * second});
  EXPECT_EQ(hop.slice_micros(), second);
  // [2,3) lies in [0,5) alone; [3,4) in [0,5) and [3,8).
  EXPECT_EQ(hop.FirstWindowEnd(3 * second), 5 * second);
  EXPECT_EQ(hop.LastWindowEnd(3 * second), 5 * second);
  EXPECT_EQ(hop.FirstWindowEnd(4 * second), 5 * second);
  EXPECT_EQ(hop.LastWindowEnd(4 * second), 8 * second);
  EXPECT_EQ(hop.SliceStart(-1), -second);
  const SliceAssigner cumulate(
      {.kind = WindowKind::kCumulate, .size_micros = 6 * second, .slide_micros = 2 * second});
  EXPECT_EQ(cumulate.FirstWindowEnd(8 * second), 8 * second);
  EXPECT_EQ(cumulate.LastWindowEnd(8 * second), 12 * second);
  EXPECT_EQ(cumulate.WindowStart(12 * second), 6 * second);
}

}  // namespace
}  // namespace millrace::operators
