// What a data folder keeps of definitions, and making it again.
#include <gtest/gtest.h>

#include <cerrno>

#include "env/random.h"
#include "session/durable_fixture.h"
#include "session/start_files.h"

namespace millrace::session {
namespace {

class RecoveryTest : public DurableFixture {
 protected:
  std::string Plan(const std::string& script) {
    const auto planned = PlanStart(instance_.get(), {{"shop.sql", script}});
    if (!planned.has_value()) return planned.error().ToString();
    std::string text;
    for (const StartStatement& statement : *planned) {
      text += statement.skipped.empty() ? "run;" : statement.skipped + ";";
    }
    return text;
  }
  // As `serve` runs a file.
  void RunStart(const std::string& script) {
    const auto planned = PlanStart(instance_.get(), {{"shop.sql", script}});
    ASSERT_TRUE(planned.has_value()) << planned.error().ToString();
    const auto session = Connect("millrace", /*of_start=*/true);
    for (const StartStatement& statement : *planned) {
      if (!statement.skipped.empty()) continue;
      const auto result = session->Execute(statement.text);
      ASSERT_TRUE(result.has_value()) << statement.text << "\n" << result.error().ToString();
    }
  }
};

TEST_F(RecoveryTest, AllDefinitionsComeBack) {
  Open();
  Must("CREATE SCHEMA shop COMMENT 'of the shop'");
  Must("DROP SCHEMA ads");
  Must("USE shop");
  Must("CREATE TABLE orders (id BIGINT, city STRING, amount DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)");
  Must(
      "CREATE TABLE clicks (id BIGINT COMMENT 'it''s', ts TIMESTAMP(3), day_of AS CAST(ts AS DATE), "
      "WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) COMMENT 'c' WITH ('connector' = 'http', 'format' = "
      "'json')");
  Must("CREATE TABLE more_clicks (extra INT) LIKE clicks");
  Must("DROP TABLE clicks");
  Must("CREATE VIEW costly AS SELECT * FROM orders WHERE amount > 10");
  Must("CREATE VIEW dearest AS SELECT city, amount FROM costly WHERE amount > 20");
  Must("CREATE MATERIALIZED VIEW by_city AS SELECT city, COUNT(*) AS n FROM dearest GROUP BY city");
  Must("CREATE MATERIALIZED VIEW cities AS SELECT COUNT(*) AS n FROM by_city");
  Must("SET 'parallelism.default' = '2'");
  Must(
      "CREATE OR REPLACE MATERIALIZED VIEW cities AS SELECT COUNT(*) AS n, SUM(n) AS rows_seen FROM by_city");
  Must("USE `public`");
  Must("CREATE TABLE gone (a INT)");
  Must("CREATE VIEW gone_too AS SELECT * FROM gone");
  Must("DROP TABLE gone CASCADE");
  const std::string before = Snapshot();
  const std::vector<StatementRecord> records = instance_->durable()->records();
  Reopen();
  EXPECT_EQ(Snapshot(), before);
  EXPECT_EQ(instance_->durable()->records(), records);
  EXPECT_EQ(Run("SELECT rows_seen, n FROM shop.cities"), "");
  EXPECT_EQ(Run("SELECT * FROM shop.dearest"), "");
  EXPECT_NE(Run("SELECT * FROM gone_too").find("42P01"), std::string::npos);
  EXPECT_NE(Run("CREATE TABLE ads.t (a INT)").find("3F000"), std::string::npos);
  Must("CREATE SCHEMA ads");
  Must("CREATE TABLE ads.t (a INT)");
  Must("DROP SCHEMA ads CASCADE");
  const std::string later = Snapshot();
  Reopen();
  EXPECT_EQ(Snapshot(), later);
  EXPECT_EQ(failures_, 0);
}

TEST_F(RecoveryTest, ARecordHasSchemaSettingsAndItsOwnTextOnly) {
  Open();
  Must("USE ods");
  Must("SET 'parallelism.default' = '2'");
  Must("  /* first */ CREATE TABLE t (a INT)  -- and last");
  const std::vector<StatementRecord> records = instance_->durable()->records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].text, "CREATE TABLE t (a INT)");
  EXPECT_EQ(records[0].current_schema, "ods");
  EXPECT_EQ(records[0].settings,
            (std::vector<std::pair<std::string, std::string>>{{"parallelism.default", "2"}}));
  Reopen();
  EXPECT_NE(instance_->catalog()->catalog.Find({"ods", "t"}), nullptr);
}

