// Tables whose rows from outside go through the durable log.
#include <fmt/format.h>

#include "data/batch_builder.h"
#include "dataflow/push_group.h"
#include "dataflow/warehouse_fixture.h"
#include "env/fault_points.h"
#include "env/simulated_env.h"
#include "log/log.h"
#include "state/checkpoint_store.h"
#include "state/journal_commit_store.h"
#include "telemetry/metrics.h"

namespace millrace::dataflow {
namespace {

data::Batch Pairs(int64_t first, size_t rows, int64_t v) {
  data::BatchBuilder builder(std::vector<data::DataType>{data::DataType::BigInt(), data::DataType::BigInt()});
  for (size_t i = 0; i < rows; ++i) {
    builder.column(0).Append(first + static_cast<int64_t>(i));
    builder.column(1).Append(v);
    builder.FinishRow();
  }
  return builder.Build();
}

class IngestLogTest : public WarehouseFixture {
 protected:
  IngestLogTest() {
    log_env_ = env::RealEnv();
    log_env_.files = &world_.files;
    log_env_.faults = &world_.faults;
    Start();
  }
  ~IngestLogTest() override { End(); }

  void End() {
    warehouse_.reset();
    log_.reset();
    checkpoints_.reset();
    commits_.reset();
  }
  // No checkpoint is made: all that is there afterwards comes from the log. FinishRecovery is to follow.
  void Start() {
    End();
    ASSERT_TRUE(world_.files.MakeDirs("/data").has_value());
    commits_ = *state::OpenJournalCommitStore(log_env_, "/data");
    state::CheckpointStoreOptions store_options;
    store_options.folder = "/data/state";
    checkpoints_ = *state::CheckpointStore::Open(log_env_, *commits_, store_options);
    auto opened = log::Log::Open(log_env_, {.folder = "/log", .metrics = &metrics_, .on_failure = nullptr});
    ASSERT_TRUE(opened) << opened.error().ToString();
    log_ = std::move(*opened);
    durability_.checkpoints = checkpoints_.get();
    durability_.log = log_.get();
    durability_.checkpoint_interval_micros = 3'600'000'000;
    Open({.durability = &durability_});
  }

  // From the catalog alone, for a start that creates it again.
  void Forget(const std::string& text) {
    const auto statement = *sql::ParseStatement(text);
    const auto& drop = statement->As<sql::DropStatement>();
    EXPECT_TRUE(catalog_.Drop(drop.object, drop.name, false, false));
  }

  // Waits until it is taken.
  static Status Push(PushGroup* group) {
    while (true) {
      Notification woken;
      MR_ASSIGN(const bool is_taken, group->TryPush([&] { woken.Notify(); }));
      if (is_taken) return {};
      woken.Wait();
    }
  }
  Status PushInto(const std::string& table, int64_t first, size_t rows, int64_t v) {
    MR_ASSIGN(const auto ingest, warehouse_->OpenIngest("public." + table));
    data::Batch batch = Pairs(first, rows, v);
    Notification settled;
    const auto receipt = std::make_shared<connectors::PushReceipt>([&] { settled.Notify(); });
    MR_ASSIGN(const bool is_taken, ingest->TryPush(&batch, {}, receipt));
    EXPECT_TRUE(is_taken);
    settled.Wait();
    return receipt->status();
  }

