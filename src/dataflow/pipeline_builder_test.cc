// What is built is what EXPLAIN says: exchanges cut a plan into regions of tasks, so their number tells.
#include "dataflow/pipeline_builder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataflow/warehouse.h"
#include "plan/planner.h"
#include "sql/parser.h"

namespace millrace::dataflow {
namespace {

constexpr int kShards = 2;

struct Built {
  std::string plan;
  int tasks = 0;
};

int CountOf(std::string_view word, std::string_view text) {
  int count = 0;
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// Tables that users insert into end only when told to, so the tasks that read them stay alive.
class PipelineBuilderTest : public testing::Test {
 protected:
  PipelineBuilderTest() {
    EXPECT_TRUE(settings_.Set("parallelism.default", std::to_string(kShards)).has_value());
    Warehouse::Options options;
    options.env = &env::RealEnv();
    warehouse_ = std::make_unique<Warehouse>(std::move(options));
  }

  void SetUp() override {
    const std::string_view text = "CREATE TABLE t (k BIGINT, v BIGINT)";
    const auto statement = sql::ParseStatement(text);
    ASSERT_TRUE(statement.has_value());
    const auto table =
        plan::BindCreateTable((*statement)->As<sql::CreateTableStatement>(), catalog_, ContextFor(text));
    ASSERT_TRUE(table.has_value()) << table.error().ToString();
    ASSERT_TRUE(catalog_.Create(catalog::MakeEntry(*table)).has_value());
    ASSERT_TRUE(warehouse_->CreateTable(*table).has_value());
    // In two parts, by k.
    ASSERT_EQ(Create("by_key", "SELECT k, COUNT(*) AS n, SUM(v) AS s FROM t GROUP BY k").tasks, 3);
  }

  plan::PlanContext ContextFor(std::string_view text) const {
    plan::PlanContext context;
    context.settings = settings_;
    context.text = text;
    return context;
  }

  Built Create(const std::string& name, const std::string& query) {
    const std::string text = "CREATE MATERIALIZED VIEW " + name + " AS " + query;
    const auto statement = sql::ParseStatement(text);
    if (!statement.has_value()) return {statement.error().ToString()};
    auto planned = plan::PlanMaterializedView((*statement)->As<sql::CreateMaterializedViewStatement>(),
                                              catalog_, ContextFor(text));
    if (!planned.has_value()) return {planned.error().ToString()};
    Built built;
    built.plan =
        plan::Explain(planned->query, plan::Spreading(kShards, [this](const catalog::ObjectName& table) {
                        return warehouse_->SpreadOf(table);
                      }));
    EXPECT_TRUE(catalog_.Create(planned->entry).has_value());
    std::vector<Warehouse::Request> requests;
    requests.push_back({.query = std::move(planned->query),
                        .settings = settings_,
                        .view = planned->entry->name.ToString(),
                        .consumer = nullptr,
                        .job_name = "",
                        .on_end = nullptr});
    const auto job = warehouse_->Start(std::move(requests));
    if (!job.has_value()) return {job.error().ToString()};
    built.tasks = (*job)->live_tasks.load();
    return built;
  }

  // A task for each part that is read, one for each shard behind a hash exchange, one behind a single one.
  void ExpectBuilt(const std::string& query, int parts_read, int hash, int single) {
    const Built built = Create("v" + std::to_string(++num_views_), query);
    EXPECT_EQ(CountOf("Exchange: hash", built.plan), hash) << built.plan;
    EXPECT_EQ(CountOf("Exchange: single", built.plan), single) << built.plan;
    EXPECT_EQ(built.tasks, parts_read + kShards * hash + single) << built.plan;
  }

  catalog::Catalog catalog_;
  catalog::Settings settings_;
  std::unique_ptr<Warehouse> warehouse_;
  int num_views_ = 0;
};

TEST_F(PipelineBuilderTest, RowsOfOnePartAreExchangedByKey) {
  ExpectBuilt("SELECT v, COUNT(*) AS n FROM t GROUP BY v", 1, 1, 0);
}

TEST_F(PipelineBuilderTest, RowsOfOnePartAreTogetherAlready) {
  ExpectBuilt("SELECT COUNT(*) AS n FROM t", 1, 0, 0);
}

TEST_F(PipelineBuilderTest, AViewThatLiesByTheKeyIsNotExchanged) {
  ExpectBuilt("SELECT k, SUM(n) AS n FROM by_key GROUP BY k", kShards, 0, 0);
  ExpectBuilt("SELECT n, k, COUNT(*) AS c FROM by_key GROUP BY n, k", kShards, 0, 0);
}

TEST_F(PipelineBuilderTest, AViewThatLiesByAnotherKeyIsExchanged) {
  ExpectBuilt("SELECT n, COUNT(*) AS c FROM by_key GROUP BY n", kShards, 1, 0);
  ExpectBuilt("SELECT k + 1 AS j, COUNT(*) AS c FROM by_key GROUP BY k + 1", kShards, 1, 0);
}

TEST_F(PipelineBuilderTest, AllPartsOfAViewMeetInOneTask) {
  ExpectBuilt("SELECT SUM(n) AS n FROM by_key", kShards, 0, 1);
}

TEST_F(PipelineBuilderTest, EveryAggregateOfAnotherKeyExchanges) {
  ExpectBuilt("SELECT n, COUNT(*) AS c FROM (SELECT v, COUNT(*) AS n FROM t GROUP BY v) GROUP BY n", 1, 2, 0);
  ExpectBuilt("SELECT MAX(n) AS n FROM (SELECT v, COUNT(*) AS n FROM t GROUP BY v)", 1, 1, 1);
}

TEST_F(PipelineBuilderTest, ARankingByTheKeyStaysWhereItsRowsAre) {
  ExpectBuilt(
      "SELECT k, s FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY s) AS i FROM by_key) "
      "WHERE i <= 2",
      kShards, 0, 0);
  ExpectBuilt("SELECT k, s FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY s) AS i FROM by_key) WHERE i <= 2",
              kShards, 0, 1);
}

}  // namespace
}  // namespace millrace::dataflow