TEST_F(RecoveryTest, ObjectsAreNotMetAgainUnderTheirNumber) {
  Open();
  Must("CREATE TABLE t (a INT)");
  const uint64_t first = instance_->durable()->Find({"public", "t"})->id;
  Must("DROP TABLE t");
  Reopen();
  Must("CREATE TABLE t (a INT)");
  const uint64_t second = instance_->durable()->Find({"public", "t"})->id;
  EXPECT_GT(second, first);
  Must("CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM t");
  const uint64_t view = instance_->durable()->Find({"public", "v"})->id;
  Must("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT SUM(a) AS n FROM t");
  EXPECT_GT(instance_->durable()->Find({"public", "v"})->id, view);
  EXPECT_FALSE(instance_->durable()->Has(view));
}

TEST_F(RecoveryTest, RolesGrantsAndTokensComeBack) {
  Open();
  Must("CREATE USER alice PASSWORD 'secret'");
  Must("CREATE ROLE readers");
  Must("GRANT readers TO alice");
  Must("GRANT CREATE, USAGE ON SCHEMA dws TO alice");
  Must("ALTER DEFAULT PRIVILEGES FOR ROLE alice GRANT SELECT ON TABLES TO readers");
  Must("CREATE TOKEN feed FOR ROLE alice");
  Must("COMMENT ON ROLE alice IS 'of the shop'");
  Must("ALTER ROLE alice SET statement_timeout = '30s'");
  {
    const auto alice = Connect("alice");
    ASSERT_EQ(Run(*alice, "CREATE TABLE dws.own (a INT)"), "CREATE TABLE");
  }
  Must("CREATE TABLE dws.given (a INT)");
  Must("ALTER TABLE dws.given OWNER TO alice");
  Must("DROP ROLE IF EXISTS nobody");
  const std::string before = Snapshot();
  Reopen();
  EXPECT_EQ(Snapshot(), before);
  const catalog::RoleSnapshotPtr roles = instance_->roles().snapshot();
  EXPECT_EQ(roles->Find("alice")->verifier, "verifier of secret");
  EXPECT_EQ(roles->OwnerOf(catalog::Securable::Table({"dws", "own"})), "alice");
  EXPECT_EQ(roles->OwnerOf(catalog::Securable::Table({"dws", "given"})), "alice");
  EXPECT_TRUE(roles->Has("readers", catalog::Privilege::kSelect, catalog::Securable::Table({"dws", "own"})));
  const auto token = instance_->roles().FindToken("hash of mr_token", 0);
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ((*token)->name, "alice");
  const auto alice = Connect("alice");
  EXPECT_EQ(Run(*alice, "SHOW statement_timeout"), "30s;");
  EXPECT_EQ(Run(*alice, "DROP TABLE dws.given"), "DROP TABLE");
}

// The owner of a view may have lost what the view reads; the view is made again all the same.
TEST_F(RecoveryTest, NobodyIsCheckedAgain) {
  Open();
  Must("CREATE USER alice");
  Must("GRANT CREATE, USAGE ON SCHEMA dws TO alice");
  Must("CREATE TABLE dws.t (a INT)");
  Must("GRANT SELECT ON TABLE dws.t TO alice");
  {
    const auto alice = Connect("alice");
    ASSERT_EQ(Run(*alice, "CREATE VIEW dws.v AS SELECT a FROM dws.t"), "CREATE VIEW");
    ASSERT_EQ(Run(*alice, "CREATE MATERIALIZED VIEW dws.m AS SELECT COUNT(*) AS n FROM dws.v"),
              "CREATE MATERIALIZED VIEW");
  }
  Must("REVOKE SELECT ON TABLE dws.t FROM alice");
  const std::string before = Snapshot();
  Reopen();
  EXPECT_EQ(Snapshot(), before);
}

