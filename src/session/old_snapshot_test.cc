// Readers of old snapshots while the tables change all the time: they are ended when they hold too much.
#include <gtest/gtest.h>

#include "session/result_printer.h"
#include "session/session.h"

namespace millrace::session {
namespace {

// Less than the table and the view: an old snapshot of both holds too much once they have changed all over.
constexpr size_t kHeldBytesMax = 100'000;
constexpr int kRoundsMax = 100;

class OldSnapshotTest : public testing::Test {
 protected:
  OldSnapshotTest() {
    InstanceOptions options;
    options.env = &env::RealEnv();
    options.held_bytes_max = kHeldBytesMax;
    instance = std::make_unique<Instance>(std::move(options));
    EXPECT_TRUE(instance->Start().has_value());
    writer = Open();
    reader = Open();
    Run(*writer, "CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
    Run(*writer,
        "CREATE MATERIALIZED VIEW sums AS SELECT k % 5000 AS k, SUM(v) AS s FROM t GROUP BY k % 5000");
    Change();
  }

  std::unique_ptr<Session> Open() {
    auto session = std::make_unique<Session>(instance.get(), SessionOptions{.role = "millrace"});
    EXPECT_TRUE(session->Start().has_value());
    return session;
  }

  // The first value, "" without rows, or the error's code, which fails the transaction as a server does it.
  static std::string Run(Session& session, std::string_view text) {
    const auto result = session.Execute(text);
    if (!result.has_value()) {
      session.FailTransaction();
      return std::string(SqlState(result.error().code()));
    }
    if (result->batches.empty() || result->batches[0].rows == 0) return "";
    return ValueText(*result->batches[0].columns[0], 0, session.zone());
  }

  // Every row of the table and of the view.
  void Change() {
    std::string insert = "INSERT INTO t VALUES ";
    ++round;
    for (int k = 0; k < 5000; ++k) {
      insert += (k == 0 ? "(" : ", (") + std::to_string(k) + ", " + std::to_string(round) + ")";
    }
    ASSERT_EQ(Run(*writer, insert), "");
  }
  // Until what a reader does fails; its code.
  std::string ChangeUntilRefused(const std::function<std::string()>& read) {
    for (int i = 0; i < kRoundsMax; ++i) {
      Change();
      const std::string answer = read();
      if (answer == "53400") return answer;
    }
    return "never";
  }
  size_t held() { return instance->warehouse().held_memory()->bytes(); }

  std::unique_ptr<Instance> instance;
  std::unique_ptr<Session> writer;
  std::unique_ptr<Session> reader;
  int round = 0;
};

TEST_F(OldSnapshotTest, ATransactionThatHoldsItsSnapshotTooLongFails) {
  Run(*reader, "BEGIN");
  EXPECT_EQ(Run(*reader, "SELECT SUM(s) FROM sums"), "5000");
  EXPECT_EQ(ChangeUntilRefused([&] { return Run(*reader, "SELECT SUM(s) FROM sums"); }), "53400");
  EXPECT_EQ(Run(*reader, "SELECT 1"), "25P02");
  Run(*reader, "ROLLBACK");
  Change();
  EXPECT_LE(held(), kHeldBytesMax);
  EXPECT_EQ(Run(*reader, "SELECT SUM(s) FROM sums"), std::to_string(5000 * round));
  EXPECT_EQ(Run(*reader, "BEGIN"), "");
  EXPECT_EQ(Run(*reader, "SELECT COUNT(*) FROM sums"), "5000") << "the next transaction is a new one";
}

TEST_F(OldSnapshotTest, ATransactionThatIsIdleLetsGoByItself) {
  Run(*reader, "BEGIN");
  EXPECT_EQ(Run(*reader, "SELECT COUNT(*) FROM t"), "5000");
  for (int i = 0; i < 5; ++i) Change();
  Change();
  EXPECT_LE(held(), kHeldBytesMax);
  EXPECT_EQ(Run(*reader, "SELECT COUNT(*) FROM t"), "53400");
}

TEST_F(OldSnapshotTest, ACursorThatIsNotReadLetsGo) {
  Run(*reader, "BEGIN");
  Run(*reader, "DECLARE c CURSOR WITH HOLD FOR SELECT k, s FROM sums");
  EXPECT_NE(Run(*reader, "FETCH 1 FROM c"), "");
  Run(*reader, "COMMIT");
  for (int i = 0; i < 5; ++i) Change();
  EXPECT_LE(held(), 2 * kHeldBytesMax);
  EXPECT_EQ(Run(*reader, "FETCH 4000 FROM c"), "53400");
  EXPECT_EQ(Run(*reader, "CLOSE c"), "");
}

TEST_F(OldSnapshotTest, ASubscriptionWhoseSnapshotIsNotReadEnds) {
  instance->warehouse().held_memory()->SetLimit(kHeldBytesMax / 2);  // it holds the view alone
  const auto prepared = reader->Prepare("SUBSCRIBE TO sums");
  ASSERT_TRUE(prepared.has_value());
  auto outcome = reader->Open(*prepared);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().ToString();
  for (int i = 0; i < 5; ++i) Change();
  EXPECT_LE(held(), 2 * kHeldBytesMax);
  Result<ResultStream::Step> step = outcome->rows->Next([] {});
  while (step.has_value() && step->kind == ResultStream::Step::Kind::kBatch)
    step = outcome->rows->Next([] {});
  ASSERT_FALSE(step.has_value());
  EXPECT_EQ(SqlState(step.error().code()), "53400");
}

TEST_F(OldSnapshotTest, ShortReadersAreNotEnded) {
  for (int i = 0; i < 20; ++i) {
    Change();
    EXPECT_EQ(Run(*reader, "SELECT SUM(s) FROM sums"), std::to_string(5000 * round));
  }
  EXPECT_EQ(instance->warehouse().held_memory()->ended(), 0);
}

}  // namespace
}  // namespace millrace::session
