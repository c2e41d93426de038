// Wrong statements, with the exact messages that they get.
#include <string>

#include "plan/plan_test_fixture.h"

namespace millrace::plan {
namespace {

class Errors : public PlanTest {
 protected:
  void SetUp() override {
    Run("CREATE TABLE orders (id BIGINT, city STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3), pt AS "
        "PROCTIME(), "
        "WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');"
        "CREATE TABLE plain (a INT, b STRING, r ROW<x INT, y STRING>, t TIMESTAMP(3)) WITH ('connector' = "
        "'datagen');"
        "CREATE TABLE out_table (city STRING, cnt BIGINT) WITH ('connector' = 'print');"
        "CREATE TABLE strict (k BIGINT NOT NULL, v STRING) WITH ('connector' = 'print');"
        "CREATE TABLE log (city STRING, cnt BIGINT);"
        "CREATE VIEW v AS SELECT a, b FROM plain;"
        "CREATE MATERIALIZED VIEW mv AS SELECT b, COUNT(*) AS n FROM plain GROUP BY b");
  }

  void Expect(std::string_view sql, std::string_view error) { EXPECT_EQ(ErrorOf(sql), error) << sql; }
};

TEST_F(Errors, Tables) {
  Expect("SELECT * FROM ordes",
         "42P01 at line 1, column 15: no table or view 'ordes'\nHINT: did you mean 'orders'?");
  Expect("SELECT * FROM ods.orders",
         "42P01 at line 1, column 15: no table or view 'ods.orders'\nHINT: there is one in another schema: "
         "'public.orders'");
  Expect("SELECT * FROM dwdd.x", "3F000 at line 1, column 15: no schema 'dwdd'\nHINT: did you mean 'dwd'?");
  Expect("SELECT * FROM hive.db.t",
         "42704 at line 1, column 15: no catalog 'hive'\nHINT: the only catalog is 'default_catalog'");
  Expect("WITH recent AS (SELECT a FROM plain) SELECT * FROM resent",
         "42P01 at line 1, column 52: no table or view 'resent'\nHINT: did you mean 'recent'?");
  Expect("WITH x AS (SELECT 1), x AS (SELECT 2) SELECT * FROM x",
         "42P07 at line 1, column 23: WITH defines 'x' twice");
}

TEST_F(Errors, Columns) {
  Expect("SELECT ctiy FROM orders",
         "42703 at line 1, column 8: no column 'ctiy'\nHINT: did you mean 'city'?");
  Expect("SELECT o.ctiy FROM orders AS o",
         "42703 at line 1, column 10: no column 'ctiy' in 'o'\nHINT: did you mean 'city'?");
  Expect("SELECT x.id FROM orders AS o",
         "42P01 at line 1, column 8: no table or column 'x' here\nHINT: the tables here are o");
  Expect("SELECT zzzzzz FROM plain",
         "42703 at line 1, column 8: no column 'zzzzzz'\nHINT: the columns are a, b, r, t");
  Expect("SELECT a FROM (SELECT a, a AS a FROM plain) AS s (a, a)",
         "42702 at line 1, column 8: column 'a' is not unique here\nHINT: give one of them another name (AS) "
         "where "
         "they come from");
  Expect("SELECT q.* FROM plain AS p",
         "42P01 at line 1, column 8: no table 'q' here\nHINT: the tables here are p");
  Expect("SELECT r.z FROM plain", "42703 at line 1, column 10: no field 'z'\nHINT: the fields are x, y");
  Expect("SELECT b.z FROM plain",
         "42703 at line 1, column 10: no field 'z' in a value of type STRING\nHINT: only ROW values have "
         "fields");
  Expect("SELECT City FROM orders",
         "42703 at line 1, column 8: no column 'City'\nHINT: did you mean 'city'?");
  Expect(
      "SELECT 1 FROM (SELECT a FROM plain) AS p (x, y)",
      "42601 at line 1, column 43: 2 column names are given for 1 columns\nHINT: name all of them or none");
}

TEST_F(Errors, Conditions) {
  Expect("SELECT a FROM plain WHERE a",
         "42804 at line 1, column 27: WHERE must be BOOLEAN, not INT\nHINT: write a comparison");
  Expect("SELECT a FROM plain WHERE COUNT(*) > 1",
         "42803 at line 1, column 27: the aggregate function COUNT cannot stand in WHERE\nHINT: filter "
         "groups in HAVING");
  Expect("SELECT a FROM plain WHERE ROW_NUMBER() OVER (ORDER BY a) = 1",
         "0A000 at line 1, column 27: ROW_NUMBER cannot stand in WHERE\nHINT: give it a name in a subquery's "
         "select list "
         "and filter by that name");
  Expect(
      "SELECT a FROM plain WHERE a IN (SELECT id FROM orders)",
      "0A000 at line 1, column 29: IN with a subquery is not supported yet\nHINT: IN takes a list of values");
  Expect("SELECT a FROM plain WHERE EXISTS (SELECT 1 FROM orders)",
         "0A000 at line 1, column 27: EXISTS with a subquery is not supported yet\nHINT: subqueries are "
         "supported in FROM");
  Expect("SELECT (SELECT MAX(a) FROM plain) FROM orders",
         "0A000 at line 1, column 8: a subquery as a value is not supported yet\nHINT: subqueries are "
         "supported in FROM");
  Expect("SELECT CASE WHEN a THEN 1 END FROM plain",
         "42804 at line 1, column 18: the condition after WHEN must be BOOLEAN, not INT");
}

TEST_F(Errors, Grouping) {
  Expect("SELECT b, a, COUNT(*) FROM plain GROUP BY b",
         "42803 at line 1, column 11: column 'a' is neither in GROUP BY nor inside an aggregate "
         "function\nHINT: add it to "
         "GROUP BY, or aggregate it, e.g. MAX(a)");
  Expect("SELECT b, COUNT(*) FROM plain",
         "42803 at line 1, column 8: column 'b' is neither in GROUP BY nor inside an aggregate "
         "function\nHINT: add a GROUP "
         "BY, or aggregate it too");
  Expect("SELECT a + 1 AS c, COUNT(*) FROM plain GROUP BY c",
         "42703 at line 1, column 49: no column 'c': GROUP BY does not know the names of the select "
         "list\nHINT: repeat the "
         "expression, or name it in a subquery");
  Expect("SELECT b, COUNT(*) FROM plain GROUP BY 1",
         "42803 at line 1, column 8: column 'b' is neither in GROUP BY nor inside an aggregate "
         "function\nHINT: a number in "
         "GROUP BY is that number, not a column of the select list: name the column");
  Expect("SELECT COUNT(*) FROM plain GROUP BY SUM(a)",
         "42803 at line 1, column 37: an aggregate function cannot stand in GROUP BY\nHINT: aggregate in a "
         "subquery first");
  Expect("SELECT SUM(COUNT(*)) FROM plain",
         "42803 at line 1, column 12: an aggregate function cannot stand inside another\nHINT: aggregate in "
         "a subquery "
         "first");
  Expect("SELECT b FROM plain GROUP BY b HAVING a > 1",
         "42803 at line 1, column 39: column 'a' is neither in GROUP BY nor inside an aggregate "
         "function\nHINT: add it to "
         "GROUP BY, or aggregate it, e.g. MAX(a)");
  Expect("SELECT GROUPING(a) FROM plain GROUP BY b",
         "42803 at line 1, column 17: the argument of GROUPING is not in GROUP BY");
  Expect("SELECT GROUPING(a) FROM plain",
         "42803 at line 1, column 8: GROUPING cannot stand in the select list\nHINT: it is "
         "for queries with GROUP BY");
  Expect("SELECT SUM(GROUPING(b)) FROM plain GROUP BY b",
         "42803 at line 1, column 12: GROUPING cannot stand in SUM\nHINT: it is for queries with GROUP BY");
  Expect(
      "SELECT b FROM plain GROUP BY b HAVING ROW_NUMBER() OVER (ORDER BY b) < 3",
      "42P20 at line 1, column 39: a call with OVER cannot stand in HAVING\nHINT: filter by it in QUALIFY");
  Expect("SELECT SUM(*) FROM plain",
         "42601 at line 1, column 12: SUM(*) is not a call: only COUNT(*) takes *");
}

TEST_F(Errors, FractionsBelowMicroseconds) {
  Expect("SELECT 1 + 1, TIMESTAMP '1970-01-01 00:00:00.123456789'",
         "22007 at line 1, column 15: TIMESTAMP '1970-01-01 00:00:00.123456789' has 9 digits of fraction; 6 "
         "are the "
         "most that are kept\nHINT: leave the others out");
  Expect(
      "SELECT TIME '10:00:00.0000001'",
      "22007 at line 1, column 8: TIME '10:00:00.0000001' has 7 digits of fraction; 6 are the most that are "
      "kept\nHINT: leave the others out");
  Expect(
      "SELECT INTERVAL '1.0000005' SECOND",
      "22007 at line 1, column 8: INTERVAL '1.0000005' has more than 6 fractional digits of seconds\nHINT: "
      "intervals keep microseconds");
  // Zeros say nothing.
  Expect(
      "SELECT TIMESTAMP '1970-01-01 00:00:00.123456000', TIME '10:00:00.000000000', INTERVAL '1.5000000' "
      "SECOND",
      "no error");
}

TEST_F(Errors, OnConflictOfTablesWithoutUpserts) {
  Expect("INSERT INTO out_table SELECT b, COUNT(*) FROM plain GROUP BY b ON CONFLICT DO DEDUPLICATE",
         "0A000 at line 1, column 1: ON CONFLICT is for tables that take changes by primary key: "
         "'public.out_table' takes every change as it is\nHINT: leave it out");
  Expect("INSERT INTO log SELECT city, id FROM orders ON CONFLICT DO DEDUPLICATE",
         "0A000 at line 1, column 1: ON CONFLICT is for tables that take changes by primary key: "
         "'public.log' takes inserted rows only\nHINT: leave it out");
  // Flink takes it where rows are only added to a table with a key.
  Run("CREATE TABLE keyed (a INT, b STRING, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'print')");
  Expect("INSERT INTO keyed SELECT a, b FROM plain ON CONFLICT DO DEDUPLICATE", "no error");
  Run("CREATE TABLE kept (b STRING, n BIGINT, PRIMARY KEY (b) NOT ENFORCED)");
  Expect("INSERT INTO kept SELECT b, COUNT(*) FROM plain GROUP BY b ON CONFLICT DO DEDUPLICATE", "no error");
}

TEST_F(Errors, WindowColumnsOfTwoWindows) {
  Run("CREATE VIEW minutes AS SELECT window_start, window_end, window_time AS rt, city, COUNT(*) AS n FROM "
      "TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
      "GROUP BY window_start, window_end, window_time, city");
  Expect(
      "SELECT window_start, SUM(n) FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rt), INTERVAL '5' MINUTE)) "
      "GROUP BY window_start, window_end",
      "42702 at line 1, column 109: column 'window_start' is not unique here\nHINT: the input of the window "
      "function has one too: rename that below it, e.g. window_start AS inner_window_start");
  Expect("SELECT w.window_end FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rt), INTERVAL '5' MINUTE)) AS w",
         "42702 at line 1, column 10: column 'window_end' is not unique here\nHINT: the input of the window "
         "function has one too: rename that below it, e.g. window_end AS inner_window_end");
  // What is not ambiguous may be named.
  Expect("SELECT window_time, city FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rt), INTERVAL '5' MINUTE))",
         "no error");
}

TEST_F(Errors, WindowColumnsOutsideGroupBy) {
  Expect(
      "SELECT window_start, city, COUNT(*) FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' "
      "HOUR)) "
      "GROUP BY city",
      "42803 at line 1, column 8: column 'window_start' is neither in GROUP BY nor inside an aggregate "
      "function\nHINT: aggregate by the window: GROUP BY window_start, window_end");
  Expect(
      "SELECT SUM(id) OVER (PARTITION BY city ORDER BY ts) FROM orders",
      "0A000 at line 1, column 8: SUM OVER is not supported yet\nHINT: with OVER there is ROW_NUMBER whose "
      "number is bounded, e.g. WHERE rn <= 10");
}

TEST_F(Errors, Windows) {
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(t), INTERVAL '1' HOUR))",
         "42P20 at line 1, column 52: TUMBLE needs an event time, but 't' is an ordinary TIMESTAMP(3)\nHINT: "
         "declare "
         "WATERMARK FOR t in its table, and select it as it is on its way here");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(id), INTERVAL '1' HOUR))",
         "42P20 at line 1, column 53: TUMBLE needs an event time, but 'id' is an ordinary BIGINT\nHINT: name "
         "a TIMESTAMP "
         "column with WATERMARK FOR");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(pt), INTERVAL '1' HOUR))",
         "0A000 at line 1, column 53: TUMBLE over the processing time 'pt' is not supported\nHINT: use an "
         "event time: a "
         "column with WATERMARK FOR");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(tss), INTERVAL '1' HOUR))",
         "42703 at line 1, column 53: no column 'tss'\nHINT: did you mean 'ts'?");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts)))",
         "42601 at line 1, column 21: TUMBLE needs its SIZE\nHINT: write TUMBLE(TABLE t, DESCRIPTOR(ts), "
         "INTERVAL '1' HOUR "
         "[, offset])");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), 5))",
         "42804 at line 1, column 58: the SIZE of TUMBLE must be a constant interval of days to "
         "seconds\nHINT: write e.g. "
         "INTERVAL '10' MINUTE");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MONTH))",
         "42804 at line 1, column 58: the SIZE of TUMBLE must be a constant interval of days to "
         "seconds\nHINT: write e.g. "
         "INTERVAL '10' MINUTE");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '0' SECOND))",
         "42P20 at line 1, column 53: the SIZE of TUMBLE must be longer than nothing, not +0 00:00:00.000");
  Expect("SELECT * FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '7' MINUTE, INTERVAL '1' HOUR))",
         "42P20 at line 1, column 50: the SIZE of HOP must be a multiple of its SLIDE: +0 01:00:00.000 is "
         "none of +0 "
         "00:07:00.000\nHINT: the arguments are in the order SLIDE, SIZE");
  Expect("SELECT * FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '5' MINUTE))",
         "42P20 at line 1, column 50: the SLIDE of HOP must not be longer than its SIZE: +0 01:00:00.000 is "
         "above +0 "
         "00:05:00.000\nHINT: the arguments are in the order SLIDE, SIZE");
  Expect("SELECT * FROM TABLE(CUMULATE(TABLE orders, DESCRIPTOR(ts), INTERVAL '7' HOUR, INTERVAL '1' DAY))",
         "42P20 at line 1, column 55: the SIZE of CUMULATE must be a multiple of its STEP: +1 00:00:00.000 "
         "is none of +0 "
         "07:00:00.000\nHINT: the arguments are in the order STEP, SIZE");
  Expect("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '2' HOUR))",
         "42P20 at line 1, column 53: the OFFSET of TUMBLE must be shorter than its SIZE: +0 02:00:00.000 is "
         "not below +0 "
         "01:00:00.000");
  Expect("SELECT * FROM TABLE(TUMBEL(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
         "42883 at line 1, column 21: no table function 'TUMBEL'\nHINT: did you mean 'TUMBLE'?");
  Expect(
      "SELECT * FROM TABLE(TUMBLE(DATA => TABLE orders, TIMECOL => DESCRIPTOR(ts), SIZ => INTERVAL '1' "
      "HOUR))",
      "42704 at line 1, column 77: TUMBLE has no argument 'SIZ'\nHINT: did you mean 'SIZE'?");
  Expect("SELECT COUNT(*) FROM orders GROUP BY TUMBLE(amount, INTERVAL '1' HOUR)",
         "42P20 at line 1, column 45: TUMBLE needs an event time, but 'amount' is an ordinary DECIMAL(10, "
         "2)\nHINT: name a "
         "TIMESTAMP column with WATERMARK FOR");
  Expect("SELECT TUMBLE_START(ts, INTERVAL '2' HOUR) FROM orders GROUP BY TUMBLE(ts, INTERVAL '1' HOUR)",
         "42803 at line 1, column 8: the arguments of TUMBLE_START are not those of the window in GROUP BY");
  Expect("SELECT TUMBLE_START(ts, INTERVAL '1' HOUR) FROM orders GROUP BY id",
         "42803 at line 1, column 8: TUMBLE_START needs TUMBLE(...) in GROUP BY");
  Expect(
      "SELECT window_end FROM TABLE(TUMBLE((SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY city "
      "ORDER BY ts "
      "DESC) AS rn FROM orders) WHERE rn = 1), DESCRIPTOR(ts), INTERVAL '1' HOUR))",
      "0A000 at line 1, column 30: TUMBLE without an aggregation by its window takes inserted rows only, but "
      "its input "
      "has changes [I,UB,UA]\nHINT: GROUP BY window_start, window_end right above it");
}

