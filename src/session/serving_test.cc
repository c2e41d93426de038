// Sessions that serve: several over one instance, with transactions, cursors, parameters, roles.
#include <gtest/gtest.h>

#include "session/result_printer.h"
#include "session/session.h"

namespace millrace::session {
namespace {

using data::Value;

class ServingTest : public testing::Test {
 protected:
  ServingTest() {
    InstanceOptions options;
    options.env = &env::RealEnv();
    options.standard_output = &printed;  // as `millrace serve` has one
    instance = std::make_unique<Instance>(std::move(options));
    EXPECT_TRUE(instance->Start().has_value());
    admin = Open("millrace");
  }

  std::unique_ptr<Session> Open(const std::string& role) {
    SessionOptions options;
    options.role = role;
    options.database = "millrace";
    auto session = std::make_unique<Session>(instance.get(), std::move(options));
    const Status started = session->Start();
    EXPECT_TRUE(started.has_value()) << started.error().ToString();
    return session;
  }

  // Rows as "a|b;", the tag of a statement without rows, or the error.
  static std::string Run(Session& session, std::string_view text, const std::vector<Value>& parameters = {}) {
    const auto prepared = session.Prepare(text);
    if (!prepared.has_value()) {
      session.FailTransaction();
      return prepared.error().ToString();
    }
    auto outcome = session.Open(*prepared, parameters);
    if (!outcome.has_value()) return outcome.error().ToString();
    if (outcome->rows == nullptr) return outcome->tag;
    std::string lines;
    while (true) {
      auto step = outcome->rows->Next([] {});
      if (!step.has_value()) return step.error().ToString();
      if (step->kind != ResultStream::Step::Kind::kBatch) return lines;
      for (size_t row = 0; row < step->batch.rows; ++row) {
        for (size_t i = 0; i < step->batch.columns.size(); ++i) {
          lines += (i > 0 ? "|" : "") + ValueText(*step->batch.columns[i], row, session.zone());
        }
        lines += ";";
      }
    }
  }
  std::string Run(std::string_view text, const std::vector<Value>& parameters = {}) {
    return Run(*admin, text, parameters);
  }

