// Plans of queries, as EXPLAIN shows them.
#include "plan/plan_test_fixture.h"

namespace millrace::plan {
namespace {

class Plans : public PlanTest {
 protected:
  // `plan` starts with a line break, for the eye.
  void ExpectPlan(std::string_view sql, std::string_view plan) {
    plan.remove_prefix(1);
    EXPECT_EQ(Explained(sql), plan) << sql;
  }

  void SetUp() override {
    Run("CREATE TABLE orders (id BIGINT, city STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3), "
        "WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');"
        "CREATE TABLE plain (a INT, b STRING, c DOUBLE, tags ARRAY<STRING>) WITH ('connector' = 'datagen');"
        "CREATE TABLE printed (city STRING, cnt BIGINT) WITH ('connector' = 'print');"
        "CREATE TABLE kept (city STRING, cnt BIGINT, PRIMARY KEY (city) NOT ENFORCED)");
  }
};

TEST_F(Plans, ReadsOnlyTheColumnsItNeeds) {
  ExpectPlan("SELECT b FROM plain WHERE a > 10", R"(
Calc(1): select=[b], where=[(a > 10)] [I]
  Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, MergesNestedSelects) {
  ExpectPlan("SELECT x + 1 AS y FROM (SELECT a AS x, b FROM plain WHERE b = 'k') WHERE x > 3", R"(
Calc(1): select=[(a + 1) AS y], where=[((b = 'k') AND (a > 3))] [I]
  Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, ComputesNothingTwice) {
  ExpectPlan("SELECT x, x + 1 AS y FROM (SELECT a * 2 AS x FROM plain)", R"(
Calc(2): select=[x, (x + 1) AS y] [I]
  Calc(1): select=[(a * 2) AS x] [I]
    Scan(1): table=[public.plain], columns=[a] [I]
)");
}

TEST_F(Plans, FoldsConstants) {
  ExpectPlan("SELECT a FROM plain WHERE 1 + 1 = 2 AND a > 2 * 3", R"(
Calc(1): select=[a], where=[(a > 6)] [I]
  Scan(1): table=[public.plain], columns=[a] [I]
)");
}

TEST_F(Plans, GroupAggregate) {
  ExpectPlan("SELECT b, COUNT(*), SUM(a) AS total FROM plain GROUP BY b", R"(
GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS EXPR$1, SUM(a) AS total] [I,UB,UA] key=(b)
  Exchange: hash=[b]
    Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, AggregateOverEverything) {
  ExpectPlan("SELECT COUNT(*) FROM plain HAVING COUNT(*) > 2", R"(
Calc(1): select=[EXPR$0], where=[(EXPR$0 > 2)] [I,UB,UA] key=()
  GroupAggregate(1): keys=[], aggregates=[COUNT(*) AS EXPR$0] [I,UB,UA] key=()
    Scan(1): table=[public.plain], columns=[a] [I]
)");
}

TEST_F(Plans, AggregateOfAggregateTakesRetractions) {
  ExpectPlan("SELECT n, COUNT(*) FROM (SELECT b, COUNT(*) AS n FROM plain GROUP BY b) GROUP BY n", R"(
GroupAggregate(2): keys=[n], aggregates=[COUNT(*) AS EXPR$1] [I,UB,UA,D] key=(n)
  Exchange: hash=[n]
    GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS n] [I,UB,UA] key=(b)
      Exchange: hash=[b]
        Scan(1): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, FilterAndDistinctAggregates) {
  ExpectPlan("SELECT COUNT(DISTINCT b) FILTER (WHERE a > 1), COUNT(DISTINCT b) FROM plain", R"(
GroupAggregate(1): keys=[], aggregates=[COUNT(DISTINCT b) FILTER $f1 AS EXPR$0, COUNT(DISTINCT b) AS EXPR$1] [I,UB,UA] key=()
  Calc(1): select=[b, (a > 1) AS $f1] [I]
    Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, SelectDistinct) {
  ExpectPlan("SELECT DISTINCT b FROM plain", R"(
GroupAggregate(1): keys=[b], aggregates=[] [I]
  Exchange: hash=[b]
    Scan(1): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, KeyFilterGoesBelowTheAggregate) {
  ExpectPlan("SELECT b, n FROM (SELECT b, COUNT(*) AS n FROM plain GROUP BY b) WHERE b = 'x' AND n > 1", R"(
Calc(2): select=[b, n], where=[(n > 1)] [I,UB,UA] key=(b)
  GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS n] [I,UB,UA] key=(b)
    Exchange: hash=[b]
      Calc(1): select=[b], where=[(b = 'x')] [I]
        Scan(1): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, Rollup) {
  ExpectPlan("SELECT b, a, COUNT(*) FROM plain GROUP BY ROLLUP (b, a)", R"(
Exchange: hash=[b, a, EXPR$2]
  Calc(1): select=[b, a, EXPR$2] [I,UB,UA]
    GroupAggregate(1): keys=[b, a, $expand_id], aggregates=[COUNT(*) AS EXPR$2] [I,UB,UA] key=(b, a, $expand_id)
      Exchange: hash=[b, a, $expand_id]
        Expand(1): projections=[(b, a, 0 AS $expand_id), (b, NULL AS a, 1 AS $expand_id), (NULL AS b, NULL AS a, 2 AS $expand_id)] [I]
          Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, WindowFunctionIsFoldedIntoItsAggregate) {
  ExpectPlan(
      "SELECT window_start, window_end, city, SUM(amount) FROM TABLE(TUMBLE(TABLE orders, "
      "DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE city <> 'x' GROUP BY window_start, window_end, city",
      R"(
Calc(2): select=[window_start, window_end, city, EXPR$3] [I]
  WindowAggregate(1): window=[TUMBLE(size=1 h, time=ts)], keys=[city], aggregates=[SUM(amount) AS EXPR$3] [I]
    Exchange: hash=[city]
      Calc(1): select=[city, amount, ts], where=[(city <> 'x')] [I]
        WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
          Scan(1): table=[public.orders], columns=[city, amount, ts] [I]
)");
}

TEST_F(Plans, WindowFunctionByItself) {
  ExpectPlan(
      "SELECT id, window_end FROM TABLE(HOP(DATA => TABLE orders, TIMECOL => DESCRIPTOR(ts), SLIDE => "
      "INTERVAL '5' MINUTE, SIZE => INTERVAL '1' HOUR)) WHERE id = 7",
      R"(
Calc(2): select=[id, window_end] [I]
  WindowTvf(1): window=[HOP(slide=5 min, size=1 h, time=ts)] [I]
    Calc(1): select=[id, ts], where=[(id = 7)] [I]
      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
        Scan(1): table=[public.orders], columns=[id, ts] [I]
)");
}

TEST_F(Plans, CascadedWindows) {
  ExpectPlan(
      "SELECT window_start, window_end, MAX(n) FROM (SELECT window_start, window_end, city, COUNT(*) AS "
      "n FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, "
      "window_end, city) GROUP BY window_start, window_end",
      R"(
Calc(1): select=[window_start, window_end, EXPR$2] [I]
  WindowAggregate(2): window=[window_start, window_end], keys=[], aggregates=[MAX(n) AS EXPR$2] [I]
    Exchange: single
      WindowAggregate(1): window=[TUMBLE(size=1 h, time=ts)], keys=[city], aggregates=[COUNT(*) AS n] [I]
        Exchange: hash=[city]
          WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
            Scan(1): table=[public.orders], columns=[city, ts] [I]
)");
}

TEST_F(Plans, WindowOverWindowTime) {
  ExpectPlan(
      "SELECT window_start, window_end, SUM(n) FROM TABLE(TUMBLE((SELECT window_time AS rt, COUNT(*) AS n "
      "FROM "
      "TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, "
      "window_time), DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end",
      R"(
Calc(1): select=[window_start, window_end, EXPR$2] [I]
  WindowAggregate(2): window=[TUMBLE(size=1 h, time=window_time)], keys=[], aggregates=[SUM(n) AS EXPR$2] [I]
    WindowAggregate(1): window=[TUMBLE(size=5 min, time=ts)], keys=[], aggregates=[COUNT(*) AS n] [I]
      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
        Scan(1): table=[public.orders], columns=[ts] [I]
)");
}

TEST_F(Plans, GroupWindow) {
  ExpectPlan(
      "SELECT city, TUMBLE_END(ts, INTERVAL '10' MINUTE), COUNT(*) FROM orders GROUP BY city, "
      "TUMBLE(ts, INTERVAL '10' MINUTE)",
      R"(
Calc(1): select=[city, window_end AS EXPR$1, EXPR$2] [I]
  WindowAggregate(1): window=[TUMBLE(size=10 min, time=ts)], keys=[city], aggregates=[COUNT(*) AS EXPR$2] [I]
    Exchange: hash=[city]
      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
        Scan(1): table=[public.orders], columns=[city, ts] [I]
)");
}

TEST_F(Plans, SessionsArePartitionedAsTheyAreGrouped) {
  const std::string same = Explained(
      "SELECT city, COUNT(*) FROM TABLE(SESSION(TABLE orders PARTITION BY city, DESCRIPTOR(ts), "
      "INTERVAL '10' MINUTE)) GROUP BY city, window_start, window_end");
  EXPECT_NE(same.find("WindowAggregate(1): window=[SESSION(gap=10 min, time=ts)], keys=[city]"),
            std::string::npos)
      << same;
  // Sessions of all cities together: they are made before rows are grouped by city.
  const std::string other = Explained(
      "SELECT city, COUNT(*) FROM TABLE(SESSION(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) "
      "GROUP BY city, window_start, window_end");
  EXPECT_NE(other.find("WindowAggregate(1): window=[window_start, window_end], keys=[city]"),
            std::string::npos)
      << other;
  EXPECT_NE(other.find("WindowTvf(1): window=[SESSION(gap=10 min, time=ts)]"), std::string::npos) << other;
}

TEST_F(Plans, EarlyFireGivesUpdates) {
  ASSERT_TRUE(context_.settings.Set("table.exec.emit.early-fire.enabled", "true"));
  ExpectPlan(
      "SELECT window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), "
      "INTERVAL '1' DAY)) GROUP BY window_start, window_end",
      R"(
Calc(1): select=[window_start, window_end, EXPR$2] [I,UB,UA] key=(window_start, window_end)
  WindowAggregate(1): window=[TUMBLE(size=1 d, time=ts)], keys=[], aggregates=[COUNT(*) AS EXPR$2], early fire [I,UB,UA] key=(window_start, window_end)
    WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
      Scan(1): table=[public.orders], columns=[ts] [I]
)");
}

TEST_F(Plans, TopN) {
  ExpectPlan(
      "SELECT b, a, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY b ORDER BY c DESC) AS rn FROM "
      "plain) WHERE rn <= 3",
      R"(
Calc(1): select=[b, a, $row_number AS rn] [I,UB,UA,D] key=(b, rn)
  Rank(1): partition=[b], order=[c DESC], rank=[1..3], with number [I,UB,UA,D] key=(b, $row_number)
    Exchange: hash=[b]
      Scan(1): table=[public.plain], columns=[a, b, c] [I]
)");
}

TEST_F(Plans, TopNWithoutItsNumber) {
  ExpectPlan(
      "SELECT b, a FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY b ORDER BY a) AS rn FROM plain) "
      "WHERE rn BETWEEN 2 AND 3 AND a > 5",
      R"(
Calc(1): select=[b, a], where=[(a > 5)] [I,D]
  Rank(1): partition=[b], order=[a ASC], rank=[2..3] [I,D]
    Exchange: hash=[b]
      Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, NumberedRowsAreKeyedByTheirNumber) {
  // Not by b as well: when two rows change places, the update of one number takes away what the other has
  // just got.
  Run("CREATE VIEW counts AS SELECT b, COUNT(*) AS n FROM plain GROUP BY b");
  const Result<PlannedQuery> planned = Plan(
      "SELECT b, n, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY n DESC) AS rn FROM counts) WHERE rn <= 3");
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->key, std::vector<int>{2});
  EXPECT_EQ(planned->root->traits.unique_keys.size(), 1u);
}

TEST_F(Plans, RowsThatMoveBetweenRankingsAreKeyedByTheRankingToo) {
  Run("CREATE VIEW sums AS SELECT b, SUM(a) AS n, COUNT(*) AS m FROM plain GROUP BY b");
  const Result<PlannedQuery> planned = Plan(
      "SELECT b, n, m FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY m ORDER BY n) AS rn FROM sums) WHERE "
      "rn <= 3");
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned->key, (std::vector<int>{0, 2}));
}

TEST_F(Plans, QualifyIsTopNToo) {
  ExpectPlan(
      "SELECT b, COUNT(*) AS n FROM plain GROUP BY b QUALIFY ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC) "
      "<= 10",
      R"(
Rank(1): partition=[], order=[n DESC], rank=[1..10] [I,D] key=(b)
  Exchange: single
    GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS n] [I,UB,UA] key=(b)
      Exchange: hash=[b]
        Scan(1): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, Deduplicate) {
  ExpectPlan(
      "SELECT city, id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY city ORDER BY ts DESC) AS rn "
      "FROM orders) WHERE rn = 1",
      R"(
Calc(1): select=[city, id, 1 AS rn] [I,UB,UA] key=(city)
  Deduplicate(1): keep last, keys=[city], time=[ts] [I,UB,UA] key=(city)
    Exchange: hash=[city]
      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
        Scan(1): table=[public.orders], columns=[id, city, ts] [I]
)");
}

TEST_F(Plans, DeduplicateByArrivalOnlyAdds) {
  ExpectPlan(
      "SELECT b, a FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY b ORDER BY PROCTIME()) AS rn FROM "
      "plain) WHERE rn = 1",
      R"(
Calc(1): select=[b, a] [I]
  Deduplicate(1): keep first, keys=[b], time=[arrival] [I]
    Exchange: hash=[b]
      Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, TopNWithinWindows) {
  ExpectPlan(
      "SELECT window_end, city, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, "
      "window_end ORDER BY n DESC) AS rn FROM (SELECT window_start, window_end, city, COUNT(*) AS n "
      "FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)) GROUP BY "
      "window_start, window_end, city)) WHERE rn <= 3",
      R"(
Calc(1): select=[window_end, city, n] [I]
  WindowRank(1): window=[window_start, window_end], partition=[], order=[n DESC], rank=[1..3] [I]
    Exchange: single
      WindowAggregate(1): window=[HOP(slide=5 min, size=1 h, time=ts)], keys=[city], aggregates=[COUNT(*) AS n] [I]
        Exchange: hash=[city]
          WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
            Scan(1): table=[public.orders], columns=[city, ts] [I]
)");
}

TEST_F(Plans, DeduplicateWithinWindows) {
  ExpectPlan(
      "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, city ORDER "
      "BY ts) AS rn FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) WHERE rn = 1",
      R"(
Calc(1): select=[id] [I]
  WindowDeduplicate(1): window=[window_start, window_end], keep first, keys=[city], time=[ts] [I]
    Exchange: hash=[city]
      WindowTvf(1): window=[TUMBLE(size=1 min, time=ts)] [I]
        WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
          Scan(1): table=[public.orders], columns=[id, city, ts] [I]
)");
}

TEST_F(Plans, Unnest) {
  ExpectPlan("SELECT a, tag FROM plain CROSS JOIN UNNEST(tags) AS t(tag) WHERE a > 1", R"(
Calc(2): select=[a, EXPR$0 AS tag] [I]
  Unnest(1): column=[tags] [I]
    Calc(1): select=[a, tags], where=[(a > 1)] [I]
      Scan(1): table=[public.plain], columns=[a, tags] [I]
)");
}

TEST_F(Plans, UnionAll) {
  ExpectPlan("SELECT a, b FROM plain UNION ALL SELECT id, city FROM orders", R"(
Union(1): inputs=2 [I]
  Calc(1): select=[CAST(a AS BIGINT) AS a, b] [I]
    Scan(1): table=[public.plain], columns=[a, b] [I]
  Calc(2): select=[id, city] [I]
    WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
      Scan(2): table=[public.orders], columns=[id, city, ts] [I]
)");
}

TEST_F(Plans, Union) {
  ExpectPlan("SELECT b FROM plain UNION SELECT city FROM printed_source", R"(
42P01 at line 1, column 44: no table or view 'printed_source')");
  ExpectPlan("SELECT b FROM plain UNION SELECT b FROM plain", R"(
GroupAggregate(1): keys=[b], aggregates=[] [I]
  Exchange: hash=[b]
    Union(1): inputs=2 [I]
      Scan(1): table=[public.plain], columns=[b] [I]
      Scan(2): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, Values) {
  ExpectPlan("SELECT x, y FROM (VALUES (1, 'a'), (2, NULL)) AS t(x, y) WHERE x > 1", R"(
Calc(1): select=[EXPR$0 AS x, EXPR$1 AS y], where=[(EXPR$0 > 1)] [I]
  Values(1): rows=[(1, 'a'), (2, NULL)] [I]
)");
}

TEST_F(Plans, TopNOfEverything) {
  ExpectPlan("SELECT a FROM plain ORDER BY c DESC, a LIMIT 5 OFFSET 2", R"(
Calc(1): select=[a] [I,D]
  SortLimit(1): top rows, order=[c DESC, a ASC], offset=2, limit=5 [I,D]
    Scan(1): table=[public.plain], columns=[a, c] [I]
)");
}

TEST_F(Plans, SortsBoundedInputAtItsEnd) {
  context_.source_traits = [](const auto&, const auto&) { return SourceTraits{true, {}, {}}; };
  ExpectPlan("SELECT a AS x FROM plain ORDER BY x", R"(
SortLimit(1): at end, order=[a ASC] [I]
  Scan(1): table=[public.plain], columns=[a] [I]
)");
}

TEST_F(Plans, SortsByTimeAsTheWatermarkPasses) {
  ExpectPlan("SELECT id, ts FROM orders ORDER BY ts, id", R"(
SortLimit(1): by time, order=[ts ASC, id ASC] [I]
  WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
    Scan(1): table=[public.orders], columns=[id, ts] [I]
)");
}

TEST_F(Plans, LimitWithoutOrder) {
  ExpectPlan("SELECT a FROM plain LIMIT 5", R"(
SortLimit(1): first rows, limit=5 [I]
  Scan(1): table=[public.plain], columns=[a] [I]
)");
}

TEST_F(Plans, InsertConvertsToTheTable) {
  ExpectPlan("INSERT INTO printed SELECT b, a FROM plain", R"(
Sink(1): table=[public.printed]
  Calc(1): select=[b AS city, CAST(a AS BIGINT) AS cnt] [I]
    Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, InsertIntoSomeColumns) {
  ExpectPlan("INSERT INTO printed (cnt) SELECT id FROM orders", R"(
Sink(1): table=[public.printed]
  Calc(1): select=[NULL AS city, id AS cnt] [I]
    WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]
      Scan(1): table=[public.orders], columns=[id, ts] [I]
)");
}

TEST_F(Plans, SinkThatTakesEverythingIsToldTheOldValues) {
  ExpectPlan("INSERT INTO printed SELECT b, COUNT(*) FROM plain GROUP BY b", R"(
Sink(1): table=[public.printed]
  GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS EXPR$1] [I,UB,UA] key=(b)
    Exchange: hash=[b]
      Scan(1): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, KeyedTableNeedsNoOldValues) {
  ExpectPlan("INSERT INTO kept SELECT b, COUNT(*) FROM plain GROUP BY b", R"(
Sink(1): table=[public.kept], key=[b], upsert
  GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS EXPR$1] [I,UA] key=(b)
    Exchange: hash=[b]
      Scan(1): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, FilterOnAValueNeedsOldValues) {
  ExpectPlan("INSERT INTO kept SELECT b, COUNT(*) FROM plain GROUP BY b HAVING COUNT(*) < 10", R"(
Sink(1): table=[public.kept], key=[city]
  Calc(1): select=[b AS city, EXPR$1 AS cnt], where=[(EXPR$1 < 10)] [I,UB,UA] key=(city)
    GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS EXPR$1] [I,UB,UA] key=(b)
      Exchange: hash=[b]
        Scan(1): table=[public.plain], columns=[b] [I]
)");
}

TEST_F(Plans, AnotherKeyIsMaterialized) {
  const std::string plan = Explained("INSERT INTO kept SELECT MAX(b), a FROM plain GROUP BY a");
  EXPECT_TRUE(
      plan.starts_with("Sink(1): table=[public.kept], key=[city], upsert\n"
                       "  UpsertMaterialize(1): key=[city] [I,UA,D] key=(city)\n"
                       "    Exchange: hash=[city]\n"))
      << plan;
}

TEST_F(Plans, UpsertSourceIsNormalized) {
  context_.source_traits = [](const auto&, const auto&) {
    return SourceTraits{false, ChangelogMode::Upsert(), {}};
  };
  Run("CREATE TABLE users (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'x')");
  ExpectPlan("SELECT name FROM users", R"(
Exchange: hash=[name]
  Calc(1): select=[name] [I,UB,UA,D]
    ChangelogNormalize(1): key=[id] [I,UB,UA,D] key=(id)
      Exchange: hash=[id]
        Scan(1): table=[public.users], columns=[id, name] [I,UA,D]
)");
}

// The watermark is of the rows as a source partition gives them, whatever shard their key goes to.
TEST_F(Plans, UpsertSourceHasItsWatermarkBeforeItIsNormalized) {
  context_.source_traits = [](const auto&, const auto&) {
    return SourceTraits{false, ChangelogMode::Upsert(), {}};
  };
  Run("CREATE TABLE visits (id BIGINT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS "
      "ts) "
      "WITH ('connector' = 'x')");
  ExpectPlan("SELECT id, ts FROM visits", R"(
ChangelogNormalize(1): key=[id] [I,UB,UA,D] key=(id)
  Exchange: hash=[id]
    WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I,UA,D]
      Scan(1): table=[public.visits], columns=[id, ts] [I,UA,D]
)");
}

// The watermark is the source's: made where its partitions are still apart, before rows are spread by key.
TEST_F(Plans, WatermarkOfAnUpsertSourceIsBelowItsNormalization) {
  context_.source_traits = [](const auto&, const auto&) {
    return SourceTraits{false, ChangelogMode::Upsert(), {}};
  };
  Run("CREATE TABLE users (id BIGINT, v INT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, "
      "WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'x')");
  ExpectPlan("SELECT id, v, ts FROM users", R"(
ChangelogNormalize(1): key=[id] [I,UB,UA,D] key=(id)
  Exchange: hash=[id]
    WatermarkAssigner(1): rowtime=[ts], watermark=[(ts - INTERVAL '+0 00:00:01.000' DAY TO SECOND)] [I,UA,D]
      Scan(1): table=[public.users], columns=[id, v, ts] [I,UA,D]
)");
  // Computed columns that the watermark needs are made below it, others above the normalization.
  Run("CREATE TABLE people (name AS UPPER(n), ts AS TO_TIMESTAMP(t), pt AS PROCTIME(), n STRING, t STRING, "
      "id BIGINT, PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts) WITH ('connector' = 'x')");
  ExpectPlan("SELECT * FROM people", R"(
Calc(2): select=[UPPER(n) AS name, ts, PROCTIME() AS pt, n, t, id] [I,UB,UA,D] key=(id)
  ChangelogNormalize(1): key=[id] [I,UB,UA,D] key=(id)
    Exchange: hash=[id]
      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I,UA,D]
        Calc(1): select=[TO_TIMESTAMP(t) AS ts, n, t, id] [I,UA,D]
          Scan(1): table=[public.people], columns=[n, t, id] [I,UA,D]
)");
}

TEST_F(Plans, ViewsAreExpanded) {
  Run("CREATE VIEW big (k, v) AS SELECT b, a FROM plain WHERE a > 100");
  ExpectPlan("SELECT k FROM big WHERE v < 200", R"(
Calc(1): select=[b AS k], where=[((a > 100) AND (a < 200))] [I]
  Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, NamedQueries) {
  ExpectPlan("WITH x AS (SELECT a, b FROM plain), y (k) AS (SELECT b FROM x WHERE a = 1) SELECT k FROM y", R"(
Calc(1): select=[b AS k], where=[(a = 1)] [I]
  Scan(1): table=[public.plain], columns=[a, b] [I]
)");
}

TEST_F(Plans, MaterializedViewsPassTimeAndWindowsOn) {
  Run("CREATE MATERIALIZED VIEW dwd.clean AS SELECT id, city, ts FROM orders WHERE amount > 0;"
      "CREATE MATERIALIZED VIEW dws.hourly AS SELECT window_start, window_end, city, COUNT(*) AS n FROM "
      "TABLE(TUMBLE(TABLE dwd.clean, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, "
      "city");
  const catalog::EntryPtr hourly = catalog_.Find({"dws", "hourly"});
  ASSERT_NE(hourly, nullptr);
  EXPECT_TRUE(hourly->materialized_view->append_only);
  EXPECT_EQ(hourly->materialized_view->key, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(hourly->dependencies, (std::vector<catalog::ObjectName>{{"dwd", "clean"}}));
  ExpectPlan(
      "SELECT window_end, city FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end "
      "ORDER BY n DESC) AS rn FROM dws.hourly) WHERE rn = 1",
      R"(
Calc(1): select=[window_end, city] [I]
  WindowRank(1): window=[window_start, window_end], partition=[], order=[n DESC], rank=[1..1] [I]
    Exchange: single
      TableScan(1): table=[dws.hourly], columns=[window_start, window_end, city, n] [I]
)");
}

TEST_F(Plans, MaterializedViewsAreKeyedByTheirGroups) {
  Run("CREATE MATERIALIZED VIEW counts AS SELECT COUNT(*) AS n, b FROM plain GROUP BY b");
  const catalog::EntryPtr counts = catalog_.Find({"public", "counts"});
  ASSERT_NE(counts, nullptr);
  EXPECT_EQ(counts->materialized_view->key, std::vector<int>{1});
  EXPECT_FALSE(counts->materialized_view->append_only);
  ExpectPlan("SELECT SUM(n) FROM counts", R"(
GroupAggregate(1): keys=[], aggregates=[SUM(n) AS EXPR$0] [I,UB,UA,D] key=()
  Exchange: single
    TableScan(1): table=[public.counts], columns=[n] [I,UB,UA,D]
)");
}

TEST_F(Plans, ComputedAndMetadataColumns) {
  Run("CREATE TABLE events (millis BIGINT, off BIGINT METADATA FROM 'offset' VIRTUAL, kind STRING, "
      "ts AS TO_TIMESTAMP_LTZ(millis, 3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = "
      "'x')");
  const std::string plan = Explained("SELECT kind, off, ts FROM events");
  EXPECT_NE(plan.find("Scan(1): table=[public.events], columns=[millis, kind, off] [I]"), std::string::npos)
      << plan;
  EXPECT_NE(plan.find("TO_TIMESTAMP_LTZ(millis, 3) AS ts"), std::string::npos) << plan;
}

TEST_F(Plans, PeriodsOverlapWhenNeitherIsWhollyBeforeTheOther) {
  ExpectPlan(
      "SELECT (TIME '09:00:00', INTERVAL '1' HOUR) OVERLAPS (TIME '12:00:00', TIME '09:30:00') AS x, "
      "(TIME '09:00:00', TIME '10:00:00') OVERLAPS (TIME '10:30:00', TIME '12:00:00') AS y",
      R"(
Calc(1): select=[TRUE AS x, FALSE AS y] [I]
  Values(1): rows=[()] [I]
)");
}

TEST_F(Plans, TypesOfLiterals) {
  const Result<PlannedQuery> planned = Plan(
      "SELECT 'abc', 1, 3000000000, 1.50, 1e0, TRUE, DATE '2024-01-31', TIMESTAMP '2024-01-31 10:00:00.123', "
      "INTERVAL '1' DAY, NULL");
  ASSERT_TRUE(planned.has_value()) << planned.error().ToString();
  const char* expected[] = {"CHAR(3) NOT NULL",       "INT NOT NULL",         "BIGINT NOT NULL",
                            "DECIMAL(3, 2) NOT NULL", "DOUBLE NOT NULL",      "BOOLEAN NOT NULL",
                            "DATE NOT NULL",          "TIMESTAMP(3) NOT NULL"};
  for (size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(planned->schema[i].type.ToString(), expected[i]);
  EXPECT_EQ(planned->schema[0].name, "EXPR$0");
}

}  // namespace
}  // namespace millrace::plan