TEST_F(Errors, RowNumbers) {
  Expect("SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS rn FROM plain",
         "0A000 at line 1, column 11: ROW_NUMBER without an upper bound on its number is not "
         "supported\nHINT: filter by it "
         "in an outer query, e.g. WHERE rn <= 10, or in QUALIFY");
  Expect("SELECT a FROM (SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS rn FROM plain) WHERE rn > 3",
         "0A000 at line 1, column 26: the number of a ROW_NUMBER is bounded from below only\nHINT: add an "
         "upper bound, e.g. "
         "rn <= 10");
  Expect("SELECT a FROM (SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS rn FROM plain) WHERE rn < 1",
         "22023 at line 1, column 26: no row number is from 1 to 0\nHINT: the first row has the number 1");
  Expect("SELECT a, ROW_NUMBER() OVER (PARTITION BY b) AS rn FROM plain",
         "42P20 at line 1, column 11: ROW_NUMBER needs an ORDER BY in its OVER clause\nHINT: write "
         "ROW_NUMBER() OVER "
         "(PARTITION BY ... ORDER BY ...)");
  Expect(
      "SELECT RANK() OVER (ORDER BY a) FROM plain",
      "0A000 at line 1, column 8: RANK OVER is not supported yet\nHINT: with OVER there is ROW_NUMBER whose "
      "number is bounded, e.g. WHERE rn <= 10");
  Expect(
      "SELECT SUM(a) OVER (PARTITION BY b ORDER BY t) FROM plain",
      "0A000 at line 1, column 8: SUM OVER is not supported yet\nHINT: with OVER there is ROW_NUMBER whose "
      "number is bounded, e.g. WHERE rn <= 10");
  Expect("SELECT ROW_NUMBER() FROM plain",
         "42P20 at line 1, column 8: ROW_NUMBER needs an OVER clause\nHINT: write ROW_NUMBER() OVER "
         "(PARTITION BY ... ORDER "
         "BY ...)");
  Expect("SELECT a FROM plain QUALIFY a = 1",
         "42601 at line 1, column 31: QUALIFY is for queries with ROW_NUMBER() OVER (...)\nHINT: use WHERE "
         "or HAVING");
}