  env::SimulatedEnv world_;
  env::Env log_env_;
  std::unique_ptr<state::CommitStore> commits_;
  std::unique_ptr<state::CheckpointStore> checkpoints_;
  std::unique_ptr<log::Log> log_;
  Durability durability_;
};

TEST_F(IngestLogTest, RowsAreVisibleOnceTheyAreTakenAndAgainAfterARestart) {
  const auto create = [this](uint64_t plain, uint64_t keyed) {
    MR_ASSERT_OK(CreateTable("CREATE TABLE plain (k BIGINT, v BIGINT)", plain));
    MR_ASSERT_OK(CreateTable("CREATE TABLE keyed (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)", keyed));
    MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sums AS SELECT sum(v) AS s FROM plain"}));
    MR_ASSERT_OK(warehouse_->FinishRecovery());
  };
  create(7, 8);
  MR_ASSERT_OK(PushInto("plain", 0, 3, 10));
  MR_ASSERT_OK(PushInto("keyed", 1, 1, 1));
  PushGroup group;
  group.Add(*warehouse_->OpenIngest("public.plain"), {Pairs(3, 2, 5)});
  group.Add(*warehouse_->OpenIngest("public.keyed"), {Pairs(1, 1, 2)});
  MR_ASSERT_OK(Push(&group));
  AwaitVisible();
  EXPECT_EQ(Rows("sums"), (std::vector<std::string>{"40"}));
  EXPECT_EQ(Rows("keyed"), (std::vector<std::string>{"1, 2"}));

  for (const char* text : {"DROP MATERIALIZED VIEW sums", "DROP TABLE plain", "DROP TABLE keyed"})
    Forget(text);
  Start();
  create(7, 8);
  AwaitVisible();
  EXPECT_EQ(Rows("plain"), (std::vector<std::string>{"0, 10", "1, 10", "2, 10", "3, 5", "4, 5"}));
  EXPECT_EQ(Rows("sums"), (std::vector<std::string>{"40"}));
  EXPECT_EQ(Rows("keyed"), (std::vector<std::string>{"1, 2"}));
  MR_ASSERT_OK(PushInto("plain", 5, 1, 1));
  AwaitVisible();
  EXPECT_EQ(Rows("sums"), (std::vector<std::string>{"41"}));

  // What is dropped is gone, and another table of the name has nothing of it.
  MR_ASSERT_OK(Drop("DROP MATERIALIZED VIEW sums"));
  MR_ASSERT_OK(Drop("DROP TABLE plain"));
  EXPECT_EQ(log_->FindTopic("t7"), nullptr);
  EXPECT_NE(log_->FindTopic("t8"), nullptr);
  MR_ASSERT_OK(CreateTable("CREATE TABLE plain (k BIGINT, v BIGINT)", 9));
  AwaitVisible();
  EXPECT_EQ(Rows("plain"), std::vector<std::string>{});
}

TEST_F(IngestLogTest, AViewThatComesLaterGetsTheHistoryOfAnHttpTable) {
  MR_ASSERT_OK(CreateTable(
      "CREATE TABLE posted (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')", 3));
  MR_ASSERT_OK(warehouse_->FinishRecovery());
  MR_ASSERT_OK(PushInto("posted", 0, 100, 1));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n, sum(v) AS s FROM posted"}));
  MR_ASSERT_OK(PushInto("posted", 100, 10, 1));
  // Of a history it is not promised when it is there, only that it will be.
  const auto is_there = [&] { return Rows("n") == std::vector<std::string>{"110, 110"}; };
  for (int i = 0; i < 10'000 && !is_there(); ++i) AwaitVisible();
  EXPECT_TRUE(is_there());
  MR_ASSERT_OK(PushInto("posted", 110, 1, 1));
  AwaitVisible();
  EXPECT_EQ(Rows("n"), (std::vector<std::string>{"111, 111"}));
}

TEST_F(IngestLogTest, AGroupThatFindsNoRoomOnTheDiskIsTakenNowhere) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE a (k BIGINT, v BIGINT)", 1));
  MR_ASSERT_OK(CreateTable("CREATE TABLE b (k BIGINT, v BIGINT)", 2));
  MR_ASSERT_OK(warehouse_->FinishRecovery());
  const auto push = [&] {
    PushGroup group;
    group.Add(*warehouse_->OpenIngest("public.a"), {Pairs(0, 1, 1)});
    group.Add(*warehouse_->OpenIngest("public.b"), {Pairs(0, 1, 1)});
    return Push(&group);
  };
  world_.faults.At("log.append.write", 2,
                   []() -> Status { return Fail(ErrorCode::kDiskFull, "no space left"); });
  const Status failed = push();
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), ErrorCode::kDiskFull);
  AwaitVisible();
  EXPECT_EQ(Rows("a"), std::vector<std::string>{});
  MR_ASSERT_OK(push());
  AwaitVisible();
  EXPECT_EQ(Rows("a"), (std::vector<std::string>{"0, 1"}));
  EXPECT_EQ(Rows("b"), (std::vector<std::string>{"0, 1"}));
}

}  // namespace
}  // namespace millrace::dataflow
