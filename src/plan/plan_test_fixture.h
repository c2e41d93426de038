// A catalog and the statements run against it, for the tests of the planner.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "plan/planner.h"
#include "sql/parser.h"
#include "sql/statement.h"

namespace millrace::plan {

class PlanTest : public testing::Test {
 protected:
  // Runs CREATE and DROP statements; anything else is an error of the test.
  void Run(std::string_view script) {
    const Status status = TryRun(script);
    ASSERT_TRUE(status.has_value()) << status.error().ToString();
  }

  Status TryRun(std::string_view script) {
    context_.text = script;
    MR_ASSIGN(const auto statements, sql::ParseScript(script));
    for (const auto& parsed : statements) MR_TRY(RunOne(*parsed.statement));
    return {};
  }

  Result<PlannedQuery> Plan(std::string_view text) {
    context_.text = text;
    MR_ASSIGN(const sql::StatementPtr statement, sql::ParseStatement(text));
    switch (statement->kind) {
      case sql::StatementKind::kQuery:
        return PlanQuery(*statement->As<sql::QueryStatement>().query, catalog_, context_);
      case sql::StatementKind::kInsert:
        return PlanInsert(statement->As<sql::InsertStatement>(), catalog_, context_);
      case sql::StatementKind::kCreateMaterializedView: {
        MR_ASSIGN(
            PlannedView view,
            PlanMaterializedView(statement->As<sql::CreateMaterializedViewStatement>(), catalog_, context_));
        return std::move(view.query);
      }
      default:
        return Fail(ErrorCode::kNotSupported, "not a statement with a plan");
    }
  }

  // The plan, or the error, as text.
  std::string Explained(std::string_view text) {
    const Result<PlannedQuery> planned = Plan(text);
    return planned ? Explain(*planned, spreading_) : planned.error().ToString();
  }

  // The error of a statement, whatever kind it is.
  std::string ErrorOf(std::string_view text) {
    const Result<sql::StatementPtr> statement = sql::ParseStatement(text);
    if (!statement) return "syntax: " + statement.error().ToString();
    const bool is_planned =
        (*statement)->kind == sql::StatementKind::kQuery || (*statement)->kind == sql::StatementKind::kInsert;
    if (is_planned) {
      const Result<PlannedQuery> planned = Plan(text);
      return planned ? "no error" : planned.error().ToString();
    }
    const Status status = TryRun(text);
    return status ? "no error" : status.error().ToString();
  }

  catalog::Catalog catalog_;
  PlanContext context_;
  // Two shards, and stored tables in two parts, by nothing that is known.
  Spreading spreading_{2, [](const catalog::ObjectName&) { return Spread{.parts = 2, .keys = {}}; }};

 private:
  Status RunOne(const sql::Statement& statement) {
    switch (statement.kind) {
      case sql::StatementKind::kCreateTable: {
        const auto& create = statement.As<sql::CreateTableStatement>();
        MR_ASSIGN(catalog::TableDefinition table, BindCreateTable(create, catalog_, context_));
        MR_TRY(catalog_.Create(catalog::MakeEntry(std::move(table)), create.if_not_exists,
                               create.name.location()));
        return {};
      }
      case sql::StatementKind::kCreateView: {
        MR_ASSIGN(catalog::EntryPtr entry,
                  BindCreateView(statement.As<sql::CreateViewStatement>(), catalog_, context_));
        MR_TRY(catalog_.Create(std::move(entry)));
        return {};
      }
      case sql::StatementKind::kCreateMaterializedView: {
        MR_ASSIGN(PlannedView view, PlanMaterializedView(statement.As<sql::CreateMaterializedViewStatement>(),
                                                         catalog_, context_));
        MR_TRY(catalog_.Create(std::move(view.entry)));
        return {};
      }
      case sql::StatementKind::kCreateSchema:
        return catalog_.CreateSchema(statement.As<sql::CreateSchemaStatement>().name, false, {});
      case sql::StatementKind::kDrop: {
        const auto& drop = statement.As<sql::DropStatement>();
        MR_TRY(catalog_.Drop(drop.object, drop.name, drop.if_exists, drop.cascade));
        return {};
      }
      case sql::StatementKind::kUse:
        return catalog_.Use(statement.As<sql::UseStatement>().name);
      default:
        return Fail(ErrorCode::kNotSupported, "not a definition");
    }
  }
};

}  // namespace millrace::plan