TEST_F(Errors, Joins) {
  Expect("SELECT * FROM plain JOIN orders ON a = id",
         "0A000 at line 1, column 21: joins are not supported yet\nHINT: supported in FROM: one table, view "
         "or subquery, "
         "window table functions, and CROSS or LEFT JOIN UNNEST(array)");
  Expect("SELECT * FROM plain, UNNEST(a) AS t(x)",
         "42804 at line 1, column 29: UNNEST of a INT\nHINT: it takes an ARRAY, MAP or MULTISET");
  Expect("SELECT a FROM plain UNION ALL SELECT id, city FROM orders",
         "42804 at line 1, column 31: UNION of 1 columns with 2 columns\nHINT: both sides must have the same "
         "columns");
  Expect("SELECT a FROM plain UNION ALL SELECT city FROM orders",
         "42804 at line 1, column 31: column 1 of UNION is INT 'a' on one side and STRING 'city' on the "
         "other\nHINT: CAST "
         "one of them");
  Expect("SELECT a FROM plain EXCEPT SELECT 1",
         "0A000 at line 1, column 21: EXCEPT is not supported yet\nHINT: UNION and "
         "UNION ALL are");
}

TEST_F(Errors, OrderAndLimit) {
  Expect("SELECT a FROM plain ORDER BY a",
         "0A000 at line 1, column 30: ORDER BY on input that does not end needs a LIMIT, or a time "
         "attribute, ascending, as "
         "its first column\nHINT: add a LIMIT, or sort by the column with the watermark");
  Expect("SELECT a FROM plain ORDER BY 2 LIMIT 1",
         "22023 at line 1, column 30: ORDER BY 2: there is no such column\nHINT: the columns are 1 to 1");
  Expect("SELECT DISTINCT a FROM plain ORDER BY b LIMIT 1",
         "42601 at line 1, column 39: ORDER BY of a SELECT DISTINCT takes columns of its select list only");
}

