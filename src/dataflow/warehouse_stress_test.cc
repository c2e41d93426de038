// The warehouse under many tables, views and queries at once, with three shards on four threads: what was
// inserted is known, so that every figure can be checked by arithmetic, at the end and in between. Most of
// its worth it has under ThreadSanitizer.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dataflow/warehouse_fixture.h"

namespace millrace::dataflow {
namespace {

constexpr int kTables = 3;
constexpr int kKeys = 7;
constexpr int64_t kSequenceEnd = 5000;
constexpr int64_t kDurationMicros = 2'000'000;

std::string TableName(int table) {
  return fmt::format("t{}", table);
}

class WarehouseStressTest : public WarehouseFixture {
 protected:
  WarehouseStressTest() {
    EXPECT_TRUE(settings_.Set("parallelism.default", "3").has_value());
    Open({.threads = 4, .epoch_interval_micros = 2'000});
  }
};

// A view of one table; views named total_… and both_… read it.
struct View {
  int table;
  int64_t created_at_epoch;  // or later
};

TEST_F(WarehouseStressTest, EveryFigureIsExactWhileTablesAndViewsComeAndGo) {
  // Totals of what has been inserted: by table and key, the number of rows and their sum.
  std::map<int, std::map<int, std::pair<int64_t, int64_t>>> inserted;
  std::map<std::string, View> views;
  std::mt19937_64 random(20200415);
  const auto draw = [&](int64_t end) { return static_cast<int64_t>(random() % static_cast<uint64_t>(end)); };

  for (int table = 0; table < kTables; ++table) {
    MR_ASSERT_OK(CreateTable(fmt::format("CREATE TABLE {} (k BIGINT, v BIGINT)", TableName(table))));
  }
  MR_ASSERT_OK(CreateTable("CREATE TABLE latest (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)"));
  MR_ASSERT_OK(CreateTable(
      fmt::format("CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', "
                  "'rows-per-second' = '10000000', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', "
                  "'fields.id.end' = '{}')",
                  kSequenceEnd)));
  MR_ASSERT_OK(
      CreateViews({"CREATE MATERIALIZED VIEW by_key AS SELECT k, count(*) AS n, sum(v) AS s FROM t0 "
                   "GROUP BY k",
                   "CREATE MATERIALIZED VIEW by_number AS SELECT MOD(id, 10) AS k, count(*) AS n, "
                   "sum(id) AS s FROM numbers GROUP BY MOD(id, 10)"}));

  // Reads what has been published, all the time.
  std::atomic<bool> stop{false};
  std::atomic<int64_t> torn{0};
  const auto reader = env::RealEnv().executor->Start("reader", [&] {
    while (!stop.load()) {
      const tables::SnapshotSetPtr set = warehouse_->snapshots();
      // The view and its table are those of one moment.
      const auto table = Find(*set, "t0");
      const auto view = Find(*set, "by_key");
      if (table != nullptr && view != nullptr &&
          (SumOf(*view, 1) != static_cast<int64_t>(table->rows()) || SumOf(*view, 2) != SumOf(*table, 1))) {
        torn.fetch_add(1);
      }
      env::RealEnv().executor->Sleep(200);
    }
  });

  const auto check_consistency = [&] {
    const tables::SnapshotSetPtr set = warehouse_->snapshots();
    for (const auto& [name, view] : views) {
      // Before the first epoch behind its creation a view is still empty.
      if (set->epoch <= view.created_at_epoch) continue;
      const auto table = Find(*set, TableName(view.table));
      const auto snapshot = Find(*set, name);
      ASSERT_NE(snapshot, nullptr) << name;
      EXPECT_EQ(SumOf(*snapshot, 1), static_cast<int64_t>(table->rows())) << name;
      EXPECT_EQ(SumOf(*snapshot, 2), SumOf(*table, 1)) << name;
    }
  };

  env::Clock& clock = *env::RealEnv().clock;
  const int64_t end = clock.MonotonicMicros() + kDurationMicros;
  int number = 0;
  while (clock.MonotonicMicros() < end && !HasFatalFailure()) {
    switch (draw(8)) {
      case 0:
      case 1:
      case 2: {
        const int table = static_cast<int>(draw(kTables));
        std::string rows;
        for (int64_t i = 1 + draw(20); i > 0; --i) {
          const int key = static_cast<int>(draw(kKeys));
          const int64_t value = draw(1000);
          rows += fmt::format("{}({}, {})", rows.empty() ? "" : ", ", key, value);
          auto& [count, sum] = inserted[table][key];
          ++count;
          sum += value;
        }
        MR_ASSERT_OK(Insert(fmt::format("INSERT INTO {} VALUES {}", TableName(table), rows)));
        break;
      }
      case 3:
        MR_ASSERT_OK(Insert(fmt::format("INSERT INTO latest VALUES ({}, {})", draw(kKeys), draw(1000))));
        break;
      case 4: {
        if (views.size() >= 12) break;
        const int table = static_cast<int>(draw(kTables));
        const std::string name = fmt::format("v{}", ++number);
        const std::string source =
            draw(2) == 0 ? TableName(table)
                         : fmt::format(
                               "(SELECT * FROM {0} WHERE v < 500 UNION ALL SELECT * FROM {0} WHERE "
                               "v >= 500)",
                               TableName(table));
        MR_ASSERT_OK(
            CreateViews({fmt::format("CREATE MATERIALIZED VIEW {} AS SELECT k, count(*) AS n, sum(v) "
                                     "AS s FROM {} GROUP BY k",
                                     name, source)}));
        views[name] = {table, warehouse_->snapshots()->epoch};
        // The union has an input of three tasks and one of one.
        MR_ASSERT_OK(CreateViews(
            {fmt::format(
                 "CREATE MATERIALIZED VIEW both_{0} AS SELECT k, n AS x FROM {0} UNION ALL SELECT k, v "
                 "AS x FROM latest",
                 name),
             fmt::format("CREATE MATERIALIZED VIEW total_{0} AS SELECT sum(n) AS n, sum(s) AS s FROM {0}",
                         name)}));
        break;
      }
      case 5: {
        if (views.empty()) break;
        const std::string name = std::next(views.begin(), draw(static_cast<int64_t>(views.size())))->first;
        for (const char* prefix : {"total_", "both_", ""}) {
          MR_ASSERT_OK(Drop(fmt::format("DROP MATERIALIZED VIEW {}{}", prefix, name)));
        }
        views.erase(name);
        break;
      }
      case 6: {
        const auto result = Select(
            "SELECT MOD(id, 3) AS k, count(*) AS n, sum(id) AS s FROM numbers GROUP BY "
            "MOD(id, 3)");
        MR_ASSERT_OK(result);
        int64_t count = 0;
        int64_t sum = 0;
        for (const data::Batch& batch : *result) {
          for (size_t row = 0; row < batch.rows; ++row) {
            count += batch.columns[1]->values<int64_t>()[row];
            sum += batch.columns[2]->values<int64_t>()[row];
          }
        }
        EXPECT_EQ(count, kSequenceEnd);
        EXPECT_EQ(sum, kSequenceEnd * (kSequenceEnd + 1) / 2);
        break;
      }
      case 7:
        check_consistency();
        break;
    }
  }
  stop.store(true);
  reader->Join();
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(torn.load(), 0);

  MR_ASSERT_OK(warehouse_->Settle([] {}));
  const tables::SnapshotSetPtr set = warehouse_->snapshots();
  const auto expect_view = [&](const std::string& name, int table) {
    const auto snapshot = Find(*set, name);
    ASSERT_NE(snapshot, nullptr) << name;
    std::map<int, std::pair<int64_t, int64_t>> found;
    for (const tables::ChunkPtr& chunk : snapshot->Chunks()) {
      for (size_t row = 0; row < chunk->rows; ++row) {
        const auto value = [&](int column) { return chunk->columns[column]->values<int64_t>()[row]; };
        found[static_cast<int>(value(0))] = {value(1), value(2)};
      }
    }
    EXPECT_EQ(found, inserted[table]) << name;
  };
  expect_view("by_key", 0);
  for (const auto& [name, view] : views) expect_view(name, view.table);
  for (const auto& [name, view] : views) {
    int64_t rows = 0;
    int64_t sum = 0;
    for (const auto& [key, of_key] : inserted[view.table]) {
      rows += of_key.first;
      sum += of_key.second;
    }
    const auto snapshot = Find(*set, "total_" + name);
    ASSERT_NE(snapshot, nullptr) << name;
    EXPECT_EQ(SumOf(*snapshot, 0), rows) << name;
    EXPECT_EQ(SumOf(*snapshot, 1), sum) << name;
  }
  const auto numbers = Find(*set, "by_number");
  EXPECT_EQ(SumOf(*numbers, 1), kSequenceEnd);
  EXPECT_EQ(SumOf(*numbers, 2), kSequenceEnd * (kSequenceEnd + 1) / 2);
}

// A query that has failed takes nothing any more; whoever writes the table that it read must go on.
TEST_F(WarehouseStressTest, AReaderThatFailsDoesNotStopItsTable) {
  MR_ASSERT_OK(settings_.Set("millrace.batch.rows", "10"));  // many more messages than a channel holds
  MR_ASSERT_OK(
      CreateTable(fmt::format("CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', "
                              "'rows-per-second' = '10000', 'fields.id.kind' = 'sequence', "
                              "'fields.id.start' = '1', 'fields.id.end' = '{}')",
                              kSequenceEnd)));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW ids AS SELECT id FROM numbers"}));
  const std::string text = "SELECT id FROM ids";
  const auto statement = sql::ParseStatement(text);
  auto query = plan::PlanQuery(*(*statement)->As<sql::QueryStatement>().query, catalog_, ContextFor(text));
  MR_ASSERT_OK(query);
  std::vector<Warehouse::Request> requests;
  requests.push_back({.query = std::move(*query),
                      .settings = settings_,
                      .view = "",
                      .consumer = [](const data::Batch&) -> Status {
                        return Fail(ErrorCode::kInternal, "the consumer has gone");
                      },
                      .job_name = "",
                      .on_end = nullptr});
  const auto job = warehouse_->Start(std::move(requests));
  MR_ASSERT_OK(job);
  const Status failed = warehouse_->Await(*job, [] {});
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().ToString().find("the consumer has gone"), std::string::npos);
  MR_ASSERT_OK(warehouse_->Settle([] {}));
  EXPECT_EQ(Find(*warehouse_->snapshots(), "ids")->rows(), static_cast<size_t>(kSequenceEnd));
}

}  // namespace
}  // namespace millrace::dataflow
