// Options that say how long the log of a table keeps rows: where they are refused, how they are changed, and
// what is said of rows that are gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "connectors/ingest/row_log.h"
#include "data/batch_builder.h"
#include "env/random.h"
#include "session/durable_fixture.h"
#include "session/start_files.h"

namespace millrace::session {
namespace {

using testing::HasSubstr;

constexpr const char* kHttp = "WITH ('connector' = 'http', 'format' = 'json'";

class LogOptionsTest : public DurableFixture {
 protected:
  log::TopicSettings Settings(const std::string& table) {
    const uint64_t id = instance_->durable()->Find({"public", table})->id;
    return folder_->log().FindTopic(connectors::RowLog::TopicOfTable(id))->settings();
  }
  // As over HTTP: a row of one column, visible when this returns.
  template <typename Append>
  void Post(Append append) {
    const auto ingest = instance_->warehouse().OpenIngest("public.t");
    ASSERT_TRUE(ingest.has_value()) << ingest.error().ToString();
    data::BatchBuilder builder((*ingest)->schema());
    append(builder.column(0));
    builder.FinishRow();
    data::Batch batch = builder.Build();
    std::promise<void> settled;
    const auto receipt = std::make_shared<connectors::PushReceipt>([&] { settled.set_value(); });
    ASSERT_TRUE((*ingest)->TryPush(&batch, {}, receipt).value_or(false));
    settled.get_future().wait();
    ASSERT_TRUE(receipt->status().has_value());
    std::promise<void> visible;
    instance_->warehouse().WhenVisible([&] { visible.set_value(); });
    visible.get_future().wait();
  }
  std::vector<std::string> WarningsOf(std::string_view text) {
    const auto result = admin_->Execute(text);
    EXPECT_TRUE(result.has_value()) << text << "\n" << result.error().ToString();
    return result.has_value() ? result->warnings : std::vector<std::string>{};
  }
};

constexpr int64_t kHour = int64_t{3600} * 1'000'000;

TEST_F(LogOptionsTest, WithoutADataFolderTheyAreRefused) {
  InstanceOptions options;
  options.env = &env_;
  Instance instance(std::move(options));
  ASSERT_TRUE(instance.Start().has_value());
  Session session(&instance, {.role = "millrace"});
  ASSERT_TRUE(session.Start().has_value());
  EXPECT_EQ(
      Run(session, std::string("CREATE TABLE t (a INT) ") + kHttp + ", 'log.retention' = '7 d')"),
      "22023 at line 1, column 71: option 'log.retention': the rows of table 'public.t' are not kept in a "
      "log\nHINT: start the server with --data DIR, or leave the option out");
  EXPECT_THAT(
      Run(session, std::string("CREATE TABLE t (a INT) ") + kHttp + ", 'log.retention-bytes' = '1 gb')"),
      HasSubstr("option 'log.retention-bytes': the rows"));
  EXPECT_EQ(Run(session, std::string("CREATE TABLE t (a INT) ") + kHttp + ")"), "CREATE TABLE");
  EXPECT_THAT(Run(session, "ALTER TABLE t SET ('log.retention' = '7 d')"),
              HasSubstr("start the server with --data DIR"));
}

TEST_F(LogOptionsTest, TablesWithoutALogDoNotHaveThem) {
  Open();
  EXPECT_THAT(Run(std::string("CREATE TEMPORARY TABLE t (a INT) ") + kHttp + ", 'log.retention' = '7 d')"),
              HasSubstr("make the table without TEMPORARY"));
  EXPECT_THAT(Run("CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'log.retention' = '7 d')"),
              HasSubstr("has no option 'log.retention'"));
  EXPECT_THAT(Run("CREATE TABLE t (a INT) WITH ('log.retention' = '7 d')"), HasSubstr("'connector'"));
  for (const char* value : {"0 s", "-1 s", "10 ms", "soon", ""}) {
    EXPECT_THAT(Run(std::string("CREATE TABLE t (a INT) ") + kHttp + ", 'log.retention' = '" + value + "')"),
                HasSubstr("22023"));
  }
  EXPECT_THAT(Run(std::string("CREATE TABLE t (a INT) ") + kHttp + ", 'log.retention-bytes' = '1000')"),
              HasSubstr("22023"));
  Must("CREATE TABLE s (a INT)");
  EXPECT_THAT(Run("ALTER TABLE s SET ('log.retention' = '7 d')"), HasSubstr("they are in a checkpoint"));
  Must("CREATE MATERIALIZED VIEW v AS SELECT a FROM s");
  EXPECT_THAT(Run("ALTER TABLE v SET ('log.retention' = '7 d')"), HasSubstr("not a table"));
}

TEST_F(LogOptionsTest, AreNoOptionsOfAQuery) {
  Open();
  Must(std::string("CREATE TABLE t (a INT) ") + kHttp + ", 'log.retention' = '7 d')");
  EXPECT_THAT(Run("CREATE MATERIALIZED VIEW v AS SELECT a FROM t /*+ OPTIONS('log.retention' = '1 d') */"),
              HasSubstr("is no option of a query"));
  Must("CREATE MATERIALIZED VIEW v AS SELECT a FROM t");
}

TEST_F(LogOptionsTest, AreChangedWhileAllGoesOn) {
  Open();
  Must(std::string("CREATE TABLE t (a INT) ") + kHttp + ", 'log.retention' = '8 h')");
  EXPECT_EQ(Settings("t").retention_age_micros, 8 * kHour);
  EXPECT_EQ(Settings("t").segment_age_micros, kHour);
  Must("CREATE MATERIALIZED VIEW v AS SELECT a FROM t");
  Post([](auto& column) { column.Append(int32_t{1}); });

  Must("ALTER TABLE t SET ('log.retention' = '2 h', 'log.retention-bytes' = '8 mb')");
  EXPECT_EQ(Settings("t").retention_age_micros, 2 * kHour);
  EXPECT_EQ(Settings("t").retention_bytes, uint64_t{8} << 20);
  EXPECT_THAT(Run("SHOW CREATE TABLE t"), HasSubstr("'log.retention' = '2 h'"));
  Reopen();
  EXPECT_EQ(Settings("t").retention_age_micros, 2 * kHour);
  EXPECT_EQ(Settings("t").retention_bytes, uint64_t{8} << 20);
  EXPECT_THAT(Run("SHOW CREATE TABLE t"), HasSubstr("'log.retention-bytes' = '8 mb'"));
  Post([](auto& column) { column.Append(int32_t{2}); });
  EXPECT_EQ(Run("SELECT count(*) FROM v"), "2;");

  Must("ALTER TABLE public.t RESET ('log.retention', 'log.retention-bytes')");
  Reopen();
  EXPECT_EQ(Settings("t").retention_age_micros, 0);
  EXPECT_EQ(Settings("t").retention_bytes, 0u);
  EXPECT_EQ(Run("ALTER TABLE t RESET ('log.retention')"), "ALTER TABLE") << "it is not set";
  EXPECT_EQ(failures_, 0);
}

TEST_F(LogOptionsTest, OthersCannotBeChanged) {
  Open();
  Must(std::string("CREATE TABLE t (a INT) ") + kHttp + ")");
  EXPECT_EQ(
      Run("ALTER TABLE t SET ('log.retention' = '2 h', 'format' = 'csv')"),
      "0A000 at line 1, column 45: option 'format' of a table cannot be changed\nHINT: 'log.retention' and "
      "'log.retention-bytes' can; for others drop the table and create it anew");
  EXPECT_THAT(Run("ALTER TABLE t SET ('log.retention' = 'soon')"), HasSubstr("22023 at line 1, column 20"));
  EXPECT_THAT(Run("ALTER TABLE other SET ('log.retention' = '1 h')"), HasSubstr("42P01"));
  EXPECT_EQ(Settings("t").retention_age_micros, 0);
  Must("CREATE USER alice PASSWORD 'secret'");
  const auto alice = Connect("alice");
  EXPECT_THAT(Run(*alice, "ALTER TABLE t SET ('log.retention' = '1 h')"), HasSubstr("42501"));
}

TEST_F(LogOptionsTest, AFullDiskChangesNothing) {
  Open();
  Must(std::string("CREATE TABLE t (a INT) ") + kHttp + ", 'log.retention' = '8 h')");
  disk_.SetCapacity(0);
  EXPECT_THAT(Run("ALTER TABLE t SET ('log.retention' = '2 h')"), HasSubstr("53100"));
  EXPECT_EQ(Settings("t").retention_age_micros, 8 * kHour);
  EXPECT_THAT(Run("SHOW CREATE TABLE t"), HasSubstr("'8 h'"));
  disk_.SetCapacity(std::nullopt);
  Must("ALTER TABLE t SET ('log.retention' = '2 h')");
  EXPECT_EQ(Settings("t").retention_age_micros, 2 * kHour);
  EXPECT_EQ(failures_, 0);
}

TEST_F(LogOptionsTest, WhatIsGoneIsTold) {
  Open();
  Must(std::string("CREATE TABLE t (a STRING) ") + kHttp + ", 'log.retention-bytes' = '1 mb')");
  Must("CREATE TABLE target (n BIGINT)");
  for (const std::string& warning :
       WarningsOf("CREATE MATERIALIZED VIEW early AS SELECT count(*) AS n FROM t")) {
    EXPECT_EQ(warning.find("are gone"), std::string::npos) << warning;
  }
  env::Random random(11);
  const auto post = [&] {
    std::string text(100'000, ' ');
    for (char& c : text) c = "0123456789abcdefghijklmnopqrstuv"[random.Next() % 32];
    Post([&](auto& column) { column.AppendString(text); });
  };
  for (int i = 0; i < 30; ++i) post();
  const auto start = [&] { return instance_->warehouse().LogOf("public.t")->start_offset; };
  EXPECT_EQ(start(), 0u) << "the view has no checkpoint with them";
  ASSERT_TRUE(instance_->warehouse().Checkpoint(30'000'000).has_value());
  for (int i = 0; i < 5; ++i) post();
  ASSERT_GT(start(), 0u);
  const std::string gone = "the log of table 'public.t' begins with row " + std::to_string(start() + 1);
  EXPECT_THAT(WarningsOf("CREATE MATERIALIZED VIEW late AS SELECT count(*) AS n FROM t"),
              testing::Contains(HasSubstr(gone)));
  EXPECT_THAT(WarningsOf("INSERT INTO target SELECT CHAR_LENGTH(a) FROM t"),
              testing::Contains(HasSubstr(gone)));
  const std::string late = std::to_string(35 - start()) + ";";
  // What is read from the log comes when it comes.
  const auto expect = [&](const std::string& query, const std::string& rows) {
    for (int i = 0; i < 1000 && Run(query) != rows; ++i) env::RealEnv().executor->Sleep(10'000);
    EXPECT_EQ(Run(query), rows);
  };
  expect("SELECT n FROM late", late);
  expect("SELECT n FROM early", "35;");
  Reopen();
  expect("SELECT n FROM late", late);
  expect("SELECT n FROM early", "35;");
}

// The file says how a table is made; what has been changed since is said by ALTER TABLE, which may stand
// there too.
TEST_F(LogOptionsTest, AFileOfTheStartMaySayItAtEveryStart) {
  const std::string create = std::string("CREATE TABLE t (a INT) ") + kHttp + ")";
  for (int start = 0; start < 3; ++start) {
    if (instance_ == nullptr) Open();
    const auto planned = PlanStart(
        instance_.get(), {{"shop.sql", create + ";\nALTER TABLE t SET ('log.retention' = '2 h');"}});
    ASSERT_TRUE(planned.has_value()) << planned.error().ToString();
    EXPECT_EQ((*planned)[0].skipped.empty(), start == 0);
    EXPECT_TRUE((*planned)[1].skipped.empty());
    auto session = Connect("millrace", /*of_start=*/true);
    for (const StartStatement& statement : *planned) {
      if (!statement.skipped.empty()) continue;
      ASSERT_TRUE(session->Execute(statement.text).has_value());
    }
    EXPECT_EQ(Settings("t").retention_age_micros, 2 * kHour);
    EXPECT_EQ(instance_->durable()->records().size(), 1u);
    session.reset();
    Close();
  }
}

}  // namespace
}  // namespace millrace::session
