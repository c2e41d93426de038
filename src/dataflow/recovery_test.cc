// What a warehouse is after a crash: as it was at the last checkpoint, and then, from the positions of its
// sources, as if nothing had happened.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "dataflow/durable_fixture.h"
#include "env/random.h"

namespace millrace::dataflow {
namespace {

using Lines = std::vector<std::string>;

class RecoveryTest : public DurableFixture {
 protected:
  void SetShards(int shards) {
    ASSERT_TRUE(settings_.Set("parallelism.default", std::to_string(shards)).has_value());
  }
  // Whether the job of the object has.
  bool HasFailed(uint64_t object_id) const {
    for (const auto& job : warehouse_->jobs()) {
      MutexLock lock(job->mutex);
      if (job->error.has_value() && job->objects.front().id == object_id) return true;
    }
    return false;
  }
};

TEST_F(RecoveryTest, AWarehouseThatHasSavedNothingReadsItsSourcesFromTheStart) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  OpenDurable();
  Feed("f", {{1, 10}, {2, 20}, {1, 5}});
  AwaitFed();
  EXPECT_EQ(Rows("s"), (Lines{"1, 15", "2, 20"}));
  Crash();
  OpenDurable();
  AwaitFed();
  EXPECT_EQ(Rows("s"), (Lines{"1, 15", "2, 20"}));
}

TEST_F(RecoveryTest, WhatWasSavedIsThereBeforeAnythingRuns) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  OpenDurable();
  Feed("f", {{1, 10}, {2, 20}, {1, 5}});
  AwaitFed();
  Checkpoint();
  const int64_t epoch = warehouse_->snapshots()->epoch;
  Crash();
  OpenDurable();
  EXPECT_EQ(Rows("s"), (Lines{"1, 15", "2, 20"}));
  EXPECT_GE(warehouse_->snapshots()->epoch, epoch) << "epochs go on";
  Feed("f", {{1, 1}});
  AwaitFed();
  EXPECT_EQ(Rows("s"), (Lines{"1, 16", "2, 20"}));
}

TEST_F(RecoveryTest, RowsBehindTheCheckpointAreReadOnceMore) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  Checkpoint();
  Feed("f", {{1, 7}});
  AwaitFed();
  EXPECT_EQ(Rows("s"), (Lines{"1, 17"}));
  Crash();
  OpenDurable();
  AwaitFed();
  EXPECT_EQ(Rows("s"), (Lines{"1, 17"}));
}

TEST_F(RecoveryTest, ADroppedTableLeavesNothingToTheNextOfItsName) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  Checkpoint();
  const size_t with_view = store_->Chapters().size();
  EXPECT_GT(with_view, 0u);
  MR_ASSERT_OK(Drop("DROP MATERIALIZED VIEW s"));
  Forget("VIEW s");
  Checkpoint();
  EXPECT_EQ(store_->Chapters(), std::vector<std::string>{});
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, count(*) AS s FROM f GROUP BY k"});
  AwaitFed();
  EXPECT_EQ(Rows("s"), (Lines{"1, 1"}));
  Checkpoint();
  Crash();
  OpenDurable();
  EXPECT_EQ(Rows("s"), (Lines{"1, 1"}));
}

TEST_F(RecoveryTest, WhatTheCatalogNoLongerHasIsForgottenAtTheStart) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  Checkpoint();
  Crash();
  Forget("VIEW s");
  OpenDurable();
  Checkpoint();
  EXPECT_EQ(store_->Chapters(), std::vector<std::string>{});
}

TEST_F(RecoveryTest, StateOfAnotherPlanIsRefused) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  Checkpoint();
  Crash();
  Replace("VIEW s", "CREATE MATERIALIZED VIEW s AS SELECT k, max(v) AS s FROM f GROUP BY k");
  const Status opened = TryOpen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), ErrorCode::kNotSupported);
  EXPECT_NE(opened.error().message().find("public.s"), std::string::npos) << opened.error().message();
}

