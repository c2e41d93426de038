#include "operators/sort_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/testing.h"

namespace millrace::operators {
namespace {

using data::DataType;
using ::testing::ElementsAre;
using testing::Harness;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

struct SortTest : ::testing::Test, Harness {
  std::vector<DataType> types = {DataType::Timestamp(3), DataType::BigInt()};
  void Send(const Lines& rows) { Harness::Send(types, rows); }
};

TEST_F(SortTest, TemporalSortEmitsByWatermark) {
  op = MakeTemporalSort(std::make_shared<TemporalSortSpec>(TemporalSortSpec{
                            .input_types = types, .rowtime_column = 0, .then_by = {{.column = 1}}}),
                        Context());
  Send({"3|1", "1|2", "1|1", "2|5", "null|0"});
  EXPECT_THAT(side.failed, ElementsAre("null|0"));
  Watermark(2);
  EXPECT_THAT(output.Take(), ElementsAre("+I 1|1", "+I 1|2", "+I 2|5", "W 2"));
  Send({"@2 2|9", "@2 2.5|1"});
  EXPECT_THAT(side.late, ElementsAre("2|9"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 2.5|1", "+I 3|1", "W max"));
}

TEST_F(SortTest, TemporalSortFollowsRowWatermarks) {
  op = MakeTemporalSort(std::make_shared<TemporalSortSpec>(
                            TemporalSortSpec{.input_types = types, .rowtime_column = 0, .then_by = {}}),
                        Context());
  Send({"@0 3|1", "@1 2|2", "@5 2|3", "@5 4|4"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 2|2", "+I 3|1"));
  EXPECT_THAT(side.late, ElementsAre("2|3"));
}

TEST_F(SortTest, BoundedSortWithOffsetAndLimit) {
  op = MakeBoundedSort(
      std::make_shared<BoundedSortSpec>(BoundedSortSpec{
          .input_types = types, .order = {{.column = 1, .ascending = false}}, .offset = 1, .limit = 2}),
      Context());
  Send({"1|1", "2|4", "3|3", "4|4"});
  Watermark(100);
  EXPECT_THAT(output.Take(), ElementsAre("W 100"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 4|4", "+I 3|3", "W max"));
}

TEST_F(SortTest, BoundedSortOfEverything) {
  op = MakeBoundedSort(std::make_shared<BoundedSortSpec>(
                           BoundedSortSpec{.input_types = types, .order = {{.column = 1}}, .limit = {}}),
                       Context());
  Send({"1|3", "2|1", "3|null"});
  Send({"4|1"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 3|null", "+I 2|1", "+I 4|1", "+I 1|3", "W max"));
}

TEST_F(SortTest, BoundedSortAppliesRetractions) {
  op = MakeBoundedSort(
      std::make_shared<BoundedSortSpec>(BoundedSortSpec{
          .input_types = types, .order = {{.column = 1}}, .offset = 1, .limit = {}, .input_retracts = true}),
      Context());
  Send({"1|3", "2|1", "3|2", "-U 2|1", "+U 2|9"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 1|3", "+I 2|9", "W max"));
}

TEST_F(SortTest, LimitZeroGivesNothing) {
  op = MakeBoundedSort(std::make_shared<BoundedSortSpec>(
                           BoundedSortSpec{.input_types = types, .order = {{.column = 1}}, .limit = 0}),
                       Context());
  Send({"1|3"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("W max"));
}

TEST_F(SortTest, LimitStopsEarly) {
  op = MakeLimit(std::make_shared<LimitSpec>(LimitSpec{.offset = 1, .limit = 2}), Context());
  Send({"1|1"});
  EXPECT_FALSE(op->IsDone());
  Send({"2|2", "3|3", "4|4"});
  EXPECT_TRUE(op->IsDone());
  Send({"5|5"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 2|2", "+I 3|3"));
}

}  // namespace
}  // namespace millrace::operators
