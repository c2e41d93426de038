// The bodies of queries in a syntax tree (query.h), and the tables of their FROM clauses.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "sql/expression.h"
#include "sql/names.h"
#include "sql/query.h"

namespace millrace::sql {

struct TableRef;
using TableRefPtr = std::unique_ptr<TableRef>;

// ---------------------------------------------------------------- tables of a FROM clause

enum class TableRefKind : uint8_t {
  kNamed,
  kDerived,
  kFunction,
  kUnnest,
  kJoin,
  kMatchRecognize,
};

struct TableRef {
  TableRefKind kind;
  SourceLocation location;
  TextRange range;
  std::optional<Name> alias;  // not on joins
  std::vector<Name> column_aliases;

  explicit TableRef(TableRefKind kind) : kind(kind) {}
  virtual ~TableRef() = default;
  TableRef(const TableRef&) = delete;
  TableRef& operator=(const TableRef&) = delete;

  template <typename T>
  const T& As() const {
    MR_DCHECK(kind == T::kKind);
    return static_cast<const T&>(*this);
  }
  template <typename T>
  const T* AsIf() const {
    return kind == T::kKind ? static_cast<const T*>(this) : nullptr;
  }
};

template <TableRefKind kKindOfNode>
struct TableRefOf : TableRef {
  static constexpr TableRefKind kKind = kKindOfNode;
  TableRefOf() : TableRef(kKindOfNode) {}
};

struct NamedTableRef : TableRefOf<TableRefKind::kNamed> {
  QualifiedName name;
  std::vector<Hint> hints;
  ExprPtr system_time;  // FOR SYSTEM_TIME AS OF …
};

struct DerivedTableRef : TableRefOf<TableRefKind::kDerived> {
  QueryPtr query;
  bool lateral = false;
};

// TABLE(f(…)), LATERAL TABLE(f(…)), or f(…) bare. The call's arguments may hold TableArgExpr,
// DescriptorExpr and NamedArgExpr.
struct FunctionTableRef : TableRefOf<TableRefKind::kFunction> {
  std::unique_ptr<FunctionCallExpr> call;
  bool has_table_keyword = false;
  bool lateral = false;
};

struct UnnestTableRef : TableRefOf<TableRefKind::kUnnest> {
  std::vector<ExprPtr> collections;
  bool with_ordinality = false;
};

enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kCross, kComma };

// Without condition and columns only for CROSS, comma and NATURAL (and LEFT/INNER JOIN LATERAL … ON TRUE has
// one).
struct JoinTableRef : TableRefOf<TableRefKind::kJoin> {
  JoinKind join = JoinKind::kInner;
  bool natural = false;
  TableRefPtr left;
  TableRefPtr right;
  ExprPtr condition;                // ON
  std::vector<Name> using_columns;  // USING
};

enum class RowPatternKind : uint8_t {
  kVariable,
  kSequence,
  kAlternation,
  kPermute,
  kExclude,  // {- … -}
  kEmpty,    // ()
  kStart,    // ^
  kEnd,      // $
};

struct RowPattern {
  RowPatternKind kind = RowPatternKind::kVariable;
  SourceLocation location;
  Name variable;
  std::vector<RowPattern> children;
  bool has_quantifier = false;
  uint32_t min = 1;
  std::optional<uint32_t> max = 1;  // absent: unbounded
  bool reluctant = false;
};

struct Measure {
  ExprPtr expr;
  Name name;
};

struct PatternDefinition {
  Name variable;
  ExprPtr condition;
};

struct PatternSubset {
  Name name;
  std::vector<Name> variables;
};

enum class AfterMatch : uint8_t { kUnspecified, kPastLastRow, kToNextRow, kToFirst, kToLast };

struct MatchRecognizeTableRef : TableRefOf<TableRefKind::kMatchRecognize> {
  TableRefPtr input;
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::vector<Measure> measures;
  std::optional<bool> all_rows_per_match;  // absent unless written; then ONE ROW PER MATCH
  AfterMatch after_match = AfterMatch::kUnspecified;
  Name after_match_variable;  // of kToFirst and kToLast
  RowPattern pattern;
  ExprPtr within;  // null without WITHIN
  std::vector<PatternSubset> subsets;
  std::vector<PatternDefinition> definitions;
};

// ---------------------------------------------------------------- bodies

template <QueryBodyKind kKindOfNode>
struct QueryBodyOf : QueryBody {
  static constexpr QueryBodyKind kKind = kKindOfNode;
  QueryBodyOf() : QueryBody(kKindOfNode) {}
};

struct SelectItem {
  ExprPtr expr;  // StarExpr for * and t.*
  std::optional<Name> alias;
};

struct NamedWindow {
  Name name;
  WindowSpec spec;
};

struct SelectBody : QueryBodyOf<QueryBodyKind::kSelect> {
  bool distinct = false;
  std::vector<Hint> hints;
  std::vector<SelectItem> items;
  TableRefPtr from;  // null without FROM; comma lists are JoinKind::kComma, left-deep
  ExprPtr where;
  bool has_group_by = false;
  bool group_by_distinct = false;  // GROUP BY DISTINCT
  std::vector<ExprPtr> group_by;   // may hold GroupingElementExpr
  ExprPtr having;
  std::vector<NamedWindow> windows;
  ExprPtr qualify;
};

enum class SetOp : uint8_t { kUnion, kIntersect, kExcept };

struct SetOperationBody : QueryBodyOf<QueryBodyKind::kSetOperation> {
  SetOp op = SetOp::kUnion;
  bool all = false;
  QueryBodyPtr left;
  QueryBodyPtr right;
};

// Each row has at least one value; VALUES 1, 2 is two rows of one.
struct ValuesBody : QueryBodyOf<QueryBodyKind::kValues> {
  std::vector<std::vector<ExprPtr>> rows;
};

// TABLE t
struct TableBody : QueryBodyOf<QueryBodyKind::kTable> {
  QualifiedName name;
};

// (query), where the query has a WITH, ORDER BY or LIMIT of its own, or was just put in parentheses.
struct NestedBody : QueryBodyOf<QueryBodyKind::kNested> {
  QueryPtr query;
};

}  // namespace millrace::sql