TEST_F(RecoveryTest, WhatIsTemporaryIsNotKept) {
  Open();
  Must("CREATE TEMPORARY TABLE scratch (a INT)");
  Must("CREATE TEMPORARY VIEW seen AS SELECT a FROM scratch");
  EXPECT_NE(Run("CREATE VIEW v AS SELECT a FROM scratch").find("42P16"), std::string::npos);
  EXPECT_NE(Run("CREATE MATERIALIZED VIEW m AS SELECT a FROM seen").find("which is temporary"),
            std::string::npos);
  EXPECT_TRUE(instance_->durable()->records().empty());
  Reopen();
  EXPECT_NE(Run("SELECT * FROM scratch").find("42P01"), std::string::npos);
}

TEST_F(RecoveryTest, AFullDiskFailsTheStatementAndNothingElse) {
  Open();
  Must("CREATE TABLE t (a INT)");
  Must("CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM t");
  Must("CREATE ROLE r");
  const std::string before = Snapshot();
  disk_.SetCapacity(0);
  for (const char* text : {"CREATE TABLE u (a INT)", "CREATE VIEW w AS SELECT a FROM t", "CREATE SCHEMA s",
                           "CREATE MATERIALIZED VIEW w AS SELECT SUM(a) AS n FROM t",
                           "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT SUM(a) AS n FROM t",
                           "DROP MATERIALIZED VIEW v", "DROP TABLE t CASCADE", "CREATE ROLE q",
                           "GRANT SELECT ON TABLE t TO r", "CREATE TOKEN k FOR ROLE millrace",
                           "ALTER TABLE t OWNER TO r", "COMMENT ON ROLE r IS 'x'", "DROP SCHEMA ads"}) {
    EXPECT_NE(Run(text).find("53100"), std::string::npos) << text << ": " << Run(text);
    EXPECT_EQ(Snapshot(), before) << text;
  }
  EXPECT_EQ(Run("SELECT n FROM v"), "");
  disk_.SetCapacity(std::nullopt);
  Must("CREATE TABLE u (a INT)");
  EXPECT_EQ(Run("INSERT INTO t VALUES (1)"), "INSERT 0 1");
  EXPECT_EQ(Run("SELECT n FROM v"), "1;");
  const std::string after = Snapshot();
  Reopen();
  EXPECT_EQ(Snapshot(), after);
  EXPECT_EQ(failures_, 0);
}

TEST_F(RecoveryTest, ACommitOfUnknownOutcomeIsTold) {
  Open();
  disk_.FailAt(env::DiskOperation::kSync, 1, EIO);
  EXPECT_NE(Run("CREATE TABLE t (a INT)").find("58030"), std::string::npos);
  EXPECT_GE(failures_, 1);
}

// --- Jobs.

constexpr const char* kEndless =
    "CREATE TABLE ticks (a INT) WITH ('connector' = 'datagen', 'rows-per-second' = '10')";
constexpr const char* kThree =
    "CREATE TABLE three (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3')";

TEST_F(RecoveryTest, JobsGoOn) {
  Open();
  Must(kEndless);
  Must("CREATE TABLE hole (a INT) WITH ('connector' = 'blackhole')");
  Must("CREATE TABLE hole2 (a INT) WITH ('connector' = 'blackhole')");
  Must("INSERT INTO hole SELECT a FROM ticks");
  Must(
      "EXECUTE STATEMENT SET BEGIN INSERT INTO hole SELECT a FROM ticks; INSERT INTO hole2 SELECT a FROM "
      "ticks; END");
  EXPECT_EQ(JobsRunning(), 2u);
  const std::string before = Snapshot();
  Reopen();
  EXPECT_EQ(Snapshot(), before);
  EXPECT_EQ(JobsRunning(), 2u);
  ASSERT_TRUE(instance_->ForgetEndedJobs().has_value());
  EXPECT_EQ(Snapshot(), before);
  // A job goes with a table that it names.
  const auto dropped = admin_->Execute("DROP TABLE hole2");
  ASSERT_TRUE(dropped.has_value());
  ASSERT_EQ(dropped->warnings.size(), 1u);
  EXPECT_NE(dropped->warnings[0].find("has been ended with it"), std::string::npos);
  EXPECT_EQ(instance_->durable()->records().size(), 3u);
  Reopen();
  EXPECT_EQ(JobsRunning(), 1u);
  Must("DROP TABLE ticks");
  Reopen();
  EXPECT_EQ(JobsRunning(), 0u);
}

