#include "query/pgcatalog/rewrite.h"

#include <gtest/gtest.h>

namespace millrace::query::pgcatalog {
namespace {

std::string Rewritten(std::string_view sql) {
  const auto result = RewriteForDuckDb(sql);
  return result.has_value() ? *result : result.error().ToString();
}

TEST(MentionsCatalogTest, KnowsWhatIsTheServers) {
  for (const char* sql :
       {"SELECT * FROM pg_class", "select * from PG_CATALOG.PG_CLASS",
        "SELECT * FROM information_schema.tables", "SELECT * FROM \"pg_catalog\".\"pg_class\"",
        "SELECT version()", "select Current_Schema ()", "SELECT current_user",
        "SELECT 'ods.orders'::regclass", "SELECT has_table_privilege('ods.orders', 'SELECT')",
        "SELECT 1 /* a */ + pg_backend_pid()", "SELECT E'\\'', pg_backend_pid()",
        "SELECT to_regclass('x')"}) {
    EXPECT_TRUE(MentionsCatalog(sql)) << sql;
  }
}

TEST(MentionsCatalogTest, LeavesOtherStatementsAlone) {
  for (const char* sql :
       {"", "SELECT * FROM ods.orders", "SELECT 'pg_class'", "SELECT 1 -- pg_class",
        "SELECT 1 /* pg_class */", "SELECT version FROM ods.releases", "SELECT a.has_privilege FROM a",
        "SELECT 'it''s pg_x', \"class\" FROM t", "SELECT page_class, xpg_ FROM t", "SELECT 'unterminated pg_",
        "/* unterminated pg_", "SELECT 1 -- pg_", "SELECT `城市` FROM dws.city_sales WHERE format(x) = 'a'",
        "SELECT e'\\' pg_class'"}) {
    EXPECT_FALSE(MentionsCatalog(sql)) << sql;
  }
}

TEST(RewriteTest, QualifiesRelationsWhereTablesStand) {
  EXPECT_EQ(Rewritten("SELECT c.relname FROM pg_catalog.pg_class c, pg_namespace WHERE pg_namespace.oid = 1"),
            "SELECT c.relname FROM millrace_pg_catalog.pg_class c, millrace_pg_catalog.pg_namespace WHERE "
            "pg_namespace.oid = 1");
  EXPECT_EQ(Rewritten("SELECT pg_catalog.pg_class.relname FROM \"pg_catalog\".\"pg_class\""),
            "SELECT pg_class.relname FROM millrace_pg_catalog.\"pg_class\"");
  EXPECT_EQ(Rewritten("SELECT table_name FROM millrace.information_schema.tables"),
            "SELECT table_name FROM millrace_information_schema.tables");
  EXPECT_EQ(Rewritten("SELECT x FROM ods.pg_class, (pg_class a JOIN pg_type b ON a.oid = b.oid)"),
            "SELECT x FROM ods.pg_class, (millrace_pg_catalog.pg_class a JOIN millrace_pg_catalog.pg_type b "
            "ON a.oid "
            "= b.oid)");
  EXPECT_EQ(Rewritten("SELECT oid FROM ONLY pg_class WHERE EXISTS (SELECT 1 AS one FROM pg_index)"),
            "SELECT oid FROM  millrace_pg_catalog.pg_class WHERE EXISTS (SELECT 1 AS one FROM "
            "millrace_pg_catalog.pg_index)");
  // The word FROM inside of functions begins no FROM clause.
  EXPECT_EQ(Rewritten("SELECT extract(year FROM pg_class) AS y, a IS DISTINCT FROM pg_type AS d FROM pg_am"),
            "SELECT extract(year FROM pg_class) AS y, a IS DISTINCT FROM pg_type AS d FROM "
            "millrace_pg_catalog.pg_am");
}

TEST(RewriteTest, UnknownRelationsAreNamedAtTheirPlace) {
  const auto result = RewriteForDuckDb("SELECT *\nFROM pg_catalog.pg_clas");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), ErrorCode::kUndefinedTable);
  EXPECT_EQ(result.error().message(), "relation \"pg_catalog.pg_clas\" does not exist");
  EXPECT_EQ(result.error().location(), (SourceLocation{2, 6}));
  EXPECT_EQ(Rewritten("SELECT '城市' AS a, b FROM information_schema.nothing"),
            "42P01 at line 1, column 26: relation \"information_schema.nothing\" does not exist");
}

TEST(RewriteTest, RenamesFunctions) {
  EXPECT_EQ(
      Rewritten(
          "SELECT pg_catalog.format_type(a.atttypid, 0) AS t, pg_catalog.lower('X') AS l, current_user AS u "
          "FROM pg_attribute a"),
      "SELECT millrace_pg_format_type(a.atttypid, 0) AS t, lower('X') AS l, millrace_pg_current_user() AS u "
      "FROM "
      "millrace_pg_catalog.pg_attribute a");
  EXPECT_EQ(Rewritten("SELECT age(c.relfrozenxid) AS a, age(c.created) AS b FROM pg_class c"),
            "SELECT millrace_pg_catalog.xid_age(c.relfrozenxid) AS a, age(c.created) AS b FROM "
            "millrace_pg_catalog.pg_class c");
  // Columns that are called like functions stay.
  EXPECT_EQ(Rewritten("SELECT a.version, u.user, t user FROM pg_class t"),
            "SELECT a.version, u.user, t user FROM millrace_pg_catalog.pg_class t");
}

