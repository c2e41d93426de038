// A subscription against what is published: applying its events in order must give every published snapshot.
#include "dataflow/subscription.h"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "data/batch_builder.h"
#include "dataflow/warehouse_fixture.h"

namespace millrace::dataflow {
namespace {

using data::RowKind;
using Kind = Subscription::Event::Kind;

std::string RowText(const data::Batch& batch, size_t row) {
  std::string text;
  data::AppendRowText(batch, row, data::TextOptions{}, &text);
  return text.substr(3, text.size() - 4);
}

// The rows that a reader has put together from events. Every removal must name a row that is there.
class Replica {
 public:
  // False when there is nothing now.
  bool Step(Subscription* subscription, const std::function<void()>& wake = {}) {
    const auto event = subscription->TryNext(wake);
    if (!event.has_value()) return false;
    last_kind_ = event->kind;
    switch (event->kind) {
      case Kind::kSnapshot:
        EXPECT_TRUE(event->batch.IsInsertOnly());
        EXPECT_EQ(epoch_, 0) << "the snapshot comes first";
        Apply(event->batch);
        break;
      case Kind::kChanges:
        EXPECT_GT(event->epoch, epoch_);
        ++change_batches_;
        Apply(event->batch);
        break;
      case Kind::kEpoch:
        EXPECT_GT(event->epoch, epoch_);
        epoch_ = event->epoch;
        break;
      case Kind::kEnd:
      case Kind::kLagged:
        reason_ = event->reason;
        ended_ = true;
        break;
    }
    return !ended_;
  }
  void Drain(Subscription* subscription) {
    while (Step(subscription)) {
    }
  }

  std::vector<std::string> Rows() const {
    std::vector<std::string> rows;
    for (const auto& [row, count] : rows_) rows.insert(rows.end(), static_cast<size_t>(count), row);
    return rows;
  }
  int64_t epoch() const { return epoch_; }
  Kind last_kind() const { return last_kind_; }
  bool ended() const { return ended_; }
  const std::string& reason() const { return reason_; }
  int change_batches() const { return change_batches_; }

 private:
  void Apply(const data::Batch& batch) {
    EXPECT_LE(batch.rows, limits::kBatchRows);
    for (size_t row = 0; row < batch.rows; ++row) {
      const std::string text = RowText(batch, row);
      if (data::IsAddition(batch.kind(row))) {
        ++rows_[text];
      } else {
        EXPECT_TRUE(rows_.contains(text)) << "removed, but never there: " << text;
        if (--rows_[text] == 0) rows_.erase(text);
      }
    }
  }

  std::map<std::string, int> rows_;
  int64_t epoch_ = 0;
  Kind last_kind_ = Kind::kEnd;
  bool ended_ = false;
  std::string reason_;
  int change_batches_ = 0;
};

class SubscriptionTest : public WarehouseFixture {
 protected:
  SubscriptionTest() {
    EXPECT_TRUE(settings_.Set("parallelism.default", "3").has_value());
    Open({.threads = 3});
  }

  std::unique_ptr<Subscription> Subscribe(const std::string& table, SubscribeOptions options = {}) {
    auto subscription = warehouse_->Subscribe("public." + table, options);
    EXPECT_TRUE(subscription.has_value()) << subscription.error().ToString();
    return std::move(*subscription);
  }

  void Push(const std::string& table, const std::vector<std::tuple<RowKind, int64_t, int64_t>>& rows) {
    const auto ingest = *warehouse_->OpenIngest("public." + table);
    data::BatchBuilder builder(ingest->schema());
    for (const auto& [kind, k, v] : rows) {
      builder.column(0).Append(k);
      builder.column(1).Append(v);
      builder.FinishRow(kind);
    }
    data::Batch batch = builder.Build();
    while (true) {
      const auto taken = ingest->TryPush(&batch, {});
      ASSERT_TRUE(taken.has_value()) << taken.error().ToString();
      if (*taken) return;
      std::this_thread::yield();
    }
  }

  // Tables and views of every mode and number of parts over a table with a key and one without.
  void CreateAll() {
    MR_ASSERT_OK(CreateTable("CREATE TABLE keyed (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)"));
    MR_ASSERT_OK(CreateTable("CREATE TABLE plain (k BIGINT, v BIGINT)"));
    MR_ASSERT_OK(CreateViews(
        {"CREATE MATERIALIZED VIEW by_v AS SELECT v, count(*) AS n, sum(k) AS s FROM keyed GROUP BY v",
         "CREATE MATERIALIZED VIEW filtered AS SELECT k, v FROM plain WHERE v > 3",
         "CREATE MATERIALIZED VIEW without_key AS SELECT MOD(k, 5) AS m, v FROM keyed"}));
  }
  const std::vector<std::string> kAll = {"keyed", "plain", "by_v", "filtered", "without_key"};

