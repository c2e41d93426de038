// The planner: from a syntax tree and the catalog to a plan.
//
// All functions are pure: they read the catalog and change nothing. Errors carry the place (line and
// column) of the offending token and, for names, the nearest that exists.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "catalog/settings.h"
#include "data/datetime.h"
#include "plan/distribution.h"
#include "plan/logical_plan.h"
#include "sql/statement.h"

namespace millrace::plan {

// What the planner must know of a table with a connector.
struct SourceTraits {
  bool bounded = false;
  ChangelogMode changelog;
  std::optional<int64_t> idle_timeout_micros;  // 'scan.watermark.idle-timeout'; absent: the session's setting
};

struct PlanContext {
  const data::TimeZone* zone = &data::TimeZone::Utc();  // table.local-time-zone
  catalog::Settings settings;
  // The text that the statement was parsed from, all of it: definitions keep parts of it.
  std::string_view text;
  // Asked for each table that is read; unset: unbounded and append-only. The options are those in force.
  std::function<Result<SourceTraits>(const catalog::TableDefinition&,
                                     const std::vector<catalog::TableOption>&)>
      source_traits;
  // The changes a sink takes, asked with its table; unset: all.
  std::function<Result<ChangelogMode>(const catalog::TableDefinition&,
                                      const std::vector<catalog::TableOption>&)>
      sink_changelog;
};

// A SELECT whose result is shown.
Result<PlannedQuery> PlanQuery(const sql::Query& query, const catalog::Catalog& catalog,
                               const PlanContext& context);
// INSERT INTO; the root is a Sink.
Result<PlannedQuery> PlanInsert(const sql::InsertStatement& insert, const catalog::Catalog& catalog,
                                const PlanContext& context);

struct PlannedView {
  PlannedQuery query;       // its root gives the view's rows, to be stored under query.key
  catalog::EntryPtr entry;  // for Catalog::Create
};
// CREATE MATERIALIZED VIEW.
Result<PlannedView> PlanMaterializedView(const sql::CreateMaterializedViewStatement& statement,
                                         const catalog::Catalog& catalog, const PlanContext& context);

// CREATE TABLE (without AS): columns, key, watermark and options checked and bound, LIKE applied.
// What Flink would refuse and Millrace accepts is said in `warnings`, if given.
Result<catalog::TableDefinition> BindCreateTable(const sql::CreateTableStatement& statement,
                                                 const catalog::Catalog& catalog, const PlanContext& context,
                                                 std::vector<std::string>* warnings = nullptr);
// CREATE VIEW: the query is planned once to check it and to know its columns.
Result<catalog::EntryPtr> BindCreateView(const sql::CreateViewStatement& statement,
                                         const catalog::Catalog& catalog, const PlanContext& context);

// The plan as a tree of text, one node a line, with its exchanges.
std::string Explain(const PlannedQuery& query, const Spreading& spreading);

}  // namespace millrace::plan
