// A warehouse that lives long: what has ended is freed, failures are told, nothing happens while nothing
// changes, and sessions on several threads do not get in each other's way.
#include <fmt/format.h>

#include <atomic>
#include <set>
#include <thread>

#include "data/batch_builder.h"
#include "dataflow/warehouse_fixture.h"
#include "env/simulated_env.h"

namespace millrace::dataflow {
namespace {

class WarehouseLifeTest : public WarehouseFixture {
 protected:
  WarehouseLifeTest() { Open({}); }

  Status InsertAndAwait(const std::string& text, const std::function<bool()>& cancelled = {}) {
    MR_ASSIGN(const auto statement, sql::ParseStatement(text));
    MR_ASSIGN(auto query,
              plan::PlanInsert(statement->As<sql::InsertStatement>(), catalog_, ContextFor(text)));
    MR_ASSIGN(const auto job, Start(std::move(query)));
    return warehouse_->Await(job, [] {}, cancelled);
  }

  // Frees what has ended until there are so many tasks; how many there are in the end.
  size_t FreeUntil(size_t tasks) {
    // A task is freed once an epoch has shown the last that it did.
    for (int i = 0; i < 1'000 && warehouse_->tasks() > tasks; ++i) {
      AwaitVisible();
      warehouse_->FreeEnded();
    }
    return warehouse_->tasks();
  }

  void Push(const std::string& table, int64_t k, int64_t v) {
    const auto ingest = *warehouse_->OpenIngest("public." + table);
    data::BatchBuilder builder(ingest->schema());
    builder.column(0).Append(k);
    builder.column(1).Append(v);
    builder.FinishRow();
    data::Batch batch = builder.Build();
    const auto taken = ingest->TryPush(&batch, {});
    ASSERT_TRUE(taken.value_or(false));
  }
};

TEST_F(WarehouseLifeTest, AThousandInsertsLeaveTheRowsAndNothingElse) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT)"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM t"}));
  const size_t before = warehouse_->tasks();
  for (int i = 0; i < 1'000; ++i) MR_ASSERT_OK(InsertAndAwait("INSERT INTO t VALUES (1, 2)"));
  EXPECT_EQ(Rows("n"), (std::vector<std::string>{"1000"}));
  EXPECT_EQ(FreeUntil(before), before);
  EXPECT_LE(warehouse_->jobs().size(), limits::kEndedJobsMax + 1);
  EXPECT_EQ(Rows("n"), (std::vector<std::string>{"1000"}));
}

TEST_F(WarehouseLifeTest, DroppedTablesAndViewsFreeTheirRows) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT)"));
  MR_ASSERT_OK(CreateTable("CREATE TABLE other (k BIGINT, v BIGINT)"));
  const size_t without_views = warehouse_->tasks();
  // Started together: one job, of which one view stays.
  MR_ASSERT_OK(
      CreateViews({"CREATE MATERIALIZED VIEW going AS SELECT k, sum(v) AS s FROM t GROUP BY k",
                   "CREATE MATERIALIZED VIEW staying AS SELECT k, sum(v) AS s FROM other GROUP BY k"}));
  const size_t with_both = warehouse_->tasks();
  Push("t", 1, 2);
  Push("other", 1, 3);
  AwaitVisible();
  std::vector<std::weak_ptr<const tables::Chunk>> chunks;
  for (const std::string table : {"going", "t"}) {
    for (const auto& chunk : Find(*warehouse_->snapshots(), table)->Chunks()) chunks.push_back(chunk);
  }
  ASSERT_EQ(chunks.size(), 2u);
  MR_ASSERT_OK(Drop("DROP MATERIALIZED VIEW going"));
  const size_t with_one = without_views + (with_both - without_views) / 2;
  EXPECT_EQ(FreeUntil(with_one), with_one);
  EXPECT_TRUE(chunks[0].expired());
  EXPECT_FALSE(chunks[1].expired());
  MR_ASSERT_OK(Drop("DROP TABLE t"));
  EXPECT_EQ(FreeUntil(with_one - 1), with_one - 1);
  EXPECT_TRUE(chunks[1].expired());
  Push("other", 1, 4);
  AwaitVisible();
  EXPECT_EQ(Rows("staying"), (std::vector<std::string>{"1, 7"}));
}

