#include "dataflow/push_group.h"

#include <fmt/format.h>

#include <thread>

#include "data/batch_builder.h"
#include "dataflow/warehouse_fixture.h"

namespace millrace::dataflow {
namespace {

// Rows (k, v) with k = first, first + 1, … and the same v.
data::Batch Pairs(int64_t first, size_t rows, int64_t v) {
  data::BatchBuilder builder(std::vector<data::DataType>{data::DataType::BigInt(), data::DataType::BigInt()});
  for (size_t i = 0; i < rows; ++i) {
    builder.column(0).Append(first + static_cast<int64_t>(i));
    builder.column(1).Append(v);
    builder.FinishRow();
  }
  return builder.Build();
}

class PushGroupTest : public WarehouseFixture {
 protected:
  PushGroupTest() {
    Open({});
    for (const char* table : {"a", "b"}) {
      EXPECT_TRUE(CreateTable(fmt::format("CREATE TABLE {} (k BIGINT, v BIGINT)", table)).has_value());
    }
  }

  void Add(PushGroup* group, const std::string& table, std::vector<data::Batch> batches) {
    group->Add(*warehouse_->OpenIngest("public." + table), std::move(batches));
  }

  // Until it is taken.
  static Status Push(PushGroup* group) {
    while (true) {
      Notification woken;
      MR_ASSIGN(const bool is_taken, group->TryPush([&] { woken.Notify(); }));
      if (is_taken) return {};
      woken.Wait();
    }
  }

  static int64_t SumIn(const tables::SnapshotSet& set, const std::string& table, int column) {
    const auto snapshot = Find(set, table);
    return snapshot == nullptr ? 0 : SumOf(*snapshot, column);
  }
};

TEST_F(PushGroupTest, NobodyEverSeesAPart) {
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE posted (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')"));
  MR_ASSERT_OK(CreateTable("CREATE TABLE keyed (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)"));
  MR_ASSERT_OK(CreateTable("CREATE TABLE other (k BIGINT, v BIGINT)"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sums AS SELECT sum(v) AS s FROM posted",
                            "CREATE MATERIALIZED VIEW all_rows AS SELECT a.v AS v FROM a UNION ALL "
                            "SELECT v FROM b"}));
  std::atomic<bool> done{false};
  std::atomic<int64_t> parts_seen{0};
  std::thread reader([&] {
    while (!done.load()) {
      const auto set = warehouse_->snapshots();
      const int64_t in_a = SumIn(*set, "a", 1);
      for (const auto& [table, factor] :
           std::vector<std::pair<std::string, int64_t>>{{"b", 1}, {"sums", 1}, {"all_rows", 2}}) {
        if (SumIn(*set, table, table == "b" ? 1 : 0) != factor * in_a) parts_seen.fetch_add(1);
      }
      // Every commit replaces all of it by its own number.
      const auto keyed = Find(*set, "keyed");
      if (keyed != nullptr && keyed->rows() > 0 && SumOf(*keyed, 1) % 5000 != 0) parts_seen.fetch_add(1);
    }
  });
  // Somebody else makes epochs start at any moment.
  std::thread other([&] {
    const auto ingest = *warehouse_->OpenIngest("public.other");
    while (!done.load()) {
      data::Batch batch = Pairs(0, 1, 1);
      EXPECT_TRUE(ingest->TryPush(&batch, {}).value_or(false));
      AwaitVisible();
    }
  });
  constexpr int kWriters = 2;
  constexpr int kCommits = 20;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 1; i <= kCommits; ++i) {
        PushGroup group;
        std::vector<std::string> order = {"a", "b", "posted"};
        if (writer % 2 == 1) std::reverse(order.begin(), order.end());
        for (const std::string& table : order) Add(&group, table, {Pairs(0, 2000, 1), Pairs(0, 2000, 1)});
        Add(&group, "keyed", {Pairs(0, 2000, i), Pairs(2000, 2000, i), Pairs(4000, 1000, i)});
        EXPECT_TRUE(Push(&group).has_value());
      }
    });
  }
  for (auto& writer : writers) writer.join();
  AwaitVisible();
  done.store(true);
  reader.join();
  other.join();
  EXPECT_EQ(parts_seen.load(), 0);
  const auto set = warehouse_->snapshots();
  EXPECT_EQ(SumIn(*set, "a", 1), int64_t{kWriters} * kCommits * 4000);
  EXPECT_EQ(SumIn(*set, "sums", 0), int64_t{kWriters} * kCommits * 4000);
}

TEST_F(PushGroupTest, OfADroppedTableNoneIsTaken) {
  PushGroup group;
  Add(&group, "a", {Pairs(0, 3, 1)});
  Add(&group, "b", {Pairs(0, 3, 1)});
  MR_ASSERT_OK(Drop("DROP TABLE b"));
  const auto pushed = group.TryPush({});
  ASSERT_FALSE(pushed.has_value());
  EXPECT_EQ(pushed.error().code(), ErrorCode::kUndefinedTable);
  AwaitVisible();
  EXPECT_EQ(Rows("a"), std::vector<std::string>{});
}

TEST_F(PushGroupTest, GroupsThatFillTheQueuesDoNotWaitForEachOther) {
  constexpr int kWriters = 4;
  constexpr int kCommits = 3;
  constexpr size_t kBatches = 20;  // more than half of what a queue takes
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < kCommits; ++i) {
        PushGroup group;
        for (const char* table : {writer % 2 == 0 ? "a" : "b", writer % 2 == 0 ? "b" : "a"}) {
          std::vector<data::Batch> batches;
          for (size_t j = 0; j < kBatches; ++j) batches.push_back(Pairs(0, limits::kBatchRows, 1));
          Add(&group, table, std::move(batches));
        }
        EXPECT_TRUE(Push(&group).has_value());
      }
    });
  }
  for (auto& writer : writers) writer.join();
  AwaitVisible();
  const auto set = warehouse_->snapshots();
  for (const char* table : {"a", "b"}) {
    EXPECT_EQ(SumIn(*set, table, 1), int64_t{kWriters} * kCommits * kBatches * limits::kBatchRows) << table;
  }
}

}  // namespace
}  // namespace millrace::dataflow