TEST_F(RecoveryTest, AnInsertIntoWhatItReadsIsRefused) {
  Table("CREATE TABLE a (k BIGINT)");
  Table("CREATE TABLE b (k BIGINT)");
  Views({"CREATE MATERIALIZED VIEW v AS SELECT k FROM a"});
  OpenDurable();
  for (const std::string text : {"INSERT INTO a SELECT k FROM a", "INSERT INTO a SELECT k FROM v"}) {
    const Status refused = Insert(text, 100);
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code(), ErrorCode::kNotSupported);
  }
  MR_ASSERT_OK(Insert("INSERT INTO b SELECT k FROM v", 101));
  EXPECT_FALSE(Insert("INSERT INTO a SELECT k FROM b", 102).has_value());
}

// Has every reading of the feed fail.
void Spoil(connectors::FeedHub& feeds, const std::string& table) {
  data::Schema schema;
  schema.Add("k", data::DataType::BigInt());
  schema.Add("v", data::DataType::BigInt());
  data::BatchBuilder builder(schema);
  builder.column(0).Append(int64_t{1});
  builder.column(1).Append(int64_t{1});
  builder.FinishRow(data::RowKind::kDelete);
  feeds.Push("public." + table, builder.Build());
}

TEST_F(RecoveryTest, AViewThatFailedComesBackAsItWasAtItsLastWholeCheckpoint) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Table("CREATE TABLE g (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  Views({"CREATE MATERIALIZED VIEW t AS SELECT sum(s) AS s FROM s"});
  Views({"CREATE MATERIALIZED VIEW other AS SELECT sum(v) AS s FROM g"});
  OpenDurable();
  Feed("f", {{1, 10}});
  Feed("g", {{1, 1}});
  AwaitFed();
  Checkpoint();
  Feed("f", {{1, 7}});
  AwaitFed();
  Spoil(feeds_, "f");
  while (!HasFailed(3) || !HasFailed(4)) env::RealEnv().executor->Sleep(200);
  Feed("g", {{1, 2}});
  while (Rows("other") != Lines{"3"}) AwaitVisible();
  Checkpoint();
  Crash();
  OpenDurable();
  EXPECT_EQ(Rows("s"), Lines{"1, 10"});
  EXPECT_EQ(Rows("t"), Lines{"10"}) << "what reads it is as of the same checkpoint";
  EXPECT_EQ(Rows("other"), Lines{"3"});
}

// What it reads goes on without it: as of its last checkpoint it would never get what has come since.
TEST_F(RecoveryTest, AViewThatFailedWhileWhatItReadsGoesOnIsMadeAnew) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Table("CREATE TABLE a (k BIGINT, v BIGINT)");
  Views(
      {"CREATE MATERIALIZED VIEW both_sums AS SELECT k, sum(v) AS s FROM "
       "(SELECT k, v FROM f UNION ALL SELECT k, v FROM a) GROUP BY k"});
  Views({"CREATE MATERIALIZED VIEW total AS SELECT sum(s) AS s FROM both_sums"});
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  MR_ASSERT_OK(Insert("INSERT INTO a VALUES (1, 100)", 101));
  while (Rows("total") != Lines{"110"}) AwaitVisible();
  Checkpoint();
  Spoil(feeds_, "f");
  while (!HasFailed(3) || !HasFailed(4)) env::RealEnv().executor->Sleep(200);
  MR_ASSERT_OK(Insert("INSERT INTO a VALUES (1, 1000)", 102));
  Checkpoint();
  Crash();
  feeds_.Clear("public.f");
  Feed("f", {{1, 10}});
  Feed("f", {{1, 20}});
  OpenDurable();
  AwaitFed();
  for (int i = 0; i < 1000 && Rows("total") != Lines{"1130"}; ++i) AwaitVisible();
  EXPECT_EQ(Rows("both_sums"), Lines{"1, 1130"});
  EXPECT_EQ(Rows("total"), Lines{"1130"}) << "what reads it is made anew too";
}