TEST_F(WarehouseLifeTest, AFailureReachesEveryJobThatReadsFromIt) {
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE t (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW v1 AS SELECT k, sum(v) AS s FROM t GROUP BY k"}));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW v2 AS SELECT sum(s) AS s FROM v1"}));
  Push("t", 1, 2);
  AwaitVisible();
  // The source says that its table has gone: an error of the first job.
  warehouse_->Drop("public.t");
  const auto jobs = warehouse_->jobs();
  ASSERT_EQ(jobs.size(), 2u);
  const auto first = warehouse_->Await(jobs[0], [] {});
  ASSERT_FALSE(first.has_value());
  EXPECT_EQ(first.error().message(), "table 'public.t' was dropped while it was read");
  const auto second = warehouse_->Await(jobs[1], [] {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().message(),
            "public.v1, which it reads, has failed: table 'public.t' was dropped while it was read");
  // So does a view that comes later; what there was can still be read.
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW v3 AS SELECT k FROM v1"}));
  EXPECT_FALSE(warehouse_->Await(warehouse_->jobs().back(), [] {}).has_value());
  EXPECT_EQ(Rows("v1"), (std::vector<std::string>{"1, 2"}));
  EXPECT_EQ(FreeUntil(0), 0u);
  EXPECT_EQ(Rows("v1"), (std::vector<std::string>{"1, 2"}));
  EXPECT_EQ(warehouse_->jobs().size(), 3u) << "jobs that failed can be looked at";
}

TEST_F(WarehouseLifeTest, WhoeverWaitsCanBeStoppedAndHoldsNobodyUp) {
  MR_ASSERT_OK(CreateTable(
      "CREATE TABLE endless (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')"));
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT)"));
  std::atomic<bool> cancel{false};
  Notification waits;
  std::atomic<bool> told{false};
  std::thread waiting([&] {
    const auto outcome = InsertAndAwait("INSERT INTO t SELECT k, v FROM endless", [&] {
      if (!told.exchange(true)) waits.Notify();
      return cancel.load();
    });
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code(), ErrorCode::kCancelled);
  });
  waits.Wait();
  MR_ASSERT_OK(InsertAndAwait("INSERT INTO t VALUES (1, 2)"));
  EXPECT_EQ(Rows("t"), (std::vector<std::string>{"1, 2"}));
  cancel.store(true);
  waiting.join();
  EXPECT_EQ(FreeUntil(1), 1u) << "the table's own task stays";
}

TEST_F(WarehouseLifeTest, SessionsOnSeveralThreadsWorkAtOnce) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT)"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS s FROM t GROUP BY k"}));
  constexpr int kSessions = 4;
  constexpr int kRounds = 25;
  std::atomic<int> wrong{0};
  std::vector<std::thread> sessions;
  for (int session = 0; session < kSessions; ++session) {
    sessions.emplace_back([&, session] {
      for (int round = 1; round <= kRounds; ++round) {
        const auto inserted = InsertAndAwait(fmt::format("INSERT INTO t VALUES ({}, 1)", session));
        if (!inserted.has_value()) ++wrong;
        const auto rows = Rows("sums");
        const std::string own = fmt::format("{}, {}", session, round);
        if (std::find(rows.begin(), rows.end(), own) == rows.end()) ++wrong;
        const auto subscription = warehouse_->Subscribe("public.sums", {});
        if (!subscription.has_value()) ++wrong;
        (void)warehouse_->GetProgress();
        (void)warehouse_->jobs();
      }
    });
  }
  for (auto& session : sessions) session.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(Rows("sums").size(), static_cast<size_t>(kSessions));
}

