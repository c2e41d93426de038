// Statements of PostgreSQL's clients: how they print, what trees they make.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sql/parser.h"
#include "sql/printer.h"
#include "sql/server_statement.h"

namespace millrace::sql {
namespace {

struct Case {
  std::string_view input;
  std::string_view canonical;  // empty: the input itself
};

void Check(const Case& c) {
  const std::string_view expected = c.canonical.empty() ? c.input : c.canonical;
  const auto parsed = ParseStatement(c.input);
  ASSERT_TRUE(parsed.has_value()) << c.input << "\n" << parsed.error().ToString();
  EXPECT_EQ(Print(**parsed), expected) << c.input;
  const auto again = ParseStatement(expected);
  ASSERT_TRUE(again.has_value()) << expected << "\n" << again.error().ToString();
  EXPECT_EQ(Print(**again), expected);
}

template <typename T>
struct Parsed {
  StatementPtr statement;
  const T* operator->() const { return &statement->As<T>(); }
};

template <typename T>
Parsed<T> ParseAs(std::string_view text) {
  auto parsed = ParseStatement(text);
  EXPECT_TRUE(parsed.has_value()) << text << "\n" << (parsed ? "" : parsed.error().ToString());
  EXPECT_EQ((*parsed)->kind, T::kKind) << text;
  return {std::move(*parsed)};
}

TEST(ParseServer, Transactions) {
  for (const Case& c : std::initializer_list<Case>{
           {"BEGIN", ""},
           {"begin work", "BEGIN"},
           {"BEGIN TRANSACTION READ ONLY", "BEGIN READ ONLY"},
           {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"},
           {"START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE, NOT DEFERRABLE",
            "BEGIN ISOLATION LEVEL SERIALIZABLE, READ WRITE, NOT DEFERRABLE"},
           {"START TRANSACTION ISOLATION LEVEL READ UNCOMMITTED DEFERRABLE",
            "BEGIN ISOLATION LEVEL READ UNCOMMITTED, DEFERRABLE"},
           {"COMMIT", ""},
           {"END TRANSACTION", "COMMIT"},
           {"COMMIT WORK AND NO CHAIN", "COMMIT"},
           {"COMMIT AND CHAIN", ""},
           {"ROLLBACK", ""},
           {"ABORT WORK", "ROLLBACK"},
           {"ROLLBACK AND CHAIN", ""},
           {"SAVEPOINT Sp1", "SAVEPOINT sp1"},
           {"RELEASE sp1", "RELEASE SAVEPOINT sp1"},
           {"RELEASE SAVEPOINT \"Sp1\"", "RELEASE SAVEPOINT `Sp1`"},
           {"ROLLBACK TO sp1", "ROLLBACK TO SAVEPOINT sp1"},
           {"ROLLBACK WORK TO SAVEPOINT sp1", "ROLLBACK TO SAVEPOINT sp1"},
           {"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", ""},
           {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", ""},
           {"BEGIN STATEMENT SET; INSERT INTO t SELECT 1; END",
            "EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END"},
       }) {
    Check(c);
  }
}

TEST(ParseServer, Parameters) {
  for (const Case& c : std::initializer_list<Case>{
           {"SET extra_float_digits = 3", ""},
           {"SET extra_float_digits TO -1", "SET extra_float_digits = -1"},
           {"SET SESSION statement_timeout = '5s'", "SET statement_timeout = '5s'"},
           {"SET LOCAL statement_timeout TO 0", "SET LOCAL statement_timeout = 0"},
           {"SET DateStyle TO ISO, MDY", "SET datestyle = ISO, MDY"},
           {"SET search_path = \"$user\", public", "SET search_path = `$user`, public"},
           {"SET standard_conforming_strings = on", ""},
           {"SET application_name TO DEFAULT", "SET application_name = DEFAULT"},
           {"SET myapp.tenant = 'x'", ""},
           {"SET TIME ZONE 'Asia/Shanghai'", "SET timezone = 'Asia/Shanghai'"},
           {"SET TIME ZONE DEFAULT", "SET timezone = DEFAULT"},
           {"SET TIME ZONE LOCAL", "SET timezone = DEFAULT"},
           {"SET NAMES 'UTF8'", "SET client_encoding = 'UTF8'"},
           {"SET SCHEMA 'ods'", "SET search_path = 'ods'"},
           {"SET role = 'x'", "SET `role` = 'x'"},
           {"SET ROLE Analyst", "SET ROLE analyst"},
           {"SET LOCAL ROLE NONE", ""},
           {"SET SESSION ROLE 'Bob'", "SET ROLE `Bob`"},
           {"SET SESSION AUTHORIZATION DEFAULT", ""},
           {"SET SESSION AUTHORIZATION bob", ""},
           {"RESET ROLE", "SET ROLE NONE"},
           {"RESET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION DEFAULT"},
           {"RESET ALL", ""},
           {"RESET TimeZone", "RESET timezone"},
           {"RESET TIME ZONE", "RESET timezone"},
           {"SHOW server_version", ""},
           {"SHOW TRANSACTION ISOLATION LEVEL", "SHOW transaction_isolation"},
           {"SHOW TIME ZONE", "SHOW `timezone`"},
           {"SHOW SESSION AUTHORIZATION", "SHOW session_authorization"},
           {"SHOW myapp.tenant", "SHOW `myapp`.`tenant`"},
           {"SHOW \"jobs\"", "SHOW `jobs`"},
           {"SHOW \"tabels\"", "SHOW `tabels`"},
           {"RESET \"role\"", "RESET `role`"},
           {"SET \"transaction\".x = 1", "SET `transaction`.x = 1"},
           {"SET a.\"b..c\" = 1", "SET `a.b..c` = 1"},
           {"SHOW ALL", ""},
           {"SHOW TABLES", ""},
           {"SET 'table.local-time-zone' = 'UTC'", ""},
           {"SET", "SHOW ALL"},
           {"RESET 'parallelism.default'", ""},
           {"RESET", ""},
           {"DISCARD ALL", ""},
           {"DISCARD TEMP", "DISCARD TEMPORARY"},
           {"DISCARD PLANS", ""},
           {"DISCARD SEQUENCES", ""},
           {"UNLISTEN *", ""},
           {"UNLISTEN chan", ""},
       }) {
    Check(c);
  }
  const auto set = ParseAs<SetParameterStatement>("SET search_path TO \"A\", b, 'c', 1.5");
  ASSERT_EQ(set->values.size(), 4u);
  EXPECT_EQ(set->values[0].kind, ParameterValue::Kind::kName);
  EXPECT_EQ(set->values[1].kind, ParameterValue::Kind::kWord);
  EXPECT_EQ(set->values[2].kind, ParameterValue::Kind::kString);
  EXPECT_EQ(set->values[3].text, "1.5");
  EXPECT_EQ(set->values[2].location, (SourceLocation{1, 28}));
}

TEST(ParseServer, PreparedStatements) {
  for (const Case& c : std::initializer_list<Case>{
           {"PREPARE p AS SELECT a FROM t WHERE b = $1", ""},
           {"prepare P (int4, text, unknown, DECIMAL(10, 2)) as select $1",
            "PREPARE p (INT, STRING, UNKNOWN, DECIMAL(10, 2)) AS SELECT $1"},
           {"PREPARE ins AS INSERT INTO t (a, b) VALUES ($1, $2)",
            "PREPARE ins AS INSERT INTO t (a, b) VALUES ($1, $2)"},
           {"PREPARE q AS SELECT x FROM t WHERE y ->> 'k' = $1 AND z[1:2] = 3", ""},  // DuckDB's
           {"EXECUTE p", ""},
           {"EXECUTE p ()", "EXECUTE p"},
           {"EXECUTE p (1, 'x', CAST(NULL AS INT))", "EXECUTE p(1, 'x', CAST(NULL AS INT))"},
           {"DEALLOCATE p", ""},
           {"DEALLOCATE PREPARE ALL", "DEALLOCATE ALL"},
       }) {
    Check(c);
  }
  const auto kept = ParseAs<PrepareStatement>("PREPARE q AS SELECT x FROM t WHERE y ->> 'k' = $1");
  EXPECT_EQ(kept->inner.statement, nullptr);
  EXPECT_EQ(kept->inner.text, "SELECT x FROM t WHERE y ->> 'k' = $1");
  EXPECT_EQ(kept->inner.range.begin, 13u);
  ASSERT_TRUE(kept->inner.error.has_value());
  EXPECT_EQ(kept->inner.error->code(), ErrorCode::kSyntaxError);
}

TEST(ParseServer, ParametersAsValues) {
  for (const Case& c : std::initializer_list<Case>{
           {"SELECT $1 + $2 FROM t WHERE a IN ($3, 4) AND b BETWEEN $4 AND $5 LIMIT $6 OFFSET $7", ""},
           {"SELECT $1::int4, $2 :: text", "SELECT CAST($1 AS INT), CAST($2 AS STRING)"},
           {"SELECT a FROM t FETCH FIRST $1 ROWS ONLY", "SELECT a FROM t LIMIT $1"},
           {"INSERT INTO t VALUES ($1, -$2, f($3))", ""},
           {"SELECT -1::bigint, '5'::DECIMAL(10, 2)",
            "SELECT -CAST(1 AS BIGINT), CAST('5' AS DECIMAL(10, 2))"},
           {"SELECT \"a b\", t.\"C\" FROM \"t\"\"x\" AS t", "SELECT `a b`, t.C FROM `t\"x` AS t"},
       }) {
    Check(c);
  }
}

TEST(ParseServer, CursorsAndSubscriptions) {
  for (const Case& c : std::initializer_list<Case>{
           {"DECLARE c CURSOR FOR SELECT a FROM t", ""},
           {"DECLARE \"C1\" BINARY INSENSITIVE NO SCROLL CURSOR WITHOUT HOLD FOR SELECT 1",
            "DECLARE `C1` BINARY NO SCROLL CURSOR FOR SELECT 1"},
           {"DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1", ""},
           {"DECLARE c CURSOR FOR SUBSCRIBE TO dws.v WITH (SNAPSHOT = false, PROGRESS)",
            "DECLARE c CURSOR FOR SUBSCRIBE TO dws.v WITH (SNAPSHOT = FALSE, PROGRESS = TRUE)"},
           {"DECLARE c CURSOR FOR SELECT a FROM v EMIT CHANGES", ""},
           {"FETCH c", "FETCH FORWARD 1 FROM c"},
           {"FETCH NEXT FROM c", "FETCH FORWARD 1 FROM c"},
           {"FETCH PRIOR IN c", "FETCH BACKWARD 1 FROM c"},
           {"FETCH FIRST FROM c", "FETCH ABSOLUTE 1 FROM c"},
           {"FETCH LAST FROM c", "FETCH ABSOLUTE -1 FROM c"},
           {"FETCH 100 FROM c", "FETCH FORWARD 100 FROM c"},
           {"FETCH -5 c", "FETCH BACKWARD 5 FROM c"},
           {"FETCH FORWARD FROM c", "FETCH FORWARD 1 FROM c"},
           {"FETCH FORWARD 0 FROM c", ""},
           {"FETCH BACKWARD -3 FROM c", "FETCH FORWARD 3 FROM c"},
           {"FETCH ALL IN \"c\"", "FETCH FORWARD ALL FROM c"},
           {"FETCH FORWARD ALL FROM c WITH (TIMEOUT = '1s')", ""},
           {"FETCH BACKWARD ALL FROM c", ""},
           {"FETCH RELATIVE -2 FROM c", ""},
           {"FETCH prior", "FETCH FORWARD 1 FROM prior"},
           {"MOVE FORWARD 10 IN c", "MOVE FORWARD 10 FROM c"},
           {"CLOSE c", ""},
           {"CLOSE ALL", ""},
           {"SUBSCRIBE TO v", ""},
           {"SUBSCRIBE TO dws.v WITH (SNAPSHOT = TRUE)", "SUBSCRIBE TO dws.v"},
           {"SUBSCRIBE TO v WITH (progress = on, snapshot = off)",
            "SUBSCRIBE TO v WITH (SNAPSHOT = FALSE, PROGRESS = TRUE)"},
           {"SELECT a FROM v EMIT CHANGES", ""},
           {"(SELECT a FROM v WHERE b > 1) EMIT CHANGES WITH (SNAPSHOT = FALSE)", ""},
       }) {
    Check(c);
  }
}

TEST(ParseServer, Copy) {
  for (const Case& c : std::initializer_list<Case>{
           {"COPY t FROM STDIN", ""},
           {"COPY ods.t (a, \"B\") FROM STDIN", "COPY ods.t (a, B) FROM STDIN"},
           {"COPY t TO STDOUT", ""},
           {"COPY (SELECT a FROM t) TO STDOUT WITH (FORMAT csv, HEADER)",
            "COPY (SELECT a FROM t) TO STDOUT WITH (FORMAT csv, HEADER TRUE)"},
           {"COPY (SUBSCRIBE TO v) TO STDOUT", ""},
           {"COPY (SELECT x FROM t WHERE y[1:2] = 3) TO STDOUT", ""},  // DuckDB's
           {"COPY t FROM STDIN (FORMAT 'csv', DELIMITER ';', NULL 'nil', QUOTE '''', ESCAPE '\\')",
            "COPY t FROM STDIN WITH (FORMAT csv, DELIMITER ';', NULL 'nil', QUOTE '''', ESCAPE '\\')"},
           {"COPY t FROM STDIN WITH (FORMAT binary)", ""},
           {"COPY BINARY t FROM STDIN", "COPY t FROM STDIN WITH (FORMAT binary)"},
           {"COPY t FROM STDIN BINARY", "COPY t FROM STDIN WITH (FORMAT binary)"},
           {"COPY t FROM STDIN WITH CSV HEADER DELIMITER AS '|' NULL AS ''",
            "COPY t FROM STDIN WITH (FORMAT csv, DELIMITER '|', HEADER TRUE)"},
           {"COPY t TO STDOUT csv header force quote a, b",
            "COPY t TO STDOUT WITH (FORMAT csv, HEADER TRUE, FORCE_QUOTE (a, b))"},
           {"COPY t FROM STDIN USING DELIMITERS ','", "COPY t FROM STDIN WITH (DELIMITER ',')"},
           {"COPY t FROM STDIN (FORMAT text, HEADER match)", "COPY t FROM STDIN WITH (HEADER MATCH)"},
           {"COPY t FROM STDIN (HEADER off, ENCODING 'utf-8')", "COPY t FROM STDIN"},
           {"COPY t TO STDOUT (FORMAT csv, FORCE_QUOTE *)",
            "COPY t TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)"},
           {"COPY t FROM STDIN (FORMAT csv, FORCE_NOT_NULL (a), FORCE_NULL (b))",
            "COPY t FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (a), FORCE_NULL (b))"},
       }) {
    Check(c);
  }
  const auto csv = ParseAs<CopyStatement>("COPY t FROM STDIN (FORMAT csv, QUOTE '|')");
  EXPECT_EQ(csv->options.delimiter, ',');
  EXPECT_EQ(csv->options.null_text, "");
  EXPECT_EQ(csv->options.escape, '|');
  EXPECT_TRUE(csv->is_from);
}

TEST(ParseServer, RolesAndTokens) {
  for (const Case& c : std::initializer_list<Case>{
           {"CREATE ROLE r", ""},
           {"CREATE USER Alice WITH PASSWORD 'geheim'", "CREATE USER alice PASSWORD '***'"},
           {"CREATE USER \"Alice\" ENCRYPTED PASSWORD NULL", "CREATE USER `Alice` PASSWORD NULL"},
           {"CREATE ROLE IF NOT EXISTS r LOGIN SUPERUSER CREATEROLE INHERIT NOCREATEDB NOREPLICATION "
            "NOBYPASSRLS CONNECTION LIMIT 5 VALID UNTIL '2030-01-01' IN ROLE a, b ROLE c ADMIN d",
            "CREATE ROLE IF NOT EXISTS r SUPERUSER CREATEROLE LOGIN VALID UNTIL '2030-01-01' CONNECTION "
            "LIMIT "
            "5 IN ROLE a, b ROLE c ADMIN d"},
           {"CREATE GROUP g USER a, b", "CREATE GROUP g ROLE a, b"},
           {"CREATE ROLE r MEMORY LIMIT '512MB' TIME LIMIT '30s' ROW LIMIT 1000 CONNECTION LIMIT -1",
            "CREATE ROLE r CONNECTION LIMIT NONE MEMORY LIMIT '512MB' TIME LIMIT '30s' ROW LIMIT 1000"},
           {"ALTER ROLE r NOLOGIN NOSUPERUSER", "ALTER ROLE r NOSUPERUSER NOLOGIN"},
           {"ALTER USER CURRENT_USER WITH PASSWORD 'x'", "ALTER USER CURRENT_USER PASSWORD '***'"},
           {"ALTER ROLE r MEMORY LIMIT NONE", ""},
           {"ALTER ROLE r RENAME TO s", ""},
           {"ALTER ROLE r SET statement_timeout TO '10s'", "ALTER ROLE r SET statement_timeout = '10s'"},
           {"ALTER ROLE ALL SET TIME ZONE 'UTC'", "ALTER ROLE ALL SET timezone = 'UTC'"},
           {"ALTER ROLE r SET search_path = DEFAULT", ""},
           {"ALTER ROLE r RESET search_path", ""},
           {"ALTER ROLE r RESET ALL", ""},
           {"ALTER GROUP g ADD USER a, b", "GRANT g TO a, b"},
           {"ALTER GROUP g DROP USER a", "REVOKE g FROM a"},
           {"DROP ROLE IF EXISTS a, B", "DROP ROLE IF EXISTS a, b"},
           {"DROP USER \"A\"", "DROP USER `A`"},
           {"CREATE TOKEN ci FOR ROLE writer VALID UNTIL '2030-01-01 00:00:00'", ""},
           {"CREATE TOKEN ci FOR ROLE CURRENT_USER", ""},
           {"DROP TOKEN IF EXISTS ci", ""},
       }) {
    Check(c);
  }
  const auto create = ParseAs<CreateRoleStatement>("CREATE USER a PASSWORD 'it''s'");
  ASSERT_TRUE(create->options.password.has_value());
  EXPECT_EQ(create->options.password->text, "it's");
  EXPECT_EQ(create->keyword, RoleKeyword::kUser);
  EXPECT_FALSE(create->options.login.has_value());
}

TEST(ParseServer, Privileges) {
  for (const Case& c : std::initializer_list<Case>{
           {"GRANT SELECT ON t TO r", "GRANT SELECT ON TABLE t TO r"},
           {"GRANT SELECT, INSERT ON TABLE ods.t, `U` TO r, PUBLIC WITH GRANT OPTION",
            "GRANT SELECT, INSERT ON TABLE ods.t, U TO r, PUBLIC WITH GRANT OPTION"},
           {"GRANT ALL ON ALL TABLES IN SCHEMA ods, dwd TO r",
            "GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA ods, dwd TO r"},
           {"GRANT USAGE, CREATE ON SCHEMA ods TO GROUP r", "GRANT USAGE, CREATE ON SCHEMA ods TO r"},
           {"GRANT CONNECT, TEMP ON DATABASE millrace TO r",
            "GRANT CONNECT, TEMPORARY ON DATABASE millrace TO r"},
           {"GRANT SELECT ON t TO CURRENT_ROLE GRANTED BY SESSION_USER",
            "GRANT SELECT ON TABLE t TO CURRENT_USER GRANTED BY SESSION_USER"},
           {"REVOKE GRANT OPTION FOR INSERT ON t FROM r CASCADE",
            "REVOKE GRANT OPTION FOR INSERT ON TABLE t FROM r CASCADE"},
           {"REVOKE ALL PRIVILEGES ON SCHEMA ods FROM PUBLIC RESTRICT",
            "REVOKE ALL PRIVILEGES ON SCHEMA ods FROM PUBLIC"},
           {"GRANT analyst, Writer TO bob WITH ADMIN OPTION",
            "GRANT analyst, writer TO bob WITH ADMIN OPTION"},
           {"REVOKE ADMIN OPTION FOR analyst FROM bob", ""},
           {"REVOKE analyst FROM bob, carol CASCADE", ""},
           {"ALTER DEFAULT PRIVILEGES IN SCHEMA ods GRANT SELECT ON TABLES TO r", ""},
           {"ALTER DEFAULT PRIVILEGES FOR USER a IN SCHEMA ods, dwd REVOKE ALL ON TABLES FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA ods, dwd REVOKE ALL PRIVILEGES ON TABLES FROM "
            "PUBLIC"},
           {"ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO r", ""},
           {"ALTER TABLE ods.t OWNER TO r", ""},
           {"ALTER TABLE ods.t SET ('log.retention' = '7 d', 'b' = 'it''s')", ""},
           {"alter table t reset('log.retention','b')", "ALTER TABLE t RESET ('log.retention', 'b')"},
           {"ALTER MATERIALIZED VIEW v OWNER TO CURRENT_USER", ""},
           {"ALTER SCHEMA s OWNER TO r", ""},
           {"REASSIGN OWNED BY a, b TO c", ""},
           {"DROP OWNED BY a RESTRICT", "DROP OWNED BY a"},
           {"DROP OWNED BY a CASCADE", ""},
           {"COMMENT ON TABLE ods.t IS 'detail'", ""},
           {"COMMENT ON COLUMN ods.t.a IS NULL", ""},
           {"COMMENT ON MATERIALIZED VIEW v IS 'x'", ""},
           {"COMMENT ON SCHEMA ods IS 'x'", ""},
           {"COMMENT ON ROLE Bob IS 'x'", "COMMENT ON ROLE bob IS 'x'"},
           {"COMMENT ON DATABASE millrace IS 'x'", ""},
       }) {
    Check(c);
  }
}

}  // namespace
}  // namespace millrace::sql
