#include "operators/rank.h"

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

// Partition, order, content.
struct RankTest : ::testing::Test, Harness {
  RankSpec spec{.input_types = {DataType::String(), DataType::BigInt(), DataType::String()},
                .partition_keys = {0},
                .order = {{.column = 1, .ascending = false, .nulls_first = false}}};
  int64_t ttl_seconds = 0;

  void Start() {
    OperatorContext context = Context();
    context.state_ttl_micros = ttl_seconds * testing::kSecond;
    op = MakeRank(std::make_shared<RankSpec>(spec), std::move(context));
  }
  void Send(const Lines& rows) { Harness::Send(spec.input_types, rows); }
};

TEST_F(RankTest, RowsLeaveAndCome) {
  spec.end = 2;
  Start();
  Send({"a|1|x", "a|2|y", "b|1|z"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|y", "+I a|1|x", "+I b|1|z"));
  Send({"a|3|w"});
  EXPECT_THAT(output.Take(), ElementsAre("-D a|1|x", "+I a|3|w"));
  Send({"a|1|v", "a|null|u"});
  EXPECT_THAT(output.Take(), IsEmpty());
  EXPECT_EQ(op->StateEntries(), 3u);
}

TEST_F(RankTest, TheFirstArrivedOfEqualRowsWins) {
  Start();
  Send({"a|1|x", "a|1|y"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|x"));
  Send({"a|1|z"});
  EXPECT_THAT(output.Take(), IsEmpty());
}

TEST_F(RankTest, RankNumbersShift) {
  spec.end = 3;
  spec.output_rank = true;
  Start();
  Send({"a|10|x"});
  Send({"a|5|y"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|10|x|1", "+I a|5|y|2"));
  Send({"a|7|z"});
  EXPECT_THAT(output.Take(), ElementsAre("-U a|5|y|2", "+U a|7|z|2", "+I a|5|y|3"));
  Send({"a|20|w"});
  EXPECT_THAT(output.Take(), ElementsAre("-U a|10|x|1", "+U a|20|w|1", "-U a|7|z|2", "+U a|10|x|2",
                                         "-U a|5|y|3", "+U a|7|z|3"));
}

TEST_F(RankTest, WithoutUpdateBefore) {
  spec.end = 1;
  spec.output_rank = true;
  spec.emit_update_before = false;
  output.is_upsert = true;
  Start();
  Send({"a|1|x"});
  Send({"a|2|y"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|x|1", "+U a|2|y|1"));
}

TEST_F(RankTest, RankRangeFromTwo) {
  spec.start = 2;
  spec.end = 3;
  Start();
  Send({"a|1|x"});
  EXPECT_THAT(output.Take(), IsEmpty());
  Send({"a|2|y"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|x"));
  Send({"a|3|z", "a|4|w"});
  EXPECT_THAT(output.Take(), ElementsAre("-D a|1|x", "+I a|3|z", "+I a|2|y"));
}

TEST_F(RankTest, RetractionsBringRowsBack) {
  spec.input_retracts = true;
  Start();
  Send({"a|1|x", "a|2|y", "a|3|z"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|3|z"));
  Send({"-D a|3|z"});
  EXPECT_THAT(output.Take(), ElementsAre("-D a|3|z", "+I a|2|y"));
  Send({"-U a|2|y", "+U a|2|y"});
  EXPECT_THAT(output.Take(), IsEmpty());
  Send({"-D a|1|x", "-D a|2|y"});
  EXPECT_THAT(output.Take(), ElementsAre("-D a|2|y"));
  EXPECT_EQ(op->StateEntries(), 0u);
  Send({"-D a|9|unknown"});
  EXPECT_THAT(output.Take(), IsEmpty());
}

TEST_F(RankTest, EqualRowsAreTakenAwayOneByOne) {
  spec.input_retracts = true;
  spec.end = 5;
  Start();
  Send({"a|1|x", "a|1|x", "a|1|y"});
  Send({"-D a|1|x"});
  EXPECT_THAT(output.Table(), ElementsAre("a|1|x", "a|1|y"));
}

TEST_F(RankTest, LimitWithoutOrderOverRetractions) {
  spec.partition_keys = {};
  spec.order = {};
  spec.input_retracts = true;
  spec.end = 2;
  Start();
  Send({"a|1|x", "b|1|x", "c|1|x"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|x", "+I b|1|x"));
  Send({"-D a|1|x"});
  EXPECT_THAT(output.Take(), ElementsAre("-D a|1|x", "+I c|1|x"));
}

TEST_F(RankTest, OrdersByEveryType) {
  spec.input_types = {DataType::String(), DataType::Double(), DataType::Decimal(38, 2)};
  spec.partition_keys = {};
  spec.order = {{.column = 0}, {.column = 1}, {.column = 2, .ascending = false}};
  spec.end = 10;
  Start();
  // A stored -0.0 comes back as 0.0, its equal.
  Send({"b|1.5|1.00", "ab|-2.5|3.00", "ab|-2.5|-3.00", "a|NaN|0.00", "a|-0.0|7.00", "a|1.0|0.00",
        "ab|-10.5|0.00", "null|0.0|0.00"});
  EXPECT_THAT(output.Take(),
              ElementsAre("+I null|0.0|0.00", "+I a|0.0|7.00", "+I a|1.0|0.00", "+I a|NaN|0.00",
                          "+I ab|-10.5|0.00", "+I ab|-2.5|3.00", "+I ab|-2.5|-3.00", "+I b|1.5|1.00"));
}

TEST_F(RankTest, ForgetsPartitionsAfterTheirTime) {
  ttl_seconds = 10;
  Start();
  op->SetNow(0);
  Send({"a|5|x"});
  op->SetNow(8 * testing::kSecond);
  Send({"b|5|x"});
  Epoch(10);
  EXPECT_EQ(op->StateEntries(), 1u);
  output.Take();
  Send({"a|1|y", "b|1|y"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|y"));
}

}  // namespace
}  // namespace millrace::operators
