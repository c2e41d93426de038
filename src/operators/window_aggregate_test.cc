#include "operators/window_aggregate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/test_aggregates.h"
#include "operators/testing.h"

namespace millrace::operators {
namespace {

using data::DataType;
using ::testing::ElementsAre;
using testing::Harness;
using ::testing::IsEmpty;
using testing::kSecond;
using Source = WindowOutputColumn::Source;
using Lines = std::vector<std::string>;

// Rows of a key, a value and a rowtime; windows of key, COUNT(*), SUM(value), start and end.
struct WindowTest : ::testing::Test, Harness {
  std::vector<DataType> types = {DataType::String(), DataType::BigInt(), DataType::Timestamp(3)};
  WindowAggregateSpec spec;
  bool early_fire = false;
  const data::TimeZone* zone = &data::TimeZone::Utc();

  void Start(WindowSpec window) {
    ASSERT_TRUE(window.Validate().has_value());
    spec.window = window;
    spec.input_types = types;
    spec.keys = {0};
    spec.rowtime_column = 2;
    spec.aggregates = {testing::CountStar(), testing::SumOf(1)};
    const DataType bound = DataType::Timestamp(3);
    if (spec.output.empty())
      spec.output = {{Source::kKey, 0, DataType::String()},
                     {Source::kAggregate, 0, DataType::BigInt()},
                     {Source::kAggregate, 1, DataType::BigInt()},
                     {Source::kWindowStart, 0, bound},
                     {Source::kWindowEnd, 0, bound}};
    OperatorContext context = Context();
    context.early_fire = early_fire;
    context.eval.zone = zone;
    op = MakeWindowAggregate(std::make_shared<WindowAggregateSpec>(spec), std::move(context));
  }
  void Send(const Lines& rows) { Harness::Send(types, rows); }
};

TEST_F(WindowTest, TumbleEmitsByWindowEndThenArrival) {
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond});
  Send({"b|1|12", "a|2|3", "b|3|4", "a|4|5"});
  Watermark(9.998);
  EXPECT_THAT(output.Take(), ElementsAre("W 9"));
  Watermark(9.999);  // a millisecond before the end
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|6|0|10", "+I b|1|3|0|10", "W 9"));
  Watermark(100);
  EXPECT_THAT(output.Take(), ElementsAre("+I b|1|1|10|20", "W 100"));
  EXPECT_EQ(op->StateEntries(), 0u);
}

TEST_F(WindowTest, TumbleDropsByRowWatermarkWithinABatch) {
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond});
  Send({"@0 a|1|1", "@5 a|2|2", "@9.999 a|3|3", "@9.999 a|4|13"});
  EXPECT_THAT(side.late, ElementsAre("a|3|3"));
  EXPECT_EQ(side.late_rows[0].window_start, 0);
  EXPECT_EQ(side.late_rows[0].window_end, 10 * kSecond);
  EXPECT_EQ(side.late_rows[0].watermark, 9999000);
  EXPECT_EQ(side.late_rows[0].rowtime, 3 * kSecond);
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|3|0|10", "+I a|1|4|10|20", "W max"));
}

TEST_F(WindowTest, NegativeTimesAndOffset) {
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond, .offset_micros = 3 * kSecond});
  Send({"a|1|-8", "a|1|-7", "a|1|2.999", "a|1|3"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|-17|-7", "+I a|2|2|-7|3", "+I a|1|1|3|13", "W max"));
}

TEST_F(WindowTest, NullTimeGoesAside) {
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond});
  Send({"a|1|null", "a|2|2"});
  End();
  EXPECT_THAT(side.failed, ElementsAre("a|1|null"));
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|2|0|10", "W max"));
}

TEST_F(WindowTest, HopMergesSlices) {
  Start({.kind = WindowKind::kHop, .size_micros = 10 * kSecond, .slide_micros = 5 * kSecond});
  Send({"a|1|1", "b|2|7", "a|3|12"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|-5|5", "+I a|1|1|0|10", "+I b|1|2|0|10", "+I b|1|2|5|15",
                                         "+I a|1|3|5|15", "+I a|1|3|10|20", "W max"));
}