  void PushRandomly(std::mt19937* random) {
    std::vector<std::tuple<RowKind, int64_t, int64_t>> keyed;
    std::vector<std::tuple<RowKind, int64_t, int64_t>> plain;
    const size_t rows = 1 + (*random)() % 300;
    for (size_t i = 0; i < rows; ++i) {
      const auto k = static_cast<int64_t>((*random)() % 200);
      const auto v = static_cast<int64_t>((*random)() % 8);
      keyed.emplace_back((*random)() % 4 == 0 ? RowKind::kDelete : RowKind::kInsert, k, v);
      plain.emplace_back(RowKind::kInsert, k, v);
    }
    Push("keyed", keyed);
    Push("plain", plain);
  }
};

TEST_F(SubscriptionTest, SnapshotAndChangesAreWhatIsPublishedAtEveryStep) {
  CreateAll();
  std::mt19937 random(11);
  PushRandomly(&random);
  std::map<std::string, std::unique_ptr<Subscription>> subscriptions;
  std::map<std::string, Replica> replicas;
  for (int round = 0; round < 40; ++round) {
    // One after another they begin, the later ones with rows there already.
    if (round % 5 == 0 && round / 5 < static_cast<int>(kAll.size())) {
      subscriptions[kAll[round / 5]] = Subscribe(kAll[round / 5]);
    }
    PushRandomly(&random);
    AwaitVisible();
    for (auto& [table, subscription] : subscriptions) {
      replicas[table].Drain(subscription.get());
      ASSERT_EQ(replicas[table].Rows(), Rows(table)) << table << " in round " << round;
      ASSERT_EQ(replicas[table].last_kind(), Kind::kEpoch);
    }
  }
  for (const std::string& table : kAll) EXPECT_GT(replicas[table].change_batches(), 0) << table;
}

TEST_F(SubscriptionTest, EveryEpochThatIsGivenIsThePublishedOneWhileWritersGoOn) {
  CreateAll();
  std::atomic<bool> finished{false};
  std::map<int64_t, tables::SnapshotSetPtr> published;  // the writer's
  std::thread writer([&] {
    std::mt19937 random(5);
    for (int round = 0; round < 60; ++round) {
      PushRandomly(&random);
      PushRandomly(&random);
      AwaitVisible();
      const tables::SnapshotSetPtr set = warehouse_->snapshots();
      published[set->epoch] = set;
    }
    finished.store(true);
  });
  std::map<std::string, std::unique_ptr<Subscription>> subscriptions;
  std::map<std::string, Replica> replicas;
  std::map<std::string, std::map<int64_t, std::vector<std::string>>> given;
  for (const std::string& table : kAll) subscriptions[table] = Subscribe(table);
  bool was_finished = false;
  while (!was_finished) {
    was_finished = finished.load();
    for (auto& [table, subscription] : subscriptions) {
      Replica& replica = replicas[table];
      while (replica.Step(subscription.get())) {
        if (replica.last_kind() == Kind::kEpoch) given[table][replica.epoch()] = replica.Rows();
      }
    }
  }
  writer.join();
  int compared = 0;
  for (const auto& [table, epochs] : given) {
    for (const auto& [epoch, rows] : epochs) {
      const auto found = published.find(epoch);
      if (found == published.end()) continue;
      ASSERT_EQ(rows, RowsOf(*Find(*found->second, table))) << table << " at epoch " << epoch;
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
  AwaitVisible();
  for (auto& [table, subscription] : subscriptions) {
    replicas[table].Drain(subscription.get());
    EXPECT_EQ(replicas[table].Rows(), Rows(table)) << table;
  }
}

TEST_F(SubscriptionTest, ChangesOfAKeyAreThoseThatHadAnEffect) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)"));
  Push("t", {{RowKind::kInsert, 1, 10}});
  AwaitVisible();
  const auto subscription = Subscribe("t", {.snapshot = false});
  AwaitVisible();
  Push("t", {{RowKind::kInsert, 1, 10}});  // changes nothing
  Push("t", {{RowKind::kDelete, 5, 0}});   // neither
  Push("t", {{RowKind::kInsert, 1, 11}});
  AwaitVisible();
  std::vector<std::string> changes;
  while (const auto event = subscription->TryNext({})) {
    ASSERT_NE(event->kind, Kind::kSnapshot);
    for (size_t row = 0; row < event->batch.rows; ++row) {
      changes.push_back(
          fmt::format("{}{}", data::RowKindName(event->batch.kind(row)), RowText(event->batch, row)));
    }
  }
  EXPECT_EQ(changes, (std::vector<std::string>{"-U1, 10", "+U1, 11"}));
}

TEST_F(SubscriptionTest, WhatIsThereToBeReadWakes) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT)"));
  const auto subscription = Subscribe("t");
  Replica replica;
  AwaitVisible();
  replica.Drain(subscription.get());
  EXPECT_GT(replica.epoch(), 0);
  Notification woken;
  ASSERT_FALSE(subscription->TryNext([&] { woken.Notify(); }).has_value());
  Push("t", {{RowKind::kInsert, 1, 1}});
  woken.Wait();
  replica.Drain(subscription.get());
  EXPECT_EQ(replica.Rows(), (std::vector<std::string>{"1, 1"}));
}

