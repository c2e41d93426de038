// SelectBinder: one SELECT … FROM … WHERE … GROUP BY … HAVING … QUALIFY.
//
// What aggregates, window bounds and row numbers will be is not known while expressions are bound: they are
// bound as columns with indexes above kPlaceholders, which are replaced once the nodes below are made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/bind_expression.h"
#include "plan/binder.h"
#include "sql/query_body.h"

namespace millrace::plan {

// An aggregate call while it is bound: its arguments as expressions.
struct BoundAggregate {
  AggregateCall call;
  std::vector<functions::ExprPtr> args;
  functions::ExprPtr filter;
};

// What a query is grouped by.
struct Grouping {
  std::vector<functions::ExprPtr> exprs;   // distinct; over the relation
  std::vector<std::string> names;          // of the columns made of them
  std::vector<std::vector<bool>> sets;     // grouping sets: whether each expression is in
  std::optional<WindowSpec> group_window;  // GROUP BY TUMBLE(...)
  SourceLocation location;

  bool HasSets() const { return sets.size() > 1 || (sets.size() == 1 && !AllIn(sets.front())); }
  static bool AllIn(const std::vector<bool>& set) {
    for (const bool in : set) {
      if (!in) return false;
    }
    return true;
  }
};

// Where the columns of an aggregation came to lie.
struct AggregateOutput {
  PlanNodePtr node;
  std::vector<int> groups;      // for each grouping expression
  std::vector<int> aggregates;  // for each aggregate
  int expand_id = -1;
  int window_start = -1;  // of a group window
  int window_end = -1;
  int window_time = -1;
};

// Puts an aggregation on `input`: a WindowAggregate if it is by window, otherwise a GroupAggregate.
Result<AggregateOutput> MakeAggregate(const PlanNodePtr& input, const Grouping& grouping,
                                      std::vector<BoundAggregate> aggregates, const PlanContext& context);

class SelectBinder {
 public:
  SelectBinder(QueryBinder& binder, const sql::SelectBody& body, const sql::Query* frame, QueryPlace place)
      : binder_(binder), body_(body), frame_(frame), place_(place) {}

  // Also does ORDER BY and LIMIT of `frame`, if it is not null.
  Result<Relation> Bind();

 private:
  static constexpr int kPlaceholders = 1 << 20;
  static constexpr int kAggregates = kPlaceholders;
  static constexpr int kWindowStart = 1 << 21;
  static constexpr int kWindowEnd = kWindowStart + 1;
  static constexpr int kWindowTime = kWindowStart + 2;
  static constexpr int kExpandId = kWindowStart + 3;
  static constexpr int kRowNumber = kWindowStart + 4;

  struct Item {
    functions::ExprPtr expr;
    std::string name;
    SourceLocation location;
  };
  struct RowNumber {
    const sql::WindowSpec* spec = nullptr;
    std::vector<functions::ExprPtr> partition_by;
    std::vector<functions::ExprPtr> order_by;
    std::vector<SortKey> order;  // without columns
    SourceLocation location;
  };

  bool IsAggregating() const;
  Status BindGroupBy(ExpressionBinder& binder);
  Status BindGroupingSets(ExpressionBinder& binder);
  Result<std::vector<std::vector<int>>> BindGroupingElement(const sql::Expr& expr, ExpressionBinder& binder);
  Result<int> AddGroup(const sql::Expr& expr, ExpressionBinder& binder);
  Result<bool> BindGroupWindow(const sql::Expr& expr);
  Result<WindowSpec> BindWindowArguments(const sql::FunctionCallExpr& call, std::string_view name);

  std::optional<Result<functions::ExprPtr>> Intercept(const sql::Expr& expr);
  Result<functions::ExprPtr> BindAggregateCall(const sql::FunctionCallExpr& call);
  Result<functions::ExprPtr> BindJsonAggregate(const sql::Expr& expr);
  Result<functions::ExprPtr> AddAggregate(BoundAggregate aggregate, SourceLocation location);
  Result<functions::ExprPtr> BindGroupingCall(const sql::FunctionCallExpr& call, std::string_view name);
  Result<functions::ExprPtr> BindWindowProperty(const sql::FunctionCallExpr& call, std::string_view name);
  Result<functions::ExprPtr> BindRowNumber(const sql::FunctionCallExpr& call);

  Status BindItems(ExpressionBinder& binder);
  Status BindHaving(ExpressionBinder& binder);
  Status BindStar(const sql::StarExpr& star);
  Status BindOrderBy(ExpressionBinder& binder);
  Result<Relation> BuildResult();
  Status BuildAggregate(ExpressionBinder& binder);
  Status BuildRowNumber();
  Result<functions::ExprPtr> ReplaceGrouped(const functions::ExprPtr& expr, const AggregateOutput& output,
                                            const ExpressionBinder& binder, SourceLocation location) const;
  Status ForEachBound(const std::function<Status(functions::ExprPtr&, SourceLocation)>& change);

  QueryBinder& binder_;
  const sql::SelectBody& body_;
  const sql::Query* frame_;
  QueryPlace place_;

  Relation relation_;
  bool aggregating_ = false;
  Grouping grouping_;
  bool has_literal_group_ = false;
  std::vector<BoundAggregate> aggregates_;
  bool in_aggregate_ = false;  // binding the arguments of one
  std::optional<RowNumber> row_number_;
  bool in_over_ = false;

  std::vector<Item> items_;
  functions::ExprPtr having_;
  functions::ExprPtr qualify_;
  struct Order {
    int item = -1;  // among items_
    bool descending = false;
    bool nulls_first = true;
  };
  std::vector<Order> order_;
  size_t shown_ = 0;  // items before those only for ORDER BY
};

}  // namespace millrace::plan
