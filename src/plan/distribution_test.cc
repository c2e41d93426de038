#include "plan/distribution.h"

#include "plan/plan_test_fixture.h"

namespace millrace::plan {
namespace {

TEST(Spread, RowsAreTogetherIfTheColumnsSayTheirPart) {
  EXPECT_TRUE((Spread{1, {}}.KeepsTogether({})));
  EXPECT_TRUE((Spread{2, {3}}.KeepsTogether({1, 3})));
  EXPECT_FALSE((Spread{2, {1, 3}}.KeepsTogether({3})));
  EXPECT_FALSE((Spread{2, {}}.KeepsTogether({0, 1, 2})));
}

class SpreadingTest : public PlanTest {
 protected:
  void SetUp() override { Run("CREATE TABLE t (a INT, b INT, c INT) WITH ('connector' = 'datagen')"); }
};

TEST_F(SpreadingTest, KeysGoWhereTheirColumnsGo) {
  const auto counted = Plan("SELECT COUNT(*) AS n, b, a FROM t GROUP BY a, b");
  ASSERT_TRUE(counted.has_value());
  EXPECT_EQ(spreading_.Of(*counted->root), (Spread{2, {2, 1}}));
  const auto cut = Plan("SELECT COUNT(*) AS n, b FROM t GROUP BY a, b");
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(spreading_.Of(*cut->root), (Spread{2, {}}));
}

TEST_F(SpreadingTest, AResultIsStoredByItsKey) {
  auto planned = Plan("SELECT a, b, COUNT(*) AS n FROM t GROUP BY a, b");
  ASSERT_TRUE(planned.has_value());
  EXPECT_FALSE(spreading_.NeedsExchangeToStore(*planned));
  EXPECT_EQ(spreading_.OfStored(*planned), (Spread{2, {0, 1}}));
  // Were b alone its key, rows of one b could lie in both parts.
  planned->key = {1};
  EXPECT_TRUE(spreading_.NeedsExchangeToStore(*planned));
  EXPECT_EQ(spreading_.OfStored(*planned), (Spread{2, {1}}));
  EXPECT_TRUE(Explain(*planned, spreading_).starts_with("Exchange: hash=[b]\n  GroupAggregate(1): "));
}

TEST_F(SpreadingTest, OneShardExchangesOnlyToGatherParts) {
  const auto counted = Plan("SELECT a, COUNT(*) AS n FROM t GROUP BY a");
  ASSERT_TRUE(counted.has_value());
  EXPECT_FALSE(Spreading(1).NeedsExchange(*counted->root));
  Run("CREATE MATERIALIZED VIEW v AS SELECT a, COUNT(*) AS n FROM t GROUP BY a");
  const auto summed = Plan("SELECT a, SUM(n) AS n FROM v GROUP BY a");
  ASSERT_TRUE(summed.has_value());
  const Spreading one(1, [](const catalog::ObjectName&) { return Spread{2, {0}}; });
  EXPECT_TRUE(one.NeedsExchange(*summed->root));
  EXPECT_EQ(one.Of(*summed->root), Spread{});
}

// What finds a row's shard is the same with one shard, which needs no exchange, as with several.
TEST_F(SpreadingTest, InputKeysDoNotDependOnTheNumberOfShards) {
  const auto counted = Plan("SELECT a, b, COUNT(*) AS n FROM t GROUP BY a, b");
  ASSERT_TRUE(counted.has_value());
  const auto total = Plan("SELECT COUNT(*) AS n FROM t");
  ASSERT_TRUE(total.has_value());
  Run("CREATE MATERIALIZED VIEW v AS SELECT a, COUNT(*) AS n FROM t GROUP BY a");
  const auto stored = Plan("SELECT a, COUNT(*) AS n FROM t GROUP BY a");
  ASSERT_TRUE(stored.has_value());
  const auto again = Plan("SELECT n, a, COUNT(*) AS m FROM v GROUP BY n, a");
  ASSERT_TRUE(again.has_value());
  for (const int shards : {1, 2, 4}) {
    const Spread spread_of_v = Spreading(shards).OfStored(*stored);
    EXPECT_EQ(spread_of_v, (Spread{shards, {0}}));
    const Spreading spreading(shards, [&](const catalog::ObjectName&) { return spread_of_v; });
    EXPECT_EQ(spreading.InputKeys(*counted->root), (std::vector<int>{0, 1}));
    EXPECT_EQ(spreading.InputKeys(*total->root), std::vector<int>());
    // The rows of v lie by a already, which is enough to keep (n, a) together.
    EXPECT_FALSE(spreading.NeedsExchange(*again->root));
    EXPECT_EQ(spreading.InputKeys(*again->root), (std::vector<int>{0}));
  }
}

TEST_F(SpreadingTest, AResultWithoutAKeyLiesByItsRowsIfRowsAreTakenAway) {
  const auto counts = Plan("SELECT COUNT(*) AS n FROM t GROUP BY a");
  ASSERT_TRUE(counts.has_value());
  for (const int shards : {1, 2, 4}) {
    const Spreading spreading(shards);
    EXPECT_EQ(spreading.NeedsExchangeToStore(*counts), shards > 1);
    EXPECT_EQ(spreading.OfStored(*counts), (Spread{shards, {0}})) << "the same on any number";
  }
  const auto rows = Plan("SELECT a FROM t");
  ASSERT_TRUE(rows.has_value());
  EXPECT_FALSE(Spreading(4).NeedsExchangeToStore(*rows)) << "nothing is taken away";
}

}  // namespace
}  // namespace millrace::plan