TEST_F(RecoveryTest, AnInsertThatFailedDoesNotGoOnSinceItsRowsAreThere) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Table("CREATE TABLE t (k BIGINT, v BIGINT)");
  InsertJob("INSERT INTO t SELECT k, v FROM f");
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  Checkpoint();
  Feed("f", {{1, 7}});
  while (Rows("t").size() < 2) AwaitVisible();
  Spoil(feeds_, "f");
  while (!HasFailed(3)) env::RealEnv().executor->Sleep(200);
  Checkpoint();
  for (int i = 0; i < 3; ++i) {
    Crash();
    OpenDurable();
    AwaitVisible();
    EXPECT_EQ(Rows("t"), (Lines{"1, 10", "1, 7"}));
    ASSERT_EQ(warehouse_->jobs().size(), 1u);
    EXPECT_TRUE(HasFailed(3));
    Checkpoint();
  }
}

// An INSERT whose tasks have nothing to save is part of the checkpoint all the same.
TEST_F(RecoveryTest, AnInsertThatReadsAViewGivesItsRowsOnce) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW big AS SELECT k, v FROM f WHERE v > 5"});
  Table("CREATE TABLE t (k BIGINT, v BIGINT)");
  InsertJob("INSERT INTO t SELECT k, v FROM big");
  OpenDurable();
  Feed("f", {{1, 10}, {2, 20}});
  while (Rows("t").size() < 2) AwaitVisible();
  Checkpoint();
  Crash();
  OpenDurable();
  Feed("f", {{3, 30}});
  while (Rows("big").size() < 3 || Rows("t").size() < 3) AwaitVisible();
  EXPECT_EQ(Rows("t"), (Lines{"1, 10", "2, 20", "3, 30"}));
}

TEST_F(RecoveryTest, WhatHasEndedNeedsItsSourceNoMore) {
  const std::string file = folder_ + "/input.csv";
  std::ofstream(file) << "1,10\n2,20\n1,5\n";
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = '" + file +
        "', 'format' = 'csv')");
  Table("CREATE TABLE t (k BIGINT, v BIGINT)");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k",
         "CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM f"});
  InsertJob("INSERT INTO t SELECT k, v FROM f");
  Views({"CREATE MATERIALIZED VIEW total AS SELECT sum(s) AS s FROM s"});
  OpenDurable();
  MR_ASSERT_OK(warehouse_->Settle([] {}));
  const auto check = [&] {
    EXPECT_EQ(Rows("s"), (Lines{"1, 15", "2, 20"}));
    EXPECT_EQ(Rows("n"), Lines{"3"});
    EXPECT_EQ(Rows("t"), (Lines{"1, 10", "1, 5", "2, 20"}));
    EXPECT_EQ(Rows("total"), Lines{"35"});
  };
  check();
  Checkpoint();
  Crash();
  std::filesystem::remove(file);
  OpenDurable();
  check();
  // Views that are made now get its rows and its end.
  Views({"CREATE MATERIALIZED VIEW late AS SELECT max(s) AS s FROM s"});
  MR_ASSERT_OK(warehouse_->Settle([] {}));
  EXPECT_EQ(Rows("late"), Lines{"20"});
  Checkpoint();
  SetShards(3);
  Crash();
  OpenDurable();
  check();
  EXPECT_EQ(Rows("late"), Lines{"20"});
}

TEST_F(RecoveryTest, DeadLettersAndLateRowsAreKept) {
  const std::string file = folder_ + "/input.csv";
  std::ofstream(file) << "1,10\nno number,20\n1,5\n";
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = '" + file +
        "', 'format' = 'csv')");
  Views({"CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM f"});
  OpenDurable();
  MR_ASSERT_OK(warehouse_->Settle([] {}));
  Checkpoint();
  Crash();
  OpenDurable();
  EXPECT_EQ(warehouse_->snapshots()->tables.at("sys.dead_letters")->rows(), 1u);
  EXPECT_EQ(Rows("n"), Lines{"2"});
}