TEST_F(RecoveryTest, AJobThatHasEndedIsForgotten) {
  Open();
  Must(kThree);
  Must("CREATE TABLE t (a INT)");
  Must("INSERT INTO t SELECT a FROM three");
  EXPECT_EQ(instance_->durable()->records().size(), 3u);  // until a checkpoint has what it gave
  ASSERT_TRUE(instance_->ForgetEndedJobs().has_value());
  EXPECT_EQ(instance_->durable()->records().size(), 2u);
  Reopen();
  EXPECT_EQ(instance_->durable()->records().size(), 2u);
}

TEST_F(RecoveryTest, AJobThatFailedIsNotStartedAgain) {
  Open();
  Must("CREATE TABLE f (k BIGINT) WITH ('connector' = 'feed')");
  Must("CREATE TABLE hole (k BIGINT) WITH ('connector' = 'blackhole')");
  const std::string failing = "INSERT INTO hole SELECT k FROM f";
  Must(failing);
  // A feed of insertions cannot take a deletion.
  data::Schema schema;
  schema.Add("k", data::DataType::BigInt());
  data::BatchBuilder builder(schema);
  builder.column(0).Append(int64_t{1});
  builder.FinishRow(data::RowKind::kDelete);
  instance_->feeds().Push("public.f", builder.Build());
  while (instance_->FailedJobs().empty()) {
    env_.executor->Sleep(1000);
    ASSERT_TRUE(instance_->ForgetEndedJobs().has_value());
  }
  EXPECT_EQ(instance_->FailedJobs().size(), 1u);
  EXPECT_NE(instance_->FailedJobs()[0].find("INSERT INTO hole SELECT k FROM f) failed: "), std::string::npos);
  Reopen();
  EXPECT_EQ(JobsRunning(), 0u);
  EXPECT_EQ(instance_->FailedJobs().size(), 1u);
  // Run again, it takes the place of the one that failed.
  const uint64_t failed = instance_->durable()->records().back().id;
  Must(failing);
  EXPECT_EQ(instance_->durable()->records().size(), 3u);
  EXPECT_FALSE(instance_->durable()->Has(failed));
  EXPECT_EQ(JobsRunning(), 1u);
}

TEST_F(RecoveryTest, AJobWhoseWaitingEndedIsForgotten) {
  Open();
  Must(
      "CREATE TABLE slow (a INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1', 'number-of-rows' = "
      "'1000')");
  Must("CREATE TABLE t (a INT)");
  Must("SET statement_timeout = '50ms'");
  EXPECT_NE(Run("INSERT INTO t SELECT a FROM slow").find("57014"), std::string::npos);
  EXPECT_EQ(instance_->durable()->records().size(), 2u);
}

// --- What cannot be made again.

TEST_F(RecoveryTest, AStatementThatIsRefusedEndsTheStartAndStays) {
  Open();
  Must("CREATE TABLE t (a INT)");
  StatementRecord strange;
  strange.id = instance_->durable()->TakeIds(1).value();
  strange.kind = StatementRecord::Kind::kMaterializedView;
  strange.name = {"dws", "odd"};
  strange.text = "CREATE MATERIALIZED VIEW dws.odd AS SELECT FUTURE(a) FROM t";
  strange.current_schema = "public";
  ASSERT_TRUE(instance_->durable()->Commit({.put = {strange}, .removed = {}}).has_value());
  Close();
  const Status opened = TryOpen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(
      opened.error().message().find("materialized view 'dws.odd' of the data folder cannot be made again"),
      std::string::npos)
      << opened.error().ToString();
  EXPECT_NE(opened.error().message().find("FUTURE"), std::string::npos);
  Close();
  EXPECT_FALSE(TryOpen().has_value());
}

