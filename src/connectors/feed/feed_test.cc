#include "connectors/feed/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/feed/feed_hub.h"
#include "connectors/source_fixture.h"
#include "data/batch_builder.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using data::RowKind;
using testing::ElementsAre;
using testing::Pair;

data::Batch OneRow(int a, const char* b, RowKind kind = RowKind::kInsert) {
  data::BatchBuilder builder({DataType::Int(), DataType::String()});
  builder.column(0).Append<int32_t>(a);
  builder.column(1).AppendString(b);
  builder.FinishRow(kind);
  return builder.Build();
}

class FeedTest : public testing::Test {
 protected:
  std::unique_ptr<Source> Make(std::vector<std::pair<std::string, std::string>> with = {},
                               std::vector<bool> needed = {true, true}) {
    with.emplace_back("connector", "feed");
    TableColumns columns = Physical({{"a", DataType::Int()}, {"b", DataType::String()}});
    columns.primary_key = {"a"};
    SourceContext context;
    context.feeds = &hub_;
    context.wake = [this] { ++wakes_; };
    auto source = MakeSource(With(std::move(with)), columns, needed, context);
    EXPECT_TRUE(source.has_value()) << source.error().ToString();
    return std::move(source).value();
  }
  FeedHub hub_;
  CollectingSink sink_;
  int wakes_ = 0;
};

TEST_F(FeedTest, GivesWhatIsPushedInOrder) {
  auto source = Make();
  EXPECT_EQ(PollAll(*source, sink_)->kind, ReadStatus::Kind::kIdle);
  EXPECT_TRUE(hub_.IsDrained());
  hub_.Push("t", OneRow(1, "x"));
  hub_.Advance("t", 5'000);
  hub_.Push("t", OneRow(2, "y"));
  EXPECT_FALSE(hub_.IsDrained("t"));
  EXPECT_EQ(wakes_, 3);
  EXPECT_EQ(PollAll(*source, sink_)->kind, ReadStatus::Kind::kIdle);
  EXPECT_TRUE(hub_.IsDrained("t"));
  EXPECT_THAT(sink_.rows, ElementsAre("+I[1, x]", "+I[2, y]"));
  EXPECT_THAT(sink_.watermarks, ElementsAre(Pair(0, 5'000)));
  hub_.Finish("t");
  EXPECT_EQ(PollAll(*source, sink_)->kind, ReadStatus::Kind::kEnd);
}

TEST_F(FeedTest, PartitionsAndProjection) {
  auto source = Make({{"partitions", "2"}}, {false, true});
  EXPECT_EQ(source->initial_partitions(), 2);
  hub_.Push("t", OneRow(1, "x"), 1);
  hub_.Advance("t", 7);
  hub_.Advance("t", 9, 1);
  ASSERT_TRUE(PollAll(*source, sink_).has_value());
  EXPECT_THAT(sink_.rows, ElementsAre("+I[x]"));
  EXPECT_THAT(sink_.partitions, ElementsAre(1));
  EXPECT_THAT(sink_.watermarks, ElementsAre(Pair(0, 7), Pair(1, 7), Pair(1, 9)));
  hub_.Push("t", OneRow(1, "x"), 2);
  EXPECT_EQ(PollAll(*source, sink_).error().message(), "rows for partition 2 of 't', which has 2");
}

TEST_F(FeedTest, GoesOnFromAPosition) {
  hub_.Push("t", OneRow(1, "x"));
  std::string position;
  {
    auto source = Make();
    ASSERT_TRUE(PollAll(*source, sink_).has_value());
    position = source->Position();
  }
  hub_.Push("t", OneRow(2, "y"));
  auto source = Make();
  ASSERT_TRUE(source->Seek(position).has_value());
  sink_.rows.clear();
  ASSERT_TRUE(PollAll(*source, sink_).has_value());
  EXPECT_THAT(sink_.rows, ElementsAre("+I[2, y]"));
}

TEST_F(FeedTest, ChecksTheChangelogMode) {
  auto inserts = Make();
  hub_.Push("t", OneRow(1, "x", RowKind::kDelete));
  EXPECT_EQ(PollAll(*inserts, sink_).error().message(), "a -D row for 't', whose 'changelog-mode' has none");
  auto upserts = Make({{"changelog-mode", "I,UA,D"}});
  EXPECT_TRUE(PollAll(*upserts, sink_).has_value());
  EXPECT_THAT(sink_.rows, ElementsAre("-D[1, x]"));
  auto traits = DescribeTable(With({{"connector", "feed"}, {"changelog-mode", "I,UA,D"}}),
                              Physical({{"a", DataType::Int()}}));
  EXPECT_EQ(traits.error().message(), "table 't': 'changelog-mode' = 'I,UA,D' needs a primary key");
  EXPECT_EQ(DescribeTable(With({{"connector", "feed"}, {"changelog-mode", "I,UA,UB,D"}}),
                          Physical({{"a", DataType::Int()}}))
                ->produces,
            ChangelogMode::kRetract);
}

TEST_F(FeedTest, IsForTests) {
  EXPECT_EQ(MakeSource(With({{"connector", "feed"}}), Physical({{"a", DataType::Int()}}), {true}, {})
                .error()
                .message(),
            "table 't': connector 'feed' is for tests");
}

}  // namespace
}  // namespace millrace::connectors