TEST_F(SubscriptionTest, ASlowReaderIsToldAndHoldsNobodyUp) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT)"));
  const auto slow = Subscribe("t", {.buffer_bytes_max = 200'000});
  const auto fast = Subscribe("t");
  Replica follower;
  AwaitVisible();
  std::vector<std::tuple<RowKind, int64_t, int64_t>> rows;
  for (int64_t i = 0; i < 1'000; ++i) rows.emplace_back(RowKind::kInsert, i, i);
  // 16 bytes a row: a hundred batches are far more than the bound.
  for (int i = 0; i < 100; ++i) Push("t", rows);
  AwaitVisible();
  follower.Drain(fast.get());
  EXPECT_EQ(follower.Rows().size(), 100'000u);
  EXPECT_FALSE(follower.ended());
  Replica lagged;
  lagged.Drain(slow.get());
  EXPECT_EQ(lagged.last_kind(), Kind::kLagged);
  EXPECT_EQ(lagged.reason(), "more than 200000 bytes of changes were waiting to be read; subscribe again");
  ASSERT_TRUE(slow->TryNext({}).has_value());
  EXPECT_EQ(slow->TryNext({})->kind, Kind::kEnd) << "nothing comes after kLagged";
}

TEST_F(SubscriptionTest, TheDropOfTheTableAndTheEndOfItsInputEndIt) {
  CreateAll();
  std::mt19937 random(3);
  PushRandomly(&random);
  const auto dropped = Subscribe("filtered");
  const auto ended = Subscribe("by_v");
  AwaitVisible();
  PushRandomly(&random);
  MR_ASSERT_OK(Drop("DROP MATERIALIZED VIEW filtered"));
  Replica replica_of_dropped;
  replica_of_dropped.Drain(dropped.get());
  EXPECT_EQ(replica_of_dropped.last_kind(), Kind::kEnd);
  EXPECT_EQ(replica_of_dropped.reason(), "the table was dropped");

  PushRandomly(&random);
  MR_ASSERT_OK(warehouse_->RunToEnd([] {}));
  AwaitVisible();
  Replica replica_of_ended;
  replica_of_ended.Drain(ended.get());
  EXPECT_EQ(replica_of_ended.last_kind(), Kind::kEnd);
  EXPECT_EQ(replica_of_ended.Rows(), Rows("by_v")) << "the last changes come before the end";

  // Of a table whose writer has ended already: the snapshot, then the end.
  const auto late = Subscribe("by_v");
  AwaitVisible();
  Replica replica_of_late;
  replica_of_late.Drain(late.get());
  EXPECT_EQ(replica_of_late.last_kind(), Kind::kEnd);
  EXPECT_EQ(replica_of_late.Rows(), Rows("by_v"));

  const auto unknown = warehouse_->Subscribe("public.none", {});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kUndefinedTable);
}

TEST_F(SubscriptionTest, ItMayOutliveTheWarehouse) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT, v BIGINT)"));
  Push("t", {{RowKind::kInsert, 1, 1}});
  const auto subscription = Subscribe("t");
  AwaitVisible();
  warehouse_.reset();
  Replica replica;
  replica.Drain(subscription.get());
  EXPECT_EQ(replica.Rows(), (std::vector<std::string>{"1, 1"}));
}

}  // namespace
}  // namespace millrace::dataflow
