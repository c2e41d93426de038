#include "operators/window_rank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/testing.h"

namespace millrace::operators {
namespace {

using data::DataType;
using ::testing::ElementsAre;
using testing::Harness;
using Lines = std::vector<std::string>;

// Start, end, partition, order, content.
struct WindowRankTest : ::testing::Test, Harness {
  WindowRankSpec spec{
      .input_types = {DataType::Timestamp(3), DataType::Timestamp(3), DataType::String(), DataType::BigInt(),
                      DataType::String()},
      .partition_keys = {2},
      .order = {{.column = 3, .ascending = false}},
      .window_start_column = 0,
      .window_end_column = 1,
  };
  void Start() { op = MakeWindowRank(std::make_shared<WindowRankSpec>(spec), Context()); }
  void Send(const Lines& rows) { Harness::Send(spec.input_types, rows); }
};

TEST_F(WindowRankTest, EmitsAsWindowsClose) {
  spec.end = 2;
  spec.output_rank = true;
  Start();
  Send({"0|10|b|1|x", "0|10|a|1|x", "10|20|a|9|x", "0|10|a|2|y", "0|10|a|3|z"});
  Watermark(9);
  EXPECT_THAT(output.Take(), ElementsAre("W 9"));
  Watermark(10);
  EXPECT_THAT(output.Take(), ElementsAre("+I 0|10|b|1|x|1", "+I 0|10|a|3|z|1", "+I 0|10|a|2|y|2", "W 10"));
  Send({"0|10|a|100|late"});
  EXPECT_THAT(side.late, ElementsAre("0|10|a|100|late"));
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 10|20|a|9|x|1", "W max"));
  EXPECT_EQ(op->StateEntries(), 0u);
}

TEST_F(WindowRankTest, KeepsTheLastOfEquals) {
  spec.ties_keep_last = true;
  Start();
  Send({"0|10|a|1|x", "0|10|a|1|y"});
  Send({"0|10|a|0|z", "0|10|a|1|w"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 0|10|a|1|w", "W max"));
}

TEST_F(WindowRankTest, Retractions) {
  spec.input_retracts = true;
  Start();
  Send({"0|10|a|1|x", "0|10|a|2|y", "-D 0|10|a|2|y", "0|10|b|2|y", "-D 0|10|b|2|y"});
  End();
  EXPECT_THAT(output.Take(), ElementsAre("+I 0|10|a|1|x", "W max"));
}

}  // namespace
}  // namespace millrace::operators
