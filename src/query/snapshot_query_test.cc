#include "query/snapshot_query.h"

#include <gtest/gtest.h>

#include <set>

#include "data/batch_builder.h"
#include "data/decimal.h"
#include "data/interval.h"
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

int64_t NextVersion() {
  static int64_t version = 0;
  return ++version;
}

tables::SnapshotSetPtr EmptySet() {
  auto set = std::make_shared<tables::SnapshotSet>();
  set->version = NextVersion();
  return set;
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
  set->version = NextVersion();
  set->tables["dws.城市表"] = std::move(snapshot);
  return set;
}

struct Answer {
  data::Schema schema;
  std::vector<data::Batch> batches;
};

Result<Answer> Ask(SnapshotDatabase* database, const std::string& sql, const tables::SnapshotSetPtr& set,
                   const std::string& schema, const std::string& zone,
                   const std::vector<data::Value>& parameters = {}) {
  MR_ASSIGN(const auto query,
            SnapshotQuery::Prepare(database, {set, std::make_shared<const ViewSet>(), schema, zone}, sql));
  MR_TRY(query->Start(parameters));
  Answer answer{query->schema(), {}};
  while (true) {
    MR_ASSIGN(std::optional<data::Batch> batch, query->Next());
    if (!batch.has_value()) return answer;
    answer.batches.push_back(std::move(*batch));
  }
}