TEST_F(WarehouseLifeTest, MetricsSayWhatHappened) {
  Open({.metrics = &metrics_});
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE posts (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS s FROM posts GROUP BY k"}));
  for (int64_t i = 0; i < 5; ++i) Push("posts", i % 2, i);
  AwaitVisible();
  const auto value = [&](const std::string& name, const std::string& label) {
    warehouse_->CollectMetrics();
    for (const auto& sample : metrics_.Samples()) {
      if (sample.name == name && (label.empty() || sample.labels[0].second == label)) return sample.value;
    }
    ADD_FAILURE() << "no " << name;
    return -1.0;
  };
  EXPECT_EQ(value("millrace_ingest_rows_total", "public.posts"), 5);
  EXPECT_EQ(value("millrace_ingest_refusals_total", "public.posts"), 0);
  EXPECT_EQ(value("millrace_source_rows_total", "public.posts"), 5);
  EXPECT_EQ(value("millrace_table_rows", "public.sums"), 2);
  EXPECT_GT(value("millrace_table_bytes", "public.sums"), 0);
  EXPECT_GE(value("millrace_epochs_total", ""), 1);
  EXPECT_GE(value("millrace_push_visible_seconds_count", "public.posts"), 1);
  EXPECT_EQ(value("millrace_jobs", "running"), 1);
  EXPECT_EQ(value("millrace_subscriptions", ""), 0);
  const auto subscription = warehouse_->Subscribe("public.sums", {});
  EXPECT_EQ(value("millrace_subscriptions", ""), 1);
  MR_ASSERT_OK(Drop("DROP MATERIALIZED VIEW sums"));
  EXPECT_EQ(value("millrace_table_rows", "public.sums"), 0) << "a table that has gone holds nothing";
}

TEST_F(WarehouseLifeTest, MetricsSayWhatOperatorsHold) {
  Open({.metrics = &metrics_});
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE posts (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS s FROM posts GROUP BY k"}));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW total AS SELECT sum(s) AS s FROM sums"}));
  // The sum over all operators of a job; -1: there is no such figure.
  const auto sum = [&](const std::string& name, const std::string& label) {
    double all = -1;
    for (const auto& sample : metrics_.Samples()) {
      if (sample.name == name && sample.labels[0].second == label) all = std::max(all, 0.0) + sample.value;
    }
    return all;
  };
  const auto collect = [&] {
    warehouse_->CollectMetrics();
    AwaitVisible();
    warehouse_->CollectMetrics();
  };
  for (int64_t i = 0; i < 5; ++i) Push("posts", i % 2, i);
  AwaitVisible();
  warehouse_->CollectMetrics();
  const std::string job = warehouse_->jobs()[0]->name;
  EXPECT_EQ(sum("millrace_operator_state_entries", job), 2 + 1) << "two groups, and the one of the total";
  const double small = sum("millrace_operator_state_bytes", job);
  EXPECT_GT(small, 0);
  EXPECT_GT(sum("millrace_operator_bytes_total", job), 0);
  EXPECT_GT(sum("millrace_operator_seconds_count", job), 0);
  // Enough groups that their bytes are only counted when they are asked for.
  constexpr int64_t kGroups = 20'000;
  for (int64_t i = 0; i < kGroups; ++i) Push("posts", i, i);
  AwaitVisible();
  collect();
  EXPECT_EQ(sum("millrace_operator_state_entries", job), kGroups + 1);
  EXPECT_GT(sum("millrace_operator_state_bytes", job), small + kGroups * 16);
  // A view of a view is as fresh as what is pushed at the bottom.
  EXPECT_GE(sum("millrace_view_visible_seconds_count", "public.sums"), 1);
  EXPECT_EQ(sum("millrace_view_visible_seconds_count", "public.total"),
            sum("millrace_view_visible_seconds_count", "public.sums"));
  const double before = sum("millrace_view_visible_seconds_count", "public.total");
  MR_ASSERT_OK(Drop("DROP MATERIALIZED VIEW total"));
  MR_ASSERT_OK(Drop("DROP MATERIALIZED VIEW sums"));
  warehouse_->FreeEnded();
  collect();
  EXPECT_EQ(sum("millrace_view_visible_seconds_count", "public.total"), before);
}

