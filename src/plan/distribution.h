// Where rows lie when a plan runs on several shards, and where they must be exchanged for it.
//
// Decided here alone: EXPLAIN shows it and the dataflow builds it. Pure; any thread, as far as the given
// function is.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "plan/logical_plan.h"

namespace millrace::plan {

// How the rows of a node or of a stored table lie over tasks or parts.
struct Spread {
  int parts = 1;
  // Columns of the output by whose hash a row finds its part; empty: one part, or by something else. A stored
  // table of one part names those by which it would lie in several.
  std::vector<int> keys;

  // Whether rows that agree on these columns lie in one part.
  bool KeepsTogether(const std::vector<int>& columns) const;
  friend bool operator==(const Spread&, const Spread&) = default;
};

// How a stored table lies, its columns as the keys; asked for each that a plan reads.
using FindSpread = std::function<Spread(const catalog::ObjectName&)>;

class Spreading {
 public:
  // Without `stored` all stored tables lie in one part.
  explicit Spreading(int shards, FindSpread stored = nullptr);

  // Of the rows that a node emits; how many tasks run it.
  Spread Of(const PlanNode& node) const;
  // Whether the input of a node must be exchanged to lie as `node.distribution` wants it. Never so for nodes
  // of several inputs: they take any.
  bool NeedsExchange(const PlanNode& node) const;
  // The columns of a node's only input by whose hash its rows find their task; none where one task takes all,
  // or any does. With one shard those that it would be with several: saved state is spread by them, so that
  // it can come back on another number of shards.
  std::vector<int> InputKeys(const PlanNode& node) const;

  // Of the table that keeps a query's result. Changes of one key meet in one part, by an exchange behind the
  // root if they would not otherwise. So do equal rows of a result without a key from which rows are taken
  // away: by all columns, if it is not known by which they lie, so that rows that come back on another number
  // of shards are found again.
  Spread OfStored(const PlannedQuery& query) const;
  bool NeedsExchangeToStore(const PlannedQuery& query) const;

 private:
  bool Satisfies(const Spread& given, const Distribution& wanted) const;
  Spread OfTableScan(const TableScanNode& scan) const;
  // The same for several shards.
  Spreading OfSeveral() const;

  int shards_;
  FindSpread stored_;
};

}  // namespace millrace::plan
