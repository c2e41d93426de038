#include "session/session.h"

#include <gtest/gtest.h>

#include "session/point_read.h"
#include "session/result_printer.h"
#include "sql/parser.h"

namespace millrace::session {
namespace {

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    InstanceOptions options;
    options.env = &env::RealEnv();
    options.test_feeds = true;
    instance = std::make_unique<Instance>(std::move(options));
    EXPECT_TRUE(instance->Start().has_value());
    session = std::make_unique<Session>(instance.get(), SessionOptions{.script = true});
    EXPECT_TRUE(session->Start().has_value());
  }

  // The rows of a statement as "a|b" lines, or its error.
  std::string Run(std::string_view text) {
    const auto result = session->Execute(text);
    if (!result.has_value()) return result.error().ToString();
    std::string lines;
    for (const data::Batch& batch : result->batches) {
      for (size_t row = 0; row < batch.rows; ++row) {
        for (size_t i = 0; i < batch.columns.size(); ++i) {
          lines += (i > 0 ? "|" : "") + ValueText(*batch.columns[i], row, session->zone());
        }
        lines += ";";
      }
    }
    return lines;
  }

  // Whether the query is answered from the index.
  bool IsPointRead(std::string_view text) {
    const auto parsed = sql::ParseStatement(text);
    auto read = RecognisePointRead(*(*parsed)->As<sql::QueryStatement>().query, session->catalog());
    if (!read.has_value()) return false;
    EXPECT_TRUE(session->Settle().has_value());
    const auto snapshots = instance->warehouse().snapshots();
    return DescribePointRead(&*read, *snapshots) &&
           RunPointRead(*read, *snapshots, session->zone()).has_value();
  }

  std::unique_ptr<Instance> instance;
  std::unique_ptr<Session> session;
};

TEST_F(SessionTest, PointReadsComeFromTheIndex) {
  Run("CREATE TABLE t (city STRING, day_no INT, n BIGINT, PRIMARY KEY (city, day_no) NOT ENFORCED)");
  Run("INSERT INTO t VALUES ('北京', 1, 10), ('北京', 2, 20), ('上海', 1, 30)");
  for (const char* text : {"SELECT * FROM t WHERE city = '北京' AND day_no = 2",
                           "SELECT n, city AS c FROM t WHERE day_no = 2 AND city = '北京'",
                           "SELECT n FROM public.t WHERE city = 'nowhere' AND day_no = 1"}) {
    EXPECT_TRUE(IsPointRead(text)) << text;
  }
  EXPECT_EQ(Run("SELECT * FROM t WHERE city = '北京' AND day_no = 2"), "北京|2|20;");
  EXPECT_EQ(Run("SELECT n, city AS c FROM t WHERE day_no = 2 AND city = '北京'"), "20|北京;");
  EXPECT_EQ(Run("SELECT n FROM public.t WHERE city = 'nowhere' AND day_no = 1"), "");
  Run("INSERT INTO t VALUES ('北京', 2, 21)");
  EXPECT_EQ(Run("SELECT n FROM t WHERE city = '北京' AND day_no = 2"), "21;");
}

TEST_F(SessionTest, WhatIsNotAPointReadGivesTheSameThroughDuckDb) {
  Run("CREATE TABLE t (id INT, n BIGINT, PRIMARY KEY (id) NOT ENFORCED)");
  Run("INSERT INTO t VALUES (1, 10), (2, 20)");
  for (const char* text : {"SELECT n FROM t WHERE id = 1 OR id = 2", "SELECT n FROM t WHERE n = 10",
                           "SELECT n + 1 FROM t WHERE id = 1", "SELECT n FROM t WHERE id = 1.0",
                           "SELECT n FROM t WHERE id = 1 AND id = 2", "SELECT n FROM t WHERE id > 1"}) {
    EXPECT_FALSE(IsPointRead(text)) << text;
  }
  EXPECT_EQ(Run("SELECT n + 1 FROM t WHERE id = 1"), "11;");
  EXPECT_EQ(Run("SELECT n FROM t WHERE id = 1.0"), "10;");
}

TEST_F(SessionTest, AViewOverARunningTableGetsThePastAndTheFuture) {
  Run("CREATE TABLE t (k INT, v BIGINT)");
  Run("INSERT INTO t VALUES (1, 1), (2, 2)");
  EXPECT_EQ(Run("SELECT count(*) FROM t"), "2;");  // it runs from here on
  Run("CREATE MATERIALIZED VIEW a AS SELECT k, SUM(v) AS s FROM t GROUP BY k");
  EXPECT_EQ(Run("SELECT * FROM a ORDER BY k"), "1|1;2|2;");
  Run("INSERT INTO t VALUES (1, 10)");
  Run("CREATE MATERIALIZED VIEW b AS SELECT COUNT(*) AS n, SUM(s) AS total FROM a");
  EXPECT_EQ(Run("SELECT * FROM b"), "2|13;");
  Run("INSERT INTO t VALUES (3, 100), (1, 1000)");
  EXPECT_EQ(Run("SELECT * FROM b"), "3|1113;");
  Run("DROP MATERIALIZED VIEW b");
  Run("INSERT INTO t VALUES (4, 1)");
  EXPECT_EQ(Run("SELECT * FROM a ORDER BY k DESC LIMIT 1"), "4|1;");
}

TEST_F(SessionTest, AFailingConstantQuerySaysSo) {
  EXPECT_EQ(Run("SELECT 1 / 0").substr(0, 5), "22012");
  EXPECT_EQ(Run("SELECT TRY_CAST('x' AS INT) IS NULL"), "true;");
}

}  // namespace
}  // namespace millrace::session
