// The registry of scalar and aggregate functions: from a name and typed arguments to a bound call.
//
// Operators are functions too, under their symbols: "+", "-", "*", "/", "%", "NEGATE", "=", "<>", "<",
// "<=", ">", ">=", "AND", "OR", "NOT", "||", "IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT TRUE", "IS FALSE",
// "IS NOT FALSE", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "LIKE", "NOT LIKE", "SIMILAR TO", "IN" (value,
// list...), "NOT IN", "BETWEEN", "NOT BETWEEN", "CASE" (when, then, ..., else), "ITEM" (a[i]), "ROW",
// "ARRAY", "MAP", "EXTRACT"/"FLOOR"/"CEIL"/"TIMESTAMPADD"/"TIMESTAMPDIFF" (unit as a string literal first).
//
// Thread-safe: filled once at start, then read only.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "functions/aggregate.h"
#include "functions/expression.h"

namespace millrace::functions {

// What binding needs to know of the session.
struct BindContext {
  const data::TimeZone* zone = &data::TimeZone::Utc();
};

// Checks the arguments, adds casts, compiles constant patterns, and gives the bound call. The error of
// bad arguments names the function, the types given, and the signatures that would work.
using ScalarBinder = std::function<Result<ExprPtr>(std::string_view name, std::vector<ExprPtr> args,
                                                   const BindContext& context)>;

struct ScalarFunction {
  std::string name;       // upper case
  std::string category;   // heading in docs: "arithmetic", "string", ...
  std::string signature;  // e.g. "SUBSTRING(string, start [, length])"
  std::string summary;    // one line for docs and SHOW FUNCTIONS
  ScalarBinder bind;
};

struct AggregateFunction {
  std::string name;
  std::string signature;
  std::string summary;
  AggregateBinder bind;
};

class Registry {
 public:
  // The one registry with every built-in function.
  static const Registry& Get();

  // nullptr when there is none. Names in any case.
  const ScalarFunction* FindScalar(std::string_view name) const;
  const AggregateFunction* FindAggregate(std::string_view name) const;

  // Binds a scalar call; an unknown name is an error that names the nearest.
  Result<ExprPtr> BindScalar(std::string_view name, std::vector<ExprPtr> args,
                             const BindContext& context) const;
  Result<AggregatePtr> BindAggregate(std::string_view name, const AggregateRequest& request) const;

  const std::vector<ScalarFunction>& scalars() const { return scalars_; }
  const std::vector<AggregateFunction>& aggregates() const { return aggregates_; }

  // Used by the Register...() functions below while the registry is filled.
  void Add(ScalarFunction function);
  void Add(AggregateFunction function);
  void AddAlias(std::string_view alias, std::string_view name);

 private:
  std::vector<ScalarFunction> scalars_;
  std::vector<AggregateFunction> aggregates_;
  std::unordered_map<std::string, size_t> scalar_index_;
  std::unordered_map<std::string, size_t> aggregate_index_;
};

// CAST(expr AS type), or TRY_CAST: null instead of a row error. Not castable at all: an error.
Result<ExprPtr> MakeCast(ExprPtr expr, const data::DataType& type, bool is_try, const BindContext& context);
// Adds an implicit cast (widening, or NULL of any type) when the types differ; an error when there is none.
Result<ExprPtr> Coerce(ExprPtr expr, const data::DataType& type, const BindContext& context);
bool CanCoerce(const data::DataType& from, const data::DataType& to);
// The least restrictive type of several, as Flink unifies CASE branches and UNION columns.
Result<data::DataType> CommonType(std::span<const data::DataType> types);

}  // namespace millrace::functions