TEST(SnapshotQueryTest, AggregatesOverAllChunks) {
  SnapshotDatabase database({});
  const auto result =
      Ask(&database,
          R"(SELECT "城市", count(*), count(n), sum(n), sum(medium) FROM dws."城市表" GROUP BY 1 ORDER BY 1)",
          SetWith(10'000), "public", "UTC");
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

TEST(SnapshotQueryTest, EveryTypeComesBackAsItWent) {
  SnapshotDatabase database({});
  const auto set = SetWith(3);
  const auto result =
      Ask(&database, "SELECT * FROM dws.\"城市表\" WHERE n = 1", set, "public", "Asia/Shanghai");
  ASSERT_TRUE(result.has_value()) << result.error().ToString();
  const data::Batch& batch = result->batches[0];
  ASSERT_EQ(batch.rows, 1u);
  const tables::ChunkPtr chunk = set->tables.begin()->second->Chunks()[0];
  for (size_t i = 0; i < chunk->columns.size(); ++i) {
    EXPECT_EQ(batch.columns[i]->GetValue(0), chunk->columns[i]->GetValue(1)) << i;
  }
}

TEST(SnapshotQueryTest, TimeZoneIsTheSessions) {
  SnapshotDatabase database({});
  const auto result = Ask(&database, "SELECT CAST(instant AS VARCHAR) FROM dws.\"城市表\" LIMIT 1",
                          SetWith(1), "public", "Asia/Shanghai");
  ASSERT_TRUE(result.has_value()) << result.error().ToString();
  EXPECT_EQ(result->batches[0].columns[0]->GetValue(0), Value::String("2017-11-26 09:00:00+08"));
}

TEST(SnapshotQueryTest, TheHostIsOutOfReach) {
  SnapshotDatabase database({});
  const auto set = SetWith(1);
  for (const char* sql :
       {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH '/tmp/x.db'", "INSTALL httpfs", "LOAD httpfs", "SET enable_external_access = true",
        "CREATE TABLE t (a INT)", "SELECT 1; SELECT 2", "SELECT getenv('HOME')"}) {
    EXPECT_FALSE(Ask(&database, sql, set, "public", "UTC").has_value()) << sql;
  }
}

TEST(SnapshotQueryTest, ViewsFollowTheSet) {
  SnapshotDatabase database({});
  ASSERT_TRUE(Ask(&database, "SELECT count(*) FROM \"城市表\"", SetWith(5), "dws", "UTC").has_value());
  const auto later = Ask(&database, "SELECT count(*) FROM \"城市表\"", SetWith(7), "dws", "UTC");
  ASSERT_TRUE(later.has_value()) << later.error().ToString();
  EXPECT_EQ(later->batches[0].columns[0]->GetValue(0), Value::Int(7));
  const auto gone = Ask(&database, "SELECT count(*) FROM \"城市表\"", EmptySet(), "dws", "UTC");
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code(), ErrorCode::kUndefinedTable);
}

TEST(SnapshotQueryTest, ParametersAreTypedByWhatTheyMeet) {
  SnapshotDatabase database({});
  const auto set = SetWith(20);
  const QueryScope scope{set, std::make_shared<const ViewSet>(), "dws", "UTC"};
  // $2 meets nothing that tells its type; the $3 in quotes is none.
  const auto query =
      SnapshotQuery::Prepare(&database, scope, "SELECT n, $2 AS note, '$3' FROM \"城市表\" WHERE n = $1");
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  ASSERT_EQ((*query)->parameters().size(), 2u);
  EXPECT_EQ((*query)->parameters()[0].kind(), data::TypeKind::kBigInt);
  EXPECT_TRUE((*query)->parameters()[1].IsCharacter());
  ASSERT_EQ((*query)->schema().size(), 3u);
  EXPECT_EQ((*query)->schema()[1].name, "note");
  ASSERT_TRUE((*query)->Start({Value::Int(7), Value::String("a'b")}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  EXPECT_EQ((*batch)->columns[0]->GetValue(0), Value::Int(7));
  EXPECT_EQ((*batch)->columns[1]->GetValue(0), Value::String("a'b"));
  EXPECT_EQ((*batch)->columns[2]->GetValue(0), Value::String("$3"));
}

TEST(SnapshotQueryTest, ParametersKeepTheTypeTheyWereGiven) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  const auto query =
      SnapshotQuery::Prepare(&database, scope, "SELECT $1, $2, $3",
                             {DataType::Decimal(10, 2), DataType::Date(), DataType::Array(DataType::Int())});
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  EXPECT_EQ((*query)->schema()[0].type.kind(), data::TypeKind::kDecimal);
  const auto list = Value::MakeList({Value::Int(1), Value::Null()});
  ASSERT_TRUE((*query)->Start({Value::Decimal(1234), Value::Int(17'000), list}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  EXPECT_EQ((*batch)->columns[0]->GetValue(0), Value::Decimal(1234));
  EXPECT_EQ((*batch)->columns[1]->GetValue(0), Value::Int(17'000));
  EXPECT_EQ((*batch)->columns[2]->GetValue(0), list);
}

TEST(SnapshotQueryTest, ATableThatMayNotBeReadIsRefusedWhereverItStands) {
  SnapshotDatabase database({});
  QueryScope scope{SetWith(1), std::make_shared<const ViewSet>(), "dws", "UTC"};
  scope.check_read = [](const std::string&, const std::string& table) -> Status {
    return Fail(ErrorCode::kNotSupported, "not for you: " + table, "ask");
  };
  for (const char* sql : {"SELECT * FROM \"城市表\"", "SELECT 1 WHERE EXISTS (FROM dws.\"城市表\")",
                          "WITH a AS (SELECT * FROM default_catalog.dws.\"城市表\") SELECT 1 FROM a",
                          "SELECT * FROM millrace_scan('dws.城市表')"}) {
    const auto query = SnapshotQuery::Prepare(&database, scope, sql);
    ASSERT_FALSE(query.has_value()) << sql;
    EXPECT_EQ(query.error().message(), "not for you: dws.城市表") << sql;
    EXPECT_EQ(query.error().hint(), "ask");
  }
}

TEST(SnapshotQueryTest, AViewIsAskedForAndThenWhatItReadsInItsName) {
  SnapshotDatabase database({});
  auto views = std::make_shared<ViewSet>();
  views->version = 1;
  views->views.push_back(
      {"dws.names", "dws", "SELECT * FROM " + InnerName("dws.城市表"), {"city"}, {"dws.城市表"}});
  views->views.push_back({"dws.outer",
                          "dws",
                          "SELECT city FROM " + InnerName("dws.names") + " -- all",
                          {"city"},
                          {"dws.names"}});
  QueryScope scope{SetWith(1), views, "dws", "UTC"};
  std::set<std::string> asked;
  std::string refused;
  scope.check_read = [&](const std::string& view, const std::string& name) -> Status {
    asked.insert(view + ">" + name);
    if (view + ">" + name == refused) return Fail(ErrorCode::kNotSupported, "not for you: " + refused);
    return {};
  };
  const std::set<std::string> all = {">dws.outer", "dws.outer>dws.names", "dws.names>dws.城市表"};
  ASSERT_TRUE(SnapshotQuery::Prepare(&database, scope, "SELECT city FROM \"outer\"").has_value());
  EXPECT_EQ(asked, all);
  for (const std::string& one : all) {
    refused = one;
    const auto query = SnapshotQuery::Prepare(&database, scope, "SELECT count(*) FROM \"outer\" WHERE false");
    ASSERT_FALSE(query.has_value()) << one;
    EXPECT_EQ(query.error().message(), "not for you: " + one);
  }
}

TEST(SnapshotQueryTest, ACancelledQueryEndsAndTheNextOneRuns) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  {
    const auto query = SnapshotQuery::Prepare(&database, scope, "SELECT count(*) FROM range(100000000000)");
    ASSERT_TRUE(query.has_value()) << query.error().ToString();
    (*query)->Cancel(Error(ErrorCode::kCancelled, "cancelled"));
    const Status started = (*query)->Start({});
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error().code(), ErrorCode::kCancelled);
  }
  EXPECT_TRUE(Ask(&database, "SELECT 1", EmptySet(), "public", "UTC").has_value());
}

TEST(SnapshotQueryTest, TextsWithoutATypeAreJoined) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  const auto query = SnapshotQuery::Prepare(&database, scope, "SELECT $1 || /* and */ $2 || '$3' AS a");
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  ASSERT_EQ((*query)->parameters().size(), 2u);
  ASSERT_TRUE((*query)->Start({Value::String("a"), Value::String("b")}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  EXPECT_EQ((*batch)->columns[0]->GetValue(0), Value::String("ab$3"));
  // What is wrong otherwise is told as it is.
  const auto wrong = SnapshotQuery::Prepare(&database, scope, "SELECT $1 || $2 FROM nowhere");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code(), ErrorCode::kUndefinedTable);
}

TEST(SnapshotQueryTest, AParameterOfAnyIsAnArrayOfWhatIsCompared) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  const auto query = SnapshotQuery::Prepare(
      &database, scope,
      "SELECT x, 'ANY($7)' AS t FROM (VALUES (1), (2), (3)) v(x) WHERE x = any ( $1 ) ORDER BY x");
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  ASSERT_EQ((*query)->parameters().size(), 1u);
  EXPECT_EQ((*query)->parameters()[0].WithNullable(true), DataType::Array(DataType::Int()));
  ASSERT_TRUE((*query)->Start({Value::MakeList({Value::Int(3), Value::Int(1)})}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  ASSERT_EQ((*batch)->rows, 2u);
  EXPECT_EQ((*batch)->columns[0]->GetValue(0), Value::Int(1));
  EXPECT_EQ((*batch)->columns[0]->GetValue(1), Value::Int(3));
  EXPECT_EQ((*batch)->columns[1]->GetValue(1), Value::String("ANY($7)"));
  // Beside a parameter of another type, and of texts.
  const auto two = SnapshotQuery::Prepare(
      &database, scope, "SELECT 1 FROM (VALUES ('a', 1)) v(s, n) WHERE s <> ALL($2) AND n = $1");
  ASSERT_TRUE(two.has_value()) << two.error().ToString();
  ASSERT_EQ((*two)->parameters().size(), 2u);
  EXPECT_EQ((*two)->parameters()[1].WithNullable(true), DataType::Array(DataType::String()));
}

TEST(SnapshotQueryTest, ADecimalParameterHasThePrecisionOfItsValue) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  const std::string sql = "SELECT $1 AS a, CAST(1 AS DECIMAL(4, 1)) AS b, CAST(2 AS DECIMAL(4, 1)) > $2 AS c";
  const auto described = SnapshotQuery::Prepare(&database, scope, sql, {DataType::AnyDecimal()});
  ASSERT_TRUE(described.has_value()) << described.error().ToString();
  EXPECT_TRUE((*described)->parameters()[0].IsAnyDecimal());
  EXPECT_TRUE((*described)->parameters()[1].IsAnyDecimal());  // by what it meets
  EXPECT_TRUE((*described)->schema()[0].type.IsAnyDecimal());
  EXPECT_EQ((*described)->schema()[1].type.WithNullable(true), DataType::Decimal(4, 1));
  EXPECT_FALSE((*described)->Start({Value::String("1.5"), Value::String("1")}).has_value());

  const auto query =
      SnapshotQuery::Prepare(&database, scope, sql, {DataType::Decimal(38, 37), DataType::Decimal(5, 4)});
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  const Value exact = Value::Decimal(data::PowerOfTen(37) + 1);
  ASSERT_TRUE((*query)->Start({exact, Value::Decimal(19'999)}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  EXPECT_EQ((*batch)->columns[0]->GetValue(0), exact);
  EXPECT_EQ((*batch)->columns[2]->GetValue(0), Value::Bool(true));
}

TEST(SnapshotQueryTest, FunctionsThatWantValuesAreDescribed) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  const auto query =
      SnapshotQuery::Prepare(&database, scope, "SELECT 1 AS n, json_object($1::VARCHAR, 2) AS o");
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  ASSERT_EQ((*query)->schema().size(), 2u);
  EXPECT_EQ((*query)->schema()[1].name, "o");
  ASSERT_TRUE((*query)->Start({Value::String("k")}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  EXPECT_EQ((*batch)->columns[1]->GetValue(0), Value::String(R"({"k":2})"));
}

TEST(SnapshotQueryTest, IntervalsKeepTheirParts) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  const auto query = SnapshotQuery::Prepare(
      &database, scope, "SELECT INTERVAL '1 month -2 days 3 seconds' + $1 AS i", {DataType::Interval()});
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  EXPECT_EQ((*query)->schema()[0].type.kind(), data::TypeKind::kInterval);
  ASSERT_TRUE((*query)->Start({Value::Decimal(data::PackInterval({12, 0, 5}))}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  EXPECT_EQ((*batch)->columns[0]->GetValue(0), Value::Decimal(data::PackInterval({13, -2, 3'000'005})));
}

TEST(SnapshotQueryTest, MapsAndRowsGoInAsParameters) {
  SnapshotDatabase database({});
  const QueryScope scope{EmptySet(), std::make_shared<const ViewSet>(), "public", "UTC"};
  const DataType map = DataType::Map(DataType::String(), DataType::Int());
  const DataType row = DataType::Row({{"x", DataType::Int()}, {"y z", DataType::String()}});
  const auto query = SnapshotQuery::Prepare(&database, scope, "SELECT $1, $2", {map, row});
  ASSERT_TRUE(query.has_value()) << query.error().ToString();
  const Value one = Value::MakeList({Value::MakeList({Value::String("k"), Value::Int(1)})});
  const Value two = Value::MakeList({Value::Int(7), Value::Null()});
  ASSERT_TRUE((*query)->Start({one, two}).has_value());
  const auto batch = (*query)->Next();
  ASSERT_TRUE(batch.has_value() && batch->has_value());
  EXPECT_EQ((*batch)->columns[0]->GetValue(0), one);
  EXPECT_EQ((*batch)->columns[1]->GetValue(0), two);
}

}  // namespace
}  // namespace millrace::query
