#include "operators/group_aggregate.h"

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
using Lines = std::vector<std::string>;

// Key, value, condition.
struct GroupTest : ::testing::Test, Harness {
  GroupAggregateSpec spec{
      .input_types = {DataType::String(), DataType::BigInt(), DataType::Boolean()},
      .keys = {0},
      .aggregates = {testing::CountStar(), testing::SumOf(1)},
  };
  int64_t ttl_seconds = 0;
  void Start() {
    OperatorContext context = Context();
    context.state_ttl_micros = ttl_seconds * testing::kSecond;
    op = MakeGroupAggregate(std::make_shared<GroupAggregateSpec>(spec), std::move(context));
  }
  void Send(const Lines& rows) { Harness::Send(spec.input_types, rows); }
};

TEST_F(GroupTest, OneChangeAGroupAndBatch) {
  Start();
  Send({"b|1|TRUE", "a|2|TRUE", "b|3|TRUE", "null|7|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("+I b|2|4", "+I a|1|2", "+I null|1|7"));
  Send({"b|5|TRUE", "c|1|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("-U b|2|4", "+U b|3|9", "+I c|1|1"));
}

TEST_F(GroupTest, UnchangedRowsAreNotShown) {
  spec.aggregates = {testing::SumOf(1, 2)};
  Start();
  Send({"a|1|TRUE", "a|9|FALSE", "a|9|null"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1"));
  Send({"a|5|FALSE"});
  EXPECT_THAT(output.Take(), IsEmpty());
}

TEST_F(GroupTest, RetractionsDeleteEmptyGroups) {
  spec.input_retracts = true;
  Start();
  Send({"a|1|TRUE", "b|2|TRUE"});
  output.Take();
  Send({"-D a|1|TRUE", "-U b|2|TRUE", "+U b|3|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("-D a|1|1", "-U b|1|2", "+U b|1|3"));
  EXPECT_EQ(op->StateEntries(), 1u);
  Send({"-D x|1|TRUE", "x|2|TRUE"});  // nothing is known of x to take away
  EXPECT_THAT(output.Take(), ElementsAre("+I x|1|2"));
  Send({"y|1|TRUE", "-D y|1|TRUE"});
  EXPECT_THAT(output.Take(), IsEmpty());
  EXPECT_EQ(op->StateEntries(), 2u);
}

TEST_F(GroupTest, WithoutUpdateBefore) {
  spec.emit_update_before = false;
  output.is_upsert = true;
  Start();
  Send({"a|1|TRUE"});
  Send({"a|1|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1", "+U a|2|2"));
}

TEST_F(GroupTest, GlobalHasNoRowBeforeTheFirstInput) {
  spec.keys = {};
  spec.input_retracts = true;
  Start();
  Watermark(1);
  EXPECT_THAT(output.Take(), ElementsAre("W 1"));
  Send({"a|1|TRUE", "b|2|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 2|3"));
  Send({"-D a|1|TRUE", "-D b|2|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("-D 2|3"));
}

TEST_F(GroupTest, Distinct) {
  spec.aggregates = {};
  Start();
  Send({"a|1|TRUE", "a|2|TRUE", "b|1|TRUE"});
  Send({"a|1|TRUE", "c|1|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a", "+I b", "+I c"));
}

TEST_F(GroupTest, AResultOutOfRangeHasNoRow) {
  spec.input_retracts = true;
  Start();
  Send({"a|1|TRUE"});
  Send({"a|1000000|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1", "-D a|1|1"));
  EXPECT_THAT(side.messages, ElementsAre("the sum is out of range"));
  Send({"a|1|TRUE"});
  EXPECT_THAT(output.Take(), IsEmpty());
  Send({"-D a|1000000|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|2|2"));
  EXPECT_EQ(side.failed.size(), 1u);
}

TEST_F(GroupTest, ForgetsGroupsAfterTheirTime) {
  ttl_seconds = 10;
  spec.input_retracts = true;
  Start();
  op->SetNow(0);
  Send({"a|1|TRUE", "b|1|TRUE"});
  op->SetNow(9 * testing::kSecond);
  Send({"b|1|TRUE"});
  Epoch(9);
  EXPECT_EQ(op->StateEntries(), 2u);
  Epoch(10);
  EXPECT_EQ(op->StateEntries(), 1u);
  output.Take();
  output.is_upsert = true;
  Send({"a|1|TRUE", "-D c|1|TRUE"});
  EXPECT_THAT(output.Take(), ElementsAre("+I a|1|1"));
}

TEST_F(GroupTest, ChangesOfAFullBatch) {
  Start();
  Lines rows;
  for (int i = 0; i < 2048; ++i) rows.push_back(std::to_string(i) + "|1|TRUE");
  Send(rows);
  Send(rows);
  EXPECT_EQ(output.changes.size(), 3u * 2048);
  EXPECT_EQ(output.table.size(), 2048u);
}

}  // namespace
}  // namespace millrace::operators