TEST_F(RecoveryTest, DamagedRecordsEndTheStart) {
  Open();
  Must("CREATE TABLE t (a INT)");
  for (const auto& [key, value] :
       {std::pair{"catalog/object/0000000000000001", "\x01garbage"},
        std::pair{"catalog/roles", "\x01garbage"}, std::pair{"catalog/next_id", "x"}}) {
    Close();
    disk_.SyncAll();
    {
      DataFolderOptions options;
      options.path = "/srv/data";
      options.journal = true;
      options.metrics = &metrics_;
      auto folder = DataFolder::Open(env_, std::move(options));
      ASSERT_TRUE(folder.has_value());
      state::CommitBatch batch;
      const auto good = (*folder)->commits().Get(key).value();
      batch.Put(key, value);
      ASSERT_TRUE((*folder)->commits().Commit(batch).has_value());
      folder->reset();
      const Status opened = TryOpen();
      ASSERT_FALSE(opened.has_value()) << key;
      EXPECT_EQ(opened.error().code(), ErrorCode::kDataCorrupted) << opened.error().ToString();
      Close();
      DataFolderOptions again;
      again.path = "/srv/data";
      again.journal = true;
      again.metrics = &metrics_;
      folder = DataFolder::Open(env_, std::move(again));
      ASSERT_TRUE(folder.has_value());
      state::CommitBatch repair;
      if (good.has_value()) repair.Put(key, *good);
      if (!good.has_value()) repair.Delete(key);
      ASSERT_TRUE((*folder)->commits().Commit(repair).has_value());
    }
    Open();
  }
}

TEST_F(RecoveryTest, TopicsWithoutATableAreDropped) {
  Open();
  Must("CREATE TABLE t (a INT)");
  const uint64_t id = instance_->durable()->Find({"public", "t"})->id;
  for (const std::string& name :
       {"t" + std::to_string(id), std::string("t999"), std::string("trail"), std::string("t")}) {
    if (folder_->log().FindTopic(name) != nullptr) continue;
    ASSERT_TRUE(folder_->log().CreateTopic(name, {}).has_value());
  }
  Reopen();
  EXPECT_NE(folder_->log().FindTopic("t" + std::to_string(id)), nullptr);
  EXPECT_EQ(folder_->log().FindTopic("t999"), nullptr);
  EXPECT_NE(folder_->log().FindTopic("trail"), nullptr);
  EXPECT_NE(folder_->log().FindTopic("t"), nullptr);
}

// --- Files of the start.

TEST_F(RecoveryTest, AFileDescribesWhatIsThere) {
  const std::string file =
      "CREATE SCHEMA shop;\n"
      "USE shop;\n"
      "CREATE TABLE t (a INT);  -- rows\n"
      "CREATE MATERIALIZED VIEW n AS SELECT COUNT(*) AS n FROM t;\n"
      "INSERT INTO t VALUES (1), (2);\n"
      "CREATE ROLE r;\n"
      "GRANT SELECT ON TABLE t TO r;\n";
  Open();
  EXPECT_EQ(Plan(file), "run;run;run;run;run;run;run;");
  RunStart(file);
  const std::string before = Snapshot();
  Reopen();
  EXPECT_EQ(Plan(file),
            "schema 'shop' is there already;run;table 'shop.t' is there already;"
            "materialized view 'shop.n' is there already;job 4 (INSERT INTO t VALUES ( 1 ) , ( 2 )) is done "
            "already;"
            "role 'r' is there already;run;");
  RunStart(file);
  EXPECT_EQ(Snapshot(), before);
  // Blanks and comments do not matter; what is new is run; what is gone stays.
  EXPECT_EQ(Plan("USE shop; CREATE   TABLE t(a INT); CREATE VIEW w AS SELECT a FROM t"),
            "run;table 'shop.t' is there already;run;");
  // In another schema it is another table.
  EXPECT_EQ(Plan("CREATE TABLE t (a INT)"), "run;");
}

TEST_F(RecoveryTest, AnotherDefinitionEndsTheStart) {
  Open();
  RunStart("CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t; CREATE SCHEMA s COMMENT 'x'");
  const std::string refused = Plan("CREATE TABLE u (a INT);\nCREATE TABLE t (a BIGINT)");
  EXPECT_NE(refused.find(
                "42P07 at line 2, column 14: table 'public.t' is there with another definition, in shop.sql"),
            std::string::npos)
      << refused;
  EXPECT_NE(Plan("CREATE VIEW v AS SELECT a + 1 AS b FROM t").find("write CREATE OR REPLACE"),
            std::string::npos);
  EXPECT_EQ(Plan("CREATE OR REPLACE VIEW v AS SELECT a + 1 AS b FROM t"), "run;");
  EXPECT_EQ(Plan("DROP VIEW v; CREATE VIEW v AS SELECT a + 1 AS b FROM t"), "run;run;");
  EXPECT_NE(Plan("CREATE TABLE IF NOT EXISTS t (a BIGINT)").find("with another definition;"),
            std::string::npos);
  EXPECT_NE(Plan("CREATE SCHEMA s COMMENT 'y'").find("42710"), std::string::npos);
  EXPECT_EQ(Plan("CREATE SCHEMA IF NOT EXISTS s"), "schema 's' is there already;");
  EXPECT_EQ(Plan("CREATE SCHEMA IF NOT EXISTS ods"), "schema 'ods' is there already;");
  EXPECT_EQ(Plan("no SQL at all"), "run;");
}

