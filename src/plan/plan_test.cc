// Plans of queries, as EXPLAIN shows them.
#include "plan/plan_test_fixture.h"

namespace millrace::plan {
namespace {

class Plans : public PlanTest {
 protected:
  void SetUp() override {
    Run("CREATE TABLE orders (id BIGINT, city STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3), "
        "WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');"
        "CREATE TABLE plain (a INT, b STRING, c DOUBLE, tags ARRAY<STRING>) WITH ('connector' = 'datagen');"
        "CREATE TABLE printed (city STRING, cnt BIGINT) WITH ('connector' = 'print');"
        "CREATE TABLE kept (city STRING, cnt BIGINT, PRIMARY KEY (city) NOT ENFORCED)");
  }
};

TEST_F(Plans, ReadsOnlyTheColumnsItNeeds) {
  EXPECT_EQ(Explained("SELECT b FROM plain WHERE a > 10"),
            "Calc(1): select=[b], where=[(a > 10)] [I]\n"
            "  Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, MergesNestedSelects) {
  EXPECT_EQ(Explained("SELECT x + 1 AS y FROM (SELECT a AS x, b FROM plain WHERE b = 'k') WHERE x > 3"),
            "Calc(1): select=[(a + 1) AS y], where=[((b = 'k') AND (a > 3))] [I]\n"
            "  Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, ComputesNothingTwice) {
  EXPECT_EQ(Explained("SELECT x, x + 1 AS y FROM (SELECT a * 2 AS x FROM plain)"),
            "Calc(2): select=[x, (x + 1) AS y] [I]\n"
            "  Calc(1): select=[(a * 2) AS x] [I]\n"
            "    Scan(1): table=[public.plain], columns=[a] [I]\n");
}

TEST_F(Plans, FoldsConstants) {
  EXPECT_EQ(Explained("SELECT a FROM plain WHERE 1 + 1 = 2 AND a > 2 * 3"),
            "Calc(1): select=[a], where=[(a > 6)] [I]\n"
            "  Scan(1): table=[public.plain], columns=[a] [I]\n");
}

TEST_F(Plans, GroupAggregate) {
  EXPECT_EQ(Explained("SELECT b, COUNT(*), SUM(a) AS total FROM plain GROUP BY b"),
            "GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS $a0, SUM(a) AS $a1] [I,UB,UA] key=(b)\n"
            "  Exchange: hash=[b]\n"
            "    Calc(1): select=[b, a] [I]\n"
            "      Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, AggregateOverEverything) {
  EXPECT_EQ(Explained("SELECT COUNT(*) FROM plain HAVING COUNT(*) > 2"),
            "Calc(1): select=[$a0 AS EXPR$0], where=[($a0 > 2)] [I,UB,UA] key=()\n"
            "  GroupAggregate(1): keys=[], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=()\n"
            "    Exchange: single\n"
            "      Scan(1): table=[public.plain], columns=[a] [I]\n");
}

TEST_F(Plans, AggregateOfAggregateTakesRetractions) {
  EXPECT_EQ(Explained("SELECT n, COUNT(*) FROM (SELECT b, COUNT(*) AS n FROM plain GROUP BY b) GROUP BY n"),
            "GroupAggregate(2): keys=[n], aggregates=[COUNT(*) AS $a0] [I,UB,UA,D] key=(n)\n"
            "  Exchange: hash=[n]\n"
            "    Calc(1): select=[$a0 AS n] [I,UB,UA]\n"
            "      GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=(b)\n"
            "        Exchange: hash=[b]\n"
            "          Scan(1): table=[public.plain], columns=[b] [I]\n");
}

TEST_F(Plans, FilterAndDistinctAggregates) {
  EXPECT_EQ(Explained("SELECT COUNT(DISTINCT b) FILTER (WHERE a > 1), COUNT(DISTINCT b) FROM plain"),
            "GroupAggregate(1): keys=[], aggregates=[COUNT(DISTINCT b) FILTER $f1 AS $a0, COUNT(DISTINCT b) "
            "AS $a1] "
            "[I,UB,UA] key=()\n"
            "  Exchange: single\n"
            "    Calc(1): select=[b, (a > 1) AS $f1] [I]\n"
            "      Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, SelectDistinct) {
  EXPECT_EQ(Explained("SELECT DISTINCT b FROM plain"),
            "GroupAggregate(1): keys=[b], aggregates=[] [I]\n"
            "  Exchange: hash=[b]\n"
            "    Scan(1): table=[public.plain], columns=[b] [I]\n");
}

TEST_F(Plans, KeyFilterGoesBelowTheAggregate) {
  EXPECT_EQ(
      Explained("SELECT b, n FROM (SELECT b, COUNT(*) AS n FROM plain GROUP BY b) WHERE b = 'x' AND n > 1"),
      "Calc(2): select=[b, $a0 AS n], where=[($a0 > 1)] [I,UB,UA] key=(b)\n"
      "  GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=(b)\n"
      "    Exchange: hash=[b]\n"
      "      Calc(1): select=[b], where=[(b = 'x')] [I]\n"
      "        Scan(1): table=[public.plain], columns=[b] [I]\n");
}

TEST_F(Plans, Rollup) {
  EXPECT_EQ(Explained("SELECT b, a, COUNT(*) FROM plain GROUP BY ROLLUP (b, a)"),
            "Calc(2): select=[b, a, $a0 AS EXPR$2] [I,UB,UA]\n"
            "  GroupAggregate(1): keys=[b, a, $expand_id], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=(b, a, "
            "$expand_id)\n"
            "    Exchange: hash=[b, a, $expand_id]\n"
            "      Expand(1): projections=[(b, a, 0 AS $expand_id), (b, NULL AS a, 1 AS $expand_id), (NULL "
            "AS b, NULL "
            "AS a, 2 AS $expand_id)] [I]\n"
            "        Calc(1): select=[b, a] [I]\n"
            "          Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, WindowFunctionIsFoldedIntoItsAggregate) {
  EXPECT_EQ(Explained("SELECT window_start, window_end, city, SUM(amount) FROM "
                      "TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR)) "
                      "WHERE city <> 'x' GROUP BY window_start, window_end, city"),
            "Calc(2): select=[window_start, window_end, city, $a0 AS EXPR$3] [I]\n"
            "  WindowAggregate(1): window=[TUMBLE(size=1 h, time=ts)], keys=[city], aggregates=[SUM(amount) "
            "AS $a0] "
            "[I]\n"
            "    Exchange: hash=[city]\n"
            "      Calc(1): select=[city, amount, ts], where=[(city <> 'x')] [I]\n"
            "        WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
            "          Scan(1): table=[public.orders], columns=[city, amount, ts] [I]\n");
}

TEST_F(Plans, WindowFunctionByItself) {
  EXPECT_EQ(Explained("SELECT id, window_end FROM TABLE(HOP(DATA => TABLE orders, TIMECOL => DESCRIPTOR(ts), "
                      "SLIDE => INTERVAL '5' MINUTE, SIZE => INTERVAL '1' HOUR)) WHERE id = 7"),
            "Calc(2): select=[id, window_end] [I]\n"
            "  WindowTvf(1): window=[HOP(slide=5 min, size=1 h, time=ts)] [I]\n"
            "    Calc(1): select=[id, ts], where=[(id = 7)] [I]\n"
            "      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
            "        Scan(1): table=[public.orders], columns=[id, ts] [I]\n");
}

TEST_F(Plans, CascadedWindows) {
  EXPECT_EQ(
      Explained("SELECT window_start, window_end, MAX(n) FROM (SELECT window_start, window_end, city, "
                "COUNT(*) AS n "
                "FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR)) "
                "GROUP BY window_start, window_end, city) GROUP BY window_start, window_end"),
      "Calc(2): select=[window_start, window_end, $a0 AS EXPR$2] [I]\n"
      "  WindowAggregate(2): window=[window_start, window_end], keys=[], aggregates=[MAX($a0) AS $a0] [I]\n"
      "    Exchange: single\n"
      "      Calc(1): select=[$a0, window_start, window_end] [I]\n"
      "        WindowAggregate(1): window=[TUMBLE(size=1 h, time=ts)], keys=[city], aggregates=[COUNT(*) AS "
      "$a0] "
      "[I]\n"
      "          Exchange: hash=[city]\n"
      "            WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
      "              Scan(1): table=[public.orders], columns=[city, ts] [I]\n");
}

TEST_F(Plans, WindowOverWindowTime) {
  const std::string plan = Explained(
      "SELECT window_start, window_end, SUM(n) FROM TABLE(TUMBLE((SELECT window_time AS rt, COUNT(*) AS n "
      "FROM "
      "TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) "
      "GROUP BY window_start, window_end, window_time), DESCRIPTOR(rt), INTERVAL '1' HOUR)) "
      "GROUP BY window_start, window_end");
  EXPECT_NE(
      plan.find(
          "WindowAggregate(2): window=[TUMBLE(size=1 h, time=window_time)], keys=[], aggregates=[SUM($a0) "
          "AS $a0] [I]"),
      std::string::npos)
      << plan;
}

TEST_F(Plans, GroupWindow) {
  EXPECT_EQ(Explained("SELECT city, TUMBLE_END(ts, INTERVAL '10' MINUTE), COUNT(*) FROM orders "
                      "GROUP BY city, TUMBLE(ts, INTERVAL '10' MINUTE)"),
            "Calc(1): select=[city, window_end AS EXPR$1, $a0 AS EXPR$2] [I]\n"
            "  WindowAggregate(1): window=[TUMBLE(size=10 min, time=ts)], keys=[city], aggregates=[COUNT(*) "
            "AS $a0] "
            "[I]\n"
            "    Exchange: hash=[city]\n"
            "      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
            "        Scan(1): table=[public.orders], columns=[city, ts] [I]\n");
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
  EXPECT_EQ(
      Explained(
          "SELECT window_start, window_end, COUNT(*) FROM "
          "TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end"),
      "Calc(1): select=[window_start, window_end, $a0 AS EXPR$2] [I,UB,UA] key=(window_start, window_end)\n"
      "  WindowAggregate(1): window=[TUMBLE(size=1 d, time=ts)], keys=[], aggregates=[COUNT(*) AS $a0], "
      "early "
      "fire [I,UB,UA] key=(window_start, window_end)\n"
      "    Exchange: single\n"
      "      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
      "        Scan(1): table=[public.orders], columns=[ts] [I]\n");
}

TEST_F(Plans, TopN) {
  EXPECT_EQ(
      Explained("SELECT b, a, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY b ORDER BY c DESC) AS rn "
                "FROM plain) WHERE rn <= 3"),
      "Calc(2): select=[b, a, $row_number AS rn] [I,UB,UA,D] key=(b, rn)\n"
      "  Rank(1): partition=[b], order=[c DESC], rank=[1..3], with number [I,UB,UA,D] key=(b, $row_number)\n"
      "    Exchange: hash=[b]\n"
      "      Scan(1): table=[public.plain], columns=[a, b, c] [I]\n");
}

TEST_F(Plans, TopNWithoutItsNumber) {
  EXPECT_EQ(
      Explained("SELECT b, a FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY b ORDER BY a) AS rn FROM plain) "
                "WHERE rn BETWEEN 2 AND 3 AND a > 5"),
      "Calc(1): select=[b, a], where=[(a > 5)] [I,D]\n"
      "  Rank(1): partition=[b], order=[a ASC], rank=[2..3] [I,D]\n"
      "    Exchange: hash=[b]\n"
      "      Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, QualifyIsTopNToo) {
  EXPECT_EQ(
      Explained(
          "SELECT b, COUNT(*) AS n FROM plain GROUP BY b QUALIFY ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC) "
          "<= 10"),
      "Calc(1): select=[b, $a0 AS n] [I,D] key=(b)\n"
      "  Rank(1): partition=[], order=[$a0 DESC], rank=[1..10] [I,D] key=(b)\n"
      "    Exchange: single\n"
      "      GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=(b)\n"
      "        Exchange: hash=[b]\n"
      "          Scan(1): table=[public.plain], columns=[b] [I]\n");
}

TEST_F(Plans, Deduplicate) {
  EXPECT_EQ(
      Explained(
          "SELECT city, id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY city ORDER BY ts DESC) AS rn "
          "FROM orders) WHERE rn = 1"),
      "Calc(1): select=[city, id, 1 AS rn] [I,UB,UA] key=(city)\n"
      "  Deduplicate(1): keep last, keys=[city], time=[ts] [I,UB,UA] key=(city)\n"
      "    Exchange: hash=[city]\n"
      "      WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
      "        Scan(1): table=[public.orders], columns=[id, city, ts] [I]\n");
}

TEST_F(Plans, DeduplicateByArrivalOnlyAdds) {
  EXPECT_EQ(
      Explained("SELECT b, a FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY b ORDER BY PROCTIME()) AS rn "
                "FROM plain) WHERE rn = 1"),
      "Calc(1): select=[b, a] [I]\n"
      "  Deduplicate(1): keep first, keys=[b], time=[arrival] [I]\n"
      "    Exchange: hash=[b]\n"
      "      Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, TopNWithinWindows) {
  EXPECT_EQ(
      Explained("SELECT window_end, city, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, "
                "window_end "
                "ORDER BY n DESC) AS rn FROM (SELECT window_start, window_end, city, COUNT(*) AS n FROM "
                "TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)) "
                "GROUP BY window_start, window_end, city)) WHERE rn <= 3"),
      "Calc(1): select=[window_end, city, $a0 AS n] [I]\n"
      "  WindowRank(1): window=[window_start, window_end], partition=[], order=[$a0 DESC], rank=[1..3] [I]\n"
      "    Exchange: single\n"
      "      WindowAggregate(1): window=[HOP(slide=5 min, size=1 h, time=ts)], keys=[city], "
      "aggregates=[COUNT(*) "
      "AS $a0] [I]\n"
      "        Exchange: hash=[city]\n"
      "          WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
      "            Scan(1): table=[public.orders], columns=[city, ts] [I]\n");
}

TEST_F(Plans, DeduplicateWithinWindows) {
  EXPECT_EQ(
      Explained(
          "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, city ORDER BY "
          "ts) AS rn FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) WHERE rn = 1"),
      "Calc(1): select=[id] [I]\n"
      "  WindowDeduplicate(1): window=[window_start, window_end], keep first, keys=[city], time=[ts] [I]\n"
      "    Exchange: hash=[city]\n"
      "      WindowTvf(1): window=[TUMBLE(size=1 min, time=ts)] [I]\n"
      "        WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
      "          Scan(1): table=[public.orders], columns=[id, city, ts] [I]\n");
}

TEST_F(Plans, Unnest) {
  EXPECT_EQ(Explained("SELECT a, tag FROM plain CROSS JOIN UNNEST(tags) AS t(tag) WHERE a > 1"),
            "Calc(2): select=[a, EXPR$0 AS tag] [I]\n"
            "  Unnest(1): column=[tags] [I]\n"
            "    Calc(1): select=[a, tags], where=[(a > 1)] [I]\n"
            "      Scan(1): table=[public.plain], columns=[a, tags] [I]\n");
}

TEST_F(Plans, UnionAll) {
  EXPECT_EQ(Explained("SELECT a, b FROM plain UNION ALL SELECT id, city FROM orders"),
            "Union(1): inputs=2 [I]\n"
            "  Calc(1): select=[CAST(a AS BIGINT) AS a, b] [I]\n"
            "    Scan(1): table=[public.plain], columns=[a, b] [I]\n"
            "  Calc(2): select=[id, city] [I]\n"
            "    WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
            "      Scan(2): table=[public.orders], columns=[id, city, ts] [I]\n");
}

TEST_F(Plans, Union) {
  EXPECT_EQ(Explained("SELECT b FROM plain UNION SELECT city FROM printed_source"),
            "42P01 at line 1, column 41: no table or view 'printed_source'");
  EXPECT_EQ(Explained("SELECT b FROM plain UNION SELECT b FROM plain"),
            "GroupAggregate(1): keys=[b], aggregates=[] [I]\n"
            "  Exchange: hash=[b]\n"
            "    Union(1): inputs=2 [I]\n"
            "      Scan(1): table=[public.plain], columns=[b] [I]\n"
            "      Scan(2): table=[public.plain], columns=[b] [I]\n");
}

TEST_F(Plans, Values) {
  EXPECT_EQ(Explained("SELECT x, y FROM (VALUES (1, 'a'), (2, NULL)) AS t(x, y) WHERE x > 1"),
            "Calc(1): select=[EXPR$0 AS x, EXPR$1 AS y], where=[(EXPR$0 > 1)] [I]\n"
            "  Values(1): rows=[(1, 'a'), (2, NULL)] [I]\n");
}

TEST_F(Plans, TopNOfEverything) {
  EXPECT_EQ(Explained("SELECT a FROM plain ORDER BY c DESC, a LIMIT 5 OFFSET 2"),
            "Calc(1): select=[a] [I,D]\n"
            "  SortLimit(1): top rows, order=[c DESC, a ASC], offset=2, limit=5 [I,D]\n"
            "    Exchange: single\n"
            "      Scan(1): table=[public.plain], columns=[a, c] [I]\n");
}

TEST_F(Plans, SortsBoundedInputAtItsEnd) {
  context_.source_traits = [](const auto&, const auto&) { return SourceTraits{true, {}, {}}; };
  EXPECT_EQ(Explained("SELECT a AS x FROM plain ORDER BY x"),
            "SortLimit(1): at end, order=[a ASC] [I]\n"
            "  Exchange: single\n"
            "    Scan(1): table=[public.plain], columns=[a] [I]\n");
}

TEST_F(Plans, SortsByTimeAsTheWatermarkPasses) {
  EXPECT_EQ(Explained("SELECT id, ts FROM orders ORDER BY ts, id"),
            "SortLimit(1): by time, order=[ts ASC, id ASC] [I]\n"
            "  Exchange: single\n"
            "    WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
            "      Scan(1): table=[public.orders], columns=[id, ts] [I]\n");
}

TEST_F(Plans, LimitWithoutOrder) {
  EXPECT_EQ(Explained("SELECT a FROM plain LIMIT 5"),
            "SortLimit(1): first rows, limit=5 [I]\n"
            "  Exchange: single\n"
            "    Scan(1): table=[public.plain], columns=[a] [I]\n");
}

TEST_F(Plans, InsertConvertsToTheTable) {
  EXPECT_EQ(Explained("INSERT INTO printed SELECT b, a FROM plain"),
            "Sink(1): table=[public.printed]\n"
            "  Calc(1): select=[b AS city, CAST(a AS BIGINT) AS cnt] [I]\n"
            "    Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, InsertIntoSomeColumns) {
  EXPECT_EQ(Explained("INSERT INTO printed (cnt) SELECT id FROM orders"),
            "Sink(1): table=[public.printed]\n"
            "  Calc(1): select=[NULL AS city, id AS cnt] [I]\n"
            "    WatermarkAssigner(1): rowtime=[ts], watermark=[ts] [I]\n"
            "      Scan(1): table=[public.orders], columns=[id, ts] [I]\n");
}

TEST_F(Plans, SinkThatTakesEverythingIsToldTheOldValues) {
  EXPECT_EQ(Explained("INSERT INTO printed SELECT b, COUNT(*) FROM plain GROUP BY b"),
            "Sink(1): table=[public.printed]\n"
            "  GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=(b)\n"
            "    Exchange: hash=[b]\n"
            "      Scan(1): table=[public.plain], columns=[b] [I]\n");
}

TEST_F(Plans, KeyedTableNeedsNoOldValues) {
  EXPECT_EQ(Explained("INSERT INTO kept SELECT b, COUNT(*) FROM plain GROUP BY b"),
            "Sink(1): table=[public.kept], key=[b], upsert\n"
            "  GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS $a0] [I,UA] key=(b)\n"
            "    Exchange: hash=[b]\n"
            "      Scan(1): table=[public.plain], columns=[b] [I]\n");
}

TEST_F(Plans, FilterOnAValueNeedsOldValues) {
  EXPECT_EQ(Explained("INSERT INTO kept SELECT b, COUNT(*) FROM plain GROUP BY b HAVING COUNT(*) < 10"),
            "Sink(1): table=[public.kept], key=[city]\n"
            "  Calc(1): select=[b AS city, $a0 AS cnt], where=[($a0 < 10)] [I,UB,UA] key=(city)\n"
            "    GroupAggregate(1): keys=[b], aggregates=[COUNT(*) AS $a0] [I,UB,UA] key=(b)\n"
            "      Exchange: hash=[b]\n"
            "        Scan(1): table=[public.plain], columns=[b] [I]\n");
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
  EXPECT_EQ(Explained("SELECT name FROM users"),
            "Calc(1): select=[name] [I,UB,UA,D]\n"
            "  ChangelogNormalize(1): key=[id] [I,UB,UA,D] key=(id)\n"
            "    Exchange: hash=[id]\n"
            "      Scan(1): table=[public.users], columns=[id, name] [I,UA,D]\n");
}

TEST_F(Plans, ViewsAreExpanded) {
  Run("CREATE VIEW big (k, v) AS SELECT b, a FROM plain WHERE a > 100");
  EXPECT_EQ(Explained("SELECT k FROM big WHERE v < 200"),
            "Calc(1): select=[b AS k], where=[((a > 100) AND (a < 200))] [I]\n"
            "  Scan(1): table=[public.plain], columns=[a, b] [I]\n");
}

TEST_F(Plans, NamedQueries) {
  EXPECT_EQ(
      Explained("WITH x AS (SELECT a, b FROM plain), y (k) AS (SELECT b FROM x WHERE a = 1) SELECT k FROM y"),
      "Calc(1): select=[b AS k], where=[(a = 1)] [I]\n"
      "  Scan(1): table=[public.plain], columns=[a, b] [I]\n");
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
  EXPECT_EQ(
      Explained(
          "SELECT window_end, city FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end "
          "ORDER BY n DESC) AS rn FROM dws.hourly) WHERE rn = 1"),
      "Calc(1): select=[window_end, city] [I]\n"
      "  WindowRank(1): window=[window_start, window_end], partition=[], order=[n DESC], rank=[1..1] [I]\n"
      "    Exchange: single\n"
      "      TableScan(1): table=[dws.hourly], columns=[window_start, window_end, city, n] [I]\n");
}

TEST_F(Plans, MaterializedViewsAreKeyedByTheirGroups) {
  Run("CREATE MATERIALIZED VIEW counts AS SELECT COUNT(*) AS n, b FROM plain GROUP BY b");
  const catalog::EntryPtr counts = catalog_.Find({"public", "counts"});
  ASSERT_NE(counts, nullptr);
  EXPECT_EQ(counts->materialized_view->key, std::vector<int>{1});
  EXPECT_FALSE(counts->materialized_view->append_only);
  EXPECT_EQ(Explained("SELECT SUM(n) FROM counts"),
            "GroupAggregate(1): keys=[], aggregates=[SUM(n) AS $a0] [I,UB,UA,D] key=()\n"
            "  Exchange: single\n"
            "    TableScan(1): table=[public.counts], columns=[n] [I,UB,UA,D]\n");
}

TEST_F(Plans, ComputedAndMetadataColumns) {
  Run("CREATE TABLE events (at BIGINT, off BIGINT METADATA FROM 'offset' VIRTUAL, kind STRING, "
      "ts AS TO_TIMESTAMP_LTZ(at, 3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = "
      "'x')");
  const std::string plan = Explained("SELECT kind, off, ts FROM events");
  EXPECT_NE(plan.find("Scan(1): table=[public.events], columns=[at, kind, off] [I]"), std::string::npos)
      << plan;
  EXPECT_NE(plan.find("TO_TIMESTAMP_LTZ(at, 3) AS ts"), std::string::npos) << plan;
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
