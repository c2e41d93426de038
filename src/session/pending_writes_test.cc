#include "session/pending_writes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "env/simulated_env.h"
#include "log/log.h"
#include "session/copy_in_rows.h"
#include "session/result_printer.h"
#include "session/session.h"
#include "state/journal_commit_store.h"

namespace millrace::session {
namespace {

constexpr size_t kBytesMax = 200'000;

class PendingWritesTest : public testing::Test {
 protected:
  PendingWritesTest() : interruptible(env::RealEnv().clock) {
    InstanceOptions options;
    options.env = &env::RealEnv();
    instance = std::make_unique<Instance>(std::move(options));
    EXPECT_TRUE(instance->Start().has_value());
    session = std::make_unique<Session>(instance.get(), SessionOptions{.role = "millrace"});
    EXPECT_TRUE(session->Start().has_value());
    for (const char* table : {"a", "b"}) Run(fmt::format("CREATE TABLE {} (k BIGINT)", table));
    writes = std::make_unique<PendingWrites>(&instance->warehouse(), &interruptible, kBytesMax);
  }

  // The one value of a query, or the error.
  std::string Run(std::string_view text) {
    const auto result = session->Execute(text);
    if (!result.has_value()) return result.error().ToString();
    if (result->batches.empty()) return "";
    return ValueText(*result->batches[0].columns[0], 0, session->zone());
  }

  std::shared_ptr<dataflow::Ingest> Open(const std::string& table) {
    return *instance->warehouse().OpenIngest("public." + table);
  }

  static data::Batch Rows(int64_t first, size_t count) {
    data::Batch batch;
    batch.rows = count;
    auto column = data::Column::Make(data::DataType::BigInt(), count);
    for (size_t i = 0; i < count; ++i) column->Append(first + static_cast<int64_t>(i));
    batch.columns.push_back(std::move(column));
    return batch;
  }

  std::unique_ptr<Instance> instance;
  std::unique_ptr<Session> session;
  Interruptible interruptible;
  std::unique_ptr<PendingWrites> writes;
};

TEST_F(PendingWritesTest, MarksDropWhatCameBehindThem) {
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(0, 1)));
  const size_t outer = writes->Mark();
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(10, 1)));
  ASSERT_TRUE(writes->Keep(Open("b"), Rows(10, 1)));
  const size_t inner = writes->Mark();
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(20, 1)));
  writes->RollbackTo(inner);
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(30, 1)));
  writes->RollbackTo(inner);
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(40, 1)));
  ASSERT_TRUE(writes->Commit());
  EXPECT_EQ(Run("SELECT sum(k) FROM a"), "50");
  EXPECT_EQ(Run("SELECT sum(k) FROM b"), "10");
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(1, 1)));
  writes->RollbackTo(outer);
  ASSERT_TRUE(writes->Commit());
  EXPECT_EQ(Run("SELECT sum(k) FROM a"), "51") << "marks of an earlier transaction mean nothing";
}

