#include "operators/deduplicate.h"

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

struct DeduplicateTest : ::testing::Test, Harness {
  DeduplicateSpec spec{
      .input_types = {DataType::String(), DataType::BigInt(), DataType::Timestamp(3)},
      .keys = {0},
  };
  void Start() { op = MakeDeduplicate(std::make_shared<DeduplicateSpec>(spec), Context()); }
  void Send(const Lines& rows) { Harness::Send(spec.input_types, rows); }
};

TEST_F(DeduplicateTest, FirstArrivalIsAppendOnly) {
  Start();
  Send({"a|1|5", "a|2|4", "b|3|3"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|5", "+I b|3|3"));
  Send({"a|9|9"});
  EXPECT_THAT(output.Take(), IsEmpty());
}

TEST_F(DeduplicateTest, LastArrival) {
  spec.keep_last = true;
  Start();
  Send({"a|1|5", "a|2|4"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|4"));
  Send({"a|2|4"});
  EXPECT_THAT(output.Take(), IsEmpty());
  Send({"a|3|3"});
  EXPECT_THAT(output.Take(), ElementsAre("-U a|2|4", "+U a|3|3"));
}

TEST_F(DeduplicateTest, SmallestRowtime) {
  spec.rowtime_column = 2;
  Start();
  Send({"a|1|5", "a|2|5", "b|3|null"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|5"));
  EXPECT_THAT(side.failed, ElementsAre("b|3|null"));
  Send({"a|3|4", "a|4|6"});
  EXPECT_THAT(output.Take(), ElementsAre("-U a|1|5", "+U a|3|4"));
}

TEST_F(DeduplicateTest, GreatestRowtimeTakesTheLastOfEquals) {
  spec.rowtime_column = 2;
  spec.keep_last = true;
  spec.emit_update_before = false;
  output.is_upsert = true;
  Start();
  Send({"a|1|5"});
  Send({"a|2|5"});
  Send({"a|3|4"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|5", "+U a|2|5"));
}

TEST_F(DeduplicateTest, WithRowWatermarksEachChangeGoesOut) {
  spec.rowtime_column = 2;
  spec.keep_last = true;
  Start();
  Send({"@1 a|1|5", "@5 a|2|6", "@6 a|3|4"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|5", "-U a|1|5", "+U a|2|6"));
  EXPECT_THAT(output.row_watermarks, ElementsAre(1000000, 5000000, 5000000));
}

}  // namespace
}  // namespace millrace::operators