  connectors::MemoryPrintOutput printed;
  std::unique_ptr<Instance> instance;
  std::unique_ptr<Session> admin;
};

TEST_F(ServingTest, WhatOneSessionInsertsAnotherReads) {
  const auto other = Open("millrace");
  EXPECT_EQ(Run("CREATE TABLE t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)"), "CREATE TABLE");
  EXPECT_EQ(Run("CREATE MATERIALIZED VIEW n AS SELECT COUNT(*) AS n FROM t"), "CREATE MATERIALIZED VIEW");
  EXPECT_EQ(Run("INSERT INTO t VALUES (1, 'a'), (2, 'b')"), "INSERT 0 2");
  EXPECT_EQ(Run(*other, "SELECT v FROM t WHERE k = 2"), "b;");
  EXPECT_EQ(Run(*other, "SELECT n FROM n"), "2;");
  EXPECT_EQ(Run(*other, "INSERT INTO t VALUES (2, 'c')"), "INSERT 0 1");
  EXPECT_EQ(Run("SELECT k, v FROM t ORDER BY k"), "1|a;2|c;");
}

TEST_F(ServingTest, SessionsSeeEachOther) {
  Run("CREATE ROLE reader LOGIN");
  const auto reader = Open("reader");
  Run(*reader, "SET application_name = 'a tool'");
  reader->TakeParameterChanges();
  Run(*reader, "BEGIN");
  reader->Rest();
  Run("SELECT 'mine'");
  admin->Rest();
  const std::string_view sql =
      "SELECT usename, application_name, state, query FROM pg_stat_activity ORDER BY usename";
  // The superuser sees all, itself at work.
  EXPECT_EQ(Run(sql), "millrace||active|" + std::string(sql) + ";reader|a tool|idle in transaction|BEGIN;");
  EXPECT_EQ(Run(*reader, "SELECT usename, state, query = 'SELECT 1' FROM pg_stat_activity ORDER BY usename"),
            "millrace|NULL|false;reader|active|false;");
  EXPECT_EQ(Run("SELECT COUNT(*) FROM pg_stat_activity WHERE backend_start <= query_start"), "2;");
  reader->FailTransaction();
  reader->Rest();
  EXPECT_EQ(Run("SELECT state FROM pg_stat_activity WHERE usename = 'reader'"),
            "idle in transaction (aborted);");
}

TEST_F(ServingTest, FunctionsAreListed) {
  EXPECT_EQ(
      Run("SELECT n.nspname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.prokind "
          "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE proname = 'lpad'"),
      "sys|text text, length integer, pad text|text|f;");
}

TEST_F(ServingTest, ParametersOfEveryRoute) {
  Run("CREATE TABLE t (k BIGINT, v STRING, d DECIMAL(10, 2), PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(
      Run("INSERT INTO t VALUES ($1, $2, $3)", {Value::Int(7), Value::String("a'b"), Value::Decimal(1234)}),
      "INSERT 0 1");
  EXPECT_EQ(Run("INSERT INTO t (k, v) VALUES ($1, $2)", {Value::Int(8), Value::Null()}), "INSERT 0 1");
  const auto point = admin->Prepare("SELECT v, d FROM t WHERE k = $1");
  ASSERT_TRUE(point.has_value()) << point.error().ToString();
  EXPECT_EQ((*point)->route, Prepared::Route::kPointRead);
  EXPECT_TRUE((*point)->quick);
  EXPECT_EQ(Run("SELECT v, d FROM t WHERE k = $1", {Value::Int(7)}), "a'b|12.34;");
  EXPECT_EQ(Run("SELECT k FROM t WHERE d > $1 OR v IS NULL ORDER BY k", {Value::String("12.001")}), "7;8;");
  EXPECT_EQ(Run("SELECT count(*) FROM t WHERE k = $1", {}),
            "08P01: the statement has 1 parameters, 0 were given");
}

TEST_F(ServingTest, ATransactionReadsOneSnapshotAndKeepsItsRows) {
  const auto other = Open("millrace");
  Run("CREATE TABLE t (k INT, PRIMARY KEY (k) NOT ENFORCED)");
  Run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(Run("BEGIN"), "BEGIN");
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "1;");
  EXPECT_EQ(Run(*other, "INSERT INTO t VALUES (2)"), "INSERT 0 1");
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "1;");
  EXPECT_EQ(Run("INSERT INTO t VALUES (3)"), "INSERT 0 1");
  EXPECT_EQ(Run(*other, "SELECT count(*) FROM t"), "2;");
  EXPECT_EQ(Run("COMMIT"), "COMMIT");
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "3;");
  Run("BEGIN");
  Run("INSERT INTO t VALUES (4)");
  EXPECT_EQ(Run("ROLLBACK"), "ROLLBACK");
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "3;");
}

TEST_F(ServingTest, ACommitOfSeveralTablesIsAllOrNothing) {
  const auto other = Open("millrace");
  Run("CREATE TABLE lefts (k INT NOT NULL)");
  Run("CREATE TABLE rights (k INT)");
  Run("CREATE MATERIALIZED VIEW n AS SELECT COUNT(*) AS n "
      "FROM (SELECT k FROM lefts UNION ALL SELECT k FROM rights)");
  Run("BEGIN");
  Run("INSERT INTO lefts VALUES (1)");
  Run("INSERT INTO rights VALUES (2)");
  Run("INSERT INTO lefts VALUES (3)");
  EXPECT_EQ(Run("COMMIT"), "COMMIT");
  EXPECT_EQ(Run(*other, "SELECT n FROM n"), "3;");

  Run("BEGIN");
  Run("INSERT INTO lefts VALUES (4)");
  Run("INSERT INTO rights VALUES (5)");
  EXPECT_EQ(Run(*other, "DROP TABLE rights CASCADE").substr(0, 4), "DROP");
  EXPECT_EQ(Run("COMMIT").substr(0, 5), "42P01");
  EXPECT_EQ(admin->transaction(), TransactionState::kIdle);
  EXPECT_EQ(Run("SELECT count(*) FROM lefts"), "2;");
}

TEST_F(ServingTest, AStatementOfManyBatchesIsAllOrNothing) {
  Run("CREATE TABLE t (k INT NOT NULL)");
  std::string values = "INSERT INTO t VALUES (0)";
  for (int i = 1; i < 5000; ++i) values += ", (" + std::to_string(i) + ")";
  EXPECT_NE(Run(values + ", (CAST(NULL AS INT))").find("NULL"), std::string::npos);
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "0;");
  EXPECT_EQ(Run(values), "INSERT 0 5000");
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "5000;");
}