// A batch of one row takes some 300 bytes: unmerged they would not fit.
TEST_F(PendingWritesTest, SingleRowsAreMergedAndKeepTheirMarks) {
  constexpr int64_t kRows = 5'000;
  size_t mark = 0;
  for (int64_t i = 0; i < kRows; ++i) {
    if (i == 3'900) mark = writes->Mark();
    ASSERT_TRUE(writes->Keep(Open("a"), Rows(i, 1))) << i;
  }
  writes->RollbackTo(mark);
  ASSERT_TRUE(writes->Commit());
  EXPECT_EQ(Run("SELECT count(*) FROM a"), "3900");
  EXPECT_EQ(Run("SELECT max(k) FROM a"), "3899");
}

TEST_F(PendingWritesTest, ThereIsABoundAndRollingBackGivesRoom) {
  const auto a = Open("a");
  const size_t mark = writes->Mark();
  int64_t kept = 0;
  while (writes->HasRoomFor(Rows(0, 1000))) {
    ASSERT_TRUE(writes->Keep(a, Rows(0, 1000)));
    ASSERT_LT(++kept, 100) << "no bound";
  }
  const auto refused = writes->Keep(a, Rows(0, 1000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kProgramLimitExceeded);
  writes->RollbackTo(mark);
  EXPECT_TRUE(writes->HasRoomFor(Rows(0, 1000)));
  EXPECT_TRUE(writes->Commit());
  EXPECT_EQ(Run("SELECT count(*) FROM a"), "0");
}

TEST_F(PendingWritesTest, ACopyOfMoreThanIsKeptGoesInInParts) {
  CopyInRows copy(writes.get(), Open("a"), {0}, false);
  int64_t rows = 0;
  for (; copy.rows_taken() == 0; rows += 1000) {
    ASSERT_LT(rows, 1'000'000);
    data::Batch batch = Rows(rows, 1000);
    ASSERT_TRUE(copy.TryPush(&batch, [] {}).value_or(false));
  }
  EXPECT_GE(copy.rows_taken(), 20'000);
  EXPECT_EQ(copy.rows_taken(), rows - 1000);
  EXPECT_EQ(copy.Finish().value_or(0), rows);
  EXPECT_EQ(Run("SELECT count(*) FROM a"), fmt::format("{}", rows));
}

TEST_F(PendingWritesTest, ACopyThatIsGivenUpLeavesNothing) {
  {
    CopyInRows copy(writes.get(), Open("a"), {0}, false);
    data::Batch batch = Rows(0, 2000);
    ASSERT_TRUE(copy.TryPush(&batch, [] {}).value_or(false));
  }
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(0, 1)));
  ASSERT_TRUE(writes->Commit());
  EXPECT_EQ(Run("SELECT count(*) FROM a"), "1");
}

TEST_F(PendingWritesTest, AStatementThatIsCancelledBeforeItsRowsAreTakenTakesNone) {
  ASSERT_TRUE(writes->Keep(Open("a"), Rows(0, 1)));
  interruptible.Cancel(Error(ErrorCode::kCancelled, "enough"));
  EXPECT_FALSE(writes->Commit().has_value());
  interruptible.Begin();
  EXPECT_EQ(writes->Commit().value_or(PendingWrites::Taken::kUnseen), PendingWrites::Taken::kVisible);
  EXPECT_EQ(Run("SELECT count(*) FROM a"), "0");
}

// A warehouse whose log is on a simulated disk, which fails or stops where a test says so.
class DurableWritesTest : public testing::Test {
 protected:
  DurableWritesTest() : interruptible(env::RealEnv().clock) {
    log_env = env::RealEnv();
    log_env.files = &world.files;
    log_env.faults = &world.faults;
    log = *log::Log::Open(log_env, {.folder = "/log", .metrics = &metrics, .on_failure = nullptr});
    folder = testing::TempDir() + "/millrace_writes_XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    commits = *state::OpenJournalCommitStore(env::RealEnv(), folder);
    state::CheckpointStoreOptions options;
    options.folder = folder + "/state";
    checkpoints = *state::CheckpointStore::Open(env::RealEnv(), *commits, options);
    durability.log = log.get();
    durability.checkpoints = checkpoints.get();
    warehouse = std::make_unique<dataflow::Warehouse>(
        dataflow::Warehouse::Options{.env = &env::RealEnv(), .durability = &durability});
    catalog::TableDefinition table;
    table.name = {"public", "a"};
    catalog::Column column;
    column.name = "k";
    column.type = data::DataType::BigInt();
    table.columns.push_back(std::move(column));
    EXPECT_TRUE(warehouse->CreateTable(table, 1));
    EXPECT_TRUE(warehouse->FinishRecovery());
    writes = std::make_unique<PendingWrites>(warehouse.get(), &interruptible);
  }

  ~DurableWritesTest() override {
    warehouse.reset();
    checkpoints.reset();
    std::filesystem::remove_all(folder);
  }

  Status Keep(int64_t value) {
    data::Batch batch;
    batch.rows = 1;
    auto column = data::Column::Make(data::DataType::BigInt(), 1);
    column->Append(value);
    batch.columns.push_back(std::move(column));
    return writes->Keep(*warehouse->OpenIngest("public.a"), std::move(batch));
  }
  uint64_t rows_in_log() const { return log->FindTopic("t1")->partition(0).end_offset(); }

  env::SimulatedEnv world;
  env::Env log_env;
  telemetry::MetricsRegistry metrics;
  std::unique_ptr<log::Log> log;
  std::string folder;
  std::unique_ptr<state::CommitStore> commits;
  std::unique_ptr<state::CheckpointStore> checkpoints;
  dataflow::Durability durability;
  std::unique_ptr<dataflow::Warehouse> warehouse;
  Interruptible interruptible;
  std::unique_ptr<PendingWrites> writes;
};

TEST_F(DurableWritesTest, ACommitEndsWhenItsRowsAreDurable) {
  ASSERT_TRUE(Keep(1));
  const auto taken = writes->Commit();
  ASSERT_TRUE(taken) << taken.error().ToString();
  EXPECT_EQ(*taken, PendingWrites::Taken::kVisible);
  EXPECT_EQ(rows_in_log(), 1u);
}

TEST_F(DurableWritesTest, ACancelDuringTheWriteDoesNotLeaveTheClientWithoutKnowing) {
  ASSERT_TRUE(Keep(1));
  world.faults.At("log.append.write", 1, [this]() -> Status {
    interruptible.Cancel(Error(ErrorCode::kCancelled, "as told"));
    return Ok();
  });
  const auto taken = writes->Commit();
  ASSERT_TRUE(taken) << taken.error().ToString();
  EXPECT_EQ(rows_in_log(), 1u) << "it was told that the rows are there";

  interruptible.Begin();
  ASSERT_TRUE(Keep(2));
  world.faults.At("log.append.write", 1, [this]() -> Status {
    interruptible.Cancel(Error(ErrorCode::kCancelled, "as told"));
    return Fail(ErrorCode::kDiskFull, "no space left");
  });
  const auto failed = writes->Commit();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(rows_in_log(), 1u);

  interruptible.Begin();
  ASSERT_TRUE(Keep(3));
  ASSERT_TRUE(writes->Commit());
  EXPECT_EQ(rows_in_log(), 2u);
}

}  // namespace
}  // namespace millrace::session
