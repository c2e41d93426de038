// The plan of a query: a tree of nodes that the dataflow turns into operators.
//
// A node owns its inputs, knows its output schema, and its traits: what changes it emits, which columns
// are keys, event times and window bounds. Expressions of a node are over its input's columns by
// position; those of a Scan over all columns of the table. Aggregates and sort keys name columns: the planner
// puts a Calc below that computes them. Nodes are built once by the planner and then only read, from any
// thread.
//
// Every node says how its rows must be spread over shards (`distribution`); distribution.h decides where that
// takes an exchange.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "catalog/catalog.h"
#include "data/schema.h"
#include "data/value.h"
#include "functions/aggregate.h"
#include "functions/expression.h"

namespace millrace::plan {

// The kinds of change a stream may hold.
struct ChangelogMode {
  bool update_before = false;
  bool update_after = false;
  bool deletes = false;

  static constexpr ChangelogMode Append() { return {}; }
  static constexpr ChangelogMode Retract() { return {true, true, true}; }
  static constexpr ChangelogMode Upsert() { return {false, true, true}; }
  bool IsAppend() const { return !update_before && !update_after && !deletes; }
  // "[I]", "[I,UB,UA,D]"
  std::string ToString() const;
  friend bool operator==(const ChangelogMode&, const ChangelogMode&) = default;
};

enum class TimeAttribute : uint8_t { kNone, kRowtime, kProctime };

struct Traits {
  ChangelogMode changelog;
  // Each a set of output columns (ascending) on which no two rows of the result agree; the smallest first.
  std::vector<std::vector<int>> unique_keys;
  std::vector<TimeAttribute> time_attributes;  // one a column
  catalog::WindowColumns window;               // which columns bound the window that each row belongs to
  bool bounded = false;
};

struct Distribution {
  enum class Kind : uint8_t { kAny, kHash, kSingle } kind = Kind::kAny;
  std::vector<int> keys;  // kHash: columns of the input

  static Distribution Any() { return {}; }
  static Distribution Single() { return {Kind::kSingle, {}}; }
  // By these columns; all rows to one shard if there are none.
  static Distribution Hash(std::vector<int> keys) {
    return keys.empty() ? Single() : Distribution{Kind::kHash, std::move(keys)};
  }
};

enum class NodeKind : uint8_t {
  kScan,
  kTableScan,
  kValues,
  kCalc,
  kWatermarkAssigner,
  kExpand,
  kUnion,
  kUnnest,
  kWindowTvf,
  kWindowAggregate,
  kGroupAggregate,
  kRank,
  kDeduplicate,
  kWindowRank,
  kWindowDeduplicate,
  kSortLimit,
  kChangelogNormalize,
  kUpsertMaterialize,
  kSink,
};

// "Scan", "WindowAggregate", ...
std::string_view NodeKindName(NodeKind kind);

struct PlanNode;
using PlanNodePtr = std::shared_ptr<PlanNode>;

struct PlanNode {
  NodeKind kind;
  std::string name;  // "WindowAggregate(1)": unique in the plan, the same whenever the same query is planned
  std::vector<PlanNodePtr> inputs;
  data::Schema schema;        // of its output
  Traits traits;              // of its output
  Distribution distribution;  // of each of its inputs
  SourceLocation location;    // what it was made for, for errors; often unknown

  explicit PlanNode(NodeKind kind) : kind(kind) {}
  virtual ~PlanNode() = default;
  PlanNode(const PlanNode&) = delete;
  PlanNode& operator=(const PlanNode&) = delete;

  const PlanNode& input() const { return *inputs.front(); }