TEST_F(ServingTest, AfterAnErrorATransactionOnlyEnds) {
  Run("BEGIN");
  EXPECT_NE(Run("SELECT * FROM nowhere").find("42P01"), std::string::npos);
  EXPECT_EQ(admin->transaction(), TransactionState::kFailed);
  EXPECT_EQ(Run("SELECT 1").substr(0, 5), "25P02");
  EXPECT_EQ(Run("COMMIT"), "ROLLBACK");
  EXPECT_EQ(Run("SELECT 1"), "1;");
}

TEST_F(ServingTest, CursorsGiveTheirRowsInParts) {
  Run("CREATE TABLE t (k INT)");
  Run("INSERT INTO t VALUES (1), (2), (3), (4), (5)");
  Run("BEGIN");
  EXPECT_EQ(Run("DECLARE c CURSOR FOR SELECT k FROM t ORDER BY k"), "DECLARE CURSOR");
  EXPECT_EQ(Run("FETCH 2 FROM c"), "1;2;");
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "5;");  // another query in between
  EXPECT_EQ(Run("MOVE 1 FROM c"), "MOVE 1");
  EXPECT_EQ(Run("FETCH ALL FROM c"), "4;5;");
  EXPECT_EQ(Run("FETCH 1 FROM c"), "");
  EXPECT_EQ(Run("CLOSE c"), "CLOSE CURSOR");
  EXPECT_EQ(Run("FETCH 1 FROM c").substr(0, 5), "34000");
  Run("ROLLBACK");
}

TEST_F(ServingTest, ASubscriptionBeginsWithTheRowsThereAre) {
  Run("CREATE TABLE t (k INT, v INT, PRIMARY KEY (k) NOT ENFORCED)");
  Run("CREATE MATERIALIZED VIEW sums AS SELECT k % 2 AS odd, SUM(v) AS s FROM t GROUP BY k % 2");
  Run("INSERT INTO t VALUES (1, 10), (2, 20)");
  Run("BEGIN");
  Run("DECLARE c CURSOR FOR SUBSCRIBE TO sums");
  std::string first = Run("FETCH 2 FROM c WITH (TIMEOUT = '10s')");
  EXPECT_NE(first.find("|+I|0|20;"), std::string::npos) << first;
  EXPECT_NE(first.find("|+I|1|10;"), std::string::npos) << first;
  const auto other = Open("millrace");
  EXPECT_EQ(Run(*other, "INSERT INTO t VALUES (3, 5)"), "INSERT 0 1");
  const std::string then = Run("FETCH 2 FROM c WITH (TIMEOUT = '10s')");
  EXPECT_NE(then.find("|-U|1|10;"), std::string::npos) << then;
  EXPECT_NE(then.find("|+U|1|15;"), std::string::npos) << then;
  EXPECT_EQ(Run("FETCH ALL FROM c WITH (TIMEOUT = '1ms')"), "");
  Run("ROLLBACK");
}