TEST_F(RecoveryTest, WhatWasAcknowledgedIsThereWithAndWithoutCheckpoints) {
  Table("CREATE TABLE h (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')");
  Table("CREATE TABLE t (k BIGINT, v BIGINT)");
  Table("CREATE TABLE keyed (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM h GROUP BY k"});
  Views({"CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n, sum(v) AS s FROM t"});
  Views({"CREATE MATERIALIZED VIEW total AS SELECT sum(v) AS v FROM keyed"});
  OpenDurable();
  int64_t sum = 0;
  int64_t rows = 0;
  for (int64_t i = 1; i <= 30; ++i) {
    Push("h", {{1, i}, {2, 2 * i}});
    Push("t", {{i, i}});
    Push("keyed", {{i % 4, i}});
    sum += i;
    ++rows;
    if (i % 7 == 0) Checkpoint();
    if (i % 3 == 0) {
      Crash();
      OpenDurable();
    }
    if (i % 5 != 0) continue;
    AwaitVisible();
    EXPECT_EQ(Rows("s"), (Lines{fmt::format("1, {}", sum), fmt::format("2, {}", 2 * sum)}));
    EXPECT_EQ(Rows("n"), Lines{fmt::format("{}, {}", rows, sum)});
    EXPECT_EQ(Rows("t").size(), static_cast<size_t>(rows));
    int64_t total = 0;
    for (int64_t last = i; last > std::max<int64_t>(i - 4, 0); --last) total += last;
    EXPECT_EQ(Rows("total"), Lines{std::to_string(total)});
  }
  // A view that is made now has the whole history.
  Views({"CREATE MATERIALIZED VIEW late AS SELECT count(*) AS n, sum(v) AS s FROM h"});
  while (Rows("late") != Lines{fmt::format("{}, {}", 2 * rows, 3 * sum)}) AwaitVisible();
}

// The lines of the files that can be seen, sorted.
Lines VisibleLines(const std::string& folder) {
  Lines lines;
  if (!std::filesystem::exists(folder)) return lines;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with('.')) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

class FileSinkRecoveryTest : public RecoveryTest, public testing::WithParamInterface<int> {};