  template <typename T>
  const T& As() const {
    MR_DCHECK(kind == T::kKind);
    return static_cast<const T&>(*this);
  }
  template <typename T>
  T& As() {
    MR_DCHECK(kind == T::kKind);
    return static_cast<T&>(*this);
  }
  template <typename T>
  const T* AsIf() const {
    return kind == T::kKind ? static_cast<const T*>(this) : nullptr;
  }
};

template <NodeKind kKindOfNode>
struct PlanNodeOf : PlanNode {
  static constexpr NodeKind kKind = kKindOfNode;
  PlanNodeOf() : PlanNode(kKindOfNode) {}
};

// Reads a table with a connector: `columns` are positions of physical and metadata columns in the table's
// definition, in the order of the output. Computed columns and the watermark are nodes above it.
struct ScanNode : PlanNodeOf<NodeKind::kScan> {
  catalog::EntryPtr entry;
  std::vector<int> columns;
  std::vector<catalog::TableOption> options;  // the table's, with those of an OPTIONS hint laid over
};

// The changes of a materialized view, or of a table kept in Millrace, from its first row on. `columns` are
// positions in entry->schema. Its watermark is the one of the job that maintains the view.
struct TableScanNode : PlanNodeOf<NodeKind::kTableScan> {
  catalog::EntryPtr entry;
  std::vector<int> columns;
};

// Constant rows, on shard 0 only; may have no columns and still rows.
struct ValuesNode : PlanNodeOf<NodeKind::kValues> {
  std::vector<std::vector<data::Value>> rows;
};

// Keeps the rows for which `filter` is true (null filter: all), then computes one column each.
struct CalcNode : PlanNodeOf<NodeKind::kCalc> {
  functions::ExprPtr filter;
  std::vector<functions::ExprPtr> projections;
};

// Rows pass through; the watermark is the highest value of `watermark` so far. Runs on each source partition.
struct WatermarkAssignerNode : PlanNodeOf<NodeKind::kWatermarkAssigner> {
  int rowtime_column = -1;
  functions::ExprPtr watermark;     // over the input; same type as the rowtime column
  int64_t idle_timeout_micros = 0;  // 0: a quiet partition holds the watermark back for ever
};

// GROUPING SETS: each row becomes one row for each projection: copies of the grouping columns, null where
// they are not in the set, the other columns, and a BIGINT that tells the sets apart.
struct ExpandNode : PlanNodeOf<NodeKind::kExpand> {
  std::vector<std::vector<functions::ExprPtr>> projections;
};

// UNION ALL of inputs of the same types.
struct UnionNode : PlanNodeOf<NodeKind::kUnion> {};

// Each row, once for every element of an ARRAY, MAP or MULTISET column, with the element's columns appended:
// ARRAY<T> one (of ARRAY<ROW> one a field), MAP key and value, MULTISET the element as often as it counts.
struct UnnestNode : PlanNodeOf<NodeKind::kUnnest> {
  int collection_column = -1;
  bool outer = false;            // keep rows without elements, with nulls
  bool expand_rows = false;      // elements are rows and give one column a field
  bool with_ordinality = false;  // then a last column INT, from 1
};

enum class WindowKind : uint8_t { kTumble, kHop, kCumulate, kSession };

struct WindowSpec {
  WindowKind kind = WindowKind::kTumble;
  int time_column = -1;  // of the input: its event-time attribute
  bool is_ltz =
      false;  // it is a TIMESTAMP_LTZ: windows are aligned to, and shown in, the session's time zone
  int64_t size_micros = 0;          // length (TUMBLE, HOP), longest length (CUMULATE), gap (SESSION)
  int64_t slide_micros = 0;         // slide (HOP), step (CUMULATE)
  int64_t offset_micros = 0;        // shift of the alignment to 1970-01-01 00:00
  std::vector<int> partition_keys;  // SESSION ... PARTITION BY; columns of the input
  friend bool operator==(const WindowSpec&, const WindowSpec&) = default;
};

// Appends window_start, window_end, window_time to each row, once for every window it belongs to. Rows of one
// session of SESSION are emitted when it closes.
struct WindowTvfNode : PlanNodeOf<NodeKind::kWindowTvf> {
  WindowSpec window;
};

struct AggregateCall {
  std::string function;   // upper case
  std::vector<int> args;  // columns of the input
  int filter = -1;        // a BOOLEAN column of the input: only rows where it is true count
  bool distinct = false;
  functions::AggregateRequest request;
  functions::AggregatePtr aggregate;  // bound, with retractions if the input has them
  std::string output_name;
};

// What a window aggregate gives after its keys and aggregates.
enum class WindowProperty : uint8_t { kStart, kEnd, kTime };

// Aggregates by window and keys; emits when the watermark closes a window, and, with early firing, also the
// current figures as updates before. Output: keys, aggregates, properties.
//  - assigning: `window` says how rows are put into windows; WindowTvf has been folded in.
//  - attached: rows already bear the window, in the columns attached_start and attached_end.
struct WindowAggregateNode : PlanNodeOf<NodeKind::kWindowAggregate> {
  bool attached = false;
  WindowSpec window;
  int attached_start = -1;
  int attached_end = -1;
  bool is_ltz = false;    // as WindowSpec::is_ltz, also when attached
  std::vector<int> keys;  // columns of the input
  std::vector<AggregateCall> aggregates;
  std::vector<WindowProperty> properties;
  bool input_retracts = false;
  bool early_fire = false;
  bool emit_update_before = true;  // with early firing
};

// Running aggregates by keys (none: one group over everything). Output: keys, aggregates.
struct GroupAggregateNode : PlanNodeOf<NodeKind::kGroupAggregate> {
  std::vector<int> keys;
  std::vector<AggregateCall> aggregates;  // empty: SELECT DISTINCT
  bool input_retracts = false;            // the input may take rows away
  bool emit_update_before = true;
};

struct SortKey {
  int column = -1;
  bool descending = false;
  bool nulls_first = true;  // Flink: nulls are lowest, unless said otherwise
};

enum class RankKind : uint8_t { kRowNumber };

// The rows ranked rank_start..rank_end (from 1) of each partition; with output_rank the rank is appended as a
// BIGINT, otherwise a row that only moves within the bounds causes no change.
struct RankNode : PlanNodeOf<NodeKind::kRank> {
  RankKind rank = RankKind::kRowNumber;
  std::vector<int> partition_keys;
  std::vector<SortKey> order;
  int64_t rank_start = 1;
  int64_t rank_end = 1;
  bool output_rank = false;
  bool input_retracts = false;
  bool emit_update_before = true;
};

// The first or last row of each key by event or processing time.
struct DeduplicateNode : PlanNodeOf<NodeKind::kDeduplicate> {
  std::vector<int> keys;
  int time_column = -1;
  bool processing_time = false;  // by arrival
  bool keep_last = false;
  bool emit_update_before = true;
};

// Rank within each window of rows that bear a window; emits when the window closes.
struct WindowRankNode : PlanNodeOf<NodeKind::kWindowRank> {
  int window_start = -1;
  int window_end = -1;
  bool is_ltz = false;
  std::vector<int> partition_keys;  // without the window
  std::vector<SortKey> order;
  int64_t rank_start = 1;
  int64_t rank_end = 1;
  bool output_rank = false;
  bool input_retracts = false;
};

// The first or last row by event time of each window and key.
struct WindowDeduplicateNode : PlanNodeOf<NodeKind::kWindowDeduplicate> {
  int window_start = -1;
  int window_end = -1;
  bool is_ltz = false;
  std::vector<int> partition_keys;
  int time_column = -1;
  bool keep_last = false;
};

enum class SortLimitKind : uint8_t {
  kTemporalSort,  // unbounded, order[0] is the event time, ascending, no limit: rows go on as the watermark
                  // passes them
  kBoundedSort,   // bounded: everything is sorted and goes on, in order, at the end of the input
  kLimit,         // no order, append-only input: the first to arrive
  kTopN,          // unbounded: the rows offset+1..offset+limit in that order, as changes
};

// ORDER BY and LIMIT.
struct SortLimitNode : PlanNodeOf<NodeKind::kSortLimit> {
  SortLimitKind sort = SortLimitKind::kLimit;
  std::vector<SortKey> order;
  int64_t offset = 0;
  std::optional<int64_t> limit;
  bool input_retracts = false;
  bool emit_update_before = true;  // kTopN
};

// Makes a full changelog, with -U and without repetitions, of rows keyed by `key` whose updates lack them.
struct ChangelogNormalizeNode : PlanNodeOf<NodeKind::kChangelogNormalize> {
  std::vector<int> key;
  bool emit_update_before = true;
};

// Before a sink whose primary key is not the key of the changes: of the rows alive under one primary key the
// last arrived is shown.
struct UpsertMaterializeNode : PlanNodeOf<NodeKind::kUpsertMaterialize> {
  std::vector<int> primary_key;
};

// Hands rows to a table: the input's columns are the target's physical columns in their order, then its
// metadata columns that are not virtual, of exactly the target's types.
struct SinkNode : PlanNodeOf<NodeKind::kSink> {
  catalog::EntryPtr entry;
  std::vector<catalog::TableOption> options;  // the table's, with those of an OPTIONS hint laid over
  std::vector<int> key;       // primary key of the target, as positions in the input; empty: none
  bool upsert = false;        // -U is left out; +I and +U overwrite by key
  std::vector<int> not_null;  // columns that may come null and must not: such rows are dead letters
  bool overwrite = false;
};

// A planned query.
struct PlannedQuery {
  PlanNodePtr root;
  data::Schema schema;   // of the root, with the names of the result
  std::vector<int> key;  // the columns that the result is keyed by, for a table that stores it; empty: no key
  std::vector<catalog::ObjectName> dependencies;  // tables and views that it names, each once
  std::vector<std::string> warnings;              // "not portable to Flink: ..."

  bool append_only() const { return root->traits.changelog.IsAppend(); }
  bool bounded() const { return root->traits.bounded; }
};

}  // namespace millrace::plan