TEST_F(WindowTest, HopOfUnevenSlide) {
  // Windows [-3,2) [0,5) [3,8) ...: slices of a second.
  Start({.kind = WindowKind::kHop, .size_micros = 5 * kSecond, .slide_micros = 3 * kSecond});
  Send({"a|1|2", "a|2|3"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|3|0|5", "+I a|1|2|3|8", "W max"));
}

TEST_F(WindowTest, HopWithGapsBetweenWindows) {
  Start({.kind = WindowKind::kHop, .size_micros = 2 * kSecond, .slide_micros = 5 * kSecond});
  Send({"a|1|1", "a|2|3", "a|4|5"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|0|2", "+I a|1|4|5|7", "W max"));
  EXPECT_THAT(side.late, IsEmpty());
}

TEST_F(WindowTest, PartlyLateRowCountsInOpenWindows) {
  Start({.kind = WindowKind::kHop, .size_micros = 10 * kSecond, .slide_micros = 5 * kSecond});
  // At watermark 6 the window [-5,5) is closed, [0,10) is not; at 10 both are.
  Send({"@0 a|1|1", "@6 a|2|2", "@10 a|4|3"});
  EXPECT_THAT(side.late, ElementsAre("a|4|3"));
  EXPECT_EQ(side.late_rows[0].window_start, 0);
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|-5|5", "+I a|2|3|0|10", "W max"));
}

// Of two channels one is ahead: what is closed for its rows is open for those of the other.
TEST_F(WindowTest, PartlyLateRowDoesNotCloseWindowsForOtherChannels) {
  Start({.kind = WindowKind::kHop, .size_micros = 10 * kSecond, .slide_micros = 5 * kSecond});
  Send({"@6 a|2|2"});
  EXPECT_THAT(output.Take(), IsEmpty());
  Send({"@0 a|1|1"});
  Watermark(5);
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|-5|5", "W 5"));
  Watermark(9.999);
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|3|0|10", "W 9"));
  EXPECT_THAT(side.late, IsEmpty());
  EXPECT_EQ(op->StateEntries(), 0u);
}

TEST_F(WindowTest, CumulateRepeatsUntilTheLongest) {
  Start({.kind = WindowKind::kCumulate, .size_micros = 15 * kSecond, .slide_micros = 5 * kSecond});
  Send({"a|1|1", "b|2|7", "a|3|16"});
  End();
  EXPECT_THAT(output.Take(),
              ElementsAre("+I a|1|1|0|5", "+I a|1|1|0|10", "+I b|1|2|0|10", "+I a|1|1|0|15", "+I b|1|2|0|15",
                          "+I a|1|3|15|20", "+I a|1|3|15|25", "+I a|1|3|15|30", "W max"));
  EXPECT_EQ(op->StateEntries(), 0u);
}

TEST_F(WindowTest, CumulatePartlyLate) {
  Start({.kind = WindowKind::kCumulate, .size_micros = 15 * kSecond, .slide_micros = 5 * kSecond});
  Send({"@0 a|1|1", "@6 a|2|2", "@11 a|4|3", "@11 a|8|12"});
  Watermark(13);
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|0|5", "+I a|2|3|0|10", "W 13"));
  Send({"a|16|4"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|5|31|0|15", "W max"));
  EXPECT_THAT(side.late, IsEmpty());
}

TEST_F(WindowTest, RetractionsEmptyAGroup) {
  spec.input_retracts = true;
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond});
  Send({"a|1|1", "b|5|2", "-D a|1|1", "-U b|5|2", "+U b|6|2"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I b|1|6|0|10", "W max"));
}

TEST_F(WindowTest, EarlyFiringCorrects) {
  early_fire = true;
  spec.input_retracts = true;
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond});
  Send({"a|1|1", "b|2|2"});
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|0|10", "+I b|1|2|0|10"));
  Epoch();
  EXPECT_THAT(output.Take(), IsEmpty());
  Send({"a|4|3", "-D b|2|2"});
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("-U a|1|1|0|10", "+U a|2|5|0|10", "-D b|1|2|0|10"));
  Send({"a|8|4", "c|1|4"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("-U a|2|5|0|10", "+U a|3|13|0|10", "+I c|1|1|0|10", "W max"));
}

TEST_F(WindowTest, EarlyFiringShowsEveryOpenHopWindow) {
  early_fire = true;
  Start({.kind = WindowKind::kHop, .size_micros = 10 * kSecond, .slide_micros = 5 * kSecond});
  Send({"a|1|1"});
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|-5|5", "+I a|1|1|0|10"));
  Send({"a|2|6"});
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("-U a|1|1|0|10", "+U a|2|3|0|10", "+I a|1|2|5|15"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("W max"));
}

TEST_F(WindowTest, SessionsGrowMergeAndClose) {
  Start({.kind = WindowKind::kSession, .size_micros = 5 * kSecond});
  Send({"a|1|1", "a|2|9", "b|4|2", "a|8|5"});  // 5 connects [1,6) and [9,14)
  Watermark(8);
  EXPECT_THAT(output.Take(), ElementsAre("+I b|1|4|2|7", "W 8"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|3|11|1|14", "W max"));
  EXPECT_EQ(op->StateEntries(), 0u);
}

TEST_F(WindowTest, SessionsThatTouchAreOne) {
  Start({.kind = WindowKind::kSession, .size_micros = 5 * kSecond});
  Send({"a|1|1", "a|2|6", "a|4|11.001"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|3|1|11", "+I a|1|4|11.001|16.001", "W max"));
}

TEST_F(WindowTest, SessionLateRowThatTouchesAnOpenSessionCounts) {
  Start({.kind = WindowKind::kSession, .size_micros = 5 * kSecond});
  Send({"@0 a|1|4", "@0 a|1|8", "@7 a|2|1", "@7 a|4|0.5", "@13 a|8|9", "@13 a|16|20"});
  // [1,6) is behind the watermark 7 but touches [4,13); 9 comes when [0.5,13) is closed: alone it is open.
  End();
  EXPECT_THAT(side.late, IsEmpty());
  EXPECT_THAT(output.Take(), ElementsAre("+I a|4|8|0.5|13", "+I a|1|8|9|14", "+I a|1|16|20|25", "W max"));
}

TEST_F(WindowTest, SessionLate) {
  Start({.kind = WindowKind::kSession, .size_micros = 5 * kSecond});
  Send({"@10 a|1|4"});
  EXPECT_THAT(side.late, ElementsAre("a|1|4"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("W max"));
}

TEST_F(WindowTest, SessionEarlyFiring) {
  early_fire = true;
  Start({.kind = WindowKind::kSession, .size_micros = 5 * kSecond});
  Send({"a|1|1", "a|2|9"});
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|1|6", "+I a|1|2|9|14"));
  Send({"a|4|5"});
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("-D a|1|1|1|6", "-D a|1|2|9|14", "+I a|3|7|1|14"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("W max"));
}

TEST_F(WindowTest, SessionEarlyFiringTakesBackBeforeThatIsLate) {
  early_fire = true;
  Start({.kind = WindowKind::kSession, .size_micros = 5 * kSecond});
  Send({"a|1|1", "b|1|6"});
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|1|6", "+I b|1|1|6|11"));
  // What was shown of [1,6) goes before the watermark that a window up to 6 behind it would close with.
  Send({"a|2|5", "b|2|8"});
  Watermark(7);
  EXPECT_THAT(output.Take(), ElementsAre("-D a|1|1|1|6", "W 7"));
  Epoch();
  EXPECT_THAT(output.Take(), ElementsAre("-D b|1|1|6|11", "+I a|2|3|1|10", "+I b|2|3|6|13"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("W max"));
}

TEST_F(WindowTest, LtzWindowsAreWallClockDays) {
  types[2] = DataType::TimestampLtz(3);
  spec.is_ltz = true;
  zone = data::TimeZone::Find("GMT+08:00").value();
  Start({.kind = WindowKind::kTumble, .size_micros = 86400 * kSecond});
  // The second day there begins at 57600 (16:00 UTC); window_time is an instant.
  spec.output.push_back({Source::kWindowTime, 0, DataType::TimestampLtz(3)});
  Start({.kind = WindowKind::kTumble, .size_micros = 86400 * kSecond});
  Send({"a|1|57600", "a|2|57599"});
  Watermark(57599.999);
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|2|0|86400|57599.999", "W 57599"));
  Watermark(143999.998);
  EXPECT_THAT(output.Take(), ElementsAre("W 143999"));
  Watermark(143999.999);
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|86400|172800|143999.999", "W 143999"));
}

TEST_F(WindowTest, ProcessingTimeFiresAtEpochs) {
  spec.processing_time = true;
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond});
  op->SetNow(3 * kSecond);
  Send({"a|1|null", "b|2|77"});
  op->SetNow(12 * kSecond);
  Send({"a|4|0"});
  Watermark(1000);  // event time moves nothing
  EXPECT_THAT(output.Take(), ElementsAre("W 1000"));
  Epoch(12);
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1|0|10", "+I b|1|2|0|10"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|4|10|20", "W max"));
}

TEST_F(WindowTest, ProcessingTimeSessions) {
  spec.processing_time = true;
  Start({.kind = WindowKind::kSession, .size_micros = 5 * kSecond});
  op->SetNow(1 * kSecond);
  Send({"a|1|null"});
  op->SetNow(4 * kSecond);
  Send({"a|2|null"});
  Epoch(7);
  EXPECT_THAT(output.Take(), IsEmpty());
  Epoch(9);
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|3|1|9"));
}

TEST_F(WindowTest, AResultOutOfRangeGoesAside) {
  Start({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond});
  Send({"a|1000001|1", "b|1|1"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I b|1|1|0|10", "W max"));
  EXPECT_THAT(side.messages, ElementsAre("the sum is out of range"));
}

TEST_F(WindowTest, WithoutKeys) {
  Start({.kind = WindowKind::kHop, .size_micros = 10 * kSecond, .slide_micros = 5 * kSecond});
  spec.keys = {};
  spec.output.erase(spec.output.begin());
  op = MakeWindowAggregate(std::make_shared<WindowAggregateSpec>(spec), Context());
  Send({"a|1|1", "b|2|7"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 1|1|-5|5", "+I 2|3|0|10", "+I 1|2|5|15", "W max"));
}

}  // namespace
}  // namespace millrace::operators
