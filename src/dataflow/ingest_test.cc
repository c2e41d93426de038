#include "dataflow/ingest.h"

#include <fmt/format.h>

#include <thread>

#include "data/batch_builder.h"
#include "dataflow/warehouse_fixture.h"

namespace millrace::dataflow {
namespace {

using data::RowKind;

// Two BIGINT columns, named k and v in all these tables.
data::Batch Pairs(const std::vector<std::tuple<RowKind, int64_t, int64_t>>& rows) {
  data::BatchBuilder builder(std::vector<data::DataType>{data::DataType::BigInt(), data::DataType::BigInt()});
  for (const auto& [kind, k, v] : rows) {
    builder.column(0).Append(k);
    builder.column(1).Append(v);
    builder.FinishRow(kind);
  }
  return builder.Build();
}

class IngestTest : public WarehouseFixture {
 protected:
  IngestTest() { Open({}); }

  Result<bool> Push(const std::string& table,
                    const std::vector<std::tuple<RowKind, int64_t, int64_t>>& rows) {
    MR_ASSIGN(const auto ingest, warehouse_->OpenIngest("public." + table));
    data::Batch batch = Pairs(rows);
    return ingest->TryPush(&batch, {});
  }
};

TEST_F(IngestTest, RowsPushedIntoAnHttpTableReachEveryView) {
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE t (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')"));
  const auto unread = Push("t", {{RowKind::kInsert, 1, 1}});
  ASSERT_FALSE(unread.has_value());
  EXPECT_EQ(unread.error().message(), "nothing reads table 'public.t': the rows would be lost");

  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS s FROM t GROUP BY k",
                            "CREATE MATERIALIZED VIEW vs AS SELECT v FROM t"}));
  MR_ASSERT_OK(Push("t", {{RowKind::kInsert, 1, 10}, {RowKind::kInsert, 2, 5}, {RowKind::kInsert, 1, 7}}));
  AwaitVisible();
  EXPECT_EQ(Rows("sums"), (std::vector<std::string>{"1, 17", "2, 5"}));
  EXPECT_EQ(Rows("vs"), (std::vector<std::string>{"10", "5", "7"}));

  // A view that starts later is a reader of its own and gets what is pushed from then on.
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW later AS SELECT k, v FROM t"}));
  MR_ASSERT_OK(Push("t", {{RowKind::kInsert, 2, 1}}));
  AwaitVisible();
  EXPECT_EQ(Rows("sums"), (std::vector<std::string>{"1, 17", "2, 6"}));
  EXPECT_EQ(Rows("later"), (std::vector<std::string>{"2, 1"}));
}

TEST_F(IngestTest, AKeyMakesRowsReplaceEachOther) {
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE posted (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED) "
                  "WITH ('connector' = 'http', 'format' = 'json')"));
  MR_ASSERT_OK(CreateTable("CREATE TABLE kept (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sum_posted AS SELECT sum(v) AS s FROM posted",
                            "CREATE MATERIALIZED VIEW sum_kept AS SELECT sum(v) AS s FROM kept"}));
  for (const std::string table : {"posted", "kept"}) {
    MR_ASSERT_OK(
        Push(table, {{RowKind::kInsert, 1, 10}, {RowKind::kInsert, 2, 20}, {RowKind::kInsert, 3, 30}}));
    MR_ASSERT_OK(Push(table, {{RowKind::kInsert, 1, 11},
                              {RowKind::kUpdateBefore, 2, 20},
                              {RowKind::kUpdateAfter, 2, 22},
                              {RowKind::kDelete, 3, 0}}));
  }
  AwaitVisible();
  EXPECT_EQ(Rows("kept"), (std::vector<std::string>{"1, 11", "2, 22"}));
  EXPECT_EQ(Rows("sum_kept"), (std::vector<std::string>{"33"}));
  EXPECT_EQ(Rows("sum_posted"), (std::vector<std::string>{"33"}));
}

