// Names: PostgreSQL 15's own for the same statements.
#include "query/column_names.h"

#include <gtest/gtest.h>

namespace millrace::query {
namespace {

// The names with a comma between them; - where DuckDB's stays.
std::string Names(std::string_view sql, size_t columns) {
  std::string text;
  for (const auto& name : ColumnNames(sql, columns)) text += (text.empty() ? "" : ",") + name.value_or("-");
  return text;
}

TEST(ColumnNamesTest, AreThoseOfPostgres) {
  EXPECT_EQ(Names("SELECT count(*), 1+1, upper('a'), array[1], case when true then 1 else 2 end", 5),
            "count,?column?,upper,array,case");
  EXPECT_EQ(Names("SELECT CAST(1 AS INT), 'x'::text, NULL, (SELECT 5 AS five), EXISTS(SELECT 1)", 5),
            "int4,text,?column?,five,exists");
  EXPECT_EQ(Names("SELECT coalesce(1, 2), INTERVAL '1 day', row(1, 2), nullif(1, 2), trim('a'), -(1)", 6),
            "coalesce,interval,row,nullif,btrim,?column?");
  EXPECT_EQ(
      Names("SELECT DATE '2020-01-01', $1, CASE 1 WHEN 1 THEN 2 ELSE upper('a') END, sum(a) OVER ()", 4),
      "date,?column?,upper,sum");
}

TEST(ColumnNamesTest, LeavesNamesThatThereAre) {
  EXPECT_EQ(Names("SELECT a, t.b, count(*) AS n, count(*) m, \"Q\" FROM t", 5), "-,-,-,-,-");
  EXPECT_EQ(Names("SELECT n: count(*), count(*) FROM t", 2), "-,count");
}

TEST(ColumnNamesTest, CountsFromBothSidesOfAStar) {
  EXPECT_EQ(Names("SELECT count(*), *, max(a) FROM t", 4), "count,-,-,max");
  EXPECT_EQ(Names("SELECT 1, t.*, 2, u.*, sum(3) FROM t, u", 6), "?column?,-,-,-,-,sum");
  EXPECT_EQ(Names("SELECT COLUMNS('a.*'), sum(3) FROM t", 3), "-,-,sum");
  EXPECT_EQ(Names("SELECT * EXCLUDE (a), sum(3) FROM t", 3), "-,-,sum");
}

TEST(ColumnNamesTest, AreOfTheOutermostSelect) {
  EXPECT_EQ(Names("WITH c AS (SELECT max(1)) SELECT count(*) FROM (SELECT min(2))", 1), "count");
  EXPECT_EQ(Names("SELECT sum(1) UNION ALL SELECT count(*)", 1), "sum");
  EXPECT_EQ(Names("FROM t", 2), "-,-");
  EXPECT_EQ(Names("FROM t SELECT count(*)", 1), "count");
  // What does not add up is left alone.
  EXPECT_EQ(Names("SELECT 1, 2", 3), "-,-,-");
  EXPECT_EQ(Names("SELECT (1", 1), "-");
}

}  // namespace
}  // namespace millrace::query
