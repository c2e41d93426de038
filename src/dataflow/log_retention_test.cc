// How long the log of an http table keeps its rows: as long as somebody needs them, and no longer than asked.
#include <fmt/format.h>

#include "base/limits.h"
#include "data/batch_builder.h"
#include "dataflow/durable_fixture.h"
#include "env/random.h"

namespace millrace::dataflow {
namespace {

using Lines = std::vector<std::string>;

class LogRetentionTest : public DurableFixture {
 protected:
  static constexpr const char* kPosted =
      "CREATE TABLE posted (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json', "
      "'log.retention-bytes' = '1 mb')";
  static constexpr size_t kPushRows = 2000;

  ~LogRetentionTest() override { Crash(); }

  // So many pushes of rows that cannot be compressed, v = 1 in all.
  void Post(int pushes) {
    const auto ingest = warehouse_->OpenIngest("public.posted");
    ASSERT_TRUE(ingest.has_value()) << ingest.error().ToString();
    for (int i = 0; i < pushes; ++i) {
      data::BatchBuilder builder((*ingest)->schema());
      for (size_t row = 0; row < kPushRows; ++row) {
        builder.column(0).Append(static_cast<int64_t>(random_.Next()));
        builder.column(1).Append(static_cast<int64_t>(random_.Next()));
        builder.FinishRow();
      }
      data::Batch batch = builder.Build();
      Notification settled;
      const auto receipt = std::make_shared<connectors::PushReceipt>([&] { settled.Notify(); });
      const auto taken = (*ingest)->TryPush(&batch, {}, receipt);
      ASSERT_TRUE(taken.value_or(false));
      settled.Wait();
      MR_ASSERT_OK(receipt->status());
      posted_ += kPushRows;
    }
  }
  log::Partition::Figures Log() const { return *warehouse_->LogOf("public.posted"); }
  // Retention looks when a segment begins; a push is some 32 KB, a segment 128 KB.
  void LetRetentionLook() { Post(8); }
  // Once it is that; a history that is longer than a queue is not part of one epoch.
  void AwaitCount(uint64_t rows) {
    while (Rows("counted") != Lines{fmt::format("{}", rows)}) AwaitVisible();
  }
  int64_t Gauge(const std::string& name, telemetry::Labels labels) {
    warehouse_->CollectMetrics();
    return metrics_.GetGauge(name, "", labels).Value();
  }

  env::Random random_{5};
  uint64_t posted_ = 0;
};

TEST_F(LogRetentionTest, RowsStayUntilTheirReadersHaveThemInACheckpoint) {
  Table(kPosted);
  Views({"CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM posted"});
  OpenDurable();
  Post(100);
  AwaitCount(posted_);
  EXPECT_EQ(Log().start_offset, 0u) << "a restart would read all of it";
  EXPECT_GT(Log().held_bytes, uint64_t{1} << 20);
  const telemetry::Labels table = {{"table", "public.posted"}};
  EXPECT_EQ(Gauge("millrace_table_log_rows", table), static_cast<int64_t>(posted_));
  EXPECT_GT(Gauge("millrace_table_log_bytes", table), 3 << 20);
  EXPECT_GT(Gauge("millrace_table_log_held_bytes", table), 1 << 20);
  EXPECT_EQ(Gauge("millrace_table_log_reader_rows", {{"reader", "query"}, {"table", "public.posted"}}),
            static_cast<int64_t>(posted_));
  Crash();
  OpenDurable();
  AwaitCount(posted_);

  Checkpoint();
  LetRetentionLook();
  const uint64_t start = Log().start_offset;
  EXPECT_GT(start, posted_ / 2);
  EXPECT_LT(start, posted_ - 8 * kPushRows) << "what is not in a checkpoint is there";
  EXPECT_EQ(Log().held_bytes, 0u);
  Crash();
  OpenDurable();
  AwaitCount(posted_);
  EXPECT_GE(Log().start_offset, start);
  Checkpoint();
  Crash();
  OpenDurable();
  AwaitCount(posted_);
}

TEST_F(LogRetentionTest, AViewThatIsMadeLaterBeginsWithWhatIsKept) {
  Table(kPosted);
  OpenDurable();
  Post(100);
  const uint64_t start = Log().start_offset;
  EXPECT_GT(start, 0u) << "nobody reads it";
  Views({"CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM posted"});
  const uint64_t kept = posted_ - start;
  AwaitCount(kept);
  // Made again, it has no less, although more could have gone.
  Crash();
  OpenDurable();
  AwaitCount(kept);
  Checkpoint();
  LetRetentionLook();
  Crash();
  OpenDurable();
  AwaitCount(posted_ - start);
}

// A view whose query ended before its time is as it was at its last checkpoint after a restart, and goes on
// from there.
TEST_F(LogRetentionTest, AQueryThatFailedFindsItsRowsAfterARestart) {
  Table(kPosted);
  Views({"CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM posted"});
  OpenDurable();
  Post(10);
  AwaitCount(posted_);
  Checkpoint();
  const uint64_t saved = posted_;
  const std::shared_ptr<Job> job = warehouse_->jobs().front();
  warehouse_->Cancel(job.get());
  while (job->live_tasks.load() > 0) env::RealEnv().executor->Sleep(200);
  warehouse_->FreeEnded();
  Post(100);
  Checkpoint();
  LetRetentionLook();
  EXPECT_GT(Log().held_bytes, uint64_t{1} << 20);
  EXPECT_LE(Log().start_offset, saved);
  Crash();
  OpenDurable();
  AwaitCount(posted_);
  Checkpoint();
  LetRetentionLook();
  EXPECT_GT(Log().start_offset, saved);
}

TEST_F(LogRetentionTest, WhatIsDroppedHoldsNothing) {
  Table(kPosted);
  Views({"CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM posted"});
  OpenDurable();
  Post(100);
  EXPECT_EQ(Log().start_offset, 0u);
  warehouse_->Drop("public.counted");
  Forget("counted");
  Checkpoint();
  LetRetentionLook();
  EXPECT_GT(Log().start_offset, 0u);
}

TEST_F(LogRetentionTest, IsChangedWhileRowsCome) {
  Table("CREATE TABLE posted (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')");
  OpenDurable();
  Post(50);
  EXPECT_EQ(Log().start_offset, 0u);
  MR_ASSERT_OK(warehouse_->SetLogRetention("public.posted", {.bytes = uint64_t{1} << 20}));
  Post(50);
  EXPECT_EQ(warehouse_->SetLogRetention("public.none", {}).error().code(), ErrorCode::kUndefinedTable);
  // The first segment is one of before, and large: it goes as a whole, once what follows it is enough.
  EXPECT_GT(Log().segments, 2u);
  while (Log().start_offset == 0) Post(1);
}

}  // namespace
}  // namespace millrace::dataflow
