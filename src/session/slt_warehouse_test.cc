#include "session/slt_warehouse.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/batch_builder.h"
#include "session/durable_catalog.h"
#include "session/result_printer.h"
#include "session/slt_file.h"

namespace millrace::session {
namespace {

const SltMode& ModeOf(std::string_view name) {
  for (const SltMode& mode : SltModes()) {
    if (mode.name == name) return mode;
  }
  ADD_FAILURE() << "no mode " << name;
  return SltModes().front();
}

class SltWarehouseTest : public testing::TestWithParam<const char*> {
 protected:
  SltWarehouseTest() : warehouse_(env::RealEnv(), ModeOf(GetParam()), 3) {
    const Status opened = warehouse_.Open();
    EXPECT_TRUE(opened.has_value()) << opened.error().ToString();
  }

  void Restart(bool saved) {
    const Status restarted = warehouse_.Restart(saved);
    ASSERT_TRUE(restarted.has_value()) << restarted.error().ToString();
  }
  // The first column of the rows, or the tag, or the error.
  std::string Run(std::string_view text) {
    const auto result = warehouse_.session().Execute(text);
    if (!result.has_value()) return result.error().ToString();
    if (!result->has_rows) return result->tag;
    std::string lines;
    for (const data::Batch& batch : result->batches) {
      for (size_t row = 0; row < batch.rows; ++row) {
        lines += ValueText(*batch.columns[0], row, warehouse_.session().zone()) + ";";
      }
    }
    return lines;
  }
  void Feed(int64_t value) {
    data::Schema schema;
    schema.Add("k", data::DataType::BigInt());
    data::BatchBuilder builder(schema);
    builder.column(0).Append(value);
    builder.FinishRow();
    warehouse_.feeds().Push("public.f", builder.Build());
    ASSERT_TRUE(warehouse_.session().Settle().has_value());
  }

  SltWarehouse warehouse_;
};

TEST_P(SltWarehouseTest, RowsAreCountedOnce) {
  Run("CREATE TABLE f (k BIGINT) WITH ('connector' = 'feed')");
  Run("CREATE MATERIALIZED VIEW v AS SELECT SUM(k) AS s FROM f");
  int64_t sum = 0;
  for (int64_t value = 1; value <= 6; ++value) {
    Feed(value);
    sum += value;
    Restart(value % 2 == 0);
    EXPECT_EQ(Run("SELECT s FROM v"), std::to_string(sum) + ";");
  }
}

// The INSERT of constants was a job, and is one when it is made again; a push would wait for what runs only
// after the recovery.
TEST_P(SltWarehouseTest, AnInsertOfAScriptIsAJobAgain) {
  Run("CREATE TABLE t (k BIGINT)");
  Run("INSERT INTO t VALUES (1), (2)");
  for (const bool saved : {false, true, false, true, true}) {
    Restart(saved);
    EXPECT_EQ(Run("SELECT COUNT(*) FROM t"), "2;");
  }
}

TEST_P(SltWarehouseTest, TheSessionGoesOn) {
  EXPECT_EQ(Run("CREATE SCHEMA shop"), "CREATE SCHEMA");
  EXPECT_EQ(Run("USE shop"), "USE");
  EXPECT_EQ(Run("SET 'table.local-time-zone' = 'Asia/Shanghai'"), "SET");
  Restart(false);
  EXPECT_EQ(Run("SHOW CURRENT SCHEMA"), "shop;");
  EXPECT_EQ(warehouse_.session().state().settings.time_zone(), "Asia/Shanghai");
  EXPECT_EQ(&warehouse_.session().zone(), data::TimeZone::Find("Asia/Shanghai").value());
}

TEST_P(SltWarehouseTest, NothingEndsWhileThereIsATemporaryObject) {
  Run("CREATE TEMPORARY VIEW seen AS SELECT 1 AS a");
  const Instance* const before = &warehouse_.session().instance();
  Restart(false);
  EXPECT_EQ(&warehouse_.session().instance(), before);
  EXPECT_EQ(Run("SELECT a FROM seen"), "1;");
}

TEST_P(SltWarehouseTest, ShardsChange) {
  const bool changes = ModeOf(GetParam()).other_shards == 2;
  Run("CREATE TABLE f (k BIGINT) WITH ('connector' = 'feed')");
  Run("CREATE MATERIALIZED VIEW v AS SELECT k, COUNT(*) AS n FROM f GROUP BY k");
  Feed(1);
  for (const int shards : {changes ? 2 : 1, 1, changes ? 2 : 1}) {
    Restart(true);
    EXPECT_EQ(warehouse_.session().state().settings.shards(), shards);
    for (const StatementRecord& record : warehouse_.session().instance().durable()->records()) {
      EXPECT_TRUE(std::ranges::find(record.settings, std::pair<std::string, std::string>(
                                                         "parallelism.default", std::to_string(shards))) !=
                  record.settings.end())
          << record.Describe();
    }
    EXPECT_EQ(Run("SELECT n FROM v"), "1;");
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, SltWarehouseTest, testing::Values("restarts", "restarts-shards2"));

TEST(SltFileTest, HaltMayBeOfSomeModes) {
  const auto all = ParseSlt("statement ok\nA\n\nhalt\n\nno record\n");
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->size(), 1u);
  const auto some = ParseSlt("onlyif batch1\nhalt\n\nstatement ok\nA\n");
  ASSERT_TRUE(some.has_value());
  ASSERT_EQ(some->size(), 2u);
  EXPECT_EQ(some->front().kind, SltRecord::Kind::kHalt);
  EXPECT_EQ(some->front().only_in, std::vector<std::string>{"batch1"});
  EXPECT_TRUE(some->back().only_in.empty());
}

}  // namespace
}  // namespace millrace::session
