#include "query/snapshot_engine.h"

#include <gtest/gtest.h>

#include "data/batch_builder.h"
#include "tables/table_part.h"

namespace millrace::query {
namespace {

using data::DataType;
using data::Value;

data::SchemaPtr AllTypes() {
  return std::make_shared<const data::Schema>(std::vector<data::Field>{
      {"城市", DataType::String()},
      {"n", DataType::BigInt()},
      {"small", DataType::Decimal(4, 1)},
      {"medium", DataType::Decimal(9, 2)},
      {"large", DataType::Decimal(38, 3)},
      {"at", DataType::Timestamp(3)},
      {"instant", DataType::TimestampLtz(3)},
      {"xs", DataType::Array(DataType::String())},
      {"m", DataType::Map(DataType::String(), DataType::Int())},
      {"r", DataType::Row({{"a", DataType::Int()}, {"b", DataType::String()}})},
  });
}

tables::SnapshotSetPtr SetWith(int rows) {
  const auto schema = AllTypes();
  tables::TablePart part(schema, tables::TableMode::kAppend, {});
  data::BatchBuilder builder(*schema);
  for (int i = 0; i < rows; ++i) {
    const std::string city = i % 2 == 0 ? "北京市的一个很长的名字" : "上海";
    builder.column(0).AppendString(city);
    if (i % 10 == 9) {
      builder.column(1).AppendNull();
    } else {
      builder.column(1).Append<int64_t>(i);
    }
    builder.column(2).AppendValue(Value::Decimal(15));
    builder.column(3).AppendValue(Value::Decimal(i));
    builder.column(4).AppendValue(Value::Decimal(data::Int128{1} << 100));
    builder.column(5).Append<int64_t>(1'511'658'000'000'000);  // 2017-11-26 01:00:00
    builder.column(6).Append<int64_t>(1'511'658'000'000'000);
    builder.column(7).AppendValue(Value::MakeList({Value::String(city), Value::Null()}));
    builder.column(8).AppendValue(Value::MakeList({Value::MakeList({Value::String("k"), Value::Int(i)})}));
    builder.column(9).AppendValue(Value::MakeList({Value::Int(i), Value::String("b")}));
    builder.FinishRow();
    if (builder.IsFull()) part.Apply(builder.Build());
  }
  part.Apply(builder.Build());
  auto snapshot = std::make_shared<tables::Snapshot>();
  snapshot->schema = schema;
  snapshot->parts.push_back(part.TakeSnapshot());
  auto set = std::make_shared<tables::SnapshotSet>();
  set->tables["dws.城市表"] = std::move(snapshot);
  return set;
}

TEST(SnapshotEngineTest, AggregatesOverAllChunks) {
  SnapshotEngine engine({});
  const auto result = engine.Run(
      R"(SELECT "城市", count(*), count(n), sum(n), sum(medium) FROM dws."城市表" GROUP BY 1 ORDER BY 1)",
      SetWith(10'000), {}, "public", "UTC");
  ASSERT_TRUE(result.has_value()) << result.error().ToString();
  ASSERT_EQ(result->batches.size(), 1u);
  const data::Batch& batch = result->batches[0];
  ASSERT_EQ(batch.rows, 2u);
  // 上海 holds the odd numbers below 10,000, without those that end in 9.
  EXPECT_EQ(batch.columns[0]->GetValue(0), Value::String("上海"));
  EXPECT_EQ(batch.columns[1]->GetValue(0), Value::Int(5000));
  EXPECT_EQ(batch.columns[2]->GetValue(0), Value::Int(4000));
  EXPECT_EQ(batch.columns[3]->GetValue(0), Value::Decimal(25'000'000 - 5'004'000));
  EXPECT_EQ(batch.columns[3]->GetValue(1), Value::Decimal(24'995'000));
  EXPECT_EQ(batch.columns[4]->GetValue(1), Value::Decimal(24'995'000));
}

TEST(SnapshotEngineTest, EveryTypeComesBackAsItWent) {
  SnapshotEngine engine({});
  const auto set = SetWith(3);
  const auto result =
      engine.Run("SELECT * FROM dws.\"城市表\" WHERE n = 1", set, {}, "public", "Asia/Shanghai");
  ASSERT_TRUE(result.has_value()) << result.error().ToString();
  const data::Batch& batch = result->batches[0];
  ASSERT_EQ(batch.rows, 1u);
  const tables::ChunkPtr chunk = set->tables.begin()->second->Chunks()[0];
  for (size_t i = 0; i < chunk->columns.size(); ++i) {
    EXPECT_EQ(batch.columns[i]->GetValue(0), chunk->columns[i]->GetValue(1)) << i;
  }
}

TEST(SnapshotEngineTest, TimeZoneIsTheSessions) {
  SnapshotEngine engine({});
  const auto result = engine.Run("SELECT CAST(instant AS VARCHAR) FROM dws.\"城市表\" LIMIT 1", SetWith(1),
                                 {}, "public", "Asia/Shanghai");
  ASSERT_TRUE(result.has_value()) << result.error().ToString();
  EXPECT_EQ(result->batches[0].columns[0]->GetValue(0), Value::String("2017-11-26 09:00:00+08"));
}

TEST(SnapshotEngineTest, TheHostIsOutOfReach) {
  SnapshotEngine engine({});
  const auto set = SetWith(1);
  for (const char* sql :
       {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH '/tmp/x.db'", "INSTALL httpfs", "LOAD httpfs", "SET enable_external_access = true",
        "CREATE TABLE t (a INT)", "SELECT 1; SELECT 2", "SELECT getenv('HOME')"}) {
    EXPECT_FALSE(engine.Run(sql, set, {}, "public", "UTC").has_value()) << sql;
  }
}

TEST(SnapshotEngineTest, ViewsFollowTheSet) {
  SnapshotEngine engine({});
  ASSERT_TRUE(engine.Run("SELECT count(*) FROM \"城市表\"", SetWith(5), {}, "dws", "UTC").has_value());
  const auto later = engine.Run("SELECT count(*) FROM \"城市表\"", SetWith(7), {}, "dws", "UTC");
  ASSERT_TRUE(later.has_value()) << later.error().ToString();
  EXPECT_EQ(later->batches[0].columns[0]->GetValue(0), Value::Int(7));
  const auto gone = engine.Run("SELECT count(*) FROM \"城市表\"",
                               std::make_shared<const tables::SnapshotSet>(), {}, "dws", "UTC");
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code(), ErrorCode::kUndefinedTable);
}

}  // namespace
}  // namespace millrace::query