TEST_F(Errors, Inserts) {
  Expect("INSERT INTO out_tabel SELECT city, id FROM orders",
         "42P01 at line 1, column 13: no table or view 'out_tabel'\nHINT: did you mean 'out_table'?");
  Expect("INSERT INTO mv SELECT city, id FROM orders",
         "22023 at line 1, column 13: 'public.mv' is a materialized view: nothing can be inserted into "
         "it\nHINT: insert "
         "into a table");
  Expect("INSERT INTO out_table SELECT city FROM orders",
         "42804 at line 1, column 13: the query gives 1 columns, but 'public.out_table' takes 2\nHINT: "
         "query: (city "
         "STRING); table: (city STRING, cnt BIGINT)");
  Expect("INSERT INTO out_table SELECT id, city FROM orders",
         "42804 at line 1, column 13: column 'city' of 'public.out_table' is STRING, but column 1 of the "
         "query, 'id', is "
         "BIGINT\nHINT: query: (id BIGINT, city STRING); table: (city STRING, cnt BIGINT)");
  Expect("INSERT INTO out_table (ctiy, cnt) SELECT city, id FROM orders",
         "42703 at line 1, column 24: no column 'ctiy' in 'public.out_table'\nHINT: did you mean 'city'?");
  Expect("INSERT INTO out_table (cnt, cnt) SELECT id, id FROM orders",
         "42701 at line 1, column 29: column 'cnt' is named twice");
  Expect("INSERT INTO strict (v) SELECT city FROM orders",
         "22004 at line 1, column 21: column 'k' of 'public.strict' is NOT NULL, but no value is given for "
         "it\nHINT: add it "
         "to the column list");
  Expect("INSERT INTO orders (pt) SELECT ts FROM orders",
         "22023 at line 1, column 21: column 'pt' of 'public.orders' is computed: it cannot be written");
  Expect(
      "INSERT INTO log SELECT city, COUNT(*) FROM orders GROUP BY city",
      "0A000 at line 1, column 13: table 'public.log' takes inserted rows only, but the query gives changes "
      "[I,UB,UA]\nHINT: declare PRIMARY KEY (...) NOT ENFORCED in the table, or use a materialized view");
  Expect("INSERT OVERWRITE out_table SELECT city, id FROM orders",
         "0A000 at line 1, column 1: INSERT OVERWRITE is not supported\nHINT: use INSERT INTO");
}