TEST(RewriteTest, FunctionsInFromNameTheirColumn) {
  EXPECT_EQ(Rewritten("SELECT i FROM generate_series(1, 2) AS i, pg_am"),
            "SELECT i FROM generate_series(1, 2) AS i(i), millrace_pg_catalog.pg_am");
  EXPECT_EQ(Rewritten("SELECT s FROM string_to_array('a', ',') s, pg_am"),
            "SELECT s FROM (SELECT string_to_array('a', ',') AS s) s, millrace_pg_catalog.pg_am");
  EXPECT_EQ(Rewritten("SELECT k FROM pg_index, unnest(indkey) WITH ORDINALITY AS k"),
            "SELECT k FROM millrace_pg_catalog.pg_index, unnest(indkey) WITH ORDINALITY AS k(k, ordinality)");
}

TEST(RewriteTest, CastsToObjectNames) {
  EXPECT_EQ(Rewritten("SELECT 'pg_class'::regclass AS a, c.oid::pg_catalog.regclass AS b"),
            "SELECT millrace_pg_regclass('pg_class') AS a, millrace_pg_regclass(c.oid) AS b");
  EXPECT_EQ(Rewritten("SELECT 'a'::regclass::oid AS a, x.y::regtype::text AS b, $1::regclass AS c"),
            "SELECT millrace_pg_regclass_oid('a')::BIGINT AS a, millrace_pg_regtype_name(x.y)::text AS b, "
            "millrace_pg_regclass($1::VARCHAR) AS c");
  EXPECT_EQ(Rewritten("SELECT CAST(CAST(f(x) AS regclass) AS oid) AS a, regclass 'x' AS b"),
            "SELECT CAST(millrace_pg_regclass_oid(f(x)  ) AS BIGINT) AS a, millrace_pg_regclass ('x') AS b");
  EXPECT_EQ(Rewritten("SELECT (a || '.' || b)::regclass AS x, f(a)[1]::regtype AS y"),
            "SELECT millrace_pg_regclass((a || '.' || b)) AS x, millrace_pg_regtype(f(a)[1]) AS y");
}

TEST(RewriteTest, TypesAndArrayLiterals) {
  EXPECT_EQ(
      Rewritten(
          "SELECT a::name AS a, b::\"char\" AS b, c::pg_catalog.text AS c, d::int2vector AS d, e::char AS e"),
      "SELECT a::VARCHAR AS a, b::VARCHAR AS b, c::text AS c, d AS d, e::char AS e");
  EXPECT_EQ(Rewritten("SELECT '{r,\"v w\",NULL}'::text[] AS a, x = ANY ('{it''s}') AS b, y::name[] AS c"),
            "SELECT ['r', 'v w', NULL]::text[] AS a, x = ANY (['it''s']) AS b, y::VARCHAR[] AS c");
  EXPECT_EQ(
      Rewritten(
          "SELECT x::pg_catalog.timestamp with time zone AS t, y::information_schema.sql_identifier AS s"),
      "SELECT x::timestamp with time zone AS t, y::VARCHAR AS s");
}

TEST(RewriteTest, VectorsOfTheResultAreTexts) {
  EXPECT_EQ(
      Rewritten("SELECT i.indkey, proargtypes x, indoption AS y, i.indkey[0] AS z, conkey"),
      "SELECT translate(i.indkey::VARCHAR, '[],', '') AS \"indkey\", translate(proargtypes::VARCHAR, '[],', "
      "'') x, translate(indoption::VARCHAR, '[],', '') AS y, i.indkey[(0) + 1] AS z, conkey");
  // Within a statement they are lists, which are counted and searched.
  EXPECT_EQ(Rewritten("SELECT k FROM (SELECT indkey AS k) s WHERE 1 = ANY (k)"),
            "SELECT k FROM (SELECT indkey AS k) s WHERE 1 = ANY (k)");
}

TEST(RewriteTest, Operators) {
  EXPECT_EQ(
      Rewritten(
          "SELECT 1 AS x WHERE a OPERATOR(pg_catalog.~) '^(b)$' COLLATE pg_catalog.default AND c !~* $1"),
      "SELECT 1 AS x WHERE a ~ millrace_pg_catalog.unanchored('^(b)$'  ) AND c !~ "
      "millrace_pg_catalog.unanchored_i($1)");
  EXPECT_EQ(Rewritten("SELECT 1 AS x WHERE a LIKE 'b%' AND a LIKE 'pg\\_%' AND a NOT LIKE $1 || '%' AND a "
                      "LIKE b ESCAPE '/'"),
            "SELECT 1 AS x WHERE a LIKE 'b%' AND a LIKE 'pg\\_%' ESCAPE '\\' AND a NOT LIKE $1 || '%' ESCAPE "
            "'\\' AND a "
            "LIKE b ESCAPE '/'");
  EXPECT_EQ(Rewritten("SELECT i.indkey[0] AS a, c.conkey[1] AS b"),
            "SELECT i.indkey[(0) + 1] AS a, c.conkey[1] AS b");
  EXPECT_EQ(Rewritten("SELECT ~ 1 AS a"), "SELECT ~ 1 AS a");
}

