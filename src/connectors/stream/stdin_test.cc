#include "connectors/stream/stdin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/source_fixture.h"
#include "env/simulated_env.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using testing::ElementsAre;
using testing::IsEmpty;

class StdinTest : public testing::Test {
 protected:
  std::unique_ptr<Source> Make() {
    SourceContext context;
    context.env = &world_.env;
    auto source = MakeSource(With({{"connector", "stdin"}, {"format", "csv"}}), columns_, {true}, context);
    EXPECT_TRUE(source.has_value()) << source.error().ToString();
    return std::move(source).value();
  }
  void Put(std::string_view bytes) {
    ASSERT_TRUE(world_.files.MakeDirs("/dev").has_value());
    ASSERT_TRUE(world_.files.WriteAll("/dev/stdin", bytes).has_value());
  }
  env::SimulatedEnv world_;
  TableColumns columns_ = Physical({{"n", DataType::Int()}});
  CollectingSink sink_;
};

TEST_F(StdinTest, ReadsToTheEnd) {
  Put("111\nBAD\n\n222");
  auto source = Make();
  EXPECT_TRUE(source->bounded());
  EXPECT_EQ(PollAll(*source, sink_)->kind, ReadStatus::Kind::kEnd);
  EXPECT_THAT(sink_.rows, ElementsAre("+I[111]", "+I[222]"));
  ASSERT_EQ(sink_.malformed.size(), 1);
  EXPECT_EQ(sink_.malformed[0].origin, "stdin");
  EXPECT_EQ(sink_.malformed[0].offset, 4);
  EXPECT_EQ(source->Position(), "12");
}

TEST_F(StdinTest, EmptyInput) {
  auto source = Make();
  EXPECT_EQ(PollAll(*source, sink_)->kind, ReadStatus::Kind::kEnd);
  EXPECT_THAT(sink_.rows, IsEmpty());
}

TEST_F(StdinTest, PositionsCountBytes) {
  auto source = Make();
  EXPECT_TRUE(source->Seek("100").has_value());
  EXPECT_EQ(source->Position(), "100");
  EXPECT_EQ(source->Seek("1x").error().message(), "'1x' is no position in standard input");
}

TEST_F(StdinTest, WarnsThatItIsNotPortable) {
  auto traits = DescribeTable(With({{"connector", "stdin"}, {"format", "csv"}}), columns_);
  ASSERT_TRUE(traits.has_value());
  EXPECT_TRUE(traits->bounded);
  EXPECT_THAT(traits->warnings, ElementsAre("connector 'stdin' is not portable to Flink"));
}

}  // namespace
}  // namespace millrace::connectors
