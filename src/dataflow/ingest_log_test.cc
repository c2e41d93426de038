// Tables whose rows from outside go through the durable log.
#include <fmt/format.h>

#include "base/limits.h"
#include "data/batch_builder.h"
#include "dataflow/durable_fixture.h"
#include "dataflow/push_group.h"
#include "env/fault_points.h"
#include "log/log.h"
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

class IngestLogTest : public DurableFixture {
 protected:
  IngestLogTest() {
    log_env_.faults = &faults_;
    OpenDurable();
  }
  ~IngestLogTest() override { Crash(); }

  // Waits until it is taken.
  static Status PushTogether(PushGroup* group) {
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

  env::FaultScript faults_;
};

TEST_F(IngestLogTest, EachRowCountsOnceWhateverOfItWasSaved) {
  Table("CREATE TABLE plain (k BIGINT, v BIGINT)");
  Table("CREATE TABLE keyed (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  Views({"CREATE MATERIALIZED VIEW sums AS SELECT sum(v) AS s FROM plain"});
  Table("CREATE TABLE posted (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')");
  Views({"CREATE MATERIALIZED VIEW of_posted AS SELECT count(*) AS n, sum(v) AS s FROM posted"});
  int64_t rows = 0;
  int64_t sum = 0;
  const auto push = [&](int64_t v) {
    MR_ASSERT_OK(PushInto("plain", rows, 3, v));
    MR_ASSERT_OK(PushInto("posted", rows, 3, v));
    PushGroup group;
    group.Add(*warehouse_->OpenIngest("public.plain"), {Pairs(rows + 3, 1, v)});
    group.Add(*warehouse_->OpenIngest("public.keyed"), {Pairs(1, 1, rows + 4)});
    group.Add(*warehouse_->OpenIngest("public.posted"), {Pairs(rows + 3, 1, v)});
    MR_ASSERT_OK(PushTogether(&group));
    rows += 4;
    sum += 4 * v;
  };
  const auto check = [&] {
    AwaitVisible();
    EXPECT_EQ(Rows("plain").size(), static_cast<size_t>(rows));
    EXPECT_EQ(Rows("sums"), (std::vector<std::string>{fmt::format("{}", sum)}));
    EXPECT_EQ(Rows("keyed"), (std::vector<std::string>{fmt::format("1, {}", rows)}));
    EXPECT_EQ(Rows("of_posted"), (std::vector<std::string>{fmt::format("{}, {}", rows, sum)}));
  };
  push(1);
  check();
  Crash();  // nothing was saved
  OpenDurable();
  check();
  push(10);
  Checkpoint();
  Crash();  // all was saved
  OpenDurable();
  check();
  push(100);
  Crash();  // a part of it was
  OpenDurable();
  check();
  push(1000);
  check();
  Checkpoint();
  push(10000);
  Crash();
  OpenDurable();
  check();
}

TEST_F(IngestLogTest, WhatIsSavedTheLogForgets) {
  // A table's own topic has large segments; one that is there already is taken as it is.
  ASSERT_TRUE(log_->CreateTopic("t1", {.segment_bytes = limits::kLogSegmentBytesMin}));
  Table("CREATE TABLE plain (k BIGINT, v BIGINT)");
  for (int64_t first = 0; first < 40'000; first += 2000) {
    MR_ASSERT_OK(PushInto("plain", first, 2000, first * 1'000'003 % 10'007));
  }
  AwaitVisible();
  log::Partition& partition = log_->FindTopic("t1")->partition(0);
  EXPECT_EQ(partition.start_offset(), 0u);
  Checkpoint();
  while (partition.start_offset() == 0) env::RealEnv().executor->Sleep(1000);
  Crash();
  OpenDurable();
  AwaitVisible();
  EXPECT_EQ(Rows("plain").size(), 40'000u);
}

TEST_F(IngestLogTest, WhatIsDroppedIsGone) {
  Table("CREATE TABLE plain (k BIGINT, v BIGINT)");
  Table("CREATE TABLE other (k BIGINT, v BIGINT)");
  MR_ASSERT_OK(PushInto("plain", 0, 3, 1));
  MR_ASSERT_OK(Drop("DROP TABLE plain"));
  Forget("plain");
  EXPECT_EQ(log_->FindTopic("t1"), nullptr);
  EXPECT_NE(log_->FindTopic("t2"), nullptr);
  Table("CREATE TABLE plain (k BIGINT, v BIGINT)");
  AwaitVisible();
  EXPECT_EQ(Rows("plain"), std::vector<std::string>{});
  // A DROP that did not come to remove the topic.
  ASSERT_TRUE(log_->CreateTopic("t77", {}));
  ASSERT_TRUE(log_->CreateTopic("something else", {}));
  Crash();
  OpenDurable();
  EXPECT_EQ(log_->FindTopic("t77"), nullptr);
  EXPECT_NE(log_->FindTopic("something else"), nullptr);
  EXPECT_NE(log_->FindTopic("t2"), nullptr);
}

TEST_F(IngestLogTest, AViewThatComesLaterGetsTheHistoryOfAnHttpTable) {
  Table("CREATE TABLE posted (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')");
  MR_ASSERT_OK(PushInto("posted", 0, 100, 1));
  Views({"CREATE MATERIALIZED VIEW early AS SELECT count(*) AS n, sum(v) AS s FROM posted"});
  AwaitVisible();
  EXPECT_EQ(Rows("early"), (std::vector<std::string>{"100, 100"}));

  size_t rows = 100;
  for (; rows <= 2 * limits::kIngestQueueRows; rows += 2000) MR_ASSERT_OK(PushInto("posted", 0, 2000, 1));
  Views({"CREATE MATERIALIZED VIEW late AS SELECT count(*) AS n, sum(v) AS s FROM posted"});
  MR_ASSERT_OK(PushInto("posted", 0, 10, 1));
  rows += 10;
  // Of a long history it is not promised when it is there, only that it will be.
  const auto is_there = [&](const char* view) {
    return Rows(view) == std::vector<std::string>{fmt::format("{0}, {0}", rows)};
  };
  while (!is_there("late")) AwaitVisible();
  EXPECT_TRUE(is_there("early"));
  MR_ASSERT_OK(PushInto("posted", 0, 1, 1));
  ++rows;
  AwaitVisible();
  EXPECT_TRUE(is_there("late"));

  // A checkpoint in the middle of a history.
  Views({"CREATE MATERIALIZED VIEW last AS SELECT count(*) AS n, sum(v) AS s FROM posted"});
  Checkpoint();
  Crash();
  OpenDurable();
  while (!is_there("last")) AwaitVisible();
  EXPECT_TRUE(is_there("late"));
}

TEST_F(IngestLogTest, AGroupThatFindsNoRoomOnTheDiskIsTakenNowhere) {
  Table("CREATE TABLE a (k BIGINT, v BIGINT)");
  Table("CREATE TABLE b (k BIGINT, v BIGINT)");
  const auto push = [&] {
    PushGroup group;
    group.Add(*warehouse_->OpenIngest("public.a"), {Pairs(0, 1, 1)});
    group.Add(*warehouse_->OpenIngest("public.b"), {Pairs(0, 1, 1)});
    return PushTogether(&group);
  };
  faults_.At("log.append.write", 2, []() -> Status { return Fail(ErrorCode::kDiskFull, "no space left"); });
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