// The names are those that PostgreSQL 15 gives.
TEST(RewriteTest, ColumnsHavePostgresNames) {
  const std::pair<const char*, const char*> kNames[] = {{"count(*)", "count"},
                                                        {"1", "?column?"},
                                                        {"a + 1", "?column?"},
                                                        {"x.a::int", "a"},
                                                        {"'1'::int", "int4"},
                                                        {"'1'::int::bigint", "int8"},
                                                        {"CASE WHEN a THEN 1 END", "case"},
                                                        {"CASE WHEN a THEN 1 ELSE b END", "b"},
                                                        {"CAST('1' AS integer)", "int4"},
                                                        {"CAST(a AS integer)", "a"},
                                                        {"(SELECT max(b) FROM t)", "max"},
                                                        {"EXISTS (SELECT 1)", "exists"},
                                                        {"ARRAY(SELECT 1)", "array"},
                                                        {"ARRAY[1]", "array"},
                                                        {"coalesce(a, 1)", "coalesce"},
                                                        {"TRUE", "bool"},
                                                        {"NULL", "?column?"},
                                                        {"(f(a)).n", "n"},
                                                        {"max(a) FILTER (WHERE b)", "max"},
                                                        {"trim(both from a)", "btrim"},
                                                        {"a IS NULL", "?column?"},
                                                        {"-1", "?column?"},
                                                        {"(a)", "a"},
                                                        {"b[1]", "b"}};
  for (const auto& [expression, name] : kNames) {
    const std::string sql = Rewritten(std::string("SELECT ") + expression + ", 2 AS two");
    EXPECT_NE(sql.find(std::string(" AS \"") + name + "\", 2 AS two"), std::string::npos) << sql;
  }
}

TEST(RewriteTest, NamesThatAreThereStay) {
  for (const char* sql :
       {"SELECT a, t.b, c AS d, e f, g \"H\", * , t.* FROM t", "SELECT count(*) n FROM t",
        "SELECT DISTINCT ON (a, b) c FROM t", "SELECT 1 AS a UNION SELECT 2 AS b ORDER BY 1"}) {
    EXPECT_EQ(Rewritten(sql), sql);
  }
  EXPECT_EQ(Rewritten("SELECT OID, c.RelName AS TABLE_NAME, x AS \"Keep\" FROM t"),
            "SELECT oid, c.RelName AS table_name, x AS \"Keep\" FROM t");
}

TEST(RewriteTest, RefusesWhatItCannotSay) {
  EXPECT_EQ(RewriteForDuckDb("SELECT oid FROM pg_class FOR UPDATE").error().code(), ErrorCode::kNotSupported);
  EXPECT_EQ(RewriteForDuckDb("SELECT 'a FROM pg_class").error().code(), ErrorCode::kSyntaxError);
  EXPECT_EQ(RewriteForDuckDb("SELECT (1 FROM pg_class").error().code(), ErrorCode::kSyntaxError);
  EXPECT_EQ(RewriteForDuckDb("SELECT 1) FROM pg_class").error().code(), ErrorCode::kSyntaxError);
  EXPECT_EQ(RewriteForDuckDb("SELECT \x01 FROM pg_class").error().code(), ErrorCode::kSyntaxError);
}

// Whatever the text, there is an answer: every prefix of a long statement, and with each character doubled.
TEST(RewriteTest, StandsBrokenText) {
  const std::string sql =
      "SELECT CASE WHEN a::regclass[1] ~ E'\\n' THEN (f(x)).n ELSE '{a,\"b\"}'::text[] END, CAST(x AS "
      "pg_catalog.oid), "
      "$$q$$, i.indkey[1], count(*) OVER () FROM ONLY pg_class c, unnest(a) WITH ORDINALITY AS k, LATERAL "
      "f(1) WHERE "
      "a OPERATOR(pg_catalog.~) 'x' COLLATE \"C\" AND b LIKE 'x\\' || c -- end\n ORDER BY 1 USING < /* c */;";
  for (size_t i = 0; i <= sql.size(); ++i) {
    static_cast<void>(RewriteForDuckDb(sql.substr(0, i)));
    static_cast<void>(RewriteForDuckDb(sql.substr(i)));
    static_cast<void>(MentionsCatalog(sql.substr(0, i)));
    if (i < sql.size()) {
      static_cast<void>(RewriteForDuckDb(sql.substr(0, i) + sql[i] + sql.substr(i)));
      static_cast<void>(RewriteForDuckDb(sql.substr(0, i) + sql.substr(i + 1)));
    }
  }
}

}  // namespace
}  // namespace millrace::query::pgcatalog
