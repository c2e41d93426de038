#include "dataflow/epoch_pace.h"

#include <gtest/gtest.h>

namespace millrace::dataflow {
namespace {

TEST(EpochPaceTest, CheapEpochsComeEveryMillisecond) {
  EpochPace pace(100'000);
  EXPECT_EQ(pace.pause_micros(), 1'000);
  pace.Note({.duration_micros = 80, .work_micros = 10, .copied_bytes = 4'096});
  EXPECT_EQ(pace.pause_micros(), 1'000);
}

TEST(EpochPaceTest, APauseIsTenTimesTheCostUpToTheMaximum) {
  EpochPace pace(100'000);
  pace.Note({.duration_micros = 0, .work_micros = 300, .copied_bytes = 0});
  EXPECT_EQ(pace.pause_micros(), 3'000);
  // 30 MB at 6,000 bytes a microsecond are 5,000 µs.
  pace.Note({.duration_micros = 0, .work_micros = 0, .copied_bytes = 30'000'000});
  EXPECT_EQ(pace.pause_micros(), 50'000);
  pace.Note({.duration_micros = 0, .work_micros = 0, .copied_bytes = 1'000'000'000});
  EXPECT_EQ(pace.pause_micros(), 100'000);
}

TEST(EpochPaceTest, ItSlowsDownAtOnceAndSpeedsUpBySteps) {
  EpochPace pace(100'000);
  pace.Note({.duration_micros = 0, .work_micros = 4'100, .copied_bytes = 0});
  EXPECT_EQ(pace.pause_micros(), 41'000);
  pace.Note({});
  EXPECT_EQ(pace.pause_micros(), 31'000);  // a quarter of the way to 1,000
  int epochs = 0;
  for (; pace.pause_micros() > 1'000; ++epochs) {
    ASSERT_LT(epochs, 100) << pace.pause_micros();
    pace.Note({});
  }
  // Reaches the minimum in the end, not only nearly.
  EXPECT_EQ(pace.pause_micros(), 1'000);
}

TEST(EpochPaceTest, AMaximumBelowTheMinimumHolds) {
  EpochPace pace(100'000);
  pace.SetMax(500);
  EXPECT_EQ(pace.pause_micros(), 500);
  pace.Note({.duration_micros = 1'000'000, .work_micros = 0, .copied_bytes = 0});
  EXPECT_EQ(pace.pause_micros(), 500);
}

}  // namespace
}  // namespace millrace::dataflow