TEST_P(FileSinkRecoveryTest, EachRowIsInOneVisibleFile) {
  env::Random random(static_cast<uint64_t>(GetParam()));
  SetShards(1 + static_cast<int>(random.Below(3)));
  const std::string out = folder_ + "/out";
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Table("CREATE TABLE o (k BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = '" + out +
        "', 'format' = 'csv', 'sink.rolling-policy.file-size' = '" + std::to_string(50 + random.Below(300)) +
        "b', 'sink.rolling-policy.check-interval' = '1 ms', 'sink.rolling-policy.inactivity-interval' = '" +
        std::to_string(1 + random.Below(30)) + " ms')");
  InsertJob("INSERT INTO o SELECT k, v FROM f WHERE k > 0");
  OpenDurable();
  Lines expected;
  int64_t next = 0;
  for (int step = 0; step < 40; ++step) {
    SCOPED_TRACE(fmt::format("seed {} step {}", GetParam(), step));
    switch (random.Below(6)) {
      case 0:
        Checkpoint();
        if (random.Below(2) == 0) break;
        [[fallthrough]];
      case 1:
        Crash();
        if (random.Below(3) == 0) SetShards(1 + static_cast<int>(random.Below(3)));
        OpenDurable();
        break;
      case 2:
        AwaitFed();
        break;
      default:
        for (uint64_t rows = 1 + random.Below(30); rows > 0; --rows, ++next) {
          Feed("f", {{next % 3, next}});
          if (next % 3 > 0) expected.push_back(fmt::format("{},{}", next % 3, next));
        }
    }
    // What can be seen stays, and is there once.
    const Lines seen = VisibleLines(out);
    EXPECT_TRUE(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
    if (HasFailure()) return;
  }
  std::sort(expected.begin(), expected.end());
  AwaitFed();
  for (int i = 0; i < 200 && VisibleLines(out) != expected; ++i) {
    AwaitVisible();
    Checkpoint();
  }
  EXPECT_EQ(VisibleLines(out), expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FileSinkRecoveryTest, testing::Range(1, 9));

TEST_F(RecoveryTest, JobsAndCheckpointsAreTables) {
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  Views({"CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM f"});
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  Checkpoint();
  const auto rows = [&](const std::string& table) {
    const Lines lines = RowsOf(*warehouse_->snapshots()->tables.at(table));
    return fmt::format("{}", fmt::join(lines, "\n"));
  };
  const auto count = [&](const std::string& table, const std::string& word) {
    const std::string text = rows(table);
    size_t found = 0;
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("sys.jobs", "RUNNING"), 2u) << rows("sys.jobs");
  while (count("sys.checkpoints", "COMMITTED") == 0) env::RealEnv().executor->Sleep(1'000);
  EXPECT_EQ(count("sys.checkpoints", "COMMITTED"), 1u) << rows("sys.checkpoints");
  Spoil(feeds_, "f");
  while (count("sys.jobs", "FAILED") < 2) AwaitVisible();
  EXPECT_EQ(count("sys.jobs", "a -D row"), 2u) << rows("sys.jobs");
  EXPECT_EQ(count("sys.jobs", "RUNNING"), 0u) << rows("sys.jobs");
}

TEST_F(RecoveryTest, CheckpointsComeByThemselvesAndEndWhenNothingChanges) {
  checkpoint_interval_micros_ = 1'000;
  Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
  Views({"CREATE MATERIALIZED VIEW s AS SELECT k, sum(v) AS s FROM f GROUP BY k"});
  OpenDurable();
  Feed("f", {{1, 10}});
  AwaitFed();
  while (store_->number() == 0) env::RealEnv().executor->Sleep(1'000);
  // One more may follow that has the last rows; then it is quiet.
  env::RealEnv().executor->Sleep(100'000);
  const uint64_t number = store_->number();
  env::RealEnv().executor->Sleep(200'000);
  EXPECT_EQ(store_->number(), number);
  Crash();
  OpenDurable();
  EXPECT_EQ(Rows("s"), (Lines{"1, 10"}));
}

// Views, tables and INSERTs over one feed, against plain sums of all that was fed.
class RandomRecoveryTest : public RecoveryTest, public testing::WithParamInterface<int> {
 protected:
  void DefineAll() {
    Table("CREATE TABLE f (k BIGINT, v BIGINT) WITH ('connector' = 'feed')");
    Table("CREATE TABLE latest (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
    Table("CREATE TABLE even (v BIGINT)");
    Views({"CREATE MATERIALIZED VIEW sums AS SELECT k, count(*) AS n, sum(v) AS s FROM f GROUP BY k",
           "CREATE MATERIALIZED VIEW top AS SELECT k, v FROM (SELECT k, v, ROW_NUMBER() OVER (PARTITION BY k "
           "ORDER BY v DESC) AS r FROM f) WHERE r <= 2"});
    Views(
        {"CREATE MATERIALIZED VIEW by_count AS SELECT n, count(*) AS keys, sum(s) AS s FROM sums GROUP BY "
         "n"});
    InsertJob("INSERT INTO latest SELECT k, v FROM f");
    InsertJob("INSERT INTO even SELECT v FROM f WHERE v % 2 = 0");
    Views({"CREATE MATERIALIZED VIEW evens AS SELECT count(*) AS n, sum(v) AS s FROM even"});
    Views({"CREATE MATERIALIZED VIEW latest_sum AS SELECT sum(v) AS s, count(DISTINCT v) AS d FROM latest"});
    Views({"CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM f GROUP BY k"});
    Views({"CREATE MATERIALIZED VIEW all_rows AS SELECT v, k FROM f"});
  }

  void FeedSome(env::Random* random) {
    std::vector<std::vector<int64_t>> rows(1 + random->Below(8));
    for (auto& row : rows) {
      row = {static_cast<int64_t>(random->Below(6)), static_cast<int64_t>(random->Below(1000))};
      fed_.push_back(row);
    }
    Feed("f", rows);
  }

  void CompareAll() {
    std::map<int64_t, std::pair<int64_t, int64_t>> sums;
    std::map<int64_t, std::multiset<int64_t>> values;
    std::map<int64_t, int64_t> latest;
    Lines all_rows;
    int64_t evens = 0;
    int64_t even_sum = 0;
    for (const auto& row : fed_) {
      ++sums[row[0]].first;
      sums[row[0]].second += row[1];
      values[row[0]].insert(row[1]);
      latest[row[0]] = row[1];
      all_rows.push_back(fmt::format("{}, {}", row[1], row[0]));
      if (row[1] % 2 != 0) continue;
      ++evens;
      even_sum += row[1];
    }
    Lines sum_rows;
    Lines top_rows;
    Lines latest_rows;
    std::map<int64_t, std::pair<int64_t, int64_t>> by_count;
    std::set<int64_t> distinct;
    int64_t latest_sum = 0;
    for (const auto& [key, sum] : sums) {
      sum_rows.push_back(fmt::format("{}, {}, {}", key, sum.first, sum.second));
      ++by_count[sum.first].first;
      by_count[sum.first].second += sum.second;
      int taken = 0;
      for (auto value = values[key].rbegin(); value != values[key].rend() && taken < 2; ++value, ++taken) {
        top_rows.push_back(fmt::format("{}, {}", key, *value));
      }
      latest_rows.push_back(fmt::format("{}, {}", key, latest[key]));
      latest_sum += latest[key];
      distinct.insert(latest[key]);
    }
    Lines count_rows;
    Lines only_counts;
    for (const auto& [key, sum] : sums) only_counts.push_back(std::to_string(sum.first));
    for (const auto& [n, entry] : by_count) {
      count_rows.push_back(fmt::format("{}, {}, {}", n, entry.first, entry.second));
    }
    const auto sorted = [](Lines rows) {
      std::sort(rows.begin(), rows.end());
      return rows;
    };
    EXPECT_EQ(Rows("sums"), sorted(sum_rows));
    EXPECT_EQ(Rows("top"), sorted(top_rows));
    EXPECT_EQ(Rows("by_count"), sorted(count_rows));
    EXPECT_EQ(Rows("latest"), sorted(latest_rows));
    EXPECT_EQ(Rows("counts"), sorted(only_counts));
    EXPECT_EQ(Rows("all_rows"), sorted(all_rows));
    EXPECT_EQ(Rows("evens"), evens == 0 ? Lines{} : Lines{fmt::format("{}, {}", evens, even_sum)});
    EXPECT_EQ(Rows("latest_sum"),
              latest.empty() ? Lines{} : Lines{fmt::format("{}, {}", latest_sum, distinct.size())});
  }

  // INSERTs give to tables when they come to it, and these to views: waits for that, within reason.
  void AwaitAll() {
    AwaitFed();
    int64_t evens = 0;
    std::map<int64_t, int64_t> latest;
    for (const auto& row : fed_) {
      evens += row[1] % 2 == 0 ? 1 : 0;
      latest[row[0]] = row[1];
    }
    Lines latest_rows;
    for (const auto& [key, value] : latest) latest_rows.push_back(fmt::format("{}, {}", key, value));
    std::sort(latest_rows.begin(), latest_rows.end());
    const auto has_come = [&] {
      return Rows("latest") == latest_rows && static_cast<int64_t>(Rows("even").size()) >= evens;
    };
    for (int i = 0; i < 5'000 && !has_come(); ++i) AwaitVisible();
    AwaitVisible();
  }

  std::vector<std::vector<int64_t>> fed_;
};

TEST_P(RandomRecoveryTest, EqualsTheBatchAtEveryCrash) {
  env::Random random(static_cast<uint64_t>(GetParam()));
  SetShards(1 + static_cast<int>(random.Below(3)));
  if (random.Below(2) == 0) checkpoint_interval_micros_ = 2'000;
  DefineAll();
  OpenDurable();
  for (int step = 0; step < 60; ++step) {
    SCOPED_TRACE(fmt::format("seed {} step {}", GetParam(), step));
    switch (random.Below(8)) {
      case 0:
        // Some of it is on its way when the barriers come, and must be in the checkpoint or behind it.
        for (int burst = 0; burst < 20; ++burst) FeedSome(&random);
        Checkpoint();
        if (random.Below(2) == 0) break;
        [[fallthrough]];
      case 1:
        Crash();
        if (random.Below(3) == 0) SetShards(1 + static_cast<int>(random.Below(4)));
        OpenDurable();
        break;
      case 2:
        AwaitAll();
        CompareAll();
        break;
      default:
        FeedSome(&random);
    }
    if (HasFailure()) return;
  }
  AwaitAll();
  CompareAll();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRecoveryTest, testing::Range(1, 13));

}  // namespace
}  // namespace millrace::dataflow