TEST_F(Errors, Definitions) {
  Expect("CREATE TABLE plain (a INT)",
         "42P07 at line 1, column 14: table 'public.plain' exists already\nHINT: write IF NOT EXISTS to let "
         "it be, or DROP "
         "it before");
  Expect(
      "CREATE TABLE sys.x (a INT)",
      "22023 at line 1, column 14: schema 'sys' holds Millrace's own tables only\nHINT: name another schema");
  Expect("CREATE TABLE dwss.x (a INT)",
         "3F000 at line 1, column 14: no schema 'dwss'\nHINT: did you mean 'dws'?");
  Expect("CREATE TABLE x (a INT, a STRING)", "42701 at line 1, column 24: column 'a' is defined twice");
  Expect("CREATE TABLE x (a INT, PRIMARY KEY (b) NOT ENFORCED)",
         "42703 at line 1, column 37: no column 'b' for the primary key");
  Expect("CREATE TABLE x (a INT, b AS a + 1, c AS b + 1) WITH ('connector' = 'x')",
         "42P16 at line 1, column 41: a computed column cannot read another one, 'b'\nHINT: repeat its "
         "expression");
  Expect("CREATE TABLE x (a INT, WATERMARK FOR a AS a) WITH ('connector' = 'x')",
         "42804 at line 1, column 38: the watermark column 'a' must be TIMESTAMP or TIMESTAMP_LTZ, not "
         "INT\nHINT: add a "
         "computed column: ts AS TO_TIMESTAMP_LTZ(a, 3)");
  Expect("CREATE TABLE x (a TIMESTAMP(3), WATERMARK FOR b AS a) WITH ('connector' = 'x')",
         "42703 at line 1, column 47: no column 'b' for the watermark");
  Expect("CREATE TABLE x (a TIMESTAMP(9))",
         "0A000 at line 1, column 19: TIMESTAMP precision above 6 is not supported\nHINT: TIMESTAMP(6) keeps "
         "microseconds");
  Expect("CREATE TABLE x (a DECIMAL(40, 2))",
         "22023 at line 1, column 19: DECIMAL(40, 2) is not a type\nHINT: the precision is 1 to 38, the "
         "scale 0 to the "
         "precision");
  Expect("CREATE TABLE x (a INT) WITH ('format' = 'json')",
         "42P16 at line 1, column 30: option 'format' needs a 'connector'\nHINT: a table without a connector "
         "is kept in "
         "Millrace and takes no options");
  Expect("CREATE TABLE x (a INT) WITH ('connector' = 'x', 'connector' = 'y')",
         "42710 at line 1, column 49: option 'connector' is given twice");
  Expect("CREATE TABLE x LIKE nosuch", "42P01 at line 1, column 21: no table or view 'nosuch'");
  Expect(
      "CREATE VIEW x (p, q, z) AS SELECT a, b FROM plain",
      "42P16 at line 1, column 16: 3 column names are given for 2 columns\nHINT: name all of them or none");
  Expect("CREATE MATERIALIZED VIEW x (PRIMARY KEY (b) NOT ENFORCED) AS SELECT a, b FROM plain",
         "42P16 at line 1, column 29: the primary key is not one that the query keeps unique\nHINT: leave it "
         "out");
  Expect("DROP TABLE plain",
         "22023 at line 1, column 12: table 'public.plain' cannot be dropped: materialized view 'public.mv', "
         "view 'public.v' "
         "depends on it\nHINT: write CASCADE to drop these too");
  Expect("DROP TABLE v",
         "42P01 at line 1, column 12: 'public.v' is a view, not a table\nHINT: use DROP VIEW");
  Expect("DROP TABLE nosuch", "42P01 at line 1, column 12: no table or view 'nosuch'");
}