TEST_F(ServingTest, PreparedByName) {
  Run("CREATE TABLE t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(Run("PREPARE put AS INSERT INTO t VALUES ($1, $2)"), "PREPARE");
  EXPECT_EQ(Run("EXECUTE put(1, 'x')"), "INSERT 0 1");
  EXPECT_EQ(Run("PREPARE look (INT) AS SELECT v FROM t WHERE k = $1"), "PREPARE");
  EXPECT_EQ(Run("EXECUTE look(1)"), "x;");
  EXPECT_EQ(Run("EXECUTE look(1, 2)").substr(0, 5), "22023");
  EXPECT_EQ(Run("DEALLOCATE look"), "DEALLOCATE");
  EXPECT_EQ(Run("EXECUTE look(1)").substr(0, 5), "26000");
}

TEST_F(ServingTest, RolesReadAndWriteWhatTheyWereGranted) {
  Run("CREATE TABLE ods.orders (k INT, PRIMARY KEY (k) NOT ENFORCED)");
  Run("INSERT INTO ods.orders VALUES (1)");
  EXPECT_EQ(Run("CREATE ROLE reader LOGIN"), "CREATE ROLE");
  const auto reader = Open("reader");
  EXPECT_EQ(Run(*reader, "SELECT k FROM ods.orders WHERE k = 1").substr(0, 5), "42501");
  EXPECT_EQ(Run(*reader, "SELECT count(*) FROM ods.orders").substr(0, 5), "42501");
  EXPECT_EQ(Run("GRANT USAGE ON SCHEMA ods TO reader"), "GRANT");
  EXPECT_EQ(Run("GRANT SELECT ON ods.orders TO reader"), "GRANT");
  EXPECT_EQ(Run(*reader, "SELECT k FROM ods.orders WHERE k = 1"), "1;");
  EXPECT_EQ(Run(*reader, "SELECT count(*) FROM ods.orders"), "1;");
  EXPECT_EQ(Run(*reader, "INSERT INTO ods.orders VALUES (2)").substr(0, 5), "42501");
  EXPECT_EQ(Run(*reader, "DROP TABLE ods.orders").substr(0, 5), "42501");
  EXPECT_EQ(Run(*reader, "CREATE TABLE ods.mine (k INT)").substr(0, 5), "42501");
  EXPECT_EQ(Run("REVOKE SELECT ON ods.orders FROM reader"), "REVOKE");
  EXPECT_EQ(Run(*reader, "SELECT count(*) FROM ods.orders").substr(0, 5), "42501");
}

TEST_F(ServingTest, ParametersOfTheSession) {
  EXPECT_EQ(Run("SET TimeZone = 'Asia/Shanghai'"), "SET");
  EXPECT_EQ(Run("SHOW TimeZone"), "Asia/Shanghai;");
  EXPECT_EQ(Run("SELECT CAST(TO_TIMESTAMP_LTZ(0, 3) AS STRING)"), "1970-01-01 08:00:00.000;");
  EXPECT_EQ(Run("SET extra_float_digits = 3"), "SET");
  EXPECT_EQ(Run("SHOW server_version").empty(), false);
  EXPECT_EQ(Run("SET nonsense = 1").substr(0, 5), "42704");
  EXPECT_EQ(Run("SELECT current_user, current_schema()"), "millrace|public;");
  EXPECT_EQ(Run("SELECT relname FROM pg_catalog.pg_class WHERE relname = 'late_rows'"), "late_rows;");
}

TEST_F(ServingTest, ASelectThatNeverEndsIsRefusedAndItsChangesCanBeFollowed) {
  Run("CREATE TABLE clicks (k INT) WITH ('connector' = 'http', 'format' = 'json')");
  const std::string refused = Run("SELECT k FROM clicks LIMIT 1");
  EXPECT_EQ(refused.substr(0, 5), "0A000");
  EXPECT_NE(refused.find("EMIT CHANGES"), std::string::npos) << refused;
}

TEST_F(ServingTest, AStatementThatTakesTooLongEnds) {
  Run("SET statement_timeout = '50ms'");
  EXPECT_EQ(Run("SELECT count(*) FROM range(1000000000000)").substr(0, 5), "57014");
  Run("SET statement_timeout = 0");
  EXPECT_EQ(Run("SELECT 1"), "1;");
}

TEST_F(ServingTest, CopyPutsRowsInAndGivesThemOut) {
  Run("CREATE TABLE t (a INT, b STRING)");
  const auto prepared = admin->Prepare("COPY t (b) FROM STDIN");
  ASSERT_TRUE(prepared.has_value()) << prepared.error().ToString();
  auto outcome = admin->Open(*prepared);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().ToString();
  ASSERT_NE(outcome->copy_in, nullptr);
  data::Batch batch;
  batch.rows = 2;
  auto column = data::Column::Make(data::DataType::String(), 2);
  column->AppendString("x");
  column->AppendString("y");
  batch.columns.push_back(std::move(column));
  const auto pushed = outcome->copy_in->TryPush(&batch, [] {});
  ASSERT_TRUE(pushed.has_value() && *pushed);
  EXPECT_EQ(outcome->copy_in->Finish().value_or(0), 2);
  EXPECT_EQ(Run("COPY (SELECT a, b FROM t ORDER BY b) TO STDOUT"), "NULL|x;NULL|y;");
}

TEST_F(ServingTest, DecimalParametersAreExact) {
  Run("CREATE TABLE t (m DECIMAL(10, 2), v INT, PRIMARY KEY (m) NOT ENFORCED)");
  // INSERT rounds into the column, as PostgreSQL does.
  const auto insert = admin->Prepare("INSERT INTO t VALUES ($1, 1)", {data::DataType::AnyDecimal()});
  ASSERT_TRUE(insert.has_value());
  EXPECT_TRUE((*insert)->parameters[0].IsAnyDecimal());
  ASSERT_TRUE(admin->Open(*insert, {Value::String("5.005")}).has_value());
  EXPECT_EQ(Run("SELECT m FROM t"), "5.01;");
  EXPECT_EQ(Run("SELECT v FROM t WHERE m = $1", {Value::String("5.005")}), "");
  EXPECT_EQ(Run("SELECT v FROM t WHERE m = $1", {Value::String("5.0100")}), "1;");
  Run("PREPARE q (numeric, numeric) AS SELECT $1 + $2");
  EXPECT_EQ(Run("EXECUTE q (0.00000000000000000001, 12345678901234567)"),
            "12345678901234567.00000000000000000001;");
  EXPECT_EQ(Run("EXECUTE q ('1.5', NULL)"), "NULL;");
  EXPECT_TRUE(Run("EXECUTE q ('x', 1)").starts_with("22P02")) << Run("EXECUTE q ('x', 1)");
}

TEST_F(ServingTest, ParametersForKeysAreNotCut) {
  Run("CREATE TABLE t (k VARCHAR(3), v INT, PRIMARY KEY (k) NOT ENFORCED)");
  Run("CREATE TABLE u (k TIMESTAMP(0), v INT, PRIMARY KEY (k) NOT ENFORCED)");
  Run("INSERT INTO t VALUES ('abc', 1)");
  Run("INSERT INTO u VALUES (TIMESTAMP '1970-01-01 00:00:01', 1)");
  EXPECT_EQ(Run("SELECT v FROM t WHERE k = $1", {Value::String("abc")}), "1;");
  EXPECT_EQ(Run("SELECT v FROM t WHERE k = $1", {Value::String("abcd")}), "");
  EXPECT_EQ(admin->Prepare("SELECT v FROM t WHERE k = $1").value()->parameters[0], data::DataType::String());
  EXPECT_EQ(Run("SELECT v FROM u WHERE k = $1", {Value::Int(1'000'000)}), "1;");
  EXPECT_EQ(admin->Prepare("SELECT v FROM u WHERE k = $1").value()->parameters[0],
            data::DataType::Timestamp(6));
}

TEST_F(ServingTest, CastsToFlinksTypesWorkInSnapshots) {
  Run("CREATE TABLE t (s STRING, ts TIMESTAMP(6))");
  Run("INSERT INTO t VALUES ('abc', TIMESTAMP '1970-01-01 00:00:01.234567')");
  EXPECT_EQ(Run("SELECT CAST(s AS BYTES) FROM t WHERE s = $1", {Value::String("abc")}), "\\x616263;");
  EXPECT_EQ(Run("SELECT CAST(ts AS TIME(0)), CAST(ts AS TIMESTAMP_LTZ(3)) FROM t"),
            "00:00:01|1970-01-01 00:00:01.234;");
  // An error tells of the statement, not of the cast.
  EXPECT_EQ(Run("SELECT CAST(nowhere AS BYTES) FROM t").substr(0, 5), "42703");
}

TEST_F(ServingTest, SetConfigSetsParameters) {
  EXPECT_EQ(
      Run("SELECT set_config('application_name', 'a', false), pg_catalog.set_config('TimeZone', $1, $2)",
          {Value::String("Asia/Shanghai"), Value::Bool(false)}),
      "a|Asia/Shanghai;");
  EXPECT_EQ(Run("SHOW TimeZone"), "Asia/Shanghai;");
  Run("BEGIN");
  EXPECT_EQ(Run("SELECT set_config('application_name', 'b', true)"), "b;");
  EXPECT_EQ(Run("SHOW application_name"), "b;");
  Run("COMMIT");
  EXPECT_EQ(Run("SHOW application_name"), "a;");
  // Outside of a transaction it is over with the statement.
  EXPECT_EQ(Run("SELECT set_config('application_name', 'c', true)"), "c;");
  EXPECT_EQ(Run("SHOW application_name"), "a;");
  EXPECT_EQ(Run("SELECT set_config('application_name', NULL, false)"), ";");
  EXPECT_EQ(Run("SELECT set_config(NULL, 'c', true)").substr(0, 5), "22004");
  EXPECT_EQ(Run("SELECT set_config('no_such', 'c', true)").substr(0, 5), "42704");
  EXPECT_EQ(Run("SELECT set_config('DateStyle', 'German', false)").substr(0, 5), "22023");
}

TEST_F(ServingTest, ColumnsWithoutANameHavePostgresNames) {
  Run("CREATE TABLE t (a INT)");
  const auto names = [&](std::string_view text) {
    const auto prepared = admin->Prepare(text);
    std::string list;
    for (const data::Field& field : (*prepared)->schema) list += field.name + ";";
    return list;
  };
  EXPECT_EQ(names("SELECT count(*), a, a + 1, max(a) AS m FROM t GROUP BY a"), "count;a;?column?;m;");
  EXPECT_EQ(names("SELECT 1"), "?column?;");
}

}  // namespace
}  // namespace millrace::session