TEST_F(IngestTest, WhatCannotBeTakenIsRefusedWhole) {
  MR_ASSERT_OK(CreateTable("CREATE TABLE t (k BIGINT NOT NULL, v BIGINT)"));
  const auto deletion = Push("t", {{RowKind::kInsert, 1, 1}, {RowKind::kDelete, 1, 1}});
  ASSERT_FALSE(deletion.has_value());
  EXPECT_EQ(deletion.error().message(), "a -D row for table 'public.t', which has no primary key");

  const auto ingest = *warehouse_->OpenIngest("public.t");
  data::BatchBuilder builder(ingest->schema());
  builder.column(0).Append(int64_t{1});
  builder.column(1).AppendNull();
  builder.FinishRow();
  builder.column(0).AppendNull();
  builder.column(1).AppendNull();
  builder.FinishRow();
  data::Batch batch = builder.Build();
  const auto null = ingest->TryPush(&batch, {});
  ASSERT_FALSE(null.has_value());
  EXPECT_EQ(null.error().code(), ErrorCode::kNullNotAllowed);
  EXPECT_EQ(null.error().message(), "NULL in column 'k' of table 'public.t' (row 2 of the batch)");

  data::Batch narrow = Pairs({{RowKind::kInsert, 1, 1}});
  narrow.columns.pop_back();
  EXPECT_EQ(ingest->TryPush(&narrow, {}).error().code(), ErrorCode::kDatatypeMismatch);
  AwaitVisible();
  EXPECT_EQ(Rows("t"), std::vector<std::string>{});

  EXPECT_EQ(warehouse_->OpenIngest("public.none").error().code(), ErrorCode::kUndefinedTable);
  MR_ASSERT_OK(Drop("DROP TABLE t"));
  data::Batch late = Pairs({{RowKind::kInsert, 1, 1}});
  EXPECT_EQ(ingest->TryPush(&late, {}).error().message(), "table 'public.t' was dropped");
}

TEST_F(IngestTest, TheEndOfInputIsThatOfPostedRows) {
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE t (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'csv')"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM t"}));
  MR_ASSERT_OK(Push("t", {{RowKind::kInsert, 1, 1}, {RowKind::kInsert, 1, 1}}));
  MR_ASSERT_OK(warehouse_->RunToEnd([] {}));
  EXPECT_EQ(Rows("n"), (std::vector<std::string>{"2"}));
  EXPECT_FALSE(Push("t", {{RowKind::kInsert, 1, 1}}).has_value());
}

TEST_F(IngestTest, EveryPushThatWasVisibleIsInTheSnapshotTakenThen) {
  MR_ASSERT_OK(
      CreateTable("CREATE TABLE t (k BIGINT, v BIGINT) WITH ('connector' = 'http', 'format' = 'json')"));
  MR_ASSERT_OK(CreateTable("CREATE TABLE plain (k BIGINT, v BIGINT)"));
  MR_ASSERT_OK(CreateViews({"CREATE MATERIALIZED VIEW sums AS SELECT k, count(*) AS n FROM t GROUP BY k",
                            "CREATE MATERIALIZED VIEW sums_of_plain AS SELECT k, count(*) AS n FROM plain "
                            "GROUP BY k"}));
  constexpr int kWriters = 3;
  constexpr int kPushes = 30;
  std::vector<std::thread> writers;
  std::atomic<int> missed{0};
  for (int64_t writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 1; i <= kPushes; ++i) {
        for (const std::string table : {"t", "plain"}) {
          if (!Push(table, {{RowKind::kInsert, writer, i}}).value_or(false)) ++missed;
        }
        AwaitVisible();
        const std::string row = fmt::format("{}, {}", writer, i);
        for (const std::string view : {"sums", "sums_of_plain"}) {
          const auto rows = Rows(view);
          if (std::find(rows.begin(), rows.end(), row) == rows.end()) ++missed;
        }
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(missed.load(), 0);
}

}  // namespace
}  // namespace millrace::dataflow