TEST_F(RecoveryTest, JobsOfAFileRunOnce) {
  const std::string file = std::string(kEndless) + ";" + kThree +
                           ";CREATE TABLE hole (a INT) WITH ('connector' = 'blackhole');"
                           "CREATE TABLE t (a INT);"
                           "INSERT INTO hole SELECT a FROM ticks;"
                           "INSERT INTO t SELECT a FROM three;";
  Open();
  RunStart(file);
  ASSERT_TRUE(instance_->ForgetEndedJobs().has_value());
  Reopen();
  EXPECT_EQ(JobsRunning(), 1u);
  const std::string plan = Plan(file);
  EXPECT_EQ(plan.find("run;"), std::string::npos) << plan;
  EXPECT_NE(plan.find("runs already"), std::string::npos);
  EXPECT_NE(plan.find("is done already"), std::string::npos);
  // Twice in the file, twice there.
  EXPECT_NE(Plan(file + "INSERT INTO hole SELECT a FROM ticks;").find("run;"), std::string::npos);
}

// --- Crashes.

constexpr const char* kSequence[] = {
    "CREATE SCHEMA shop",
    "CREATE ROLE r",
    "CREATE TABLE shop.t (a INT)",
    "CREATE VIEW shop.v AS SELECT a FROM shop.t",
    "CREATE MATERIALIZED VIEW shop.m AS SELECT COUNT(*) AS n FROM shop.v",
    "GRANT SELECT ON TABLE shop.m TO r",
    "ALTER TABLE shop.t OWNER TO r",
    "CREATE TABLE hole (a INT) WITH ('connector' = 'blackhole')",
    "CREATE TABLE ticks (a INT) WITH ('connector' = 'datagen', 'rows-per-second' = '10')",
    "INSERT INTO hole SELECT a FROM ticks",
    "CREATE OR REPLACE MATERIALIZED VIEW shop.m AS SELECT SUM(a) AS n FROM shop.v",
    "CREATE TOKEN k FOR ROLE r",
    "DROP TABLE hole",
    "DROP TABLE shop.t CASCADE",
    "DROP SCHEMA shop",
    "DROP TOKEN k",
};

// Whatever operation of the disk is the last, the catalog and the roles are those before the statement that
// ran or those after it.
TEST_F(RecoveryTest, ACrashLeavesTheStateBeforeOrAfterAStatement) {
  std::vector<std::string> states;
  Open();
  states.push_back(Snapshot());
  for (const char* text : kSequence) {
    Must(text);
    states.push_back(Snapshot());
  }
  Close();

  size_t between = 0;
  for (uint64_t nth = 1;; ++nth) {
    env::SimulatedDisk disk(*env::RealEnv().clock, nth);
    env_.files = &disk;
    Open();
    std::atomic<bool> was_cut = false;
    disk.At(std::nullopt, nth, [&] {
      was_cut = true;
      disk.CutPower();
      return EIO;
    });
    size_t done = 0;
    for (const char* text : kSequence) {
      const bool ran = admin_->Execute(text).has_value();
      if (!ran) break;
      ++done;
    }
    Close();
    if (!was_cut) {
      EXPECT_EQ(done, std::size(kSequence));
      EXPECT_GT(nth, 2 * std::size(kSequence));  // each at least wrote and synced
      break;
    }
    env::Random random(nth);
    disk.Restore(random);
    disk.Disarm();
    Open();
    const std::string found = Snapshot();
    const bool is_after = done < std::size(kSequence) && found == states[done + 1];
    EXPECT_TRUE(found == states[done] || is_after)
        << "operation " << nth << ", after statement " << done << "\n"
        << found;
    between += is_after ? 1 : 0;
    Close();
    env_.files = &disk_;
    if (HasFailure()) break;
  }
  EXPECT_GT(between, 0u);  // some were durable before they were answered
}

}  // namespace
}  // namespace millrace::session
