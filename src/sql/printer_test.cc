#include "sql/printer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sql/parser.h"

namespace millrace::sql {
namespace {

struct Case {
  std::string_view input;
  std::string_view canonical;  // empty: the input itself
};

void CheckExpr(const Case& c) {
  const std::string_view expected = c.canonical.empty() ? c.input : c.canonical;
  const auto parsed = ParseExpression(c.input);
  ASSERT_TRUE(parsed.has_value()) << c.input << "\n" << parsed.error().ToString();
  EXPECT_EQ(Print(**parsed), expected) << c.input;
  const auto again = ParseExpression(expected);
  ASSERT_TRUE(again.has_value()) << expected << "\n" << again.error().ToString();
  EXPECT_EQ(Print(**again), expected);
}

void CheckStatement(const Case& c) {
  const std::string_view expected = c.canonical.empty() ? c.input : c.canonical;
  const auto parsed = ParseStatement(c.input);
  ASSERT_TRUE(parsed.has_value()) << c.input << "\n" << parsed.error().ToString();
  EXPECT_EQ(Print(**parsed), expected) << c.input;
  const auto again = ParseStatement(expected);
  ASSERT_TRUE(again.has_value()) << expected << "\n" << again.error().ToString();
  EXPECT_EQ(Print(**again), expected);
}

TEST(Printer, Literals) {
  for (const Case& c : std::initializer_list<Case>{
           {"1", ""},
           {"12345678901234567890123456789", ""},
           {"1.50", ""},
           {".5", ""},
           {"1e3", ""},
           {"1.5E-10", ""},
           {"'it''s'", ""},
           {"'北京'", ""},
           {"U&'\\4e2d\\6587'", "'中文'"},
           {"U&'!4e2d' UESCAPE '!'", "'中'"},
           {"x'1f2e'", "X'1F2E'"},
           {"'a'\n 'b'", "'ab'"},
           {"null", "NULL"},
           {"true", "TRUE"},
           {"False", "FALSE"},
           {"unknown", "CAST(NULL AS BOOLEAN)"},
           {"date '2020-01-01'", "DATE '2020-01-01'"},
           {"TIME '10:00:00'", ""},
           {"TIMESTAMP '2020-01-01 10:00:00.123'", ""},
           {"TIMESTAMP_LTZ '2020-01-01 10:00:00'", ""},
           {"TIMESTAMP WITH LOCAL TIME ZONE '2020-01-01 10:00:00'", "TIMESTAMP_LTZ '2020-01-01 10:00:00'"},
           {"INTERVAL '1' DAY", ""},
           {"interval '10' minutes", "INTERVAL '10' MINUTE"},
           {"INTERVAL - '1' HOUR", "INTERVAL -'1' HOUR"},
           {"INTERVAL '1 10:00' DAY TO HOUR", ""},
           {"INTERVAL '1 10:00:00.123' DAY(3) TO SECOND(3)", ""},
           {"INTERVAL '1.5' SECOND(2, 3)", ""},
           {"INTERVAL '2-3' YEAR TO MONTH", ""},
       }) {
    CheckExpr(c);
  }
}

TEST(Printer, Names) {
  for (const Case& c : std::initializer_list<Case>{
           {"a", ""},
           {"`a`", "a"},
           {"`a b`", ""},
           {"`a``b`", ""},
           {"`timestamp`", ""},
           {"`count`", ""},
           {"data", ""},
           {"`data`", "data"},
           {"`key`", ""},
           {"用户", "`用户`"},
           {"t.a", ""},
           {"s.`order`.a", ""},
           {"a.b.c.d", ""},
           {"EXPR$0", ""},
           {"`1a`", ""},
           {"user", "`user`"},
       }) {
    CheckExpr(c);
  }
}

TEST(Printer, Operators) {
  for (const Case& c : std::initializer_list<Case>{
           {"a + b * c", ""},
           {"(a + b) * c", ""},
           {"a + (b * c)", "a + b * c"},
           {"a - b - c", ""},
           {"a - (b - c)", ""},
           {"a || b || c", ""},
           {"a || b + c", ""},  // || binds as * does
           {"(a + b) || c", ""},
           {"a % 2 = 0", ""},
           {"a != b", "a <> b"},
           {"-a", ""},
           {"- -a", ""},
           {"-(-a)", "- -a"},
           {"+a", ""},
           {"-a * b", ""},
           {"-(a * b)", ""},
           {"not a", "NOT a"},
           {"not a = b", "NOT a = b"},
           {"(not a) = b", "(NOT a) = b"},
           {"NOT NOT a", ""},
           {"a AND b OR c AND d", ""},
           {"a AND (b OR c)", ""},
           {"(a AND b) AND c", "a AND b AND c"},
           {"a OR (b OR c)", "a OR b OR c"},
           {"NOT (a AND b)", ""},
           {"NOT a AND b", ""},
           {"a = b IS NULL", "(a = b) IS NULL"},  // IS binds less tightly than =
           {"(a IS NULL) = b", ""},
           {"a IS NOT NULL", ""},
           {"a is not true", "a IS NOT TRUE"},
           {"a IS UNKNOWN", ""},
           {"a IS NOT FALSE AND b", ""},
           {"a IS DISTINCT FROM b", ""},
           {"a IS NOT DISTINCT FROM b + 1", ""},
           {"a IS JSON", "a IS JSON VALUE"},
           {"a IS NOT JSON OBJECT", ""},
           {"a IS JSON ARRAY", ""},
           {"a IS JSON SCALAR", ""},
           {"a BETWEEN 1 AND 2 AND b", ""},
           {"a NOT BETWEEN b + 1 AND c", ""},
           {"a BETWEEN ASYMMETRIC 1 AND 2", "a BETWEEN 1 AND 2"},
           {"a BETWEEN SYMMETRIC 2 AND 1", ""},
           {"(a BETWEEN 1 AND 2) = b", "a BETWEEN 1 AND 2 = b"},  // BETWEEN binds more tightly than =
           {"a LIKE 'x%'", ""},
           {"a NOT LIKE 'x!%' ESCAPE '!'", ""},
           {"a SIMILAR TO 'x|y'", ""},
           {"a NOT SIMILAR TO b ESCAPE c", ""},
           {"a IN (1, 2)", ""},
           {"a NOT IN ('x')", ""},
           {"(a, b) IN ((1, 2), (3, 4))", ""},
           {"a IN (SELECT b FROM t)", ""},
           {"a = ANY (SELECT b FROM t)", ""},
           {"a = SOME (SELECT b FROM t)", "a = ANY (SELECT b FROM t)"},
           {"a > ALL (SELECT b FROM t)", ""},
           {"EXISTS (SELECT 1)", ""},
           {"NOT EXISTS (SELECT 1)", ""},
           {"(SELECT MAX(a) FROM t) + 1", ""},
           {"(a, b) OVERLAPS (c, d)", ""},
           {"a AT TIME ZONE 'UTC'", ""},
           {"(a + b) AT TIME ZONE 'UTC'", ""},
       }) {
    CheckExpr(c);
  }
}

TEST(Printer, CallsAndConstructors) {
  for (const Case& c : std::initializer_list<Case>{
           {"CASE WHEN a THEN 1 END", ""},
           {"case a when 1 then 'x' when 2 then 'y' else 'z' end",
            "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END"},
           {"CASE a WHEN 1, 2 THEN 'x' END", ""},
           {"CAST(a AS DECIMAL(10, 2))", ""},
           {"TRY_CAST(a AS ROW<x INT NOT NULL, y ARRAY<STRING> 'c'>)", ""},
           {"f()", ""},
           {"f(a, b)", ""},
           {"s.f(a)", ""},
           {"COUNT(*)", ""},
           {"count(distinct a)", "count(DISTINCT a)"},
           {"SUM(ALL a)", "SUM(a)"},
           {"SUM(a) FILTER (WHERE b > 0)", ""},
           {"LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC)", ""},
           {"ARRAY_AGG(a ORDER BY b)", ""},
           {"LAG(a, 1) IGNORE NULLS OVER (ORDER BY ts)", ""},
           {"ROW_NUMBER() OVER (PARTITION BY a, b ORDER BY c DESC NULLS LAST, d)", ""},
           {"SUM(a) OVER w", ""},
           {"SUM(a) OVER (w ROWS UNBOUNDED PRECEDING)", ""},
           {"SUM(a) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)", ""},
           {"SUM(a) OVER (ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)", ""},
           {"SUM(a) OVER (ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)", ""},
           {"COUNT(a) OVER ()", ""},
           {"EXTRACT(DAY FROM ts)", ""},
           {"FLOOR(ts TO HOUR)", ""},
           {"CEIL(a)", ""},
           {"ceil(ts to month)", "ceil(ts TO MONTH)"},
           {"TIMESTAMPADD(SQL_TSI_DAY, 1, ts)", "TIMESTAMPADD(DAY, 1, ts)"},
           {"TIMESTAMPDIFF(SECOND, a, b)", ""},
           {"TRIM(a)", ""},
           {"TRIM(LEADING 'x' FROM a)", ""},
           {"TRIM('x' FROM a)", "TRIM(BOTH 'x' FROM a)"},
           {"TRIM(TRAILING FROM a)", "TRIM(TRAILING ' ' FROM a)"},
           {"SUBSTRING(a FROM 2 FOR 3)", "SUBSTRING(a, 2, 3)"},
           {"SUBSTRING(a, 2)", ""},
           {"OVERLAY(a PLACING b FROM 1 FOR 2)", ""},
           {"POSITION('x' IN a)", ""},
           {"POSITION('x' IN a FROM 2)", ""},
           {"POSITION((a IN (1)) IN b)", ""},
           {"CURRENT_TIMESTAMP", ""},
           {"LOCALTIMESTAMP(3)", ""},
           {"LEFT(a, 2) || RIGHT(b, 1)", ""},
           {"YEAR(d) + MONTH(d)", ""},
           {"`count`(a)", ""},
           {"IF(a, b, c)", ""},
           {"JSON_VALUE(a, '$.x')", ""},
           {"JSON_VALUE(a, 'lax $.x' RETURNING BIGINT DEFAULT 0 ON EMPTY ERROR ON ERROR)", ""},
           {"JSON_VALUE(a, '$' NULL ON ERROR NULL ON EMPTY)",
            "JSON_VALUE(a, '$' NULL ON EMPTY NULL ON ERROR)"},
           {"JSON_QUERY(a, '$.x' WITH WRAPPER)", "JSON_QUERY(a, '$.x' WITH UNCONDITIONAL ARRAY WRAPPER)"},
           {"JSON_QUERY(a, '$.x' WITHOUT ARRAY WRAPPER EMPTY ARRAY ON EMPTY EMPTY OBJECT ON ERROR)", ""},
           {"JSON_QUERY(a, '$' RETURNING ARRAY<STRING> WITH CONDITIONAL ARRAY WRAPPER NULL ON EMPTY)", ""},
           {"JSON_EXISTS(a, '$.x' UNKNOWN ON ERROR)", ""},
           {"JSON_OBJECT()", ""},
           {"JSON_OBJECT('k' VALUE v ABSENT ON NULL)", "JSON_OBJECT(KEY 'k' VALUE v ABSENT ON NULL)"},
           {"JSON_OBJECT(key VALUE v, KEY key VALUE w)", "JSON_OBJECT(KEY key VALUE v, KEY key VALUE w)"},
           {"JSON_ARRAY(1, a NULL ON NULL)", ""},
           {"JSON_ARRAY(NULL ON NULL)", ""},
           {"JSON_OBJECTAGG(KEY k VALUE v NULL ON NULL)", ""},
           {"JSON_ARRAYAGG(a ABSENT ON NULL) FILTER (WHERE b)", ""},
           {"ARRAY[1, 2]", ""},
           {"ARRAY[]", ""},
           {"MAP['a', 1, 'b', 2]", ""},
           {"ROW(1, 'a')", ""},
           {"(1, 'a')", ""},
           {"a[1]", ""},
           {"a['k'][2]", ""},
           {"(a + b)[1]", ""},
           {"a[1].x", ""},
           {"(a).x", ""},
           {"f(a).x.y", ""},
           {"CAST(a AS ROW<x INT>).x", ""},
           {"(a.b).*", ""},
           {"map", ""},
       }) {
    CheckExpr(c);
  }
}

TEST(Printer, Types) {
  for (const Case& c : std::initializer_list<Case>{
           {"integer", "INT"},
           {"REAL", "FLOAT"},
           {"double precision", "DOUBLE"},
           {"dec(5)", "DECIMAL(5)"},
           {"NUMERIC", "DECIMAL"},
           {"CHARACTER VARYING(10)", "VARCHAR(10)"},
           {"CHAR", ""},
           {"VARCHAR", "STRING"},
           {"BINARY VARYING(3)", "VARBINARY(3)"},
           {"BYTES", ""},
           {"TIME(3) WITHOUT TIME ZONE", "TIME(3)"},
           {"TIMESTAMP(6) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(6)"},
           {"TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP"},
           {"TIMESTAMP(3) WITH TIME ZONE", ""},
           {"INTERVAL DAY(3) TO SECOND(6)", ""},
           {"INTERVAL YEAR", ""},
           {"RAW('a.B', 'AEg=')", ""},
           {"INT ARRAY", "ARRAY<INT>"},
           {"INT NOT NULL ARRAY NOT NULL", "ARRAY<INT NOT NULL> NOT NULL"},
           {"STRING MULTISET", "MULTISET<STRING>"},
           {"INT NULL", "INT"},
           {"MAP<STRING, ARRAY<MAP<INT, INT>>>", ""},
           {"ROW(a INT, `b c` STRING 'note')", "ROW<a INT, `b c` STRING 'note'>"},
       }) {
    const std::string_view expected = c.canonical.empty() ? c.input : c.canonical;
    const auto parsed = ParseType(c.input);
    ASSERT_TRUE(parsed.has_value()) << c.input << "\n" << parsed.error().ToString();
    EXPECT_EQ(Print(*parsed), expected);
    const auto again = ParseType(expected);
    ASSERT_TRUE(again.has_value()) << expected;
    EXPECT_EQ(Print(*again), expected);
  }
}

TEST(Printer, Queries) {
  for (const Case& c : std::initializer_list<Case>{
           {"select 1", "SELECT 1"},
           {"SELECT *, t.*, a AS x, b y FROM t", "SELECT *, t.*, a AS x, b AS y FROM t"},
           {"SELECT DISTINCT a FROM t", ""},
           {"SELECT ALL a FROM t", "SELECT a FROM t"},
           {"SELECT a FROM t WHERE b GROUP BY a HAVING COUNT(*) > 1 ORDER BY a DESC LIMIT 3 OFFSET 1", ""},
           {"SELECT a FROM t OFFSET 1 ROWS FETCH NEXT 3 ROWS ONLY", "SELECT a FROM t LIMIT 3 OFFSET 1"},
           {"SELECT a FROM t LIMIT ALL", "SELECT a FROM t"},
           {"SELECT a FROM t GROUP BY GROUPING SETS ((a, b), ROLLUP (c, d), a, ())", ""},
           {"SELECT a FROM t GROUP BY CUBE (a, b), ()", ""},
           {"SELECT a FROM t GROUP BY DISTINCT a", ""},
           {"SELECT TUMBLE_START(ts, INTERVAL '1' HOUR) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' HOUR)", ""},
           {"SELECT a FROM t WINDOW w AS (PARTITION BY b), v AS (w ORDER BY c)", ""},
           {"SELECT a FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) = 1", ""},
           {"WITH x AS (SELECT 1), y (a, b) AS (VALUES (1, 2)) SELECT * FROM x, y", ""},
           {"SELECT a FROM (SELECT b FROM t) AS x (a)", ""},
           {"SELECT a FROM t AS x (a, b)", ""},
           {"SELECT a FROM t x", "SELECT a FROM t AS x"},
           {"VALUES (1, 'a'), (2, 'b')", ""},
           {"VALUES 1, 2", "VALUES (1), (2)"},
           {"VALUES ROW(1, 2)", "VALUES (1, 2)"},
           {"VALUES ROW(ROW(1, 2))", ""},
           {"TABLE t", ""},
           {"SELECT 1 UNION SELECT 2 UNION ALL SELECT 3", ""},
           {"SELECT 1 UNION DISTINCT SELECT 2", "SELECT 1 UNION SELECT 2"},
           {"SELECT 1 UNION (SELECT 2 INTERSECT SELECT 3)", ""},
           {"SELECT 1 EXCEPT ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1", ""},
           {"(SELECT 1 ORDER BY 1 LIMIT 1) UNION ALL (SELECT 2)", ""},
           {"SELECT * FROM ((SELECT 1) UNION (SELECT 2)) AS t", ""},
           {"SELECT * FROM ((SELECT 1 AS a) AS x JOIN (SELECT 2 AS a) AS y ON x.a = y.a)",
            "SELECT * FROM (SELECT 1 AS a) AS x JOIN (SELECT 2 AS a) AS y ON x.a = y.a"},
           {"SELECT * FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN c USING (x, y)",
            "SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (x, y)"},
           {"SELECT * FROM a INNER JOIN (b FULL JOIN c ON d) ON e",
            "SELECT * FROM a JOIN (b FULL JOIN c ON d) ON e"},
           {"SELECT * FROM a, b RIGHT JOIN c ON d, e", ""},
           {"SELECT * FROM a CROSS JOIN b NATURAL LEFT JOIN c", ""},
           {"SELECT * FROM a, LATERAL TABLE(f(a.x)) AS t (y)", ""},
           {"SELECT * FROM a LEFT JOIN LATERAL TABLE(f(x)) AS t ON TRUE", ""},
           {"SELECT * FROM a, LATERAL (SELECT a.x) AS t", ""},
           {"SELECT * FROM a CROSS JOIN UNNEST(a.xs) WITH ORDINALITY AS t (x, n)", ""},
           {"SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '5' MINUTE))",
            ""},
           {"SELECT * FROM TABLE(HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' "
            "MINUTES, "
            "SIZE => INTERVAL '10' MINUTES))",
            "SELECT * FROM TABLE(HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' "
            "MINUTE, "
            "SIZE => INTERVAL '10' MINUTE))"},
           {"SELECT * FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)", ""},
           {"SELECT * FROM SESSION(TABLE t PARTITION BY (a, b), DESCRIPTOR(ts), INTERVAL '5' MINUTE)", ""},
           {"SELECT * FROM SESSION(TABLE t PARTITION BY a, DESCRIPTOR(ts), INTERVAL '5' MINUTE)", ""},
           {"SELECT * FROM f((SELECT a FROM t) PARTITION BY a ORDER BY b DESC, DEFAULT)",
            "SELECT * FROM f(TABLE (SELECT a FROM t) PARTITION BY a ORDER BY (b DESC), DEFAULT)"},
           {"SELECT * FROM o JOIN r FOR SYSTEM_TIME AS OF o.ts AS r ON o.c = r.c", ""},
           {"SELECT * FROM r FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01 00:00:00'", ""},
           {"SELECT * FROM t /*+ OPTIONS('a'='b', 'c' = 'd') */ AS x",
            "SELECT * FROM t /*+ OPTIONS('a' = 'b', 'c' = 'd') */ AS x"},
           {"SELECT /*+ STATE_TTL('t'='1d'), BROADCAST(t1) */ a FROM t",
            "SELECT /*+ STATE_TTL('t' = '1d'), BROADCAST('t1') */ a FROM t"},
       }) {
    CheckStatement(c);
  }
}

TEST(Printer, MatchRecognize) {
  CheckStatement(
      {"SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY a ORDER BY ts MEASURES FIRST(A.x) AS fx, FINAL "
       "LAST(B.x) AS lx "
       "ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B+ C*? (D | E){2,3} F{2} G{2,} {- H -} "
       "(I? J)* $) "
       "WITHIN INTERVAL '1' HOUR SUBSET U = (A, B) DEFINE A AS A.x > 1, B AS B.x > PREV(B.x)) AS m",
       ""});
  CheckStatement(
      {"SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts ALL ROWS PER MATCH AFTER MATCH SKIP TO b "
       "PATTERN (^ (a) (b+)) DEFINE b AS TRUE)",
       "SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts ALL ROWS PER MATCH AFTER MATCH SKIP TO LAST b "
       "PATTERN (^ a b+) DEFINE b AS TRUE)"});
  CheckStatement(
      {"SELECT * FROM t MATCH_RECOGNIZE (AFTER MATCH SKIP TO FIRST a PATTERN (PERMUTE(a, b c) | ()) "
       "DEFINE a AS TRUE)",
       ""});
}

TEST(Printer, Statements) {
  for (const Case& c : std::initializer_list<Case>{
           {"INSERT INTO s.t SELECT a FROM u", ""},
           {"INSERT INTO t (a, `b c`) VALUES (1, 2)", ""},
           {"INSERT OVERWRITE t PARTITION (d = '2020', h) SELECT 1", ""},
           {"INSERT INTO t /*+ OPTIONS('k' = 'v') */ (a) SELECT 1", ""},
           {"INSERT INTO t (SELECT 1)", ""},
           {"INSERT INTO t SELECT 1 ON CONFLICT DO DEDUPLICATE", ""},
           {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END", ""},
           {"BEGIN STATEMENT SET; INSERT INTO a SELECT 1;; INSERT INTO b SELECT 2; END",
            "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END"},
           {"EXPLAIN SELECT 1", ""},
           {"EXPLAIN PLAN FOR SELECT 1", "EXPLAIN SELECT 1"},
           {"EXPLAIN changelog_mode, ESTIMATED_COST SELECT 1",
            "EXPLAIN ESTIMATED_COST, CHANGELOG_MODE SELECT 1"},
           {"EXPLAIN STATEMENT SET BEGIN INSERT INTO a SELECT 1; END",
            "EXPLAIN EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END"},
           {"SHOW TABLES", ""},
           {"SHOW TABLES IN s NOT LIKE 'a%'", "SHOW TABLES FROM s NOT LIKE 'a%'"},
           {"SHOW MATERIALIZED TABLES", "SHOW MATERIALIZED VIEWS"},
           {"SHOW DATABASES ILIKE 'O%'", "SHOW SCHEMAS ILIKE 'O%'"},
           {"SHOW USER FUNCTIONS", ""},
           {"SHOW COLUMNS FROM s.t LIKE 'a'", ""},
           {"SHOW CREATE TABLE t", ""},
           {"SHOW CREATE MATERIALIZED TABLE t", "SHOW CREATE MATERIALIZED VIEW t"},
           {"SHOW CURRENT DATABASE", "SHOW CURRENT SCHEMA"},
           {"SHOW JOBS", ""},
           {"SHOW DELIVERY", ""},
           {"SET", "SHOW ALL"},
           {"SET 'table.local-time-zone' = 'Asia/Shanghai'", ""},
           {"RESET", ""},
           {"RESET 'a.b'", ""},
           {"DESC EXTENDED t", "DESCRIBE EXTENDED t"},
           {"DROP TABLE IF EXISTS s.t", ""},
           {"DROP TEMPORARY VIEW v", ""},
           {"DROP DATABASE s CASCADE", "DROP SCHEMA s CASCADE"},
           {"DROP MATERIALIZED TABLE t", "DROP MATERIALIZED VIEW t"},
           {"USE s", ""},
           {"USE CATALOG c", ""},
           {"CREATE DATABASE IF NOT EXISTS d COMMENT 'x'", ""},
           {"CREATE OR REPLACE TEMPORARY VIEW v (a, b) COMMENT 'x' AS SELECT 1, 2", ""},
           {"CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1", ""},
       }) {
    CheckStatement(c);
  }
}

TEST(Printer, CreateTable) {
  CheckStatement(
      {"create temporary table if not exists s.t (a int not null comment 'x', `b c` as a + 1 comment 'y', "
       "ts timestamp(3) metadata from 'timestamp' virtual, watermark for ts as ts - interval '5' second, "
       "constraint pk primary key (a) not enforced) comment 'z' partitioned by (a) "
       "with ('connector' = 'filesystem', 'path' = 'it''s')",
       "CREATE TEMPORARY TABLE IF NOT EXISTS s.t (\n"
       "  a INT NOT NULL COMMENT 'x',\n"
       "  `b c` AS a + 1 COMMENT 'y',\n"
       "  ts TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,\n"
       "  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,\n"
       "  CONSTRAINT pk PRIMARY KEY (a) NOT ENFORCED\n"
       ")\n"
       "COMMENT 'z'\n"
       "PARTITIONED BY (a)\n"
       "WITH (\n"
       "  'connector' = 'filesystem',\n"
       "  'path' = 'it''s'\n"
       ")"});
  CheckStatement({"CREATE TABLE t (id STRING PRIMARY KEY NOT ENFORCED, v INT METADATA)",
                  "CREATE TABLE t (\n  id STRING PRIMARY KEY NOT ENFORCED,\n  v INT METADATA\n)"});
  CheckStatement(
      {"CREATE TABLE t (x INT) WITH ('a' = 'b') LIKE u (INCLUDING ALL EXCLUDING OPTIONS)",
       "CREATE TABLE t (\n  x INT\n)\nWITH (\n  'a' = 'b'\n)\nLIKE u (INCLUDING ALL EXCLUDING OPTIONS)"});
  CheckStatement({"CREATE TABLE t LIKE u", "CREATE TABLE t\nLIKE u"});
  CheckStatement({"CREATE TABLE t (a, b) WITH ('k' = 'v') AS SELECT 1, 2",
                  "CREATE TABLE t (\n  a,\n  b\n)\nWITH (\n  'k' = 'v'\n)\nAS SELECT 1, 2"});
  CheckStatement({"REPLACE TABLE t AS SELECT 1", "CREATE OR REPLACE TABLE t\nAS SELECT 1"});
}

TEST(Printer, CreateMaterialized) {
  CheckStatement(
      {"CREATE OR REPLACE MATERIALIZED VIEW v (a) WITH ('state.ttl' = '1 d') AS SELECT 1",
       "CREATE OR REPLACE MATERIALIZED VIEW v (a)\nWITH (\n  'state.ttl' = '1 d'\n)\nAS SELECT 1"});
  CheckStatement(
      {"CREATE MATERIALIZED TABLE t (PRIMARY KEY (a) NOT ENFORCED) COMMENT 'c' PARTITIONED BY (d) "
       "FRESHNESS = INTERVAL '3' MINUTES REFRESH_MODE = FULL AS SELECT a, d FROM u",
       "CREATE MATERIALIZED TABLE t (PRIMARY KEY (a) NOT ENFORCED)\nCOMMENT 'c'\nPARTITIONED BY (d)\n"
       "FRESHNESS = INTERVAL '3' MINUTE\nREFRESH_MODE = FULL\nAS SELECT a, d FROM u"});
}

TEST(Printer, QuotesNamesMadeElsewhere) {
  EXPECT_EQ(PrintName("a_1"), "a_1");
  EXPECT_EQ(PrintName("select"), "`select`");
  EXPECT_EQ(PrintName("a`b"), "`a``b`");
  EXPECT_EQ(PrintName("城市"), "`城市`");
  EXPECT_EQ(PrintName(""), "``");
  EXPECT_EQ(PrintString("it's"), "'it''s'");
}

}  // namespace
}  // namespace millrace::sql