TEST_F(Errors, FunctionsAndLiterals) {
  Expect("SELECT my_schema.f(a) FROM plain",
         "42883 at line 1, column 8: no function 'my_schema.f'\nHINT: functions are named without a schema; "
         "there are "
         "built-in ones only");
  Expect("SELECT ABSS(a) FROM plain",
         "42883 at line 1, column 8: no function 'ABSS'\nHINT: did you mean 'ABS'?");
  Expect("SELECT ABS(b, a) FROM plain",
         "42883 at line 1, column 8: function ABS(STRING, INT) does not exist\nHINT: ABS(x NUMERIC) does");
  Expect("SELECT a + b FROM plain",
         "42883 at line 1, column 10: function +(INT, STRING) does not exist\nHINT: number + number, date or "
         "time + "
         "interval does");
  Expect("SELECT CAST(r AS INT) FROM plain",
         "42804 at line 1, column 8: ROW<`x` INT, `y` STRING> cannot be cast to INT");
  Expect("SELECT ABS(DISTINCT a) FROM plain",
         "42601 at line 1, column 8: ABS is not an aggregate function: it takes no DISTINCT, FILTER or ORDER "
         "BY");
  Expect("SELECT DATE '2024-02-30'",
         "22007 at line 1, column 8: DATE '2024-02-30' is not valid\nHINT: write DATE '2024-01-31'");
  Expect("SELECT INTERVAL '1-2' HOUR",
         "22007 at line 1, column 8: INTERVAL '1-2' HOUR is not valid\nHINT: write e.g. INTERVAL '10' MINUTE "
         "or INTERVAL '1 "
         "02:30:00' DAY TO SECOND");
  Expect("SELECT a FROM (VALUES (1, 2), (3)) AS t(a, b)",
         "42804 at line 1, column 32: row 2 of VALUES has 1 values, the first has 2\nHINT: all rows must "
         "have the same "
         "columns");
  Expect("SELECT *",
         "42601 at line 1, column 8: '*' stands for no column here\nHINT: a SELECT without FROM has none");
  Expect("SELECT a FROM plain /*+ BROADCAST(plain) */",
         "0A000 at line 1, column 25: the hint BROADCAST is not supported\nHINT: the hint that is: /*+ "
         "OPTIONS('key' = "
         "'value') */");
}

}  // namespace
}  // namespace millrace::plan
