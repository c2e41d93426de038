// A warehouse in a test: statements are planned against a catalog of its own, on real threads.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/text.h"
#include "dataflow/notification.h"
#include "dataflow/warehouse.h"
#include "plan/planner.h"
#include "sql/parser.h"

namespace millrace::dataflow {

// The sum of an integer column over all rows of a snapshot.
inline int64_t SumOf(const tables::Snapshot& snapshot, int column) {
  int64_t sum = 0;
  for (const tables::ChunkPtr& chunk : snapshot.Chunks()) {
    for (size_t row = 0; row < chunk->rows; ++row) {
      if (chunk->columns[column]->IsValid(row)) sum += chunk->columns[column]->values<int64_t>()[row];
    }
  }
  return sum;
}

class WarehouseFixture : public testing::Test {
 protected:
  void Open(Warehouse::Options options) {
    options.env = &env::RealEnv();
    warehouse_ = std::make_unique<Warehouse>(std::move(options));
  }

  plan::PlanContext ContextFor(std::string_view text) const {
    plan::PlanContext context;
    context.settings = settings_;
    context.text = text;
    context.source_traits = [](const catalog::TableDefinition& table,
                               const auto&) -> Result<plan::SourceTraits> {
      connectors::TableOptions options;
      options.table = table.name.ToString();
      for (const auto& option : table.options) options.with.emplace_back(option.key, option.value);
      MR_ASSIGN(const auto traits, connectors::DescribeTable(options, ColumnsOf(table, nullptr)));
      return plan::SourceTraits{traits.bounded,
                                traits.produces == connectors::ChangelogMode::kAppend
                                    ? plan::ChangelogMode::Append()
                                    : plan::ChangelogMode::Upsert(),
                                std::nullopt};
    };
    return context;
  }

  Status CreateTable(std::string_view text, uint64_t object_id = 0) {
    MR_ASSIGN(const auto statement, sql::ParseStatement(text));
    MR_ASSIGN(const catalog::TableDefinition table,
              plan::BindCreateTable(statement->As<sql::CreateTableStatement>(), catalog_, ContextFor(text)));
    MR_TRY(catalog_.Create(catalog::MakeEntry(table)));
    if (table.connector().empty() || table.connector() == "http") {
      return warehouse_->CreateTable(table, object_id);
    }
    return {};
  }

  // Views of one call start together. `object_id`: of the first, those of the others follow.
  Status CreateViews(const std::vector<std::string>& texts, uint64_t object_id = 0) {
    std::vector<Warehouse::Request> requests;
    for (const std::string& text : texts) {
      MR_ASSIGN(const auto statement, sql::ParseStatement(text));
      MR_ASSIGN(plan::PlannedView planned,
                plan::PlanMaterializedView(statement->As<sql::CreateMaterializedViewStatement>(), catalog_,
                                           ContextFor(text)));
      MR_TRY(catalog_.Create(planned.entry));
      requests.push_back({.query = std::move(planned.query),
                          .settings = settings_,
                          .view = planned.entry->name.ToString(),
                          .consumer = nullptr,
                          .job_name = "",
                          .object_id = object_id == 0 ? 0 : object_id + requests.size(),
                          .group_id = object_id});
    }
    MR_TRY(warehouse_->Start(std::move(requests)));
    return {};
  }

  Status Insert(const std::string& text, uint64_t object_id = 0) {
    MR_ASSIGN(const auto statement, sql::ParseStatement(text));
    MR_ASSIGN(auto query,
              plan::PlanInsert(statement->As<sql::InsertStatement>(), catalog_, ContextFor(text)));
    MR_TRY(Start(std::move(query), object_id));
    return {};
  }

  Result<std::vector<data::Batch>> Select(const std::string& text) {
    MR_ASSIGN(const auto statement, sql::ParseStatement(text));
    MR_ASSIGN(auto query,
              plan::PlanQuery(*statement->As<sql::QueryStatement>().query, catalog_, ContextFor(text)));
    MR_ASSIGN(const std::shared_ptr<Job> job, Start(std::move(query)));
    MR_TRY(warehouse_->Await(job, [] {}));
    return warehouse_->TakeResult(job.get());
  }

  Status Drop(const std::string& text) {
    MR_ASSIGN(const auto statement, sql::ParseStatement(text));
    const auto& drop = statement->As<sql::DropStatement>();
    MR_ASSIGN(const auto dropped, catalog_.Drop(drop.object, drop.name, false, false));
    for (const catalog::EntryPtr& entry : dropped) warehouse_->Drop(entry->name.ToString());
    return {};
  }

  Result<std::shared_ptr<Job>> Start(plan::PlannedQuery query, uint64_t object_id = 0) {
    std::vector<Warehouse::Request> requests;
    requests.push_back({.query = std::move(query),
                        .settings = settings_,
                        .view = "",
                        .consumer = nullptr,
                        .job_name = "",
                        .object_id = object_id,
                        .group_id = object_id});
    return warehouse_->Start(std::move(requests));
  }

  static tables::SnapshotPtr Find(const tables::SnapshotSet& set, const std::string& name) {
    const auto found = set.tables.find("public." + name);
    return found == set.tables.end() ? nullptr : found->second;
  }

  // All rows, sorted: "1, a" each.
  static std::vector<std::string> RowsOf(const tables::Snapshot& snapshot) {
    std::vector<std::string> rows;
    for (const tables::ChunkPtr& chunk : snapshot.Chunks()) {
      data::Batch batch;
      batch.columns.assign(chunk->columns.begin(), chunk->columns.end());
      batch.rows = chunk->rows;
      for (size_t row = 0; row < batch.rows; ++row) {
        std::string text;
        data::AppendRowText(batch, row, data::TextOptions{}, &text);
        rows.push_back(text.substr(3, text.size() - 4));  // without "+I[" and "]"
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  // Of a table as last published.
  std::vector<std::string> Rows(const std::string& name) const {
    const auto snapshot = Find(*warehouse_->snapshots(), name);
    return snapshot == nullptr ? std::vector<std::string>{} : RowsOf(*snapshot);
  }

  // Waits until all that was pushed or inserted before is visible.
  void AwaitVisible() {
    Notification visible;
    warehouse_->WhenVisible([&] { visible.Notify(); });
    visible.Wait();
  }

  catalog::Catalog catalog_;
  catalog::Settings settings_;
  telemetry::MetricsRegistry metrics_;  // outlives the warehouse
  std::unique_ptr<Warehouse> warehouse_;
};

#define MR_ASSERT_OK(expression)                                    \
  do {                                                              \
    const auto outcome = (expression);                              \
    ASSERT_TRUE(outcome.has_value()) << outcome.error().ToString(); \
  } while (false)

}  // namespace millrace::dataflow
