// QueryBinder: from the syntax tree of a query to a plan, before the rewrites (rules/).
//
// Made for one statement; one thread. It reads the catalog and changes nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "functions/registry.h"
#include "plan/logical_plan.h"
#include "plan/planner.h"
#include "plan/scope.h"
#include "sql/query_body.h"

namespace millrace::plan {

// What an ORDER BY without LIMIT means where the query stands.
enum class QueryPlace : uint8_t {
  kResult,    // its rows are shown or written: sorted, or refused
  kView,      // of a materialized view: nothing, with a warning
  kSubquery,  // nothing, as in Flink
};

class QueryBinder {
 public:
  QueryBinder(const catalog::Catalog& catalog, const PlanContext& context)
      : catalog_(catalog), context_(context), current_schema_(catalog.current_schema()) {
    bind_context_.zone = context.zone;
  }

  Result<Relation> BindQuery(const sql::Query& query, QueryPlace place);
  // The rows of a table, as FROM reads them. With watermark and computed columns.
  Result<Relation> BindTable(const catalog::EntryPtr& entry, const std::vector<sql::Hint>& hints,
                             SourceLocation location);
  Result<Relation> BindFrom(const sql::TableRef& table);

  const catalog::Catalog& catalog() const { return catalog_; }
  const PlanContext& context() const { return context_; }
  const functions::BindContext& bind_context() const { return bind_context_; }
  // Tables and views that the statement itself names, each once; and where it does, in order.
  const std::vector<catalog::ObjectName>& dependencies() const { return dependencies_; }
  std::vector<catalog::ViewDefinition::Reference> References() const;
  std::vector<std::string>& warnings() { return warnings_; }

 private:
  friend class SelectBinder;

  // Queries named by WITH, innermost last; each sees those before it.
  struct NamedQuery {
    const sql::CommonTableExpr* definition;
    size_t visible;  // how many of the list it sees
  };

  Result<Relation> BindBody(const sql::QueryBody& body, const sql::Query* frame, QueryPlace place);
  Result<Relation> BindSetOperation(const sql::SetOperationBody& body);
  Result<Relation> BindValues(const sql::ValuesBody& body);
  Result<Relation> BindOrderAndLimit(Relation relation, const sql::Query& query, QueryPlace place);

  Result<Relation> BindNamed(const sql::NamedTableRef& table);
  Result<Relation> BindNamedQuery(const NamedQuery& query, const sql::Name& name);
  Result<Relation> BindView(const catalog::Entry& entry, SourceLocation location);
  Result<Relation> BindSource(const catalog::EntryPtr& entry, const std::vector<sql::Hint>& hints,
                              SourceLocation location);
  // All columns of a table, in its order, over a node with some of them: `mapping` says where each is (-1: it
  // is computed). Adds the watermark and, for changes that come by key, their normalization.
  static PlanNodePtr MakeTableColumns(PlanNodePtr node, const catalog::TableDefinition& table,
                                      std::vector<int> mapping, int64_t idle_timeout_micros, bool by_key);
  Result<Relation> BindJoin(const sql::JoinTableRef& join);
  Result<Relation> BindUnnest(Relation left, const sql::UnnestTableRef& unnest, bool outer);
  Result<Relation> BindTableFunction(const sql::FunctionTableRef& table);
  Result<Relation> BindTableArgument(const sql::Expr& argument, std::string_view function);
  Status AddTableName(Relation& relation, const sql::TableRef& table,
                      std::vector<std::string> qualifier) const;
  Status CountTable(SourceLocation location);
  void AddDependency(const catalog::ObjectName& name);

  const catalog::Catalog& catalog_;
  const PlanContext& context_;
  functions::BindContext bind_context_;
  std::string current_schema_;
  std::vector<NamedQuery> named_queries_;
  std::vector<catalog::ObjectName> view_stack_;
  std::vector<catalog::ObjectName> dependencies_;
  std::map<size_t, catalog::ViewDefinition::Reference> references_;  // by begin
  std::vector<std::string> warnings_;
  int tables_bound_ = 0;
};

// The options of a table with those of its OPTIONS hints laid over; other hints are refused.
Result<std::vector<catalog::TableOption>> OptionsWithHints(const catalog::TableDefinition& table,
                                                           const std::vector<sql::Hint>& hints,
                                                           SourceLocation location);

// The number of a LIMIT or OFFSET.
Result<int64_t> BindRowCount(const sql::Expr& expr, std::string_view clause,
                             const functions::BindContext& context);

// Adds ORDER BY and LIMIT over columns of the input; refuses what cannot be done on an unbounded input.
Result<PlanNodePtr> MakeSortLimit(PlanNodePtr input, std::vector<SortKey> order, int64_t offset,
                                  std::optional<int64_t> limit, bool is_result, SourceLocation location);

// The rows for which the condition holds. A filter on the number of a ROW_NUMBER below it makes that a Rank.
Result<PlanNodePtr> ApplyFilter(PlanNodePtr input, functions::ExprPtr condition,
                                const functions::BindContext& context);

// A ROW_NUMBER still without a bound on its number.
inline constexpr int64_t kUnboundedRank = INT64_MAX;

// The window of a window function's arguments: kind, time column (of `input`), sizes; shared by table
// functions and the group window functions. `sizes` are the intervals in the order of the function.
Result<WindowSpec> MakeWindowSpec(std::string_view function, const Relation& input, int time_column,
                                  const std::vector<int64_t>& sizes, bool is_table_function,
                                  SourceLocation location);
// The µs of an argument that must be an interval literal of days to seconds.
Result<int64_t> BindWindowInterval(const sql::Expr& expr, std::string_view function,
                                   std::string_view argument, const functions::BindContext& context);

// Names unique by numbering repeated ones: a, a0, a1.
std::vector<std::string> UniqueNames(std::vector<std::string> names);

}  // namespace millrace::plan