// One thread and a clock that stands still unless it is moved.
TEST(WarehouseEpochTest, ThereAreNoEpochsWhileNothingChanges) {
  env::SimulatedEnv sim;
  Warehouse::Options options;
  options.env = &sim.env;
  options.threads = 1;
  Warehouse warehouse(std::move(options));
  catalog::TableDefinition table;
  table.name = {"public", "t"};
  catalog::Column column;
  column.name = "k";
  column.type = data::DataType::BigInt();
  table.columns.push_back(column);
  ASSERT_TRUE(warehouse.CreateTable(table).has_value());
  sim.executor.RunFor(1'000'000);
  const int64_t before = warehouse.snapshots()->epoch;
  sim.executor.RunFor(int64_t{3600} * 1'000'000);
  EXPECT_EQ(warehouse.snapshots()->epoch, before);

  const auto push = [&](int64_t k) {
    data::BatchBuilder builder(std::vector<data::DataType>{data::DataType::BigInt()});
    builder.column(0).Append(k);
    builder.FinishRow();
    data::Batch batch = builder.Build();
    ASSERT_TRUE((*warehouse.OpenIngest("public.t"))->TryPush(&batch, {}).value_or(false));
  };
  push(1);
  sim.executor.RunUntilIdle();
  EXPECT_EQ(warehouse.snapshots()->tables.at("public.t")->rows(), 1u) << "after a quiet time at once";
  EXPECT_EQ(warehouse.snapshots()->epoch, before + 1);
  push(2);
  sim.executor.RunUntilIdle();
  EXPECT_EQ(warehouse.snapshots()->tables.at("public.t")->rows(), 1u) << "then a pause";
  sim.executor.RunFor(limits::kEpochPauseMicrosMin);
  EXPECT_EQ(warehouse.snapshots()->tables.at("public.t")->rows(), 2u);
  sim.executor.RunFor(int64_t{3600} * 1'000'000);
  EXPECT_EQ(warehouse.snapshots()->epoch, before + 2);
}

TEST(SideTablesTest, TheYoungestRowsAreKeptWithinTheBound) {
  env::SimulatedEnv sim;
  SideTables side(&sim.clock, [] {});
  const std::string record(limits::kDeadLetterBytesMax, 'x');
  const int64_t records = static_cast<int64_t>(limits::kSideTableBytesMax / limits::kDeadLetterBytesMax) + 60;
  for (int64_t i = 0; i < records; ++i) {
    connectors::MalformedRecord malformed;
    malformed.origin = "file";
    malformed.offset = static_cast<uint64_t>(i);
    malformed.bytes = record;
    malformed.size = record.size();
    side.Malformed("public.t", malformed, Error(ErrorCode::kInvalidText, "no row"));
  }
  side.Flush();
  const StoredPart& part = *side.dead_letters().parts[0];
  EXPECT_EQ(side.dead_letter_count(), records);
  EXPECT_GT(side.dead_letters_gone(), 0);
  EXPECT_EQ(part.rows() + side.dead_letters_gone(), records);
  EXPECT_LE(part.MemoryBytes(), limits::kSideTableBytesMax + limits::kSideTableBytesMax / 4);
  EXPECT_GT(part.MemoryBytes(), limits::kSideTableBytesMax / 2) << "no more went than had to";
  const auto snapshot = part.staged();
  EXPECT_EQ(snapshot->chunks.back()->columns[2]->values<int64_t>()[snapshot->chunks.back()->rows - 1],
            records - 1);
  EXPECT_EQ(snapshot->chunks.front()->columns[2]->values<int64_t>()[0], side.dead_letters_gone());
  EXPECT_EQ(side.dead_letters_by_table().at("public.t"), records);
}

}  // namespace
}  // namespace millrace::dataflow
